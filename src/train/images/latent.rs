//! The task of the flow in latent space.

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::config::{ImageConfig, LatentSettings};
use super::engine::Loss;
use super::params::NamedTensor;
use super::problem;
use super::sampler::{LatentModel, Request, dit};
use super::space::{self, Codes, LATENT, SHAPE, Space};
use super::store::SavedModel;
use super::task::{Measured, Problem};
use crate::data::mnist::CLASSES;
use crate::flow::path::ProbPath;
use crate::flow::scheduler::Scheduler;
use crate::flow::solver::Solver;
use crate::nn::dit::Dit;
use crate::nn::vae::Vae;
use crate::train::batch::{Purpose, stream};
use crate::train::files::CheckpointError;

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
    labels: Vec<u8>,
    space: Space,
    vae: Vae,
    saved_vae: SavedModel,
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
        Ok(Self {
            space: Space::measure(&codes, settings.normalise),
            codes,
            labels: train.labels,
            vae,
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
        self.labels.len()
    }

    fn init(&self, device: &Device) -> Dit {
        dit(&self.settings, device)
    }

    fn loss(&self, model: &Dit, batch: &[usize], step: u64, device: &Device) -> Loss {
        let draw = self.draw(batch, step);
        let n = batch.len();
        let [c, h, w] = SHAPE;
        let upload = |values| Tensor::<4>::from_data(TensorData::new(values, [n, c, h, w]), device);
        let t = Tensor::from_data(TensorData::new(draw.t, [n]), device);
        let labels = Tensor::<1, Int>::from_data(TensorData::new(draw.labels, [n]), device);
        let error = model.forward(upload(draw.xt), t, labels) - upload(draw.dxt);
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
            &self.device,
        );
        let samples = sampler.sample(
            &Request {
                labels: (0..SHEET_ROWS * CLASSES)
                    .map(|i| (i % CLASSES) as u8)
                    .collect(),
                guidance: 1.0,
                solver: Solver::Euler,
                steps: SHEET_STEPS,
                seed: self.settings.schedule.seed,
                save_at: Vec::new(),
            },
            &mut |_| {},
        )?;
        Ok(Measured {
            text: String::new(),
            images: Some((samples.images, CLASSES)),
        })
    }

    fn beside(&self) -> Vec<NamedTensor> {
        self.space.named()
    }

    /// A run with an autoencoder of its own keeps a copy of it.
    fn write_companions(&self, folder: &Path) -> Result<(), CheckpointError> {
        let copy = folder.join("vae");
        if self.settings.vae.starts_with("builtin:") || copy.join("config.json").exists() {
            return Ok(());
        }
        self.saved_vae.write(&copy, false)
    }
}

/// One batch in host memory.
struct Draw {
    xt: Vec<f32>,
    dxt: Vec<f32>,
    t: Vec<f32>,
    labels: Vec<i32>,
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
            t,
        };
        for (row, &index) in batch.iter().enumerate() {
            let dropped = rng.random::<f64>() < self.settings.drop;
            draw.labels.push(if dropped {
                i32::from(self.settings.no_class())
            } else {
                i32::from(self.labels[index])
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
        draw
    }
}
