//! The same noise through many combinations of field, solver and steps: the work behind the
//! panels of the lessons, done on a thread of its own, coarse pictures first.

mod kept;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use egui::{RichText, Ui};
use serde::{Deserialize, Serialize};

use super::background::{Background, Job};
use super::exact::{Route, UpTo, support};
use super::lesson::Lab;
use super::sampler::moving::{self, Plan};
use super::training::{Staged, WeightsChoice};
use crate::data::Dataset;
use crate::flow::{Scheduler, VelocityField, metric};
use crate::kernel::{Mlp, Trajectories};
use crate::render::Frames;

/// A first picture has this part of the particles.
const COARSE: usize = 8;
/// Between two looks of the window at unfinished work.
const SHOW_EVERY: Duration = Duration::from_millis(80);

/// What moves the particles of a panel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Driver {
    /// The exact field of a path.
    Exact(Scheduler),
    /// No field: pairs of source and target on their conditional paths. At each time they are
    /// distributed as the particles of the marginal field, which need not be known.
    Pairs(Scheduler),
    /// A network, from the source of its run to the target of its run.
    Network(WeightsChoice),
}

/// One panel: a field and how it is followed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The field.
    pub driver: Driver,
    /// The solver and its steps.
    pub plan: Plan,
}

/// What a lesson wants to see.
#[derive(Clone, Debug)]
pub struct Request {
    /// Source and target of the panels without a network.
    pub route: Route,
    /// The panels.
    pub cells: Vec<Cell>,
    /// Particles in each.
    pub particles: usize,
    /// Seed of the noise that all share.
    pub noise: u64,
    /// Stored moments of a panel at most, without the first; fewer where memory has no room.
    pub frames: usize,
    /// Leave the processor to a training after the work.
    pub rest: bool,
}

/// Particles that went through one panel.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Which panel.
    pub cell: Cell,
    /// What they moved between.
    pub route: Route,
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
    noise: u64,
    version: u64,
}

/// Two requests with equal keys have equal pictures.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    route: Route,
    models: Vec<(WeightsChoice, u64)>,
    cells: Vec<Cell>,
    particles: usize,
    noise: u64,
    frames: usize,
}

/// Networks of a request.
type Models = Vec<(WeightsChoice, Staged)>;

/// What the particles of a panel move between; none where its network is gone.
fn route_of(driver: Driver, stage: &Route, models: &Models) -> Option<Route> {
    match driver {
        Driver::Exact(path) | Driver::Pairs(path) => Some(Route {
            path,
            ..stage.clone()
        }),
        Driver::Network(choice) => {
            let known = models.iter().find(|(known, _)| *known == choice);
            known.map(|(_, staged)| staged.route())
        }
    }
}

/// The panels of a lesson and the thread that fills them.
#[derive(Default)]
pub struct SamplingGrid {
    work: Option<Background<Key, Vec<Arc<Moved>>>>,
    asked: Option<Key>,
    models: Models,
    shown: Option<Arc<Vec<Arc<Moved>>>>,
    /// Whether memory has no room for every moment of what was asked for.
    thinned: bool,
}

impl SamplingGrid {
    /// Asks for panels. New weights wait for the work in progress, anything else replaces it.
    pub fn ask(&mut self, lab: &Lab, request: Request) {
        let work = self.work.get_or_insert_with(|| lab.background());
        self.shown = work.value();
        self.models = networks(lab, &request.cells);
        let versions = |models: &Models| models.iter().map(|(c, s)| (*c, s.version)).collect();
        let key = Key {
            route: request.route.clone(),
            models: versions(&self.models),
            cells: request.cells.clone(),
            particles: request.particles,
            noise: request.noise,
            frames: request.frames,
        };
        if let Some(asked) = &self.asked {
            let only_weights = Key {
                models: key.models.clone(),
                ..asked.clone()
            } == key;
            if *asked == key || (only_weights && work.is_busy()) {
                return;
            }
        }
        self.asked = Some(key.clone());
        let times = kept::times(&request);
        self.thinned = kept::is_thinned(&request, &times);
        let known = self.shown.as_deref().cloned().unwrap_or_default();
        let models = self.models.clone();
        work.ask(key, move |job| fill(job, &request, &times, &models, known));
    }

    /// The newest picture of a panel; none before there is one for what was asked for.
    pub fn moved(&self, cell: &Cell) -> Option<&Arc<Moved>> {
        let route = self.route(cell)?;
        let fits = |m: &&Arc<Moved>| m.cell == *cell && m.route == route;
        self.shown.as_ref()?.iter().find(fits)
    }

    /// What the particles of a panel move between; none where its network is gone.
    pub fn route(&self, cell: &Cell) -> Option<Route> {
        route_of(cell.driver, &self.asked.as_ref()?.route, &self.models)
    }

    /// The targets of all panels.
    pub fn datasets(&self) -> Vec<Dataset> {
        let networks = self.models.iter().map(|(_, staged)| staged.dataset.clone());
        let stage = self.asked.iter().map(|asked| asked.route.dataset.clone());
        stage.chain(networks).collect()
    }

    /// Says so where so many particles leave no room for every moment.
    pub fn note_ui(&self, ui: &mut Ui) {
        if self.thinned {
            let note = RichText::new("Fewer moments kept: memory").small().weak();
            ui.label(note).on_hover_text(
                "So many particles leave room for some moments of a panel only; between them the \
                 picture is interpolated. The start and the end are exact.",
            );
        }
    }

    /// Whether a panel is still missing, or has only some of its particles.
    pub fn is_busy(&self) -> bool {
        self.work.as_ref().is_some_and(Background::is_busy)
    }
}

/// The networks that some panels need.
fn networks(lab: &Lab, cells: &[Cell]) -> Models {
    let mut models = Models::new();
    for cell in cells {
        if let Driver::Network(choice) = cell.driver
            && !models.iter().any(|(known, _)| *known == choice)
            && let Some(staged) = lab.training.staged_by(choice)
        {
            models.push((choice, staged));
        }
    }
    models
}

/// Moves the particles of all panels, some of them first, cheap panels before dear ones. Each keeps
/// the moments at its `times`.
fn fill(
    job: &Job<'_, Vec<Arc<Moved>>>,
    request: &Request,
    times: &[Vec<f32>],
    models: &Models,
    known: Vec<Arc<Moved>>,
) {
    let started = Instant::now();
    let network = |(choice, staged): &(WeightsChoice, Staged)| {
        let mlp = Mlp::try_new(&staged.weights);
        mlp.inspect_err(|error| log::warn!("weights that cannot be drawn: {error}"))
            .ok()
            .map(|mlp| (*choice, staged.version, mlp))
    };
    let bench = Bench {
        request,
        models,
        networks: models.iter().filter_map(network).collect(),
    };
    // What is on show stays until its panel is made anew.
    let mut panels: Vec<Option<Arc<Moved>>> = (request.cells.iter().zip(times))
        .map(|(cell, times)| {
            let known = known.iter().find(|m| bench.still_fits(m, cell))?;
            let fewer = Some(known).filter(|m| m.frames.times.len() > times.len());
            let fewer = fewer.and_then(|m| kept::only(m, times));
            Some(fewer.map_or_else(|| Arc::clone(known), Arc::new))
        })
        .collect();
    // The others may be large.
    drop(known);
    let mut order: Vec<usize> = (0..request.cells.len()).collect();
    order.sort_by_key(|&i| request.cells[i].plan.nfe());
    let mut shown = Instant::now();
    let coarse = (request.particles / COARSE).max(1);
    // A panel that could have more moments, now that there is room, is made anew after all others.
    for (count, whole) in [
        (coarse, false),
        (request.particles, false),
        (request.particles, true),
    ] {
        for &index in &order {
            let (cell, times) = (request.cells[index], &times[index]);
            let done = panels[index].as_ref().is_some_and(|m| {
                let few = m.frames.times.len() <= times.len();
                m.frames.n >= count
                    && bench.version(&cell) == Some(m.version)
                    && (few && !whole || m.frames.times[..] == times[..])
            });
            if done {
                continue;
            }
            if job.is_cancelled() {
                return;
            }
            let moved = job.pool.install(|| bench.moved(&cell, times, count, job));
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
    models: &'a Models,
    networks: Vec<(WeightsChoice, u64, Mlp)>,
}

impl Bench<'_> {
    /// Whether a picture may stay on show until a newer one is there.
    fn still_fits(&self, moved: &Moved, cell: &Cell) -> bool {
        let request = self.request;
        moved.cell == *cell
            && Some(&moved.route) == self.route(cell).as_ref()
            && moved.noise == request.noise
            && moved.frames.n <= request.particles
    }

    fn route(&self, cell: &Cell) -> Option<Route> {
        route_of(cell.driver, &self.request.route, self.models)
    }

    fn network(&self, choice: WeightsChoice) -> Option<&(WeightsChoice, u64, Mlp)> {
        self.networks.iter().find(|(known, ..)| *known == choice)
    }

    /// Version of the field; 0 without weights, none where there is no such field.
    fn version(&self, cell: &Cell) -> Option<u64> {
        match cell.driver {
            Driver::Exact(_) | Driver::Pairs(_) => Some(0),
            Driver::Network(choice) => self.network(choice).map(|(_, version, _)| *version),
        }
    }

    /// The way of `n` particles.
    fn follow(
        &self,
        cell: &Cell,
        route: &Route,
        times: &[f32],
        n: usize,
        job: &Job<'_, Vec<Arc<Moved>>>,
    ) -> Option<Trajectories> {
        let x0 = moving::start(&route.source, self.request.noise, n);
        let field: &dyn VelocityField<f32> = match cell.driver {
            Driver::Exact(_) => &UpTo(route.exact()?),
            Driver::Network(choice) => &self.network(choice)?.2,
            Driver::Pairs(path) => {
                let x1 = moving::data(&route.dataset, self.request.noise, n);
                return Some(moving::conditional(path, times, &x0, &x1));
            }
        };
        cell.plan.follow(field, times.to_vec(), &x0, job.cancel)
    }

    fn moved(
        &self,
        cell: &Cell,
        times: &[f32],
        n: usize,
        job: &Job<'_, Vec<Arc<Moved>>>,
    ) -> Option<Moved> {
        let route = self.route(cell)?;
        let moved = self.follow(cell, &route, times, n, job)?;
        let ends = &moved.points[moved.points.len() - 2 * moved.n..];
        let is_point = is_point(ends);
        let support = support(&route.dataset).filter(|_| !is_point);
        let support = support.as_ref();
        Some(Moved {
            cell: *cell,
            nfe: moved.nfe,
            off_support: support.map(|boxes| metric::off_support(boxes, ends)),
            masses: support.map_or_else(Vec::new, |boxes| metric::cell_mass(boxes, ends)),
            is_point,
            before_last: kept::before_last(&cell.plan, &moved.times),
            frames: Frames::new(moved.times.into(), moved.points.into(), moved.n),
            route,
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

#[cfg(test)]
mod tests;
