//! What the lesson shows of a model, made on its thread.

use std::sync::{Arc, Mutex};

use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::data::Dataset;
use crate::flow::metric::{NullBand, energy_distance, straightness};
use crate::flow::{Solver, coupling_cost};
use crate::render::Frames;
use crate::train::batch::{Purpose, stream};
use crate::train::images::VariationalSettings;
use crate::train::images::variational::study::{Floors, Pairs};

/// Samples on the stage, and the times at which they are kept.
const SAMPLES: usize = 3000;
const FRAMES: usize = 41;
/// Pairs of the pictures and of the floors, few first, with the side of the cells.
const PAIRS: usize = 20_000;
const FLOORS: [(usize, f64); 2] = [(30_000, 0.2), (120_000, 0.12)];
/// Points of the energy distances, whose time grows with the square.
const ENERGY: usize = 2000;
/// Euler steps that are compared.
pub const STEPS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// What a view is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Of the weights.
    pub version: u64,
    /// Of the noise.
    pub seed: u64,
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
    /// Mean and standard deviation of the prior.
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
    pub null: Option<NullBand>,
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
    let dataset = model.settings().dataset.points().cloned();
    let dataset = dataset.ok_or("a run over pictures, but points are shown here")?;
    job.pool.install(|| {
        let pairs = Pairs::draw(&model, &dataset, PAIRS, key.seed)?;
        let times: Vec<f64> = (0..FRAMES)
            .map(|i| i as f64 / (FRAMES - 1) as f64)
            .collect();
        let x0 = model.noise(key.seed, SAMPLES);
        let drawn = model.carry(&x0, Solver::Euler, 2 * (FRAMES - 1), &times, &mut |_| {})?;
        let points = drawn.way.concat();
        let narrow: Vec<f32> = times.iter().map(|&t| t as f32).collect();
        let own: Vec<usize> = (0..PAIRS).collect();
        let cost = [&pairs.posterior, &pairs.independent].map(|z| coupling_cost(z, &pairs.x, &own));
        let mut shown = Shown {
            straightness: straightness(&times, &points),
            frames: Frames::new(narrow.into(), points.into(), SAMPLES),
            dataset: dataset.clone(),
            pairs: Arc::new(pairs),
            prior: [model.prior_mean(), model.prior_std()].map(|v| [v[0], v[1]]),
            settings: Arc::new(model.settings().clone()),
            cost,
            floors: None,
            energy: Vec::new(),
            null: None,
        };
        job.show(Ok(shown.clone()));
        for (n, cell) in FLOORS {
            let pairs = Pairs::draw(&model, &dataset, n, 0)?;
            let Some(floors) = pairs.floors(&model, cell, &|| job.is_cancelled()) else {
                return Ok(());
            };
            shown.floors = Some(floors);
            job.show(Ok(shown.clone()));
        }
        let truth = |batch: u64| {
            let mut data = vec![0.0_f32; 2 * ENERGY];
            dataset.sample_into(&mut stream(key.seed, Purpose::Probe, batch), &mut data);
            data
        };
        let nulls: Vec<f64> = (0..5)
            .map(|k| energy_distance(&truth(2 * k + 2), &truth(2 * k + 3)))
            .collect();
        shown.null = Some(NullBand::of(&nulls));
        let (x0, data) = (model.noise(key.seed, ENERGY), truth(1));
        for steps in STEPS {
            if job.is_cancelled() {
                return Ok(());
            }
            let drawn = model.carry(&x0, Solver::Euler, steps, &[], &mut |_| {})?;
            shown.energy.push(energy_distance(&drawn.x1, &data));
            job.show(Ok(shown.clone()));
        }
        Ok(())
    })
}
