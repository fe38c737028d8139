//! Tables of the exact field at one time, and its evaluation at many points.
//!
//! The usual way sums over all boxes with the plain masses Z of each slab. It is left for
//! [`far`](super::far) when the sum falls below [`Real::MIN_MASS`], many σ_t away from the
//! support. Narrow slabs (m (u − l) < [`Real::SERIES_WIDTH`] s), which all are as t → 0, take
//! their moments from a power series in β = m (x − m c)(u − l)/(2 s²), c the centre.
//!
//! For m ≤ ½ the moments summed are those of x1, for m > ½ those of the noise: each stays
//! well conditioned at its end of time, and no division by m → 0 or by s → 0 remains.

// Hot loops count with indices: iterator adapters from `std` are only inlined across codegen
// units with link-time optimisation, which the release profile leaves out; without it they cost
// a factor of three.
#![allow(clippy::needless_range_loop)]

use super::tables::{AxisAt, Series, SlabAt};
use super::{Marginal, MarginalField};
use crate::flow::real::Real;
use crate::flow::scheduler::Coefficients;
use crate::flow::special::INV_SQRT_2PI;

/// Z/m of a slab and Z/m times its first and second moments.
#[derive(Clone, Copy, Debug, Default)]
struct Mass<T> {
    mass: T,
    first: T,
    second: T,
}

/// The masses of all slabs of an axis, or their products with a matrix.
#[derive(Clone, Debug)]
pub(super) struct Masses<T> {
    pub mass: Vec<T>,
    pub first: Vec<T>,
    pub second: Vec<T>,
}

impl<T: Real> Masses<T> {
    pub fn new(len: usize) -> Self {
        Masses {
            mass: vec![T::ZERO; len],
            first: vec![T::ZERO; len],
            second: vec![T::ZERO; len],
        }
    }
}

/// Buffers for the evaluation of one point after another.
#[derive(Clone, Debug)]
pub struct Scratch<T> {
    /// (m l − x)/s, 1 − Φ and φ at the edges of both axes, one after the other.
    z: Vec<T>,
    tail: Vec<T>,
    density: Vec<T>,
    pub(super) axes: [Masses<T>; 2],
    /// Σ over slabs of the first axis, for each slab of the second.
    sums: Masses<T>,
}

/// The exact field at one time.
#[derive(Clone, Debug)]
pub struct AtTime<'a, T> {
    pub(super) field: &'a MarginalField,
    pub(super) c: Coefficients<T>,
    pub(super) inv_alpha: T,
    pub(super) inv_sigma: T,
    /// σ in double precision, for exponents.
    pub(super) sigma: f64,
    /// c_t = α̇ − σ̇α/σ.
    gain: T,
    /// Whether noise moments are summed (m > ½) rather than those of the data.
    pub(super) late: bool,
    pub(super) axes: [AxisAt<T>; 2],
    pub(super) series: Vec<Series<T>>,
    /// ω/|C| of each pair of slabs, zero where there is no box; a row for each slab of the
    /// first axis.
    pub(super) densities: Vec<T>,
}

/// Sums over boxes: mass, first moments, and the sum of the second moments of both axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments<T> {
    pub log_mass: T,
    /// E[x1|x] before m = ½, −E[x0|x] after it.
    pub mean: [T; 2],
    /// tr Cov of x1 before m = ½; tr Cov of x0 less 2 after it.
    pub trace: T,
}

impl<'a, T: Real> AtTime<'a, T> {
    pub(super) fn new(field: &'a MarginalField, t: f64) -> Self {
        let t = field.clamped(t);
        let wide = field.scheduler.at(t);
        let gap = field.scheduler.alpha_gap(t);
        let (m, s) = (wide.alpha, wide.sigma);
        let mut series = Vec::new();
        let axes = [0, 1].map(|i| AxisAt::new(&field.layout.axes[i], [m, gap, s], &mut series));
        AtTime {
            field,
            c: Coefficients {
                alpha: T::from_f64(m),
                sigma: T::from_f64(s),
                d_alpha: T::from_f64(wide.d_alpha),
                d_sigma: T::from_f64(wide.d_sigma),
            },
            inv_alpha: T::from_f64(if m > 0.0 { 1.0 / m } else { 0.0 }),
            inv_sigma: T::from_f64(1.0 / s),
            sigma: s,
            gain: T::from_f64(wide.d_alpha - wide.d_sigma * m / s),
            late: m > 0.5,
            axes,
            series,
            densities: field.layout.matrix().map(T::from_f64).collect(),
        }
    }

    /// Buffers that fit this field.
    pub fn scratch(&self) -> Scratch<T> {
        let [columns, rows] = [0, 1].map(|i| self.axes[i].slabs.len());
        // Padded to whole vectors of four.
        let edges = (self.axes[0].edges.len() + self.axes[1].edges.len()).next_multiple_of(4);
        Scratch {
            z: vec![T::ZERO; edges],
            tail: vec![T::ZERO; edges],
            density: vec![T::ZERO; edges],
            axes: [Masses::new(columns), Masses::new(rows)],
            sums: Masses::new(rows),
        }
    }

    /// All quantities at one point.
    pub fn at(&self, x: [T; 2], scratch: &mut Scratch<T>) -> Marginal<T> {
        let moments = self.near(x, scratch).unwrap_or_else(|| self.far(x));
        self.marginal(x, moments)
    }

    /// The same by the logarithmic way, which holds everywhere but is slower.
    pub fn at_robust(&self, x: [T; 2]) -> Marginal<T> {
        self.marginal(x, self.far(x))
    }

    /// v(t, x) at one point.
    pub fn velocity(&self, x: [T; 2], scratch: &mut Scratch<T>) -> [T; 2] {
        let mean = self
            .near_mean(x, scratch)
            .unwrap_or_else(|| self.far(x).mean);
        self.velocity_of(x, mean)
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

    #[inline]
    fn velocity_of(&self, x: [T; 2], mean: [T; 2]) -> [T; 2] {
        let c = &self.c;
        // Noise and data moments, see the module's head; a·x + b·mean in both cases.
        let (a, b) = if self.late {
            let a = c.d_alpha * self.inv_alpha;
            (a, a * c.sigma - c.d_sigma)
        } else {
            (c.d_sigma * self.inv_sigma, self.gain)
        };
        [a * x[0] + b * mean[0], a * x[1] + b * mean[1]]
    }

    fn marginal(&self, x: [T; 2], moments: Moments<T>) -> Marginal<T> {
        let Moments {
            log_mass,
            mean,
            trace,
        } = moments;
        let c = &self.c;
        let two = T::from_f64(2.0);
        let velocity = self.velocity_of(x, mean);
        if self.late {
            let ratio = c.sigma * self.inv_alpha;
            Marginal {
                velocity,
                log_density: log_mass,
                divergence: (two * c.d_alpha + self.gain * trace) * self.inv_alpha,
                mean_x1: [0, 1].map(|i| (x[i] + c.sigma * mean[i]) * self.inv_alpha),
                trace_cov: ratio * ratio * (two + trace),
                score: mean.map(|d| d * self.inv_sigma),
            }
        } else {
            let pull = c.alpha * self.inv_sigma * self.inv_sigma;
            Marginal {
                velocity,
                log_density: log_mass,
                divergence: two * c.d_sigma * self.inv_sigma + self.gain * pull * trace,
                mean_x1: mean,
                trace_cov: trace,
                score: [0, 1].map(|i| (c.alpha * mean[i] - x[i]) * self.inv_sigma * self.inv_sigma),
            }
        }
    }

    /// Sums over all boxes, or nothing where they are too small to be accurate.
    fn near(&self, x: [T; 2], scratch: &mut Scratch<T>) -> Option<Moments<T>> {
        let ([mass, first_x, first_y], second) = self.sums::<true>(x, scratch)?;
        let inv = T::ONE / mass;
        let mean = [first_x * inv, first_y * inv];
        Some(Moments {
            log_mass: mass.ln(),
            mean,
            trace: second * inv - mean[0] * mean[0] - mean[1] * mean[1],
        })
    }

    /// The means alone: the part of [`Self::near`] that the velocity needs.
    fn near_mean(&self, x: [T; 2], scratch: &mut Scratch<T>) -> Option<[T; 2]> {
        let ([mass, first_x, first_y], _) = self.sums::<false>(x, scratch)?;
        let inv = T::ONE / mass;
        Some([first_x * inv, first_y * inv])
    }

    /// Mass, first moments and, if `SECOND`, the sum of the second moments of both axes.
    #[inline]
    fn sums<const SECOND: bool>(&self, x: [T; 2], scratch: &mut Scratch<T>) -> Option<([T; 3], T)> {
        self.masses::<SECOND>(x, scratch);
        let Scratch {
            axes: [columns, rows],
            sums,
            ..
        } = scratch;
        // The matrix of densities times the masses of the first axis, row by row.
        let len = rows.mass.len();
        for j in 0..len {
            sums.mass[j] = T::ZERO;
            sums.first[j] = T::ZERO;
            sums.second[j] = T::ZERO;
        }
        for i in 0..columns.mass.len() {
            let densities = &self.densities[i * len..][..len];
            let (mass, first) = (columns.mass[i], columns.first[i]);
            if mass == T::ZERO {
                continue;
            }
            add_scaled(&mut sums.mass, mass, densities);
            add_scaled(&mut sums.first, first, densities);
            if SECOND {
                add_scaled(&mut sums.second, columns.second[i], densities);
            }
        }
        let (mut total, mut second) = ([T::ZERO; 3], T::ZERO);
        for j in 0..len {
            total[0] += sums.mass[j] * rows.mass[j];
            total[1] += sums.first[j] * rows.mass[j];
            total[2] += sums.mass[j] * rows.first[j];
            if SECOND {
                second += sums.second[j] * rows.mass[j] + sums.mass[j] * rows.second[j];
            }
        }
        // Written so that NaN gives nothing too.
        (total[0] >= T::MIN_MASS && total[0].is_finite()).then_some((total, second))
    }

    /// Fills the masses of all slabs of both axes.
    #[inline]
    pub(super) fn masses<const SECOND: bool>(&self, x: [T; 2], scratch: &mut Scratch<T>) {
        let split = self.axes[0].edges.len();
        if self.axes[0].wide || self.axes[1].wide {
            for (i, axis) in self.axes.iter().enumerate() {
                let z = &mut scratch.z[i * split..][..axis.edges.len()];
                for k in 0..z.len() {
                    z[k] = axis.edges[k].standardised(x[i], self.inv_sigma);
                }
            }
            T::normal_tails(&scratch.z, &mut scratch.tail, &mut scratch.density);
        }
        for i in 0..2 {
            let axis = &self.axes[i];
            let offset = i * split;
            for k in 0..axis.slabs.len() {
                let slab = &axis.slabs[k];
                let m = match slab.series {
                    Some(series) => self.narrow(x[i], slab, &self.series[series]),
                    None => {
                        let (a, b) = (offset + slab.lo_edge, offset + slab.hi_edge);
                        let Scratch {
                            z, tail, density, ..
                        } = &*scratch;
                        self.wide(
                            slab,
                            x[i],
                            [z[a], tail[a], density[a]],
                            [z[b], tail[b], density[b]],
                        )
                    }
                };
                let masses = &mut scratch.axes[i];
                masses.mass[k] = m.mass;
                masses.first[k] = m.first;
                if SECOND {
                    masses.second[k] = m.second;
                }
            }
        }
    }

    /// Moments of a slab from z, 1 − Φ(|z|) and φ(z) at its edges.
    #[inline(always)]
    fn wide(&self, slab: &SlabAt<T>, x: T, a: [T; 3], b: [T; 3]) -> Mass<T> {
        let ([z_a, tail_a, density_a], [z_b, tail_b, density_b]) = (a, b);
        // Without branches: which case holds is as good as random.
        let around = T::ONE - tail_a - tail_b;
        let beside = (tail_a - tail_b).abs();
        let mass = if (z_a < T::ZERO) & (z_b > T::ZERO) {
            around
        } else {
            beside
        };
        let first = density_a - density_b;
        let second = z_a * density_a - z_b * density_b;
        if self.late {
            return Mass {
                mass: mass * self.inv_alpha,
                first: first * self.inv_alpha,
                second: second * self.inv_alpha,
            };
        }
        // Moments of x1 about the centre, (s/m)(z − a) with a = (m c − x)/s, then about zero.
        let mid = slab.scaled_centre.standardised(x, self.inv_sigma);
        let ratio = self.c.sigma * self.inv_alpha;
        let first_mid = first - mid * mass;
        let second_mid = mass + second - mid * (first + first_mid);
        self.about_zero(
            slab.centre,
            mass * self.inv_alpha,
            ratio * first_mid * self.inv_alpha,
            ratio * ratio * second_mid * self.inv_alpha,
        )
    }

    /// Moments of a narrow slab: Z/m = ((u − l)/s) φ(a) M0 with a = (m c − x)/s.
    #[inline(always)]
    fn narrow(&self, x: T, slab: &SlabAt<T>, series: &Series<T>) -> Mass<T> {
        let mid = slab.scaled_centre.standardised(x, self.inv_sigma);
        if mid.abs() > T::DENSITY_CUT {
            return Mass::default();
        }
        let half = T::from_f64(0.5);
        let density = T::from_f64(INV_SQRT_2PI) * (-half * mid * mid).exp();
        let [m0, m1, m2] = series.near(-half * mid * slab.width);
        let scale = slab.rate * density;
        let mass = scale * m0;
        let first = scale * slab.half * m1;
        let second = scale * slab.half * slab.half * m2;
        if !self.late {
            return self.about_zero(slab.centre, mass, first, second);
        }
        // z = a + (m/s) y; the second moment is kept less one, as for wide slabs.
        let ratio = self.c.alpha * self.inv_sigma;
        let (first, second) = (ratio * first, ratio * ratio * second);
        Mass {
            mass,
            first: mid * mass + first,
            second: mid * (mid * mass + first + first) + second - mass,
        }
    }

    /// Moments about zero from those about `centre`.
    #[inline(always)]
    fn about_zero(&self, centre: T, mass: T, first: T, second: T) -> Mass<T> {
        Mass {
            mass,
            first: centre * mass + first,
            second: centre * (centre * mass + first + first) + second,
        }
    }
}

/// sum += factor · terms.
#[inline(always)]
fn add_scaled<T: Real>(sum: &mut [T], factor: T, terms: &[T]) {
    let sum = &mut sum[..terms.len()];
    for j in 0..terms.len() {
        sum[j] += factor * terms[j];
    }
}
