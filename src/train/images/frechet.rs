//! The Fréchet distance between two sets of feature vectors.

/// Mean and covariance of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    /// `[d]`
    pub mean: Vec<f64>,
    /// `[d, d]`
    pub covariance: Vec<f64>,
}

impl Gaussian {
    /// Fits features `[n, d]`.
    ///
    /// # Panics
    /// When there are fewer than two rows.
    pub fn fit(features: &[f32], d: usize) -> Self {
        let n = features.len() / d;
        assert!(n > 1, "a covariance needs two rows");
        let mut mean = vec![0.0; d];
        for row in features.chunks_exact(d) {
            for (m, &f) in mean.iter_mut().zip(row) {
                *m += f64::from(f) / n as f64;
            }
        }
        let mut covariance = vec![0.0; d * d];
        let mut centred = vec![0.0; d];
        for row in features.chunks_exact(d) {
            for ((c, &f), m) in centred.iter_mut().zip(row).zip(&mean) {
                *c = f64::from(f) - m;
            }
            for i in 0..d {
                let left = centred[i];
                let line = &mut covariance[i * d..i * d + i + 1];
                for j in 0..=i {
                    line[j] += left * centred[j];
                }
            }
        }
        for i in 0..d {
            for j in 0..=i {
                let value = covariance[i * d + j] / (n - 1) as f64;
                covariance[i * d + j] = value;
                covariance[j * d + i] = value;
            }
        }
        Self { mean, covariance }
    }
}

/// `|μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁^½ Σ₂ Σ₁^½)^½)`, the squared 2-Wasserstein distance of two
/// Gaussians (Dowson & Landau 1982; Heusel et al. 2017).
///
/// # Panics
/// When the dimensions differ.
pub fn distance(a: &Gaussian, b: &Gaussian) -> f64 {
    let d = a.mean.len();
    assert_eq!(d, b.mean.len(), "features must have one length");
    let shift: f64 = a
        .mean
        .iter()
        .zip(&b.mean)
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    let root = square_root(&a.covariance, d);
    let inner = multiply(&multiply(&root, &b.covariance, d), &root, d);
    let (values, _) = eigen(inner, d);
    let cross: f64 = values.iter().map(|value| value.max(0.0).sqrt()).sum();
    let trace = |m: &[f64]| (0..d).map(|i| m[i * d + i]).sum::<f64>();
    // Rounding may leave a hair below nothing.
    (shift + trace(&a.covariance) + trace(&b.covariance) - 2.0 * cross).max(0.0)
}

/// The symmetric square root of a symmetric matrix without negative eigenvalues.
fn square_root(matrix: &[f64], d: usize) -> Vec<f64> {
    let (values, vectors) = eigen(matrix.to_vec(), d);
    let mut scaled = vectors.clone();
    for row in scaled.chunks_exact_mut(d) {
        for (entry, value) in row.iter_mut().zip(&values) {
            *entry *= value.max(0.0).sqrt();
        }
    }
    let mut turned = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..d {
            turned[j * d + i] = vectors[i * d + j];
        }
    }
    multiply(&scaled, &turned, d)
}

fn multiply(a: &[f64], b: &[f64], d: usize) -> Vec<f64> {
    let mut out = vec![0.0; d * d];
    for i in 0..d {
        for k in 0..d {
            let left = a[i * d + k];
            let (line, row) = (&mut out[i * d..(i + 1) * d], &b[k * d..(k + 1) * d]);
            for j in 0..d {
                line[j] += left * row[j];
            }
        }
    }
    out
}

/// Eigenvalues and the matrix whose columns are eigenvectors, by cyclic Jacobi rotations
/// (Golub & Van Loan, Matrix Computations, 8.5).
pub fn eigen(mut a: Vec<f64>, d: usize) -> (Vec<f64>, Vec<f64>) {
    // Rotations keep rows of `turned` together in memory: eigenvectors are its rows.
    let mut turned = vec![0.0; d * d];
    for i in 0..d {
        turned[i * d + i] = 1.0;
    }
    let size: f64 = a.iter().map(|x| x * x).sum();
    for _sweep in 0..60 {
        let mut off = 0.0;
        for i in 0..d {
            for j in 0..i {
                off += 2.0 * a[i * d + j] * a[i * d + j];
            }
        }
        if off <= 1e-26 * size {
            break;
        }
        for p in 0..d {
            for q in p + 1..d {
                let apq = a[p * d + q];
                if apq == 0.0 {
                    continue;
                }
                let theta = (a[q * d + q] - a[p * d + p]) / (2.0 * apq);
                let sign = if theta < 0.0 { -1.0 } else { 1.0 };
                let t = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                rotate(&mut a, d, p, q, c, s);
                for k in 0..d {
                    let (akp, akq) = (a[k * d + p], a[k * d + q]);
                    a[k * d + p] = c * akp - s * akq;
                    a[k * d + q] = s * akp + c * akq;
                }
                rotate(&mut turned, d, p, q, c, s);
            }
        }
    }
    let values = (0..d).map(|i| a[i * d + i]).collect();
    let mut vectors = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..d {
            vectors[j * d + i] = turned[i * d + j];
        }
    }
    (values, vectors)
}

/// Turns rows p and q by an angle with this cosine and sine.
fn rotate(a: &mut [f64], d: usize, p: usize, q: usize, c: f64, s: f64) {
    let (head, tail) = a.split_at_mut(q * d);
    let (rp, rq) = (&mut head[p * d..(p + 1) * d], &mut tail[..d]);
    for k in 0..d {
        let (x, y) = (rp[k], rq[k]);
        rp[k] = c * x - s * y;
        rq[k] = s * x + c * y;
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_distr::StandardNormal;

    use super::*;
    use crate::train::batch::{Purpose, stream};

    /// A random matrix of a seed.
    fn random(seed: u64, d: usize) -> Vec<f64> {
        let mut rng = stream(seed, Purpose::Noise, 0);
        (0..d * d).map(|_| rng.sample(StandardNormal)).collect()
    }

    fn transpose(a: &[f64], d: usize) -> Vec<f64> {
        (0..d * d).map(|i| a[i % d * d + i / d]).collect()
    }

    #[test]
    fn eigenvectors_solve_the_equation() {
        let d = 20;
        let half = random(1, d);
        let a = multiply(&half, &transpose(&half, d), d);
        let (values, vectors) = eigen(a.clone(), d);
        let left = multiply(&a, &vectors, d);
        for i in 0..d {
            for j in 0..d {
                let right = vectors[i * d + j] * values[j];
                assert!((left[i * d + j] - right).abs() < 1e-10 * (1.0 + values[j].abs()));
            }
        }
        let root = square_root(&a, d);
        for (x, y) in multiply(&root, &root, d).iter().zip(&a) {
            assert!((x - y).abs() < 1e-9, "{x} and {y}");
        }
    }

    #[test]
    fn closed_forms_hold() {
        // Diagonal covariances commute: Σ (μ₁ − μ₂)² + (σ₁ − σ₂)².
        let diagonal = |mean: &[f64], std: &[f64]| {
            let d = mean.len();
            let mut covariance = vec![0.0; d * d];
            for i in 0..d {
                covariance[i * d + i] = std[i] * std[i];
            }
            Gaussian {
                mean: mean.to_vec(),
                covariance,
            }
        };
        let a = diagonal(&[0.0, 1.0, -2.0], &[1.0, 2.0, 0.0]);
        let b = diagonal(&[3.0, 1.0, 0.0], &[4.0, 2.0, 1.0]);
        assert!((distance(&a, &b) - (9.0 + 4.0 + 9.0 + 1.0)).abs() < 1e-9);
        assert!(distance(&a, &a) < 1e-9);
    }

    #[test]
    fn covariances_that_do_not_commute_agree_with_the_two_by_two_form() {
        // For 2x2 matrices tr √M = √(tr M + 2 √det M), with M = Σ₁ Σ₂.
        let gaussian = |covariance: [f64; 4]| Gaussian {
            mean: vec![0.0; 2],
            covariance: covariance.to_vec(),
        };
        let (a, b) = (
            gaussian([2.0, 0.8, 0.8, 1.0]),
            gaussian([1.0, -0.5, -0.5, 3.0]),
        );
        let m = multiply(&a.covariance, &b.covariance, 2);
        let determinant = m[0] * m[3] - m[1] * m[2];
        let cross = (m[0] + m[3] + 2.0 * determinant.sqrt()).sqrt();
        let expected = 3.0 + 4.0 - 2.0 * cross;
        assert!((distance(&a, &b) - expected).abs() < 1e-12);
        assert!((distance(&b, &a) - expected).abs() < 1e-12);
    }

    #[test]
    fn a_fit_finds_mean_and_covariance() {
        let features = [1.0, 2.0, 3.0, 6.0, 5.0, 1.0];
        let fit = Gaussian::fit(&features, 2);
        assert_eq!(fit.mean, [3.0, 3.0]);
        assert_eq!(fit.covariance, [4.0, -1.0, -1.0, 7.0]);
    }
}
