//! Digits of both flows on their way, made on the lesson's thread.

use std::sync::Mutex;

use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::digits::time_grid::TimeGrid;
use crate::app::widgets::digit_grid::Pictures;
use crate::data::pictures;
use crate::flow::Solver;
use crate::train::images::VariationalModel;
use crate::train::images::variational::Rung;

/// Pictures of a grid: the prior's mean, then samples.
pub const SHOWN: usize = 16;
/// Stored times, with both ends.
pub const FRAMES: TimeGrid = TimeGrid(26);
/// Euler steps of the seed, and of the first look.
const STEPS: [usize; 2] = [25, 100];
/// Grey values of the histogram.
pub const BINS: usize = 32;
/// Test digits behind the histogram of the data.
const DIGITS: usize = 500;

/// What the pictures are made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Of the weights.
    pub version: u64,
    /// Of the noise.
    pub seed: u64,
}

/// One flow.
#[derive(Clone)]
pub struct Way {
    /// What it is, for the caption.
    pub name: String,
    /// A grid for each time, the prior's mean first.
    pub grids: Vec<Pictures>,
    /// Shares of the samples' pixel values, for each time.
    pub shares: Vec<[f32; BINS]>,
}

/// Both flows; those that are not made yet are missing.
#[derive(Clone, Default)]
pub struct Shown {
    /// The variational one, then the vanilla one.
    pub ways: [Option<Way>; 2],
    /// Shares of the data's pixel values.
    pub data: Option<[f32; BINS]>,
}

/// Result of the thread.
pub type Made = Result<Shown, String>;

/// Makes both ways, coarse ones first.
///
/// # Errors
/// When a network cannot be loaded or the device was lost.
pub fn make(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Made>,
) -> Result<(), String> {
    let vanilla = Source {
        version: 0,
        name: models::VANILLA.into(),
        model: None,
        label: "pretrained".to_owned(),
    };
    let digits = models::digits()?;
    let mut shown = Shown {
        data: Some(shares(&digits.test.first(DIGITS).pixels)),
        ..Shown::default()
    };
    for steps in STEPS {
        for (slot, source) in [source, &vanilla].into_iter().enumerate() {
            if job.is_cancelled() {
                return Ok(());
            }
            let model = models::lock(models).variational(source)?;
            if model.settings().dataset.shape() != [28, 28, 1] {
                return Err("pictures of 28 × 28 grey points are shown here".to_owned());
            }
            let way = job
                .pool
                .install(|| carried(&model, &source.label, key.seed, steps))?;
            shown.ways[slot] = Some(way);
            job.show(Ok(shown.clone()));
        }
    }
    Ok(())
}

fn carried(model: &VariationalModel, label: &str, seed: u64, steps: usize) -> Result<Way, String> {
    let x0 = model.noise(seed, SHOWN - 1);
    let drawn = model.carry(&x0, Solver::Euler, steps, &FRAMES.times(), &mut |_| {})?;
    let mean = pictures::bytes(model.prior_mean());
    let rung = match Rung::of(model.settings()) {
        Some(rung) => rung.label(),
        None if !model.settings().posterior => "Plain flow",
        None => "Between two rungs",
    };
    let mut way = Way {
        name: format!("{rung} · {label} · {steps} steps"),
        grids: Vec::with_capacity(FRAMES.0),
        shares: Vec::with_capacity(FRAMES.0),
    };
    for state in &drawn.way {
        let bytes = pictures::bytes(state);
        way.shares.push(shares(&bytes));
        way.grids.push(Pictures::new([&mean[..], &bytes].concat()));
    }
    Ok(way)
}

fn shares(bytes: &[u8]) -> [f32; BINS] {
    let mut counts = [0_u32; BINS];
    for &byte in bytes {
        counts[usize::from(byte) * BINS / 256] += 1;
    }
    counts.map(|count| count as f32 / bytes.len().max(1) as f32)
}
