//! Convolutions and transposed convolutions as matrix products.
//!
//! Both connect a large picture with a small one: the small one is `columns · matrix`, where a
//! row of `columns` holds the points of the large picture under one position of the kernel. A
//! convolution goes from large to small, a transposed one from small to large, and the gradients
//! of one are the passes of the other.
#![allow(clippy::needless_range_loop)] // see `kernel::simd` for why loops run over indices

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::buffer::Buffer;
use super::columns::{Map, ROWS, kernel, matrix, to_large, to_small, weight_gradient};
use super::tensor::{Host, Operation, dims, host, numbers};
use crate::kernel::Activation;
use crate::kernel::simd::{Act, with_activation};

/// Kind of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Points between two positions of the kernel.
    pub stride: usize,
    /// Zeros on each side of the large picture.
    pub padding: usize,
    /// From small to large.
    pub transposed: bool,
    /// What follows the bias.
    pub act: Option<Activation>,
}

/// `act(x * w + b)` on `[batch, height, width, channels]`.
#[derive(Clone, Debug)]
pub struct Conv(pub Geometry);

impl Conv {
    fn map(&self, x: &Host, w: &Host) -> (usize, Map) {
        let [batch, height, width, _] = dims::<4>(x);
        let [small, large, kernel, _] = dims::<4>(w);
        let Geometry {
            stride, padding, ..
        } = self.0;
        let (large, small) = if self.0.transposed {
            let longer = |n: usize| (n - 1) * stride + kernel - 2 * padding;
            (
                [longer(height), longer(width), large],
                [height, width, small],
            )
        } else {
            let shorter = |n: usize| (n + 2 * padding - kernel) / stride + 1;
            (
                [height, width, large],
                [shorter(height), shorter(width), small],
            )
        };
        let map = Map {
            large,
            small,
            kernel,
            stride,
            padding,
        };
        (batch, map)
    }
}

/// Replaces `z` by `f(z + bias)` and writes the slopes; channels are neighbours.
struct BiasActivate<'a, A> {
    z: &'a mut [f32],
    bias: &'a [f32],
    slopes: &'a mut [f32],
    act: PhantomData<A>,
}

impl<A: Act> WithSimd for BiasActivate<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let n = self.bias.len();
        for row in 0..self.z.len() / n {
            let z = &mut self.z[row * n..][..n];
            for i in 0..n {
                z[i] += self.bias[i];
            }
        }
        let (vectors, rest) = S::as_mut_simd_f32s(self.z);
        let (slopes, rest_slopes) = S::as_mut_simd_f32s(self.slopes);
        for v in 0..vectors.len() {
            ([vectors[v]], [slopes[v]]) = A::values_and_slopes(simd, [vectors[v]]);
        }
        for i in 0..rest.len() {
            let (value, slope) = A::values_and_slopes(simd, [simd.splat_f32s(rest[i])]);
            rest[i] = simd.reduce_max_f32s(value[0]);
            rest_slopes[i] = simd.reduce_max_f32s(slope[0]);
        }
    }
}

impl Operation<3> for Conv {
    /// The activation's slopes, in the shape of the result.
    type Saved = Option<Buffer>;

    fn forward(&self, [x, w, b]: &[Host; 3]) -> (Host, Self::Saved) {
        let (batch, map) = self.map(x, w);
        let matrix = matrix(numbers(w), &map);
        let bias = numbers(b);
        let act = self.0.act;
        let [height, width, channels] = if self.0.transposed {
            map.large
        } else {
            map.small
        };
        let mut out = vec![0.0; batch * height * width * channels];
        let mut slopes = act.map(|_| Buffer::new(out.len()));
        if self.0.transposed {
            let block = ROWS.div_ceil(map.rows()) * height * width * channels;
            // Each block of pictures has its own slopes, which only its thread may write.
            let parts: Vec<_> = match &mut slopes {
                Some(slopes) => slopes
                    .chunks_mut(block)
                    .map(std::sync::Mutex::new)
                    .collect(),
                None => Vec::new(),
            };
            to_large(&map, numbers(x), &matrix, &mut out, |block, z| match act {
                None => {
                    for row in z.chunks_exact_mut(channels) {
                        for i in 0..channels {
                            row[i] += bias[i];
                        }
                    }
                }
                Some(act) => {
                    let mut slopes = parts[block].lock().expect("no thread panics here");
                    with_activation!(act, A => Arch::new().dispatch(BiasActivate::<A> {
                        z,
                        bias,
                        slopes: &mut slopes,
                        act: PhantomData,
                    }));
                }
            });
        } else {
            let slopes: &mut [f32] = slopes.as_deref_mut().unwrap_or_default();
            to_small(&map, numbers(x), &matrix, bias, act, &mut out, slopes);
        }
        (host(out, &[batch, height, width, channels]), slopes)
    }

    fn backward(
        &self,
        [x, w, b]: &[Host; 3],
        slopes: Self::Saved,
        grad: Host,
        wanted: [bool; 3],
    ) -> [Option<Host>; 3] {
        let (batch, map) = self.map(x, w);
        let matrix = matrix(numbers(w), &map);
        let channels = dims::<1>(b)[0];
        let d = times(numbers(&grad), slopes.as_deref());
        let x_dims = dims::<4>(x);
        let dx = wanted[0].then(|| {
            let mut dx = vec![0.0; x_dims.iter().product()];
            if self.0.transposed {
                let zeros = vec![0.0; map.small[2]];
                to_small(&map, &d, &matrix, &zeros, None, &mut dx, &mut []);
            } else {
                to_large(&map, &d, &matrix, &mut dx, |_, _| {});
            }
            host(dx, &x_dims)
        });
        let (large, small) = if self.0.transposed {
            (&d[..], numbers(x))
        } else {
            (numbers(x), &d[..])
        };
        let dw = kernel(&weight_gradient(&map, batch, large, small), &map);
        let mut db = vec![0.0; channels];
        for row in d.chunks_exact(channels) {
            for i in 0..channels {
                db[i] += row[i];
            }
        }
        [
            dx,
            Some(host(dw, &dims::<4>(w))),
            Some(host(db, &[channels])),
        ]
    }
}

/// `grad · slopes`.
fn times(grad: &[f32], slopes: Option<&[f32]>) -> Buffer {
    let mut d = Buffer::new(grad.len());
    match slopes {
        None => d.copy_from_slice(grad),
        Some(slopes) => d
            .par_chunks_mut(1 << 14)
            .zip(grad.par_chunks(1 << 14))
            .zip(slopes.par_chunks(1 << 14))
            .for_each(|((d, grad), slopes)| {
                for i in 0..d.len() {
                    d[i] = grad[i] * slopes[i];
                }
            }),
    }
    d
}
