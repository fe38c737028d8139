//! All layers of the network for one block of particles, which stays in the cache.

#![allow(clippy::needless_range_loop)] // see `simd` for why loops run over indices

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::aligned::with_scratch;
use super::prepared::{First, Last, Prepared, ROW_SLACK, row_length};
use super::simd::{Act, with_activation};
use super::tile::{
    Finish, Pair, TILE_VECTORS, add_product, add_scaled, load, multiply, product, store,
};

/// Rows of a block: whole tiles of 6 and of 9 rows, and few enough for the second-level cache.
pub const BLOCK_ROWS: usize = 126;

/// Rows that a particle takes with its two tangents.
pub const TANGENT_ROWS: usize = 3;

/// The times of a block's particles.
#[derive(Clone, Copy)]
pub enum Times<'a> {
    /// All the same; it is folded into the first bias.
    One(f32),
    /// One each, `[n]`.
    Each(&'a [f32]),
}

/// Writes the velocity of at most [`BLOCK_ROWS`] particles; `x` and `out` are `[n, 2]`.
pub fn velocity(net: &Prepared, t: Times<'_>, x: &[f32], out: &mut [f32]) {
    // The scratch space is opened out here: a closure inside the kernel would be compiled for
    // the oldest processor.
    with_scratch(scratch_len(net, x.len() / 2), |scratch| {
        with_activation!(net.activation, A => net.arch.dispatch(Forward::<A> {
            net,
            t,
            x,
            out,
            scratch,
            act: PhantomData,
        }))
    });
}

/// Writes velocity `[n, 2]` and Jacobian `[n, 2, 2]`, `∂v_i/∂x_j`, of at most
/// [`BLOCK_ROWS`]` / `[`TANGENT_ROWS`] particles.
pub fn jacobian(net: &Prepared, t: Times<'_>, x: &[f32], v: &mut [f32], j: &mut [f32]) {
    with_scratch(scratch_len(net, TANGENT_ROWS * (x.len() / 2)), |scratch| {
        with_activation!(net.activation, A => net.arch.dispatch(Tangents::<A> {
            net,
            t,
            x,
            v,
            j,
            scratch,
            act: PhantomData,
        }))
    });
}

/// Room for two layers of `rows` rows and the first bias.
fn scratch_len(net: &Prepared, rows: usize) -> usize {
    2 * (rows + ROW_SLACK) * net.longest_row() + net.first.width
}

struct Forward<'a, A> {
    net: &'a Prepared,
    t: Times<'a>,
    x: &'a [f32],
    out: &'a mut [f32],
    scratch: &'a mut [f32],
    act: PhantomData<A>,
}

impl<A: Act> WithSimd for Forward<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            net,
            t,
            x,
            out,
            scratch,
            ..
        } = self;
        let rows = x.len() / 2;
        let room = (rows + ROW_SLACK) * net.longest_row();
        let (mut h, rest) = scratch.split_at_mut(room);
        let (mut next, bias) = rest.split_at_mut(room);
        fold_time(simd, &net.first, t, bias);
        let width = net.first.width;
        let mut ld = row_length(width);
        let mut row = 0;
        while row < rows {
            let mut col = 0;
            while col < width {
                for r in 0..GROUP {
                    // The rows beyond the last one repeat it.
                    let i = (row + r).min(rows - 1);
                    let z = first(simd, &net.first, bias, t, i, x, col);
                    store::<S>(h, (row + r) * ld + col, z);
                }
                activate::<S, A>(simd, h, ld, GROUP, row, col);
                col += TILE_VECTORS * S::F32_LANES;
            }
            row += GROUP;
        }
        for l in 0..net.hidden.len() {
            let layer = &net.hidden[l];
            let mut finish = Activate::<A> {
                bias: &layer.bias,
                ld: row_length(layer.width),
                out: next,
                act: PhantomData,
            };
            product(simd, &layer.packed, layer.inputs, h, ld, rows, &mut finish);
            ld = row_length(layer.width);
            std::mem::swap(&mut h, &mut next);
        }
        for i in 0..rows {
            let v = last(simd, &net.last, h, i * ld);
            out[2 * i] = v[0] + net.last.bias[0];
            out[2 * i + 1] = v[1] + net.last.bias[1];
        }
    }
}

struct Tangents<'a, A> {
    net: &'a Prepared,
    t: Times<'a>,
    x: &'a [f32],
    v: &'a mut [f32],
    j: &'a mut [f32],
    scratch: &'a mut [f32],
    act: PhantomData<A>,
}

impl<A: Act> WithSimd for Tangents<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            net,
            t,
            x,
            v,
            j,
            scratch,
            ..
        } = self;
        let rows = TANGENT_ROWS * (x.len() / 2);
        let room = (rows + ROW_SLACK) * net.longest_row();
        let (mut h, rest) = scratch.split_at_mut(room);
        let (mut next, bias) = rest.split_at_mut(room);
        fold_time(simd, &net.first, t, bias);
        let width = net.first.width;
        let mut ld = row_length(width);
        for i in 0..rows / TANGENT_ROWS {
            let mut col = 0;
            while col < width {
                let z = first(simd, &net.first, bias, t, i, x, col);
                let (wx, wy) = (load::<S>(&net.first.x, col), load::<S>(&net.first.y, col));
                let sums = activate_tangents::<S, A>(simd, [z, wx, wy]);
                for r in 0..TANGENT_ROWS {
                    store::<S>(h, (TANGENT_ROWS * i + r) * ld + col, sums[r]);
                }
                col += TILE_VECTORS * S::F32_LANES;
            }
        }
        for l in 0..net.hidden.len() {
            let layer = &net.hidden[l];
            let mut finish = ActivateTangents::<A> {
                bias: &layer.bias,
                ld: row_length(layer.width),
                out: next,
                act: PhantomData,
            };
            product(simd, &layer.packed, layer.inputs, h, ld, rows, &mut finish);
            ld = row_length(layer.width);
            std::mem::swap(&mut h, &mut next);
        }
        for i in 0..rows / TANGENT_ROWS {
            let row = TANGENT_ROWS * i * ld;
            let value = last(simd, &net.last, h, row);
            let dx = last(simd, &net.last, h, row + ld);
            let dy = last(simd, &net.last, h, row + 2 * ld);
            v[2 * i] = value[0] + net.last.bias[0];
            v[2 * i + 1] = value[1] + net.last.bias[1];
            j[4 * i] = dx[0];
            j[4 * i + 1] = dy[0];
            j[4 * i + 2] = dx[1];
            j[4 * i + 3] = dy[1];
        }
    }
}

/// Writes the first bias, with the time folded in if all particles share it.
#[inline(always)]
pub fn fold_time<S: Simd>(simd: S, layer: &First, t: Times<'_>, bias: &mut [f32]) {
    let t = match t {
        Times::One(t) => t,
        Times::Each(_) => 0.0,
    };
    let mut col = 0;
    while col < layer.width {
        let folded = add_scaled(
            simd,
            load::<S>(&layer.t, col),
            t,
            load::<S>(&layer.bias, col),
        );
        store::<S>(bias, col, folded);
        col += TILE_VECTORS * S::F32_LANES;
    }
}

/// The first layer's sums at particle `i`, columns from `col` on.
#[inline(always)]
pub fn first<S: Simd>(
    simd: S,
    layer: &First,
    bias: &[f32],
    t: Times<'_>,
    i: usize,
    x: &[f32],
    col: usize,
) -> Pair<S::f32s> {
    let mut z = load::<S>(bias, col);
    if let Times::Each(t) = t {
        z = add_scaled(simd, load::<S>(&layer.t, col), t[i], z);
    }
    z = add_scaled(simd, load::<S>(&layer.x, col), x[2 * i], z);
    add_scaled(simd, load::<S>(&layer.y, col), x[2 * i + 1], z)
}

/// The last layer without its bias, for the row of `h` that starts at `row`.
#[inline(always)]
pub fn last<S: Simd>(simd: S, layer: &Last, h: &[f32], row: usize) -> [f32; 2] {
    let zero = simd.splat_f32s(0.0);
    let (mut x, mut y) = ([zero; TILE_VECTORS], [zero; TILE_VECTORS]);
    let mut col = 0;
    while col < layer.width {
        let h = load::<S>(h, row + col);
        x = add_product(simd, h, load::<S>(&layer.x, col), x);
        y = add_product(simd, h, load::<S>(&layer.y, col), y);
        col += TILE_VECTORS * S::F32_LANES;
    }
    [
        simd.reduce_sum_f32s(simd.add_f32s(x[0], x[1])),
        simd.reduce_sum_f32s(simd.add_f32s(y[0], y[1])),
    ]
}

/// Rows whose activations are computed together.
pub const GROUP: usize = 3;

/// Replaces `z` by `f(z)` in `rows` rows of a tile: 4, or a multiple of [`GROUP`].
#[inline(always)]
fn activate<S: Simd, A: Act>(
    simd: S,
    h: &mut [f32],
    ld: usize,
    rows: usize,
    row: usize,
    col: usize,
) {
    if rows == 4 {
        activate_rows::<S, A, 4>(simd, h, ld, row, col);
        activate_rows::<S, A, 4>(simd, h, ld, row + 2, col);
        return;
    }
    let mut r = 0;
    while r < rows {
        activate_rows::<S, A, { GROUP * TILE_VECTORS }>(simd, h, ld, row + r, col);
        r += GROUP;
    }
}

/// Replaces `N` vectors of `z`, two in a row, by `f(z)`.
#[inline(always)]
fn activate_rows<S: Simd, A: Act, const N: usize>(
    simd: S,
    h: &mut [f32],
    ld: usize,
    row: usize,
    col: usize,
) {
    let mut z = [simd.splat_f32s(0.0); N];
    for r in 0..N / TILE_VECTORS {
        [z[2 * r], z[2 * r + 1]] = load::<S>(h, (row + r) * ld + col);
    }
    let z = A::values(simd, z);
    for r in 0..N / TILE_VECTORS {
        store::<S>(h, (row + r) * ld + col, [z[2 * r], z[2 * r + 1]]);
    }
}

/// Stores `f(sums)`.
struct Activate<'a, A> {
    bias: &'a [f32],
    ld: usize,
    out: &'a mut [f32],
    act: PhantomData<A>,
}

impl<S: Simd, A: Act> Finish<S> for Activate<'_, A> {
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
    fn finish<const R: usize>(&mut self, simd: S, row: usize, col: usize) {
        activate::<S, A>(simd, self.out, self.ld, R, row, col);
    }
}

/// Stores `f(z)`, `f'(z) ∂z/∂x` and `f'(z) ∂z/∂y` of particles whose sums lie in three rows.
struct ActivateTangents<'a, A> {
    bias: &'a [f32],
    ld: usize,
    out: &'a mut [f32],
    act: PhantomData<A>,
}

impl<S: Simd, A: Act> Finish<S> for ActivateTangents<'_, A> {
    const BIAS_EVERY: usize = TANGENT_ROWS;

    #[inline(always)]
    fn bias(&self, _: S, col: usize) -> Pair<S::f32s> {
        load::<S>(self.bias, col)
    }

    #[inline(always)]
    fn out(&mut self) -> (&mut [f32], usize) {
        (self.out, self.ld)
    }

    #[inline(always)]
    fn finish<const R: usize>(&mut self, simd: S, row: usize, col: usize) {
        for p in 0..R / TANGENT_ROWS {
            let at = (row + TANGENT_ROWS * p) * self.ld + col;
            let sums = [
                load::<S>(self.out, at),
                load::<S>(self.out, at + self.ld),
                load::<S>(self.out, at + 2 * self.ld),
            ];
            let h = activate_tangents::<S, A>(simd, sums);
            for i in 0..TANGENT_ROWS {
                store::<S>(self.out, at + i * self.ld, h[i]);
            }
        }
    }
}

/// `[f(z), f'(z) ∂z/∂x, f'(z) ∂z/∂y]` from `[z, ∂z/∂x, ∂z/∂y]`.
#[inline(always)]
fn activate_tangents<S: Simd, A: Act>(
    simd: S,
    sums: [Pair<S::f32s>; TANGENT_ROWS],
) -> [Pair<S::f32s>; TANGENT_ROWS] {
    let (h, slope) = A::values_and_slopes(simd, sums[0]);
    [
        h,
        multiply(simd, slope, sums[1]),
        multiply(simd, slope, sums[2]),
    ]
}
