//! The task of the flow in latent space.

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::config::{ImageConfig, LatentSettings, TimeSampling};
use super::engine::Loss;
use super::params::NamedTensor;
use super::sampler::{LatentModel, Request, dit};
use super::space::{self, Codes, LATENT, SHAPE, Space};
use super::store::SavedModel;
use super::task::{Measured, Problem};
use crate::data::mnist::{CLASSES, Mnist};
use crate::flow::path::ProbPath;
use crate::flow::scheduler::Scheduler;
use crate::flow::solver::Solver;
use crate::nn::dit::Dit;
use crate::nn::vae::Vae;
use crate::train::batch::{Purpose, stream};
use crate::train::files::CheckpointError;

/// Distance from t = 1 that stratified times keep (seed 000).
const GAP: f64 = 1e-5;
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

    fn new(config: ImageConfig, data: &Mnist, device: &Device) -> Result<Self, String> {
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
        let t = times(self.settings.time, n, &mut rng);
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

/// The times of a batch, `[n]`.
fn times(sampling: TimeSampling, n: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    match sampling {
        TimeSampling::Stratified => {
            let u: f64 = rng.random();
            let spread = |i: usize| ((u + i as f64 / n as f64) % (1.0 - GAP)) as f32;
            (0..n).map(spread).collect()
        }
        TimeSampling::Uniform => (0..n).map(|_| rng.random::<f32>()).collect(),
        TimeSampling::LogitNormal => (0..n)
            .map(|_| {
                let z: f32 = rng.sample(StandardNormal);
                1.0 / (1.0 + (-z).exp())
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_lie_in_the_unit_interval_as_they_should() {
        for sampling in TimeSampling::ALL {
            let mut rng = stream(1, Purpose::Batch, 0);
            let mut times = times(sampling, 4096, &mut rng);
            assert!(times.iter().all(|t| (0.0..1.0).contains(t)), "{sampling}");
            let mean = times.iter().sum::<f32>() / 4096.0;
            assert!((mean - 0.5).abs() < 0.02, "{sampling}: {mean}");
            times.sort_by(f32::total_cmp);
            let gap = times.windows(2).map(|w| w[1] - w[0]).fold(0.0, f32::max);
            match sampling {
                // No two neighbours are further apart than one part of the batch, but for the wrap.
                TimeSampling::Stratified => assert!(gap < 2.0 / 4096.0, "{gap}"),
                TimeSampling::Uniform => assert!(gap > 2.0 / 4096.0, "{gap}"),
                // Half of a logit-normal lies within 0.34 and 0.66: the quartiles of N(0, 1).
                TimeSampling::LogitNormal => assert!((times[1024] - 0.3375).abs() < 0.02),
            }
        }
    }
}
