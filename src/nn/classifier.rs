//! A small network that names digits, which judges generated pictures.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::layers::{apply, apply_conv, conv};
use super::ops::plain::channels_last;
use crate::kernel::Activation;

/// Sizes of a [`Classifier`] for pictures of 28 × 28 points.
#[derive(Config, Debug)]
pub struct ClassifierConfig {
    /// Channels of the convolutions.
    #[config(default = "[32, 32, 64]")]
    pub widths: [usize; 3],
    /// Length of a feature vector.
    #[config(default = 128)]
    pub features: usize,
    /// Number of classes.
    #[config(default = 10)]
    pub classes: usize,
}

impl ClassifierConfig {
    /// A classifier with random weights.
    pub fn init(&self, device: &Device) -> Classifier {
        let [a, b, c] = self.widths;
        Classifier {
            convs: vec![
                conv([1, a], 5, 2, device),
                conv([a, b], 3, 1, device),
                conv([b, c], 3, 2, device),
            ],
            hidden: LinearConfig::new(7 * 7 * c, self.features).init(device),
            output: LinearConfig::new(self.features, self.classes).init(device),
        }
    }
}

/// Three convolutions and two linear layers.
#[derive(Module, Debug)]
pub struct Classifier {
    convs: Vec<Conv2d>,
    hidden: Linear,
    output: Linear,
}

impl Classifier {
    /// Logits `[batch, classes]` of pictures `[batch, 1, 28, 28]` with values from 0 to 1.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        self.logits(self.features(x))
    }

    /// Logits `[batch, classes]` of features `[batch, features]`.
    pub fn logits(&self, features: Tensor<2>) -> Tensor<2> {
        apply(&self.output, features, None)
    }

    /// What the last layer sees, `[batch, features]`: where pictures of one kind lie together.
    pub fn features(&self, x: Tensor<4>) -> Tensor<2> {
        let mut h = channels_last(x);
        for layer in &self.convs {
            h = apply_conv(layer, h, Some(Activation::Silu));
        }
        apply(&self.hidden, h.flatten(1, 3), Some(Activation::Silu))
    }
}
