//! The velocity network of the 2-D lab as a burn module.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData, activation};

use crate::kernel::{Activation, LinearWeights, MlpWeights};

/// `v_θ(x, t)`: linear layers with an activation between them, time appended to the point.
///
/// Source: seed 003's `MLP_FM`, `Linear(3, h), GELU, …, Linear(h, 2)`.
#[derive(Module, Debug)]
pub struct Mlp {
    /// The layers, input to output; burn keeps a weight as `[in, out]`.
    pub layers: Vec<Linear>,
    #[module(skip)]
    activation: Activation,
}

impl Mlp {
    /// Puts weights onto a device.
    pub fn from_weights(weights: &MlpWeights, device: &Device) -> Self {
        let layers = weights
            .layers
            .iter()
            .map(|layer| {
                // PyTorch's [out, in] becomes burn's [in, out].
                let data = TensorData::new(layer.weight.clone(), [layer.outputs, layer.inputs]);
                let weight = Tensor::<2>::from_data(data, device).transpose();
                let bias = TensorData::new(layer.bias.clone(), [layer.outputs]);
                Linear {
                    weight: Param::from_tensor(weight),
                    bias: Some(Param::from_tensor(Tensor::from_data(bias, device))),
                }
            })
            .collect();
        Self {
            layers,
            activation: weights.activation,
        }
    }

    /// Reads the weights back into host memory, in PyTorch's layout.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn to_weights(&self) -> Result<MlpWeights, String> {
        let numbers = read_all(self.flat())?;
        Ok(self.weights_from(&mut numbers.into_iter()))
    }

    /// Weight and bias of every layer as flat tensors, in PyTorch's layout.
    pub fn flat(&self) -> Vec<Tensor<1>> {
        let layers = self.layers.iter().flat_map(|layer| {
            let weight = layer.weight.val().inner();
            let bias = layer.bias.as_ref().expect("every layer has a bias");
            [weight.transpose().flatten(0, 1), bias.val().inner()]
        });
        layers.collect()
    }

    /// The weights from the numbers of [`Self::flat`].
    ///
    /// # Panics
    /// When there are too few.
    pub fn weights_from(&self, numbers: &mut impl Iterator<Item = Vec<f32>>) -> MlpWeights {
        let mut next = || numbers.next().expect("two for every layer");
        let layers = self.layers.iter().map(|layer| {
            let [inputs, outputs] = layer.weight.dims();
            LinearWeights {
                inputs,
                outputs,
                weight: next(),
                bias: next(),
            }
        });
        MlpWeights {
            activation: self.activation,
            layers: layers.collect(),
        }
    }

    /// The velocities `[batch, 2]` at points `x` `[batch, 2]` and times `t` `[batch, 1]`.
    pub fn forward(&self, x: Tensor<2>, t: Tensor<2>) -> Tensor<2> {
        let mut h = Tensor::cat(vec![x, t], 1);
        let last = self.layers.len() - 1;
        for (i, layer) in self.layers.iter().enumerate() {
            h = layer.forward(h);
            if i < last {
                h = match self.activation {
                    Activation::Gelu => activation::gelu(h),
                    Activation::Relu => activation::relu(h),
                    Activation::Silu => activation::silu(h),
                    Activation::Tanh => activation::tanh(h),
                };
            }
        }
        h
    }
}

/// A tensor's numbers in host memory, row by row.
///
/// # Errors
/// When the device was lost.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, String> {
    tensor
        .try_into_data()
        .map_err(|error| format!("the device did not return its data: {error}"))?
        .try_into_vec::<f32>()
        .map_err(|error| format!("the device's data could not be read: {error:?}"))
}

/// The numbers of several tensors in host memory. Those on another machine come in one message:
/// one after another, each would take a way there and back.
///
/// # Errors
/// When the device was lost.
pub fn read_all(tensors: Vec<Tensor<1>>) -> Result<Vec<Vec<f32>>, String> {
    if !tensors.first().is_some_and(is_far) {
        return tensors.into_iter().map(read).collect();
    }
    let lengths: Vec<usize> = tensors.iter().map(|tensor| tensor.dims()[0]).collect();
    let mut rest = read(Tensor::cat(tensors, 0))?.into_iter();
    let parts = lengths
        .into_iter()
        .map(|length| rest.by_ref().take(length).collect());
    Ok(parts.collect())
}

/// Whether a tensor lies on another machine.
fn is_far(tensor: &Tensor<1>) -> bool {
    #[cfg(feature = "remote")]
    {
        use burn::backend::DispatchDevice;
        let device = tensor.device().without_autodiff();
        matches!(device.as_dispatch(), DispatchDevice::Remote(_))
    }
    #[cfg(not(feature = "remote"))]
    {
        let _ = tensor;
        false
    }
}
