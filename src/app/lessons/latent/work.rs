//! What the views of the lesson show, made on their threads.

use std::sync::Mutex;

use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::digits::time_grid::TimeGrid;
use crate::app::widgets::digit_grid::Pictures;
use crate::flow::Solver;
use crate::train::images::frechet::eigen;
use crate::train::images::solvers::Study;
use crate::train::images::space::LATENT;
use crate::train::images::{LatentModel, Request};

/// Digits of the flow's view and how often each is drawn.
pub const FLOWING: usize = 20;
/// Stored times of a flow, with both ends.
pub const FRAMES: TimeGrid = TimeGrid(41);
/// Steps that are compared.
pub const STEPS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Columns of the comparison: one of each digit.
pub const CLASSES: usize = 10;
/// Trajectories of the map, and how many of them carry a picture.
pub const MAPPED: usize = 200;
pub const PICTURED: usize = 40;

/// What a view is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Of the weights.
    pub version: u64,
    /// Of the noise.
    pub seed: u64,
    /// How the flow is integrated.
    pub solver: Solver,
    /// Steps of a fixed solver.
    pub steps: usize,
    /// γ.
    pub guidance: f32,
}

/// A flow at [`FRAMES`] times, or at fewer while it is made.
pub struct Flow {
    /// Decoded codes, one grid for each time.
    pub now: Vec<Pictures>,
    /// Decoded predictions `x_t + (1 − t) v`, one grid for each time.
    pub end: Vec<Pictures>,
    /// Evaluations of the field.
    pub nfe: usize,
}

/// One row of the comparison.
#[derive(Clone)]
pub struct Row {
    /// What it was integrated with.
    pub name: String,
    /// Evaluations of the field.
    pub nfe: usize,
    /// The digits.
    pub pictures: Pictures,
}

/// Codes on the plane of their first two principal components.
pub struct Map {
    /// `[FRAMES][MAPPED]` places.
    pub places: Vec<Vec<[f32; 2]>>,
    /// The class of each.
    pub labels: Vec<u8>,
    /// Decoded codes of the first few, one grid for each time.
    pub pictures: Vec<Pictures>,
    /// Share of the variance of the ends that the plane shows.
    pub share: f64,
}

/// What a thread was asked for.
pub enum Shown {
    /// For the view of the flow.
    Flow(Flow),
    /// For the comparison.
    Steps(Vec<Row>),
    /// For the map.
    Map(Map),
    /// For the solvers' curves.
    Solvers(Study),
}

/// Result of a thread, with what it was made of.
pub struct Made {
    /// Of the weights, for the caption.
    pub label: String,
    /// The pictures, or why there are none.
    pub shown: Result<Shown, String>,
}

impl Made {
    /// Something of the weights of a source.
    pub fn of(source: &Source, shown: Result<Shown, String>) -> Self {
        Self {
            label: source.label.clone(),
            shown,
        }
    }
}

fn labels(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i % CLASSES) as u8).collect()
}

fn request(key: &Key, n: usize, frames: TimeGrid) -> Request {
    Request {
        labels: labels(n),
        guidance: key.guidance,
        emphasis: 1.0,
        solver: key.solver,
        steps: key.steps,
        seed: key.seed,
        save_at: frames.before_the_end(),
        given: Vec::new(),
    }
}

/// The flow of some digits: a coarse one first.
///
/// # Errors
/// When a network cannot be loaded or the solver gives up.
pub fn flow(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Made>,
) -> Result<(), String> {
    let model = models::lock(models).flow(source)?;
    let coarse = Key {
        steps: key.steps.min(8),
        solver: Solver::Euler,
        ..key.clone()
    };
    for (key, frames) in [(&coarse, TimeGrid(6)), (key, FRAMES)] {
        if job.is_cancelled() {
            return Ok(());
        }
        let made = job.pool.install(|| carried(&model, key, frames))?;
        job.show(Made::of(source, Ok(Shown::Flow(made))));
    }
    Ok(())
}

fn carried(model: &LatentModel, key: &Key, frames: TimeGrid) -> Result<Flow, String> {
    let request = request(key, FLOWING, frames);
    let samples = model.sample(&request, &mut |_| {})?;
    let mut flow = Flow {
        now: Vec::with_capacity(frames.0),
        end: Vec::with_capacity(frames.0),
        nfe: samples.nfe,
    };
    for (t, x) in request.save_at.iter().zip(&samples.way) {
        let t = *t as f32;
        let v = model.velocity_of(x, t, &request.labels, key.guidance)?;
        let end: Vec<f32> = x.iter().zip(&v).map(|(x, v)| x + (1.0 - t) * v).collect();
        flow.now.push(Pictures::new(model.decode(x)?));
        flow.end.push(Pictures::new(model.decode(&end)?));
    }
    let last = Pictures::new(samples.images);
    flow.now.push(last.clone());
    flow.end.push(last);
    Ok(flow)
}

/// The same noise with more and more steps, then with an adaptive solver.
///
/// # Errors
/// When a network cannot be loaded or the solver gives up.
pub fn steps(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Made>,
) -> Result<(), String> {
    let model = models::lock(models).flow(source)?;
    let mut rows = Vec::new();
    let fixed = if key.solver.is_adaptive() {
        Solver::Euler
    } else {
        key.solver
    };
    let mut plans: Vec<(Solver, usize, String)> = STEPS
        .map(|steps| {
            let plural = if steps == 1 { "step" } else { "steps" };
            (fixed, steps, format!("{steps} {plural}"))
        })
        .into();
    plans.push((Solver::Dopri5, 1, "Dopri5".to_owned()));
    for (solver, steps, name) in plans {
        if job.is_cancelled() {
            return Ok(());
        }
        let request = Request {
            solver,
            steps,
            ..request(key, CLASSES, TimeGrid(1))
        };
        let samples = job.pool.install(|| model.sample(&request, &mut |_| {}))?;
        rows.push(Row {
            name,
            nfe: samples.nfe,
            pictures: Pictures::new(samples.images),
        });
        job.show(Made::of(source, Ok(Shown::Steps(rows.clone()))));
    }
    Ok(())
}

/// Trajectories on the plane that shows most of the spread of their ends.
///
/// # Errors
/// When a network cannot be loaded or the solver gives up.
pub fn map(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Made>,
) -> Result<(), String> {
    let model = models::lock(models).flow(source)?;
    let request = request(key, MAPPED, FRAMES);
    let samples = job.pool.install(|| model.sample(&request, &mut |_| {}))?;
    let mut way = samples.way;
    way.push(samples.latents);
    let plane = Plane::of(&way[FRAMES.last()]);
    let mut pictures = Vec::with_capacity(FRAMES.0);
    for x in &way {
        if job.is_cancelled() {
            return Ok(());
        }
        let few = &x[..PICTURED * LATENT];
        pictures.push(Pictures::new(job.pool.install(|| model.decode(few))?));
    }
    let map = Map {
        places: way.iter().map(|x| plane.places(x)).collect(),
        labels: request.labels,
        pictures,
        share: plane.share,
    };
    job.show(Made::of(source, Ok(Shown::Map(map))));
    Ok(())
}

/// The first two principal components of codes.
struct Plane {
    mean: Vec<f64>,
    axes: [Vec<f64>; 2],
    share: f64,
}

impl Plane {
    fn of(codes: &[f32]) -> Self {
        let n = (codes.len() / LATENT) as f64;
        let mut mean = vec![0.0; LATENT];
        for code in codes.chunks_exact(LATENT) {
            for (m, v) in mean.iter_mut().zip(code) {
                *m += f64::from(*v) / n;
            }
        }
        let mut covariance = vec![0.0; LATENT * LATENT];
        for code in codes.chunks_exact(LATENT) {
            let away: Vec<f64> = code
                .iter()
                .zip(&mean)
                .map(|(v, m)| f64::from(*v) - m)
                .collect();
            for i in 0..LATENT {
                for j in 0..LATENT {
                    covariance[i * LATENT + j] += away[i] * away[j] / n;
                }
            }
        }
        let (values, vectors) = eigen(covariance, LATENT);
        let mut order: Vec<usize> = (0..LATENT).collect();
        order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        let axis = |rank: usize| -> Vec<f64> {
            let column = order[rank];
            let axis: Vec<f64> = (0..LATENT).map(|i| vectors[i * LATENT + column]).collect();
            // An eigenvector has no sign of its own: equal codes must give equal maps.
            let largest = axis
                .iter()
                .copied()
                .max_by(|a, b| a.abs().total_cmp(&b.abs()));
            let sign = largest.map_or(1.0, f64::signum);
            axis.iter().map(|v| v * sign).collect()
        };
        let all: f64 = values.iter().sum();
        Self {
            mean,
            axes: [axis(0), axis(1)],
            share: (values[order[0]] + values[order[1]]) / all.max(1e-12),
        }
    }

    fn places(&self, codes: &[f32]) -> Vec<[f32; 2]> {
        let along = |code: &[f32], axis: &[f64]| -> f32 {
            let terms = code.iter().zip(&self.mean).zip(axis);
            terms
                .map(|((v, m), a)| (f64::from(*v) - m) * a)
                .sum::<f64>() as f32
        };
        codes
            .chunks_exact(LATENT)
            .map(|code| [along(code, &self.axes[0]), along(code, &self.axes[1])])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plane_finds_the_spread() {
        // Codes spread along two coordinates only, more along the first.
        let codes: Vec<f32> = (0..100)
            .flat_map(|i| {
                let mut code = [0.5_f32; LATENT];
                code[3] += 3.0 * (i as f32 * 0.7).sin();
                code[10] += (i as f32 * 1.3).cos();
                code
            })
            .collect();
        let plane = Plane::of(&codes);
        assert!(plane.share > 0.999, "{}", plane.share);
        assert!(plane.axes[0][3] > 0.99 && plane.axes[1][10] > 0.99);
        let places = plane.places(&codes);
        let mean: f32 = places.iter().map(|at| at[0]).sum::<f32>() / 100.0;
        assert!(mean.abs() < 1e-4);
    }
}
