//! A small network that names digits, which judges generated pictures.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::layers::{apply, apply_conv, conv};
use super::ops::plain::channels_last;
use crate::kernel::Activation;

/// Points along a side of a picture.
const SIDE: usize = 28;

/// Sizes of a [`Classifier`] for pictures of 28 × 28 points.
#[derive(Config, Debug)]
pub struct ClassifierConfig {
    /// Channels of a picture.
    #[config(default = 1)]
    pub inputs: usize,
    /// Channels, kernel and stride of each convolution.
    #[config(default = "vec![[32, 5, 2], [32, 3, 1], [64, 3, 2]]")]
    pub convs: Vec<[usize; 3]>,
    /// Length of a feature vector.
    #[config(default = 128)]
    pub features: usize,
    /// Number of classes.
    #[config(default = 10)]
    pub classes: usize,
}

impl ClassifierConfig {
    /// One that sees a part of each digit: its greys, and which of them are hidden.
    pub fn of_parts() -> Self {
        Self::new().with_inputs(2).with_convs(vec![
            [32, 3, 1],
            [32, 3, 2],
            [64, 3, 1],
            [64, 3, 2],
            [64, 3, 2],
        ])
    }

    /// A classifier with random weights.
    pub fn init(&self, device: &Device) -> Classifier {
        let (mut before, mut side) = (self.inputs, SIDE);
        let convs = self.convs.iter().map(|&[width, kernel, stride]| {
            let layer = conv([before, width], kernel, stride, device);
            (before, side) = (width, side.div_ceil(stride));
            layer
        });
        Classifier {
            convs: convs.collect(),
            hidden: LinearConfig::new(side * side * before, self.features).init(device),
            output: LinearConfig::new(self.features, self.classes).init(device),
        }
    }
}

/// Convolutions and two linear layers.
#[derive(Module, Debug)]
pub struct Classifier {
    convs: Vec<Conv2d>,
    hidden: Linear,
    output: Linear,
}

impl Classifier {
    /// Logits `[batch, classes]` of pictures `[batch, inputs, 28, 28]`.
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
