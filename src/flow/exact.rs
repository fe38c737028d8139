//! The exact field of whichever kind of target has one.

use super::field::VelocityField;
use super::marginal::{AtTime, Marginal, MarginalField, Scratch};
use super::mixture::{MixtureAt, MixtureField, MixtureScratch};
use super::quadrature::over_time;
use super::real::Real;
use super::scheduler::Scheduler;

/// The exact marginal velocity field of a standard normal source and a target in closed form.
#[derive(Clone, Debug)]
pub enum ExactField {
    /// A union of boxes: boards, painted grids.
    Boxes(MarginalField),
    /// A mixture of Gaussians or single points.
    Mixture(MixtureField),
}

/// The exact field at one time.
#[derive(Clone, Debug)]
pub enum ExactAt<'a, T> {
    /// Of a union of boxes.
    Boxes(Box<AtTime<'a, T>>),
    /// Of a mixture.
    Mixture(MixtureAt<'a, T>),
}

/// Buffers for the evaluation of one point after another.
#[derive(Clone, Debug)]
pub enum ExactScratch<T> {
    /// Of a union of boxes.
    Boxes(Box<Scratch<T>>),
    /// Of a mixture.
    Mixture(MixtureScratch<T>),
}

impl ExactField {
    /// The scheduler.
    pub fn scheduler(&self) -> Scheduler {
        match self {
            Self::Boxes(field) => field.scheduler(),
            Self::Mixture(field) => field.scheduler(),
        }
    }

    /// Tables for one time, for evaluating many points; `t` is clamped to where σ > 0.
    pub fn at_time<T: Real>(&self, t: f64) -> ExactAt<'_, T> {
        match self {
            Self::Boxes(field) => ExactAt::Boxes(Box::new(field.at_time(t))),
            Self::Mixture(field) => ExactAt::Mixture(field.at_time(t)),
        }
    }

    /// All quantities at one point; [`ExactField::at_time`] is faster for many.
    pub fn at<T: Real>(&self, t: T, x: [T; 2]) -> Marginal<T> {
        match self {
            Self::Boxes(field) => field.at(t, x),
            Self::Mixture(field) => field.at(t, x),
        }
    }

    /// Probability of each box, Gaussian or point given x_t = x; sums to 1.
    pub fn posterior<T: Real>(&self, t: T, x: [T; 2]) -> Vec<T> {
        match self {
            Self::Boxes(field) => field.posterior(t, x),
            Self::Mixture(field) => field.posterior(t, x),
        }
    }

    /// Centres of the boxes, Gaussians or points, in the order of the posterior.
    pub fn centres(&self) -> Vec<[f64; 2]> {
        match self {
            Self::Boxes(field) => {
                let boxes = &field.target().boxes;
                let centre = |b: &super::WeightedBox| [0, 1].map(|i| 0.5 * (b.lo[i] + b.hi[i]));
                boxes.iter().map(centre).collect()
            }
            Self::Mixture(field) => field.target().parts().iter().map(|p| p.mean).collect(),
        }
    }

    /// Mean and trace of the covariance of the data.
    pub fn data_moments(&self) -> ([f64; 2], f64) {
        match self {
            Self::Boxes(field) => (field.target().mean(), field.target().trace_covariance()),
            Self::Mixture(field) => (field.target().mean(), field.target().trace_covariance()),
        }
    }

    /// Smallest possible mean-over-coordinates loss at uniform t,
    /// L* = ∫ c_t² E[tr Cov(x1|x_t)]/2 dt with c_t = α̇ − σ̇α/σ.
    pub fn loss_floor(&self) -> f64 {
        self.loss_floor_under(|_| 1.0)
    }

    /// The same where t has the density `law`.
    pub fn loss_floor_under(&self, law: impl Fn(f64) -> f64) -> f64 {
        over_time(|t| law(t) * self.loss_floor_at(t))
    }

    /// The loss floor at one time.
    pub fn loss_floor_at(&self, t: f64) -> f64 {
        match self {
            Self::Boxes(field) => field.loss_floor_at(t),
            Self::Mixture(field) => field.loss_floor_at(t),
        }
    }
}

impl<T: Real> ExactAt<'_, T> {
    /// Buffers that fit this field.
    pub fn scratch(&self) -> ExactScratch<T> {
        match self {
            Self::Boxes(table) => ExactScratch::Boxes(Box::new(table.scratch())),
            Self::Mixture(table) => ExactScratch::Mixture(table.scratch()),
        }
    }

    /// All quantities at one point.
    ///
    /// # Panics
    /// If the buffers were made by another kind of field.
    pub fn at(&self, x: [T; 2], scratch: &mut ExactScratch<T>) -> Marginal<T> {
        match (self, scratch) {
            (Self::Boxes(table), ExactScratch::Boxes(scratch)) => table.at(x, scratch),
            (Self::Mixture(table), ExactScratch::Mixture(scratch)) => table.at(x, scratch),
            _ => panic!("the buffers belong to another kind of field"),
        }
    }

    /// v(t, x) at many points; `x` and `out` are `[n, 2]`.
    ///
    /// # Panics
    /// If the lengths differ or are odd.
    pub fn velocities(&self, x: &[T], out: &mut [T]) {
        match self {
            Self::Boxes(table) => table.velocities(x, out),
            Self::Mixture(table) => table.velocities(x, out),
        }
    }

    /// Probability of each box, Gaussian or point given x_t = x; sums to 1.
    pub fn posterior(&self, x: [T; 2]) -> Vec<T> {
        match self {
            Self::Boxes(table) => table.posterior(x),
            Self::Mixture(table) => table.posterior(x),
        }
    }
}

impl<T: Real> VelocityField<T> for ExactField {
    fn velocity(&self, t: T, x: &[T], out: &mut [T]) {
        self.at_time::<T>(t.to_f64()).velocities(x, out);
    }

    fn label(&self) -> &str {
        "exact field"
    }
}
