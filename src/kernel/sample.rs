//! Fixed-step solvers over blocks of particles that stay in the cache through all steps.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::block::BLOCK_ROWS;
use crate::flow::{Solver, VelocityField};

/// Positions of particles at chosen times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectories {
    /// The times, `[k]`.
    pub times: Vec<f32>,
    /// The positions, `[k, n, 2]`.
    pub points: Vec<f32>,
    /// Number of particles.
    pub n: usize,
    /// Evaluations of the field for each particle.
    pub nfe: usize,
}

impl Trajectories {
    /// The positions at time `times[k]`, `[n, 2]`.
    pub fn frame(&self, k: usize) -> &[f32] {
        &self.points[2 * self.n * k..2 * self.n * (k + 1)]
    }
}

/// Integrates `dx/dt = v(t, x)` from `t0` to `t1` in `steps` equal steps for all particles of
/// `x0`, `[n, 2]`, and keeps the positions at the times `save_at`.
///
/// A saved time at the end of a step is exact, one inside a step is interpolated linearly, one
/// outside the interval is clamped to it. `t1` may lie before `t0`. An adaptive method runs with
/// equal steps. The result is the same for any number of threads.
///
/// # Panics
/// If `steps` is 0 or the length of `x0` is odd.
pub fn sample<F: VelocityField<f32> + ?Sized>(
    field: &F,
    solver: Solver,
    steps: usize,
    t0: f32,
    t1: f32,
    x0: &[f32],
    save_at: &[f32],
) -> Trajectories {
    let never = AtomicBool::new(false);
    sample_or_cancel(field, solver, steps, t0, t1, x0, save_at, &never).unwrap_or_default()
}

/// Like [`sample`], but stops between two steps when `cancel` becomes true, and then returns
/// nothing.
///
/// # Panics
/// If `steps` is 0 or the length of `x0` is odd.
#[allow(clippy::too_many_arguments)]
pub fn sample_or_cancel<F: VelocityField<f32> + ?Sized>(
    field: &F,
    solver: Solver,
    steps: usize,
    t0: f32,
    t1: f32,
    x0: &[f32],
    save_at: &[f32],
    cancel: &AtomicBool,
) -> Option<Trajectories> {
    assert!(steps > 0, "at least one step");
    assert_eq!(x0.len() % 2, 0, "points are pairs of numbers");
    let grid = Grid { t0, t1, steps };
    let saves = grid.saves(save_at);
    let mut points = vec![0.0; save_at.len() * x0.len()];

    // The frames of one block lie far apart in the result: each block gets its own list of them.
    let blocks = x0.len().div_ceil(2 * BLOCK_ROWS);
    let mut frames: Vec<Vec<&mut [f32]>> = Vec::new();
    frames.resize_with(blocks, || Vec::with_capacity(save_at.len()));
    for frame in points.chunks_mut(x0.len().max(1)) {
        for (list, part) in frames.iter_mut().zip(frame.chunks_mut(2 * BLOCK_ROWS)) {
            list.push(part);
        }
    }
    let done = frames
        .into_par_iter()
        .zip(x0.par_chunks(2 * BLOCK_ROWS))
        .map(|(mut frames, x0)| {
            let mut block = Block::new(solver, x0);
            for step in 0..steps {
                if cancel.load(Ordering::Relaxed) {
                    return None;
                }
                block.step(field, grid.time(step), grid.time(step + 1));
                for save in saves.iter().filter(|save| save.step == step) {
                    block.write(save.fraction, frames[save.frame]);
                }
            }
            Some(())
        })
        .collect::<Option<()>>();
    done.map(|()| Trajectories {
        times: save_at.to_vec(),
        points,
        n: x0.len() / 2,
        nfe: steps * stages(solver),
    })
}

/// Equal steps from `t0` to `t1`.
struct Grid {
    t0: f32,
    t1: f32,
    steps: usize,
}

/// A frame that lies at `fraction` of step `step`.
struct Save {
    frame: usize,
    step: usize,
    fraction: f32,
}

impl Grid {
    /// Start of step `i`; the last one is `t1` exactly.
    fn time(&self, i: usize) -> f64 {
        let (t0, t1) = (f64::from(self.t0), f64::from(self.t1));
        t0 + (t1 - t0) * i as f64 / self.steps as f64
    }

    fn saves(&self, save_at: &[f32]) -> Vec<Save> {
        // Rounding of a time to f32 must not turn the end of a step into its inside.
        const END: f64 = 1e-4;
        let (t0, span) = (f64::from(self.t0), f64::from(self.t1) - f64::from(self.t0));
        let save = |(frame, &t): (usize, &f32)| {
            let position = (f64::from(t) - t0) / span * self.steps as f64;
            let mut position = if position.is_nan() { 0.0 } else { position };
            position = position.clamp(0.0, self.steps as f64);
            if (position - position.round()).abs() < END {
                position = position.round();
            }
            // A position at the end of a step belongs to that step, at fraction 1.
            let step = (position.ceil() as usize).saturating_sub(1);
            Save {
                frame,
                step,
                fraction: (position - step as f64) as f32,
            }
        };
        save_at.iter().enumerate().map(save).collect()
    }
}

/// Stages that the method's result depends on.
fn stages(solver: Solver) -> usize {
    let b = solver.tableau().b;
    b.iter().rposition(|&b| b != 0.0).map_or(0, |last| last + 1)
}

/// One block of particles under way.
struct Block {
    solver: Solver,
    /// Positions at the start and the end of the latest step.
    old: Vec<f32>,
    new: Vec<f32>,
    /// Position of a stage.
    at: Vec<f32>,
    /// Velocities, one slice for each stage.
    k: Vec<Vec<f32>>,
}

impl Block {
    fn new(solver: Solver, x0: &[f32]) -> Self {
        Self {
            solver,
            old: x0.to_vec(),
            new: x0.to_vec(),
            at: x0.to_vec(),
            k: vec![vec![0.0; x0.len()]; stages(solver)],
        }
    }

    fn step<F: VelocityField<f32> + ?Sized>(&mut self, field: &F, start: f64, end: f64) {
        let h = end - start;
        let tableau = self.solver.tableau();
        self.old.copy_from_slice(&self.new);
        for stage in 0..self.k.len() {
            let (before, rest) = self.k.split_at_mut(stage);
            let t = (start + tableau.c[stage] * h) as f32;
            let x = if stage == 0 {
                &self.old
            } else {
                advance(&self.old, tableau.a[stage - 1], h, before, &mut self.at);
                &self.at
            };
            field.velocity(t, x, &mut rest[0]);
        }
        advance(&self.old, tableau.b, h, &self.k, &mut self.new);
    }

    /// Writes the positions at `fraction` of the latest step.
    fn write(&self, fraction: f32, frame: &mut [f32]) {
        if fraction == 1.0 {
            frame.copy_from_slice(&self.new);
            return;
        }
        for ((x, &old), &new) in frame.iter_mut().zip(&self.old).zip(&self.new) {
            *x = old + fraction * (new - old);
        }
    }
}

/// `out = x + h Σ_i weights_i k_i`.
fn advance(x: &[f32], weights: &[f64], h: f64, k: &[Vec<f32>], out: &mut [f32]) {
    out.copy_from_slice(x);
    for (k, &weight) in k.iter().zip(weights).filter(|&(_, &weight)| weight != 0.0) {
        let factor = (h * weight) as f32;
        for (out, &k) in out.iter_mut().zip(k) {
            *out += factor * k;
        }
    }
}
