//! How latents are brought to the size of the noise.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How latents are brought to the size of the noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalise {
    /// One factor, 1/std over all numbers of all latents.
    #[default]
    Scale,
    /// Each of the 64 numbers by its own mean and standard deviation.
    Coordinate,
}

impl Normalise {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Scale, Self::Coordinate];
}

impl fmt::Display for Normalise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scale => "scale",
            Self::Coordinate => "coordinate",
        })
    }
}

impl FromStr for Normalise {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|choice| choice.to_string() == text)
            .ok_or_else(|| format!("unknown normalisation `{text}`; use scale or coordinate"))
    }
}
