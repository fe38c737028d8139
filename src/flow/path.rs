//! The probability path x_t = α_t x1 + σ_t x0 and the four ways to name its velocity.
//!
//! Given x_t, the posterior means of velocity, data and noise and the score are affine in each
//! other, so a network that predicts one of them predicts all.

use serde::{Deserialize, Serialize};

use super::real::Real;
use super::scheduler::Scheduler;

/// The Gaussian path with a given scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbPath {
    /// α_t and σ_t.
    pub scheduler: Scheduler,
}

impl ProbPath {
    /// A path with this scheduler.
    pub fn new(scheduler: Scheduler) -> Self {
        ProbPath { scheduler }
    }

    /// One coordinate: x_t = α_t x1 + σ_t x0 and dx_t/dt = α̇_t x1 + σ̇_t x0.
    pub fn sample<T: Real>(&self, x0: T, x1: T, t: T) -> (T, T) {
        let c = self.scheduler.at(t);
        (c.alpha * x1 + c.sigma * x0, c.d_alpha * x1 + c.d_sigma * x0)
    }

    /// A batch of points of the plane, one time each: `x0`, `x1`, `xt`, `dxt` are `[n, 2]`
    /// and `t` is `[n]`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn sample_into<T: Real>(&self, x0: &[T], x1: &[T], t: &[T], xt: &mut [T], dxt: &mut [T]) {
        let n = t.len();
        assert!(
            [x0.len(), x1.len(), xt.len(), dxt.len()] == [2 * n; 4],
            "x0, x1, xt and dxt must hold two numbers for each time"
        );
        for (i, &t) in t.iter().enumerate() {
            let c = self.scheduler.at(t);
            for k in [2 * i, 2 * i + 1] {
                xt[k] = c.alpha * x1[k] + c.sigma * x0[k];
                dxt[k] = c.d_alpha * x1[k] + c.d_sigma * x0[k];
            }
        }
    }

    /// E[v | x_t] from E[x1 | x_t]: v = (σ̇/σ) x_t + (α̇ − σ̇α/σ) x1, for σ_t > 0.
    pub fn velocity_from_x1<T: Real>(&self, xt: T, x1: T, t: T) -> T {
        let c = self.scheduler.at(t);
        c.d_alpha * x1 + c.d_sigma * (xt - c.alpha * x1) / c.sigma
    }

    /// E[x1 | x_t] from the velocity: x1 = (σv − σ̇x_t)/(α̇σ − σ̇α).
    pub fn x1_from_velocity<T: Real>(&self, xt: T, v: T, t: T) -> T {
        let c = self.scheduler.at(t);
        (c.sigma * v - c.d_sigma * xt) / (c.d_alpha * c.sigma - c.d_sigma * c.alpha)
    }

    /// E[v | x_t] from E[x0 | x_t]: v = (α̇/α) x_t + (σ̇ − α̇σ/α) x0, for α_t > 0.
    pub fn velocity_from_noise<T: Real>(&self, xt: T, x0: T, t: T) -> T {
        let c = self.scheduler.at(t);
        c.d_alpha * (xt - c.sigma * x0) / c.alpha + c.d_sigma * x0
    }

    /// E[x0 | x_t] from the velocity: x0 = (α̇x_t − αv)/(α̇σ − σ̇α).
    pub fn noise_from_velocity<T: Real>(&self, xt: T, v: T, t: T) -> T {
        let c = self.scheduler.at(t);
        (c.d_alpha * xt - c.alpha * v) / (c.d_alpha * c.sigma - c.d_sigma * c.alpha)
    }

    /// ∇ log p_t(x_t) from the velocity: −E[x0 | x_t]/σ, for σ_t > 0.
    pub fn score_from_velocity<T: Real>(&self, xt: T, v: T, t: T) -> T {
        -self.noise_from_velocity(xt, v, t) / self.scheduler.at(t).sigma
    }

    /// E[v | x_t] from the score, for α_t > 0.
    pub fn velocity_from_score<T: Real>(&self, xt: T, score: T, t: T) -> T {
        let sigma = self.scheduler.at(t).sigma;
        self.velocity_from_noise(xt, -sigma * score, t)
    }

    /// E[x0 | x_t] = (x_t − α E[x1 | x_t])/σ, for σ_t > 0.
    pub fn noise_from_x1<T: Real>(&self, xt: T, x1: T, t: T) -> T {
        let c = self.scheduler.at(t);
        (xt - c.alpha * x1) / c.sigma
    }

    /// E[x1 | x_t] = (x_t − σ E[x0 | x_t])/α, for α_t > 0.
    pub fn x1_from_noise<T: Real>(&self, xt: T, x0: T, t: T) -> T {
        let c = self.scheduler.at(t);
        (xt - c.sigma * x0) / c.alpha
    }
}
