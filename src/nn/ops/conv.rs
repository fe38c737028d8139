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
use super::product::{
    Finishing, Packed, accumulate, copy_rows, multiply, padded, tile_rows, tile_width,
};
use super::tensor::{Host, Operation, dims, host, numbers};
use crate::kernel::Activation;
use crate::kernel::simd::{Act, with_activation};

/// Rows of the small picture that make a block worth its overhead.
const ROWS: usize = 64;
/// Pictures whose weight gradients are summed by one thread, then added in a fixed order.
const PICTURES: usize = 16;

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

/// The pair of pictures and the kernel.
#[derive(Clone, Copy)]
struct Map {
    large: [usize; 3],
    small: [usize; 3],
    kernel: usize,
    stride: usize,
    padding: usize,
}

impl Map {
    /// Numbers under one position of the kernel.
    fn length(&self) -> usize {
        self.kernel * self.kernel * self.large[2]
    }

    /// Positions in one picture.
    fn rows(&self) -> usize {
        self.small[0] * self.small[1]
    }

    /// Calls `with(row, place in a row of columns, place in the large picture, count)` for every
    /// run of points that lies inside the picture.
    #[inline(always)]
    fn runs(&self, mut with: impl FnMut(usize, usize, usize)) {
        let [height, width, channels] = self.large;
        let length = self.length();
        for y in 0..self.small[0] {
            for x in 0..self.small[1] {
                let row = (y * self.small[1] + x) * length;
                for ky in 0..self.kernel {
                    let at_y = y * self.stride + ky;
                    if at_y < self.padding || at_y - self.padding >= height {
                        continue;
                    }
                    let line = (at_y - self.padding) * width;
                    for kx in 0..self.kernel {
                        let at_x = x * self.stride + kx;
                        if at_x < self.padding || at_x - self.padding >= width {
                            continue;
                        }
                        let place = row + (ky * self.kernel + kx) * channels;
                        with(place, (line + at_x - self.padding) * channels, channels);
                    }
                }
            }
        }
    }

    /// Rows of `columns` from a large picture.
    fn gather(&self, large: &[f32], columns: &mut [f32]) {
        columns.fill(0.0);
        self.runs(|place, at, count| {
            if count == 1 {
                columns[place] = large[at];
            } else {
                columns[place..place + count].copy_from_slice(&large[at..at + count]);
            }
        });
    }

    /// Adds rows of `columns` to a large picture.
    fn scatter(&self, columns: &[f32], large: &mut [f32]) {
        Arch::new().dispatch(
            #[inline(always)]
            || {
                self.runs(
                    #[inline(always)]
                    |place, at, count| {
                        let (from, to) =
                            (&columns[place..place + count], &mut large[at..at + count]);
                        for i in 0..count {
                            to[i] += from[i];
                        }
                    },
                );
            },
        );
    }
}

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

/// The kernel `[small, large, k, k]` as a matrix `[k k large, small]`.
fn matrix(w: &[f32], map: &Map) -> Vec<f32> {
    let (small, large, area) = (map.small[2], map.large[2], map.kernel * map.kernel);
    let mut matrix = vec![0.0; w.len()];
    for s in 0..small {
        for l in 0..large {
            for k in 0..area {
                matrix[(k * large + l) * small + s] = w[(s * large + l) * area + k];
            }
        }
    }
    matrix
}

/// The inverse of [`matrix`].
fn kernel(matrix: &[f32], map: &Map) -> Vec<f32> {
    let (small, large, area) = (map.small[2], map.large[2], map.kernel * map.kernel);
    let mut w = vec![0.0; matrix.len()];
    for s in 0..small {
        for l in 0..large {
            for k in 0..area {
                w[(s * large + l) * area + k] = matrix[(k * large + l) * small + s];
            }
        }
    }
    w
}

/// Small pictures `finish(columns · matrix)`, by blocks of pictures; `slopes` may be empty.
fn to_small(
    map: &Map,
    large: &[f32],
    matrix: &[f32],
    bias: &[f32],
    act: Option<Activation>,
    out: &mut [f32],
    slopes: &mut [f32],
) {
    let (length, channels) = (map.length(), map.small[2]);
    let packed = Packed::new(matrix, [length, channels], [channels, 1]);
    let bias = padded(bias);
    let pictures = ROWS.div_ceil(map.rows());
    let (small_len, large_len) = (map.rows() * channels, map.large.iter().product::<usize>());
    let run = |large: &[f32], out: &mut [f32], slopes: Option<&mut [f32]>| {
        let count = out.len() / small_len;
        let mut columns = Buffer::new(pictures * map.rows() * length);
        for (large, columns) in large
            .chunks_exact(large_len)
            .zip(columns.chunks_exact_mut(map.rows() * length))
        {
            map.gather(large, columns);
        }
        let finishing = match (act, slopes) {
            (Some(act), Some(slopes)) => Finishing::Activate(&bias, act, slopes),
            _ => Finishing::Bias(&bias),
        };
        multiply(
            &columns,
            length,
            &packed,
            count * map.rows(),
            out,
            finishing,
        );
    };
    let blocks = out
        .par_chunks_mut(pictures * small_len)
        .zip(large.par_chunks(pictures * large_len));
    if act.is_some() {
        let slopes = slopes.par_chunks_mut(pictures * small_len);
        blocks
            .zip(slopes)
            .for_each(|((out, large), slopes)| run(large, out, Some(slopes)));
    } else {
        blocks.for_each(|(out, large)| run(large, out, None));
    }
}

/// Adds `small · matrixᵀ` to the large pictures, then calls `finish(number of a block, pictures)`.
fn to_large(
    map: &Map,
    small: &[f32],
    matrix: &[f32],
    out: &mut [f32],
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    let (length, channels) = (map.length(), map.small[2]);
    let packed = Packed::new(matrix, [channels, length], [1, channels]);
    let zeros = padded(&vec![0.0; length]);
    let pictures = ROWS.div_ceil(map.rows());
    let (small_len, large_len) = (map.rows() * channels, map.large.iter().product::<usize>());
    out.par_chunks_mut(pictures * large_len)
        .zip(small.par_chunks(pictures * small_len))
        .enumerate()
        .for_each(|(block, (out, small))| {
            let rows = small.len() / channels;
            let mut columns = Buffer::new(rows * length);
            multiply(
                small,
                channels,
                &packed,
                rows,
                &mut columns,
                Finishing::Bias(&zeros),
            );
            for (columns, out) in columns
                .chunks_exact(map.rows() * length)
                .zip(out.chunks_exact_mut(large_len))
            {
                map.scatter(columns, out);
            }
            finish(block, out);
        });
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

/// `columnsᵀ · small`, `[k k large, small]`, summed over all pictures.
fn weight_gradient(map: &Map, batch: usize, large: &[f32], small: &[f32]) -> Vec<f32> {
    let (length, channels, rows) = (map.length(), map.small[2], map.rows());
    let large_len = map.large.iter().product::<usize>();
    let (high, wide) = (tile_rows(length), channels.next_multiple_of(tile_width()));
    let groups = batch.div_ceil(PICTURES);
    let sums: Vec<Buffer> = (0..groups)
        .into_par_iter()
        .map(|group| {
            let mut sums = Buffer::new(high * wide);
            let mut columns = Buffer::new(rows * length);
            let mut high_room = Buffer::new(if high == length { 0 } else { rows * high });
            let mut wide_room = Buffer::new(if wide == channels { 0 } else { rows * wide });
            high_room.fill(0.0);
            wide_room.fill(0.0);
            let first = group * PICTURES;
            for picture in first..batch.min(first + PICTURES) {
                map.gather(&large[picture * large_len..][..large_len], &mut columns);
                let mut a: &[f32] = &columns;
                if high != length {
                    copy_rows(a, length, &mut high_room, high, length, rows);
                    a = &high_room;
                }
                let mut b = &small[picture * rows * channels..][..rows * channels];
                if wide != channels {
                    copy_rows(b, channels, &mut wide_room, wide, channels, rows);
                    b = &wide_room;
                }
                accumulate(a, b, [rows, high, wide], &mut sums, picture == first);
            }
            sums
        })
        .collect();
    let mut total = vec![0.0; length * channels];
    total
        .par_chunks_mut(channels)
        .enumerate()
        .for_each(|(row, total)| {
            for sums in &sums {
                let sums = &sums[row * wide..][..channels];
                for i in 0..channels {
                    total[i] += sums[i];
                }
            }
        });
    total
}
