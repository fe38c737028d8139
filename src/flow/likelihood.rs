//! Log-likelihood along any field with a divergence.
//!
//! ln p_1(x1) = ln N(x0; 0, I) − ∫ ∇·v(t, x_t) dt over [0, t1], where x_t follows the field
//! from x1 back to x0 (Chen et al. 2018; Lipman et al. 2023, eq. 27).

use super::integrate::{Adaptive, IntegrateError, integrate_adaptive, integrate_fixed};
use super::solver::Solver;

/// How to integrate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Equal steps of a method.
    Fixed(Solver, usize),
    /// An embedded pair within tolerances.
    Adaptive(Adaptive),
}

/// Starting points and log-likelihoods.
#[derive(Clone, Debug, PartialEq)]
pub struct Likelihood {
    /// The noise that flows into each point, `[n, 2]`.
    pub x0: Vec<f64>,
    /// ln p of each point, `[n]`.
    pub log_p: Vec<f64>,
    /// Number of evaluations of the field.
    pub nfe: usize,
}

impl Likelihood {
    /// ln p of each point, `[n]`, where ln p_0 is another density than the standard normal.
    pub fn under(&self, log_p0: impl Fn([f64; 2]) -> f64) -> Vec<f64> {
        let starts = self.x0.chunks_exact(2).zip(&self.log_p);
        starts
            .map(|(x, log_p)| log_p - log_normal(x[0], x[1]) + log_p0([x[0], x[1]]))
            .collect()
    }
}

/// ln N(x; 0, I).
fn log_normal(x: f64, y: f64) -> f64 {
    -0.5 * (x * x + y * y) - std::f64::consts::TAU.ln()
}

/// Log-likelihoods of the points `x1`, `[n, 2]`, at time `t1`, under a standard normal at t = 0.
///
/// `f(t, x, v, div)` writes the velocities, `[n, 2]`, and their divergences, `[n]`.
///
/// # Errors
/// If an adaptive method cannot reach t = 0.
///
/// # Panics
/// If the length of `x1` is odd.
pub fn log_likelihood(
    x1: &[f64],
    t1: f64,
    method: Method,
    mut f: impl FnMut(f64, &[f64], &mut [f64], &mut [f64]),
) -> Result<Likelihood, IntegrateError> {
    assert_eq!(x1.len() % 2, 0, "points have two coordinates");
    let n = x1.len() / 2;
    // State: all coordinates, then ∫∇·v dt of each point.
    let mut state = x1.to_vec();
    state.resize(3 * n, 0.0);
    let rate = |t: f64, state: &Vec<f64>| {
        let mut out = vec![0.0; 3 * n];
        let (v, div) = out.split_at_mut(2 * n);
        f(t, &state[..2 * n], v, div);
        out
    };
    let solution = match method {
        Method::Fixed(solver, steps) => {
            integrate_fixed(solver, steps, t1, 0.0, state, &[0.0], rate)
        }
        Method::Adaptive(options) => integrate_adaptive(&options, t1, 0.0, state, &[0.0], rate)?,
    };
    let end = &solution.states[0];
    let log_p = (0..n)
        .map(|i| {
            let (x, y) = (end[2 * i], end[2 * i + 1]);
            // end[2n + i] is the integral from t1 down to 0, hence minus the one wanted.
            log_normal(x, y) + end[2 * n + i]
        })
        .collect();
    Ok(Likelihood {
        x0: end[..2 * n].to_vec(),
        log_p,
        nfe: solution.nfe,
    })
}

/// Divergences by Hutchinson's estimator: the mean over probes of zᵀJz, each coordinate of z +1
/// or −1 (Hutchinson 1990; Grathwohl et al. 2019), with Jz from central differences of width h.
///
/// `velocity(x, v)` evaluates the field at a fixed time, `x` and `v` being `[n, 2]`; `probes` is
/// `[k, n, 2]` and holds +1 and −1; `div` is `[n]`. In the plane an estimate from one probe is off
/// by ±(∂v_x/∂y + ∂v_y/∂x). Kept over a whole path, the same probes make the log-likelihood
/// unbiased.
///
/// # Panics
/// If the lengths do not fit or there is no probe.
pub fn hutchinson_divergence(
    x: &[f64],
    probes: &[f64],
    h: f64,
    div: &mut [f64],
    mut velocity: impl FnMut(&[f64], &mut [f64]),
) {
    let width = x.len();
    assert_eq!(width, 2 * div.len(), "one divergence for each point");
    assert!(
        !probes.is_empty() && probes.len().is_multiple_of(width),
        "at least one probe for every point is needed"
    );
    let count = (probes.len() / width) as f64;
    let (mut ahead, mut behind) = (vec![0.0; width], vec![0.0; width]);
    div.fill(0.0);
    for z in probes.chunks_exact(width) {
        let shifted =
            |sign: f64| -> Vec<f64> { x.iter().zip(z).map(|(x, z)| x + sign * h * z).collect() };
        velocity(&shifted(1.0), &mut ahead);
        velocity(&shifted(-1.0), &mut behind);
        for (i, div) in div.iter_mut().enumerate() {
            for j in [2 * i, 2 * i + 1] {
                *div += z[j] * (ahead[j] - behind[j]) / (2.0 * h * count);
            }
        }
    }
}

/// Midpoints of a `side × side` division of [−half, half]², `[side², 2]`, and the area of a cell:
/// Σ p(midpoint) · area is near 1 for a density that lies in the square.
pub fn grid(side: usize, half: f64) -> (Vec<f64>, f64) {
    let step = 2.0 * half / side as f64;
    let at = |k: usize| (k as f64 + 0.5) * step - half;
    let points = (0..side * side).flat_map(|k| [at(k % side), at(k / side)]);
    (points.collect(), step * step)
}
