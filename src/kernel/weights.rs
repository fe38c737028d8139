//! The weights of a velocity network, in PyTorch's layout.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The network's input, `[x, y, t]`.
pub const INPUTS: usize = 3;
/// The network's output, the velocity `[v_x, v_y]`.
pub const OUTPUTS: usize = 2;

/// The function between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// `x Φ(x)` with the exact normal distribution function Φ, as PyTorch's default.
    Gelu,
    /// `max(x, 0)`.
    Relu,
    /// `x / (1 + e^-x)`.
    Silu,
    /// `tanh x`.
    Tanh,
}

impl Activation {
    /// Every activation, in the order shown to a person.
    pub const ALL: [Self; 4] = [Self::Gelu, Self::Relu, Self::Silu, Self::Tanh];

    /// The name for a person.
    pub fn label(self) -> &'static str {
        match self {
            Self::Gelu => "GELU",
            Self::Relu => "ReLU",
            Self::Silu => "SiLU",
            Self::Tanh => "tanh",
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gelu => "gelu",
            Self::Relu => "relu",
            Self::Silu => "silu",
            Self::Tanh => "tanh",
        })
    }
}

impl FromStr for Activation {
    type Err = WeightsError;

    fn from_str(text: &str) -> Result<Self, WeightsError> {
        Self::ALL
            .into_iter()
            .find(|a| a.to_string() == text)
            .ok_or_else(|| WeightsError::UnknownActivation(text.to_owned()))
    }
}

/// One linear layer, `y = W x + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearWeights {
    /// Length of `x`.
    pub inputs: usize,
    /// Length of `y`.
    pub outputs: usize,
    /// `W`, `[outputs, inputs]`, row-major.
    pub weight: Vec<f32>,
    /// `b`, `[outputs]`.
    pub bias: Vec<f32>,
}

/// A multilayer perceptron from `[x, y, t]` to the velocity `[v_x, v_y]`, the activation between
/// its layers.
#[derive(Clone, Debug, PartialEq)]
pub struct MlpWeights {
    /// The function after every layer but the last.
    pub activation: Activation,
    /// The layers, input first.
    pub layers: Vec<LinearWeights>,
}

/// What is wrong with weights, naming the tensor as in `model.safetensors`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WeightsError {
    /// A network without a hidden layer.
    #[error("the network has {0} layers, but it needs at least 2 (one hidden layer)")]
    TooFewLayers(usize),
    /// A tensor of another shape than its neighbours ask for.
    #[error("tensor `{tensor}` has shape {found}, expected {expected}")]
    Shape {
        /// Name of the tensor.
        tensor: String,
        /// The shape that fits, as `[out, in]`.
        expected: String,
        /// The shape that was given.
        found: String,
    },
    /// A tensor with fewer or more numbers than its shape says.
    #[error("tensor `{tensor}` holds {found} numbers, but its shape {shape} asks for {expected}")]
    Length {
        /// Name of the tensor.
        tensor: String,
        /// Its shape.
        shape: String,
        /// Product of the shape.
        expected: usize,
        /// Numbers given.
        found: usize,
    },
    /// A name that is no activation.
    #[error("unknown activation `{0}`, expected gelu, relu, silu or tanh")]
    UnknownActivation(String),
}

impl MlpWeights {
    /// Random weights for layer sizes such as `[3, 128, 128, 2]`: weights and biases uniform in
    /// `±1/√inputs`, as PyTorch's `nn.Linear` starts.
    pub fn init(shape: &[usize], activation: Activation, rng: &mut impl Rng) -> Self {
        let layers = shape
            .windows(2)
            .map(|pair| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let bound = 1.0 / (inputs.max(1) as f32).sqrt();
                let mut draw = |n: usize| -> Vec<f32> {
                    (0..n).map(|_| rng.random_range(-bound..bound)).collect()
                };
                LinearWeights {
                    inputs,
                    outputs,
                    weight: draw(outputs * inputs),
                    bias: draw(outputs),
                }
            })
            .collect();
        Self { activation, layers }
    }

    /// The layer sizes, input first: `[3, 128, 128, 2]`.
    pub fn shape(&self) -> Vec<usize> {
        let input = self.layers.first().map(|layer| layer.inputs);
        input
            .into_iter()
            .chain(self.layers.iter().map(|layer| layer.outputs))
            .collect()
    }

    /// How many numbers the network learns.
    pub fn num_params(&self) -> usize {
        let count = |layer: &LinearWeights| layer.weight.len() + layer.bias.len();
        self.layers.iter().map(count).sum()
    }

    /// All parameters in one vector, layer by layer, the weight `[out, in]` before the bias.
    pub fn to_flat(&self) -> Vec<f32> {
        let mut flat = Vec::with_capacity(self.num_params());
        for layer in &self.layers {
            flat.extend_from_slice(&layer.weight);
            flat.extend_from_slice(&layer.bias);
        }
        flat
    }

    /// Weights of this network's shape with the numbers of `flat`, in the order of
    /// [`MlpWeights::to_flat`].
    ///
    /// # Panics
    /// If `flat` has another length than [`MlpWeights::num_params`].
    pub fn from_flat(&self, flat: &[f32]) -> Self {
        assert_eq!(flat.len(), self.num_params(), "parameters of the network");
        let mut rest = flat;
        let mut take = |n: usize| {
            let (head, tail) = rest.split_at(n);
            rest = tail;
            head.to_vec()
        };
        let layers = self
            .layers
            .iter()
            .map(|layer| LinearWeights {
                inputs: layer.inputs,
                outputs: layer.outputs,
                weight: take(layer.weight.len()),
                bias: take(layer.bias.len()),
            })
            .collect();
        Self {
            activation: self.activation,
            layers,
        }
    }

    /// Checks that the layers fit each other, the input `[x, y, t]` and the output `[v_x, v_y]`.
    ///
    /// # Errors
    /// A [`WeightsError`] that names the first tensor that does not fit.
    pub fn validate(&self) -> Result<(), WeightsError> {
        let depth = self.layers.len();
        if depth < 2 {
            return Err(WeightsError::TooFewLayers(depth));
        }
        let mut inputs = INPUTS;
        for (i, layer) in self.layers.iter().enumerate() {
            // A hidden layer may be as wide as it likes, but not empty.
            let outputs = if i + 1 == depth {
                OUTPUTS
            } else {
                layer.outputs.max(1)
            };
            let weight = format!("network.{}.weight", 2 * i);
            let matrix = |outputs, inputs| format!("[{outputs}, {inputs}]");
            if (layer.outputs, layer.inputs) != (outputs, inputs) {
                return Err(WeightsError::Shape {
                    tensor: weight,
                    expected: matrix(outputs, inputs),
                    found: matrix(layer.outputs, layer.inputs),
                });
            }
            if layer.weight.len() != outputs * inputs {
                return Err(WeightsError::Length {
                    tensor: weight,
                    shape: matrix(outputs, inputs),
                    expected: outputs * inputs,
                    found: layer.weight.len(),
                });
            }
            if layer.bias.len() != outputs {
                return Err(WeightsError::Shape {
                    tensor: format!("network.{}.bias", 2 * i),
                    expected: format!("[{outputs}]"),
                    found: format!("[{}]", layer.bias.len()),
                });
            }
            inputs = outputs;
        }
        Ok(())
    }

    /// Whether no parameter is infinite or not a number.
    pub fn is_finite(&self) -> bool {
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        self.layers
            .iter()
            .all(|layer| finite(&layer.weight) && finite(&layer.bias))
    }
}
