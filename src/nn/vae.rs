//! The autoencoder of the image lab, which turns pictures into small latent codes and back.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::{Device, Tensor};

use super::layers::{apply_conv, apply_doubling, conv, doubling};
use super::ops::plain::{channels_first, channels_last};
use crate::kernel::Activation;

/// Sizes of a [`Vae`].
#[derive(Config, Debug)]
pub struct VaeConfig {
    /// Channels of a picture.
    #[config(default = 1)]
    pub image_channels: usize,
    /// Channels after each halving of the picture.
    #[config(default = "[32, 64, 128]")]
    pub widths: [usize; 3],
    /// Channels of a latent code.
    #[config(default = 4)]
    pub latent: usize,
}

impl VaeConfig {
    /// An autoencoder with random weights.
    pub fn init(&self, device: &Device) -> Vae {
        let [a, b, c] = self.widths;
        Vae {
            down: [[self.image_channels, a], [a, b], [b, c]]
                .map(|channels| conv(channels, 3, 2, device))
                .into(),
            code: conv([c, 2 * self.latent], 3, 1, device),
            start: conv([self.latent, c], 3, 1, device),
            up: [[c, b], [b, a], [a, self.image_channels]]
                .map(|channels| doubling(channels, device))
                .into(),
        }
    }
}

/// A variational autoencoder: `z ~ N(mean(x), e^logvar(x))`, `x ≈ decode(z)`; a code has an
/// eighth of the picture's side.
///
/// Source: Kingma & Welling 2014; the latent space of Rombach et al. 2022.
#[derive(Module, Debug)]
pub struct Vae {
    down: Vec<Conv2d>,
    code: Conv2d,
    start: Conv2d,
    up: Vec<ConvTranspose2d>,
}

impl Vae {
    /// Mean and logarithm of the variance of the codes, both `[batch, latent, s / 8, s / 8]`, of
    /// pictures `[batch, channels, s, s]` with values from -1 to 1.
    pub fn encode(&self, x: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let mut h = channels_last(x);
        for layer in &self.down {
            h = apply_conv(layer, h, Some(Activation::Silu));
        }
        let code = channels_first(apply_conv(&self.code, h, None));
        let latent = code.dims()[1] / 2;
        let mean = code.clone().narrow(1, 0, latent);
        (mean, code.narrow(1, latent, latent))
    }

    /// Pictures `[batch, channels, s, s]` with values of about -1 to 1, of codes
    /// `[batch, latent, s / 8, s / 8]`.
    pub fn decode(&self, z: Tensor<4>) -> Tensor<4> {
        let silu = Some(Activation::Silu);
        let mut h = apply_conv(&self.start, channels_last(z), silu);
        let last = self.up.len() - 1;
        for (i, layer) in self.up.iter().enumerate() {
            h = apply_doubling(layer, h, if i < last { silu } else { None });
        }
        channels_first(h)
    }
}
