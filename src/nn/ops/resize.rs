//! Halving a picture by the largest of four points, and stretching it bilinearly.
#![allow(clippy::needless_range_loop)] // see `kernel::simd` for why loops run over indices

use std::sync::Arc;

use rayon::prelude::*;

use super::tensor::{Host, Operation, dims, host, numbers};

/// The largest of each 2 × 2 points; x `[batch, h, w, c]`, an odd last row or column is left out.
#[derive(Clone, Debug)]
pub struct MaxPool;

impl Operation<1> for MaxPool {
    /// Which of the four it was.
    type Saved = Arc<Vec<u8>>;

    fn forward(&self, [x]: &[Host; 1]) -> (Host, Self::Saved) {
        let [batch, height, width, c] = dims::<4>(x);
        let [h, w] = [height / 2, width / 2];
        let mut out = vec![0.0; batch * h * w * c];
        let mut which = vec![0_u8; out.len()];
        out.par_chunks_mut(h * w * c)
            .zip(which.par_chunks_mut(h * w * c))
            .zip(numbers(x).par_chunks(height * width * c))
            .for_each(|((out, which), x)| {
                for place in 0..h * w {
                    let corner = 2 * (place / w) * width + 2 * (place % w);
                    let out = &mut out[place * c..][..c];
                    let which = &mut which[place * c..][..c];
                    out.copy_from_slice(&x[corner * c..][..c]);
                    for (k, at) in [(1, 1), (2, width), (3, width + 1)] {
                        let x = &x[(corner + at) * c..][..c];
                        for i in 0..c {
                            if x[i] > out[i] {
                                out[i] = x[i];
                                which[i] = k;
                            }
                        }
                    }
                }
            });
        (host(out, &[batch, h, w, c]), Arc::new(which))
    }

    fn backward(
        &self,
        [x]: &[Host; 1],
        which: Self::Saved,
        grad: Host,
        _: [bool; 1],
    ) -> [Option<Host>; 1] {
        let [batch, height, width, c] = dims::<4>(x);
        let [h, w] = [height / 2, width / 2];
        let mut dx = vec![0.0; batch * height * width * c];
        dx.par_chunks_mut(height * width * c)
            .zip(numbers(&grad).par_chunks(h * w * c))
            .zip(which.par_chunks(h * w * c))
            .for_each(|((dx, g), which)| {
                for place in 0..h * w {
                    let corner = 2 * (place / w) * width + 2 * (place % w);
                    for i in 0..c {
                        let k = usize::from(which[place * c + i]);
                        let at = corner + k / 2 * width + k % 2;
                        dx[at * c + i] = g[place * c + i];
                    }
                }
            });
        [Some(host(dx, &[batch, height, width, c]))]
    }
}

/// Bilinear stretch with the corners kept; x `[batch, h, w, c]`, result `[batch, to, c]`.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// Height and width of the result.
    pub to: [usize; 2],
}

/// The two points that one of the result lies between, and the share of the second.
pub fn taps(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    (0..to)
        .map(|i| {
            let at = if to > 1 {
                i as f32 * (from - 1) as f32 / (to - 1) as f32
            } else {
                0.0
            };
            let first = (at as usize).min(from - 1);
            (first, (first + 1).min(from - 1), at - first as f32)
        })
        .collect()
}

impl Stretch {
    /// Calls `with(place in the result, place in x, weight)` for all four neighbours of a point.
    #[inline(always)]
    fn each(&self, from: [usize; 2], mut with: impl FnMut(usize, usize, f32)) {
        let (rows, columns) = (taps(from[0], self.to[0]), taps(from[1], self.to[1]));
        for (y, &(top, bottom, down)) in rows.iter().enumerate() {
            for (x, &(left, right, across)) in columns.iter().enumerate() {
                let place = y * self.to[1] + x;
                with(place, top * from[1] + left, (1.0 - down) * (1.0 - across));
                with(place, top * from[1] + right, (1.0 - down) * across);
                with(place, bottom * from[1] + left, down * (1.0 - across));
                with(place, bottom * from[1] + right, down * across);
            }
        }
    }
}

impl Operation<1> for Stretch {
    type Saved = ();

    fn forward(&self, [x]: &[Host; 1]) -> (Host, ()) {
        let [batch, height, width, c] = dims::<4>(x);
        let [h, w] = self.to;
        let mut out = vec![0.0; batch * h * w * c];
        out.par_chunks_mut(h * w * c)
            .zip(numbers(x).par_chunks(height * width * c))
            .for_each(|(out, x)| {
                self.each([height, width], |place, at, weight| {
                    let (out, x) = (&mut out[place * c..][..c], &x[at * c..][..c]);
                    for i in 0..c {
                        out[i] += weight * x[i];
                    }
                });
            });
        (host(out, &[batch, h, w, c]), ())
    }

    fn backward(&self, [x]: &[Host; 1], (): (), grad: Host, _: [bool; 1]) -> [Option<Host>; 1] {
        let [batch, height, width, c] = dims::<4>(x);
        let [h, w] = self.to;
        let mut dx = vec![0.0; batch * height * width * c];
        dx.par_chunks_mut(height * width * c)
            .zip(numbers(&grad).par_chunks(h * w * c))
            .for_each(|(dx, g)| {
                self.each([height, width], |place, at, weight| {
                    let (dx, g) = (&mut dx[at * c..][..c], &g[place * c..][..c]);
                    for i in 0..c {
                        dx[i] += weight * g[i];
                    }
                });
            });
        [Some(host(dx, &[batch, height, width, c]))]
    }
}
