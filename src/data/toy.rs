//! Two-dimensional data sets, drawn afresh from a seeded generator.

use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::flow::BoxUnion;

/// Noise of the two moons before they are standardised.
const MOONS_NOISE: f64 = 0.05;

/// Noise of the Swiss roll before it is standardised, in units of its radius.
const ROLL_NOISE: f64 = 0.5;

/// A distribution in the plane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Dataset {
    /// The cells (column, row) of a grid over [−scale, scale]² with column + row odd.
    Checkerboard {
        /// Cells along each side.
        grid: usize,
        /// Half the side of the square.
        scale: f64,
    },
    /// The 4 × 4 board with column + row even, at unit variance: support [−√3, √3]².
    StandardBoard,
    /// Two interleaving half circles with noise, at zero mean and unit variance.
    Moons,
    /// The Swiss roll seen from the side, at zero mean and unit variance.
    SwissRoll,
    /// Eight Gaussians on a circle.
    EightGaussians,
    /// Two spirals, turned by half a turn to each other.
    TwoSpirals,
    /// Four concentric rings.
    Rings,
    /// Five bent arms.
    Pinwheel,
}

/// A data set name or parameter that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatasetError {
    /// The name is none of the known ones.
    #[error(
        "unknown dataset `{0}`: use checkerboard, standard-board, moons, swiss-roll, \
         eight-gaussians, two-spirals, rings or pinwheel"
    )]
    Unknown(String),
    /// The source is neither a noise nor a data set.
    #[error("unknown source `{0}`: use gaussian, uniform or a dataset such as moons")]
    UnknownSource(String),
    /// A parameter is unknown, not a number, or out of range.
    #[error("dataset `{name}`: {reason}")]
    Parameter {
        /// The text as given.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Dataset {
    /// The board of grid 4 over [−2, 2]².
    pub const CHECKERBOARD: Dataset = Dataset::Checkerboard {
        grid: 4,
        scale: 2.0,
    };

    /// One of each kind, with its usual parameters.
    pub const ALL: [Dataset; 8] = [
        Dataset::CHECKERBOARD,
        Dataset::StandardBoard,
        Dataset::Moons,
        Dataset::SwissRoll,
        Dataset::EightGaussians,
        Dataset::TwoSpirals,
        Dataset::Rings,
        Dataset::Pinwheel,
    ];

    /// Name for people.
    pub fn label(&self) -> String {
        match self {
            board if *board == Self::CHECKERBOARD => "Checkerboard".to_owned(),
            Dataset::Checkerboard { grid, scale } => {
                format!("Checkerboard, grid {grid}, scale {scale}")
            }
            Dataset::StandardBoard => "Checkerboard, unit variance".to_owned(),
            Dataset::Moons => "Two moons".to_owned(),
            Dataset::SwissRoll => "Swiss roll".to_owned(),
            Dataset::EightGaussians => "Eight Gaussians".to_owned(),
            Dataset::TwoSpirals => "Two spirals".to_owned(),
            Dataset::Rings => "Rings".to_owned(),
            Dataset::Pinwheel => "Pinwheel".to_owned(),
        }
    }

    /// The distribution as a union of boxes, where it is one.
    pub fn boxes(&self) -> Option<BoxUnion> {
        let (grid, half, parity) = match self {
            Dataset::Checkerboard { grid, scale } => (*grid, *scale, 1),
            Dataset::StandardBoard => (4, 3.0_f64.sqrt(), 0),
            _ => return None,
        };
        BoxUnion::grid(grid, half, |i, j| (i + j) % 2 == parity).ok()
    }

    /// Half the side of a square around the origin that shows nearly all points.
    pub fn extent(&self) -> f64 {
        match self {
            Dataset::Checkerboard { scale, .. } => 1.5 * scale,
            Dataset::StandardBoard => 2.6,
            Dataset::Moons | Dataset::SwissRoll => 2.5,
            Dataset::EightGaussians | Dataset::TwoSpirals | Dataset::Pinwheel => 4.0,
            Dataset::Rings => 3.5,
        }
    }

    /// Fills `out`, `[n, 2]`, with points.
    pub fn sample_into(&self, rng: &mut impl Rng, out: &mut [f32]) {
        for point in out.chunks_exact_mut(2) {
            let [x, y] = self.sample(rng);
            point[0] = x as f32;
            point[1] = y as f32;
        }
    }

    /// One point.
    pub fn sample(&self, rng: &mut impl Rng) -> [f64; 2] {
        match *self {
            Dataset::Checkerboard { grid, scale } => board(rng, grid, scale, 1),
            Dataset::StandardBoard => board(rng, 4, 3.0_f64.sqrt(), 0),
            Dataset::Moons => moons(rng),
            Dataset::SwissRoll => swiss_roll(rng),
            Dataset::EightGaussians => eight_gaussians(rng),
            Dataset::TwoSpirals => two_spirals(rng),
            Dataset::Rings => rings(rng),
            Dataset::Pinwheel => pinwheel(rng),
        }
    }

    /// Checks the parameters; parsing does this too.
    pub fn validate(self) -> Result<Dataset, DatasetError> {
        let bad = |reason: &str| {
            Err(DatasetError::Parameter {
                name: self.to_string(),
                reason: reason.to_owned(),
            })
        };
        match self {
            Dataset::Checkerboard { grid, .. } if !(2..=64).contains(&grid) => {
                bad("the grid must have 2 to 64 cells a side")
            }
            Dataset::Checkerboard { scale, .. } if !(0.01..=100.0).contains(&scale) => {
                bad("the scale must lie in [0.01, 100]")
            }
            _ => Ok(self),
        }
    }
}

fn uniform(rng: &mut impl Rng) -> f64 {
    rng.random()
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn board(rng: &mut impl Rng, grid: usize, half: f64, parity: usize) -> [f64; 2] {
    let side = 2.0 * half / grid as f64;
    loop {
        let (i, j) = (rng.random_range(0..grid), rng.random_range(0..grid));
        if (i + j) % 2 == parity {
            return [i, j].map(|k| -half + (k as f64 + uniform(rng)) * side);
        }
    }
}

/// scikit-learn's `make_moons`, standardised with the moments of the distribution.
fn moons(rng: &mut impl Rng) -> [f64; 2] {
    let (sin, cos) = (PI * uniform(rng)).sin_cos();
    let [x, y] = if rng.random() {
        [cos, sin]
    } else {
        [1.0 - cos, 0.5 - sin]
    };
    let noise = MOONS_NOISE * MOONS_NOISE;
    let var = [0.75 + noise, 9.0 / 16.0 - 1.0 / PI + noise];
    [
        (x + MOONS_NOISE * normal(rng) - 0.5) / var[0].sqrt(),
        (y + MOONS_NOISE * normal(rng) - 0.25) / var[1].sqrt(),
    ]
}

/// Columns 0 and 2 of scikit-learn's `make_swiss_roll`, standardised with the moments of the
/// distribution: (r cos r, r sin r) for r uniform in [3π/2, 9π/2].
fn swiss_roll(rng: &mut impl Rng) -> [f64; 2] {
    let r = 1.5 * PI * (1.0 + 2.0 * uniform(rng));
    let (sin, cos) = r.sin_cos();
    let noise = ROLL_NOISE * ROLL_NOISE;
    let half_square = 9.75 * PI * PI / 2.0; // E[r²]/2
    let mean = [2.0, 2.0 / (3.0 * PI)];
    let var = [
        half_square - 0.25 - mean[0] * mean[0] + noise,
        half_square + 0.25 - mean[1] * mean[1] + noise,
    ];
    [
        (r * cos + ROLL_NOISE * normal(rng) - mean[0]) / var[0].sqrt(),
        (r * sin + ROLL_NOISE * normal(rng) - mean[1]) / var[1].sqrt(),
    ]
}

/// Centres on a circle of radius 2√2, standard deviation √2/4 (Grathwohl et al. 2019).
fn eight_gaussians(rng: &mut impl Rng) -> [f64; 2] {
    let angle = TAU * f64::from(rng.random_range(0..8)) / 8.0;
    let (sin, cos) = angle.sin_cos();
    let radius = 2.0 * 2.0_f64.sqrt();
    [cos, sin].map(|c| radius * c + normal(rng) / (2.0 * 2.0_f64.sqrt()))
}

/// One and a half turns each (Grathwohl et al. 2019).
fn two_spirals(rng: &mut impl Rng) -> [f64; 2] {
    let r = uniform(rng).sqrt() * 1.5 * TAU;
    let (sin, cos) = r.sin_cos();
    let sign = if rng.random() { 1.0 } else { -1.0 };
    [-cos * r, sin * r].map(|c| sign * (c + 0.5 * uniform(rng)) / 3.0 + 0.1 * normal(rng))
}

/// Radii 0.75, 1.5, 2.25 and 3 with noise 0.08, as many points on each.
fn rings(rng: &mut impl Rng) -> [f64; 2] {
    let radius = 0.75 * f64::from(rng.random_range(1..=4));
    let (sin, cos) = (TAU * uniform(rng)).sin_cos();
    [cos, sin].map(|c| radius * c + 0.08 * normal(rng))
}

/// Gaussians stretched along five arms and turned by ¼ e^r (Johnson et al. 2016).
fn pinwheel(rng: &mut impl Rng) -> [f64; 2] {
    let r = 1.0 + 0.3 * normal(rng);
    let across = 0.1 * normal(rng);
    let arm = f64::from(rng.random_range(0..5));
    let angle = TAU * arm / 5.0 + 0.25 * r.exp() - FRAC_PI_2;
    let (sin, cos) = angle.sin_cos();
    [
        2.0 * (r * cos - across * sin),
        2.0 * (r * sin + across * cos),
    ]
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dataset::Checkerboard { grid, scale } => {
                write!(f, "checkerboard:grid={grid},scale={scale}")
            }
            Dataset::StandardBoard => f.write_str("standard-board"),
            Dataset::Moons => f.write_str("moons"),
            Dataset::SwissRoll => f.write_str("swiss-roll"),
            Dataset::EightGaussians => f.write_str("eight-gaussians"),
            Dataset::TwoSpirals => f.write_str("two-spirals"),
            Dataset::Rings => f.write_str("rings"),
            Dataset::Pinwheel => f.write_str("pinwheel"),
        }
    }
}

impl FromStr for Dataset {
    type Err = DatasetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
        let error = |reason: String| DatasetError::Parameter {
            name: text.to_owned(),
            reason,
        };
        let usual = Dataset::ALL
            .into_iter()
            .find(|d| d.to_string().split(':').next() == Some(name))
            .ok_or_else(|| DatasetError::Unknown(text.to_owned()))?;
        let pairs = parameters.split(',').filter(|p| !p.is_empty());
        pairs
            .map(|p| p.split_once('=').unwrap_or((p, "")))
            .try_fold(usual, |dataset, (key, value)| {
                let Dataset::Checkerboard { grid, scale } = dataset else {
                    return Err(error("this dataset takes no parameters".to_owned()));
                };
                let number = || error(format!("{key} needs a number, not `{value}`"));
                match key {
                    "grid" => Ok(Dataset::Checkerboard {
                        grid: value.parse().map_err(|_| number())?,
                        scale,
                    }),
                    "scale" => Ok(Dataset::Checkerboard {
                        grid,
                        scale: value.parse().map_err(|_| number())?,
                    }),
                    _ => Err(error(format!("unknown parameter {key}: use grid or scale"))),
                }
            })?
            .validate()
    }
}

impl TryFrom<String> for Dataset {
    type Error = DatasetError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Dataset> for String {
    fn from(dataset: Dataset) -> Self {
        dataset.to_string()
    }
}
