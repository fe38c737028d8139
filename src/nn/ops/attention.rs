//! Attention of every head of every picture, each in one piece that stays in the cache.
#![allow(clippy::needless_range_loop)] // see `kernel::simd` for why loops run over indices

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::buffer::Buffer;
use super::tensor::{Host, Operation, dims, host, numbers};
use crate::kernel::aligned::with_scratch;
use crate::kernel::simd::exp_minus;

/// `softmax(q kᵀ / √(d / heads)) v`; qkv `[batch, n, 3 d]`, result `[batch, n, d]`.
#[derive(Clone, Debug)]
pub struct Attention {
    /// Number of heads.
    pub heads: usize,
}

impl Operation<1> for Attention {
    /// The weights of the sums over v, transposed: `[batch, heads, keys, queries]`.
    type Saved = Buffer;

    fn forward(&self, [qkv]: &[Host; 1]) -> (Host, Buffer) {
        let [batch, n, triple] = dims::<3>(qkv);
        let (d, heads) = (triple / 3, self.heads);
        let mut out = vec![0.0; batch * n * d];
        let mut weights = Buffer::new(batch * heads * n * n);
        out.par_chunks_mut(n * d)
            .zip(weights.par_chunks_mut(heads * n * n))
            .zip(numbers(qkv).par_chunks(n * triple))
            .for_each(|((out, weights), qkv)| {
                let shape = Shape { n, d, heads };
                with_scratch(d / heads * n + n * n, |room| {
                    Arch::new().dispatch(Forward {
                        shape,
                        qkv,
                        weights,
                        out,
                        room,
                    });
                });
            });
        (host(out, &[batch, n, d]), weights)
    }

    fn backward(
        &self,
        [qkv]: &[Host; 1],
        weights: Buffer,
        grad: Host,
        _: [bool; 1],
    ) -> [Option<Host>; 1] {
        let [batch, n, triple] = dims::<3>(qkv);
        let (d, heads) = (triple / 3, self.heads);
        let mut out = vec![0.0; batch * n * triple];
        out.par_chunks_mut(n * triple)
            .zip(weights.par_chunks(heads * n * n))
            .zip(numbers(qkv).par_chunks(n * triple))
            .zip(numbers(&grad).par_chunks(n * d))
            .for_each(|(((out, weights), qkv), grad)| {
                let shape = Shape { n, d, heads };
                with_scratch(d / heads * n + 2 * n * n + n, |room| {
                    Arch::new().dispatch(Backward {
                        shape,
                        qkv,
                        weights,
                        grad,
                        out,
                        room,
                    });
                });
            });
        [Some(host(out, &[batch, n, triple]))]
    }
}

#[derive(Clone, Copy)]
struct Shape {
    n: usize,
    d: usize,
    heads: usize,
}

/// A matrix of which entry (row, column) lies at `row · ld + column`.
#[derive(Clone, Copy)]
struct View<'a> {
    data: &'a [f32],
    ld: usize,
}

impl<'a> View<'a> {
    #[inline(always)]
    fn new(data: &'a [f32], ld: usize) -> Self {
        Self { data, ld }
    }
}

/// `out = factor · a b`, a `[m, k]`, b `[k, n]`, out with row length `ld`.
#[inline(always)]
fn product<S: Simd>(
    simd: S,
    [m, k, n]: [usize; 3],
    factor: f32,
    a: View<'_>,
    b: View<'_>,
    out: &mut [f32],
    ld: usize,
) {
    let width = S::F32_LANES;
    let mut row = 0;
    while row < m {
        let rows = (m - row).min(4);
        let mut col = 0;
        while col < n {
            // Two vectors of columns where they fit, then one, then single numbers.
            if rows == 4 && col + 2 * width <= n {
                tile::<S, 4, 2>(simd, k, factor, a, b, row, col, out, ld);
                col += 2 * width;
            } else if col + width <= n {
                for r in row..row + rows {
                    tile::<S, 1, 1>(simd, k, factor, a, b, r, col, out, ld);
                }
                col += width;
            } else {
                for r in row..row + rows {
                    let mut sum = 0.0;
                    for i in 0..k {
                        sum += a.data[r * a.ld + i] * b.data[i * b.ld + col];
                    }
                    out[r * ld + col] = factor * sum;
                }
                col += 1;
            }
        }
        row += rows;
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    k: usize,
    factor: f32,
    a: View<'_>,
    b: View<'_>,
    row: usize,
    col: usize,
    out: &mut [f32],
    ld: usize,
) {
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    let mut rows: [&[f32]; R] = [&[]; R];
    for r in 0..R {
        rows[r] = &a.data[(row + r) * a.ld..(row + r) * a.ld + k];
    }
    for i in 0..k {
        let at = i * b.ld + col;
        let (vectors, _) = S::as_simd_f32s(&b.data[at..at + V * S::F32_LANES]);
        for r in 0..R {
            let x = simd.splat_f32s(rows[r][i]);
            for v in 0..V {
                sums[r][v] = simd.mul_add_e_f32s(vectors[v], x, sums[r][v]);
            }
        }
    }
    let factor = simd.splat_f32s(factor);
    for r in 0..R {
        let at = (row + r) * ld + col;
        let (vectors, _) = S::as_mut_simd_f32s(&mut out[at..at + V * S::F32_LANES]);
        for v in 0..V {
            vectors[v] = simd.mul_f32s(sums[r][v], factor);
        }
    }
}

/// Writes the transpose of a `[m, n]` matrix.
#[inline(always)]
fn transpose([m, n]: [usize; 2], from: View<'_>, to: &mut [f32]) {
    for r in 0..m {
        let row = &from.data[r * from.ld..r * from.ld + n];
        for c in 0..n {
            to[c * m + r] = row[c];
        }
    }
}

struct Forward<'a> {
    shape: Shape,
    qkv: &'a [f32],
    weights: &'a mut [f32],
    out: &'a mut [f32],
    room: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Shape { n, d, heads } = self.shape;
        let c = d / heads;
        let scale = 1.0 / (c as f32).sqrt();
        let (turned, scores) = self.room.split_at_mut(c * n);
        for head in 0..heads {
            let q = View::new(&self.qkv[head * c..], 3 * d);
            let k = View::new(&self.qkv[d + head * c..], 3 * d);
            let v = View::new(&self.qkv[2 * d + head * c..], 3 * d);
            let weights = &mut self.weights[head * n * n..][..n * n];
            transpose([n, c], k, turned);
            product(simd, [n, c, n], scale, q, View::new(turned, n), scores, n);
            for row in scores.chunks_exact_mut(n) {
                softmax(simd, row);
            }
            let p = View::new(scores, n);
            product(simd, [n, n, c], 1.0, p, v, &mut self.out[head * c..], d);
            transpose([n, n], p, weights);
        }
    }
}

#[inline(always)]
fn softmax<S: Simd>(simd: S, row: &mut [f32]) {
    let mut largest = row[0];
    for i in 0..row.len() {
        largest = largest.max(row[i]);
    }
    let (vectors, rest) = S::as_mut_simd_f32s(row);
    let top = simd.splat_f32s(largest);
    let mut sums = simd.splat_f32s(0.0);
    for v in 0..vectors.len() {
        [vectors[v]] = exp_minus(simd, [simd.sub_f32s(top, vectors[v])]);
        sums = simd.add_f32s(sums, vectors[v]);
    }
    let mut total = simd.reduce_sum_f32s(sums);
    for i in 0..rest.len() {
        rest[i] = (rest[i] - largest).exp();
        total += rest[i];
    }
    let inverse = 1.0 / total;
    for i in 0..row.len() {
        row[i] *= inverse;
    }
}

struct Backward<'a> {
    shape: Shape,
    qkv: &'a [f32],
    weights: &'a [f32],
    grad: &'a [f32],
    out: &'a mut [f32],
    room: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    /// With p the weights and g the gradient: `dv = pᵀ g`, `dp = g vᵀ`,
    /// `ds = p (dp - Σ p dp)`, `dq = ds k`, `dk = dsᵀ q`, the last two times the scale.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Shape { n, d, heads } = self.shape;
        let c = d / heads;
        let scale = 1.0 / (c as f32).sqrt();
        let (turned, rest) = self.room.split_at_mut(c * n);
        let (ds, rest) = rest.split_at_mut(n * n);
        let (ds_turned, sums) = rest.split_at_mut(n * n);
        for head in 0..heads {
            let q = View::new(&self.qkv[head * c..], 3 * d);
            let k = View::new(&self.qkv[d + head * c..], 3 * d);
            let v = View::new(&self.qkv[2 * d + head * c..], 3 * d);
            let g = View::new(&self.grad[head * c..], d);
            // [keys, queries], as all that follows up to `ds`.
            let p = &self.weights[head * n * n..][..n * n];
            let dv = &mut self.out[2 * d + head * c..];
            product(simd, [n, n, c], 1.0, View::new(p, n), g, dv, 3 * d);
            transpose([n, c], g, turned);
            let g = View::new(turned, n);
            product(simd, [n, c, n], 1.0, v, g, ds_turned, n);
            sums.fill(0.0);
            for key in 0..n {
                for query in 0..n {
                    sums[query] += p[key * n + query] * ds_turned[key * n + query];
                }
            }
            for key in 0..n {
                for query in 0..n {
                    let at = key * n + query;
                    ds_turned[at] = p[at] * (ds_turned[at] - sums[query]);
                }
            }
            let turned = View::new(ds_turned, n);
            let dk = &mut self.out[d + head * c..];
            product(simd, [n, n, c], scale, turned, q, dk, 3 * d);
            transpose([n, n], turned, ds);
            let dq = &mut self.out[head * c..];
            product(simd, [n, n, c], scale, View::new(ds, n), k, dq, 3 * d);
        }
    }
}
