//! How far a set of points is from a target, and how straight its paths are.
//!
//! Point sets are interleaved, `[n, 2]`, in either precision; sums run in f64.

use super::assignment::{assignment, squared_distances};
use super::boxes::BoxUnion;
use super::real::Real;

/// Fraction of the points outside the closed support.
pub fn off_support<T: Real>(target: &BoxUnion, points: &[T]) -> f64 {
    let outside = pairs(points).filter(|&x| !target.contains(x)).count();
    outside as f64 / (points.len() / 2).max(1) as f64
}

/// Distance from the origin, along an axis, at which a particle counts as lost: targets and sources
/// are a few units wide.
pub const FAR: f64 = 1e4;

/// How many points are no numbers, or farther out than [`FAR`]: what a flow that blows up leaves.
pub fn lost<T: Real>(points: &[T]) -> usize {
    let here = |x: f64| x.abs() <= FAR;
    pairs(points)
        .filter(|&[x, y]| !(here(x) && here(y)))
        .count()
}

/// Fraction of all points in each box; sums to 1 − off-support.
pub fn cell_mass<T: Real>(target: &BoxUnion, points: &[T]) -> Vec<f64> {
    let mut counts = vec![0_u64; target.boxes.len()];
    for k in pairs(points).filter_map(|x| target.cell_of(x)) {
        counts[k] += 1;
    }
    let all = (points.len() / 2).max(1) as f64;
    counts.into_iter().map(|count| count as f64 / all).collect()
}

/// Exact 2-Wasserstein distance of two sets of equal size,
/// (min over permutations π of mean |a_i − b_π(i)|²)^½.
///
/// Takes n² memory and up to n³ time.
///
/// # Panics
/// If the sizes differ.
pub fn w2<T: Real>(a: &[T], b: &[T]) -> f64 {
    assert_eq!(a.len(), b.len(), "the sets must have the same size");
    let n = a.len() / 2;
    let cost = squared_distances(&widened(a), &widened(b));
    let columns = assignment(n, &cost);
    let sum: f64 = columns
        .iter()
        .enumerate()
        .map(|(i, &j)| cost[i * n + j])
        .sum();
    (sum / n.max(1) as f64).sqrt()
}

/// Sliced 2-Wasserstein distance: root mean square over directions of the distance of the
/// projections, at `directions` angles evenly spaced over a half turn.
///
/// The sets may differ in size; their quantile functions are compared.
///
/// # Panics
/// If a set or the number of directions is empty.
pub fn sliced_w2<T: Real>(a: &[T], b: &[T], directions: usize) -> f64 {
    assert!(directions > 0, "at least one direction is needed");
    assert!(a.len() > 1 && b.len() > 1, "the sets must not be empty");
    let project = |points: &[T], angle: f64| {
        let (sin, cos) = angle.sin_cos();
        let mut p: Vec<f64> = pairs(points).map(|[x, y]| cos * x + sin * y).collect();
        p.sort_unstable_by(f64::total_cmp);
        p
    };
    let sum: f64 = (0..directions)
        .map(|k| {
            let angle = std::f64::consts::PI * (k as f64 + 0.5) / directions as f64;
            squared_quantile_distance(&project(a, angle), &project(b, angle))
        })
        .sum();
    (sum / directions as f64).sqrt()
}

/// ∫(F⁻¹(q) − G⁻¹(q))² dq of two sorted samples.
fn squared_quantile_distance(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len(), b.len());
    let (mut i, mut j, mut from, mut sum) = (0, 0, 0, 0.0);
    // In units of 1/(nm) the quantile functions jump at multiples of m and of n.
    while i < n && j < m {
        let (end_a, end_b) = ((i + 1) * m, (j + 1) * n);
        let end = end_a.min(end_b);
        let d = a[i] - b[j];
        sum += (end - from) as f64 * d * d;
        from = end;
        i += usize::from(end == end_a);
        j += usize::from(end == end_b);
    }
    sum / (n * m) as f64
}

/// Energy distance 2 E|A − B| − E|A − A'| − E|B − B'| ≥ 0 of the two empirical distributions
/// (Székely and Rizzo 2013); takes time n².
pub fn energy_distance<T: Real>(a: &[T], b: &[T]) -> f64 {
    let mean = |a: &[T], b: &[T]| {
        let sum: f64 = pairs(a)
            .map(|[x, y]| {
                pairs(b)
                    .map(|[p, q]| ((x - p) * (x - p) + (y - q) * (y - q)).sqrt())
                    .sum::<f64>()
            })
            .sum();
        sum / ((a.len() / 2).max(1) * (b.len() / 2).max(1)) as f64
    };
    2.0 * mean(a, b) - mean(a, a) - mean(b, b)
}

/// Maximum mean discrepancy (E k(A, A') + E k(B, B') − 2 E k(A, B))^½ ≥ 0 of the two empirical
/// distributions, with the kernel k = exp(−d²/(2h²)) and h the median distance between points of
/// both (Gretton et al. 2012); takes time n².
pub fn mmd<T: Real>(a: &[T], b: &[T]) -> f64 {
    let (a, b): (Vec<_>, Vec<_>) = (pairs(a).collect(), pairs(b).collect());
    let width = median_distance(&a, &b);
    let scale = if width > 0.0 {
        -0.5 / (width * width)
    } else {
        0.0
    };
    let mean = |a: &[[f64; 2]], b: &[[f64; 2]]| {
        let mut sum = 0.0;
        for p in a {
            for q in b {
                let (x, y) = (p[0] - q[0], p[1] - q[1]);
                sum += (scale * (x * x + y * y)).exp();
            }
        }
        sum / (a.len().max(1) * b.len().max(1)) as f64
    };
    // Rounding can leave a hair below zero for equal sets.
    (mean(&a, &a) + mean(&b, &b) - 2.0 * mean(&a, &b))
        .max(0.0)
        .sqrt()
}

/// Median distance between two different points of the pooled sets, from at most 1000 of each.
fn median_distance(a: &[[f64; 2]], b: &[[f64; 2]]) -> f64 {
    let some = |set: &[[f64; 2]]| set[..set.len().min(1000)].to_vec();
    let pool = [some(a), some(b)].concat();
    let mut distances = Vec::with_capacity(pool.len() * pool.len() / 2);
    for (k, p) in pool.iter().enumerate() {
        for q in &pool[k + 1..] {
            distances.push((p[0] - q[0]).hypot(p[1] - q[1]));
        }
    }
    if distances.is_empty() {
        return 0.0;
    }
    let middle = distances.len() / 2;
    *distances.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Root mean square distance between points and where they came back to, (mean |a_i − b_i|²)^½.
///
/// # Panics
/// If the sizes differ.
pub fn round_trip<T: Real>(before: &[T], after: &[T]) -> f64 {
    assert_eq!(before.len(), after.len(), "every point must come back");
    let sum: f64 = before
        .iter()
        .zip(after)
        .map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2))
        .sum();
    (sum / (before.len() / 2).max(1) as f64).sqrt()
}

/// Normalised path energy |∫E|dx_t/dt|² dt − W2²|/W2², 0 for the flow of least energy
/// (Tong et al. 2024); W2 is the distance between the source and the target.
pub fn normalised_path_energy(energy: f64, w2: f64) -> f64 {
    (energy - w2 * w2).abs() / (w2 * w2)
}

/// Mean and standard deviation of a metric between independent sets of true points: a model
/// whose value lies in this band cannot be told from the truth with so many points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NullBand {
    /// Mean over the repeats.
    pub mean: f64,
    /// Standard deviation over the repeats, with n − 1.
    pub sd: f64,
}

impl NullBand {
    /// The band of the values of some repeats.
    ///
    /// # Panics
    /// If there are fewer than two.
    pub fn of(values: &[f64]) -> Self {
        assert!(values.len() > 1, "a spread needs two values");
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let square: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        NullBand {
            mean,
            sd: (square / (n - 1.0)).sqrt(),
        }
    }
}

/// Straightness ∫E|(x_1 − x_0) − dx_t/dt|² dt of trajectories, 0 when every path is a line
/// travelled at constant speed (Liu et al. 2023); time is rescaled to [0, 1].
///
/// `times` is `[k]`, `points` is `[k, n, 2]`; velocities are those between saved points.
///
/// # Panics
/// If there are fewer than two times or the lengths do not fit.
pub fn straightness<T: Real>(times: &[f64], points: &[T]) -> f64 {
    let end = points.len() - points.len() / times.len().max(1);
    let chord = |i: usize| points[end + i].to_f64() - points[i].to_f64();
    integrate_paths(times, points, |i, v| {
        let d = chord(i) - v;
        d * d
    })
}

/// Kinetic energy ∫E|dx_t/dt|² dt of trajectories, at least the squared W2 distance of their
/// ends; shapes and panics as in [`straightness`].
pub fn path_energy<T: Real>(times: &[f64], points: &[T]) -> f64 {
    integrate_paths(times, points, |_, v| v * v)
}

/// ∫ mean over points of Σ_coordinates g(coordinate index, velocity) dt, time in [0, 1].
fn integrate_paths<T: Real>(times: &[f64], points: &[T], g: impl Fn(usize, f64) -> f64) -> f64 {
    assert!(times.len() > 1, "at least two times are needed");
    assert_eq!(
        points.len() % (2 * times.len()),
        0,
        "every time needs all points"
    );
    let width = points.len() / times.len();
    let span = times[times.len() - 1] - times[0];
    let sum: f64 = times
        .windows(2)
        .zip(points.windows(2 * width).step_by(width.max(1)))
        .map(|(t, pair)| {
            let dt = (t[1] - t[0]) / span;
            let (from, to) = pair.split_at(width);
            let step: f64 = from
                .iter()
                .zip(to)
                .enumerate()
                .map(|(i, (a, b))| g(i, (b.to_f64() - a.to_f64()) / dt))
                .sum();
            step * dt
        })
        .sum();
    sum / (width / 2).max(1) as f64
}

fn pairs<T: Real>(points: &[T]) -> impl Iterator<Item = [f64; 2]> + '_ {
    points
        .chunks_exact(2)
        .map(|p| [p[0].to_f64(), p[1].to_f64()])
}

fn widened<T: Real>(points: &[T]) -> Vec<f64> {
    points.iter().map(|x| x.to_f64()).collect()
}
