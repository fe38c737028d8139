//! The exact marginal field of a standard normal source and a union of boxes.
//!
//! Given x_t = x, the data point lies in box k with probability w̄_k and there the axes
//! factorise: with m = α_t, s = σ_t, A = (m l − x)/s, B = (m u − x)/s, Z = Φ(B) − Φ(A),
//! δ = (φ(A) − φ(B))/Z and κ = (Aφ(A) − Bφ(B))/Z, an axis of the data has mean (x + sδ)/m and
//! variance (s/m)²(1 + κ − δ²), and w̄_k ∝ (ω_k/|C_k|) Π_i Z_ki. Velocity, density, score,
//! divergence and the loss floor follow from these.
//!
//! Three ways of evaluation cover the whole range (see `marginal/at_time.rs`): plain sums over
//! boxes with tables for each axis; a power series where a box is narrow against the noise;
//! logarithms and the tail of Mills' ratio far outside the support (`marginal/far.rs`).

mod at_time;
mod far;
mod floor;
mod layout;
mod tables;

pub use at_time::{AtTime, Scratch};

use super::boxes::BoxUnion;
use super::field::VelocityField;
use super::real::Real;
use super::scheduler::Scheduler;
use layout::Layout;

/// Distance kept from t = 1 where σ would vanish: the field outside the support is singular
/// there, and inside it the error is of the order of this number.
const END_GAP: f64 = 1e-7;

/// Everything that the closed form gives at one (t, x).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marginal<T> {
    /// v(t, x) = α̇ E[x1|x] + σ̇ E[x0|x].
    pub velocity: [T; 2],
    /// ln p_t(x).
    pub log_density: T,
    /// ∇·v(t, x).
    pub divergence: T,
    /// E[x1 | x_t = x].
    pub mean_x1: [T; 2],
    /// tr Cov[x1 | x_t = x].
    pub trace_cov: T,
    /// ∇ ln p_t(x).
    pub score: [T; 2],
}

/// The exact velocity field and density of a box union along a scheduler.
#[derive(Clone, Debug)]
pub struct MarginalField {
    target: BoxUnion,
    scheduler: Scheduler,
    layout: Layout,
}

impl MarginalField {
    /// The field that carries a standard normal to `target` along `scheduler`.
    pub fn new(target: &BoxUnion, scheduler: Scheduler) -> Self {
        MarginalField {
            target: target.clone(),
            scheduler,
            layout: Layout::new(target),
        }
    }

    /// The target distribution.
    pub fn target(&self) -> &BoxUnion {
        &self.target
    }

    /// The scheduler.
    pub fn scheduler(&self) -> Scheduler {
        self.scheduler
    }

    /// Tables for one time, for evaluating many points; `t` is clamped to where σ > 0.
    ///
    /// Time is f64 in both precisions: near t = 1 the field depends on 1 − t, of which an f32
    /// t keeps few digits.
    pub fn at_time<T: Real>(&self, t: f64) -> AtTime<'_, T> {
        AtTime::new(self, t)
    }

    /// All quantities at one point; [`MarginalField::at_time`] is faster for many.
    pub fn at<T: Real>(&self, t: T, x: [T; 2]) -> Marginal<T> {
        let table = self.at_time::<T>(t.to_f64());
        table.at(x, &mut table.scratch())
    }

    /// Probability of each box given x_t = x, in the order of `target().boxes`; sums to 1.
    pub fn posterior<T: Real>(&self, t: T, x: [T; 2]) -> Vec<T> {
        self.at_time::<T>(t.to_f64()).posterior(x)
    }

    /// The time at which tables are made for a given t.
    fn clamped(&self, t: f64) -> f64 {
        let end = if self.scheduler.at(1.0_f64).sigma > 0.0 {
            1.0
        } else {
            self.scheduler.t_max().min(1.0 - END_GAP)
        };
        t.clamp(0.0, end)
    }
}

impl<T: Real> VelocityField<T> for MarginalField {
    fn velocity(&self, t: T, x: &[T], out: &mut [T]) {
        self.at_time::<T>(t.to_f64()).velocities(x, out);
    }

    fn label(&self) -> &str {
        "exact field"
    }
}
