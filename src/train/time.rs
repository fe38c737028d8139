//! How the times of a training batch are drawn.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::flow::special::normal_pdf;

/// The law of t in [0, 1].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TimeSampling {
    /// Each t uniform and independent.
    #[default]
    Uniform,
    /// t_i = (u + i/n) mod 1 with one u for the batch: uniform, evenly spread, so that the loss
    /// is less noisy.
    Stratified,
    /// t = 1/(1 + e^−(mean + std z)), z standard normal: more of the middle (Esser et al. 2024).
    LogitNormal {
        /// Mean of ln(t/(1 − t)).
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
}

/// A time law that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "time sampling `{0}`: use uniform, stratified or logit-normal[:MEAN:STD] with |MEAN| <= 5 and STD in [0.1, 5]"
)]
pub struct TimeSamplingError(String);

impl TimeSampling {
    /// One of each kind, with its usual parameters.
    pub const ALL: [Self; 3] = [
        Self::Uniform,
        Self::Stratified,
        Self::LogitNormal {
            mean: 0.0,
            std: 1.0,
        },
    ];

    /// Name for people.
    pub fn label(self) -> String {
        match self {
            Self::Uniform => "Uniform".to_owned(),
            Self::Stratified => "Stratified".to_owned(),
            Self::LogitNormal { mean, std } if mean == 0.0 && std == 1.0 => {
                "Logit-normal".to_owned()
            }
            Self::LogitNormal { mean, std } => format!("Logit-normal, mean {mean}, sd {std}"),
        }
    }

    /// One sentence on what it does, for a tooltip.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Uniform => "Every time is as likely as any other, each drawn on its own.",
            Self::Stratified => {
                "One offset for the batch and even spacing: the same average, less noise."
            }
            Self::LogitNormal { .. } => {
                "More steps are spent in the middle, where the velocity is hardest to predict."
            }
        }
    }

    /// Fills `out` with times of [0, t_max].
    pub fn draw(self, rng: &mut impl Rng, t_max: f32, out: &mut [f32]) {
        let n = out.len() as f64;
        let offset: f64 = match self {
            Self::Stratified => rng.random(),
            _ => 0.0,
        };
        for (i, t) in out.iter_mut().enumerate() {
            *t = match self {
                Self::Uniform => rng.random::<f32>() * t_max,
                Self::Stratified => ((offset + i as f64 / n).fract() as f32 * t_max).min(t_max),
                Self::LogitNormal { mean, std } => {
                    let z: f64 = rng.sample(StandardNormal);
                    ((1.0 / (1.0 + (-mean - std * z).exp())) as f32).min(t_max)
                }
            };
        }
    }

    /// Density of the law at t in (0, 1).
    pub fn density(self, t: f64) -> f64 {
        match self {
            Self::Uniform | Self::Stratified => 1.0,
            Self::LogitNormal { mean, std } => {
                let z = ((t / (1.0 - t)).ln() - mean) / std;
                normal_pdf(z) / (std * t * (1.0 - t))
            }
        }
    }

    fn validate(self) -> Result<Self, TimeSamplingError> {
        match self {
            Self::LogitNormal { mean, std }
                if !((-5.0..=5.0).contains(&mean) && (0.1..=5.0).contains(&std)) =>
            {
                Err(TimeSamplingError(self.to_string()))
            }
            _ => Ok(self),
        }
    }
}

impl fmt::Display for TimeSampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform => f.write_str("uniform"),
            Self::Stratified => f.write_str("stratified"),
            Self::LogitNormal { mean, std } => write!(f, "logit-normal:{mean}:{std}"),
        }
    }
}

impl FromStr for TimeSampling {
    type Err = TimeSamplingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || TimeSamplingError(text.to_owned());
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or("");
        let numbers = parts
            .map(|part| part.trim().parse::<f64>().map_err(|_| wrong()))
            .collect::<Result<Vec<_>, _>>()?;
        match (name, &numbers[..]) {
            ("uniform", []) => Ok(Self::Uniform),
            ("stratified", []) => Ok(Self::Stratified),
            ("logit-normal", []) => Ok(Self::ALL[2]),
            ("logit-normal", &[mean, std]) => Self::LogitNormal { mean, std }.validate(),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for TimeSampling {
    type Error = TimeSamplingError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeSampling> for String {
    fn from(law: TimeSampling) -> Self {
        law.to_string()
    }
}
