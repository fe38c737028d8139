//! Rungs of the seed's ladder beside one another: the pretrained flow, runs that were kept, and the
//! run of the window, all carried from the same noise.

use std::sync::Mutex;

use super::work::{self, Key, STEPS};
use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::data::Dataset;
use crate::render::Frames;
use crate::train::images::variational::Rung;
use crate::train::images::variational::study::{Floors, Pairs};
use crate::train::images::{ImageConfig, VariationalModel};

/// Rungs that are kept side by side, the pretrained one included.
pub const COLUMNS: usize = 4;

/// Samples of a rung, and the times at which they are kept.
const SAMPLES: usize = 2000;
const FRAMES: usize = 33;
/// Pairs behind the target's variance, and the side of their cells.
const PAIRS: usize = 40_000;
const CELL: f64 = 0.18;

/// One rung; parts that take longer are none at first.
#[derive(Clone)]
pub struct Stand {
    /// Where it stands, or what it is, for the caption.
    pub name: String,
    /// What it was trained on.
    pub dataset: Dataset,
    /// Samples on their way.
    pub frames: Frames,
    /// `∫ E‖(x1 − x0) − v‖² dt` of the samples' paths.
    pub straightness: f64,
    /// The target's variance at fixed x_t with the pairs that it was trained on.
    pub floors: Option<Floors>,
    /// Energy distance to the data by Euler steps, in the order of [`STEPS`].
    pub energy: Vec<f64>,
    /// The same between true sets.
    pub null: Option<f64>,
}

impl Stand {
    /// The energy distance after one of [`STEPS`] as a multiple of that between true sets.
    pub fn over_null(&self, steps: usize) -> Option<f64> {
        let index = STEPS.iter().position(|&known| known == steps)?;
        Some(self.energy.get(index)? / self.null?)
    }

    /// The target's variance, mean over t.
    pub fn variance(&self) -> Option<f64> {
        self.floors.as_ref().map(|floors| floors.posterior)
    }
}

/// Result of a rung's thread.
pub type Made = Result<Stand, String>;

/// The pretrained flow stands on the highest rung.
pub fn pretrained() -> (String, Source) {
    let source = Source {
        version: 0,
        name: models::POINTS.into(),
        model: None,
        label: "pretrained".to_owned(),
    };
    (format!("{}, pretrained", Rung::Noise.label()), source)
}

/// A run of the window as a rung of its own, whatever the window trains next; none before its
/// first step.
pub fn kept(source: &Source, index: usize) -> Option<(String, Source)> {
    let model = source.model.as_ref()?;
    let ImageConfig::Variational(settings) = &model.config else {
        return None;
    };
    let rung = Rung::of(settings).map_or("Between two rungs", Rung::label);
    let source = Source {
        name: format!("kept:{index}").into(),
        ..source.clone()
    };
    Some((format!("{rung}, step {}", model.step), source))
}

/// Makes a rung: first its samples, then what is measured.
///
/// # Errors
/// When a network cannot be loaded or the device was lost.
pub fn make(
    key: &Key,
    name: &str,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Made>,
) -> Result<(), String> {
    let model = models::lock(models).variational(source)?;
    job.pool.install(|| {
        let stand = carried(&model, name, key)?;
        job.show(Ok(stand.clone()));
        if let Some(stand) = measured(stand, &model, key, job)? {
            job.show(Ok(stand));
        }
        Ok(())
    })
}

fn carried(model: &VariationalModel, name: &str, key: &Key) -> Result<Stand, String> {
    let dataset = work::points_of(model)?;
    let (frames, straightness) = work::carried(model, key, SAMPLES, FRAMES)?;
    Ok(Stand {
        name: name.to_owned(),
        dataset,
        straightness,
        frames,
        floors: None,
        energy: Vec::new(),
        null: None,
    })
}

/// None when nobody wants it any more.
fn measured(
    mut stand: Stand,
    model: &VariationalModel,
    key: &Key,
    job: &Job<'_, Made>,
) -> Result<Option<Stand>, String> {
    let pairs = Pairs::draw(model, &stand.dataset, key.origin, PAIRS, 0)?;
    let Some(floors) = pairs.floors(model, CELL, &|| job.is_cancelled()) else {
        return Ok(None);
    };
    stand.floors = Some(floors);
    stand.null = Some(work::null(&stand.dataset, key.seed));
    for steps in STEPS {
        if job.is_cancelled() {
            return Ok(None);
        }
        let energy = work::energy(model, &stand.dataset, key.origin, key.seed, steps)?;
        stand.energy.push(energy);
    }
    Ok(Some(stand))
}
