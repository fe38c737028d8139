//! What the exact field needs of the target at one time.

use super::layout::Axis;
use crate::flow::real::Real;

/// Number of terms of the power series.
const TERMS: usize = 12;

/// Moments ½∫τⁿ exp(βτ − γτ²)dτ over [−1, 1] for n = 0, 1, 2 as polynomials in β², for slabs
/// of one width; the factor β of the odd one is left out.
#[derive(Clone, Debug)]
pub(super) struct Series<T> {
    /// Four to a row, the last one unused: that makes a row a vector register.
    moments: [[T; 4]; TERMS],
    width: f64,
    /// Terms that matter within [`Real::NEAR`] of the slab.
    near: usize,
}

impl<T: Real> Series<T> {
    /// `width` = m (u − l)/s, so that γ = width²/8.
    fn new(width: f64) -> Self {
        let gamma = width * width / 8.0;
        // ½∫τ^(2j) exp(−γτ²)dτ = Σ_i (−γ)^i / (i! (2j + 2i + 1)).
        let even = |j: usize| {
            let mut term = 1.0;
            let mut sum = 0.0;
            for i in 0..20 {
                sum += term / (2 * (i + j) + 1) as f64;
                term *= -gamma / (i + 1) as f64;
            }
            sum
        };
        let mut moments = [[T::ZERO; 4]; TERMS];
        let mut factorial = 1.0; // (2j)!
        let mut low = even(0);
        for (j, m) in moments.iter_mut().enumerate() {
            let high = even(j + 1);
            let odd = (2 * j + 1) as f64;
            let row = [
                low / factorial,
                high / (factorial * odd),
                high / factorial,
                0.0,
            ];
            *m = row.map(T::from_f64);
            factorial *= odd * (odd + 1.0);
            low = high;
        }
        // Largest β where the slab matters, and the first term that rounding swallows there.
        let beta = 0.5 * T::NEAR.to_f64() * width;
        let precision = T::PRECISION;
        let (mut near, mut term) = (1, 0.5 * beta * beta);
        while near < TERMS && term > precision {
            near += 1;
            term *= beta * beta / ((2 * near - 1) * 2 * near) as f64;
        }
        Series {
            moments,
            width,
            near,
        }
    }

    /// The three moments at β for a slab within [`Real::NEAR`].
    #[inline(always)]
    pub fn near(&self, beta: T) -> [T; 3] {
        self.sum(beta, self.near)
    }

    /// The three moments at any |β| ≤ 2.
    pub fn at(&self, beta: T) -> [T; 3] {
        self.sum(beta, TERMS)
    }

    #[inline(always)]
    fn sum(&self, beta: T, terms: usize) -> [T; 3] {
        let square = beta * beta;
        let mut sum = self.moments[terms - 1];
        for k in 1..terms {
            let m = &self.moments[terms - 1 - k];
            sum = [
                sum[0] * square + m[0],
                sum[1] * square + m[1],
                sum[2] * square + m[2],
                sum[3] * square + m[3],
            ];
        }
        [sum[0], beta * sum[1], sum[2]]
    }
}

/// m × a coordinate of the target as an unevaluated sum hi + lo.
///
/// Late in time m l − x is compared with a σ_t far below the rounding of m l, and even m
/// itself loses digits: 1 − m may be 10⁻¹⁰ and decide between two boxes. So for m > ½ the sum
/// is l − (1 − m) l, from which x is subtracted term by term.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaled<T> {
    hi: T,
    lo: T,
    /// The same in double precision.
    pub wide: [f64; 2],
}

impl<T: Real> Scaled<T> {
    fn new(coordinate: f64, alpha: f64, gap: f64) -> Self {
        let wide = if alpha > 0.5 {
            [coordinate, -gap * coordinate]
        } else {
            [alpha * coordinate, 0.0]
        };
        let hi = T::from_f64(wide[0]);
        Scaled {
            hi,
            lo: T::from_f64((wide[0] - hi.to_f64()) + wide[1]),
            wide,
        }
    }

    /// (m l − x)/s.
    #[inline(always)]
    pub fn standardised(&self, x: T, inv_sigma: T) -> T {
        ((self.hi - x) + self.lo) * inv_sigma
    }
}

/// A slab at this time.
#[derive(Clone, Debug)]
pub(super) struct SlabAt<T> {
    pub lo_edge: usize,
    pub hi_edge: usize,
    pub centre: T,
    pub half: T,
    /// m × centre.
    pub scaled_centre: Scaled<T>,
    /// m (u − l)/s.
    pub width: T,
    /// (u − l)/s.
    pub rate: T,
    /// Which power series to use, for a narrow slab.
    pub series: Option<usize>,
}

/// One axis at this time.
#[derive(Clone, Debug)]
pub(super) struct AxisAt<T> {
    pub edges: Vec<Scaled<T>>,
    pub slabs: Vec<SlabAt<T>>,
    /// Whether some slab needs the values at its edges.
    pub wide: bool,
}

impl<T: Real> AxisAt<T> {
    /// `scale` is [m, 1 − m, s]; new widths are added to `series`.
    pub fn new(axis: &Axis, scale: [f64; 3], series: &mut Vec<Series<T>>) -> Self {
        let [m, gap, s] = scale;
        let slabs: Vec<SlabAt<T>> = axis
            .slabs
            .iter()
            .map(|slab| {
                let (centre, side) = (0.5 * (slab.lo + slab.hi), slab.hi - slab.lo);
                let width = m * side / s;
                let narrow = width < T::SERIES_WIDTH.to_f64();
                SlabAt {
                    lo_edge: slab.lo_edge,
                    hi_edge: slab.hi_edge,
                    centre: T::from_f64(centre),
                    half: T::from_f64(0.5 * side),
                    scaled_centre: Scaled::new(centre, m, gap),
                    width: T::from_f64(width),
                    rate: T::from_f64(side / s),
                    series: narrow.then(|| series_of(width, series)),
                }
            })
            .collect();
        AxisAt {
            edges: axis.edges.iter().map(|&e| Scaled::new(e, m, gap)).collect(),
            wide: slabs.iter().any(|s| s.series.is_none()),
            slabs,
        }
    }
}

/// Index of the series for a width, made if there is none yet.
fn series_of<T: Real>(width: f64, series: &mut Vec<Series<T>>) -> usize {
    // Equal sides differ by rounding: the width enters as its square over eight, so a relative
    // difference of 1e-13 changes nothing.
    let same = |w: f64| (w - width).abs() <= 1e-13 * width;
    series
        .iter()
        .position(|s| same(s.width))
        .unwrap_or_else(|| {
            series.push(Series::new(width));
            series.len() - 1
        })
}
