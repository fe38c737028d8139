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
    /// Dormand–Prince 5(4) within tolerances.
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
            -0.5 * (x * x + y * y) - std::f64::consts::TAU.ln() + end[2 * n + i]
        })
        .collect();
    Ok(Likelihood {
        x0: end[..2 * n].to_vec(),
        log_p,
        nfe: solution.nfe,
    })
}
