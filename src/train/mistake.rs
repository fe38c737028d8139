//! Known mistakes in the training step, each taken from a real question or repository, to be
//! trained beside the right thing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is done wrong on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing.
    #[default]
    None,
    /// The network is fed x1 where x_t belongs.
    X1ForXt,
    /// The target is −dx_t/dt.
    SignFlip,
    /// The network is told a time that has nothing to do with x_t, so it learns to ignore it.
    NoTime,
    /// x_t = α_t x1 + (1 − α_t²) x0: on the linear path 1 − t² in place of 1 − t.
    WrongSigma,
    /// The squared errors are summed over batch and coordinates, not averaged.
    SummedLoss,
}

impl Mistake {
    /// Every one, the right thing first.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::X1ForXt,
        Self::SignFlip,
        Self::NoTime,
        Self::WrongSigma,
        Self::SummedLoss,
    ];

    /// The name shown in a menu.
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "Right",
            Self::X1ForXt => "x₁ in place of x_t",
            Self::SignFlip => "A sign",
            Self::NoTime => "Time forgotten",
            Self::WrongSigma => "1 − t² for 1 − t",
            Self::SummedLoss => "Summed loss",
        }
    }

    /// What is wrong and what it does, in one sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::None => "The network sees x_t and t and learns the mean of x₁ − x₀ there.",
            Self::X1ForXt => {
                "The network sees only data, never points on the way: it learns E[x₁ − x₀ | x₁] = \
                 x₁, which blows the noise up and knows no target."
            }
            Self::SignFlip => {
                "The target is x₀ − x₁: the loss falls to the same floor, and sampling runs away \
                 from the data."
            }
            Self::NoTime => {
                "One velocity for every t: the mean over all times, too slow for late points and \
                 too fast for early ones, so the samples blur."
            }
            Self::WrongSigma => {
                "The noise fades as 1 − t² but the target still says that it fades as 1 − t: the \
                 velocity does not belong to the path, and the samples miss."
            }
            Self::SummedLoss => {
                "The loss and its gradient are 2 × batch times too large: Adam divides that out \
                 again and hides it, plain gradient descent would blow up."
            }
        }
    }

    /// What loss and gradient of a batch of `n` points are multiplied by.
    pub fn loss_scale(self, n: usize) -> f32 {
        match self {
            Self::SummedLoss => 2.0 * n as f32,
            _ => 1.0,
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::X1ForXt => "x1-for-xt",
            Self::SignFlip => "sign-flip",
            Self::NoTime => "no-time",
            Self::WrongSigma => "wrong-sigma",
            Self::SummedLoss => "summed-loss",
        })
    }
}

impl FromStr for Mistake {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|mistake| mistake.to_string() == text)
            .ok_or_else(|| {
                let names = Self::ALL.map(|mistake| mistake.to_string()).join(", ");
                format!("unknown mistake `{text}`; use one of {names}")
            })
    }
}
