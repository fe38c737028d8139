//! The latent space of an autoencoder, brought to the size of the noise.

use burn::tensor::{Device, Tensor, TensorData};

use super::normalise::Normalise;
use super::params::NamedTensor;
use super::store::SavedModel;
use crate::data::mnist::{Digits, PADDED};
use crate::nn::mlp::read;
use crate::nn::vae::{Vae, VaeConfig};

/// Numbers of a latent code: 4 channels of 4x4 points.
pub const LATENT: usize = 64;
/// A latent code's axes.
pub const SHAPE: [usize; 3] = [4, 4, 4];
/// Images that are encoded or decoded in one go.
const CHUNK: usize = 250;

/// `x1 = (z − shift) · scale`, for each of the 64 numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// What is subtracted.
    pub shift: Vec<f32>,
    /// What the rest is multiplied by.
    pub scale: Vec<f32>,
}

impl Space {
    /// Measures codes: `Var z = Var mean + E[e^logvar]`.
    pub fn measure(codes: &Codes, normalise: Normalise) -> Self {
        let n = (codes.mean.len() / LATENT).max(1) as f64;
        let mut sum = [0.0_f64; LATENT];
        let mut square = [0.0_f64; LATENT];
        for (i, (&mean, &std)) in codes.mean.iter().zip(&codes.std).enumerate() {
            let (mean, std) = (f64::from(mean), f64::from(std));
            sum[i % LATENT] += mean;
            square[i % LATENT] += mean * mean + std * std;
        }
        let centre = sum.map(|sum| sum / n);
        match normalise {
            Normalise::Coordinate => {
                let scale = |i: usize| {
                    let variance = square[i] / n - centre[i] * centre[i];
                    (1.0 / variance.max(1e-12).sqrt()) as f32
                };
                Self {
                    shift: centre.iter().map(|&c| c as f32).collect(),
                    scale: (0..LATENT).map(scale).collect(),
                }
            }
            Normalise::Scale => {
                let all = n * LATENT as f64;
                let mean = sum.iter().sum::<f64>() / all;
                let variance = square.iter().sum::<f64>() / all - mean * mean;
                let scale = (1.0 / variance.max(1e-12).sqrt()) as f32;
                Self {
                    shift: vec![0.0; LATENT],
                    scale: vec![scale; LATENT],
                }
            }
        }
    }

    /// The tensors that a run folder keeps.
    pub fn named(&self) -> Vec<NamedTensor> {
        [("space.shift", &self.shift), ("space.scale", &self.scale)]
            .map(|(name, values)| NamedTensor {
                name: name.to_owned(),
                shape: SHAPE.to_vec(),
                values: values.clone(),
            })
            .into()
    }

    /// Reads what [`Space::named`] gave.
    ///
    /// # Errors
    /// Names the tensor at fault.
    pub fn of(model: &SavedModel) -> Result<Self, String> {
        let take = |name: &str| {
            let tensor = model.measured(name)?;
            if tensor.values.len() != LATENT {
                let found = &tensor.shape;
                return Err(format!(
                    "tensor {name}: expected {SHAPE:?}, found {found:?}"
                ));
            }
            Ok(tensor.values.clone())
        };
        Ok(Self {
            shift: take("space.shift")?,
            scale: take("space.scale")?,
        })
    }

    /// Codes of this space from codes of the autoencoder, in place.
    pub fn enter(&self, codes: &mut [f32]) {
        for (i, value) in codes.iter_mut().enumerate() {
            *value = (*value - self.shift[i % LATENT]) * self.scale[i % LATENT];
        }
    }

    /// Codes of the autoencoder from codes of this space, in place.
    pub fn leave(&self, codes: &mut [f32]) {
        for (i, value) in codes.iter_mut().enumerate() {
            *value = *value / self.scale[i % LATENT] + self.shift[i % LATENT];
        }
    }
}

/// What the encoder says of images, each `[n, 4, 4, 4]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Codes {
    /// Means.
    pub mean: Vec<f32>,
    /// Standard deviations.
    pub std: Vec<f32>,
}

/// Encodes images.
///
/// # Errors
/// When the device was lost.
pub fn encode(
    vae: &Vae,
    digits: &Digits,
    indices: &[usize],
    device: &Device,
) -> Result<Codes, String> {
    let mut codes = Codes::default();
    for chunk in indices.chunks(CHUNK) {
        let (mean, logvar) = vae.encode(padded(digits, chunk, device));
        codes.mean.extend(read(mean)?);
        codes.std.extend(read((logvar * 0.5).exp())?);
    }
    Ok(codes)
}

/// Decodes codes of the autoencoder `[n, 4, 4, 4]` to images `[n, 32, 32]` of about −1 to 1.
///
/// # Errors
/// When the device was lost.
pub fn decode(vae: &Vae, codes: &[f32], device: &Device) -> Result<Vec<f32>, String> {
    let mut images = Vec::with_capacity(codes.len() / LATENT * PADDED * PADDED);
    for chunk in codes.chunks(CHUNK * LATENT) {
        let [c, h, w] = SHAPE;
        let data = TensorData::new(chunk.to_vec(), [chunk.len() / LATENT, c, h, w]);
        images.extend(read(vae.decode(Tensor::from_data(data, device)))?);
    }
    Ok(images)
}

/// Images on a device, `[indices, 1, 32, 32]` of −1 to 1.
pub fn padded(digits: &Digits, indices: &[usize], device: &Device) -> Tensor<4> {
    let shape = [indices.len(), 1, PADDED, PADDED];
    Tensor::from_data(TensorData::new(digits.padded(indices), shape), device)
}

/// The autoencoder of a saved run.
///
/// # Errors
/// Names the tensor that does not fit.
pub fn load_vae(saved: &SavedModel, device: &Device) -> Result<Vae, String> {
    let super::config::ImageConfig::Vae(settings) = &saved.config else {
        return Err(format!(
            "a run of `train {}`, but an autoencoder is needed (`train vae`)",
            saved.config.task()
        ));
    };
    let vae = VaeConfig::new().with_widths(settings.channels).init(device);
    super::params::load(vae, &saved.network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalised_codes_have_unit_size() {
        // Coordinate i has mean i and deviations of √(i² + 1) around it.
        let mut codes = Codes::default();
        for sign in [-1.0, 1.0] {
            for i in 0..LATENT {
                codes.mean.push(i as f32 + sign * i as f32);
                codes.std.push(1.0);
            }
        }
        let space = Space::measure(&codes, Normalise::Coordinate);
        for i in 0..LATENT {
            assert!((space.shift[i] - i as f32).abs() < 1e-4);
            let expected = 1.0 / ((i * i + 1) as f32).sqrt();
            assert!((space.scale[i] - expected).abs() < 1e-4 * expected, "{i}");
        }
        let mut code: Vec<f32> = (0..LATENT).map(|i| i as f32).collect();
        space.enter(&mut code);
        assert!(code.iter().all(|z| z.abs() < 1e-4));
        space.leave(&mut code);
        assert!(
            code.iter()
                .enumerate()
                .all(|(i, &z)| (z - i as f32).abs() < 1e-3)
        );
        let one = Space::measure(&codes, Normalise::Scale);
        assert!(one.shift.iter().all(|&shift| shift == 0.0));
        // Var over all numbers: E[2 i²] + 1 − (E i)².
        let (mean, square) = (
            31.5_f64,
            (0..64).map(|i| f64::from(i * i)).sum::<f64>() / 64.0,
        );
        let expected = 1.0 / (2.0 * square + 1.0 - mean * mean).sqrt();
        assert!((f64::from(one.scale[5]) - expected).abs() < 1e-6);
    }
}
