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
        let layers = self
            .layers
            .iter()
            .map(|layer| {
                let weight = layer.weight.val().inner();
                let [inputs, outputs] = weight.dims();
                let bias = layer.bias.as_ref().expect("every layer has a bias");
                Ok(LinearWeights {
                    inputs,
                    outputs,
                    weight: read(weight.transpose())?,
                    bias: read(bias.val().inner())?,
                })
            })
            .collect::<Result<_, String>>()?;
        Ok(MlpWeights {
            activation: self.activation,
            layers,
        })
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
