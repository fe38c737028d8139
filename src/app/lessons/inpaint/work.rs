//! A digit with a hole is filled several times, on the lesson's thread.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::digits::time_grid::TimeGrid;
use crate::app::widgets::answers::Readings;
use crate::app::widgets::digit_grid::Pictures;
use crate::data::mnist::{Digits, PIXELS, crop};
use crate::flow::Solver;
use crate::train::images::answer::{self, Task};
use crate::train::images::reader::Choice;
use crate::train::images::sampler::NO_CLASS;
use crate::train::images::{Condition, LatentModel, Request, vae};

/// Fills on different noise.
pub const FILLS: usize = 8;
/// Stored times, with both ends.
pub const FRAMES: TimeGrid = TimeGrid(21);
/// Euler steps: a coarse answer while the brush moves, then the one that stays.
const STEPS: [usize; 2] = [5, 40];

/// The class that the network is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// None.
    #[default]
    Nothing,
    /// One for each noise, as often as it is probable from what is seen.
    Drawn,
    /// The most probable one from what is seen.
    Likeliest,
    /// The true one.
    Truth,
}

impl Told {
    /// Each, with its name and what it does.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Nothing, "open", "The network is told no class."),
        (
            Self::Drawn,
            "drawn",
            "A reader looks at the pixels that are seen; each noise is told a class as often as it \
             is probable.",
        ),
        (
            Self::Likeliest,
            "likeliest",
            "A reader looks at the pixels that are seen; all are told the likeliest class.",
        ),
        (
            Self::Truth,
            "the digit’s",
            "The network is told the true class.",
        ),
    ];

    /// The next one, and the first after the last.
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|(told, ..)| *told == self);
        Self::ALL[at.map_or(0, |at| at + 1) % Self::ALL.len()].0
    }

    /// The class of each fill, with these probabilities from what is seen.
    fn labels(self, shares: &[f32], label: u8, seed: u64) -> Vec<u8> {
        match self {
            Self::Nothing => vec![NO_CLASS; FILLS],
            Self::Truth => vec![label; FILLS],
            Self::Likeliest => Choice::Likeliest.labels(&shares.repeat(FILLS), seed),
            Self::Drawn => Choice::Drawn.labels(&shares.repeat(FILLS), seed),
        }
    }
}

/// What fills are made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub version: u64,
    pub name: Arc<str>,
    /// Of the test set.
    pub image: usize,
    pub hole: Vec<u8>,
    /// Which class the network is told.
    pub told: Told,
    pub gamma: f32,
    /// How much what is seen counts; 1 is the conditional flow.
    pub emphasis: f32,
    pub seed: u64,
}

/// What the stage shows.
#[derive(Clone)]
pub struct Filled {
    /// The network's pictures at each time, `[FRAMES]` of `[FILLS]`, and the digit itself.
    pub own: Vec<Pictures>,
    /// The same with the pixels that were not hidden put back.
    pub kept: Vec<Pictures>,
    /// What is read in the last of both.
    pub read_own: Readings,
    pub read_kept: Readings,
    /// What is read in the digit with its hole.
    pub unfilled: Readings,
    /// `p(c | seen)`, `[10]`.
    pub shares: Vec<f32>,
    /// Mean squared error of the network's own on the pixels that were not hidden, and that of
    /// the autoencoder alone; none when all are hidden.
    pub error: Option<[f64; 2]>,
    /// Evaluations of the field.
    pub nfe: usize,
}

/// Fills the hole: with few steps first.
pub fn make(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Result<Filled, String>>,
) -> Result<(), String> {
    let digit = digit(key.image)?;
    let model = models::lock(models).flow(source)?;
    let task = job
        .pool
        .install(|| model.hidden(&digit, key.hole.clone()))?;
    let reader = models::lock(models).reader()?;
    let shares = job.pool.install(|| reader.read(&digit.pixels, &key.hole))?;
    for steps in STEPS {
        if job.is_cancelled() {
            return Ok(());
        }
        let mut filled = job
            .pool
            .install(|| fill(&model, key, &digit, &task, &shares, steps))?;
        let judge = &mut *models::lock(models);
        let judge = judge.judge()?;
        let read = |way: &[Pictures]| judge.read(&way[FRAMES.last()].grey[..FILLS * PIXELS]);
        filled.read_own = read(&filled.own)?.into();
        filled.read_kept = read(&filled.kept)?.into();
        filled.unfilled = judge.read(&task.shown)?.into();
        filled.shares.clone_from(&shares);
        job.show(Ok(filled));
    }
    Ok(())
}

/// A test digit.
pub fn digit(image: usize) -> Result<Digits, String> {
    let mnist = models::digits()?;
    let image = image % mnist.test.len();
    Ok(Digits {
        pixels: mnist.test.image(image).to_vec(),
        labels: vec![mnist.test.labels[image]],
    })
}

/// Fills the hole of a digit, whose class has these probabilities, without what is read.
pub fn fill(
    model: &LatentModel,
    key: &Key,
    digit: &Digits,
    task: &Task,
    shares: &[f32],
    steps: usize,
) -> Result<Filled, String> {
    if model.condition() != Condition::Inpaint {
        return Err("this flow fills nothing: train one with --condition inpaint".to_owned());
    }
    let request = Request {
        labels: key.told.labels(shares, digit.labels[0], key.seed),
        guidance: key.gamma,
        emphasis: key.emphasis,
        solver: Solver::Euler,
        steps,
        seed: key.seed,
        save_at: FRAMES.before_the_end(),
        given: task.given.repeat(FILLS),
    };
    let samples = model.sample(&request, &mut |_| {})?;
    let originals = digit.pixels.repeat(FILLS);
    let masks = key.hole.repeat(FILLS);
    let rebuilt = vae::reconstruct(model.vae(), digit, &[0], model.device())?;
    let rebuilt = answer::kept_error(&crop(&rebuilt), &digit.pixels, &key.hole);
    let own = answer::kept_error(&samples.images, &originals, &masks);
    let mut filled = Filled {
        own: Vec::with_capacity(FRAMES.0),
        kept: Vec::with_capacity(FRAMES.0),
        read_own: Readings::default(),
        read_kept: Readings::default(),
        unfilled: Readings::default(),
        shares: Vec::new(),
        error: own.zip(rebuilt).map(|(own, rebuilt)| [own, rebuilt]),
        nfe: samples.nfe,
    };
    for codes in &samples.way {
        filled.push(model.decode(codes)?, &originals, &masks);
    }
    filled.push(samples.images, &originals, &masks);
    Ok(filled)
}

impl Filled {
    /// The pictures at each time and what is read in the last, with the seen pixels put back or
    /// as the network has them.
    pub fn shown(&self, keep: bool) -> (&[Pictures], &Readings) {
        if keep {
            (&self.kept, &self.read_kept)
        } else {
            (&self.own, &self.read_own)
        }
    }

    fn push(&mut self, images: Vec<u8>, originals: &[u8], masks: &[u8]) {
        let mut kept = images.clone();
        answer::keep(&mut kept, originals, masks);
        for (pictures, mut all) in [(&mut self.own, images), (&mut self.kept, kept)] {
            all.extend_from_slice(&originals[..PIXELS]);
            pictures.push(Pictures::new(all));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::mnist::mask;

    #[test]
    fn kept_pixels_are_exact_at_every_time_and_hidden_ones_differ_between_fills() {
        let mut models = Models::default();
        let source = Source {
            version: 0,
            name: models::INPAINT.into(),
            model: None,
            label: String::new(),
        };
        let model = models.flow(&source).unwrap();
        let again = models.flow(&source).unwrap();
        assert!(Arc::ptr_eq(&model, &again), "loaded once");
        let digit = digit(3).unwrap();
        let key = Key {
            version: 0,
            name: models::INPAINT.into(),
            image: 3,
            hole: mask::upper_half(),
            told: Told::Nothing,
            gamma: 1.0,
            emphasis: 1.0,
            seed: 1,
        };
        let task = model.hidden(&digit, key.hole.clone()).unwrap();
        let filled = fill(&model, &key, &digit, &task, &[], 5).unwrap();
        assert_eq!((filled.own.len(), filled.kept.len()), (FRAMES.0, FRAMES.0));
        for pictures in &filled.kept {
            assert_eq!(pictures.len(), FILLS + 1);
            for picture in pictures.grey.chunks_exact(PIXELS) {
                for (i, hidden) in key.hole.iter().enumerate() {
                    assert!(*hidden == 1 || picture[i] == digit.pixels[i]);
                }
            }
        }
        let end = &filled.own[FRAMES.last()].grey;
        assert_ne!(end[..PIXELS], end[PIXELS..2 * PIXELS], "two fills");
        let [own, rebuilt] = filled.error.unwrap();
        assert!(own > 0.0 && rebuilt > 0.0 && own < 0.05, "{own} {rebuilt}");
        // Nothing is compared where all is hidden, and the task says what is missing.
        let all = vec![1; PIXELS];
        let task = model.hidden(&digit, all.clone()).unwrap();
        let key = Key { hole: all, ..key };
        assert_eq!(
            fill(&model, &key, &digit, &task, &[], 2).unwrap().error,
            None
        );
        let plain = Source {
            name: "builtin:latent".into(),
            ..source
        };
        let plain = models.flow(&plain).unwrap();
        let error = fill(&plain, &key, &digit, &task, &[], 2).err().unwrap();
        assert!(error.contains("--condition inpaint"), "{error}");
    }

    #[test]
    fn the_class_that_is_told_is_chosen() {
        let mut shares = [0.0; 10];
        (shares[2], shares[5]) = (0.6, 0.4);
        let labels = |told: Told| told.labels(&shares, 5, 0);
        assert_eq!(labels(Told::Nothing), [NO_CLASS; FILLS]);
        assert_eq!(labels(Told::Truth), [5; FILLS]);
        assert_eq!(labels(Told::Likeliest), [2; FILLS]);
        let drawn = labels(Told::Drawn);
        assert!(drawn.contains(&2) && drawn.contains(&5), "{drawn:?}");
        let mut told = Told::Nothing;
        for (each, ..) in Told::ALL {
            assert_eq!(told, each);
            told = told.next();
        }
        assert_eq!(told, Told::Nothing);
    }
}
