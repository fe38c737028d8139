//! Layer norm with scale and shift per picture, and the gated sum at a block's end.
#![allow(clippy::needless_range_loop)] // see `kernel::simd` for why loops run over indices

use pulp::Arch;
use rayon::prelude::*;

use super::NORM_EPSILON;
use super::buffer::Buffer;
use super::tensor::{Host, Operation, dims, host, numbers};

/// Partial sums of a row, so that a vector of them fits each instruction set.
const LANES: usize = 16;

/// `Σ f(i)` for i below `n`, in a fixed order.
#[inline(always)]
fn sum(n: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut partial = [0.0_f32; LANES];
    let whole = n / LANES * LANES;
    let mut i = 0;
    while i < whole {
        for lane in 0..LANES {
            partial[lane] += f(i + lane);
        }
        i += LANES;
    }
    let mut total = 0.0;
    for lane in 0..LANES {
        total += partial[lane];
    }
    for i in whole..n {
        total += f(i);
    }
    total
}

/// `normalised(x) · (1 + scale) + shift`; x `[batch, n, d]`, modulation `[batch, parts d]` with
/// the shift as part `at` and the scale as the next.
#[derive(Clone, Debug)]
pub struct Norm {
    /// Which part is the shift.
    pub at: usize,
}

impl Operation<2> for Norm {
    /// Mean and `1 / √(variance + ε)` of each row.
    type Saved = Buffer;

    fn forward(&self, [x, modulation]: &[Host; 2]) -> (Host, Buffer) {
        let [batch, n, d] = dims::<3>(x);
        let parts = dims::<2>(modulation)[1];
        let mut out = vec![0.0; batch * n * d];
        let mut statistics = Buffer::new(batch * n * 2);
        out.par_chunks_mut(n * d)
            .zip(statistics.par_chunks_mut(n * 2))
            .zip(numbers(x).par_chunks(n * d))
            .zip(numbers(modulation).par_chunks(parts))
            .for_each(|(((out, statistics), x), m)| {
                let shift = &m[self.at * d..][..d];
                let scale = &m[(self.at + 1) * d..][..d];
                Arch::new().dispatch(
                    #[inline(always)]
                    || forward_picture(x, shift, scale, out, statistics),
                );
            });
        (host(out, &[batch, n, d]), statistics)
    }

    fn backward(
        &self,
        [x, modulation]: &[Host; 2],
        statistics: Buffer,
        grad: Host,
        _: [bool; 2],
    ) -> [Option<Host>; 2] {
        let [batch, n, d] = dims::<3>(x);
        let parts = dims::<2>(modulation)[1];
        let (mut dx, mut dm) = (vec![0.0; batch * n * d], vec![0.0; batch * parts]);
        dx.par_chunks_mut(n * d)
            .zip(dm.par_chunks_mut(parts))
            .zip(numbers(&grad).par_chunks(n * d))
            .zip(numbers(x).par_chunks(n * d))
            .zip(statistics.par_chunks(n * 2))
            .zip(numbers(modulation).par_chunks(parts))
            .for_each(|(((((dx, dm), g), x), statistics), m)| {
                let scale = &m[(self.at + 1) * d..][..d];
                let (shift, rest) = dm[self.at * d..].split_at_mut(d);
                let dm = (shift, &mut rest[..d]);
                Arch::new().dispatch(
                    #[inline(always)]
                    || backward_picture(x, g, scale, statistics, dx, dm),
                );
            });
        [
            Some(host(dx, &[batch, n, d])),
            Some(host(dm, &[batch, parts])),
        ]
    }
}

#[inline(always)]
fn forward_picture(
    x: &[f32],
    shift: &[f32],
    scale: &[f32],
    out: &mut [f32],
    statistics: &mut [f32],
) {
    let d = shift.len();
    let scale = &scale[..d];
    for row in 0..x.len() / d {
        let (x, out) = (&x[row * d..][..d], &mut out[row * d..][..d]);
        let mean = sum(d, |i| x[i]) / d as f32;
        let variance = sum(d, |i| (x[i] - mean) * (x[i] - mean)) / d as f32;
        let inverse = 1.0 / (variance + NORM_EPSILON).sqrt();
        for i in 0..d {
            out[i] = (x[i] - mean) * inverse * (1.0 + scale[i]) + shift[i];
        }
        statistics[2 * row] = mean;
        statistics[2 * row + 1] = inverse;
    }
}

/// With y = (x - mean) · inverse and e = grad · (1 + scale):
/// `dx = inverse · (e - mean(e) - y mean(e y))`.
#[inline(always)]
fn backward_picture(
    x: &[f32],
    grad: &[f32],
    scale: &[f32],
    statistics: &[f32],
    dx: &mut [f32],
    (d_shift, d_scale): (&mut [f32], &mut [f32]),
) {
    let d = scale.len();
    let (d_shift, d_scale) = (&mut d_shift[..d], &mut d_scale[..d]);
    for row in 0..x.len() / d {
        let (x, g) = (&x[row * d..][..d], &grad[row * d..][..d]);
        let dx = &mut dx[row * d..][..d];
        let (mean, inverse) = (statistics[2 * row], statistics[2 * row + 1]);
        for i in 0..d {
            d_shift[i] += g[i];
            d_scale[i] += g[i] * ((x[i] - mean) * inverse);
            dx[i] = g[i] * (1.0 + scale[i]);
        }
        let level = sum(d, |i| dx[i]) / d as f32;
        let slope = sum(d, |i| dx[i] * (x[i] - mean)) * inverse / d as f32;
        for i in 0..d {
            dx[i] = inverse * (dx[i] - level - (x[i] - mean) * inverse * slope);
        }
    }
}

/// `x + gate · y`; x, y `[batch, n, d]`, modulation `[batch, parts d]` with the gate as part `at`.
#[derive(Clone, Debug)]
pub struct GatedAdd {
    /// Which part is the gate.
    pub at: usize,
}

impl Operation<3> for GatedAdd {
    type Saved = ();

    fn forward(&self, [x, y, modulation]: &[Host; 3]) -> (Host, ()) {
        let [batch, n, d] = dims::<3>(x);
        let parts = dims::<2>(modulation)[1];
        let mut out = numbers(x).to_vec();
        out.par_chunks_mut(n * d)
            .zip(numbers(y).par_chunks(n * d))
            .zip(numbers(modulation).par_chunks(parts))
            .for_each(|((out, y), m)| {
                let gate = &m[self.at * d..][..d];
                for (out, y) in out.chunks_exact_mut(d).zip(y.chunks_exact(d)) {
                    for i in 0..d {
                        out[i] += gate[i] * y[i];
                    }
                }
            });
        (host(out, &[batch, n, d]), ())
    }

    fn backward(
        &self,
        [x, y, modulation]: &[Host; 3],
        (): (),
        grad: Host,
        _: [bool; 3],
    ) -> [Option<Host>; 3] {
        let [batch, n, d] = dims::<3>(x);
        let parts = dims::<2>(modulation)[1];
        let (mut dy, mut dm) = (vec![0.0; batch * n * d], vec![0.0; batch * parts]);
        dy.par_chunks_mut(n * d)
            .zip(dm.par_chunks_mut(parts))
            .zip(numbers(&grad).par_chunks(n * d))
            .zip(numbers(y).par_chunks(n * d))
            .zip(numbers(modulation).par_chunks(parts))
            .for_each(|((((dy, dm), g), y), m)| {
                let gate = &m[self.at * d..][..d];
                let dm = &mut dm[self.at * d..][..d];
                for row in 0..n {
                    let (y, g) = (&y[row * d..][..d], &g[row * d..][..d]);
                    let dy = &mut dy[row * d..][..d];
                    for i in 0..d {
                        dy[i] = gate[i] * g[i];
                        dm[i] += g[i] * y[i];
                    }
                }
            });
        [
            Some(grad),
            Some(host(dy, &[batch, n, d])),
            Some(host(dm, &[batch, parts])),
        ]
    }
}
