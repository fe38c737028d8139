//! Norm over a whole picture with scale, shift and ReLU, as the U-Nets need it.
#![allow(clippy::needless_range_loop)] // see `kernel::simd` for why loops run over indices

use pulp::Arch;
use rayon::prelude::*;

use super::GROUP_EPSILON;
use super::buffer::Buffer;
use super::tensor::{Host, Operation, dims, host, numbers};

/// `max(0, normalised(x) · scale + shift)`; x `[batch, h, w, c]` with one mean and variance for
/// each picture, scale `[c]`, shift `[batch, c]`.
#[derive(Clone, Debug)]
pub struct GroupNorm;

impl Operation<3> for GroupNorm {
    /// Mean and `1 / √(variance + ε)` of each picture.
    type Saved = Buffer;

    fn forward(&self, [x, scale, shift]: &[Host; 3]) -> (Host, Buffer) {
        let [batch, height, width, c] = dims::<4>(x);
        let area = height * width * c;
        let mut out = vec![0.0; batch * area];
        let mut statistics = Buffer::new(batch * 2);
        let scale = numbers(scale);
        out.par_chunks_mut(area)
            .zip(statistics.par_chunks_mut(2))
            .zip(numbers(x).par_chunks(area))
            .zip(numbers(shift).par_chunks(c))
            .for_each(|(((out, statistics), x), shift)| {
                Arch::new().dispatch(
                    #[inline(always)]
                    || forward_picture(x, scale, shift, out, statistics),
                );
            });
        (host(out, &[batch, height, width, c]), statistics)
    }

    fn backward(
        &self,
        [x, scale, shift]: &[Host; 3],
        statistics: Buffer,
        grad: Host,
        _: [bool; 3],
    ) -> [Option<Host>; 3] {
        let [batch, height, width, c] = dims::<4>(x);
        let area = height * width * c;
        let mut dx = vec![0.0; batch * area];
        let (mut d_scales, mut d_shift) = (vec![0.0; batch * c], vec![0.0; batch * c]);
        let factor = numbers(scale);
        dx.par_chunks_mut(area)
            .zip(d_scales.par_chunks_mut(c))
            .zip(d_shift.par_chunks_mut(c))
            .zip(numbers(&grad).par_chunks(area))
            .zip(numbers(x).par_chunks(area))
            .zip(statistics.par_chunks(2))
            .zip(numbers(shift).par_chunks(c))
            .for_each(
                |((((((dx, d_scale), d_shift), g), x), statistics), shift)| {
                    Arch::new().dispatch(
                        #[inline(always)]
                        || {
                            let affine = (factor, shift);
                            backward_picture(x, g, affine, statistics, dx, (d_scale, d_shift));
                        },
                    );
                },
            );
        let mut d_scale = vec![0.0; c];
        for row in d_scales.chunks_exact(c) {
            for i in 0..c {
                d_scale[i] += row[i];
            }
        }
        [
            Some(host(dx, &[batch, height, width, c])),
            Some(host(d_scale, &[c])),
            Some(host(d_shift, &[batch, c])),
        ]
    }
}

/// Partial sums, so that a vector of them fits each instruction set.
const LANES: usize = 16;

/// `Σ f(x)` over a picture, in a fixed order; f64 between the parts.
#[inline(always)]
fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    let mut total = 0.0_f64;
    for part in x.chunks(256 * LANES) {
        let mut lanes = [0.0_f32; LANES];
        let whole = part.len() / LANES * LANES;
        let mut i = 0;
        while i < whole {
            for lane in 0..LANES {
                lanes[lane] += f(part[i + lane]);
            }
            i += LANES;
        }
        for &x in &part[whole..] {
            lanes[0] += f(x);
        }
        total += lanes.iter().map(|&x| f64::from(x)).sum::<f64>();
    }
    total
}

#[inline(always)]
fn forward_picture(
    x: &[f32],
    scale: &[f32],
    shift: &[f32],
    out: &mut [f32],
    statistics: &mut [f32],
) {
    let (c, n) = (scale.len(), x.len() as f64);
    let mean = (sum(x, |x| x) / n) as f32;
    let variance = (sum(x, |x| (x - mean) * (x - mean)) / n) as f32;
    let inverse = 1.0 / (variance + GROUP_EPSILON).sqrt();
    for row in 0..x.len() / c {
        let (x, out) = (&x[row * c..][..c], &mut out[row * c..][..c]);
        for i in 0..c {
            out[i] = ((x[i] - mean) * inverse * scale[i] + shift[i]).max(0.0);
        }
    }
    statistics[0] = mean;
    statistics[1] = inverse;
}

/// With y = (x − mean) · inverse and e = grad · scale where the ReLU is open:
/// `dx = inverse · (e − mean(e) − y mean(e y))`.
#[inline(always)]
fn backward_picture(
    x: &[f32],
    grad: &[f32],
    (scale, shift): (&[f32], &[f32]),
    statistics: &[f32],
    dx: &mut [f32],
    (d_scale, d_shift): (&mut [f32], &mut [f32]),
) {
    let (c, n) = (scale.len(), x.len() as f64);
    let (mean, inverse) = (statistics[0], statistics[1]);
    let (d_scale, d_shift) = (&mut d_scale[..c], &mut d_shift[..c]);
    let (mut level, mut slope) = (0.0_f64, 0.0_f64);
    for row in 0..x.len() / c {
        let (x, g) = (&x[row * c..][..c], &grad[row * c..][..c]);
        let dx = &mut dx[row * c..][..c];
        let (mut part, mut part_slope) = (0.0_f32, 0.0_f32);
        for i in 0..c {
            let y = (x[i] - mean) * inverse;
            let open = if y * scale[i] + shift[i] > 0.0 {
                g[i]
            } else {
                0.0
            };
            d_shift[i] += open;
            d_scale[i] += open * y;
            dx[i] = open * scale[i];
            part += dx[i];
            part_slope += dx[i] * y;
        }
        level += f64::from(part);
        slope += f64::from(part_slope);
    }
    let (level, slope) = ((level / n) as f32, (slope / n) as f32);
    for i in 0..x.len() {
        dx[i] = inverse * (dx[i] - level - (x[i] - mean) * inverse * slope);
    }
}
