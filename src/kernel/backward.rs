//! Forward and backward pass of the whole network for one block of particles.
#![allow(clippy::needless_range_loop)] // see `simd` for why loops run over indices

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::aligned::Aligned;
use super::block::{GROUP, Times, first, last};
use super::prepared::{First, Prepared, ROW_SLACK, row_length};
use super::simd::{Act, with_activation};
use super::tile::{
    Finish, Pair, TILE_VECTORS, add_pair, add_scaled, load, multiply, outer, product, store,
};
use super::train::Gradients;

/// A block of a batch; `xt` and `target` are `[n, 2]`, `t` is `[n]`.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    pub xt: &'a [f32],
    pub t: &'a [f32],
    pub target: &'a [f32],
    /// The gradient of the loss with respect to a velocity is `scale` times its error.
    pub scale: f32,
}

/// Numbers of scratch space for blocks of `rows` rows: activation and slope of every layer, two
/// sets of errors, and the velocities.
pub fn scratch_len(net: &Prepared, rows: usize) -> usize {
    let layers = net.hidden.len() + 1;
    rows * (net.longest_row() * (2 * layers + 2) + 2) + net.first.width
}

/// Adds loss and gradients of a block to `grads`; with `fresh` the old gradients count as 0.
pub fn block(
    net: &Prepared,
    back: &[Aligned],
    batch: Batch<'_>,
    grads: &mut Gradients,
    fresh: bool,
    scratch: &mut [f32],
) {
    with_activation!(net.activation, A => net.arch.dispatch(Backward::<A> {
        net,
        back,
        batch,
        grads,
        fresh,
        scratch,
        act: PhantomData,
    }));
}

struct Backward<'a, A> {
    net: &'a Prepared,
    back: &'a [Aligned],
    batch: Batch<'a>,
    grads: &'a mut Gradients,
    fresh: bool,
    scratch: &'a mut [f32],
    act: PhantomData<A>,
}

impl<A: Act> WithSimd for Backward<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (net, batch, grads, fresh) = (self.net, self.batch, self.grads, self.fresh);
        let rows = batch.t.len();
        let depth = net.hidden.len();
        let room = (rows + ROW_SLACK) * net.longest_row();
        let (values, rest) = self.scratch.split_at_mut((depth + 1) * room);
        let (slopes, rest) = rest.split_at_mut((depth + 1) * room);
        let (mut d, rest) = rest.split_at_mut(room);
        let (mut d_next, errors) = rest.split_at_mut(room);

        // Forward.
        let mut width = net.first.width;
        forward_first::<S, A>(simd, &net.first, batch, values, slopes);
        for l in 0..depth {
            let layer = &net.hidden[l];
            let (before, after) = values.split_at_mut((l + 1) * room);
            let mut finish = ActivateSlopes::<A> {
                bias: &layer.bias,
                ld: row_length(layer.width),
                values: after,
                slopes: &mut slopes[(l + 1) * room..],
                act: PhantomData,
            };
            let x = &before[l * room..];
            let ld = row_length(width);
            product(simd, &layer.packed, layer.inputs, x, ld, rows, &mut finish);
            width = layer.width;
        }

        // The error and its way through the last layer.
        let (h, slope) = (&values[depth * room..], &slopes[depth * room..]);
        let ld = row_length(width);
        let mut sum = [0.0, 0.0];
        for i in 0..rows {
            let v = last(simd, &net.last, h, i * ld);
            for c in 0..2 {
                let error = v[c] + net.last.bias[c] - batch.target[2 * i + c];
                grads.loss += f64::from(error) * f64::from(error);
                errors[2 * i + c] = batch.scale * error;
                sum[c] += batch.scale * error;
            }
        }
        for c in 0..2 {
            grads.last_bias[c] = sum[c] + if fresh { 0.0 } else { grads.last_bias[c] };
        }
        backward_last(simd, net, h, slope, errors, rows, d, grads, fresh);

        // The hidden layers.
        for l in (0..depth).rev() {
            let layer = &net.hidden[l];
            let inputs = if l == 0 {
                net.first.width
            } else {
                net.hidden[l - 1].width
            };
            let (ld, ld_in) = (row_length(layer.width), row_length(inputs));
            let (weight, bias) = &mut grads.hidden[l];
            sum_columns(simd, d, ld, layer.width, rows, bias, fresh);
            let x = &values[l * room..];
            outer(
                simd,
                d,
                ld,
                layer.outputs,
                x,
                ld_in,
                inputs,
                rows,
                weight,
                fresh,
            );
            let mut finish = MultiplySlopes {
                ld: ld_in,
                slopes: &slopes[l * room..],
                out: d_next,
            };
            product(simd, &self.back[l], layer.outputs, d, ld, rows, &mut finish);
            std::mem::swap(&mut d, &mut d_next);
        }
        backward_first(simd, net.first.width, batch, d, grads, fresh);
    }
}

#[inline(always)]
fn forward_first<S: Simd, A: Act>(
    simd: S,
    layer: &First,
    batch: Batch<'_>,
    values: &mut [f32],
    slopes: &mut [f32],
) {
    let (ld, rows) = (row_length(layer.width), batch.t.len());
    let times = Times::Each(batch.t);
    let mut row = 0;
    while row < rows {
        let mut col = 0;
        while col < layer.width {
            for r in 0..GROUP {
                // The rows beyond the last one repeat it.
                let i = (row + r).min(rows - 1);
                let z = first(simd, layer, &layer.bias, times, i, batch.xt, col);
                store::<S>(values, (row + r) * ld + col, z);
            }
            activate_slopes::<S, A>(simd, values, slopes, ld, GROUP, row, col);
            col += TILE_VECTORS * S::F32_LANES;
        }
        row += GROUP;
    }
}

/// Gradients of the last layer's weights, and the errors `d` of the sums before it.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn backward_last<S: Simd>(
    simd: S,
    net: &Prepared,
    h: &[f32],
    slope: &[f32],
    errors: &[f32],
    rows: usize,
    d: &mut [f32],
    grads: &mut Gradients,
    fresh: bool,
) {
    let zero = [simd.splat_f32s(0.0); TILE_VECTORS];
    let width = net.last.width;
    let ld = row_length(width);
    let mut col = 0;
    while col < width {
        let (wx, wy) = (load::<S>(&net.last.x, col), load::<S>(&net.last.y, col));
        let (mut gx, mut gy) = (zero, zero);
        if !fresh {
            gx = load::<S>(&grads.last[0], col);
            gy = load::<S>(&grads.last[1], col);
        }
        for i in 0..rows {
            let at = i * ld + col;
            let (ex, ey) = (errors[2 * i], errors[2 * i + 1]);
            let h = load::<S>(h, at);
            gx = add_scaled(simd, h, ex, gx);
            gy = add_scaled(simd, h, ey, gy);
            let e = add_scaled(simd, wy, ey, add_scaled(simd, wx, ex, zero));
            store::<S>(d, at, multiply(simd, e, load::<S>(slope, at)));
        }
        store::<S>(&mut grads.last[0], col, gx);
        store::<S>(&mut grads.last[1], col, gy);
        col += TILE_VECTORS * S::F32_LANES;
    }
}

/// Gradients of the first layer.
#[inline(always)]
fn backward_first<S: Simd>(
    simd: S,
    width: usize,
    batch: Batch<'_>,
    d: &[f32],
    grads: &mut Gradients,
    fresh: bool,
) {
    let ld = row_length(width);
    let mut col = 0;
    while col < width {
        let mut sums = [[simd.splat_f32s(0.0); TILE_VECTORS]; 4];
        if !fresh {
            for i in 0..4 {
                sums[i] = load::<S>(&grads.first[i], col);
            }
        }
        for i in 0..batch.t.len() {
            let d = load::<S>(d, i * ld + col);
            sums[0] = add_scaled(simd, d, batch.xt[2 * i], sums[0]);
            sums[1] = add_scaled(simd, d, batch.xt[2 * i + 1], sums[1]);
            sums[2] = add_scaled(simd, d, batch.t[i], sums[2]);
            sums[3] = add_pair(simd, d, sums[3]);
        }
        for i in 0..4 {
            store::<S>(&mut grads.first[i], col, sums[i]);
        }
        col += TILE_VECTORS * S::F32_LANES;
    }
}

/// Adds the sum of each column of `d` to `out`.
#[inline(always)]
fn sum_columns<S: Simd>(
    simd: S,
    d: &[f32],
    ld: usize,
    width: usize,
    rows: usize,
    out: &mut [f32],
    fresh: bool,
) {
    let mut col = 0;
    while col < width {
        let mut sum = [simd.splat_f32s(0.0); TILE_VECTORS];
        if !fresh {
            sum = load::<S>(out, col);
        }
        for i in 0..rows {
            sum = add_pair(simd, load::<S>(d, i * ld + col), sum);
        }
        store::<S>(out, col, sum);
        col += TILE_VECTORS * S::F32_LANES;
    }
}

/// Replaces `z` by `f(z)` in `rows` rows of a tile and stores `f'(z)`; `rows` is 4 or a multiple
/// of [`GROUP`].
#[inline(always)]
fn activate_slopes<S: Simd, A: Act>(
    simd: S,
    values: &mut [f32],
    slopes: &mut [f32],
    ld: usize,
    rows: usize,
    row: usize,
    col: usize,
) {
    if rows == 4 {
        slope_rows::<S, A, 4>(simd, values, slopes, row * ld + col, ld);
        slope_rows::<S, A, 4>(simd, values, slopes, (row + 2) * ld + col, ld);
        return;
    }
    let mut r = 0;
    while r < rows {
        let at = (row + r) * ld + col;
        slope_rows::<S, A, { GROUP * TILE_VECTORS }>(simd, values, slopes, at, ld);
        r += GROUP;
    }
}

#[inline(always)]
fn slope_rows<S: Simd, A: Act, const N: usize>(
    simd: S,
    values: &mut [f32],
    slopes: &mut [f32],
    at: usize,
    ld: usize,
) {
    let mut z = [simd.splat_f32s(0.0); N];
    for r in 0..N / TILE_VECTORS {
        [z[2 * r], z[2 * r + 1]] = load::<S>(values, at + r * ld);
    }
    let (h, slope) = A::values_and_slopes(simd, z);
    for r in 0..N / TILE_VECTORS {
        store::<S>(values, at + r * ld, [h[2 * r], h[2 * r + 1]]);
        store::<S>(slopes, at + r * ld, [slope[2 * r], slope[2 * r + 1]]);
    }
}

/// Stores `f(sums)` and `f'(sums)`.
pub struct ActivateSlopes<'a, A> {
    pub bias: &'a [f32],
    pub ld: usize,
    pub values: &'a mut [f32],
    pub slopes: &'a mut [f32],
    pub act: PhantomData<A>,
}

impl<S: Simd, A: Act> Finish<S> for ActivateSlopes<'_, A> {
    const BIAS_EVERY: usize = 1;

    #[inline(always)]
    fn bias(&self, _: S, col: usize) -> Pair<S::f32s> {
        load::<S>(self.bias, col)
    }

    #[inline(always)]
    fn out(&mut self) -> (&mut [f32], usize) {
        (self.values, self.ld)
    }

    #[inline(always)]
    fn finish<const R: usize>(&mut self, simd: S, row: usize, col: usize) {
        activate_slopes::<S, A>(simd, self.values, self.slopes, self.ld, R, row, col);
    }
}

/// Stores the sums times the slopes of the layer before.
pub struct MultiplySlopes<'a> {
    pub ld: usize,
    pub slopes: &'a [f32],
    pub out: &'a mut [f32],
}

impl<S: Simd> Finish<S> for MultiplySlopes<'_> {
    const BIAS_EVERY: usize = 1;

    #[inline(always)]
    fn bias(&self, simd: S, _: usize) -> Pair<S::f32s> {
        [simd.splat_f32s(0.0); TILE_VECTORS]
    }

    #[inline(always)]
    fn out(&mut self) -> (&mut [f32], usize) {
        (self.out, self.ld)
    }

    #[inline(always)]
    fn finish<const R: usize>(&mut self, simd: S, row: usize, col: usize) {
        for r in 0..R {
            let at = (row + r) * self.ld + col;
            let d = multiply(simd, load::<S>(self.out, at), load::<S>(self.slopes, at));
            store::<S>(self.out, at, d);
        }
    }
}
