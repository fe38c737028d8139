//! Activations and their derivatives on vectors of any width.
//!
//! Everything in a kernel has to be inlined into the function that `pulp` compiles for the
//! instruction set, or it is compiled for the oldest processor, at a hundredth of the speed. So
//! the kernels are plain loops over indices, without closures or iterator chains, and they leave
//! the provided methods of `pulp::Simd` (`abs`, `neg`, `and` on floats, …) aside.

#![allow(clippy::needless_range_loop)] // loops run over indices, as said above

use pulp::{Simd, cast};

/// An activation with its derivative, on `N` vectors at once: that many independent chains of
/// operations hide the latency of each one.
///
/// Every activation maps 0 to 0, so that padded columns of a layer stay 0.
pub trait Act: Copy + Send + Sync + 'static {
    /// `f(x)`.
    fn values<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> [S::f32s; N];

    /// `f(x)` and `f'(x)`; the values agree with [`Act::values`] to 1e-6.
    fn values_and_slopes<S: Simd, const N: usize>(
        simd: S,
        x: [S::f32s; N],
    ) -> ([S::f32s; N], [S::f32s; N]);
}

/// `x Φ(x)`.
#[derive(Clone, Copy)]
pub struct Gelu;
/// `max(x, 0)`, with slope 0 at 0 as in PyTorch.
#[derive(Clone, Copy)]
pub struct Relu;
/// `x / (1 + e^-x)`.
#[derive(Clone, Copy)]
pub struct Silu;
/// `tanh x`.
#[derive(Clone, Copy)]
pub struct Tanh;

/// Runs `$body` with `$act` as the type of the activation `$activation`.
macro_rules! with_activation {
    ($activation:expr, $act:ident => $body:expr) => {
        match $activation {
            $crate::kernel::weights::Activation::Gelu => {
                type $act = $crate::kernel::simd::Gelu;
                $body
            }
            $crate::kernel::weights::Activation::Relu => {
                type $act = $crate::kernel::simd::Relu;
                $body
            }
            $crate::kernel::weights::Activation::Silu => {
                type $act = $crate::kernel::simd::Silu;
                $body
            }
            $crate::kernel::weights::Activation::Tanh => {
                type $act = $crate::kernel::simd::Tanh;
                $body
            }
        }
    };
}
pub(crate) use with_activation;

/// `|x|`.
#[inline(always)]
fn abs<S: Simd, const N: usize>(simd: S, mut x: [S::f32s; N]) -> [S::f32s; N] {
    let mask = simd.splat_u32s(u32::MAX >> 1);
    for x in &mut x {
        *x = cast(simd.and_u32s(cast(*x), mask));
    }
    x
}

/// `Σ c_i z^i`, lowest power first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize, const C: usize>(
    simd: S,
    z: [S::f32s; N],
    c: [f32; C],
) -> [S::f32s; N] {
    let mut sum = [simd.splat_f32s(c[C - 1]); N];
    for i in 1..C {
        let c = simd.splat_f32s(c[C - 1 - i]);
        for n in 0..N {
            sum[n] = simd.mul_add_e_f32s(sum[n], z[n], c);
        }
    }
    sum
}

// GELU(x) = max(x, 0) - a Φ(-a) with a = min(|x|, END): the second term is small everywhere and
// vanishes far out, while x times a rounded Φ would not. Φ(-a) = P(-a) / Q(-a), fitted by
// reweighted least squares until the error of a Φ(-a) was level at 5.6e-8; with the roundings of
// f32 it stays below 1.2e-7.
const GELU_END: f32 = 5.6;
const GELU_P: [f32; 6] = [
    0.5,
    4.719_649_6e-1,
    1.794_519_7e-1,
    3.433_474e-2,
    3.303_672_4e-3,
    1.278_073e-4,
];
const GELU_Q: [f32; 9] = [
    1.0,
    1.460_844_5e-1,
    2.428_204_2e-1,
    1.014_080_1e-2,
    2.344_161e-2,
    1.824_447_1e-3,
    3.878_925e-3,
    9.733_946_4e-4,
    2.741_629_6e-4,
];

// The same with its derivative, z = x² and |x| <= PAIR_END, fitted together:
//   Φ(x)  = 1/2 + x VALUE(z) / Q(z)   with |x| · error <= 2.1e-8
//   GELU' = 1/2 + x SLOPE(z) / Q(z)   with error <= 4.3e-7
const PAIR_END: f32 = 5.45;
const PAIR_VALUE: [f32; 6] = [
    3.989_42e-1,
    3.513_001_7e-2,
    4.760_862e-3,
    1.827_319_7e-4,
    6.529_829_4e-6,
    2.222_562e-8,
];
const PAIR_SLOPE: [f32; 8] = [
    7.978_841e-1,
    -6.272_474e-2,
    1.554_919_9e-2,
    -5.084_172e-4,
    3.420_774_4e-5,
    -6.669_983_2e-7,
    9.820_353e-9,
    -6.135_298_7e-11,
];
const PAIR_Q: [f32; 6] = [
    1.0,
    2.547_215e-1,
    2.939_164_3e-2,
    1.961_727e-3,
    7.856_938e-5,
    1.195_611_6e-6,
];

impl Act for Gelu {
    #[inline(always)]
    fn values<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> [S::f32s; N] {
        let (sign, end) = (simd.splat_u32s(1 << 31), simd.splat_f32s(-GELU_END));
        let mut minus = x;
        for n in 0..N {
            minus[n] = simd.max_f32s(end, cast(simd.or_u32s(cast(x[n]), sign)));
        }
        let q = polynomial(simd, minus, GELU_Q);
        let mut value = polynomial(simd, minus, GELU_P);
        for n in 0..N {
            let below = simd.div_f32s(value[n], q[n]);
            value[n] = simd.mul_add_e_f32s(minus[n], below, relu(simd, x[n]));
        }
        value
    }

    /// Value and slope share one denominator, at the cost of a value that is off by up to 9e-7
    /// far out on the negative side, where it nearly vanishes.
    #[inline(always)]
    fn values_and_slopes<S: Simd, const N: usize>(
        simd: S,
        x: [S::f32s; N],
    ) -> ([S::f32s; N], [S::f32s; N]) {
        let (sign, half) = (simd.splat_u32s(1 << 31), simd.splat_f32s(0.5));
        let (low, high) = (simd.splat_f32s(-PAIR_END), simd.splat_f32s(PAIR_END));
        let (mut clamped, mut z) = (x, x);
        for n in 0..N {
            clamped[n] = simd.max_f32s(low, simd.min_f32s(high, x[n]));
            z[n] = simd.mul_f32s(clamped[n], clamped[n]);
        }
        let mut q = polynomial(simd, z, PAIR_Q);
        for n in 0..N {
            q[n] = simd.div_f32s(clamped[n], q[n]);
        }
        let mut slope = polynomial(simd, z, PAIR_SLOPE);
        for n in 0..N {
            slope[n] = simd.mul_add_e_f32s(q[n], slope[n], half);
        }
        let mut value = polynomial(simd, z, PAIR_VALUE);
        for n in 0..N {
            // -a Φ(-a) as above, with -a and -a / Q.
            let minus: S::f32s = cast(simd.or_u32s(cast(clamped[n]), sign));
            let minus_ratio: S::f32s = cast(simd.or_u32s(cast(q[n]), sign));
            let below = simd.mul_add_e_f32s(minus_ratio, value[n], half);
            value[n] = simd.mul_add_e_f32s(minus, below, relu(simd, x[n]));
        }
        (value, slope)
    }
}

/// `max(x, 0)`; the order of the operands keeps a NaN on x86.
#[inline(always)]
fn relu<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    simd.max_f32s(simd.splat_f32s(0.0), x)
}

impl Act for Relu {
    #[inline(always)]
    fn values<S: Simd, const N: usize>(simd: S, mut x: [S::f32s; N]) -> [S::f32s; N] {
        for x in &mut x {
            *x = relu(simd, *x);
        }
        x
    }

    #[inline(always)]
    fn values_and_slopes<S: Simd, const N: usize>(
        simd: S,
        x: [S::f32s; N],
    ) -> ([S::f32s; N], [S::f32s; N]) {
        let zero = simd.splat_f32s(0.0);
        let mut slope = x;
        for n in 0..N {
            let positive = simd.greater_than_f32s(x[n], zero);
            slope[n] = simd.select_f32s(positive, simd.splat_f32s(1.0), zero);
        }
        (Self::values(simd, x), slope)
    }
}

/// `e^-a` for `a >= 0`, relative error about 1e-7; constant from 87 on.
#[inline(always)]
pub fn exp_minus<S: Simd, const N: usize>(simd: S, a: [S::f32s; N]) -> [S::f32s; N] {
    // Adding 1.5 · 2^23 rounds to an integer n and leaves n in the low bits.
    const MAGIC: f32 = 12_582_912.0;
    // ln 2 in two parts: the first has few bits, so that n times it is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let magic = simd.splat_f32s(MAGIC);
    let (mut shifted, mut r) = (a, a);
    for i in 0..N {
        let x = simd.min_f32s(simd.splat_f32s(87.0), a[i]);
        let scale = simd.splat_f32s(-std::f32::consts::LOG2_E);
        shifted[i] = simd.mul_add_e_f32s(x, scale, magic);
        let n = simd.sub_f32s(shifted[i], magic);
        // r = -x - n ln 2, from its negative to save a change of sign.
        let minus_r = simd.mul_add_e_f32s(n, simd.splat_f32s(LN2_HIGH), x);
        r[i] = simd.mul_add_e_f32s(n, simd.splat_f32s(LN2_LOW), minus_r);
    }
    // Taylor's series of e^r to r^6, |r| <= ln 2 / 2, in powers of -r.
    const SERIES: [f32; 7] = [
        1.0,
        -1.0,
        0.5,
        -1.0 / 6.0,
        1.0 / 24.0,
        -1.0 / 120.0,
        1.0 / 720.0,
    ];
    let mut e = polynomial(simd, r, SERIES);
    for i in 0..N {
        let exponent = simd.wrapping_dyn_shl_u32s(cast(shifted[i]), simd.splat_u32s(23));
        e[i] = cast(simd.add_u32s(cast(e[i]), exponent));
    }
    e
}

impl Act for Silu {
    #[inline(always)]
    fn values<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> [S::f32s; N] {
        Self::values_and_slopes(simd, x).0
    }

    #[inline(always)]
    fn values_and_slopes<S: Simd, const N: usize>(
        simd: S,
        x: [S::f32s; N],
    ) -> ([S::f32s; N], [S::f32s; N]) {
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        // With a = |x| and q = e^-a / (1 + e^-a), the logistic function is q or 1 - q.
        let a = abs(simd, x);
        let e = exp_minus(simd, a);
        let (mut value, mut slope) = (x, x);
        for n in 0..N {
            let q = simd.div_f32s(e[n], simd.add_f32s(one, e[n]));
            value[n] = simd.sub_f32s(relu(simd, x[n]), simd.mul_f32s(a[n], q));
            // f' = s + x s (1 - s), and s (1 - s) = p q on both sides.
            let p = simd.sub_f32s(one, q);
            let s = simd.select_f32s(simd.less_than_f32s(x[n], zero), q, p);
            slope[n] = simd.mul_add_e_f32s(simd.mul_f32s(x[n], p), q, s);
        }
        (value, slope)
    }
}

impl Act for Tanh {
    #[inline(always)]
    fn values<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> [S::f32s; N] {
        Self::values_and_slopes(simd, x).0
    }

    #[inline(always)]
    fn values_and_slopes<S: Simd, const N: usize>(
        simd: S,
        x: [S::f32s; N],
    ) -> ([S::f32s; N], [S::f32s; N]) {
        let (sign, one) = (simd.splat_u32s(1 << 31), simd.splat_f32s(1.0));
        let mut twice = abs(simd, x);
        for a in &mut twice {
            *a = simd.add_f32s(*a, *a);
        }
        let e = exp_minus(simd, twice);
        let (mut value, mut slope) = (x, x);
        for n in 0..N {
            let ratio = simd.div_f32s(simd.sub_f32s(one, e[n]), simd.add_f32s(one, e[n]));
            let sign = simd.and_u32s(cast(x[n]), sign);
            value[n] = cast(simd.or_u32s(cast(ratio), sign));
            slope[n] = simd.sub_f32s(one, simd.mul_f32s(value[n], value[n]));
        }
        (value, slope)
    }
}

/// Number of lanes of the running instruction set.
pub struct Lanes;

impl pulp::WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}
