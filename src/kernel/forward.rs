//! The network as a velocity field.

use pulp::Arch;
use rayon::prelude::*;

use super::block::{self, BLOCK_ROWS, TANGENT_ROWS, Times};
use super::prepared::Prepared;
use super::weights::{MlpWeights, WeightsError};
use crate::flow::VelocityField;

/// A network prepared for fast evaluation; make one per set of weights.
pub struct Mlp {
    net: Prepared,
}

/// Writes the velocity at time `t`; `x` and `out` are `[n, 2]`.
///
/// # Panics
/// If the weights are not valid, or the slices differ in length.
pub fn forward(weights: &MlpWeights, t: f32, x: &[f32], out: &mut [f32]) {
    Mlp::new(weights).velocity(t, x, out);
}

impl Mlp {
    /// Packs the weights for the running processor.
    ///
    /// # Panics
    /// If [`MlpWeights::validate`] rejects them.
    pub fn new(weights: &MlpWeights) -> Self {
        match Self::try_new(weights) {
            Ok(mlp) => mlp,
            Err(error) => panic!("{error}"),
        }
    }

    /// Packs the weights for the running processor.
    ///
    /// # Errors
    /// If [`MlpWeights::validate`] rejects them.
    pub fn try_new(weights: &MlpWeights) -> Result<Self, WeightsError> {
        Self::with_arch(weights, Arch::new())
    }

    /// Packs the weights for an instruction set, such as `Arch::Scalar`.
    ///
    /// # Errors
    /// If [`MlpWeights::validate`] rejects them.
    pub fn with_arch(weights: &MlpWeights, arch: Arch) -> Result<Self, WeightsError> {
        weights.validate()?;
        Ok(Self {
            net: Prepared::new(weights, arch),
        })
    }

    /// Writes the velocity at each particle's own time; `t` is `[n]`, `x` and `out` are `[n, 2]`.
    ///
    /// # Panics
    /// If the slices do not fit each other.
    pub fn forward_xt(&self, t: &[f32], x: &[f32], out: &mut [f32]) {
        check(x, out.len());
        assert_eq!(x.len(), 2 * t.len(), "one time for each point");
        out.par_chunks_mut(2 * BLOCK_ROWS)
            .zip(x.par_chunks(2 * BLOCK_ROWS))
            .zip(t.par_chunks(BLOCK_ROWS))
            .for_each(|((out, x), t)| block::velocity(&self.net, Times::Each(t), x, out));
    }

    /// Writes the velocity `[n, 2]` and its divergence `∂v_x/∂x + ∂v_y/∂y` `[n]` at time `t`,
    /// exact to rounding; `x` is `[n, 2]`.
    ///
    /// # Panics
    /// If the slices do not fit each other.
    pub fn velocity_and_divergence(
        &self,
        t: f32,
        x: &[f32],
        v: &mut [f32],
        divergence: &mut [f32],
    ) {
        check(x, v.len());
        assert_eq!(
            x.len(),
            2 * divergence.len(),
            "one divergence for each point"
        );
        let particles = BLOCK_ROWS / TANGENT_ROWS;
        v.par_chunks_mut(2 * particles)
            .zip(x.par_chunks(2 * particles))
            .zip(divergence.par_chunks_mut(particles))
            .for_each(|((v, x), divergence)| {
                let mut jacobian = [0.0; 4 * BLOCK_ROWS / TANGENT_ROWS];
                let jacobian = &mut jacobian[..4 * divergence.len()];
                block::jacobian(&self.net, Times::One(t), x, v, jacobian);
                for (d, j) in divergence.iter_mut().zip(jacobian.chunks_exact(4)) {
                    *d = j[0] + j[3];
                }
            });
    }

    /// Writes the velocity `[n, 2]` and its Jacobian `∂v_i/∂x_j` `[n, 2, 2]` at time `t`, exact
    /// to rounding; `x` is `[n, 2]`.
    ///
    /// # Panics
    /// If the slices do not fit each other.
    pub fn velocity_and_jacobian(&self, t: f32, x: &[f32], v: &mut [f32], jacobian: &mut [f32]) {
        check(x, v.len());
        assert_eq!(
            2 * x.len(),
            jacobian.len(),
            "four derivatives for each point"
        );
        let particles = BLOCK_ROWS / TANGENT_ROWS;
        v.par_chunks_mut(2 * particles)
            .zip(x.par_chunks(2 * particles))
            .zip(jacobian.par_chunks_mut(4 * particles))
            .for_each(|((v, x), j)| block::jacobian(&self.net, Times::One(t), x, v, j));
    }
}

impl VelocityField<f32> for Mlp {
    fn velocity(&self, t: f32, x: &[f32], out: &mut [f32]) {
        check(x, out.len());
        let blocks = x.chunks(2 * BLOCK_ROWS);
        for (x, out) in blocks.zip(out.chunks_mut(2 * BLOCK_ROWS)) {
            block::velocity(&self.net, Times::One(t), x, out);
        }
    }

    fn label(&self) -> &str {
        "Network"
    }
}

fn check(x: &[f32], out: usize) {
    assert_eq!(x.len() % 2, 0, "points are pairs of numbers");
    assert_eq!(x.len(), out, "one velocity for each point");
}
