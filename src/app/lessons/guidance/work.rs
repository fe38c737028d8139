//! The sheet of guided digits and the curves over γ, made on the lesson's threads.

use std::sync::Mutex;

use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::widgets::digit_grid::Pictures;
use crate::flow::Solver;
use crate::train::images::Request;
use crate::train::images::classifier::agreement;

/// Samples of each digit on the stage.
pub const COLUMNS: usize = 8;
pub const CLASSES: u8 = 10;
/// Euler steps of the stage and of the curves.
const STEPS: usize = 30;
/// γ of the curves.
const GAMMAS: [f32; 8] = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0];
/// Samples of each digit that a point of the curves is measured on.
const MEASURED: usize = 20;
/// Largest γ.
pub const LARGEST: f32 = 5.0;

/// What a sheet is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetKey {
    pub version: u64,
    pub seed: u64,
    pub gamma: f32,
    pub digit: Option<u8>,
}

/// Guided digits.
pub struct Sheet {
    /// What it was made with.
    pub gamma: f32,
    /// Euler steps of each.
    pub steps: usize,
    /// Whether the classifier has never seen such pictures.
    pub foreign: bool,
    pub pictures: Pictures,
    pub columns: usize,
    /// What the classifier reads in each.
    pub read: Vec<u8>,
    pub asked: Vec<u8>,
}

/// One γ of the curves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub gamma: f32,
    /// Fraction read as the digit that was asked for.
    pub accuracy: f32,
    /// Mean distance between two samples of a digit, against that of test digits.
    pub diversity: f32,
}

fn request(labels: Vec<u8>, gamma: f32, steps: usize, seed: u64) -> Request {
    Request {
        labels,
        guidance: gamma,
        emphasis: 1.0,
        solver: Solver::Euler,
        steps,
        seed,
        save_at: Vec::new(),
        given: Vec::new(),
    }
}

/// The sheet: with few steps first, so that a dragged γ shows its effect at once.
pub fn make_sheet(
    key: &SheetKey,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Result<Sheet, String>>,
) -> Result<(), String> {
    let model = models::lock(models).flow(source)?;
    let judge = models::lock(models).judge()?;
    // A digit alone fills the sheet; all of them have a row each, on the same noise by column.
    let asked: Vec<u8> = match key.digit {
        Some(digit) => vec![digit; COLUMNS * usize::from(CLASSES)],
        None => (0..CLASSES).flat_map(|digit| [digit; COLUMNS]).collect(),
    };
    for steps in [6, STEPS] {
        if job.is_cancelled() {
            return Ok(());
        }
        let request = request(asked.clone(), key.gamma, steps, key.seed);
        let samples = job.pool.install(|| model.sample(&request, &mut |_| {}))?;
        let read = job.pool.install(|| judge.read(&samples.images))?;
        job.show(Ok(Sheet {
            gamma: key.gamma,
            steps,
            foreign: source.data().is_some(),
            pictures: Pictures::new(samples.images),
            columns: COLUMNS,
            read: read.labels,
            asked: asked.clone(),
        }));
    }
    Ok(())
}

/// The curves, a point at a time.
pub fn make_curves(
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Result<Vec<Measured>, String>>,
) -> Result<(), String> {
    let labels: Vec<u8> = (0..CLASSES).flat_map(|digit| [digit; MEASURED]).collect();
    let mnist = models::lock(models).images(source)?;
    let mut images = Vec::new();
    for digit in 0..CLASSES {
        let of_digit = (0..mnist.test.len()).filter(|i| mnist.test.labels[*i] == digit);
        for i in of_digit.take(MEASURED) {
            images.extend_from_slice(mnist.test.image(i));
        }
    }
    let judge = models::lock(models).judge()?;
    let model = models::lock(models).flow(source)?;
    let truth = judge.read(&images)?;
    let truth = spread(&truth.features, labels.len());
    let mut measured = Vec::new();
    for gamma in GAMMAS {
        if job.is_cancelled() {
            return Ok(());
        }
        let request = request(labels.clone(), gamma, STEPS, 1);
        let samples = job.pool.install(|| model.sample(&request, &mut |_| {}))?;
        let seen = job.pool.install(|| judge.read(&samples.images))?;
        measured.push(Measured {
            gamma,
            accuracy: agreement(&seen.labels, &labels) as f32,
            diversity: spread(&seen.features, labels.len()) / truth.max(1e-9),
        });
        job.show(Ok(measured.clone()));
    }
    Ok(())
}

/// Mean distance of the features of two samples of the same digit; samples of a digit stand in a
/// row.
fn spread(features: &[f32], n: usize) -> f32 {
    let d = features.len() / n.max(1);
    let mut sum = 0.0;
    let mut pairs = 0;
    for class in features.chunks_exact(d * MEASURED) {
        for i in 0..MEASURED {
            for j in 0..i {
                let (a, b) = (&class[i * d..(i + 1) * d], &class[j * d..(j + 1) * d]);
                let square: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
                sum += square.sqrt();
                pairs += 1;
            }
        }
    }
    sum / pairs.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_samples_have_no_spread() {
        let mut features = vec![1.0; 10 * MEASURED * 3];
        assert_eq!(spread(&features, 10 * MEASURED), 0.0);
        features[0] += 2.0;
        // One sample of one class stands 2 away from its 19 fellows.
        let pairs = (10 * MEASURED * (MEASURED - 1) / 2) as f32;
        let expected = 2.0 * (MEASURED - 1) as f32 / pairs;
        assert!((spread(&features, 10 * MEASURED) - expected).abs() < 1e-5);
    }
}
