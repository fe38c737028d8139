//! Matrix products on slices, with bias, activation and slopes applied to each tile.
#![allow(clippy::needless_range_loop)] // see `kernel::simd` for why loops run over indices

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernel::Activation;
use crate::kernel::aligned::{Aligned, with_scratch};
use crate::kernel::backward::{ActivateSlopes, MultiplySlopes};
use crate::kernel::simd::{Lanes, with_activation};
use crate::kernel::tile::{Finish, Pair, TILE_VECTORS, load, outer, product};

/// Rows of a block: a multiple of every tile's height.
pub const BLOCK: usize = 72;
/// A multiple of every tile's height.
const WHOLE_TILES: usize = 36;
/// Rows of a gradient's block, whose strip of 16 columns stays in the first cache.
const GRADIENT_BLOCK: usize = 128;

/// Columns of a tile on this processor.
pub fn tile_width() -> usize {
    TILE_VECTORS * Arch::new().dispatch(Lanes)
}

/// A matrix `[inputs, outputs]` in the order of its use: tiles of columns, zeros at the end.
pub struct Packed {
    /// Rows.
    pub inputs: usize,
    /// Columns.
    pub outputs: usize,
    data: Aligned,
}

impl Packed {
    /// Packs a matrix whose entry (i, o) lies at `i · strides[0] + o · strides[1]` of `w`.
    pub fn new(w: &[f32], [inputs, outputs]: [usize; 2], strides: [usize; 2]) -> Self {
        let width = tile_width();
        let mut data = Aligned::zeros(inputs * outputs.next_multiple_of(width));
        for (t, tile) in data.chunks_exact_mut(inputs * width).enumerate() {
            let columns = width.min(outputs - t * width);
            for i in 0..inputs {
                let from = i * strides[0] + t * width * strides[1];
                for o in 0..columns {
                    tile[i * width + o] = w[from + o * strides[1]];
                }
            }
        }
        Self {
            inputs,
            outputs,
            data,
        }
    }
}

/// What is done to the sums of a product.
pub enum Finishing<'a> {
    /// Adds a bias `[outputs]`, rounded up to whole tiles.
    Bias(&'a [f32]),
    /// Adds a bias, applies an activation and writes its slopes `[rows, outputs]`.
    Activate(&'a [f32], Activation, &'a mut [f32]),
    /// Multiplies with slopes `[rows, outputs]`.
    Slopes(&'a [f32]),
}

/// A bias with zeros up to whole tiles.
pub fn padded(bias: &[f32]) -> Vec<f32> {
    let mut padded = bias.to_vec();
    padded.resize(bias.len().next_multiple_of(tile_width()), 0.0);
    padded
}

/// `out = finish(x w)` in the calling thread; x `[rows, inputs]` with row length `ld`, out
/// `[rows, outputs]`.
pub fn multiply(
    x: &[f32],
    ld: usize,
    w: &Packed,
    rows: usize,
    out: &mut [f32],
    finishing: Finishing<'_>,
) {
    Arch::new().dispatch(Multiply {
        x,
        ld,
        w,
        rows,
        out,
        finishing,
    });
}

struct Multiply<'a> {
    x: &'a [f32],
    ld: usize,
    w: &'a Packed,
    rows: usize,
    out: &'a mut [f32],
    finishing: Finishing<'a>,
}

/// Whether tiles cover `n` rows without touching one more.
#[inline(always)]
fn exact<S: Simd>(n: usize) -> bool {
    if S::REGISTER_COUNT >= 32 {
        n.is_multiple_of(9)
    } else {
        n.is_multiple_of(6) || n >= 8 && n.is_multiple_of(2)
    }
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            x,
            ld,
            w,
            rows,
            out,
            finishing,
        } = self;
        let n = w.outputs;
        let wide = n.next_multiple_of(TILE_VECTORS * S::F32_LANES);
        let direct = exact::<S>(rows) && wide == n;
        let high = if direct {
            0
        } else {
            rows.next_multiple_of(WHOLE_TILES)
        };
        let mut room = vec![0.0; high * (w.inputs + 2 * wide)];
        let (x_room, rest) = room.split_at_mut(high * w.inputs);
        let (out_room, slope_room) = rest.split_at_mut(high * wide);
        // Either way there is one call of the product: all of it is inlined, for each activation.
        let (mut slopes_out, mut direct_out): (&mut [f32], &mut [f32]) = (&mut [], &mut []);
        let (x, ld, high, target, finishing) = if direct {
            (x, ld, rows, out, finishing)
        } else {
            copy_rows(x, ld, x_room, w.inputs, w.inputs, rows);
            direct_out = out;
            let finishing = match finishing {
                Finishing::Bias(bias) => Finishing::Bias(bias),
                Finishing::Activate(bias, act, slopes) => {
                    slopes_out = slopes;
                    Finishing::Activate(bias, act, &mut *slope_room)
                }
                Finishing::Slopes(slopes) => {
                    copy_rows(slopes, n, slope_room, wide, n, rows);
                    Finishing::Slopes(&*slope_room)
                }
            };
            (&*x_room, w.inputs, high, &mut *out_room, finishing)
        };
        finish_rows(simd, x, ld, w, high, target, finishing);
        if !direct {
            copy_rows(out_room, wide, direct_out, n, n, rows);
            if !slopes_out.is_empty() {
                copy_rows(slope_room, wide, slopes_out, n, n, rows);
            }
        }
    }
}

/// Copies `width` numbers of each row.
pub fn copy_rows(
    from: &[f32],
    from_ld: usize,
    to: &mut [f32],
    to_ld: usize,
    width: usize,
    rows: usize,
) {
    for row in 0..rows {
        to[row * to_ld..row * to_ld + width]
            .copy_from_slice(&from[row * from_ld..row * from_ld + width]);
    }
}

/// The product where tiles fit; `out` and slopes have whole tiles as row length.
#[inline(always)]
fn finish_rows<S: Simd>(
    simd: S,
    x: &[f32],
    x_ld: usize,
    w: &Packed,
    rows: usize,
    out: &mut [f32],
    finishing: Finishing<'_>,
) {
    let ld = w.outputs.next_multiple_of(TILE_VECTORS * S::F32_LANES);
    match finishing {
        Finishing::Bias(bias) => {
            let mut finish = AddBias { bias, ld, out };
            product(simd, &w.data, w.inputs, x, x_ld, rows, &mut finish);
        }
        Finishing::Activate(bias, act, slopes) => with_activation!(act, A => {
            let mut finish = ActivateSlopes::<A> {
                bias,
                ld,
                values: out,
                slopes,
                act: PhantomData,
            };
            product(simd, &w.data, w.inputs, x, x_ld, rows, &mut finish);
        }),
        Finishing::Slopes(slopes) => {
            let mut finish = MultiplySlopes { ld, slopes, out };
            product(simd, &w.data, w.inputs, x, x_ld, rows, &mut finish);
        }
    }
}

struct AddBias<'a> {
    bias: &'a [f32],
    ld: usize,
    out: &'a mut [f32],
}

impl<S: Simd> Finish<S> for AddBias<'_> {
    const BIAS_EVERY: usize = 1;

    #[inline(always)]
    fn bias(&self, _: S, col: usize) -> Pair<S::f32s> {
        load::<S>(self.bias, col)
    }

    #[inline(always)]
    fn out(&mut self) -> (&mut [f32], usize) {
        (self.out, self.ld)
    }

    #[inline(always)]
    fn finish<const R: usize>(&mut self, _: S, _: usize, _: usize) {}
}

/// `aᵀ b` `[k, n]` and the sums of b's columns `[n]`; a `[rows, k]`, b `[rows, n]`.
///
/// A thread owns columns of the result and adds up the rows in their order, so the sums are the
/// same for any number of threads.
pub fn gradients(a: &[f32], b: &[f32], rows: usize, k: usize, n: usize) -> (Vec<f32>, Vec<f32>) {
    let (width, high) = (tile_width(), tile_rows(k));
    let strips: Vec<(Vec<f32>, Vec<f32>)> = (0..n.div_ceil(width))
        .into_par_iter()
        .map(|strip| {
            let columns = strip * width..n.min((strip + 1) * width);
            with_scratch(GRADIENT_BLOCK * (width + high), |room| {
                Arch::new().dispatch(Strip {
                    a,
                    b,
                    shape: [rows, k, n],
                    high,
                    columns,
                    room,
                })
            })
        })
        .collect();
    let (mut weight, mut bias) = (vec![0.0; k * n], vec![0.0; n]);
    for (strip, (sums, column_sums)) in strips.iter().enumerate() {
        let columns = width.min(n - strip * width);
        copy_rows(sums, width, &mut weight[strip * width..], n, columns, k);
        bias[strip * width..strip * width + columns].copy_from_slice(&column_sums[..columns]);
    }
    (weight, bias)
}

/// Adds `aᵀ b` to `sums` in the calling thread; a `[rows, k]`, b `[rows, n]`, both and `sums`
/// in whole tiles: [`tile_rows`] of k, [`tile_width`] of n.
pub fn accumulate(a: &[f32], b: &[f32], [rows, k, n]: [usize; 3], sums: &mut [f32], fresh: bool) {
    Arch::new().dispatch(Accumulate {
        a,
        b,
        shape: [rows, k, n],
        sums,
        fresh,
    });
}

struct Accumulate<'a> {
    a: &'a [f32],
    b: &'a [f32],
    shape: [usize; 3],
    sums: &'a mut [f32],
    fresh: bool,
}

impl WithSimd for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [rows, k, n] = self.shape;
        outer(
            simd, self.a, k, k, self.b, n, n, rows, self.sums, self.fresh,
        );
    }
}

/// The next number from `n` on that tiles cover without touching one more row.
pub fn tile_rows(n: usize) -> usize {
    Arch::new().dispatch(TileRows(n))
}

struct TileRows(usize);

impl WithSimd for TileRows {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        if exact::<S>(self.0) {
            self.0
        } else {
            self.0.next_multiple_of(WHOLE_TILES)
        }
    }
}

struct Strip<'a> {
    a: &'a [f32],
    b: &'a [f32],
    shape: [usize; 3],
    high: usize,
    columns: Range<usize>,
    /// For [`GRADIENT_BLOCK`] rows of the strip and of `a`.
    room: &'a mut [f32],
}

impl WithSimd for Strip<'_> {
    type Output = (Vec<f32>, Vec<f32>);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let width = TILE_VECTORS * S::F32_LANES;
        let ([all_rows, k, n], high) = (self.shape, self.high);
        let (start, count) = (self.columns.start, self.columns.len());
        let (mut sums, mut column_sums) = (vec![0.0; high * width], vec![0.0; width]);
        let (strip, a_room) = self.room.split_at_mut(GRADIENT_BLOCK * width);
        strip.fill(0.0);
        a_room.fill(0.0);
        let mut row = 0;
        while row < all_rows {
            let rows = GRADIENT_BLOCK.min(all_rows - row);
            let b = &self.b[row * n..(row + rows) * n];
            for r in 0..rows {
                let from = &b[r * n + start..][..count];
                let to = &mut strip[r * width..][..count];
                to.copy_from_slice(from);
                for c in 0..count {
                    column_sums[c] += from[c];
                }
            }
            let mut a = &self.a[row * k..(row + rows) * k];
            if high != k {
                copy_rows(a, k, a_room, high, k, rows);
                a = a_room;
            }
            let fresh = row == 0;
            outer(
                simd, a, high, high, strip, width, width, rows, &mut sums, fresh,
            );
            row += rows;
        }
        (sums, column_sums)
    }
}
