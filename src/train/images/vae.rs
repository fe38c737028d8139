//! The task of the autoencoder.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::config::{ImageConfig, VaeSettings};
use super::engine::Loss;
use super::normalise::Normalise;
use super::params::NamedTensor;
use super::problem;
use super::space::{self, LATENT, SHAPE, Space};
use super::store::SavedModel;
use super::task::{Measured, Problem};
use crate::data::mnist::{Digits, PADDED, PIXELS, SIDE, crop};
use crate::nn::vae::{Vae, VaeConfig};
use crate::train::batch::{Purpose, stream};

/// Test images of the figures between epochs; the last epoch takes all.
const QUICK: usize = 1000;
/// Images of the sheet: four rows of eight, as in seed 000, above four rows of reconstructions.
const SHOWN: usize = 32;

/// `Σ (x̂ − x)² + β KL(N(mean, e^logvar) ‖ N(0, I))`, mean over a batch: the evidence bound of a
/// decoder with unit variance, with a weight on its KL term (Higgins et al. 2017).
pub struct VaeProblem {
    config: ImageConfig,
    settings: VaeSettings,
    train: Digits,
    test: Digits,
    device: Device,
    space: Space,
}

impl Problem for VaeProblem {
    type Model = Vae;

    fn new(config: ImageConfig, device: &Device, notes: &mut Vec<String>) -> Result<Self, String> {
        let data = problem::digits(&config, notes)?;
        let ImageConfig::Vae(settings) = &config else {
            return Err(format!("not a run of the autoencoder: {}", config.task()));
        };
        let settings = settings.clone();
        Ok(Self {
            train: data
                .train
                .first(settings.schedule.images.unwrap_or(usize::MAX)),
            test: data.test.clone(),
            device: device.clone(),
            space: Space {
                shift: vec![0.0; LATENT],
                scale: vec![1.0; LATENT],
            },
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

    fn init(&self, device: &Device) -> Vae {
        VaeConfig::new()
            .with_widths(self.settings.channels)
            .init(device)
    }

    fn parts(&self) -> &'static [&'static str] {
        &["reconstruction", "kl"]
    }

    fn loss(&self, model: &Vae, batch: &[usize], step: u64, device: &Device) -> Loss {
        let n = batch.len();
        let x = space::padded(&self.train, batch, device);
        let mut rng = stream(self.settings.schedule.seed, Purpose::Batch, step);
        let noise: Vec<f32> = (0..n * LATENT)
            .map(|_| rng.sample(StandardNormal))
            .collect();
        let [c, h, w] = SHAPE;
        let noise = Tensor::<4>::from_data(TensorData::new(noise, [n, c, h, w]), device);

        let (mean, logvar) = model.encode(x.clone());
        let z = mean.clone() + (logvar.clone() * 0.5).exp() * noise;
        let error = model.decode(z) - x;
        let each = 1.0 / n as f32;
        let reconstruction = (error.clone() * error).sum() * each;
        let kl = mean.clone() * mean + logvar.clone().exp() - logvar - 1.0;
        let kl = kl.sum() * (0.5 * each);
        let per_epoch = (self.train.len() / n).max(1) as f64;
        let warm = self.settings.kl_warmup * per_epoch;
        let weight = self.settings.kl * ((step + 1) as f64 / warm.max(1.0)).min(1.0);
        Loss {
            total: reconstruction.clone() + kl.clone() * weight as f32,
            parts: vec![reconstruction, kl],
        }
    }

    fn measure(&mut self, model: &Vae, last: bool) -> Result<Measured, String> {
        let all = if last { usize::MAX } else { QUICK };
        let indices: Vec<usize> = (0..self.test.len().min(all)).collect();
        let images = reconstruct(model, &self.test, &indices, &self.device)?;
        let error = mse(&self.test, &indices, &images);
        let seen: Vec<usize> = (0..self.train.len().min(all.saturating_mul(4))).collect();
        let codes = space::encode(model, &self.train, &seen, &self.device)?;
        self.space = Space::measure(&codes, Normalise::Scale);
        Ok(Measured {
            text: format!(
                "test MSE {error:.5}, latent scale {:.4}",
                self.space.scale[0]
            ),
            images: Some(before_and_after(&self.test, &indices, &images)),
        })
    }

    fn recall(&mut self, saved: &SavedModel) -> Result<(), String> {
        self.space = Space::of(saved)?;
        Ok(())
    }

    fn beside(&self) -> Vec<NamedTensor> {
        self.space.named()
    }
}

/// Originals in four rows, then their reconstructions in four rows, and images in a row.
fn before_and_after(digits: &Digits, indices: &[usize], images: &[f32]) -> (Vec<u8>, usize) {
    let n = indices.len().min(SHOWN);
    let mut grey: Vec<u8> = indices[..n]
        .iter()
        .flat_map(|&index| digits.image(index).to_vec())
        .collect();
    grey.extend_from_slice(&crop(images)[..n * PIXELS]);
    (grey, n.min(8))
}

/// Images through the mean of their code and back, `[indices, 32, 32]` of about −1 to 1.
///
/// # Errors
/// When the device was lost.
pub fn reconstruct(
    vae: &Vae,
    digits: &Digits,
    indices: &[usize],
    device: &Device,
) -> Result<Vec<f32>, String> {
    let codes = space::encode(vae, digits, indices, device)?;
    space::decode(vae, &codes.mean, device)
}

/// Mean squared error on pixels of 0 to 1 inside the 28x28 frame; reconstructions are clamped, as
/// they are when they are shown.
pub fn mse(digits: &Digits, indices: &[usize], images: &[f32]) -> f64 {
    let edge = (PADDED - SIDE) / 2;
    let original = digits.padded(indices);
    let sum: f64 = original
        .chunks_exact(PADDED)
        .zip(images.chunks_exact(PADDED))
        .enumerate()
        .filter(|(row, _)| (edge..edge + SIDE).contains(&(row % PADDED)))
        .flat_map(|(_, (a, b))| a[edge..edge + SIDE].iter().zip(&b[edge..edge + SIDE]))
        .map(|(a, b)| (0.5 * f64::from(a - b.clamp(-1.0, 1.0))).powi(2))
        .sum();
    sum / (indices.len() * PIXELS) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_that_of_the_digit_without_its_padding() {
        let digits = Digits {
            pixels: vec![0; PIXELS],
            labels: vec![0],
        };
        let mut images = digits.padded(&[0]);
        assert_eq!(mse(&digits, &[0], &images), 0.0);
        // Row 1 and column 1 are padding.
        images[PADDED + 5] = 1.0;
        images[5 * PADDED + 1] = 1.0;
        assert_eq!(mse(&digits, &[0], &images), 0.0);
        // White where black belongs, and beyond white.
        images[2 * PADDED + 2] = 1.0;
        images[29 * PADDED + 29] = 7.0;
        let error = mse(&digits, &[0], &images);
        assert!((error - 2.0 / PIXELS as f64).abs() < 1e-12, "{error}");
    }
}
