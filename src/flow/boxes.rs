//! Targets that are uniform on axis-aligned boxes: boards, painted grids.

use serde::{Deserialize, Serialize};

/// One box [lo, hi] and its share of the mass, spread evenly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightedBox {
    /// Lower left corner.
    pub lo: [f64; 2],
    /// Upper right corner.
    pub hi: [f64; 2],
    /// Share of the mass, > 0.
    pub weight: f64,
}

impl WeightedBox {
    /// Area of the box.
    pub fn area(&self) -> f64 {
        (self.hi[0] - self.lo[0]) * (self.hi[1] - self.lo[1])
    }

    /// Whether the point lies in the closed box.
    pub fn contains(&self, x: [f64; 2]) -> bool {
        (0..2).all(|i| self.lo[i] <= x[i] && x[i] <= self.hi[i])
    }
}

/// A mixture of uniform distributions on boxes with disjoint interiors; weights sum to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<WeightedBox>", into = "Vec<WeightedBox>")]
pub struct BoxUnion {
    /// The boxes, in a fixed order that cell indices refer to.
    pub boxes: Vec<WeightedBox>,
}

/// Boxes that do not describe a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoxesError {
    /// There is no box.
    #[error("a box target needs at least one box")]
    Empty,
    /// A corner is not finite or the box has no area.
    #[error("box {0}: the corners must be finite and the upper one above the lower one")]
    Corners(usize),
    /// A weight is not a positive number.
    #[error("box {0}: the weight must be positive and finite")]
    Weight(usize),
    /// Two boxes share area.
    #[error("boxes {0} and {1} overlap")]
    Overlap(usize, usize),
}

impl BoxUnion {
    /// Checks the boxes and scales the weights so that they sum to 1.
    pub fn new(mut boxes: Vec<WeightedBox>) -> Result<Self, BoxesError> {
        if boxes.is_empty() {
            return Err(BoxesError::Empty);
        }
        for (k, b) in boxes.iter().enumerate() {
            let ordered =
                (0..2).all(|i| b.lo[i].is_finite() && b.hi[i].is_finite() && b.lo[i] < b.hi[i]);
            if !ordered {
                return Err(BoxesError::Corners(k));
            }
            if !(b.weight > 0.0 && b.weight.is_finite()) {
                return Err(BoxesError::Weight(k));
            }
        }
        if let Some((j, k)) = overlap(&boxes) {
            return Err(BoxesError::Overlap(j, k));
        }
        let total: f64 = boxes.iter().map(|b| b.weight).sum();
        for b in &mut boxes {
            b.weight /= total;
        }
        Ok(BoxUnion { boxes })
    }

    /// The cells (column, row) of a `grid × grid` division of [−half, half]² for which `keep`
    /// holds, with equal weights; columns count along x, rows along y, from the lower left.
    pub fn grid(
        grid: usize,
        half: f64,
        keep: impl Fn(usize, usize) -> bool,
    ) -> Result<Self, BoxesError> {
        // One table of edges, so that neighbours share theirs to the last bit.
        let edge = |i: usize| half * (2.0 * i as f64 / grid as f64 - 1.0);
        let cells = (0..grid).flat_map(|i| (0..grid).map(move |j| (i, j)));
        let boxes = cells
            .filter(|&(i, j)| keep(i, j))
            .map(|(i, j)| WeightedBox {
                lo: [edge(i), edge(j)],
                hi: [edge(i + 1), edge(j + 1)],
                weight: 1.0,
            });
        BoxUnion::new(boxes.collect())
    }

    /// Index of the closed box that holds the point; the first one on a shared edge.
    pub fn cell_of(&self, x: [f64; 2]) -> Option<usize> {
        self.boxes.iter().position(|b| b.contains(x))
    }

    /// Whether the point lies in the closed support.
    pub fn contains(&self, x: [f64; 2]) -> bool {
        self.cell_of(x).is_some()
    }

    /// Mean of the distribution.
    pub fn mean(&self) -> [f64; 2] {
        [0, 1].map(|i| {
            self.boxes
                .iter()
                .map(|b| b.weight * 0.5 * (b.lo[i] + b.hi[i]))
                .sum()
        })
    }

    /// Trace of the covariance, Σ_i Var(x_i).
    pub fn trace_covariance(&self) -> f64 {
        let mean = self.mean();
        let second = |b: &WeightedBox, i: usize| {
            let (centre, side) = (0.5 * (b.lo[i] + b.hi[i]) - mean[i], b.hi[i] - b.lo[i]);
            centre * centre + side * side / 12.0
        };
        self.boxes
            .iter()
            .map(|b| b.weight * (second(b, 0) + second(b, 1)))
            .sum()
    }

    /// Differential entropy −∫ p ln p in nats: the best possible mean of −log p.
    pub fn entropy(&self) -> f64 {
        self.boxes
            .iter()
            .map(|b| -b.weight * (b.weight / b.area()).ln())
            .sum()
    }

    /// Corners (lo, hi) of the smallest box around the support.
    pub fn bounds(&self) -> ([f64; 2], [f64; 2]) {
        let mut lo = [f64::INFINITY; 2];
        let mut hi = [f64::NEG_INFINITY; 2];
        for b in &self.boxes {
            for i in 0..2 {
                lo[i] = lo[i].min(b.lo[i]);
                hi[i] = hi[i].max(b.hi[i]);
            }
        }
        (lo, hi)
    }
}

/// A pair of boxes with common area, beyond the rounding of their corners.
fn overlap(boxes: &[WeightedBox]) -> Option<(usize, usize)> {
    // Sorted by the left side, each box only meets those that begin before it ends.
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|&j, &k| boxes[j].lo[0].total_cmp(&boxes[k].lo[0]));
    let shared = |a: &WeightedBox, b: &WeightedBox, i: usize| {
        let side = (a.hi[i] - a.lo[i]).min(b.hi[i] - b.lo[i]);
        a.hi[i].min(b.hi[i]) - a.lo[i].max(b.lo[i]) > 1e-9 * side
    };
    for (n, &j) in order.iter().enumerate() {
        for &k in &order[n + 1..] {
            if boxes[k].lo[0] >= boxes[j].hi[0] {
                break;
            }
            if shared(&boxes[j], &boxes[k], 0) && shared(&boxes[j], &boxes[k], 1) {
                return Some((j.min(k), j.max(k)));
            }
        }
    }
    None
}

impl TryFrom<Vec<WeightedBox>> for BoxUnion {
    type Error = BoxesError;

    fn try_from(boxes: Vec<WeightedBox>) -> Result<Self, Self::Error> {
        BoxUnion::new(boxes)
    }
}

impl From<BoxUnion> for Vec<WeightedBox> {
    fn from(union: BoxUnion) -> Self {
        union.boxes
    }
}
