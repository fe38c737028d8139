//! What a training run of the 2-D lab is made of: one plain struct that is the command line, the
//! `config.json` of a run folder and the window's controls at once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::mistake::Mistake;
use super::time::TimeSampling;
use crate::data::{Dataset, Source};
use crate::flow::coupling::Coupling;
use crate::flow::scheduler::Scheduler;
use crate::kernel::Activation;

/// A named set of settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Seed 003: 4 x 128 GELU, Adam 3e-3, batch 4096, 5001 iterations.
    #[default]
    Seed003,
    /// Seed 003 with a cosine learning rate and averaged weights.
    Seed003Cosine,
    /// Seed 001: five linear layers of 512 with ReLU, lr 1e-3, batch 2064, standardised board.
    Seed001,
}

impl Preset {
    /// Every preset, in teaching order.
    pub const ALL: [Self; 3] = [Self::Seed003, Self::Seed003Cosine, Self::Seed001];

    /// The name shown in a menu.
    pub fn label(self) -> &'static str {
        match self {
            Self::Seed003 => "Tutorial, 4 × 128",
            Self::Seed003Cosine => "… cosine and EMA",
            Self::Seed001 => "Wide, 4 × 512",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seed003 => "seed003",
            Self::Seed003Cosine => "seed003-cosine",
            Self::Seed001 => "seed001",
        })
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.to_string() == text)
            .ok_or_else(|| {
                let names = Self::ALL.map(|preset| preset.to_string()).join(", ");
                format!("unknown preset `{text}`; use one of {names}")
            })
    }
}

/// How the learning rate changes over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LrSchedule {
    /// The same rate at every step.
    #[default]
    Constant,
    /// `lr · (1 + cos(π k / K)) / 2` at step k of K.
    Cosine,
}

impl LrSchedule {
    /// Every schedule.
    pub const ALL: [Self; 2] = [Self::Constant, Self::Cosine];

    /// The name shown in a menu.
    pub fn label(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Cosine => "cosine",
        }
    }

    /// The rate of step `step` (from 0) of `steps`.
    pub fn rate(self, lr: f64, step: u64, steps: u64) -> f64 {
        match self {
            Self::Constant => lr,
            Self::Cosine => {
                let done = (step as f64 / steps.max(1) as f64).min(1.0);
                lr * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
            }
        }
    }
}

impl fmt::Display for LrSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for LrSchedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|schedule| schedule.label() == text)
            .ok_or_else(|| {
                format!("unknown learning-rate schedule `{text}`; use constant or cosine")
            })
    }
}

/// A training run of the 2-D lab.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToyConfig {
    /// The preset it started from.
    pub preset: Preset,
    /// The target distribution.
    pub dataset: Dataset,
    /// The probability path.
    pub path: Scheduler,
    /// Where particles start.
    pub source: Source,
    /// How noise and data of a batch are paired.
    pub coupling: Coupling,
    /// How the times of a batch are drawn.
    pub time: TimeSampling,
    /// What is done wrong on purpose.
    pub mistake: Mistake,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Number of hidden layers.
    pub layers: usize,
    /// Between the layers.
    pub activation: Activation,
    /// Points per step.
    pub batch: usize,
    /// Optimiser steps of the whole run.
    pub steps: u64,
    /// Adam's learning rate.
    pub lr: f64,
    /// How the rate changes.
    pub lr_schedule: LrSchedule,
    /// Decay of the exponential moving average of the weights; none means the raw weights.
    pub ema: Option<f64>,
    /// Seed of the weights and of every batch.
    pub seed: u64,
}

impl Default for ToyConfig {
    fn default() -> Self {
        Self::preset(Preset::default())
    }
}

/// A setting out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} = {value} is out of range: {allowed}")]
pub struct ConfigError {
    name: &'static str,
    value: String,
    allowed: &'static str,
}

/// Passes a setting on, or says what is allowed.
pub(super) fn check(
    ok: bool,
    name: &'static str,
    value: String,
    allowed: &'static str,
) -> Result<(), ConfigError> {
    if ok {
        Ok(())
    } else {
        Err(ConfigError {
            name,
            value,
            allowed,
        })
    }
}

impl ToyConfig {
    /// The settings of a preset.
    pub fn preset(preset: Preset) -> Self {
        let seed003 = Self {
            preset,
            dataset: Dataset::Checkerboard {
                grid: 4,
                scale: 2.0,
            },
            path: Scheduler::CondOt,
            source: Source::Gaussian,
            coupling: Coupling::Independent,
            time: TimeSampling::Uniform,
            mistake: Mistake::None,
            hidden: 128,
            layers: 4,
            activation: Activation::Gelu,
            batch: 4096,
            steps: 5001,
            lr: 3e-3,
            lr_schedule: LrSchedule::Constant,
            ema: None,
            seed: 0,
        };
        match preset {
            Preset::Seed003 => seed003,
            Preset::Seed003Cosine => Self {
                lr_schedule: LrSchedule::Cosine,
                ema: Some(0.999),
                ..seed003
            },
            Preset::Seed001 => Self {
                dataset: Dataset::StandardBoard,
                hidden: 512,
                activation: Activation::Relu,
                batch: 2064,
                steps: 25_000,
                lr: 1e-3,
                ..seed003
            },
        }
    }

    /// Layer sizes from input (x, y, t) to output, such as `[3, 128, 128, 128, 128, 2]`.
    pub fn shape(&self) -> Vec<usize> {
        let mut shape = vec![3];
        shape.extend(std::iter::repeat_n(self.hidden, self.layers));
        shape.push(2);
        shape
    }

    /// Checks that the run can start.
    ///
    /// # Errors
    /// Names the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let Self {
            hidden,
            layers,
            batch,
            steps,
            lr,
            ema,
            ..
        } = self;
        check(
            (1..=4096).contains(hidden),
            "hidden",
            hidden.to_string(),
            "1 to 4096",
        )?;
        check(
            (1..=32).contains(layers),
            "layers",
            layers.to_string(),
            "1 to 32",
        )?;
        // The optimizer keeps four numbers for each weight, every thread two more.
        let weights = hidden * hidden * (layers - 1);
        check(
            weights <= 1 << 24,
            "hidden and layers",
            format!("{hidden} and {layers}"),
            "at most 16777216 weights between hidden layers",
        )?;
        check(
            (1..=1 << 20).contains(batch),
            "batch",
            batch.to_string(),
            "1 to 1048576",
        )?;
        check(*steps >= 1, "steps", steps.to_string(), "at least 1")?;
        check(
            lr.is_finite() && *lr > 0.0,
            "lr",
            lr.to_string(),
            "a number above 0",
        )?;
        let decay = ema.unwrap_or(0.5);
        check(
            (0.0..1.0).contains(&decay),
            "ema",
            decay.to_string(),
            "at least 0 and below 1",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_valid_and_round_trip() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
            let config = ToyConfig::preset(preset);
            config.validate().unwrap();
            let json = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<ToyConfig>(&json).unwrap(), config);
        }
    }

    #[test]
    fn bad_settings_are_named() {
        for (config, name) in [
            (
                ToyConfig {
                    hidden: 0,
                    ..ToyConfig::default()
                },
                "hidden",
            ),
            (
                ToyConfig {
                    batch: 0,
                    ..ToyConfig::default()
                },
                "batch",
            ),
            (
                ToyConfig {
                    lr: f64::NAN,
                    ..ToyConfig::default()
                },
                "lr",
            ),
            (
                ToyConfig {
                    ema: Some(1.0),
                    ..ToyConfig::default()
                },
                "ema",
            ),
        ] {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn the_cosine_rate_starts_full_and_ends_at_nothing() {
        let rate = |step| LrSchedule::Cosine.rate(3e-3, step, 1000);
        assert!((rate(0) - 3e-3).abs() < 1e-12);
        assert!((rate(500) - 1.5e-3).abs() < 1e-12);
        assert!(rate(1000).abs() < 1e-12);
    }
}
