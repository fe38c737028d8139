//! Digits of a label map, made on the lesson's thread.

use std::sync::{Arc, Mutex};

use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::digits::time_grid::TimeGrid;
use crate::app::widgets::answers::Readings;
use crate::app::widgets::digit_grid::Pictures;
use crate::data::mnist::PIXELS;
use crate::data::mnist::regions::regions;
use crate::flow::Solver;
use crate::train::images::classifier::agreement;
use crate::train::images::sampler::NO_CLASS;
use crate::train::images::{Condition, LatentModel, Request, condition};

/// Digits on different noise.
pub const DRAWN: usize = 9;
/// Stored times, with both ends.
pub const FRAMES: TimeGrid = TimeGrid(21);
/// Euler steps: a coarse answer while somebody draws, then the one that stays.
const STEPS: [usize; 2] = [5, 40];

/// What digits are made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub version: u64,
    pub name: Arc<str>,
    pub map: Vec<u8>,
    /// The class that the network is told; none for any.
    pub class: Option<u8>,
    pub gamma: f32,
    pub seed: u64,
}

/// What the stage shows.
#[derive(Clone)]
pub struct Made {
    /// The digits at each time, `[FRAMES]` of `[DRAWN]`.
    pub way: Vec<Pictures>,
    /// What is read in the last of them.
    pub read: Readings,
    /// Share of the pixels of the last that have the label of the map.
    pub agreement: f64,
    /// Evaluations of the field.
    pub nfe: usize,
}

/// Digits of a map: with few steps first.
pub fn make(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Result<Made, String>>,
) -> Result<(), String> {
    let model = models::lock(models).flow(source)?;
    for steps in STEPS {
        if job.is_cancelled() {
            return Ok(());
        }
        let mut made = job.pool.install(|| digits(&model, key, steps))?;
        let end = &made.way[FRAMES.last()].grey;
        made.read = models::lock(models).judge()?.read(end)?.into();
        job.show(Ok(made));
    }
    Ok(())
}

/// Digits of a map, without what is read.
pub fn digits(model: &LatentModel, key: &Key, steps: usize) -> Result<Made, String> {
    if model.condition() != Condition::Semantic {
        return Err("this flow sees no map: train one with --condition semantic".to_owned());
    }
    let request = Request {
        labels: vec![key.class.unwrap_or(NO_CLASS); DRAWN],
        guidance: key.gamma,
        emphasis: 1.0,
        solver: Solver::Euler,
        steps,
        seed: key.seed,
        save_at: FRAMES.before_the_end(),
        given: condition::semantic(&key.map).repeat(DRAWN),
    };
    let samples = model.sample(&request, &mut |_| {})?;
    let drawn = samples.images.chunks_exact(PIXELS).flat_map(regions);
    let drawn: Vec<u8> = drawn.collect();
    let mut made = Made {
        way: Vec::with_capacity(FRAMES.0),
        read: Readings::default(),
        agreement: agreement(&drawn, &key.map.repeat(DRAWN)),
        nfe: samples.nfe,
    };
    for codes in &samples.way {
        made.way.push(Pictures::new(model.decode(codes)?));
    }
    made.way.push(Pictures::new(samples.images));
    Ok(made)
}

/// A test digit and its class.
pub fn digit(image: usize) -> Option<(Vec<u8>, u8)> {
    let mnist = models::digits().ok()?;
    let image = image % mnist.test.len();
    Some((mnist.test.image(image).to_vec(), mnist.test.labels[image]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_look_like_their_map() {
        let mut models = Models::default();
        let source = |name: &str| Source {
            version: 0,
            name: name.into(),
            model: None,
            label: String::new(),
        };
        let model = models.flow(&source(models::SEMANTIC)).unwrap();
        let key = |image: usize| Key {
            version: 0,
            name: models::SEMANTIC.into(),
            map: regions(&digit(image).unwrap().0),
            class: None,
            gamma: 1.0,
            seed: 3,
        };
        let (one, two) = (key(2), key(3));
        let made = digits(&model, &one, 10).unwrap();
        assert_eq!((made.way.len(), made.way[0].len()), (FRAMES.0, DRAWN));
        // Their labels agree with the map that they were made of, and less with another.
        let end = &made.way[FRAMES.last()].grey;
        let drawn: Vec<u8> = end.chunks_exact(PIXELS).flat_map(regions).collect();
        let other = agreement(&drawn, &two.map.repeat(DRAWN));
        assert!(made.agreement > other + 0.05, "{} {other}", made.agreement);
        let plain = models.flow(&source("builtin:latent")).unwrap();
        let error = digits(&plain, &one, 2).err().unwrap();
        assert!(error.contains("--condition semantic"), "{error}");
    }
}
