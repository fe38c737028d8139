//! How far a latent flow can land from the data: the bound of "Flow matching in latent space"
//! (Dao et al. 2023), derived here.
//!
//! An encoder f takes data x to codes z = f(x), a decoder g brings codes back. Drive the true
//! latent flow dz/dt = v(z, t) and the learned one dẑ/dt = v̂(ẑ, t) from the same noise, and let
//! δ = z − ẑ. Then δ' = [v(z) − v̂(z)] + [v̂(z) − v̂(ẑ)], and with 2⟨a, b⟩ ≤ |a|² + |b|² (Young)
//!
//! d/dt |δ|² ≤ (1 + 2 L̂(t)) |δ|² + |v(z, t) − v̂(z, t)|²,
//!
//! where L̂(t) is a Lipschitz constant of v̂ between the two flows at t. Grönwall's lemma gives
//!
//! E|δ(1)|² ≤ ∫₀¹ e^{∫_t¹ (1 + 2 L̂(s)) ds} E|v − v̂|² dt ≤ e^{1 + 2 ∫L̂ dt} ∫₀¹ E|v − v̂|² dt,
//!
//! and the triangle inequality of W2, with the coupling by equal noise,
//!
//! W2(p, p̂) ≤ (E|x − g(f(x))|²)^½ + L_g (E|δ(1)|²)^½.
//!
//! The inner product ⟨δ, v̂(z) − v̂(ẑ)⟩ is at most μ|δ|² with μ the largest eigenvalue of the
//! symmetric part of v̂'s Jacobian; μ ≤ L̂ may stand in its place. All of it holds for averages
//! over any set of particles, a measured one among them. What a measurement cannot give is a
//! maximum over a continuum: L̂, μ and L_g of samples are estimates from below.

/// Which constant of the learned field grows the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Growth {
    /// The largest L̂(t) of all times, as in the paper: e^{1 + 2 max L̂}.
    Largest,
    /// L̂(t) at each time: e^{1 + 2 ∫L̂ dt}.
    Along,
    /// The one-sided constant μ(t) within Grönwall's integral: ∫ e^{∫_t¹ (1 + 2μ)} E|v − v̂|² dt.
    OneSided,
}

impl Growth {
    /// Every form, the loosest first.
    pub const ALL: [Self; 3] = [Self::Largest, Self::Along, Self::OneSided];
}

/// The terms of the bound as they were measured along one flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Times, rising from 0 to about 1.
    pub times: Vec<f64>,
    /// E|v(z, t) − v̂(z, t)|² at each time, over the true flow: d times the excess loss there.
    pub field_error: Vec<f64>,
    /// L̂ at each time: the largest singular value of v̂'s Jacobian.
    pub lipschitz: Vec<f64>,
    /// μ at each time: the largest eigenvalue of its symmetric part.
    pub one_sided: Vec<f64>,
    /// E|x − g(f(x))|².
    pub reconstruction: f64,
    /// L_g.
    pub decoder: f64,
}

impl Terms {
    /// The bound on (E|δ(t)|²)^½ at each time.
    pub fn apart(&self, growth: Growth) -> Vec<f64> {
        let rate = |constant: f64| 1.0 + 2.0 * constant;
        let largest = self.lipschitz.iter().copied().fold(0.0, f64::max);
        let squares = match growth {
            Growth::OneSided => {
                let rates: Vec<f64> = self.one_sided.iter().copied().map(rate).collect();
                gronwall(&self.times, &rates, &self.field_error)
            }
            Growth::Along | Growth::Largest => {
                let rates: Vec<f64> = match growth {
                    Growth::Largest => vec![rate(largest); self.times.len()],
                    _ => self.lipschitz.iter().copied().map(rate).collect(),
                };
                let growths = upper_integral(&self.times, &rates);
                let errors = upper_integral(&self.times, &self.field_error);
                let product = growths.iter().zip(&errors);
                product
                    .map(|(growth, error)| growth.exp() * error)
                    .collect()
            }
        };
        squares.into_iter().map(f64::sqrt).collect()
    }

    /// The bound on the distance of the codes at the end.
    pub fn latent(&self, growth: Growth) -> f64 {
        self.apart(growth).last().copied().unwrap_or(0.0)
    }

    /// The right side: (E|x − g(f(x))|²)^½ + L_g · (the bound on the codes).
    pub fn total(&self, growth: Growth) -> f64 {
        self.reconstruction.sqrt() + self.decoder * self.latent(growth)
    }

    /// ∫₀¹ E|v − v̂|² dt.
    pub fn excess(&self) -> f64 {
        last(&upper_integral(&self.times, &self.field_error))
    }

    /// ∫₀¹ L̂ dt.
    pub fn mean_lipschitz(&self) -> f64 {
        last(&upper_integral(&self.times, &self.lipschitz))
    }

    /// The largest L̂.
    pub fn largest_lipschitz(&self) -> f64 {
        self.lipschitz.iter().copied().fold(0.0, f64::max)
    }
}

fn last(values: &[f64]) -> f64 {
    values.last().copied().unwrap_or(0.0)
}

/// ∫ values dt from the first time to each; every interval counts with the larger of its ends, so
/// that the sum lies above the integral where the values rise or fall all through an interval.
pub fn upper_integral(times: &[f64], values: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let mut sums = vec![0.0; times.len().min(1)];
    for (t, v) in times.windows(2).zip(values.windows(2)) {
        sum += (t[1] - t[0]) * v[0].max(v[1]);
        sums.push(sum);
    }
    sums
}

/// Grönwall's bound on y with y' ≤ rate · y + force and y = 0 at the first time, at each time:
/// ∫ e^{∫_s^t rate} force ds. In each interval both stand for the larger of their ends.
pub fn gronwall(times: &[f64], rate: &[f64], force: &[f64]) -> Vec<f64> {
    let mut y = 0.0;
    let mut all = vec![0.0; times.len().min(1)];
    for i in 1..times.len() {
        let h = times[i] - times[i - 1];
        let a = rate[i].max(rate[i - 1]);
        let b = force[i].max(force[i - 1]);
        // The exact solution with constant a and b; (e^{ah} − 1) / a is h where a is 0.
        let grown = if (a * h).abs() < 1e-12 {
            h
        } else {
            (a * h).exp_m1() / a
        };
        y = (a * h).exp() * y + b * grown;
        all.push(y);
    }
    all
}

/// The largest singular value of the matrix (a b; c d).
pub fn largest_singular_2x2([a, b, c, d]: [f64; 4]) -> f64 {
    // σ± = |(a + d, c − b)| / 2 ± |(a − d, c + b)| / 2.
    0.5 * ((a + d).hypot(c - b) + (a - d).hypot(c + b))
}

/// The largest eigenvalue of the symmetric part of the matrix (a b; c d).
pub fn one_sided_2x2([a, b, c, d]: [f64; 4]) -> f64 {
    0.5 * (a + d + (a - d).hypot(b + c))
}

/// The largest singular value of a matrix `[rows, columns]` by power iteration on AᵀA, until it
/// grows by less than one part in 10⁹, 1000 times at most. Each iterate is an estimate from below.
///
/// # Panics
/// If the numbers are not `rows · columns`.
pub fn largest_singular(matrix: &[f64], columns: usize) -> f64 {
    assert!(columns > 0 && matrix.len().is_multiple_of(columns));
    let mut v = start(columns);
    let mut sigma = 0.0;
    for _ in 0..1000 {
        let mut back = vec![0.0; columns];
        let mut square = 0.0;
        for row in matrix.chunks_exact(columns) {
            let along = dot(row, &v);
            square += along * along;
            for (b, a) in back.iter_mut().zip(row) {
                *b += a * along;
            }
        }
        let next = square.sqrt();
        let done = next <= sigma * (1.0 + 1e-9);
        sigma = next.max(sigma);
        if done || !normalise(&mut back) {
            break;
        }
        v = back;
    }
    sigma
}

/// The largest eigenvalue of the symmetric part of a matrix `[n, n]`, by power iteration after a
/// shift by its size that makes it the largest in modulus.
///
/// # Panics
/// If the matrix is not square.
pub fn one_sided(matrix: &[f64], n: usize) -> f64 {
    assert_eq!(matrix.len(), n * n, "a square matrix");
    let half = |i: usize, j: usize| 0.5 * (matrix[i * n + j] + matrix[j * n + i]);
    let symmetric: Vec<f64> = (0..n * n).map(|k| half(k / n, k % n)).collect();
    let shift = largest_singular(&symmetric, n) * 1.001;
    let mut v = start(n);
    let mut value = f64::NEG_INFINITY;
    for _ in 0..2000 {
        let mut next: Vec<f64> = symmetric.chunks_exact(n).map(|row| dot(row, &v)).collect();
        // Rayleigh's quotient, from below.
        let now = dot(&next, &v);
        let done = now - value <= 1e-10 * shift;
        value = value.max(now);
        for (n, v) in next.iter_mut().zip(&v) {
            *n += shift * v;
        }
        if done || !normalise(&mut next) {
            break;
        }
        v = next;
    }
    value
}

/// A unit vector in a general direction, always the same.
fn start(n: usize) -> Vec<f64> {
    let mut v: Vec<f64> = (0..n).map(|i| 1.0 + 0.7 * (1.3 * i as f64).sin()).collect();
    normalise(&mut v);
    v
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Scales a vector to length 1; false where it has none.
fn normalise(v: &mut [f64]) -> bool {
    let length = dot(v, v).sqrt();
    v.iter_mut().for_each(|v| *v /= length.max(1e-300));
    length > 0.0 && length.is_finite()
}

/// The Jacobian `[outputs, n]` of a map at a point by central differences. `map` is given the
/// points x ± step · e_i, `[2n, n]` with both signs of a coordinate beside one another, and answers
/// with `[2n, outputs]`.
///
/// The error is about step² times the third derivative, and rounding / step.
///
/// # Errors
/// Those of `map`.
pub fn jacobian<E>(
    x: &[f32],
    step: f32,
    map: impl FnOnce(&[f32]) -> Result<Vec<f32>, E>,
) -> Result<Vec<f64>, E> {
    let n = x.len();
    let mut points = Vec::with_capacity(2 * n * n);
    for i in 0..n {
        for sign in [1.0, -1.0] {
            points.extend_from_slice(x);
            let last = points.len() - n + i;
            points[last] += sign * step;
        }
    }
    let values = map(&points)?;
    let outputs = values.len() / (2 * n).max(1);
    let mut jacobian = vec![0.0; outputs * n];
    for i in 0..n {
        let (plus, minus) = (2 * i * outputs, (2 * i + 1) * outputs);
        // As wide as it became by rounding.
        let width = f64::from((x[i] + step) - (x[i] - step));
        for k in 0..outputs {
            let change = f64::from(values[plus + k] - values[minus + k]);
            jacobian[k * n + i] = change / width;
        }
    }
    Ok(jacobian)
}
