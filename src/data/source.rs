//! Where particles start at t = 0.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::toy::{Dataset, DatasetError};

/// The source distribution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Source {
    /// N(0, I).
    #[default]
    Gaussian,
    /// Uniform on [−√3, √3]², whose variance is 1.
    Uniform,
    /// A data set, such as the moons on the way to the eight Gaussians.
    Data(Box<Dataset>),
}

impl Source {
    /// Whether it is the standard normal that the exact field and the likelihood need.
    pub fn is_gaussian(&self) -> bool {
        *self == Source::Gaussian
    }

    /// Name for people.
    pub fn label(&self) -> String {
        match self {
            Source::Gaussian => "Gaussian".to_owned(),
            Source::Uniform => "Uniform square".to_owned(),
            Source::Data(dataset) => dataset.label(),
        }
    }

    /// Fills `out`, `[n, 2]`, with points.
    pub fn sample_into(&self, rng: &mut impl Rng, out: &mut [f32]) {
        match self {
            Source::Gaussian => {
                for x in out {
                    *x = rng.sample(StandardNormal);
                }
            }
            Source::Uniform => {
                let half = 3.0_f32.sqrt();
                for x in out {
                    *x = half * (2.0 * rng.random::<f32>() - 1.0);
                }
            }
            Source::Data(dataset) => dataset.sample_into(rng, out),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Gaussian => f.write_str("gaussian"),
            Source::Uniform => f.write_str("uniform"),
            Source::Data(dataset) => dataset.fmt(f),
        }
    }
}

impl FromStr for Source {
    type Err = DatasetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        named(text, Dataset::from_str)
    }
}

/// A noise, or the data set that `read` makes of the text.
fn named(
    text: &str,
    read: impl Fn(&str) -> Result<Dataset, DatasetError>,
) -> Result<Source, DatasetError> {
    match text {
        "gaussian" => Ok(Source::Gaussian),
        "uniform" => Ok(Source::Uniform),
        _ => read(text)
            .map(|dataset| Source::Data(Box::new(dataset)))
            .map_err(|error| match error {
                DatasetError::Unknown(name) => DatasetError::UnknownSource(name),
                other => other,
            }),
    }
}

impl TryFrom<String> for Source {
    type Error = DatasetError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        named(&text, |text| Dataset::try_from(text.to_owned()))
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.to_string()
    }
}
