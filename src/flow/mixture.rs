//! The exact marginal field of a standard normal source and a mixture of round Gaussians, or of
//! single points (standard deviation 0: an empirical distribution, Bertrand et al. 2025).
//!
//! Given x_t = x, with m = α_t, s = σ_t and S_k = m²τ_k² + s², component k has the weight
//! r_k ∝ ω_k exp(−|x − mμ_k|²/(2S_k))/S_k, the data the mean μ_k + (mτ_k²/S_k)(x − mμ_k) and each
//! axis the variance τ_k²s²/S_k. The velocity of a component is
//! u_k = α̇μ_k + ((α̇mτ_k² + σ̇s)/S_k)(x − mμ_k); the field is v = Σ r_k u_k.

mod at_time;
mod floor;

pub use at_time::{MixtureAt, MixtureScratch};

use super::field::VelocityField;
use super::marginal::Marginal;
use super::real::Real;
use super::scheduler::Scheduler;

/// Distance kept from t = 1 where σ would vanish, as the field of boxes does.
const END_GAP: f64 = 1e-7;

/// One component N(mean, std² I) and its share of the mass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussian {
    /// Its centre.
    pub mean: [f64; 2],
    /// Standard deviation of each axis; 0 for a single point.
    pub std: f64,
    /// Share of the mass, > 0.
    pub weight: f64,
}

/// A mixture of round Gaussians; weights sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    parts: Vec<Gaussian>,
}

/// Components that do not describe a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MixtureError {
    /// There are none, or too many to sum over for each point of a picture.
    #[error("a mixture needs 1 to 4096 components")]
    Count,
    /// A number is out of range.
    #[error("component {0}: mean, deviation and weight must be finite, the weight positive")]
    Component(usize),
}

impl Mixture {
    /// Components at most.
    pub const MAX: usize = 4096;

    /// Checks the components and scales the weights so that they sum to 1.
    ///
    /// # Errors
    /// Says which component is wrong.
    pub fn new(mut parts: Vec<Gaussian>) -> Result<Self, MixtureError> {
        if !(1..=Self::MAX).contains(&parts.len()) {
            return Err(MixtureError::Count);
        }
        for (k, part) in parts.iter().enumerate() {
            let finite = part.mean.iter().all(|x| x.is_finite());
            let round = part.std >= 0.0 && part.std.is_finite();
            if !(finite && round && part.weight > 0.0 && part.weight.is_finite()) {
                return Err(MixtureError::Component(k));
            }
        }
        let total: f64 = parts.iter().map(|part| part.weight).sum();
        for part in &mut parts {
            part.weight /= total;
        }
        Ok(Mixture { parts })
    }

    /// Points of equal weight.
    ///
    /// # Errors
    /// When there are none or too many, or one is not finite.
    pub fn empirical(points: &[[f64; 2]]) -> Result<Self, MixtureError> {
        let part = |&mean: &[f64; 2]| Gaussian {
            mean,
            std: 0.0,
            weight: 1.0,
        };
        Self::new(points.iter().map(part).collect())
    }

    /// The components.
    pub fn parts(&self) -> &[Gaussian] {
        &self.parts
    }

    /// Mean of the distribution.
    pub fn mean(&self) -> [f64; 2] {
        [0, 1].map(|i| self.parts.iter().map(|p| p.weight * p.mean[i]).sum())
    }

    /// Trace of the covariance, Σ_i Var(x_i).
    pub fn trace_covariance(&self) -> f64 {
        let mean = self.mean();
        self.parts
            .iter()
            .map(|p| {
                let [x, y] = [0, 1].map(|i| p.mean[i] - mean[i]);
                p.weight * (x * x + y * y + 2.0 * p.std * p.std)
            })
            .sum()
    }

    /// Differential entropy −∫ p ln p in nats, by the trapezium rule about each component; none
    /// where a component is a single point.
    pub fn entropy(&self) -> Option<f64> {
        let mut sum = 0.0;
        for part in &self.parts {
            let mut missing = false;
            let mean = floor::normal_mean(|z| {
                let x = [0, 1].map(|i| part.mean[i] + part.std * z[i]);
                let log = self.log_density(x);
                missing |= log.is_none();
                log.unwrap_or(0.0)
            });
            if missing {
                return None;
            }
            sum -= part.weight * mean;
        }
        Some(sum)
    }

    /// ln p(x) of the data; none where a component is a single point.
    pub fn log_density(&self, x: [f64; 2]) -> Option<f64> {
        if self.parts.iter().any(|p| p.std == 0.0) {
            return None;
        }
        let log = |p: &Gaussian| {
            let [a, b] = [0, 1].map(|i| (x[i] - p.mean[i]) / p.std);
            let norm = std::f64::consts::TAU * p.std * p.std;
            (p.weight / norm).ln() - 0.5 * (a * a + b * b)
        };
        let best = self.parts.iter().map(log).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = self.parts.iter().map(|p| (log(p) - best).exp()).sum();
        Some(best + sum.ln())
    }
}

/// The exact velocity field and density of a mixture along a scheduler.
#[derive(Clone, Debug)]
pub struct MixtureField {
    target: Mixture,
    scheduler: Scheduler,
}

impl MixtureField {
    /// The field that carries a standard normal to `target` along `scheduler`.
    pub fn new(target: &Mixture, scheduler: Scheduler) -> Self {
        MixtureField {
            target: target.clone(),
            scheduler,
        }
    }

    /// The target distribution.
    pub fn target(&self) -> &Mixture {
        &self.target
    }

    /// The scheduler.
    pub fn scheduler(&self) -> Scheduler {
        self.scheduler
    }

    /// Tables for one time, for evaluating many points; `t` is clamped to where σ > 0.
    pub fn at_time<T: Real>(&self, t: f64) -> MixtureAt<'_, T> {
        MixtureAt::new(self, t)
    }

    /// All quantities at one point; [`MixtureField::at_time`] is faster for many.
    pub fn at<T: Real>(&self, t: T, x: [T; 2]) -> Marginal<T> {
        let table = self.at_time::<T>(t.to_f64());
        table.at(x, &mut table.scratch())
    }

    /// Probability of each component given x_t = x; sums to 1.
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

impl<T: Real> VelocityField<T> for MixtureField {
    fn velocity(&self, t: T, x: &[T], out: &mut [T]) {
        self.at_time::<T>(t.to_f64()).velocities(x, out);
    }

    fn label(&self) -> &str {
        "exact field"
    }
}
