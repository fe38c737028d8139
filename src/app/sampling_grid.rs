//! The same noise through many combinations of field, solver and steps: the work behind the
//! panels of the lessons, done on a thread of its own, coarse pictures first.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::background::{Background, Job};
use super::exact::{UpTo, exact_field, support};
use super::lesson::Lab;
use super::sampler::moving::{self, Plan};
use crate::data::toy::Dataset;
use crate::flow::{BoxUnion, Scheduler, VelocityField, metric};
use crate::kernel::{Mlp, MlpWeights};
use crate::render::Frames;

/// A first picture has this part of the particles.
const COARSE: usize = 8;
/// Between two looks of the window at unfinished work.
const SHOW_EVERY: Duration = Duration::from_millis(80);

/// What moves the particles of a panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Driver {
    /// The exact field of a path.
    Exact(Scheduler),
    /// The network on the stage.
    Network,
}

/// One panel: a field and how it is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The field.
    pub driver: Driver,
    /// The solver and its steps.
    pub plan: Plan,
}

/// What a lesson wants to see.
#[derive(Clone, Debug)]
pub struct Request {
    /// The target.
    pub dataset: Dataset,
    /// The network and the version of its weights.
    pub model: Option<(u64, Arc<MlpWeights>)>,
    /// The panels.
    pub cells: Vec<Cell>,
    /// Particles in each.
    pub particles: usize,
    /// Seed of the noise that all share.
    pub noise: u64,
    /// Stored moments of a panel at most, without the first.
    pub frames: usize,
    /// Leave the processor to a training after the work.
    pub rest: bool,
}

/// Particles that went through one panel.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Which panel.
    pub cell: Cell,
    /// Where they were.
    pub frames: Frames,
    /// Evaluations of the field for each particle.
    pub nfe: usize,
    /// Share of the particles that ended outside the target's support, where it has one.
    pub off_support: Option<f64>,
    /// Share of the particles that ended in each cell of the support; empty without one.
    pub masses: Vec<f64>,
    /// Whether all particles ended at one point. On a board that is a corner of its cells, where
    /// rounding decides what is off the support: it has neither share nor masses.
    pub is_point: bool,
    /// The stored frame at which the last step begins.
    pub before_last: usize,
    dataset: Dataset,
    noise: u64,
    version: u64,
}

/// Two requests with equal keys have equal pictures.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    dataset: Dataset,
    cells: Vec<Cell>,
    particles: usize,
    noise: u64,
    frames: usize,
    version: Option<u64>,
}

/// The panels of a lesson and the thread that fills them.
#[derive(Default)]
pub struct SamplingGrid {
    work: Option<Background<Key, Vec<Arc<Moved>>>>,
    asked: Option<Key>,
    shown: Option<Arc<Vec<Arc<Moved>>>>,
}

impl SamplingGrid {
    /// Asks for panels. New weights wait for the work in progress, anything else replaces it.
    pub fn ask(&mut self, lab: &Lab, request: Request) {
        let work = self.work.get_or_insert_with(|| lab.background());
        self.shown = work.value();
        let uses_model = request.cells.iter().any(|c| c.driver == Driver::Network);
        let version = request.model.as_ref().map(|(version, _)| *version);
        let key = Key {
            dataset: request.dataset.clone(),
            cells: request.cells.clone(),
            particles: request.particles,
            noise: request.noise,
            frames: request.frames,
            version: version.filter(|_| uses_model),
        };
        if let Some(asked) = &self.asked {
            let only_weights = Key {
                version: key.version,
                ..asked.clone()
            } == key;
            if *asked == key || (only_weights && work.is_busy()) {
                return;
            }
        }
        self.asked = Some(key.clone());
        let known = self.shown.clone();
        work.ask(key, move |job| {
            fill(job, &request, known.as_deref().map_or(&[], Vec::as_slice));
        });
    }

    /// The newest picture of a panel; none before there is one for the target asked for.
    pub fn moved(&self, cell: &Cell) -> Option<&Arc<Moved>> {
        let dataset = &self.asked.as_ref()?.dataset;
        let fits = |m: &&Arc<Moved>| m.cell == *cell && m.dataset == *dataset;
        self.shown.as_ref()?.iter().find(fits)
    }

    /// Whether a panel is still missing, or has only some of its particles.
    pub fn is_busy(&self) -> bool {
        self.work.as_ref().is_some_and(Background::is_busy)
    }
}

/// Moves the particles of all panels, some of them first, cheap panels before dear ones.
fn fill(job: &Job<'_, Vec<Arc<Moved>>>, request: &Request, known: &[Arc<Moved>]) {
    let started = Instant::now();
    let noise = moving::noise(request.noise, request.particles);
    let support = support(&request.dataset);
    let network = request.model.as_ref().and_then(|(version, weights)| {
        let mlp = Mlp::try_new(weights);
        mlp.inspect_err(|error| log::warn!("weights that cannot be drawn: {error}"))
            .ok()
            .map(|mlp| (*version, mlp))
    });
    let bench = Bench {
        request,
        support,
        network,
    };
    // What is on show stays until its panel is made anew.
    let mut panels: Vec<Option<Arc<Moved>>> = (request.cells.iter())
        .map(|cell| known.iter().find(|m| bench.still_fits(m, cell)).cloned())
        .collect();
    let mut order: Vec<usize> = (0..request.cells.len()).collect();
    order.sort_by_key(|&i| request.cells[i].plan.nfe());
    let mut shown = Instant::now();
    for count in [(request.particles / COARSE).max(1), request.particles] {
        for &index in &order {
            let cell = request.cells[index];
            let done = panels[index]
                .as_ref()
                .is_some_and(|m| m.frames.n >= count && bench.version(&cell) == Some(m.version));
            if done {
                continue;
            }
            if job.is_cancelled() {
                return;
            }
            let moved = job
                .pool
                .install(|| bench.moved(&cell, &noise[..2 * count], job));
            panels[index] = moved.map(Arc::new).or(panels[index].take());
            if shown.elapsed() > SHOW_EVERY {
                job.show(panels.iter().flatten().cloned().collect());
                shown = Instant::now();
            }
        }
    }
    job.show(panels.into_iter().flatten().collect());
    let end = Instant::now() + 2 * started.elapsed();
    while request.rest && Instant::now() < end && !job.is_cancelled() {
        thread::sleep(Duration::from_millis(10));
    }
}

/// What all panels of a request share.
struct Bench<'a> {
    request: &'a Request,
    support: Option<BoxUnion>,
    network: Option<(u64, Mlp)>,
}

impl Bench<'_> {
    /// Whether a picture may stay on show until a newer one is there.
    fn still_fits(&self, moved: &Moved, cell: &Cell) -> bool {
        let request = self.request;
        moved.cell == *cell
            && moved.dataset == request.dataset
            && moved.noise == request.noise
            && moved.frames.n <= request.particles
    }

    /// Version of the field; 0 for the exact one, none where there is no such field.
    fn version(&self, cell: &Cell) -> Option<u64> {
        match cell.driver {
            Driver::Exact(_) => Some(0),
            Driver::Network => self.network.as_ref().map(|(version, _)| *version),
        }
    }

    fn moved(&self, cell: &Cell, noise: &[f32], job: &Job<'_, Vec<Arc<Moved>>>) -> Option<Moved> {
        let field: &dyn VelocityField<f32> = match cell.driver {
            Driver::Exact(path) => &UpTo(exact_field(&self.request.dataset, path)?),
            Driver::Network => &self.network.as_ref()?.1,
        };
        let times = saved_times(&cell.plan, self.request.frames);
        let moved = cell.plan.follow(field, times, noise, job.cancel)?;
        let ends = &moved.points[moved.points.len() - 2 * moved.n..];
        let is_point = is_point(ends);
        let support = self.support.as_ref().filter(|_| !is_point);
        let last = cell.plan.last_start();
        Some(Moved {
            cell: *cell,
            nfe: moved.nfe,
            off_support: support.map(|boxes| metric::off_support(boxes, ends)),
            masses: support.map_or_else(Vec::new, |boxes| metric::cell_mass(boxes, ends)),
            is_point,
            before_last: moved
                .times
                .iter()
                .rposition(|t| *t <= last)
                .unwrap_or_default(),
            frames: Frames::new(moved.times.into(), moved.points.into(), moved.n),
            dataset: self.request.dataset.clone(),
            noise: self.request.noise,
            version: self.version(cell).unwrap_or_default(),
        })
    }
}

/// Whether all points `[n, 2]` are the same but for rounding.
fn is_point(ends: &[f32]) -> bool {
    let mut pairs = ends.chunks_exact(2);
    pairs.all(|x| (x[0] - ends[0]).abs() < 1e-3 && (x[1] - ends[1]).abs() < 1e-3)
}

/// Every step where there is room, and the start of the last one.
fn saved_times(plan: &Plan, most: usize) -> Vec<f32> {
    let k = if plan.solver.is_adaptive() {
        most
    } else {
        plan.steps.min(most)
    };
    let mut times: Vec<f32> = (0..=k).map(|i| i as f32 / k as f32).collect();
    let last = plan.last_start();
    let at = times.partition_point(|t| *t < last);
    if times[at] != last {
        times.insert(at, last);
    }
    times
}

#[cfg(test)]
mod tests;
