//! Layers that the image networks share: burn's weights, our operations.

use burn::module::{Initializer, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::ops::{self, Placement, plain};
use crate::kernel::Activation;

/// `act(x W + b)`.
pub fn apply<const D: usize>(layer: &Linear, x: Tensor<D>, act: Option<Activation>) -> Tensor<D> {
    let bias = layer.bias.as_ref().expect("every layer has a bias");
    plain::activate(ops::linear(x, layer.weight.val(), bias.val()), act)
}

/// `act(x W1 + b1) W2 + b2`.
pub fn apply_pair<const D: usize>(
    first: &Linear,
    second: &Linear,
    x: Tensor<D>,
    act: Activation,
) -> Tensor<D> {
    let weights = [first.weight.val(), second.weight.val()];
    let biases = [first, second].map(|layer| {
        let bias = layer.bias.as_ref().expect("every layer has a bias");
        bias.val()
    });
    ops::feed_forward(x, weights, biases, act)
}

/// A linear layer with zero bias.
pub fn linear(inputs: usize, outputs: usize, weight: Initializer, device: &Device) -> Linear {
    let layer = LinearConfig::new(inputs, outputs)
        .with_initializer(weight)
        .init(device);
    Linear {
        bias: Some(Param::from_tensor(Tensor::zeros([outputs], device))),
        ..layer
    }
}

/// A convolution of `side` × `side` points that keeps a picture's size at stride 1.
pub fn conv(channels: [usize; 2], side: usize, stride: usize, device: &Device) -> Conv2d {
    let around = side / 2;
    Conv2dConfig::new(channels, [side; 2])
        .with_stride([stride; 2])
        .with_padding(PaddingConfig2d::Explicit(around, around, around, around))
        .init(device)
}

/// Applies a layer of [`conv`]; x and the result are `[batch, h, w, channels]`.
pub fn apply_conv(layer: &Conv2d, x: Tensor<4>, act: Option<Activation>) -> Tensor<4> {
    let place = Placement {
        stride: layer.stride[0],
        padding: layer.kernel_size[0] / 2,
    };
    let bias = layer.bias.as_ref().expect("every layer has a bias");
    ops::conv(x, layer.weight.val(), bias.val(), place, act)
}

/// A transposed convolution that doubles a picture's size.
pub fn doubling(channels: [usize; 2], device: &Device) -> ConvTranspose2d {
    ConvTranspose2dConfig::new(channels, [4, 4])
        .with_stride([2, 2])
        .with_padding([1, 1])
        .init(device)
}

/// Applies a layer of [`doubling`]; x and the result are `[batch, h, w, channels]`.
pub fn apply_doubling(layer: &ConvTranspose2d, x: Tensor<4>, act: Option<Activation>) -> Tensor<4> {
    let place = Placement {
        stride: layer.stride[0],
        padding: layer.padding[0],
    };
    let bias = layer.bias.as_ref().expect("every layer has a bias");
    ops::conv_transposed(x, layer.weight.val(), bias.val(), place, act)
}
