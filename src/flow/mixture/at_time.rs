//! Tables of a mixture's field at one time, and its evaluation at many points.

// Hot loops count with indices: see `marginal/at_time.rs`.
#![allow(clippy::needless_range_loop)]

use super::MixtureField;
use crate::flow::marginal::Marginal;
use crate::flow::real::Real;

/// The numbers of one component at one time; `off` stands for x − m μ.
#[derive(Clone, Copy, Debug)]
struct Part<T> {
    /// m μ.
    centre: [T; 2],
    /// μ.
    mean: [T; 2],
    /// α̇ μ.
    drift: [T; 2],
    /// ln(ω/(2π S)).
    log_weight: T,
    /// 1/S.
    precision: T,
    /// (α̇ m τ² + σ̇ s)/S: u = drift + slope · off.
    slope: T,
    /// m τ²/S: E[x1|x, k] = μ + pull · off.
    pull: T,
    /// 2 τ² s²/S, the trace of the covariance of x1 within the component.
    spread: T,
}

/// Buffers for the evaluation of one point after another.
#[derive(Clone, Debug)]
pub struct MixtureScratch<T> {
    weights: Vec<T>,
}

/// The exact field of a mixture at one time.
#[derive(Clone, Debug)]
pub struct MixtureAt<'a, T> {
    field: &'a MixtureField,
    parts: Vec<Part<T>>,
}

impl<'a, T: Real> MixtureAt<'a, T> {
    pub(super) fn new(field: &'a MixtureField, t: f64) -> Self {
        let c = field.scheduler.at(field.clamped(t));
        let parts = field
            .target
            .parts
            .iter()
            .map(|part| {
                let square = part.std * part.std;
                let variance = c.alpha * c.alpha * square + c.sigma * c.sigma;
                let narrow = T::from_f64;
                Part {
                    centre: part.mean.map(|x| narrow(c.alpha * x)),
                    mean: part.mean.map(narrow),
                    drift: part.mean.map(|x| narrow(c.d_alpha * x)),
                    log_weight: narrow((part.weight / (std::f64::consts::TAU * variance)).ln()),
                    precision: narrow(1.0 / variance),
                    slope: narrow((c.d_alpha * c.alpha * square + c.d_sigma * c.sigma) / variance),
                    pull: narrow(c.alpha * square / variance),
                    spread: narrow(2.0 * square * c.sigma * c.sigma / variance),
                }
            })
            .collect();
        MixtureAt { field, parts }
    }

    /// Buffers that fit this field.
    pub fn scratch(&self) -> MixtureScratch<T> {
        MixtureScratch {
            weights: vec![T::ZERO; self.parts.len()],
        }
    }

    /// Fills the weights with exp(ln r_k − largest); gives their sum and the largest logarithm.
    #[inline]
    fn weigh(&self, x: [T; 2], weights: &mut [T]) -> (T, T) {
        let half = T::from_f64(0.5);
        let n = self.parts.len();
        let weights = &mut weights[..n];
        let mut best = T::from_f64(f64::NEG_INFINITY);
        for k in 0..n {
            let part = &self.parts[k];
            let (a, b) = (x[0] - part.centre[0], x[1] - part.centre[1]);
            let log = part.log_weight - half * part.precision * (a * a + b * b);
            weights[k] = log;
            best = best.max(log);
        }
        let mut sum = T::ZERO;
        for k in 0..n {
            weights[k] = (weights[k] - best).exp();
            sum += weights[k];
        }
        (sum, best)
    }

    /// v(t, x) at one point.
    pub fn velocity(&self, x: [T; 2], scratch: &mut MixtureScratch<T>) -> [T; 2] {
        let (sum, _) = self.weigh(x, &mut scratch.weights);
        let mut v = [T::ZERO; 2];
        for k in 0..self.parts.len() {
            let (part, r) = (&self.parts[k], scratch.weights[k]);
            for i in 0..2 {
                v[i] += r * (part.drift[i] + part.slope * (x[i] - part.centre[i]));
            }
        }
        v.map(|v| v / sum)
    }

    /// All quantities at one point.
    pub fn at(&self, x: [T; 2], scratch: &mut MixtureScratch<T>) -> Marginal<T> {
        let (sum, best) = self.weigh(x, &mut scratch.weights);
        let inv = T::ONE / sum;
        let (mut v, mut score, mut mean) = ([T::ZERO; 2], [T::ZERO; 2], [T::ZERO; 2]);
        for k in 0..self.parts.len() {
            let (part, r) = (&self.parts[k], scratch.weights[k] * inv);
            for i in 0..2 {
                let off = x[i] - part.centre[i];
                v[i] += r * (part.drift[i] + part.slope * off);
                score[i] += r * (-part.precision * off);
                mean[i] += r * (part.mean[i] + part.pull * off);
            }
        }
        // Second moments about the means: differences of large numbers lose digits.
        let (mut slope, mut covariance, mut trace) = (T::ZERO, T::ZERO, T::ZERO);
        for k in 0..self.parts.len() {
            let (part, r) = (&self.parts[k], scratch.weights[k] * inv);
            slope += r * part.slope;
            trace += r * part.spread;
            for i in 0..2 {
                let off = x[i] - part.centre[i];
                let u = part.drift[i] + part.slope * off - v[i];
                let s = -part.precision * off - score[i];
                let e = part.mean[i] + part.pull * off - mean[i];
                covariance += r * u * s;
                trace += r * e * e;
            }
        }
        Marginal {
            velocity: v,
            log_density: best + sum.ln(),
            divergence: T::from_f64(2.0) * slope + covariance,
            mean_x1: mean,
            trace_cov: trace,
            score,
        }
    }

    /// Probability of each component given x_t = x; sums to 1.
    pub fn posterior(&self, x: [T; 2]) -> Vec<T> {
        let mut weights = vec![T::ZERO; self.parts.len()];
        let (sum, _) = self.weigh(x, &mut weights);
        for weight in &mut weights {
            *weight = *weight / sum;
        }
        weights
    }

    /// v(t, x) at many points; `x` and `out` are `[n, 2]`.
    ///
    /// # Panics
    /// If the lengths differ or are odd.
    pub fn velocities(&self, x: &[T], out: &mut [T]) {
        assert_eq!(x.len(), out.len(), "x and out must have the same length");
        assert_eq!(x.len() % 2, 0, "points have two coordinates");
        let mut scratch = self.scratch();
        for i in 0..x.len() / 2 {
            let [u, v] = self.velocity([x[2 * i], x[2 * i + 1]], &mut scratch);
            out[2 * i] = u;
            out[2 * i + 1] = v;
        }
    }

    /// The field that the tables were made for.
    pub fn field(&self) -> &'a MixtureField {
        self.field
    }
}
