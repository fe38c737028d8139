//! Batches, rates and seed of a run over images.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::train::config::{ConfigError, LrSchedule, check};

/// Batches, rates and seed of a run over images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// Passes over the training images.
    pub epochs: u64,
    /// Images per step.
    pub batch: usize,
    /// The optimizer's learning rate.
    pub lr: f64,
    /// How the rate changes.
    pub lr_schedule: LrSchedule,
    /// Steps over which the rate grows from nothing at first.
    pub warmup: u64,
    /// AdamW's decoupled weight decay; 0 is plain Adam.
    pub weight_decay: f64,
    /// Decay of the exponential moving average of the weights; none means the raw weights.
    pub ema: Option<f64>,
    /// Largest length of the gradient over all weights; longer ones are shortened. None means any.
    pub clip: Option<f64>,
    /// Only this many training images; none means all.
    pub images: Option<usize>,
    /// A folder of IDX files; none means the MNIST in the program.
    pub data: Option<PathBuf>,
    /// Seed of the weights and of every batch.
    pub seed: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            epochs: 1,
            batch: 128,
            lr: 1e-3,
            lr_schedule: LrSchedule::Constant,
            warmup: 0,
            weight_decay: 0.0,
            ema: None,
            clip: None,
            images: None,
            data: None,
            seed: 0,
        }
    }
}

impl Schedule {
    /// The learning rate of step `step` (from 0) of `steps`.
    pub fn rate(&self, step: u64, steps: u64) -> f64 {
        let warm = (step + 1) as f64 / self.warmup.max(1) as f64;
        self.lr_schedule.rate(self.lr, step, steps) * warm.min(1.0)
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let Self {
            epochs,
            batch,
            lr,
            weight_decay,
            ema,
            clip,
            ..
        } = self;
        let text = |value: &dyn fmt::Display| value.to_string();
        check(
            (1..=100_000).contains(epochs),
            "epochs",
            text(epochs),
            "1 to 100000",
        )?;
        check(
            (1..=65_536).contains(batch),
            "batch",
            text(batch),
            "1 to 65536",
        )?;
        check(
            lr.is_finite() && *lr > 0.0,
            "lr",
            text(lr),
            "a number above 0",
        )?;
        check(
            (0.0..=10.0).contains(weight_decay),
            "weight-decay",
            text(weight_decay),
            "0 to 10",
        )?;
        let decay = ema.unwrap_or(0.5);
        check(
            (0.0..1.0).contains(&decay),
            "ema",
            text(&decay),
            "at least 0 and below 1",
        )?;
        let clip = clip.unwrap_or(1.0);
        check(clip > 0.0, "clip", text(&clip), "a number above 0")
    }
}
