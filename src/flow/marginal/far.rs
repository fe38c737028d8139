//! The exact field where every box is many σ_t away: weights as logarithms, tails as fractions.

use super::at_time::{AtTime, Moments};
use super::tables::{Scaled, SlabAt};
use crate::flow::real::Real;
use crate::flow::special::{INV_SQRT_2PI, mills_fraction};

/// A narrow slab takes its power series up to this |β|.
const SERIES_REACH: f64 = 2.0;

/// An unevaluated sum hi + lo of two doubles, to about 30 digits.
#[derive(Clone, Copy, Debug, Default)]
struct Double {
    hi: f64,
    lo: f64,
}

impl Double {
    /// a + b without error (Knuth).
    fn sum(a: f64, b: f64) -> Self {
        let hi = a + b;
        let part = hi - a;
        Double {
            hi,
            lo: (a - (hi - part)) + (b - part),
        }
    }

    /// The square; the error of hi² comes from splitting hi into halves (Dekker 1971).
    fn square(self) -> Self {
        let scaled = 134_217_729.0 * self.hi; // 2²⁷ + 1
        let head = scaled - (scaled - self.hi);
        let tail = self.hi - head;
        let hi = self.hi * self.hi;
        let error = ((head * head - hi) + 2.0 * head * tail) + tail * tail;
        Double::sum(hi, error + 2.0 * self.hi * self.lo)
    }

    fn plus(self, other: Self) -> Self {
        let Double { hi, lo } = Double::sum(self.hi, other.hi);
        Double::sum(hi, lo + (self.lo + other.lo))
    }

    /// The difference, rounded once.
    fn minus(self, other: Self) -> f64 {
        (self.hi - other.hi) + (self.lo - other.lo)
    }
}

/// One slab given x.
#[derive(Clone, Copy, Debug)]
struct Slab<T> {
    /// Z/m without its exponential factor.
    mass: T,
    /// Mean of −x0, or of x1 before m = ½.
    mean: T,
    /// Variance of x0 less one, or variance of x1 before m = ½.
    spread: T,
}

/// R(z), D(z) = 1/R − z and F(z) = 2/(z + 3/(z + …)) = (1 − zD)/D of the Mills ratio, z ≥ 0.
fn mills<T: Real>(z: T) -> [T; 3] {
    let (start, levels) = T::FRACTION;
    if z < start {
        let r = z.mills();
        let d = T::ONE / r - z;
        [r, d, (T::ONE - z * d) / d]
    } else {
        let (d, f) = mills_fraction(z, levels);
        [T::ONE / (z + d), d, f]
    }
}

impl<T: Real> AtTime<'_, T> {
    /// The moments at x by log-sum-exp over the boxes.
    pub(super) fn far(&self, x: [T; 2]) -> Moments<T> {
        let squares = self.slab_squares(x);
        let (best, top) = self.best_cell(&squares);
        let centre = [0, 1].map(|i| self.slab(i, top[i], x[i]).mean);
        let (mut mass, mut first, mut second) = (T::ZERO, [T::ZERO; 2], T::ZERO);
        self.for_each_weight(x, &squares, best, |_, weight, a, b| {
            // Means relative to those of the best box: their spread between boxes would
            // otherwise be a small difference of large squares.
            let d = [a.mean - centre[0], b.mean - centre[1]];
            mass += weight;
            first[0] += weight * d[0];
            first[1] += weight * d[1];
            second += weight * (a.spread + b.spread + d[0] * d[0] + d[1] * d[1]);
        });
        let inv = T::ONE / mass;
        let shift = first.map(|f| f * inv);
        Moments {
            log_mass: T::from_f64(mass.to_f64().ln() - 0.5 * best.hi / (self.sigma * self.sigma)),
            mean: [centre[0] + shift[0], centre[1] + shift[1]],
            trace: second * inv - shift[0] * shift[0] - shift[1] * shift[1],
        }
    }

    /// Probability of each box given x, in the order of the union.
    pub fn posterior(&self, x: [T; 2]) -> Vec<T> {
        let squares = self.slab_squares(x);
        let (best, _) = self.best_cell(&squares);
        let mut weights = vec![T::ZERO; self.field.layout.cells.len()];
        let mut total = T::ZERO;
        self.for_each_weight(x, &squares, best, |index, weight, _, _| {
            weights[index] = weight;
            total += weight;
        });
        for w in &mut weights {
            *w = *w / total;
        }
        weights
    }

    /// Calls `visit(index, weight, slab, slab)` for every box that matters.
    fn for_each_weight(
        &self,
        x: [T; 2],
        squares: &[Vec<Double>; 2],
        best: Double,
        mut visit: impl FnMut(usize, T, Slab<T>, Slab<T>),
    ) {
        let layout = &self.field.layout;
        let mut rows: Vec<Option<Slab<T>>> = vec![None; squares[1].len()];
        for (i, range) in layout.rows.iter().enumerate() {
            let mut column = None;
            for cell in &layout.cells[range.clone()] {
                let square = squares[0][i].plus(squares[1][cell.slab]);
                let log = -0.5 * square.minus(best) / (self.sigma * self.sigma);
                if log < -T::NEGLIGIBLE {
                    continue;
                }
                let a = *column.get_or_insert_with(|| self.slab(0, i, x[0]));
                let b = *rows[cell.slab].get_or_insert_with(|| self.slab(1, cell.slab, x[1]));
                let scale = T::from_f64(cell.density) * T::from_f64(log).exp();
                visit(cell.index, scale * a.mass * b.mass, a, b);
            }
        }
    }

    /// The squared distance r² to each slab: its mass has the factor exp(−r²/2s²).
    ///
    /// In double precision for f32 too, and to twice that: midway between boxes exponents of
    /// 10⁵ (s = 1e-3) to 10⁹ (s = 1e-5) are compared, and their difference is needed to 10⁻⁸.
    fn slab_squares(&self, x: [T; 2]) -> [Vec<Double>; 2] {
        [0, 1].map(|i| {
            let axis = &self.axes[i];
            let distance = |scaled: &Scaled<T>| {
                Double::sum(scaled.wide[0], -x[i].to_f64()).plus(Double::sum(scaled.wide[1], 0.0))
            };
            axis.slabs
                .iter()
                .map(|slab| {
                    if self.uses_series(slab, x[i]) {
                        return distance(&slab.scaled_centre).square();
                    }
                    let a = distance(&axis.edges[slab.lo_edge]);
                    let b = distance(&axis.edges[slab.hi_edge]);
                    if a.hi >= 0.0 {
                        a.square()
                    } else if b.hi <= 0.0 {
                        b.square()
                    } else {
                        Double::default()
                    }
                })
                .collect()
        })
    }

    /// The nearest box: its squared distance and its slabs.
    fn best_cell(&self, squares: &[Vec<Double>; 2]) -> (Double, [usize; 2]) {
        let layout = &self.field.layout;
        let start = Double {
            hi: f64::INFINITY,
            lo: 0.0,
        };
        let mut best = (start, [0, 0]);
        for (i, range) in layout.rows.iter().enumerate() {
            for cell in &layout.cells[range.clone()] {
                let square = squares[0][i].plus(squares[1][cell.slab]);
                // The low parts count: a tie of the high ones may hide a large ratio.
                if square.minus(best.0) < 0.0 {
                    best = (square, [i, cell.slab]);
                }
            }
        }
        best
    }

    fn beta(&self, slab: &SlabAt<T>, x: T) -> T {
        let mid = slab.scaled_centre.standardised(x, self.inv_sigma);
        -T::from_f64(0.5) * mid * slab.width
    }

    fn uses_series(&self, slab: &SlabAt<T>, x: T) -> bool {
        slab.series.is_some() && self.beta(slab, x).abs() <= T::from_f64(SERIES_REACH)
    }

    fn slab(&self, axis: usize, index: usize, x: T) -> Slab<T> {
        let slab = &self.axes[axis].slabs[index];
        match slab.series {
            Some(k) if self.uses_series(slab, x) => self.narrow_slab(slab, k, x),
            _ => self.wide_slab(axis, slab, x),
        }
    }

    fn narrow_slab(&self, slab: &SlabAt<T>, series: usize, x: T) -> Slab<T> {
        let [m0, m1, m2] = self.series[series].at(self.beta(slab, x));
        let first = slab.half * m1 / m0;
        let variance = slab.half * slab.half * m2 / m0 - first * first;
        let (mean, spread) = if self.late {
            let mid = slab.scaled_centre.standardised(x, self.inv_sigma);
            let ratio = self.c.alpha * self.inv_sigma;
            (mid + ratio * first, ratio * ratio * variance - T::ONE)
        } else {
            (slab.centre + first, variance)
        };
        Slab {
            mass: T::from_f64(INV_SQRT_2PI) * slab.rate * m0,
            mean,
            spread,
        }
    }

    fn wide_slab(&self, axis: usize, slab: &SlabAt<T>, x: T) -> Slab<T> {
        let edges = &self.axes[axis].edges;
        let a = edges[slab.lo_edge].standardised(x, self.inv_sigma);
        let b = edges[slab.hi_edge].standardised(x, self.inv_sigma);
        if a < T::ZERO && b > T::ZERO {
            return self.around(a, b, x);
        }
        // Mirrored, so that the slab lies on the side of positive z.
        let mirrored = b <= T::ZERO;
        let (a, b) = if mirrored { (-b, -a) } else { (a, b) };
        let w = slab.width;
        let q = (-T::from_f64(0.5) * w * (a + b)).exp();
        let [r_a, d_a, f_a] = mills(a);
        let [r_b, d_b, f_b] = mills(b);
        let rest = q * r_b;
        let mass = r_a - rest;
        // Mean and second moment of z − a in the slab: both tails about a, without a² terms.
        let excess = (r_a * d_a - rest * (d_b + w)) / mass;
        let square = (r_a * d_a * f_a - rest * (d_b * (f_b + w + w) + w * w)) / mass;
        let variance = square - excess * excess;
        let side = |v: T| if mirrored { -v } else { v };
        let (mean, spread) = if self.late {
            (side(a + excess), variance - T::ONE)
        } else {
            let ratio = self.c.sigma * self.inv_alpha;
            let edge = slab.centre - side(slab.half);
            (edge + side(ratio * excess), ratio * ratio * variance)
        };
        Slab {
            mass: T::from_f64(INV_SQRT_2PI) * mass * self.inv_alpha,
            mean,
            spread,
        }
    }

    /// A slab that x lies in.
    fn around(&self, a: T, b: T, x: T) -> Slab<T> {
        let (tail_a, density_a) = a.abs().normal_tail();
        let (tail_b, density_b) = b.abs().normal_tail();
        let mass = T::ONE - tail_a - tail_b;
        let mean = (density_a - density_b) / mass;
        let spread = (a * density_a - b * density_b) / mass - mean * mean;
        let ratio = self.c.sigma * self.inv_alpha;
        let (mean, spread) = if self.late {
            (mean, spread)
        } else {
            (
                (x + self.c.sigma * mean) * self.inv_alpha,
                ratio * ratio * (T::ONE + spread),
            )
        };
        Slab {
            mass: mass * self.inv_alpha,
            mean,
            spread,
        }
    }
}
