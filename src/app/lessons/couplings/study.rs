//! What a coupling costs and what it leaves to be learned, as the batch grows.
//!
//! The variance of the target u = x1 − x0 at fixed x_t is estimated without any model: two pairs
//! of different batches whose x_t lie next to one another have independent targets with nearly
//! the same mean, so half of their squared difference estimates the variance (Rice 1984). Its
//! mean over x_t and over t is the loss floor.

use std::sync::atomic::{AtomicBool, Ordering};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::neighbours::Buckets;
use crate::app::background::Job;
use crate::app::exact::Route;
use crate::app::sampler::moving;
use crate::flow::{Coupling, coupling_cost};

/// Batches of the curves are these powers of two.
pub const POWERS: std::ops::RangeInclusive<u32> = 3..=9;
/// Pairs behind each point of a curve, few first.
const PAIRS: [usize; 2] = [1024, 4096];
/// Times at which the variance is estimated: middles of as many equal parts.
pub const TIMES: usize = 16;
/// Coordinates of a point.
const D: f64 = 2.0;

/// One coupling at one batch size.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// E|x1 − x0|² and its standard error.
    pub cost: [f64; 2],
    /// The loss floor, E tr Cov(u|x_t)/2 over all t, and its standard error.
    pub floor: [f64; 2],
    /// The same at each time, `[t, variance]`.
    pub at: Vec<[f64; 2]>,
}

impl Estimate {
    /// ∫E|(x1 − x0) − v(x_t)|² dt = d · floor: 0 when every path of the flow is a line.
    pub fn straightness(&self) -> f64 {
        D * self.floor[0]
    }

    /// ∫E|v(x_t)|² dt of the marginal flow: E|u|² less the variance of u given x_t. At least W2².
    pub fn path_energy(&self) -> [f64; 2] {
        let [cost, floor] = [self.cost, self.floor];
        [cost[0] - D * floor[0], cost[1].hypot(D * floor[1])]
    }
}

/// All couplings at one batch size.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Pairs that are coupled together.
    pub batch: usize,
    /// Independent, exact, Sinkhorn.
    pub by: [Estimate; 3],
    /// Pairs behind the estimates.
    pub pairs: usize,
}

/// The couplings of the lesson for batches of one size.
pub fn couplings(batch: usize, epsilon: f64) -> [Coupling; 3] {
    [
        Coupling::Independent,
        Coupling::MinibatchOt { group: batch },
        Coupling::Sinkhorn {
            epsilon,
            group: batch,
        },
    ]
}

/// Shows rows for all batch sizes, small batches first and few pairs first.
pub fn study(route: &Route, epsilon: f64, job: &Job<'_, Vec<Row>>) {
    let mut rows: Vec<Row> = Vec::new();
    for pairs in PAIRS {
        for power in POWERS {
            let made = (job.pool).install(|| row(route, 1 << power, epsilon, pairs, job.cancel));
            let Some(row) = made else { return };
            match rows.iter_mut().find(|known| known.batch == row.batch) {
                Some(known) => *known = row,
                None => rows.push(row),
            }
            job.show(rows.clone());
        }
    }
}

/// Estimates for one batch size; none when it was cancelled.
pub fn row(
    route: &Route,
    batch: usize,
    epsilon: f64,
    pairs: usize,
    cancel: &AtomicBool,
) -> Option<Row> {
    // The same points under every coupling and batch size: differences are the couplings' own.
    let (x0, x1) = points(route, pairs, 17);
    let [a, b, c] = couplings(batch, epsilon).map(|coupling| {
        let mut rng = ChaCha8Rng::seed_from_u64(18);
        let mut partners = Vec::with_capacity(pairs);
        for from in (0..pairs).step_by(batch) {
            if cancel.load(Ordering::Relaxed) {
                return None;
            }
            let part = 2 * from..2 * (from + batch).min(pairs);
            let found = coupling.pair(&x0[part.clone()], &x1[part], &mut rng);
            partners.extend(found.into_iter().map(|j| from + j));
        }
        estimate(&x0, &x1, &partners, batch, cancel)
    });
    Some(Row {
        batch,
        by: [a?, b?, c?],
        pairs,
    })
}

/// Points of the source and of the target, `[n, 2]` each; fewer are the first ones of more.
pub fn points(route: &Route, n: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let x0 = moving::start(&route.source, seed, n);
    (x0, moving::data(&route.dataset, seed, n))
}

fn estimate(
    x0: &[f32],
    x1: &[f32],
    partners: &[usize],
    batch: usize,
    cancel: &AtomicBool,
) -> Option<Estimate> {
    let n = partners.len();
    let of = |points: &[f32], i: usize| [points[2 * i], points[2 * i + 1]].map(f64::from);
    let start: Vec<[f64; 2]> = (0..n).map(|i| of(x0, i)).collect();
    let u: Vec<[f64; 2]> = (0..n)
        .map(|i| {
            let end = of(x1, partners[i]);
            [0, 1].map(|k| end[k] - start[i][k])
        })
        .collect();
    let group: Vec<u32> = (0..n).map(|i| (i / batch) as u32).collect();
    let batches = n.div_ceil(batch);
    let mut floors = vec![0.0; batches];
    let mut costs = vec![0.0; batches];
    for i in 0..n {
        costs[i / batch] += u[i][0] * u[i][0] + u[i][1] * u[i][1];
    }
    let mut at = Vec::with_capacity(TIMES);
    for k in 0..TIMES {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let t = (k as f64 + 0.5) / TIMES as f64;
        let xt: Vec<[f64; 2]> = (0..n)
            .map(|i| [0, 1].map(|c| start[i][c] + t * u[i][c]))
            .collect();
        let buckets = Buckets::new(&xt, &group);
        let mut sum = 0.0;
        for i in 0..n {
            let Some(j) = buckets.nearest_of_another_group(i) else {
                continue;
            };
            let d = [0, 1].map(|c| u[i][c] - u[j][c]);
            // Half for the variance, and the mean over coordinates.
            let variance = 0.5 * (d[0] * d[0] + d[1] * d[1]) / D;
            sum += variance;
            floors[i / batch] += variance / TIMES as f64;
        }
        at.push([t, sum / n as f64]);
    }
    let size = |b: usize| (n - b * batch).min(batch) as f64;
    for b in 0..batches {
        floors[b] /= size(b);
        costs[b] /= size(b);
    }
    let mut cost = mean_and_error(&costs);
    cost[0] = coupling_cost(x0, x1, partners);
    Some(Estimate {
        cost,
        floor: mean_and_error(&floors),
        at,
    })
}

/// Mean over batches and its standard error.
fn mean_and_error(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    [mean, (squares / (n * (n - 1.0).max(1.0))).sqrt()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Source};
    use crate::flow::{MarginalField, Scheduler};

    fn rows(batch: usize) -> Row {
        let never = AtomicBool::new(false);
        let route = Route {
            source: Source::Gaussian,
            path: Scheduler::CondOt,
            dataset: Dataset::CHECKERBOARD,
        };
        row(&route, batch, 0.5, 4096, &never).expect("a row")
    }

    #[test]
    fn the_floor_of_independent_pairs_is_the_exact_one_within_its_error() {
        let boxes = Dataset::CHECKERBOARD.boxes().expect("a board");
        let exact = MarginalField::new(&boxes, Scheduler::CondOt);
        let independent = &rows(8).by[0];
        let [floor, error] = independent.floor;
        // Neighbours are not at one place: their means differ a little, which adds to it.
        let off = floor - exact.loss_floor();
        assert!(off.abs() < 3.0 * error + 0.02, "{off} ± {error}");
        for [t, variance] in &independent.at {
            let exact = exact.loss_floor_at(*t);
            assert!((variance - exact).abs() < 0.15, "{t}: {variance} {exact}");
        }
        // E|x1|² + E|x0|² = 2 · 4/3 + 2.
        let [cost, error] = independent.cost;
        assert!((cost - 14.0 / 3.0).abs() < 4.0 * error, "{cost} ± {error}");
    }

    #[test]
    fn optimal_pairs_cost_less_and_leave_less_to_learn_the_larger_the_batch() {
        let (small, large) = (rows(8), rows(256));
        let [independent, exact, sinkhorn] = &large.by;
        assert!(exact.cost[0] < sinkhorn.cost[0] && sinkhorn.cost[0] < independent.cost[0]);
        assert!(exact.floor[0] < sinkhorn.floor[0] && sinkhorn.floor[0] < independent.floor[0]);
        assert!(exact.cost[0] < small.by[1].cost[0]);
        assert!(exact.floor[0] < 0.6 * small.by[1].floor[0]);
        // The flow cannot be cheaper than the best transport, nor dearer than its pairs.
        for estimate in &large.by {
            let [energy, error] = estimate.path_energy();
            assert!(energy < estimate.cost[0] && energy > 0.5 * exact.cost[0] - 3.0 * error);
        }
    }

    #[test]
    fn the_error_of_a_mean_over_batches() {
        assert_eq!(mean_and_error(&[1.0, 3.0]), [2.0, 1.0]);
        assert_eq!(mean_and_error(&[5.0]), [5.0, 0.0]);
    }
}
