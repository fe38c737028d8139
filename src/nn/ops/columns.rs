//! The pair of pictures that a convolution connects, and its passes as matrix products.
#![allow(clippy::needless_range_loop)] // see `kernel::simd` for why loops run over indices

use pulp::Arch;
use rayon::prelude::*;

use super::buffer::Buffer;
use super::product::{
    Finishing, Packed, accumulate, copy_rows, multiply, padded, tile_rows, tile_width,
};
use crate::kernel::Activation;

/// The pair of pictures and the kernel.
#[derive(Clone, Copy)]
pub struct Map {
    pub large: [usize; 3],
    pub small: [usize; 3],
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Map {
    /// Numbers under one position of the kernel.
    fn length(&self) -> usize {
        self.kernel * self.kernel * self.large[2]
    }

    /// Positions in one picture.
    pub fn rows(&self) -> usize {
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

/// Rows of the small picture that make a block worth its overhead.
pub const ROWS: usize = 64;
/// Pictures whose weight gradients are summed by one thread, then added in a fixed order.
const PICTURES: usize = 16;

/// The kernel `[small, large, k, k]` as a matrix `[k k large, small]`.
pub fn matrix(w: &[f32], map: &Map) -> Vec<f32> {
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
pub fn kernel(matrix: &[f32], map: &Map) -> Vec<f32> {
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
pub fn to_small(
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
pub fn to_large(
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

/// `columnsᵀ · small`, `[k k large, small]`, summed over all pictures.
pub fn weight_gradient(map: &Map, batch: usize, large: &[f32], small: &[f32]) -> Vec<f32> {
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
