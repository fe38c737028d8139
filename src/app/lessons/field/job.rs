//! The fields at one time, computed on a background thread: first on a coarse grid, then on a
//! fine one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::streamlines::{Sampled, streamlines};
use crate::app::background::Job;
use crate::app::exact::Route;
use crate::app::sampler::moving;
use crate::app::widgets::chart::nice_ceil;
use crate::app::widgets::heat_map::{HeatMap, Scale};
use crate::data::{Dataset, Density};
use crate::flow::likelihood::{Method, log_likelihood};
use crate::flow::{ExactField, ProbPath, Solver, VelocityField};
use crate::kernel::{Mlp, MlpWeights};
use crate::render::Arrows;

/// The exact field of a bounded target is singular at t = 1.
pub const LAST_TIME: f64 = 1.0 - 1e-3;
/// Values along a side of a heat map, first and final.
const SIDES: [usize; 2] = [40, 128];
/// The same for the network's density, each value of which is an integral over time.
const DENSITY_SIDES: [usize; 2] = [24, 64];
/// Steps of that integral.
const DENSITY_STEPS: usize = 24;
/// Arrows along a side.
const ARROWS: usize = 19;
/// Distance of streamlines in units of the extent.
const APART: f32 = 0.15;
/// What is rarer than this share of the densest place does not set the scale.
const RARE: f32 = 1e-4;

/// What the colours show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heat {
    /// |v|.
    Speed,
    /// p_t.
    Density,
    /// ∇·v.
    Divergence,
}

/// What to compute.
#[derive(Clone)]
pub struct Request {
    pub route: Route,
    pub model: Option<(u64, Arc<MlpWeights>)>,
    pub t: f64,
    pub heat: Heat,
}

/// One panel: the network's field, the exact one, or their difference.
#[derive(Clone, Debug)]
pub struct Panel {
    pub heat: HeatMap,
    pub arrows: Arrows,
    pub lines: Arc<Vec<Vec<[f32; 2]>>>,
}

/// All panels at one time.
#[derive(Clone, Debug)]
pub struct Picture {
    pub heat: Heat,
    pub route: Route,
    pub model: Option<Panel>,
    pub exact: Option<Panel>,
    pub difference: Option<Panel>,
    /// Colours of both fields.
    pub scale: Scale,
    /// Colours of the difference.
    pub difference_scale: Scale,
}

/// Shows a coarse picture, then a fine one.
pub fn draw(job: &Job<'_, Picture>, request: &Request) {
    let exact = request.route.exact();
    let model = (request.model.as_ref()).and_then(|(_, weights)| Mlp::try_new(weights).ok());
    for level in 0..SIDES.len() {
        if job.is_cancelled() {
            return;
        }
        let picture = job
            .pool
            .install(|| picture(request, exact.as_ref(), model.as_ref(), level, job.cancel));
        job.show(picture);
    }
}

/// Velocity and colour of one field on a grid.
struct OnGrid {
    velocity: Vec<f32>,
    values: Vec<f32>,
}

pub fn picture(
    request: &Request,
    exact: Option<&ExactField>,
    model: Option<&Mlp>,
    level: usize,
    cancel: &AtomicBool,
) -> Picture {
    let extent = request.route.dataset.extent() as f32;
    let slow = request.heat == Heat::Density && model.is_some();
    let side = if slow { DENSITY_SIDES } else { SIDES }[level];
    let t = request.t.min(LAST_TIME);
    let points = lattice(side, extent);
    let mut weights = vec![1.0; side * side];
    let exact_grid = exact.map(|field| exact_on(field, t, &points, request.heat, &mut weights));
    let source = request.route.source.density();
    let model_grid =
        model.map(|mlp| model_on(mlp, t, &points, request.heat, source.as_ref(), cancel));
    let top = weights.iter().copied().fold(0.0, f32::max);
    let common: Vec<bool> = weights.iter().map(|w| *w >= RARE * top).collect();
    let both = exact_grid.iter().chain(&model_grid);
    let values = both.flat_map(|grid| grid.values.iter().zip(&common));
    let high = high_end(values.filter(|(_, c)| **c).map(|(v, _)| *v));
    let scale = match request.heat {
        Heat::Divergence => Scale::Diverging(high),
        Heat::Speed | Heat::Density => Scale::Sequential(high),
    };
    let difference_grid = (exact_grid.as_ref().zip(model_grid.as_ref()))
        .map(|(exact, model)| difference(model, exact, request.heat));
    let apart = difference_grid.iter().flat_map(|grid| grid.values.iter());
    let apart = apart.zip(&common).filter(|(_, c)| **c).map(|(v, _)| *v);
    let high = high_end(apart);
    let difference_scale = match request.heat {
        Heat::Speed => Scale::Sequential(high),
        Heat::Density | Heat::Divergence => Scale::Diverging(high),
    };
    let panel = |grid: OnGrid, arrows: Arrows| {
        let sampled = Sampled {
            side,
            velocity: &grid.velocity,
            extent,
        };
        Panel {
            lines: Arc::new(streamlines(&sampled, APART * extent)),
            heat: HeatMap::new(side, grid.values),
            arrows,
        }
    };
    let few = lattice(ARROWS, extent);
    let velocities = |field: &dyn VelocityField<f32>| {
        let mut v = vec![0.0; few.len()];
        field.velocity(t as f32, &few, &mut v);
        v
    };
    let exact_few = exact.map(|field| velocities(field));
    let model_few = model.map(|mlp| velocities(mlp));
    let apart_few = (exact_few.as_ref().zip(model_few.as_ref())).map(|(e, m)| minus(m, e));
    let arrows = |v: &[f32]| {
        let pairs = few.chunks_exact(2).zip(v.chunks_exact(2));
        Arrows::new(pairs.flat_map(|(x, v)| [x[0], x[1], v[0], v[1]]).collect())
    };
    let make = |grid: Option<OnGrid>, few: Option<Vec<f32>>| {
        grid.zip(few).map(|(grid, few)| panel(grid, arrows(&few)))
    };
    Picture {
        heat: request.heat,
        route: request.route.clone(),
        difference: make(difference_grid, apart_few),
        model: make(model_grid, model_few),
        exact: make(exact_grid, exact_few),
        scale,
        difference_scale,
    }
}

/// Middles of the cells of a square grid, rows from the bottom, `[side², 2]`.
pub fn lattice(side: usize, extent: f32) -> Vec<f32> {
    let at = |i: usize| ((i as f32 + 0.5) / side as f32 * 2.0 - 1.0) * extent;
    (0..side * side)
        .flat_map(|i| [at(i % side), at(i / side)])
        .collect()
}

/// The exact field; also writes its density, which tells what is rare.
fn exact_on(field: &ExactField, t: f64, points: &[f32], heat: Heat, density: &mut [f32]) -> OnGrid {
    let table = field.at_time::<f32>(t);
    let mut scratch = table.scratch();
    let mut velocity = Vec::with_capacity(points.len());
    let mut values = Vec::with_capacity(points.len() / 2);
    for (x, density) in points.chunks_exact(2).zip(density) {
        let at = table.at([x[0], x[1]], &mut scratch);
        velocity.extend(at.velocity);
        *density = at.log_density.exp();
        values.push(match heat {
            Heat::Speed => at.velocity[0].hypot(at.velocity[1]),
            Heat::Density => *density,
            Heat::Divergence => at.divergence,
        });
    }
    OnGrid { velocity, values }
}

fn model_on(
    mlp: &Mlp,
    t: f64,
    points: &[f32],
    heat: Heat,
    source: Option<&Density>,
    cancel: &AtomicBool,
) -> OnGrid {
    let mut velocity = vec![0.0; points.len()];
    let mut values = vec![0.0; points.len() / 2];
    match heat {
        Heat::Speed | Heat::Density => mlp.velocity(t as f32, points, &mut velocity),
        Heat::Divergence => {
            mlp.velocity_and_divergence(t as f32, points, &mut velocity, &mut values);
        }
    }
    match heat {
        Heat::Divergence => {}
        Heat::Speed => {
            for (value, v) in values.iter_mut().zip(velocity.chunks_exact(2)) {
                *value = v[0].hypot(v[1]);
            }
        }
        Heat::Density => match source {
            Some(source) => values = model_density(mlp, t, points, source, cancel),
            None => values.fill(f32::NAN),
        },
    }
    OnGrid { velocity, values }
}

/// The density of the particles that the network moves, by following each point back to the
/// source: ln p_t(x) = ln p_0(x0) − ∫∇·v dt.
pub fn model_density(
    mlp: &Mlp,
    t: f64,
    points: &[f32],
    source: &Density,
    cancel: &AtomicBool,
) -> Vec<f32> {
    let x1: Vec<f64> = points.iter().map(|v| f64::from(*v)).collect();
    let n = points.len() / 2;
    let (mut v, mut div) = (vec![0.0; 2 * n], vec![0.0; n]);
    let method = Method::Fixed(Solver::Midpoint, DENSITY_STEPS);
    let found = log_likelihood(&x1, t.max(1e-6), method, |t, x, out_v, out_div| {
        // Standing still, the integral runs to its end at once; nobody will look.
        if cancel.load(Ordering::Relaxed) {
            return;
        }
        let x: Vec<f32> = x.iter().map(|v| *v as f32).collect();
        mlp.velocity_and_divergence(t as f32, &x, &mut v, &mut div);
        for i in 0..n {
            out_v[2 * i] = f64::from(v[2 * i]);
            out_v[2 * i + 1] = f64::from(v[2 * i + 1]);
            out_div[i] = f64::from(div[i]);
        }
    });
    found.map_or_else(
        |_| vec![f32::NAN; n],
        |found| {
            let log_p = found.under(|x| source.log_at(x));
            log_p.iter().map(|p| p.exp() as f32).collect()
        },
    )
}

/// Network less exact; of the speed, the length of the difference of the velocities.
fn difference(model: &OnGrid, exact: &OnGrid, heat: Heat) -> OnGrid {
    let velocity = minus(&model.velocity, &exact.velocity);
    let values = match heat {
        Heat::Speed => velocity.chunks_exact(2).map(|v| v[0].hypot(v[1])).collect(),
        Heat::Density | Heat::Divergence => minus(&model.values, &exact.values),
    };
    OnGrid { velocity, values }
}

fn minus(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// A round number that nearly all magnitudes stay below.
fn high_end(values: impl Iterator<Item = f32>) -> f32 {
    let mut sizes: Vec<f32> = values.map(f32::abs).filter(|v| v.is_finite()).collect();
    if sizes.is_empty() {
        return 1.0;
    }
    let at = (sizes.len() - 1) * 98 / 100;
    nice_ceil(*sizes.select_nth_unstable_by(at, f32::total_cmp).1)
}

/// Times of the error curve.
const TIMES: usize = 41;
/// Points at each time, first and final.
const SAMPLES: [usize; 2] = [250, 3000];

/// E|v_θ − v*|² over x_t ∼ p_t at many times, as `[t, error]`.
pub struct ErrorCurve {
    pub points: Vec<[f32; 2]>,
    /// ∫E|v_θ − v*|²/2 dt, the excess loss.
    pub excess: f64,
}

/// Shows the error against time, from few points first.
pub fn error_over_time(job: &Job<'_, ErrorCurve>, request: &Request) {
    let Some(field) = request.route.exact() else {
        return;
    };
    let Some(mlp) = (request.model.as_ref()).and_then(|(_, w)| Mlp::try_new(w).ok()) else {
        return;
    };
    for samples in SAMPLES {
        let curve = job
            .pool
            .install(|| error_curve(&field, &mlp, &request.route.dataset, samples, job.cancel));
        match curve {
            Some(curve) => job.show(curve),
            None => return,
        }
    }
}

/// The curve from `samples` pairs of noise and data, the same at all times.
pub fn error_curve(
    field: &ExactField,
    mlp: &Mlp,
    dataset: &Dataset,
    samples: usize,
    cancel: &AtomicBool,
) -> Option<ErrorCurve> {
    let x0 = moving::noise(2, samples);
    let x1 = moving::data(dataset, 1, samples);
    let path = ProbPath::new(field.scheduler());
    let mut points = Vec::with_capacity(TIMES);
    let (mut model, mut exact) = (vec![0.0; 2 * samples], vec![0.0; 2 * samples]);
    for i in 0..TIMES {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let t = (i as f64 / (TIMES - 1) as f64).min(LAST_TIME);
        let xt: Vec<f32> = (x0.iter().zip(&x1))
            .map(|(x0, x1)| path.sample(*x0, *x1, t as f32).0)
            .collect();
        mlp.velocity(t as f32, &xt, &mut model);
        field.at_time::<f32>(t).velocities(&xt, &mut exact);
        let sum: f64 = (model.iter().zip(&exact))
            .map(|(m, e)| f64::from(m - e).powi(2))
            .sum();
        points.push([t as f32, (sum / samples as f64) as f32]);
    }
    let trapezia = points
        .windows(2)
        .map(|pair| f64::from(pair[1][0] - pair[0][0]) * 0.5 * f64::from(pair[0][1] + pair[1][1]));
    let excess = 0.5 * trapezia.sum::<f64>();
    Some(ErrorCurve { points, excess })
}
