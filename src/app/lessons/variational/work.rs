//! What the lesson shows of a model, made on its thread.

use std::sync::{Arc, Mutex};

use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::digits::time_grid::TimeGrid;
use crate::data::Dataset;
use crate::flow::metric::{energy_distance, straightness};
use crate::flow::{Solver, coupling_cost};
use crate::render::Frames;
use crate::train::batch::{Purpose, stream};
use crate::train::images::variational::Origin;
use crate::train::images::variational::study::{Floors, Pairs};
use crate::train::images::{VariationalModel, VariationalSettings};

/// Samples on the stage, and the times at which they are kept.
const SAMPLES: usize = 3000;
const FRAMES: usize = 41;
/// Pairs of the pictures and of the floors, few first, with the side of the cells.
const PAIRS: usize = 20_000;
const FLOORS: [(usize, f64); 2] = [(30_000, 0.2), (120_000, 0.12)];
/// Points of the energy distances, whose time grows with the square.
const ENERGY: usize = 2000;
/// Sets of samples, and pairs of true sets, that they are the mean of: one alone can be twice off.
const SETS: u64 = 2;
const NULLS: u64 = 8;
/// Euler steps that are compared.
pub const STEPS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// What a view, or a rung beside others, is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Of the weights of a run of the window; 0 for the pretrained ones.
    pub version: u64,
    /// Of the noise.
    pub seed: u64,
    /// What samples start from, where the run knows it.
    pub origin: Origin,
}

/// What there is to see; parts that take longer are none at first.
#[derive(Clone)]
pub struct Shown {
    /// What the model was trained on.
    pub dataset: Dataset,
    /// Pairs of both kinds.
    pub pairs: Arc<Pairs>,
    /// How it was trained.
    pub settings: Arc<VariationalSettings>,
    /// Mean and standard deviation of what samples start from.
    pub prior: [[f32; 2]; 2],
    /// Samples on their way.
    pub frames: Frames,
    /// `∫ E‖(x1 − x0) − v‖² dt` of the samples' paths.
    pub straightness: f64,
    /// `E|x − z|²` of the posterior's and of independent pairs.
    pub cost: [f64; 2],
    /// The target's variance at fixed x_t.
    pub floors: Option<Floors>,
    /// Energy distance to the data by Euler steps, in the order of [`STEPS`].
    pub energy: Vec<f64>,
    /// The same between true sets.
    pub null: Option<f64>,
}

/// Result of the thread.
pub type Made = Result<Shown, String>;

/// Makes everything, what is quick first.
///
/// # Errors
/// When the network cannot be loaded or the device was lost.
pub fn make(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Made>,
) -> Result<(), String> {
    let model = models::lock(models).variational(source)?;
    let dataset = points_of(&model)?;
    job.pool.install(|| {
        let pairs = Pairs::draw(&model, &dataset, key.origin, PAIRS, key.seed)?;
        let (frames, straightness) = carried(&model, key, SAMPLES, FRAMES)?;
        let own: Vec<usize> = (0..PAIRS).collect();
        let cost = [&pairs.posterior, &pairs.independent].map(|z| coupling_cost(z, &pairs.x, &own));
        let mut shown = Shown {
            straightness,
            frames,
            dataset: dataset.clone(),
            pairs: Arc::new(pairs),
            prior: model.start(key.origin).map(|v| [v[0], v[1]]),
            settings: Arc::new(model.settings().clone()),
            cost,
            floors: None,
            energy: Vec::new(),
            null: None,
        };
        job.show(Ok(shown.clone()));
        for (n, cell) in FLOORS {
            let pairs = Pairs::draw(&model, &dataset, key.origin, n, 0)?;
            let Some(floors) = pairs.floors(&model, cell, &|| job.is_cancelled()) else {
                return Ok(());
            };
            shown.floors = Some(floors);
            job.show(Ok(shown.clone()));
        }
        shown.null = Some(null(&dataset, key.seed));
        for steps in STEPS {
            if job.is_cancelled() {
                return Ok(());
            }
            let energy = energy(&model, &dataset, key.origin, key.seed, steps)?;
            shown.energy.push(energy);
            job.show(Ok(shown.clone()));
        }
        Ok(())
    })
}

/// The data in the plane that a model was trained on.
///
/// # Errors
/// When it was trained on pictures.
pub fn points_of(model: &VariationalModel) -> Result<Dataset, String> {
    let dataset = model.settings().dataset.points().cloned();
    dataset.ok_or_else(|| "a run over pictures, but points are shown here".to_owned())
}

/// Samples on their way at so many equal times, two Euler steps between them, and how straight
/// their paths are.
///
/// # Errors
/// When the device was lost.
pub fn carried(
    model: &VariationalModel,
    key: &Key,
    samples: usize,
    frames: usize,
) -> Result<(Frames, f64), String> {
    let times = TimeGrid(frames).times();
    let x0 = model.noise_from(key.origin, key.seed, samples);
    let steps = 2 * (frames - 1);
    let drawn = model.carry(&x0, Solver::Euler, steps, &times, &mut |_| {})?;
    let points = drawn.way.concat();
    let straightness = straightness(&times, &points);
    let narrow: Vec<f32> = times.iter().map(|&t| t as f32).collect();
    let frames = Frames::new(narrow.into(), points.into(), samples);
    Ok((frames, straightness))
}

/// Energy distance of samples to the data after some Euler steps, mean over a few sets.
///
/// # Errors
/// When the device was lost.
pub fn energy(
    model: &VariationalModel,
    dataset: &Dataset,
    origin: Origin,
    seed: u64,
    steps: usize,
) -> Result<f64, String> {
    let x0 = model.noise_from(origin, seed, SETS as usize * ENERGY);
    let drawn = model.carry(&x0, Solver::Euler, steps, &[], &mut |_| {})?;
    let sets = drawn.x1.chunks(2 * ENERGY).zip(0..);
    let each = sets.map(|(set, batch)| energy_distance(set, &truth(dataset, seed, batch)));
    Ok(each.sum::<f64>() / SETS as f64)
}

/// The same between two true sets, mean over some pairs of them.
pub fn null(dataset: &Dataset, seed: u64) -> f64 {
    let pairs = (0..NULLS).map(|k| SETS + 2 * k);
    let each = pairs.map(|k| {
        let [a, b] = [k, k + 1].map(|batch| truth(dataset, seed, batch));
        energy_distance(&a, &b)
    });
    each.sum::<f64>() / NULLS as f64
}

fn truth(dataset: &Dataset, seed: u64, batch: u64) -> Vec<f32> {
    let mut data = vec![0.0_f32; 2 * ENERGY];
    dataset.sample_into(&mut stream(seed, Purpose::Probe, batch), &mut data);
    data
}
