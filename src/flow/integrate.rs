//! One engine for all Runge–Kutta methods: fixed steps, or steps chosen by an error estimate.

use super::real::Real;
use super::solver::{Solver, Tableau};

/// What is integrated: a slice of coordinates, or anything else with linear combinations.
pub trait State: Clone {
    /// self + Σ factor · term.
    fn add_scaled(&self, terms: &[(f64, &Self)]) -> Self;

    /// Root mean square of `error` / (atol + rtol · max(|before|, |after|)) over coordinates.
    fn error_norm(error: &Self, before: &Self, after: &Self, rtol: f64, atol: f64) -> f64;
}

impl<T: Real> State for Vec<T> {
    fn add_scaled(&self, terms: &[(f64, &Self)]) -> Self {
        let mut out = self.clone();
        for (factor, term) in terms {
            assert_eq!(term.len(), out.len(), "states must have the same length");
            let factor = T::from_f64(*factor);
            for (o, &k) in out.iter_mut().zip(term.iter()) {
                *o += factor * k;
            }
        }
        out
    }

    fn error_norm(error: &Self, before: &Self, after: &Self, rtol: f64, atol: f64) -> f64 {
        let sum: f64 = error
            .iter()
            .zip(before.iter().zip(after))
            .map(|(e, (b, a))| {
                let scale = atol + rtol * b.abs().max(a.abs()).to_f64();
                let ratio = e.to_f64() / scale;
                ratio * ratio
            })
            .sum();
        (sum / error.len().max(1) as f64).sqrt()
    }
}

/// The states at the requested times, and what they cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution<S> {
    /// The requested times.
    pub times: Vec<f64>,
    /// The state at each of them.
    pub states: Vec<S>,
    /// Number of evaluations of the field, over the whole state.
    pub nfe: usize,
    /// Ends of the steps taken, the starting time first.
    pub steps: Vec<f64>,
    /// Steps tried and thrown away.
    pub rejected: usize,
}

/// How an adaptive solver of order p picks the next step; its error estimate shrinks like h^p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// From the last error alone: h · 0.9 · err^(−1/p).
    Integral,
    /// From the last two errors: h · 0.9 · err^(−0.85/p) · previous^(0.2/p); for p = 5 the
    /// exponents 0.17 and 0.04 of Hairer and Wanner.
    ProportionalIntegral,
}

/// Settings of the adaptive solver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// A method with an error estimate.
    pub solver: Solver,
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance.
    pub atol: f64,
    /// Step size rule.
    pub controller: Controller,
    /// First step; chosen from the field when absent, at the cost of one evaluation.
    pub first_step: Option<f64>,
    /// Steps tried before giving up.
    pub max_steps: usize,
}

impl Default for Adaptive {
    fn default() -> Self {
        Adaptive {
            solver: Solver::Dopri5,
            rtol: 1e-5,
            atol: 1e-5,
            controller: Controller::ProportionalIntegral,
            first_step: None,
            max_steps: 10_000,
        }
    }
}

impl Adaptive {
    /// A method with the same relative and absolute tolerance.
    pub fn within(solver: Solver, tolerance: f64) -> Self {
        Adaptive {
            solver,
            rtol: tolerance,
            atol: tolerance,
            ..Adaptive::default()
        }
    }
}

/// An integration that could not reach its end.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum IntegrateError {
    /// The number of steps ran out.
    #[error("the solver used up its {steps} steps at t = {t}; loosen the tolerances")]
    TooManySteps {
        /// Where it stopped.
        t: f64,
        /// The limit.
        steps: usize,
    },
    /// The step became too small to change t.
    #[error("the step size underflowed at t = {t}: the field is singular or not finite there")]
    StepTooSmall {
        /// Where it stopped.
        t: f64,
    },
}

/// Integrates dx/dt = f(t, x) from t0 to t1 in `steps` equal steps of any method.
///
/// `save_at` runs from t0 towards t1; a saved state is exact (as far as the method goes) at the
/// end of a step and interpolated linearly in between. Time may run backwards.
///
/// # Panics
/// If `steps` is 0 or `save_at` is not ordered or leaves the span.
pub fn integrate_fixed<S: State>(
    solver: Solver,
    steps: usize,
    t0: f64,
    t1: f64,
    x0: S,
    save_at: &[f64],
    mut f: impl FnMut(f64, &S) -> S,
) -> Solution<S> {
    assert!(steps > 0, "at least one step is needed");
    check_times(t0, t1, save_at);
    let tableau = solver.tableau();
    let time = |i: usize| {
        if i == steps {
            t1
        } else {
            t0 + (t1 - t0) * (i as f64 / steps as f64)
        }
    };
    let mut solution = Solution {
        times: save_at.to_vec(),
        states: Vec::with_capacity(save_at.len()),
        nfe: 0,
        steps: vec![t0],
        rejected: 0,
    };
    let mut x = x0;
    let mut first = None;
    // Saved times this close to the end of a step, as a fraction of the step, are that end.
    let close = 1e-9;
    for i in 0..steps {
        let (start, end) = (time(i), time(i + 1));
        let (next, mut stages) = step(
            tableau,
            start,
            end - start,
            &x,
            first.take(),
            &mut |t, x| {
                solution.nfe += 1;
                f(t, x)
            },
        );
        while let Some(&t) = save_at.get(solution.states.len()) {
            let fraction = (t - start) / (end - start);
            solution.states.push(if fraction <= close {
                x.clone()
            } else if (fraction - 1.0).abs() <= close {
                next.clone()
            } else if fraction < 1.0 {
                x.add_scaled(&[(-fraction, &x), (fraction, &next)])
            } else {
                break;
            });
        }
        if tableau.fsal {
            first = stages.pop();
        }
        x = next;
        solution.steps.push(end);
    }
    solution
}

/// Integrates dx/dt = f(t, x) from t0 to t1 by an embedded pair within tolerances.
///
/// Steps are cut so that they end on the times of `save_at`, which runs from t0 towards t1.
///
/// # Errors
/// If the steps run out or become too small.
///
/// # Panics
/// If `save_at` is not ordered or leaves the span, a tolerance is not positive, or the method has
/// no error estimate.
pub fn integrate_adaptive<S: State>(
    options: &Adaptive,
    t0: f64,
    t1: f64,
    x0: S,
    save_at: &[f64],
    mut f: impl FnMut(f64, &S) -> S,
) -> Result<Solution<S>, IntegrateError> {
    let Adaptive { rtol, atol, .. } = *options;
    assert!(rtol >= 0.0 && atol > 0.0, "tolerances must be positive");
    check_times(t0, t1, save_at);
    let tableau = options.solver.tableau();
    let Some(weights) = tableau.b_err else {
        panic!("{} has no error estimate", options.solver);
    };
    let order = f64::from(tableau.order);
    let direction = if t1 < t0 { -1.0 } else { 1.0 };
    let mut solution = Solution {
        times: save_at.to_vec(),
        states: Vec::with_capacity(save_at.len()),
        nfe: 0,
        steps: vec![t0],
        rejected: 0,
    };
    let mut f = |t: f64, x: &S, nfe: &mut usize| {
        *nfe += 1;
        f(t, x)
    };
    let (mut t, mut x) = (t0, x0);
    while save_at.get(solution.states.len()) == Some(&t) {
        solution.states.push(x.clone());
    }
    if t0 == t1 {
        return Ok(solution);
    }
    let start = f(t, &x, &mut solution.nfe);
    let mut size = match options.first_step {
        Some(h) => h.abs(),
        None => first_step(options, t0, t1, &x, &start, |t, x| {
            f(t, x, &mut solution.nfe)
        }),
    };
    // The first stage of the next step, where it is known.
    let mut slope = Some(start);
    let mut previous_error: f64 = 1e-4;
    let mut tried = 0;
    while t != t1 {
        let stop = save_at.get(solution.states.len()).copied().unwrap_or(t1);
        let room = (stop - t).abs();
        // A step that would end just short of the stop is stretched onto it.
        let clipped = size * 1.01 >= room;
        let end = if clipped { stop } else { t + direction * size };
        if end == t || !size.is_finite() {
            return Err(IntegrateError::StepTooSmall { t });
        }
        if tried == options.max_steps {
            return Err(IntegrateError::TooManySteps { t, steps: tried });
        }
        tried += 1;
        let h = end - t;
        let (next, mut stages) = step(tableau, t, h, &x, slope.take(), &mut |t, x| {
            f(t, x, &mut solution.nfe)
        });
        let zero = x.add_scaled(&[(-1.0, &x)]);
        let error = zero.add_scaled(&terms(h, weights, &stages));
        let error = S::error_norm(&error, &x, &next, rtol, atol);
        if error <= 1.0 {
            let factor = match options.controller {
                Controller::Integral => 0.9 * error.powf(-1.0 / order),
                Controller::ProportionalIntegral => {
                    0.9 * error.powf(-0.85 / order) * previous_error.powf(0.2 / order)
                }
            };
            let grown = h.abs() * factor.clamp(0.2, 10.0);
            // A cut step says little about the size that the tolerance allows.
            size = if clipped { grown.max(size) } else { grown };
            previous_error = error.max(1e-4);
            (t, x) = (end, next);
            slope = stages.pop().filter(|_| tableau.fsal);
            solution.steps.push(t);
            while save_at.get(solution.states.len()) == Some(&t) {
                solution.states.push(x.clone());
            }
        } else {
            // NaN lands here too and shrinks the step until it underflows.
            let factor = 0.9 * error.powf(-1.0 / order);
            size = h.abs() * if factor > 0.1 { factor.min(0.9) } else { 0.1 };
            solution.rejected += 1;
            slope = Some(stages.swap_remove(0));
        }
    }
    Ok(solution)
}

/// One step of any method: the new state and all stages. `first` is k_0 where it is known.
fn step<S: State>(
    tableau: &Tableau,
    t: f64,
    h: f64,
    x: &S,
    first: Option<S>,
    f: &mut impl FnMut(f64, &S) -> S,
) -> (S, Vec<S>) {
    let mut stages = Vec::with_capacity(tableau.c.len());
    stages.push(first.unwrap_or_else(|| f(t, x)));
    let mut at = None;
    for (row, &c) in tableau.a.iter().zip(&tableau.c[1..]) {
        let point = x.add_scaled(&terms(h, row, &stages));
        stages.push(f(t + c * h, &point));
        at = Some(point);
    }
    let next = match at {
        // The last row of a is b: the last stage was evaluated at the new state.
        Some(point) if tableau.fsal => point,
        _ => x.add_scaled(&terms(h, tableau.b, &stages)),
    };
    (next, stages)
}

/// The terms h · weight · stage with a weight.
fn terms<'a, S>(h: f64, weights: &[f64], stages: &'a [S]) -> Vec<(f64, &'a S)> {
    weights
        .iter()
        .zip(stages)
        .filter(|(w, _)| **w != 0.0)
        .map(|(w, k)| (h * w, k))
        .collect()
}

/// A first step from the size of the state, its slope and the slope's change
/// (Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, II.4).
fn first_step<S: State>(
    options: &Adaptive,
    t0: f64,
    t1: f64,
    x: &S,
    slope: &S,
    mut f: impl FnMut(f64, &S) -> S,
) -> f64 {
    let span = (t1 - t0).abs();
    let norm = |s: &S| S::error_norm(s, x, x, options.rtol, options.atol);
    let (size, speed) = (norm(x), norm(slope));
    let guess = if size < 1e-5 || speed < 1e-5 {
        1e-6
    } else {
        0.01 * size / speed
    }
    .min(span);
    let h = guess * (t1 - t0).signum();
    let ahead = f(t0 + h, &x.add_scaled(&[(h, slope)]));
    let bend = norm(&ahead.add_scaled(&[(-1.0, slope)])) / guess;
    let steepest = speed.max(bend);
    let order = f64::from(options.solver.tableau().order);
    let second = if steepest <= 1e-15 {
        (guess * 1e-3).max(1e-6)
    } else {
        (0.01 / steepest).powf(1.0 / order)
    };
    second.min(100.0 * guess).min(span)
}

fn check_times(t0: f64, t1: f64, save_at: &[f64]) {
    let direction = if t1 < t0 { -1.0 } else { 1.0 };
    let mut last = t0;
    for &t in save_at.iter().chain([&t1]) {
        assert!(
            (t - last) * direction >= 0.0,
            "saved times must run from t0 towards t1"
        );
        last = t;
    }
}
