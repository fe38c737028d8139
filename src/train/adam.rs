//! burn's Adam with its state in plain sight, so that a run folder can keep it.

use burn::module::Param;
use burn::optim::{AdamConfig, AdamState, AdaptiveMomentumState};
use burn::tensor::{Device, Tensor, TensorData};

use crate::nn::mlp::read;

/// PyTorch's epsilon; burn's default is 1e-5, which trains differently.
const EPSILON: f32 = 1e-8;

/// Adam's moments of a network, in the flat order of its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Optimiser steps done.
    pub time: usize,
    /// First moment `m`.
    pub first: Vec<f32>,
    /// Second moment `v`.
    pub second: Vec<f32>,
}

/// The optimizer with β = (0.9, 0.999) and ε = 1e-8.
pub fn adam() -> burn::optim::Adam {
    AdamConfig::new().with_epsilon(EPSILON).build()
}

/// A parameter's state on a device, from flat moments.
pub fn state_from<const D: usize>(
    time: usize,
    first: Vec<f32>,
    second: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> AdamState<D> {
    let tensor = |values| Tensor::from_data(TensorData::new(values, shape), device);
    AdamState::new(AdaptiveMomentumState::new(
        time,
        tensor(first),
        tensor(second),
    ))
}

/// A parameter's moments in host memory.
///
/// # Errors
/// When the device was lost.
pub fn read_state<const D: usize>(state: &AdamState<D>) -> Result<(Vec<f32>, Vec<f32>), String> {
    Ok((
        read(state.momentum.moment_1.clone())?,
        read(state.momentum.moment_2.clone())?,
    ))
}

/// A parameter that gradients are wanted for.
pub fn trainable<const D: usize>(tensor: Tensor<D>) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_inner(tensor).require_grad())
}
