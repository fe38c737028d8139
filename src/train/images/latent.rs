//! The task of the flow in latent space.

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::condition::{self, Condition};
use super::config::{ImageConfig, LatentSettings};
use super::engine::Loss;
use super::params::NamedTensor;
use super::problem;
use super::sampler::{LatentModel, Request, dit};
use super::space::{self, Codes, LATENT, SHAPE, Space};
use super::store::SavedModel;
use super::task::{Measured, Problem};
use crate::data::mnist::{CLASSES, Digits, PIXELS, mask, regions};
use crate::flow::path::ProbPath;
use crate::flow::scheduler::Scheduler;
use crate::flow::solver::Solver;
use crate::nn::dit::Dit;
use crate::nn::vae::Vae;
use crate::train::batch::{Purpose, stream};
use crate::train::files::{CheckpointError, in_the_way, is_run_of_its_own};

/// The last time of a batch (seed 000).
const LAST: f32 = 1.0 - 1e-5;
/// The sheet after each epoch: each digit four times, Euler steps.
const SHEET_ROWS: usize = 4;
const SHEET_STEPS: usize = 50;

/// `E‖v_θ(x_t, t, class) − (x1 − (1 − σ_min) x0)‖²`, mean over coordinates, with
/// `x_t = (1 − (1 − σ_min) t) x0 + t x1` on codes x1 (seed 000).
pub struct LatentProblem {
    config: ImageConfig,
    settings: LatentSettings,
    codes: Codes,
    train: Digits,
    /// Digits whose masked or drawn versions the samples are asked to complete.
    shown: Digits,
    space: Space,
    vae: Vae,
    saved_vae: SavedModel,
    /// The flow that the weights come from at first; a run that goes on does without.
    from: Option<Result<SavedModel, String>>,
    device: Device,
}

impl Problem for LatentProblem {
    type Model = Dit;

    fn new(config: ImageConfig, device: &Device, notes: &mut Vec<String>) -> Result<Self, String> {
        let data = problem::digits(&config, notes)?;
        let ImageConfig::Latent(settings) = &config else {
            return Err(format!("not a run of the latent flow: {}", config.task()));
        };
        let settings = settings.clone();
        let saved_vae = SavedModel::load(&settings.vae).map_err(|error| error.to_string())?;
        let vae = space::load_vae(&saved_vae, device)
            .map_err(|error| format!("{}: {error}", settings.vae))?;
        let train = data
            .train
            .first(settings.schedule.images.unwrap_or(usize::MAX));
        let indices: Vec<usize> = (0..train.len()).collect();
        let codes = space::encode(&vae, &train, &indices, device)?;
        let from = settings.from.as_deref().map(SavedModel::load);
        let from = from.map(|flow| flow.map_err(|error| error.to_string()));
        // Weights mean something in the space that they were trained in only.
        let space = match &from {
            Some(Ok(flow)) => Space::of(flow)?,
            _ => Space::measure(&codes, settings.normalise),
        };
        Ok(Self {
            space,
            codes,
            train,
            shown: data.test.first(SHEET_ROWS * CLASSES),
            vae,
            from,
            saved_vae,
            device: device.clone(),
            settings,
            config,
        })
    }

    fn config(&self) -> &ImageConfig {
        &self.config
    }

    fn images(&self) -> usize {
        self.train.len()
    }

    fn init(&self, device: &Device) -> Dit {
        dit(&self.settings, device)
    }

    /// Channels that the other flow does not know start without influence.
    fn first(&self, random: Vec<NamedTensor>) -> Result<Vec<NamedTensor>, String> {
        let Some(flow) = &self.from else {
            return Ok(random);
        };
        let flow = flow.as_ref().map_err(Clone::clone)?;
        let name = self.settings.from.as_deref().unwrap_or_default();
        let taken = random.into_iter().map(|mut own| {
            let found = flow.network.iter().find(|tensor| tensor.name == own.name);
            match found {
                Some(found) if found.shape == own.shape => Ok(found.clone()),
                // A token's numbers lie with its channels last: with one point to a token the
                // further channels are the last rows.
                Some(found)
                    if own.name == "patches.weight"
                        && self.settings.patch == 1
                        && found.shape[1..] == own.shape[1..]
                        && found.values.len() < own.values.len() =>
                {
                    own.values.fill(0.0);
                    own.values[..found.values.len()].copy_from_slice(&found.values);
                    Ok(own)
                }
                Some(found) => Err(format!(
                    "--from {name}: tensor {}: expected {:?}, found {:?}",
                    own.name, own.shape, found.shape
                )),
                None if own.name.starts_with("rescaler.") => Ok(own),
                None => Err(format!("--from {name}: tensor {} is missing", own.name)),
            }
        });
        taken.collect()
    }

    /// The flow that it came from may have changed since, or be gone.
    fn recall(&mut self, saved: &SavedModel) -> Result<(), String> {
        self.space = Space::of(saved)?;
        Ok(())
    }

    fn loss(&self, model: &Dit, batch: &[usize], step: u64, device: &Device) -> Loss {
        let draw = self.draw(batch, step);
        let n = batch.len();
        let [c, h, w] = SHAPE;
        let upload = |values| Tensor::<4>::from_data(TensorData::new(values, [n, c, h, w]), device);
        let t = Tensor::from_data(TensorData::new(draw.t, [n]), device);
        let labels = Tensor::<1, Int>::from_data(TensorData::new(draw.labels, [n]), device);
        let mut x = upload(draw.xt);
        if !draw.given.is_empty() {
            let shape = [n, self.settings.condition.channels(), h, w];
            let given = Tensor::from_data(TensorData::new(draw.given, shape), device);
            x = Tensor::cat(vec![x, given], 1);
        }
        let error = model.forward(x, t, labels) - upload(draw.dxt);
        Loss {
            total: (error.clone() * error).mean(),
            parts: Vec::new(),
        }
    }

    fn measure(&mut self, model: &Dit, _last: bool) -> Result<Measured, String> {
        let sampler = LatentModel::from_parts(
            model.clone(),
            self.vae.clone(),
            self.space.clone(),
            self.settings.condition,
            &self.device,
        );
        // A condition stands for the class.
        let (labels, task) = match self.settings.condition {
            Condition::None => {
                let labels = (0..SHEET_ROWS * CLASSES).map(|i| (i % CLASSES) as u8);
                (labels.collect(), None)
            }
            kind => (
                vec![self.settings.no_class(); self.shown.len()],
                Some(sampler.task(kind, &self.shown, None)?),
            ),
        };
        let samples = sampler.sample(
            &Request {
                labels,
                guidance: 1.0,
                emphasis: 1.0,
                solver: Solver::Euler,
                steps: SHEET_STEPS,
                seed: self.settings.schedule.seed,
                save_at: Vec::new(),
                given: task
                    .as_ref()
                    .map_or_else(Vec::new, |task| task.given.clone()),
            },
            &mut |_| {},
        )?;
        let mut images = Vec::new();
        match &task {
            None => images = samples.images,
            // Each row of tasks above the row of their answers.
            Some(task) => {
                let rows = task.shown.chunks(CLASSES * PIXELS);
                for (asked, made) in rows.zip(samples.images.chunks(CLASSES * PIXELS)) {
                    images.extend_from_slice(asked);
                    images.extend_from_slice(made);
                }
            }
        }
        Ok(Measured {
            text: String::new(),
            images: Some((images, CLASSES)),
        })
    }

    fn beside(&self) -> Vec<NamedTensor> {
        self.space.named()
    }

    /// A run with an autoencoder of its own keeps a copy of it. What lies there already may be half
    /// a copy, or another run's.
    fn write_companions(&self, folder: &Path) -> Result<(), CheckpointError> {
        if self.settings.vae.starts_with("builtin:") {
            return Ok(());
        }
        let copy = folder.join("vae");
        let there = SavedModel::load(&copy.to_string_lossy());
        if there.is_ok_and(|there| there == self.saved_vae) {
            return Ok(());
        }
        if is_run_of_its_own(&copy) {
            return Err(in_the_way(&copy));
        }
        self.saved_vae.write(&copy, false)
    }
}

/// The name of the autoencoder that the run in a folder was trained with: the program's own where
/// the settings name it, else the folder's copy, which the settings' folder may have left behind.
pub fn autoencoder(run: &Path, settings: &LatentSettings) -> String {
    let own = run.join("vae");
    let files = ["config.json", "model.safetensors"];
    if !settings.vae.starts_with("builtin:") && files.iter().all(|name| own.join(name).is_file()) {
        return own.to_string_lossy().into_owned();
    }
    settings.vae.clone()
}

/// The autoencoder of a run; none where it is the program's own, or the run is of another task.
///
/// # Errors
/// Names the file that could not be read and the run that needs it.
pub fn own_autoencoder(name: &str, config: &ImageConfig) -> Result<Option<SavedModel>, String> {
    match config {
        ImageConfig::Latent(settings) if !settings.vae.starts_with("builtin:") => {
            let vae = autoencoder(Path::new(name), settings);
            let saved = SavedModel::load(&vae).map_err(|error| {
                format!(
                    "{error}; it is the autoencoder that {name} was trained with, and neither \
                     {name}/vae nor the folder that its config.json names as `vae` holds it whole"
                )
            });
            saved.map(Some)
        }
        _ => Ok(None),
    }
}

/// One batch in host memory.
struct Draw {
    xt: Vec<f32>,
    dxt: Vec<f32>,
    t: Vec<f32>,
    labels: Vec<i32>,
    given: Vec<f32>,
}

impl LatentProblem {
    fn draw(&self, batch: &[usize], step: u64) -> Draw {
        let mut rng = stream(self.settings.schedule.seed, Purpose::Batch, step);
        let path = ProbPath::new(Scheduler::SigmaMin(self.settings.sigma_min));
        let n = batch.len();
        let mut t = vec![0.0; n];
        self.settings.time.draw(&mut rng, LAST, &mut t);
        let mut draw = Draw {
            xt: Vec::with_capacity(n * LATENT),
            dxt: Vec::with_capacity(n * LATENT),
            labels: Vec::with_capacity(n),
            given: Vec::new(),
            t,
        };
        for (row, &index) in batch.iter().enumerate() {
            let dropped = rng.random::<f64>() < self.settings.drop;
            draw.labels.push(if dropped {
                i32::from(self.settings.no_class())
            } else {
                i32::from(self.train.labels[index])
            });
            for i in 0..LATENT {
                let at = index * LATENT + i;
                let inner: f32 = rng.sample(StandardNormal);
                let z = self.codes.mean[at] + self.codes.std[at] * inner;
                let x1 = (z - self.space.shift[i]) * self.space.scale[i];
                let x0: f32 = rng.sample(StandardNormal);
                let (xt, dxt) = path.sample(x0, x1, draw.t[row]);
                draw.xt.push(xt);
                draw.dxt.push(dxt);
            }
        }
        draw.given = self.given(batch, &mut rng);
        draw
    }

    fn given(&self, batch: &[usize], rng: &mut impl Rng) -> Vec<f32> {
        let images = || {
            batch
                .iter()
                .flat_map(|&index| self.train.image(index).to_vec())
        };
        match self.settings.condition {
            Condition::None => Vec::new(),
            Condition::Semantic => {
                let images: Vec<u8> = images().collect();
                let maps = images.chunks_exact(PIXELS).flat_map(regions::regions);
                condition::semantic(&maps.collect::<Vec<u8>>())
            }
            Condition::Inpaint => {
                let masks: Vec<u8> = batch.iter().flat_map(|_| mask::draw(rng)).collect();
                let images: Vec<u8> = images().collect();
                let made =
                    condition::inpaint(&self.vae, &self.space, &images, &masks, &self.device);
                // A lost device gives no numbers; the loss then says so.
                let wide = Condition::Inpaint.channels() * LATENT / SHAPE[0];
                made.unwrap_or_else(|_| vec![f32::NAN; batch.len() * wide])
            }
        }
    }
}
