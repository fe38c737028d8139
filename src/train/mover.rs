//! What moves particles outside of a training: a trained network or the exact field, with any
//! solver, at times that are kept.

use rayon::prelude::*;

use super::Checkpoint;
use crate::flow::{
    Adaptive, ExactField, IntegrateError, Solution, Solver, VelocityField, integrate_adaptive,
    integrate_fixed,
};
use crate::kernel::Mlp;

/// Points that one thread evaluates in one go.
const BLOCK: usize = 512;

/// The tolerances of adaptive solvers, both relative and absolute.
const TOLERANCE: f64 = 1e-5;

/// Distance from t = 1 that stages keep where the exact field is singular.
pub const DEFAULT_GAP: f64 = 1e-4;

/// What moves the particles.
pub enum Mover {
    /// A trained network.
    Model(Box<Mlp>),
    /// The exact marginal field, in f64.
    Exact(Box<ExactField>),
}

impl Mover {
    /// The network of a checkpoint.
    pub fn model(checkpoint: &Checkpoint) -> Self {
        Self::Model(Box::new(Mlp::new(&checkpoint.weights)))
    }

    /// The velocities at one time, on all threads. `[n, 2]`.
    pub fn velocity(&self, t: f64, x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; x.len()];
        let blocks = out.par_chunks_mut(2 * BLOCK).zip(x.par_chunks(2 * BLOCK));
        blocks.for_each(|(out, x)| match self {
            Self::Exact(field) => field.velocity(t, x, out),
            Self::Model(mlp) => {
                let narrow = narrow(x);
                let mut v = vec![0.0_f32; x.len()];
                mlp.velocity(t as f32, &narrow, &mut v);
                widen(&v, out);
            }
        });
        out
    }

    /// The velocities `[n, 2]` and their divergences `[n]` at one time, on all threads.
    pub fn velocity_and_divergence(&self, t: f64, x: &[f64], v: &mut [f64], div: &mut [f64]) {
        let outputs = v.par_chunks_mut(2 * BLOCK).zip(div.par_chunks_mut(BLOCK));
        let blocks = outputs.zip(x.par_chunks(2 * BLOCK));
        blocks.for_each(|((v, div), x)| match self {
            Self::Exact(field) => {
                let table = field.at_time::<f64>(t);
                let mut scratch = table.scratch();
                for (i, x) in x.as_chunks::<2>().0.iter().enumerate() {
                    let at = table.at(*x, &mut scratch);
                    v[2 * i..2 * i + 2].copy_from_slice(&at.velocity);
                    div[i] = at.divergence;
                }
            }
            Self::Model(mlp) => {
                let narrow = narrow(x);
                let (mut v32, mut div32) = (vec![0.0; v.len()], vec![0.0; div.len()]);
                mlp.velocity_and_divergence(t as f32, &narrow, &mut v32, &mut div32);
                widen(&v32, v);
                widen(&div32, div);
            }
        });
    }

    /// Carries points from t = 0 to 1 and keeps them at the given times.
    ///
    /// No stage is evaluated later than `1 - gap`: outside the support the exact field is
    /// singular at t = 1. Adaptive solvers end there, since their error estimates would follow
    /// the singularity.
    ///
    /// # Errors
    /// When an adaptive solver's step becomes too small.
    pub fn trajectories(
        &self,
        solver: Solver,
        steps: usize,
        x0: &[f64],
        save_at: &[f64],
        gap: Option<f64>,
    ) -> Result<Solution<Vec<f64>>, IntegrateError> {
        let end = 1.0 - gap.unwrap_or(self.default_gap());
        let x0 = x0.to_vec();
        if solver.is_adaptive() {
            let options = Adaptive::within(solver, TOLERANCE);
            let times: Vec<f64> = save_at.iter().map(|t| t.min(end)).collect();
            let field = |t: f64, x: &Vec<f64>| self.velocity(t, x);
            return integrate_adaptive(&options, 0.0, end, x0, &times, field);
        }
        let field = |t: f64, x: &Vec<f64>| self.velocity(t.min(end), x);
        Ok(integrate_fixed(solver, steps, 0.0, 1.0, x0, save_at, field))
    }

    /// Carries points from t = 1 back to 0, by the same method and as near to t = 1 as
    /// [`Mover::trajectories`].
    ///
    /// # Errors
    /// When an adaptive solver's step becomes too small.
    pub fn back(
        &self,
        solver: Solver,
        steps: usize,
        x1: &[f64],
    ) -> Result<Vec<f64>, IntegrateError> {
        let end = 1.0 - self.default_gap();
        let x1 = x1.to_vec();
        let field = |t: f64, x: &Vec<f64>| self.velocity(t.min(end), x);
        let mut solution = if solver.is_adaptive() {
            integrate_adaptive(
                &Adaptive::within(solver, TOLERANCE),
                end,
                0.0,
                x1,
                &[0.0],
                field,
            )?
        } else {
            integrate_fixed(solver, steps, 1.0, 0.0, x1, &[0.0], field)
        };
        Ok(solution.states.remove(0))
    }

    fn default_gap(&self) -> f64 {
        match self {
            Self::Model(_) => 0.0,
            Self::Exact(_) => DEFAULT_GAP,
        }
    }
}

/// The same points in the precision that networks and pictures use.
pub fn narrow(points: &[f64]) -> Vec<f32> {
    points.iter().map(|&x| x as f32).collect()
}

fn widen(from: &[f32], to: &mut [f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = f64::from(*from);
    }
}
