//! ln p of a network by following its flow back to the noise, with the divergence taken exactly
//! or by Hutchinson's estimate.

use std::sync::atomic::{AtomicBool, Ordering};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::data::Density;
use crate::flow::likelihood::{Method, log_likelihood};
use crate::flow::{ExactField, Solver};
use crate::kernel::Mlp;

/// Steps of the fourth-order method from t = 1 to t = 0.
pub const STEPS: usize = 24;
/// Points that one thread follows at a time.
const BLOCK: usize = 256;
/// Before this time the density is that of the source.
const FIRST_TIME: f64 = 1e-6;

/// How ∇·v is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Divergence {
    /// The trace of the Jacobian.
    Exact,
    /// The mean of εᵀJε over a few ε with entries ±1, drawn once for each point and kept along
    /// its path (Hutchinson 1990; Grathwohl et al. 2019).
    Hutchinson {
        /// Number of ε.
        probes: usize,
        /// Seed of them.
        seed: u64,
    },
    /// The trace plus J12 + J21, which is all that a probe with entries ±1 can add or take away.
    Skewed,
}

/// ln p_t of the points, `[n, 2]`; none when it was cancelled.
pub fn log_density(
    mlp: &Mlp,
    source: &Density,
    t: f64,
    points: &[f64],
    divergence: Divergence,
    cancel: &AtomicBool,
) -> Option<Vec<f64>> {
    let blocks: Option<Vec<Vec<f64>>> = points
        .par_chunks(2 * BLOCK)
        .enumerate()
        .map(|(block, points)| {
            let stop = cancel.load(Ordering::Relaxed);
            (!stop).then(|| block_log_density(mlp, source, t, points, divergence, block))
        })
        .collect();
    blocks.map(|blocks| blocks.concat())
}

fn block_log_density(
    mlp: &Mlp,
    source: &Density,
    t: f64,
    points: &[f64],
    divergence: Divergence,
    block: usize,
) -> Vec<f64> {
    let n = points.len() / 2;
    if t < FIRST_TIME {
        let pairs = points.chunks_exact(2);
        return pairs.map(|x| source.log_at([x[0], x[1]])).collect();
    }
    let skew = skew(divergence, n, block);
    let steps = ((STEPS as f64 * t).ceil() as usize).max(2);
    let (mut at, mut velocity) = (vec![0.0_f32; 2 * n], vec![0.0_f32; 2 * n]);
    let mut jacobian = vec![0.0_f32; 4 * n];
    let method = Method::Fixed(Solver::Rk4, steps);
    let found = log_likelihood(points, t, method, |t, x, v, div| {
        for k in 0..2 * n {
            at[k] = x[k] as f32;
        }
        mlp.velocity_and_jacobian(t as f32, &at, &mut velocity, &mut jacobian);
        for k in 0..2 * n {
            v[k] = f64::from(velocity[k]);
        }
        for i in 0..n {
            let j = &jacobian[4 * i..4 * i + 4];
            let trace = f64::from(j[0]) + f64::from(j[3]);
            div[i] = trace + skew[i] * (f64::from(j[1]) + f64::from(j[2]));
        }
    });
    // A method with equal steps always arrives.
    found.map_or_else(
        |_| vec![f64::NAN; n],
        |found| found.under(|x| source.log_at(x)),
    )
}

/// What J12 + J21 is multiplied with at each point: εᵀJε = tr J + ε1 ε2 (J12 + J21) in the plane,
/// averaged over the probes.
fn skew(divergence: Divergence, n: usize, block: usize) -> Vec<f64> {
    match divergence {
        Divergence::Exact => vec![0.0; n],
        Divergence::Skewed => vec![1.0; n],
        Divergence::Hutchinson { probes, seed } => {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(block as u64);
            (0..n).map(|_| mean_sign(probes, &mut rng)).collect()
        }
    }
}

/// The mean of ε1 ε2 over probes with entries ±1.
pub fn mean_sign(probes: usize, rng: &mut impl Rng) -> f64 {
    let mut sign = || if rng.random() { 1.0 } else { -1.0 };
    let sum: f64 = (0..probes).map(|_| sign() * sign()).sum();
    sum / probes.max(1) as f64
}

/// Middles of the cells of a square grid over [−extent, extent]², `[side², 2]`, rows from below.
pub fn grid(side: usize, extent: f64) -> Vec<f64> {
    let at = |i: usize| extent * ((2 * i + 1) as f64 / side as f64 - 1.0);
    (0..side * side)
        .flat_map(|k| [at(k % side), at(k / side)])
        .collect()
}

/// The density of the target's path at `t` on [`grid`]; late, where it has steep edges, its mean
/// over a few points of each cell.
pub fn exact_density(field: &ExactField, t: f64, side: usize, extent: f64) -> Vec<f32> {
    let table = field.at_time::<f64>(t);
    let mut scratch = table.scratch();
    let parts = if t > 0.9 { 3 } else { 1 };
    let step = 2.0 * extent / side as f64;
    let offset = |k: usize| step * ((2 * k + 1) as f64 / (2 * parts) as f64 - 0.5);
    grid(side, extent)
        .chunks_exact(2)
        .map(|x| {
            let mut sum = 0.0;
            for k in 0..parts * parts {
                let at = [x[0] + offset(k % parts), x[1] + offset(k / parts)];
                sum += table.at(at, &mut scratch).log_density.exp();
            }
            (sum / (parts * parts) as f64) as f32
        })
        .collect()
}

/// ∫ of values on [`grid`] over its square, by the midpoint rule.
pub fn integral(values: &[f32], extent: f64) -> f64 {
    let sum: f64 = values.iter().map(|v| f64::from(*v)).sum();
    sum * 4.0 * extent * extent / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::toy::Dataset;
    use crate::flow::Scheduler;
    use crate::train::Checkpoint;

    fn network() -> Mlp {
        let checkpoint = Checkpoint::load("builtin:checkerboard").expect("the built-in weights");
        Mlp::new(&checkpoint.weights)
    }

    fn density(t: f64, side: usize) -> Vec<f32> {
        let never = AtomicBool::new(false);
        let points = grid(side, 3.0);
        let log_p = log_density(
            &network(),
            &Density::Gaussian,
            t,
            &points,
            Divergence::Exact,
            &never,
        );
        let log_p = log_p.expect("not cancelled");
        log_p.into_iter().map(|l| l.exp() as f32).collect()
    }

    #[test]
    fn the_networks_density_integrates_to_one() {
        for (t, tolerance) in [(0.5, 0.01), (1.0, 0.01)] {
            let mass = integral(&density(t, 64), 3.0);
            assert!((mass - 1.0).abs() < tolerance, "t = {t}: {mass}");
        }
    }

    #[test]
    fn the_exact_density_integrates_to_one_and_begins_as_noise() {
        let field = Dataset::CHECKERBOARD
            .exact(Scheduler::CondOt)
            .expect("a board");
        // Edges of cells are edges of the grid.
        let (side, extent) = (108, 4.5);
        let points = grid(side, extent);
        for t in [0.0, 0.5, 0.9, 1.0] {
            let mass = integral(&exact_density(&field, t, side, extent), extent);
            assert!((mass - 1.0).abs() < 2e-3, "t = {t}: {mass}");
        }
        let never = AtomicBool::new(false);
        let noise = log_density(
            &network(),
            &Density::Gaussian,
            0.0,
            &points,
            Divergence::Exact,
            &never,
        );
        let exact = exact_density(&field, 0.0, side, extent);
        for (a, b) in noise.expect("not cancelled").iter().zip(&exact) {
            assert!((a.exp() - f64::from(*b)).abs() < 1e-6);
        }
    }

    #[test]
    fn hutchinson_agrees_with_the_trace_within_its_error() {
        let never = AtomicBool::new(false);
        let mlp = network();
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let points: Vec<f64> = (0..400)
            .flat_map(|_| Dataset::CHECKERBOARD.sample(&mut rng))
            .collect();
        let of = |divergence| {
            log_density(&mlp, &Density::Gaussian, 1.0, &points, divergence, &never).unwrap()
        };
        let exact = of(Divergence::Exact);
        let skewed = of(Divergence::Skewed);
        for probes in [1, 4, 16] {
            let guess = of(Divergence::Hutchinson { probes, seed: 9 });
            // Each guess is off by a mean of signs times the same number.
            let mut squares = 0.0;
            for i in 0..exact.len() {
                let most = (skewed[i] - exact[i]).abs();
                assert!((guess[i] - exact[i]).abs() <= most * 1.0001 + 1e-6);
                squares += ((guess[i] - exact[i]) / most.max(1e-3)).powi(2);
            }
            let ratio = squares / exact.len() as f64 * probes as f64;
            assert!((ratio - 1.0).abs() < 0.25, "{probes} probes: {ratio}");
        }
    }

    #[test]
    fn more_steps_change_nothing_that_can_be_seen() {
        let never = AtomicBool::new(false);
        let mlp = network();
        let points = grid(24, 2.4);
        let usual = log_density(
            &mlp,
            &Density::Gaussian,
            1.0,
            &points,
            Divergence::Exact,
            &never,
        )
        .unwrap();
        let fine = Method::Fixed(Solver::Rk4, 4 * STEPS);
        let n = points.len() / 2;
        let fine = log_likelihood(&points, 1.0, fine, |t, x, v, div| {
            let at: Vec<f32> = x.iter().map(|x| *x as f32).collect();
            let (mut velocity, mut d) = (vec![0.0; 2 * n], vec![0.0; n]);
            mlp.velocity_and_divergence(t as f32, &at, &mut velocity, &mut d);
            v.iter_mut()
                .zip(&velocity)
                .for_each(|(v, u)| *v = f64::from(*u));
            div.iter_mut().zip(&d).for_each(|(d, e)| *d = f64::from(*e));
        });
        let fine = fine.unwrap().log_p;
        let worst = usual
            .iter()
            .zip(&fine)
            .map(|(a, b)| (a.exp() - b.exp()).abs())
            .fold(0.0, f64::max);
        assert!(worst < 5e-3, "{worst}");
    }
}
