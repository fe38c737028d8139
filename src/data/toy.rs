//! Two-dimensional data sets, drawn afresh from a seeded generator.

use std::path::PathBuf;
use std::sync::Arc;

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::drawn::{Painted, PixelGrid};
use super::points::PointSet;
use super::shapes;
use crate::flow::mixture::Mixture;
use crate::flow::{BoxUnion, ExactField, MarginalField, MixtureField, Scheduler};

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
    /// A density on a grid of pixels, painted by hand or taken from an image.
    Painted(Arc<Painted>),
    /// A table of points.
    Points(Arc<PointSet>),
}

/// A data set name or parameter that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatasetError {
    /// The name is none of the known ones.
    #[error(
        "unknown dataset `{0}`: use checkerboard, standard-board, moons, swiss-roll, \
         eight-gaussians, two-spirals, rings, pinwheel, image:FILE.png, points:FILE.csv or \
         painted:ROW/ROW/…"
    )]
    Unknown(String),
    /// The source is neither a noise nor a data set.
    #[error("unknown source `{0}`: use gaussian, uniform or a dataset such as moons")]
    UnknownSource(String),
    /// A painted grid or table without content.
    #[error("the drawing is empty: paint a pixel or add a point first")]
    Empty,
    /// A file cannot be read or holds something else.
    #[error("{path}: {reason}")]
    File {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
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

    /// One of each kind that has a name, with its usual parameters.
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
            Dataset::Painted(painted) => {
                let side = painted.grid().side();
                format!("Painted, {side} × {side}")
            }
            Dataset::Points(set) => format!("{} points", set.points().len()),
        }
    }

    /// The density of a grid.
    ///
    /// # Errors
    /// When nothing is painted on it.
    pub fn painted(grid: PixelGrid) -> Result<Dataset, DatasetError> {
        Ok(Dataset::Painted(Arc::new(Painted::new(grid)?)))
    }

    /// The exact field that carries a standard normal to it along a scheduler: closed forms for
    /// box unions, mixtures of Gaussians and tables of at most 4096 points.
    pub fn exact(&self, path: Scheduler) -> Option<ExactField> {
        if let Some(boxes) = self.boxes() {
            return Some(ExactField::Boxes(MarginalField::new(&boxes, path)));
        }
        let mixture = self.mixture()?;
        Some(ExactField::Mixture(MixtureField::new(&mixture, path)))
    }

    /// Whether there is an exact field, without making it.
    pub fn has_exact(&self) -> bool {
        match self {
            Dataset::EightGaussians => true,
            Dataset::Points(set) => set.points().len() <= Mixture::MAX,
            Dataset::Checkerboard { .. } | Dataset::StandardBoard | Dataset::Painted(_) => true,
            _ => false,
        }
    }

    /// Differential entropy −∫ p ln p in nats, where it is known: no model's mean of −ln p over
    /// data is lower.
    pub fn entropy(&self) -> Option<f64> {
        match self.boxes() {
            Some(boxes) => Some(boxes.entropy()),
            None => self.mixture()?.entropy(),
        }
    }

    /// The distribution as a mixture of Gaussians or points, where it is one of at most 4096.
    pub fn mixture(&self) -> Option<Mixture> {
        match self {
            Dataset::EightGaussians => Some(shapes::eight_mixture()),
            Dataset::Points(set) if set.points().len() <= Mixture::MAX => {
                let points: Vec<[f64; 2]> = set.points().iter().map(|p| p.map(f64::from)).collect();
                Mixture::empirical(&points).ok()
            }
            _ => None,
        }
    }

    /// The distribution as a union of boxes, where it is one.
    pub fn boxes(&self) -> Option<BoxUnion> {
        if let Dataset::Painted(painted) = self {
            return painted.grid().boxes();
        }
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
            Dataset::Painted(_) => 1.5 * PixelGrid::HALF,
            // Room for the noise that the particles start from.
            Dataset::Points(set) => (1.15 * set.reach()).max(2.5),
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
        match self {
            Dataset::Checkerboard { grid, scale } => shapes::board(rng, *grid, *scale, 1),
            Dataset::StandardBoard => shapes::board(rng, 4, 3.0_f64.sqrt(), 0),
            Dataset::Moons => shapes::moons(rng),
            Dataset::SwissRoll => shapes::swiss_roll(rng),
            Dataset::EightGaussians => shapes::eight_gaussians(rng),
            Dataset::TwoSpirals => shapes::two_spirals(rng),
            Dataset::Rings => shapes::rings(rng),
            Dataset::Pinwheel => shapes::pinwheel(rng),
            Dataset::Painted(painted) => painted.sample(rng),
            Dataset::Points(set) => set.sample(rng),
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
