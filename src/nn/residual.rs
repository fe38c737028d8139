//! The networks of variational flow matching that are no U-Nets: layers that add to what came
//! before, for points and for pictures.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::layers::{apply, apply_conv, apply_pair, conv};
use crate::kernel::Activation;

/// Sizes of a [`ResidualMlp`].
#[derive(Config, Debug)]
pub struct ResidualMlpConfig {
    /// Coordinates of a point.
    pub inputs: usize,
    /// Numbers of the result.
    pub outputs: usize,
    /// Width.
    pub hidden: usize,
    /// Pairs of layers between the first and the last.
    pub blocks: usize,
    /// Whether it is told the time.
    pub timed: bool,
}

impl ResidualMlpConfig {
    /// A network with random weights.
    pub fn init(&self, device: &Device) -> ResidualMlp {
        let layer = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        let (inputs, h) = (self.inputs + usize::from(self.timed), self.hidden);
        ResidualMlp {
            input: layer(inputs, h),
            blocks: (0..self.blocks)
                .flat_map(|_| [layer(h, h), layer(h, h)])
                .collect(),
            last: vec![layer(h, h), layer(h, self.outputs)],
        }
    }
}

/// `h ← h + W₂ silu(W₁ h)`, some times, for points.
#[derive(Module, Debug)]
pub struct ResidualMlp {
    input: Linear,
    /// Two for each block.
    blocks: Vec<Linear>,
    last: Vec<Linear>,
}

impl ResidualMlp {
    /// `[batch, outputs]` of points `[batch, inputs]`, at times `[batch, 1]` where it is told them.
    pub fn forward(&self, x: Tensor<2>, t: Option<Tensor<2>>) -> Tensor<2> {
        let x = match t {
            Some(t) => Tensor::cat(vec![x, t], 1),
            None => x,
        };
        let mut h = apply(&self.input, x, None);
        for [first, second] in self.blocks.as_chunks::<2>().0 {
            h = h.clone() + apply_pair(first, second, h, Activation::Silu);
        }
        apply_pair(&self.last[0], &self.last[1], h, Activation::Silu)
    }
}

/// Sizes of a [`ResidualConv`].
#[derive(Config, Debug)]
pub struct ResidualConvConfig {
    /// Channels of a picture.
    pub channels: usize,
    /// Channels of the result.
    pub outputs: usize,
    /// Channels in between.
    pub width: usize,
    /// Whether it is told the time.
    pub timed: bool,
}

impl ResidualConvConfig {
    /// A network with random weights.
    pub fn init(&self, device: &Device) -> ResidualConv {
        let w = self.width;
        let inputs = self.channels + usize::from(self.timed);
        ResidualConv {
            input: conv([inputs, w], 3, 1, device),
            middle: (0..2).map(|_| conv([w, w], 3, 1, device)).collect(),
            output: conv([w, self.outputs], 3, 1, device),
        }
    }
}

/// Four convolutions with tanh between them, two of which add to what came before: the net that
/// seed 002 began with. Nothing in it sees more than nine points across.
#[derive(Module, Debug)]
pub struct ResidualConv {
    input: Conv2d,
    middle: Vec<Conv2d>,
    output: Conv2d,
}

impl ResidualConv {
    /// `[batch, s, s, outputs]` of pictures `[batch, s, s, channels]`, at times `[batch, 1]` where
    /// it is told them, as one more channel.
    pub fn forward(&self, x: Tensor<4>, t: Option<Tensor<2>>) -> Tensor<4> {
        let tanh = Some(Activation::Tanh);
        let [batch, height, width, _] = x.dims();
        let x = match t {
            Some(t) => {
                let plane = t.reshape([batch, 1, 1, 1]);
                let plane = plane.repeat_dim(1, height).repeat_dim(2, width);
                Tensor::cat(vec![x, plane], 3)
            }
            None => x,
        };
        let mut h = apply_conv(&self.input, x, tanh);
        for layer in &self.middle {
            h = h.clone() + apply_conv(layer, h, tanh);
        }
        apply_conv(&self.output, h, None)
    }
}
