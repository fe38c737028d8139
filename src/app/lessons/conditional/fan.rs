//! The posterior of the data given one point: its cells, draws from it, and their velocities.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::flow::{BoxUnion, Marginal, MarginalField};

/// Cells with a smaller share of the posterior are left out.
const LEAST: f64 = 1e-12;
/// Nodes at which the density of an axis is tabulated.
const NODES: usize = 97;
/// Standard deviations of the truncated normal that are tabulated on each side of its mode.
const REACH: f64 = 8.0;

/// One cell's part of the posterior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The cell, as in the target's list of boxes.
    pub cell: usize,
    /// P(x1 in the cell | x_t = x).
    pub weight: f64,
    /// E[u | x_t = x, x1 in the cell], the mean conditional velocity towards it.
    pub velocity: [f64; 2],
}

/// A data point drawn from the posterior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// Its cell.
    pub cell: usize,
    /// Where it lies.
    pub x1: [f64; 2],
    /// Its conditional velocity u = α̇ x1 + σ̇ (x − α x1)/σ.
    pub velocity: [f64; 2],
}

/// The fan of conditional velocities at (t, x).
#[derive(Clone, Debug)]
pub struct Fan {
    /// Time of the flow.
    pub t: f64,
    /// The point.
    pub x: [f64; 2],
    /// The closed form: velocity, means, covariance.
    pub exact: Marginal<f64>,
    /// Cells, largest weight first.
    pub parts: Vec<Part>,
    /// Draws from the posterior.
    pub draws: Vec<Draw>,
    /// Seed of the draws.
    pub seed: u64,
    /// Variance of the conditional velocity, mean over coordinates: this point's share of the
    /// loss floor, c_t² tr Cov(x1|x)/2.
    pub local_floor: f64,
}

impl Fan {
    /// The fan with `count` draws; a seed gives the same draws at every point, moved smoothly.
    pub fn new(field: &MarginalField, t: f64, x: [f64; 2], count: usize, seed: u64) -> Self {
        let scheduler = field.scheduler();
        let exact = field.at(t, x);
        let weights = field.posterior(t, x);
        let boxes = &field.target().boxes;
        let mut parts: Vec<Part> = weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > LEAST)
            .filter_map(|(cell, weight)| {
                // The same closed form for this cell alone is the mean within it.
                let alone = BoxUnion::new(vec![boxes[cell]]).ok()?;
                let velocity = MarginalField::new(&alone, scheduler).at(t, x).velocity;
                Some(Part {
                    cell,
                    weight: *weight,
                    velocity,
                })
            })
            .collect();
        parts.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        let c = scheduler.at(t);
        let draws = draw(field, t, x, &weights, count, seed)
            .map(|(cell, x1)| Draw {
                cell,
                x1,
                velocity: [0, 1]
                    .map(|i| c.d_alpha * x1[i] + c.d_sigma * (x[i] - c.alpha * x1[i]) / c.sigma),
            })
            .collect();
        let gain = c.d_alpha - c.d_sigma * c.alpha / c.sigma;
        Self {
            t,
            x,
            exact,
            parts,
            draws,
            seed,
            local_floor: 0.5 * gain * gain * exact.trace_cov,
        }
    }

    /// Mean velocity of the draws.
    pub fn mean_of_draws(&self) -> [f64; 2] {
        let n = self.draws.len().max(1) as f64;
        [0, 1].map(|i| self.draws.iter().map(|draw| draw.velocity[i]).sum::<f64>() / n)
    }
}

/// Cells and points of the posterior. The cells come in proportion to their weights; within a
/// cell a low-discrepancy sequence is bent by the inverse distribution functions of both axes,
/// so that the draws glide when the point does.
fn draw<'a>(
    field: &'a MarginalField,
    t: f64,
    x: [f64; 2],
    weights: &'a [f64],
    count: usize,
    seed: u64,
) -> impl Iterator<Item = (usize, [f64; 2])> + 'a {
    // Powers of the inverse of the plastic number (Roberts 2018).
    const STEP: [f64; 2] = [0.754_877_666_246_692_7, 0.569_840_290_998_053_3];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start = uniform(&mut rng);
    let shift = [uniform(&mut rng), uniform(&mut rng)];
    let c = field.scheduler().at(t);
    let (mut cell, mut below) = (0, 0.0);
    let mut axes: Option<(usize, [Quantiles; 2])> = None;
    (0..count).map(move |i| {
        let share = (i as f64 + start) / count as f64;
        while share >= below + weights[cell] && cell + 1 < weights.len() {
            below += weights[cell];
            cell += 1;
        }
        let known = axes.take().filter(|(of, _)| *of == cell);
        let (_, table) = axes.insert(known.unwrap_or_else(|| {
            let b = &field.target().boxes[cell];
            let axis = |k: usize| Quantiles::new([b.lo[k], b.hi[k]], c.alpha, c.sigma, x[k]);
            (cell, [axis(0), axis(1)])
        }));
        let at = [0, 1].map(|k| table[k].at((shift[k] + i as f64 * STEP[k]).fract()));
        (cell, at)
    })
}

fn uniform(rng: &mut impl Rng) -> f64 {
    rng.random()
}

/// The inverse distribution function of one axis of x1 in a cell: the density is proportional
/// to exp(−(α y − x)²/(2σ²)) on [lo, hi].
struct Quantiles {
    from: f64,
    step: f64,
    /// Mass up to each node, 0 to 1.
    below: [f64; NODES],
}

impl Quantiles {
    fn new([lo, hi]: [f64; 2], alpha: f64, sigma: f64, x: f64) -> Self {
        let exponent = |y: f64| -0.5 * ((alpha * y - x) / sigma).powi(2);
        let (mut from, mut to) = (lo, hi);
        let mut mode = if x > 0.0 { hi } else { lo };
        if alpha > 0.0 {
            mode = (x / alpha).clamp(lo, hi);
            // Beside the mode of a tail the density falls faster than that of the normal.
            let away = (alpha * mode - x).abs() / sigma;
            let reach = REACH * sigma / alpha / (0.25 * away).max(1.0);
            (from, to) = ((mode - reach).max(lo), (mode + reach).min(hi));
        }
        let step = (to - from) / (NODES - 1) as f64;
        let top = exponent(mode);
        let density = |i: usize| (exponent(from + step * i as f64) - top).exp();
        let mut below = [0.0; NODES];
        for i in 1..NODES {
            below[i] = below[i - 1] + 0.5 * (density(i - 1) + density(i));
        }
        let total = below[NODES - 1];
        below.iter_mut().for_each(|mass| *mass /= total);
        Self { from, step, below }
    }

    fn at(&self, share: f64) -> f64 {
        let i = self.below.partition_point(|mass| *mass <= share);
        let i = i.clamp(1, NODES - 1);
        let (a, b) = (self.below[i - 1], self.below[i]);
        let within = if b > a { (share - a) / (b - a) } else { 0.5 };
        self.from + self.step * ((i - 1) as f64 + within.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::toy::Dataset;
    use crate::flow::Scheduler;

    /// Points inside, between and far from the cells, at times from noise to nearly data.
    fn cases() -> Vec<(Scheduler, f64, [f64; 2])> {
        let mut cases = Vec::new();
        for scheduler in [Scheduler::CondOt, Scheduler::Cosine, Scheduler::VP] {
            for t in [0.0, 0.02, 0.3, 0.6, 0.9, 0.99] {
                for x in [[0.3, -0.4], [0.0, 0.0], [-2.6, 1.1]] {
                    cases.push((scheduler, t, x));
                }
            }
        }
        cases
    }

    #[test]
    fn weights_sum_to_one_and_the_fan_averages_to_the_marginal_velocity() {
        for board in [Dataset::CHECKERBOARD, Dataset::StandardBoard] {
            let boxes = board.boxes().expect("a board");
            for (scheduler, t, x) in cases() {
                let field = MarginalField::new(&boxes, scheduler);
                let fan = Fan::new(&field, t, x, 1, 7);
                let sum: f64 = fan.parts.iter().map(|part| part.weight).sum();
                assert!((sum - 1.0).abs() < 1e-9, "{scheduler:?} {t} {x:?}: {sum}");
                for i in 0..2 {
                    let mean: f64 = fan.parts.iter().map(|p| p.weight * p.velocity[i]).sum();
                    let v = fan.exact.velocity[i];
                    let scale = 1.0 + v.abs();
                    assert!(
                        (mean - v).abs() < 1e-6 * scale,
                        "{scheduler:?} {t} {x:?}: {mean} {v}"
                    );
                }
            }
        }
    }

    #[test]
    fn draws_have_the_posteriors_mean_and_variance_and_stay_in_their_cells() {
        let boxes = Dataset::CHECKERBOARD.boxes().expect("a board");
        for (scheduler, t, x) in cases() {
            let field = MarginalField::new(&boxes, scheduler);
            let fan = Fan::new(&field, t, x, 4000, 3);
            let mut second = 0.0;
            for draw in &fan.draws {
                assert!(boxes.boxes[draw.cell].contains(draw.x1), "{draw:?}");
                let from_mean = [0, 1].map(|i| draw.x1[i] - fan.exact.mean_x1[i]);
                second += from_mean[0] * from_mean[0] + from_mean[1] * from_mean[1];
            }
            let n = fan.draws.len() as f64;
            let trace = fan.exact.trace_cov;
            let off = (second / n - trace).abs();
            assert!(
                off < 0.03 * trace + 1e-4,
                "{scheduler:?} {t} {x:?}: {} {trace}",
                second / n
            );
            for i in 0..2 {
                let mean = fan.draws.iter().map(|draw| draw.x1[i]).sum::<f64>() / n;
                let off = (mean - fan.exact.mean_x1[i]).abs();
                assert!(
                    off < 0.02 * trace.sqrt() + 1e-4,
                    "{scheduler:?} {t} {x:?}: {off}"
                );
            }
        }
    }

    #[test]
    fn the_velocities_of_the_draws_vary_by_the_local_floor() {
        let boxes = Dataset::CHECKERBOARD.boxes().expect("a board");
        let field = MarginalField::new(&boxes, Scheduler::CondOt);
        let fan = Fan::new(&field, 0.6, [0.3, -0.4], 4000, 1);
        let mean = fan.mean_of_draws();
        let n = fan.draws.len() as f64;
        let spread: f64 = fan
            .draws
            .iter()
            .map(|d| {
                (0..2)
                    .map(|i| (d.velocity[i] - mean[i]).powi(2))
                    .sum::<f64>()
            })
            .sum::<f64>()
            / (2.0 * n);
        assert!((spread / fan.local_floor - 1.0).abs() < 0.02, "{spread}");
        assert!((mean[0] - 0.4424).abs() < 0.02 && (mean[1] + 0.5315).abs() < 0.02);
    }
}
