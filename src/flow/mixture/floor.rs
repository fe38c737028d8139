//! The loss that no network can go below, for a mixture.

use super::{Gaussian, MixtureField};
use crate::flow::quadrature::over_time;

/// Components up to which space is integrated on a grid for each component.
const FEW: usize = 16;
/// Step and number of steps to each side of that grid, in standard deviations.
const STEP: f64 = 0.25;
const STEPS: i32 = 24;
/// Points for each time beyond that, spread evenly over the components.
const POINTS: usize = 1024;

impl MixtureField {
    /// Smallest possible mean-over-coordinates loss,
    /// L* = ∫ c_t² E[tr Cov(x1|x_t)]/2 dt over t in [0, 1 − 1e-5], with c_t = α̇ − σ̇α/σ.
    ///
    /// Up to 16 components by quadrature; more by 1024 evenly spread points for each time, with
    /// an error of about one in a hundred. No random numbers.
    pub fn loss_floor(&self) -> f64 {
        over_time(|t| self.loss_floor_at(t))
    }

    /// The same at one time, c_t² E[tr Cov(x1|x_t)]/2.
    pub fn loss_floor_at(&self, t: f64) -> f64 {
        let t = self.clamped(t);
        let table = self.at_time::<f64>(t);
        let mut scratch = table.scratch();
        let c = self.scheduler.at(t);
        let gain = c.d_alpha - c.d_sigma * c.alpha / c.sigma;
        let parts = &self.target.parts;
        let mut trace = |part: &Gaussian, z: [f64; 2]| {
            let reach = (c.alpha * part.std).hypot(c.sigma);
            let x = [0, 1].map(|i| c.alpha * part.mean[i] + reach * z[i]);
            table.at(x, &mut scratch).trace_cov
        };
        let mean = if parts.len() <= FEW {
            parts
                .iter()
                .map(|part| part.weight * normal_mean(|z| trace(part, z)))
                .sum()
        } else {
            let mut sums = Running::new(parts);
            let sum: f64 = (0..POINTS)
                .map(|k| trace(sums.part(k), even_normal(k)))
                .sum();
            sum / POINTS as f64
        };
        0.5 * gain * gain * mean
    }
}

/// E f(z) for z standard normal, by the trapezium rule, which converges very fast for Gaussian
/// weights.
pub(super) fn normal_mean(mut f: impl FnMut([f64; 2]) -> f64) -> f64 {
    let node = |k: i32| f64::from(k) * STEP;
    let weight = |k: i32| (-0.5 * node(k) * node(k)).exp();
    let total: f64 = (-STEPS..=STEPS).map(weight).sum();
    let mut sum = 0.0;
    for i in -STEPS..=STEPS {
        for j in -STEPS..=STEPS {
            let share = weight(i) * weight(j) / (total * total);
            sum += share * f([node(i), node(j)]);
        }
    }
    sum
}

/// Walks through the components so that each gets its share of the points.
struct Running<'a> {
    parts: &'a [Gaussian],
    index: usize,
    sum: f64,
}

impl<'a> Running<'a> {
    fn new(parts: &'a [Gaussian]) -> Self {
        Running {
            parts,
            index: 0,
            sum: parts[0].weight,
        }
    }

    fn part(&mut self, k: usize) -> &'a Gaussian {
        let wanted = (k as f64 + 0.5) / POINTS as f64;
        while self.sum < wanted && self.index + 1 < self.parts.len() {
            self.index += 1;
            self.sum += self.parts[self.index].weight;
        }
        &self.parts[self.index]
    }
}

/// The k-th of a sequence of evenly spread standard normal points: the R2 sequence
/// (Roberts 2018) through Box and Muller's map.
fn even_normal(k: usize) -> [f64; 2] {
    const PLASTIC: f64 = 1.324_717_957_244_746;
    let u = (0.5 + (k + 1) as f64 / PLASTIC).fract();
    let v = (0.5 + (k + 1) as f64 / (PLASTIC * PLASTIC)).fract();
    let radius = (-2.0 * (1.0 - u).ln()).sqrt();
    let (sin, cos) = (std::f64::consts::TAU * v).sin_cos();
    [radius * cos, radius * sin]
}
