//! Φ, its tails and Mills' ratio, in both precisions, with small *relative* errors.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::real::Real;

/// 1/√(2π).
pub const INV_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// Standard normal density φ(z) = exp(−z²/2)/√(2π).
pub fn normal_pdf(z: f64) -> f64 {
    INV_SQRT_2PI * (-0.5 * z * z).exp()
}

/// Standard normal distribution function Φ(z), accurate in the lower tail too.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// Scaled complementary error function erfcx(x) = exp(x²) erfc(x) for x ≥ 0.
pub fn erfcx(x: f64) -> f64 {
    mills_f64(x / FRAC_1_SQRT_2) * (2.0 / PI).sqrt()
}

/// ln(Φ(b) − Φ(a)) for a < b, finite even where both tails underflow.
pub fn log_normal_interval(a: f64, b: f64) -> f64 {
    // Mirrored, so that the end nearer to zero is the lower one.
    let (a, b) = if a + b < 0.0 { (-b, -a) } else { (a, b) };
    if a <= 0.0 {
        return (1.0 - normal_cdf(a) - normal_cdf(-b)).ln();
    }
    let q = (-0.5 * (b - a) * (b + a)).exp();
    -0.5 * a * a + (INV_SQRT_2PI * (mills_f64(a) - q * mills_f64(b))).ln()
}

/// (1 − Φ(z), φ(z)) for z ≥ 0.
pub(super) fn normal_tail_f64(z: f64) -> (f64, f64) {
    if z > f64::DENSITY_CUT {
        return (0.0, 0.0);
    }
    (0.5 * libm::erfc(z * FRAC_1_SQRT_2), normal_pdf(z))
}

/// Mills ratio (1 − Φ(z))/φ(z) for z ≥ 0.
pub(super) fn mills_f64(z: f64) -> f64 {
    let (start, levels) = f64::FRACTION;
    if z < start {
        // erfc loses no relative accuracy here and exp(z²/2) is below e^18.
        (0.5 * PI).sqrt() * libm::erfc(z * FRAC_1_SQRT_2) * (0.5 * z * z).exp()
    } else {
        1.0 / (z + mills_fraction(z, levels).0)
    }
}

/// The continued fraction D = 1/(z + F), F = 2/(z + 3/(z + 4/(z + …))) of the Mills ratio
/// R = 1/(z + D) (Laplace); returns (D, F).
pub(super) fn mills_fraction<T: Real>(z: T, levels: u32) -> (T, T) {
    let mut f = T::ZERO;
    for k in (2..levels + 2).rev() {
        f = T::from_f64(f64::from(k)) / (z + f);
    }
    (T::ONE / (z + f), f)
}

/// Coefficients of R(z) = u·P(u), u = 1/(1 + 0.35 z), by Chebyshev interpolation in u on
/// [0, 1]; relative error 1.9e-8 before rounding.
const MILLS_F32: [f32; 11] = [
    0.35,
    0.349_998_1,
    0.307_213_54,
    0.219_778_02,
    0.123_260_855,
    -0.079_039_39,
    0.193_689_99,
    -0.595_417,
    0.617_653_1,
    -0.285_008_83,
    0.051_185_793,
];

/// Mills ratio (1 − Φ(z))/φ(z) for z ≥ 0 in single precision.
#[inline(always)]
pub(super) fn mills_f32(z: f32) -> f32 {
    let u = 1.0 / (1.0 + 0.35 * z);
    let c = &MILLS_F32;
    // Even and odd powers apart: half the chain of dependent operations.
    let w = u * u;
    let even = ((((c[10] * w + c[8]) * w + c[6]) * w + c[4]) * w + c[2]) * w + c[0];
    let odd = (((c[9] * w + c[7]) * w + c[5]) * w + c[3]) * w + c[1];
    u * (even + u * odd)
}

/// (1 − Φ(z), φ(z)) for z ≥ 0 in single precision.
#[inline(always)]
pub(super) fn normal_tail_f32(z: f32) -> (f32, f32) {
    let density = INV_SQRT_2PI as f32 * exp_f32(-0.5 * z * z);
    (density * mills_f32(z), density)
}

/// e^x in single precision for x ≤ 88; zero below −87, so that no denormal number appears.
///
/// Written out, and without branches, so that loops over it become vector code: the standard
/// one is a call into the C library.
#[inline(always)]
pub(super) fn exp_f32(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5·2²³: adding it rounds to an integer, in the low bits
    const LN2_HI: f32 = 0.693_145_75;
    const LN2_LO: f32 = 1.428_606_8e-6;
    let y = if x < -87.0 { -87.0 } else { x };
    let shifted = y * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (y - n * LN2_HI) - n * LN2_LO;
    let p = 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    if x < -87.0 { 0.0 } else { p * scale }
}
