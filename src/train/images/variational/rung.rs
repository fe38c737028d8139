//! The ladder of seed 002, and how its loss terms are weighed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::settings::{SIGMA, VariationalSettings};

/// A step of the seed's story; each keeps what the ones before it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// z from N(0, I), whatever x is.
    Vanilla,
    /// z from q(z|x).
    Posterior,
    /// U-Nets in place of plain convolutions; in the plane nothing new.
    Unet,
    /// The prior's mean and variance are learned.
    Prior,
    /// Observation noise in the target.
    Noise,
}

impl Rung {
    /// The ladder from below.
    pub const ALL: [Self; 5] = [
        Self::Vanilla,
        Self::Posterior,
        Self::Unet,
        Self::Prior,
        Self::Noise,
    ];

    /// The name for a person.
    pub fn label(self) -> &'static str {
        match self {
            Self::Vanilla => "Vanilla",
            Self::Posterior => "Posterior",
            Self::Unet => "U-Net",
            Self::Prior => "Learned prior",
            Self::Noise => "Observation noise",
        }
    }

    /// Turns on what the rung has, and off what comes after it.
    pub fn apply(self, settings: &mut VariationalSettings) {
        settings.posterior = self != Self::Vanilla;
        settings.learned_prior = matches!(self, Self::Prior | Self::Noise);
        settings.noise = if self == Self::Noise { SIGMA } else { 0.0 };
        if settings.dataset.points().is_none() {
            settings.net = match self {
                Self::Vanilla | Self::Posterior => Net::Conv,
                _ => Net::Unet,
            };
        }
    }

    /// The rung that settings stand on; none between two.
    pub fn of(settings: &VariationalSettings) -> Option<Self> {
        // In the plane the rung of the nets is none of its own.
        let points = settings.dataset.points().is_some();
        let mut rungs = Self::ALL
            .into_iter()
            .filter(|rung| !(points && *rung == Self::Unet));
        rungs.find(|rung| {
            let mut other = settings.clone();
            rung.apply(&mut other);
            let noise = (settings.noise > 0.0) == (other.noise > 0.0);
            noise
                && other.posterior == settings.posterior
                && other.learned_prior == settings.learned_prior
                && other.net == settings.net
        })
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vanilla => "vanilla",
            Self::Posterior => "posterior",
            Self::Unet => "unet",
            Self::Prior => "prior",
            Self::Noise => "noise",
        })
    }
}

impl FromStr for Rung {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        find(&Self::ALL, text, "rung")
    }
}

/// What the networks are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Net {
    /// Linear layers, for points.
    Mlp,
    /// Four plain convolutions.
    Conv,
    /// U-Nets.
    Unet,
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mlp => "mlp",
            Self::Conv => "conv",
            Self::Unet => "unet",
        })
    }
}

impl FromStr for Net {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        find(&[Self::Mlp, Self::Conv, Self::Unet], text, "net")
    }
}

/// What samples start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The prior p that the KL term holds q(z|x) near, as in seed 002.
    Prior,
    /// A normal with mean and variance of `q(z) = E_x q(z|x)`, from which the network was trained.
    /// The squared error draws q(z|x) together, so that q(z) is narrower than p.
    #[default]
    Aggregate,
}

impl Origin {
    /// Both, in the order of the menus.
    pub const ALL: [Self; 2] = [Self::Prior, Self::Aggregate];

    /// The name for a person.
    pub fn label(self) -> &'static str {
        match self {
            Self::Prior => "The prior",
            Self::Aggregate => "Where z lies",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prior => "prior",
            Self::Aggregate => "aggregate",
        })
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        find(&Self::ALL, text, "origin")
    }
}

/// How a term of the loss is brought to one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Mean over batch and coordinates.
    Mean,
    /// Sum over coordinates, mean over the batch.
    Sample,
    /// Sum over batch and coordinates.
    Sum,
}

impl Reduction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mean, Self::Sample, Self::Sum];

    /// What the sum over a batch of `n` with `d` coordinates each is multiplied by.
    pub fn factor(self, n: usize, d: usize) -> f64 {
        match self {
            Self::Mean => 1.0 / (n * d) as f64,
            Self::Sample => 1.0 / n as f64,
            Self::Sum => 1.0,
        }
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::Sample => "sample",
            Self::Sum => "sum",
        })
    }
}

impl FromStr for Reduction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        find(&Self::ALL, text, "reduction")
    }
}

/// Weight and reduction of a term of the loss, as text `WEIGHT[:REDUCTION]`, such as `1:mean`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LossTerm {
    /// What it is multiplied by.
    pub weight: f64,
    /// How it is brought to one number.
    pub reduction: Reduction,
}

impl LossTerm {
    /// A term.
    pub const fn new(weight: f64, reduction: Reduction) -> Self {
        Self { weight, reduction }
    }
}

impl fmt::Display for LossTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.weight, self.reduction)
    }
}

impl FromStr for LossTerm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (weight, reduction) = match text.split_once(':') {
            Some((weight, reduction)) => (weight, reduction.parse()?),
            None => (text, Reduction::Sample),
        };
        match weight.parse::<f64>() {
            Ok(weight) if (0.0..=1e6).contains(&weight) => Ok(Self { weight, reduction }),
            _ => Err(format!(
                "`{text}` is no loss term; write WEIGHT[:REDUCTION] with a weight of 0 to 1000000 \
                 and mean, sample or sum, such as 1:mean"
            )),
        }
    }
}

impl TryFrom<String> for LossTerm {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<LossTerm> for String {
    fn from(term: LossTerm) -> Self {
        term.to_string()
    }
}

fn find<T: Copy + fmt::Display>(all: &[T], text: &str, what: &str) -> Result<T, String> {
    let found = all.iter().find(|one| one.to_string() == text);
    found.copied().ok_or_else(|| {
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        format!("unknown {what} `{text}`; use one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_on_the_rung_that_was_applied() {
        for rung in Rung::ALL {
            let mut settings = VariationalSettings::pictures();
            rung.apply(&mut settings);
            assert_eq!(Rung::of(&settings), Some(rung));
            settings.validate().unwrap();
            assert_eq!(rung.to_string().parse(), Ok(rung));
        }
        for rung in Rung::ALL.into_iter().filter(|rung| *rung != Rung::Unet) {
            let mut settings = VariationalSettings::points();
            rung.apply(&mut settings);
            assert_eq!(Rung::of(&settings), Some(rung));
        }
        let mut between = VariationalSettings::pictures();
        between.posterior = false;
        assert_eq!(Rung::of(&between), None);
    }

    #[test]
    fn terms_round_trip_and_bad_ones_are_told() {
        for text in ["1:mean", "0.5:sample", "1:sum"] {
            assert_eq!(text.parse::<LossTerm>().unwrap().to_string(), text);
        }
        assert_eq!("2".parse(), Ok(LossTerm::new(2.0, Reduction::Sample)));
        for wrong in ["", "-1", "nan", "1:all", "x:mean"] {
            assert!(wrong.parse::<LossTerm>().is_err(), "{wrong}");
        }
        let ratio = Reduction::Sum.factor(64, 784) / Reduction::Mean.factor(64, 784);
        assert!((ratio - 50_176.0).abs() < 1e-6, "{ratio}");
    }
}
