//! Which noise point is paired with which data point.
//!
//! Two things are called "OT". The *conditional OT path* is the straight line x_t = (1 − t) x0 +
//! t x1 between a given pair; it says nothing about how the pair was chosen. An *OT coupling*
//! chooses the pairs: it permutes the data of a batch so that Σ|x0 − x1|² is least
//! (Tong et al. 2024; Pooladian et al. 2023).

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::assignment::{assignment, squared_distances};
use super::sinkhorn::sinkhorn;

/// Error of the plan's marginals that drawn pairs would not show.
const TOLERANCE: f64 = 3e-3;

/// How noise and data points of a batch are paired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Coupling {
    /// As drawn: q(x0, x1) = p(x0) p(x1).
    #[default]
    Independent,
    /// The permutation of least Σ|x0 − x1|² within groups of a batch.
    MinibatchOt {
        /// Points of a group; the exact solver takes up to group³ time.
        group: usize,
    },
    /// Pairs drawn from the plan of least E|x0 − x1|² + ε KL(plan ‖ independent) of each group.
    Sinkhorn {
        /// Strength of the entropy ε, in squared distance.
        epsilon: f64,
        /// Points of a group.
        group: usize,
    },
}

/// A coupling name or parameter that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CouplingError {
    /// The name is none of the known ones.
    #[error(
        "unknown coupling `{0}`: use independent, minibatch-ot[:GROUP] or sinkhorn[:EPS[,GROUP]]"
    )]
    Unknown(String),
    /// A parameter is not a number or out of range.
    #[error("coupling `{name}`: {reason}")]
    Parameter {
        /// The text as given.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// What the two meanings of "OT" are, for the switch in the window.
pub const OT_NOTE: &str = "“Conditional OT” is a path: the straight line between a given pair. \
    An “OT coupling” chooses the pairs. Either can be used without the other.";

impl Coupling {
    /// Exact minibatch OT in groups of the usual size.
    ///
    /// A batch of 4096 on the checkerboard costs E|x0 − x1|² = 4.7 in independent pairs, 0.48 in
    /// groups of 64, 0.37 in groups of 128, 0.30 in groups of 256 and 0.23 as a whole; the time
    /// doubles to triples with each doubling of the group. At 128 it stays near that of a training
    /// step on the processor; the whole batch takes half a minute.
    pub const OT: Coupling = Coupling::MinibatchOt { group: 128 };

    /// Sinkhorn with the usual entropy and group size; small ε need many more iterations.
    pub const SINKHORN: Coupling = Coupling::Sinkhorn {
        epsilon: 0.5,
        group: 64,
    };

    /// One of each kind, with its usual parameters.
    pub const ALL: [Coupling; 3] = [Coupling::Independent, Coupling::OT, Coupling::SINKHORN];

    /// Name for people.
    pub fn label(self) -> String {
        match self {
            Coupling::Independent => "Independent".to_owned(),
            Coupling::OT => "Minibatch OT".to_owned(),
            Coupling::MinibatchOt { group } => format!("Minibatch OT, groups of {group}"),
            Coupling::SINKHORN => "Sinkhorn".to_owned(),
            Coupling::Sinkhorn { epsilon, group } => {
                format!("Sinkhorn, ε = {epsilon}, groups of {group}")
            }
        }
    }

    /// One sentence on what it does, for a tooltip.
    pub fn explanation(self) -> &'static str {
        match self {
            Coupling::Independent => {
                "Every noise point meets a random data point, so the lines cross and the \
                 velocity at a crossing is their mean."
            }
            Coupling::MinibatchOt { .. } => {
                "Noise and data points of a group are matched so that the sum of squared \
                 distances is least: the lines no longer cross within a group."
            }
            Coupling::Sinkhorn { .. } => {
                "Pairs are drawn from the entropic plan: near OT for a small ε, independent \
                 for a large one."
            }
        }
    }

    /// Points that are paired among themselves; none for independent pairs.
    pub fn group(self) -> Option<usize> {
        match self {
            Coupling::Independent => None,
            Coupling::MinibatchOt { group } | Coupling::Sinkhorn { group, .. } => Some(group),
        }
    }

    /// The index into `x1` that each point of `x0` is paired with; both are `[n, 2]`.
    ///
    /// The points are paired in groups of [`Coupling::group`], in order; the last group may be
    /// smaller. Minibatch OT gives a permutation. Sinkhorn draws the partner of each x0 from its
    /// row of the plan, so a data point may appear twice or not at all; over many batches each
    /// appears as often as any other. `rng` is read by Sinkhorn only.
    ///
    /// # Panics
    /// If the lengths differ or are odd, or a coordinate is not a number.
    pub fn pair(self, x0: &[f32], x1: &[f32], rng: &mut impl Rng) -> Vec<usize> {
        assert_eq!(x0.len(), x1.len(), "every x0 needs an x1");
        assert_eq!(x0.len() % 2, 0, "points have two coordinates");
        let n = x0.len() / 2;
        let Some(group) = self.group() else {
            return (0..n).collect();
        };
        let mut partners = Vec::with_capacity(n);
        for (a, b) in x0.chunks(2 * group).zip(x1.chunks(2 * group)) {
            let first = partners.len();
            let count = a.len() / 2;
            let cost = squared_distances(&widened(a), &widened(b));
            let within = match self {
                Coupling::Sinkhorn { epsilon, .. } => {
                    draw_rows(count, &sinkhorn(count, &cost, epsilon, TOLERANCE).plan, rng)
                }
                _ => assignment(count, &cost),
            };
            partners.extend(within.into_iter().map(|j| first + j));
        }
        partners
    }

    /// Checks the parameters; parsing does this too.
    ///
    /// # Errors
    /// Says what is out of range.
    pub fn validate(self) -> Result<Coupling, CouplingError> {
        let bad = |reason| {
            Err(CouplingError::Parameter {
                name: self.to_string(),
                reason,
            })
        };
        match self {
            Coupling::MinibatchOt { group } | Coupling::Sinkhorn { group, .. }
                if !(2..=4096).contains(&group) =>
            {
                bad("a group must have 2 to 4096 points")
            }
            Coupling::Sinkhorn { epsilon, .. } if !(1e-3..=1e3).contains(&epsilon) => {
                bad("the entropy must lie in [0.001, 1000]")
            }
            _ => Ok(self),
        }
    }
}

/// Mean squared distance of the pairs, E|x0 − x1|²; the points are `[n, 2]`.
///
/// # Panics
/// If `partners` does not fit the points.
pub fn coupling_cost(x0: &[f32], x1: &[f32], partners: &[usize]) -> f64 {
    let sum: f64 = partners
        .iter()
        .enumerate()
        .map(|(i, &j)| {
            let [x, y] = [0, 1].map(|k| f64::from(x0[2 * i + k]) - f64::from(x1[2 * j + k]));
            x * x + y * y
        })
        .sum();
    sum / partners.len().max(1) as f64
}

/// One column for each row of a plan, drawn with the row's weights.
fn draw_rows(n: usize, plan: &[f64], rng: &mut impl Rng) -> Vec<usize> {
    (0..n)
        .map(|i| {
            let row = &plan[i * n..(i + 1) * n];
            let mut rest = rng.random::<f64>() * row.iter().sum::<f64>();
            let drawn = row.iter().position(|weight| {
                rest -= weight;
                rest < 0.0
            });
            // Rounding can leave a hair over: then it is the last column with any weight.
            drawn
                .or_else(|| row.iter().rposition(|&weight| weight > 0.0))
                .unwrap_or(i)
        })
        .collect()
}

fn widened(points: &[f32]) -> Vec<f64> {
    points.iter().map(|&x| f64::from(x)).collect()
}

impl fmt::Display for Coupling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Coupling::Independent => f.write_str("independent"),
            &Coupling::OT => f.write_str("minibatch-ot"),
            Coupling::MinibatchOt { group } => write!(f, "minibatch-ot:{group}"),
            &Coupling::SINKHORN => f.write_str("sinkhorn"),
            Coupling::Sinkhorn { epsilon, group } => write!(f, "sinkhorn:{epsilon},{group}"),
        }
    }
}

impl FromStr for Coupling {
    type Err = CouplingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, parameter) = match text.split_once(':') {
            Some((name, parameter)) => (name, Some(parameter)),
            None => (text, None),
        };
        let error = |reason| CouplingError::Parameter {
            name: text.to_owned(),
            reason,
        };
        let group = |p: &str| {
            p.trim()
                .parse::<usize>()
                .map_err(|_| error("the group size is not a whole number"))
        };
        let coupling = match (name, parameter) {
            ("independent", None) => Coupling::Independent,
            ("minibatch-ot", None) => Coupling::OT,
            ("minibatch-ot", Some(p)) => Coupling::MinibatchOt { group: group(p)? },
            ("sinkhorn", None) => Coupling::SINKHORN,
            ("sinkhorn", Some(p)) => {
                let (epsilon, size) = match p.split_once(',') {
                    Some((epsilon, size)) => (epsilon, Some(size)),
                    None => (p, None),
                };
                Coupling::Sinkhorn {
                    epsilon: epsilon
                        .trim()
                        .parse()
                        .map_err(|_| error("the entropy is not a number"))?,
                    group: size.map_or(Ok(64), group)?,
                }
            }
            ("independent", Some(_)) => return Err(error("this coupling takes no parameter")),
            _ => return Err(CouplingError::Unknown(text.to_owned())),
        };
        coupling.validate()
    }
}

impl TryFrom<String> for Coupling {
    type Error = CouplingError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Coupling> for String {
    fn from(coupling: Coupling) -> Self {
        coupling.to_string()
    }
}
