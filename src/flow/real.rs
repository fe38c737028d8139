//! The two floating-point types that the formulas are written for.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use super::special;

/// A real number, f32 or f64, with the special functions that the exact field needs.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Sum
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Width of a box in noise units, m (u − l) / s, below which differences of Φ lose digits
    /// and moments are summed as a power series instead.
    const SERIES_WIDTH: Self;
    /// Smallest density for which the plain (not logarithmic) sum over boxes is accurate.
    const MIN_MASS: Self;
    /// Distance from a box, in σ_t, beyond which it adds nothing to a sum above `MIN_MASS`.
    const NEAR: Self;
    /// |z| beyond which exp(−z²/2) is taken as zero.
    const DENSITY_CUT: Self;
    /// Relative error of one rounding, about.
    const PRECISION: f64;
    /// Boxes whose log weight is this far below the best one are left out.
    const NEGLIGIBLE: f64;
    /// z from which the continued fraction of the Mills ratio is used, and its number of levels.
    const FRACTION: (Self, u32);

    /// The nearest value of this type.
    fn from_f64(x: f64) -> Self;
    /// The same value in double precision.
    fn to_f64(self) -> f64;
    /// e^x.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// (1 − Φ(z), φ(z)) for z ≥ 0, both with a small relative error.
    fn normal_tail(self) -> (Self, Self);
    /// [`Real::normal_tail`] of |z| for each z.
    fn normal_tails(z: &[Self], tail: &mut [Self], density: &mut [Self]) {
        for ((&z, tail), density) in z.iter().zip(tail).zip(density) {
            (*tail, *density) = z.abs().normal_tail();
        }
    }
    /// Mills ratio (1 − Φ(z)) / φ(z) for z ≥ 0.
    fn mills(self) -> Self;

    /// The larger of the two; `other` where `self` is not a number.
    #[inline]
    fn max(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
    /// The smaller of the two; `other` where `self` is not a number.
    #[inline]
    fn min(self, other: Self) -> Self {
        if self < other { self } else { other }
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const SERIES_WIDTH: Self = 0.1;
    const MIN_MASS: Self = 1e-180;
    const NEAR: Self = 30.0;
    const DENSITY_CUT: Self = 38.0;
    const PRECISION: f64 = 1e-17;
    const NEGLIGIBLE: f64 = 45.0;
    const FRACTION: (Self, u32) = (6.0, 32);

    #[inline]
    fn from_f64(x: f64) -> Self {
        x
    }
    #[inline]
    fn to_f64(self) -> f64 {
        self
    }
    fn exp(self) -> Self {
        f64::exp(self)
    }
    #[inline]
    fn ln(self) -> Self {
        f64::ln(self)
    }
    #[inline]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    #[inline]
    fn abs(self) -> Self {
        f64::abs(self)
    }
    #[inline]
    fn is_finite(self) -> bool {
        f64::is_finite(self)
    }
    fn normal_tail(self) -> (Self, Self) {
        special::normal_tail_f64(self)
    }
    fn mills(self) -> Self {
        special::mills_f64(self)
    }
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const SERIES_WIDTH: Self = 0.5;
    const MIN_MASS: Self = 1e-18;
    const NEAR: Self = 10.0;
    const DENSITY_CUT: Self = 13.0;
    const PRECISION: f64 = 2e-8;
    const NEGLIGIBLE: f64 = 25.0;
    const FRACTION: (Self, u32) = (3.0, 24);

    #[inline]
    fn from_f64(x: f64) -> Self {
        x as f32
    }
    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline]
    fn exp(self) -> Self {
        special::exp_f32(self)
    }
    #[inline]
    fn ln(self) -> Self {
        f32::ln(self)
    }
    #[inline]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    #[inline]
    fn abs(self) -> Self {
        f32::abs(self)
    }
    #[inline]
    fn is_finite(self) -> bool {
        f32::is_finite(self)
    }
    #[inline]
    fn normal_tail(self) -> (Self, Self) {
        special::normal_tail_f32(self)
    }
    // Not generic, so that it is compiled here, once, as a vector loop.
    #[inline(never)]
    fn normal_tails(z: &[Self], tail: &mut [Self], density: &mut [Self]) {
        let n = z.len();
        let (tail, density) = (&mut tail[..n], &mut density[..n]);
        for i in 0..n {
            (tail[i], density[i]) = special::normal_tail_f32(z[i].abs());
        }
    }
    #[inline]
    fn mills(self) -> Self {
        special::mills_f32(self)
    }
}
