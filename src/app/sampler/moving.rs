//! Particles on their way from t = 0 to t = 1: what the sampler and the grids of panels share.

use std::sync::atomic::{AtomicBool, Ordering};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::app::exact::LAST_TIME;
use crate::data::{Dataset, Source};
use crate::flow::{Adaptive, Scheduler, Solver, VelocityField, integrate_adaptive};
use crate::kernel::{Trajectories, sample_or_cancel};
use crate::train::batch::noise_from;

/// Tolerance of the adaptive solver, relative and absolute.
const TOLERANCE: f64 = 1e-5;
/// Particles that one thread moves at a time under the adaptive solver.
const BLOCK: usize = 256;

/// How a field is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// The method.
    pub solver: Solver,
    /// Its steps, at least 1; an adaptive one chooses its own.
    pub steps: usize,
    /// Whether the last step is one of Euler's, which never looks at t = 1.
    pub last_euler: bool,
}

impl Plan {
    /// Equal steps of one method.
    pub fn new(solver: Solver, steps: usize) -> Self {
        Self {
            solver,
            steps: steps.max(1),
            last_euler: false,
        }
    }

    /// Evaluations of the field for one particle; of an adaptive method, in so many equal steps.
    pub fn nfe(&self) -> usize {
        if self.last_euler {
            self.solver.fixed_nfe(self.steps - 1) + 1
        } else {
            self.solver.fixed_nfe(self.steps)
        }
    }

    /// Start of the last step.
    pub fn last_start(&self) -> f32 {
        1.0 - 1.0 / self.steps as f32
    }

    /// The particles' way along `times`; none when nobody wants it any more.
    pub fn follow(
        &self,
        field: &dyn VelocityField<f32>,
        times: Vec<f32>,
        noise: &[f32],
        cancel: &AtomicBool,
    ) -> Option<Trajectories> {
        if self.solver.is_adaptive() {
            return adaptive(self.solver, field, times, noise, cancel);
        }
        let (solver, steps) = (self.solver, self.steps);
        if !self.last_euler {
            return sample_or_cancel(field, solver, steps, 0.0, 1.0, noise, &times, cancel);
        }
        let turn = self.last_start();
        let split = times.partition_point(|t| *t <= turn);
        let mut early = times[..split].to_vec();
        early.push(turn);
        // The position at the turn is kept last: there Euler's step begins.
        let mut points = if steps > 1 {
            sample_or_cancel(field, solver, steps - 1, 0.0, turn, noise, &early, cancel)?.points
        } else {
            noise.repeat(early.len())
        };
        let start = points.split_off(points.len() - noise.len());
        let late = &times[split..];
        let end = sample_or_cancel(field, Solver::Euler, 1, turn, 1.0, &start, late, cancel)?;
        points.extend(end.points);
        Some(Trajectories {
            times,
            points,
            n: noise.len() / 2,
            nfe: self.nfe(),
        })
    }
}

/// Points of a source, `[n, 2]`; fewer are the first ones of more.
pub fn start(source: &Source, seed: u64, n: usize) -> Vec<f32> {
    if source.is_gaussian() {
        noise(seed, n)
    } else {
        noise_from(source, seed, n)
    }
}

/// Points of a target, `[n, 2]`, independent of those that [`start`] draws with the same seed;
/// fewer are the first ones of more.
pub fn data(dataset: &Dataset, seed: u64, n: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(1);
    let mut points = vec![0.0; 2 * n];
    dataset.sample_into(&mut rng, &mut points);
    points
}

/// Pairs on their conditional paths, x_t = α_t x1 + σ_t x0, at each time.
pub fn conditional(path: Scheduler, times: &[f32], x0: &[f32], x1: &[f32]) -> Trajectories {
    let mut points = Vec::with_capacity(times.len() * x0.len());
    for &t in times {
        let c = path.at(t.min(path.t_max() as f32));
        points.extend((0..x0.len()).map(|k| c.alpha * x1[k] + c.sigma * x0[k]));
    }
    Trajectories {
        times: times.to_vec(),
        points,
        n: x0.len() / 2,
        nfe: 0,
    }
}

/// Standard normal points `[n, 2]`; fewer are the first ones of more.
pub fn noise(seed: u64, n: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..2 * n)
        .map(|_| StandardNormal.sample(&mut rng))
        .collect()
}

/// All particles share the steps, so that there is one number of evaluations to show.
fn adaptive(
    solver: Solver,
    field: &dyn VelocityField<f32>,
    times: Vec<f32>,
    noise: &[f32],
    cancel: &AtomicBool,
) -> Option<Trajectories> {
    let end = f64::from(LAST_TIME);
    let save_at: Vec<f64> = times.iter().map(|t| f64::from(*t).min(end)).collect();
    let options = Adaptive::within(solver, TOLERANCE);
    let velocity = |t: f64, x: &Vec<f32>| {
        let mut out = vec![0.0; x.len()];
        // Standing still, the solver runs to its end in a few steps; nobody will look.
        if !cancel.load(Ordering::Relaxed) {
            out.par_chunks_mut(2 * BLOCK)
                .zip(x.par_chunks(2 * BLOCK))
                .for_each(|(out, x)| field.velocity(t as f32, x, out));
        }
        out
    };
    let solution = integrate_adaptive(&options, 0.0, end, noise.to_vec(), &save_at, velocity);
    let solution = solution
        .inspect_err(|error| log::warn!("the adaptive solver gave up: {error}"))
        .ok()?;
    (!cancel.load(Ordering::Relaxed)).then(|| Trajectories {
        times,
        points: solution.states.concat(),
        n: noise.len() / 2,
        nfe: solution.nfe,
    })
}
