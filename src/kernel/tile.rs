//! Products of row-major blocks with packed weights, one register tile at a time.
//!
//! A tile is `R` rows by two vectors of columns: 12 sums for 16 registers. It needs two vector
//! loads and `R` broadcasts for `2 R` multiply-adds, and no operand has to be transposed, neither
//! forward (`X Wᵀ`), nor backward (`D W`), nor for the weights' gradient (`Dᵀ X`).

#![allow(clippy::needless_range_loop)] // see `simd` for why loops run over indices

use pulp::Simd;

/// Vectors side by side in a tile.
pub const TILE_VECTORS: usize = 2;

/// Products added up in one turn of the innermost loop.
const UNROLL: usize = 8;

/// The vectors of one row of a tile.
pub type Pair<V> = [V; TILE_VECTORS];

/// What happens to the sums of a tile.
pub trait Finish<S: Simd> {
    /// Every how many rows the bias is added: the rows between hold derivatives.
    const BIAS_EVERY: usize;

    /// The bias of the two vectors of columns from `col` on.
    fn bias(&self, simd: S, col: usize) -> Pair<S::f32s>;

    /// Where the sums go, and its row length.
    fn out(&mut self) -> (&mut [f32], usize);

    /// Finishes the sums in `out`, in rows `row..row + R`, in the two vectors of columns from
    /// `col` on.
    fn finish<const R: usize>(&mut self, simd: S, row: usize, col: usize);
}

/// Two vectors of `slice` from `at` on.
#[inline(always)]
pub fn load<S: Simd>(slice: &[f32], at: usize) -> Pair<S::f32s> {
    let (vectors, _) = S::as_simd_f32s(&slice[at..at + TILE_VECTORS * S::F32_LANES]);
    [vectors[0], vectors[1]]
}

/// Writes two vectors to `slice` from `at` on.
#[inline(always)]
pub fn store<S: Simd>(slice: &mut [f32], at: usize, values: Pair<S::f32s>) {
    let (vectors, _) = S::as_mut_simd_f32s(&mut slice[at..at + TILE_VECTORS * S::F32_LANES]);
    vectors[0] = values[0];
    vectors[1] = values[1];
}

/// `sum + w · x` with the same `x` in all lanes.
#[inline(always)]
pub fn add_scaled<S: Simd>(simd: S, w: Pair<S::f32s>, x: f32, sum: Pair<S::f32s>) -> Pair<S::f32s> {
    let x = simd.splat_f32s(x);
    [
        simd.mul_add_e_f32s(w[0], x, sum[0]),
        simd.mul_add_e_f32s(w[1], x, sum[1]),
    ]
}

/// `a + b`, lane by lane.
#[inline(always)]
pub fn add_pair<S: Simd>(simd: S, a: Pair<S::f32s>, b: Pair<S::f32s>) -> Pair<S::f32s> {
    [simd.add_f32s(a[0], b[0]), simd.add_f32s(a[1], b[1])]
}

/// `a · b`, lane by lane.
#[inline(always)]
pub fn multiply<S: Simd>(simd: S, a: Pair<S::f32s>, b: Pair<S::f32s>) -> Pair<S::f32s> {
    [simd.mul_f32s(a[0], b[0]), simd.mul_f32s(a[1], b[1])]
}

/// `sum + a · b`, lane by lane.
#[inline(always)]
pub fn add_product<S: Simd>(
    simd: S,
    a: Pair<S::f32s>,
    b: Pair<S::f32s>,
    sum: Pair<S::f32s>,
) -> Pair<S::f32s> {
    [
        simd.mul_add_e_f32s(a[0], b[0], sum[0]),
        simd.mul_add_e_f32s(a[1], b[1], sum[1]),
    ]
}

/// `x Wᵀ` for `rows` rows of `x` with row length `ld`; `packed` is `[tiles][k][columns of a tile]`.
///
/// Rows are rounded up to whole tiles, so `x` must be that long.
#[inline(always)]
pub fn product<S: Simd, F: Finish<S>>(
    simd: S,
    packed: &[f32],
    k: usize,
    x: &[f32],
    ld: usize,
    rows: usize,
    finish: &mut F,
) {
    let width = TILE_VECTORS * S::F32_LANES;
    for tile in 0..packed.len() / (k * width) {
        let weights = &packed[tile * k * width..(tile + 1) * k * width];
        let col = tile * width;
        let mut row = 0;
        if S::REGISTER_COUNT >= 32 {
            while row < rows {
                product_tile::<S, F, 9>(simd, weights, k, x, ld, row, col, finish);
                row += 9;
            }
        } else {
            let mut sixes = rows.div_ceil(6);
            // Four rows still fill the pipeline, and sixes and fours reach any even number
            // from 8 on, so that no tile is half empty.
            if F::BIAS_EVERY == 1 && rows >= 8 && rows.is_multiple_of(2) {
                sixes = (rows - (6 - rows % 6) % 6 * 2) / 6;
            }
            for _ in 0..sixes {
                product_tile::<S, F, 6>(simd, weights, k, x, ld, row, col, finish);
                row += 6;
            }
            while row < rows {
                product_tile::<S, F, 4>(simd, weights, k, x, ld, row, col, finish);
                row += 4;
            }
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn product_tile<S: Simd, F: Finish<S>, const R: usize>(
    simd: S,
    weights: &[f32],
    k: usize,
    x: &[f32],
    ld: usize,
    row: usize,
    col: usize,
    finish: &mut F,
) {
    let bias = finish.bias(simd, col);
    let mut sums = [[simd.splat_f32s(0.0); TILE_VECTORS]; R];
    let mut rows: [&[f32]; R] = [&[]; R];
    for r in 0..R {
        if r % F::BIAS_EVERY == 0 {
            sums[r] = bias;
        }
        rows[r] = &x[(row + r) * ld..(row + r) * ld + k];
    }
    let (vectors, _) = S::as_simd_f32s(weights);
    let (pairs, _) = pulp::as_arrays::<TILE_VECTORS, _>(vectors);
    let pairs = &pairs[..k];
    // Eight at a time, so that the loop is short enough for its end to be predicted.
    let mut i = 0;
    while i + UNROLL <= k {
        let w = &pairs[i..i + UNROLL];
        let mut x = rows;
        for r in 0..R {
            x[r] = &rows[r][i..i + UNROLL];
        }
        for j in 0..UNROLL {
            for r in 0..R {
                sums[r] = add_scaled(simd, w[j], x[r][j], sums[r]);
            }
        }
        i += UNROLL;
    }
    while i < k {
        for r in 0..R {
            sums[r] = add_scaled(simd, pairs[i], rows[r][i], sums[r]);
        }
        i += 1;
    }
    // The sums take the way over memory because a loop over them with a long body would keep
    // them there during the products, too.
    let (out, out_ld) = finish.out();
    for r in 0..R {
        store::<S>(out, (row + r) * out_ld + col, sums[r]);
    }
    finish.finish::<R>(simd, row, col);
}

/// Adds `dᵀ x` over `rows` rows to `sum`, `[outputs, inputs]` with row length `width`; with
/// `fresh` the old content of `sum` counts as 0.
///
/// `outputs` is rounded up to whole tiles: `d` and `sum` must have room for that.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub fn outer<S: Simd>(
    simd: S,
    d: &[f32],
    d_ld: usize,
    outputs: usize,
    x: &[f32],
    x_ld: usize,
    width: usize,
    rows: usize,
    sum: &mut [f32],
    fresh: bool,
) {
    let step = TILE_VECTORS * S::F32_LANES;
    let mut col = 0;
    while col < width {
        let mut out = 0;
        if S::REGISTER_COUNT >= 32 {
            while out < outputs {
                outer_tile::<S, 9>(simd, d, d_ld, out, x, x_ld, col, width, rows, sum, fresh);
                out += 9;
            }
        } else {
            let mut sixes = outputs.div_ceil(6);
            if outputs >= 8 && outputs.is_multiple_of(2) {
                sixes = (outputs - (6 - outputs % 6) % 6 * 2) / 6;
            }
            for _ in 0..sixes {
                outer_tile::<S, 6>(simd, d, d_ld, out, x, x_ld, col, width, rows, sum, fresh);
                out += 6;
            }
            while out < outputs {
                outer_tile::<S, 4>(simd, d, d_ld, out, x, x_ld, col, width, rows, sum, fresh);
                out += 4;
            }
        }
        col += step;
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn outer_tile<S: Simd, const R: usize>(
    simd: S,
    d: &[f32],
    d_ld: usize,
    out: usize,
    x: &[f32],
    x_ld: usize,
    col: usize,
    width: usize,
    rows: usize,
    sum: &mut [f32],
    fresh: bool,
) {
    let mut sums = [[simd.splat_f32s(0.0); TILE_VECTORS]; R];
    for row in 0..rows {
        let x = load::<S>(x, row * x_ld + col);
        let d = &d[row * d_ld + out..row * d_ld + out + R];
        for r in 0..R {
            sums[r] = add_scaled(simd, x, d[r], sums[r]);
        }
    }
    for r in 0..R {
        let at = (out + r) * width + col;
        if !fresh {
            let old = load::<S>(sum, at);
            sums[r] = add_pair(simd, old, sums[r]);
        }
        store::<S>(sum, at, sums[r]);
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;

    /// Keeps the sums as they are.
    struct Keep<'a> {
        bias: &'a [f32],
        out: &'a mut [f32],
        width: usize,
    }

    impl<S: Simd> Finish<S> for Keep<'_> {
        const BIAS_EVERY: usize = 1;

        fn bias(&self, _simd: S, col: usize) -> Pair<S::f32s> {
            load::<S>(self.bias, col)
        }

        fn out(&mut self) -> (&mut [f32], usize) {
            (self.out, self.width)
        }

        fn finish<const R: usize>(&mut self, _simd: S, _row: usize, _col: usize) {}
    }

    /// Whole numbers, so that every order of summation gives the same sum.
    fn whole(n: usize, seed: usize) -> Vec<f32> {
        (0..n)
            .map(|i| ((i * 7 + seed * 5) % 13) as f32 - 6.0)
            .collect()
    }

    /// One tile of `R` rows at a place that is not the corner, product and outer product.
    struct Tiles<const R: usize>;

    impl<const R: usize> WithSimd for Tiles<R> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            let width = TILE_VECTORS * S::F32_LANES;
            let (k, before, rows) = (19, 2, R + 3);
            let (x, weights, bias) = (whole(rows * k, 1), whole(k * width, 2), whole(width, 3));
            let mut out = vec![f32::NAN; rows * width];
            let mut keep = Keep {
                bias: &bias,
                out: &mut out,
                width,
            };
            product_tile::<S, _, R>(simd, &weights, k, &x, k, before, 0, &mut keep);
            for row in 0..rows {
                for col in 0..width {
                    let sum = (0..k).map(|i| x[row * k + i] * weights[i * width + col]);
                    let wanted = bias[col] + sum.sum::<f32>();
                    let got = out[row * width + col];
                    if (before..before + R).contains(&row) {
                        assert_eq!(got, wanted, "{R} rows, row {row}, column {col}");
                    } else {
                        assert!(got.is_nan(), "{R} rows: row {row} was written");
                    }
                }
            }

            let (samples, ld) = (11, R + 3);
            let (d, x) = (whole(samples * ld, 4), whole(samples * width, 5));
            for fresh in [true, false] {
                let old = if fresh { f32::NAN } else { 2.0 };
                let mut sum = vec![old; ld * width];
                outer_tile::<S, R>(
                    simd, &d, ld, before, &x, width, 0, width, samples, &mut sum, fresh,
                );
                for (at, got) in sum.iter().enumerate() {
                    let (out, col) = (at / width, at % width);
                    if (before..before + R).contains(&out) {
                        let add = (0..samples).map(|s| d[s * ld + out] * x[s * width + col]);
                        let wanted = if fresh { 0.0 } else { old } + add.sum::<f32>();
                        assert_eq!(*got, wanted, "{R} outputs, output {out}, column {col}");
                    } else {
                        assert_eq!(got.to_bits(), old.to_bits(), "output {out} was written");
                    }
                }
            }
        }
    }

    /// Nine rows are for processors with 32 registers; their code is right on any.
    #[test]
    fn tiles_of_every_height_multiply() {
        for arch in [Arch::new(), Arch::Scalar] {
            arch.dispatch(Tiles::<4>);
            arch.dispatch(Tiles::<6>);
            arch.dispatch(Tiles::<9>);
        }
    }
}
