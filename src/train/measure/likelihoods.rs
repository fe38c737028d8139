//! The likelihoods of a flow: by its exact divergence, in closed form, and by random probes.

use rand::RngExt;
use serde::Serialize;

use super::{DEFAULT_GAP, Mover, Purpose, first, mean, stream};
use crate::flow::likelihood::{Method, hutchinson_divergence, log_likelihood};
use crate::flow::{ExactField, IntegrateError, Solver};

/// Data points of the estimate by Hutchinson's probes, and probes for each.
pub(super) const HUTCHINSON_POINTS: usize = 500;
const PROBES: usize = 4;

/// The likelihood by random probes of the divergence.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Hutchinson {
    /// Mean of −ln p over the first points; the exact field's at t = 0.99.
    pub nll: f64,
    /// The same points and steps with the exact divergence.
    pub nll_exact: f64,
    /// Root mean square difference of ln p.
    pub rms: f64,
    /// Probes for each point.
    pub probes: usize,
}

/// How a likelihood is integrated back to the noise, and from when.
fn method(source: &Mover) -> (Method, f64) {
    match source {
        Mover::Model(_) => (Method::Fixed(Solver::Rk4, 100), 1.0),
        Mover::Exact(_) => (Method::Adaptive(Default::default()), 1.0 - DEFAULT_GAP),
    }
}

/// ln p of points, by integrating the exact divergence back to the noise.
pub(super) fn log_p(source: &Mover, points: &[f64]) -> Result<Vec<f64>, IntegrateError> {
    let (method, t1) = method(source);
    let field = |t: f64, x: &[f64], v: &mut [f64], div: &mut [f64]| {
        source.velocity_and_divergence(t, x, v, div);
    };
    Ok(log_likelihood(points, t1, method, field)?.log_p)
}

/// ln p of points at the end of the exact flow, from its closed form.
pub(super) fn closed_log_p(field: &ExactField, points: &[f64]) -> Vec<f64> {
    let table = field.at_time::<f64>(1.0 - DEFAULT_GAP);
    let mut scratch = table.scratch();
    let chunks = points.as_chunks::<2>().0;
    chunks
        .iter()
        .map(|x| table.at(*x, &mut scratch).log_density)
        .collect()
}

/// The likelihood of the first points with Hutchinson's estimate of the divergence, beside the
/// same steps with the exact one.
pub(super) fn by_probes(
    source: &Mover,
    data: &[f64],
    seed: u64,
) -> Result<Hutchinson, IntegrateError> {
    let points = first(data, HUTCHINSON_POINTS);
    let mut rng = stream(seed, Purpose::Probe, 1000);
    let sign = |up: bool| if up { 1.0 } else { -1.0 };
    let probes: Vec<f64> = (0..PROBES * points.len())
        .map(|_| sign(rng.random()))
        .collect();
    // A network computes in f32, whose rounding a narrow difference would magnify. The exact
    // field bends within σ_t: it is left where a difference can still follow it.
    let (h, t1) = match source {
        Mover::Model(_) => (1e-2, 1.0),
        Mover::Exact(_) => (1e-4, 0.99),
    };
    let method = Method::Fixed(Solver::Rk4, 100);
    let exact = |t: f64, x: &[f64], v: &mut [f64], div: &mut [f64]| {
        source.velocity_and_divergence(t, x, v, div);
    };
    let exact = log_likelihood(points, t1, method, exact)?.log_p;
    let field = |t: f64, x: &[f64], v: &mut [f64], div: &mut [f64]| {
        v.copy_from_slice(&source.velocity(t, x));
        hutchinson_divergence(x, &probes, h, div, |x, v| {
            v.copy_from_slice(&source.velocity(t, x));
        });
    };
    let estimated = log_likelihood(points, t1, method, field)?.log_p;
    let squares = estimated.iter().zip(&exact).map(|(a, b)| (a - b).powi(2));
    Ok(Hutchinson {
        nll: -mean(&estimated),
        nll_exact: -mean(&exact),
        rms: mean(&squares.collect::<Vec<_>>()).sqrt(),
        probes: PROBES,
    })
}
