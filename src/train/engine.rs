//! One optimiser step of the velocity network: the fused kernels on the processor, or burn's
//! autodiff on any of its devices. Both use burn's Adam and keep the same state.

use burn::nn::Linear;
use burn::optim::{Adam, AdamState, Optimizer};
use burn::tensor::{Device, Tensor, TensorData};

use super::adam::{Moments, adam, read_state, state_from, trainable};
use super::batch::Batch;
use crate::kernel::{MlpWeights, TrainKernel};
use crate::nn::mlp::{Mlp, read, read_all};

/// All that a run needs to go on: weights, their average, the optimizer's moments.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineState {
    /// The weights that the optimizer moves.
    pub weights: MlpWeights,
    /// Their exponential moving average, when the run keeps one.
    pub average: Option<MlpWeights>,
    /// Adam's moments; none before the first step.
    pub moments: Option<Moments>,
}

impl EngineState {
    /// The weights to sample with: the average where there is one.
    pub fn best(&self) -> &MlpWeights {
        self.average.as_ref().unwrap_or(&self.weights)
    }

    /// Whether a run can go on from it: weights, average and moments are numbers. A last step at
    /// too high a rate leaves infinite weights although its own loss was finite.
    pub fn is_finite(&self) -> bool {
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        self.weights.is_finite()
            && self.average.as_ref().is_none_or(MlpWeights::is_finite)
            && (self.moments.as_ref()).is_none_or(|m| finite(&m.first) && finite(&m.second))
    }
}

/// Something that can do optimiser steps.
pub trait Engine {
    /// One step of Adam at rate `lr`; its loss is kept on the device until it is asked for.
    ///
    /// # Errors
    /// When the device was lost.
    fn step(&mut self, batch: &Batch, lr: f64) -> Result<(), String>;

    /// The losses of the steps since the last call, in order.
    ///
    /// # Errors
    /// When the device was lost.
    fn take_losses(&mut self) -> Result<Vec<f32>, String>;

    /// Weights and moments in host memory.
    ///
    /// # Errors
    /// When the device was lost.
    fn state(&self) -> Result<EngineState, String>;

    /// Only the weights to sample with.
    ///
    /// # Errors
    /// When the device was lost.
    fn best(&self) -> Result<MlpWeights, String>;
}

/// The decay of an average of weights at a step, `min(decay, (1 + step) / (10 + step))`: it starts
/// small, so that the initial weights are soon forgotten.
pub fn decay_at(decay: f64, step: usize) -> f32 {
    decay.min((1.0 + step as f64) / (10.0 + step as f64)) as f32
}

/// The fused kernels on the processor, with burn's Adam over all parameters as one flat tensor.
pub struct FusedEngine {
    kernel: TrainKernel,
    shape: MlpWeights,
    flat: Vec<f32>,
    grads: Vec<f32>,
    average: Option<Vec<f32>>,
    decay: f64,
    adam: Adam,
    adam_state: Option<AdamState<1>>,
    steps: usize,
    device: Device,
    losses: Vec<f32>,
}

impl FusedEngine {
    /// Starts from a state; `ema` is the decay of the average, if one is kept.
    pub fn new(state: EngineState, ema: Option<f64>) -> Self {
        let device = Device::flex();
        let flat = state.weights.to_flat();
        let steps = state.moments.as_ref().map_or(0, |moments| moments.time);
        let adam_state = state
            .moments
            .map(|m| state_from(m.time, m.first, m.second, [flat.len()], &device));
        let average = ema.map(|_| state.average.as_ref().unwrap_or(&state.weights).to_flat());
        Self {
            kernel: TrainKernel::new(),
            grads: vec![0.0; flat.len()],
            flat,
            shape: state.weights,
            average,
            decay: ema.unwrap_or(0.0),
            adam: adam(),
            adam_state,
            steps,
            device,
            losses: Vec::new(),
        }
    }

    fn unflatten(&self, flat: &[f32]) -> MlpWeights {
        self.shape.from_flat(flat)
    }
}

impl Engine for FusedEngine {
    fn step(&mut self, batch: &Batch, lr: f64) -> Result<(), String> {
        let loss = self.kernel.loss_and_gradients(
            &self.shape,
            &self.flat,
            &batch.xt,
            &batch.t,
            &batch.dxt,
            &mut self.grads,
        );
        if batch.loss_scale != 1.0 {
            for gradient in &mut self.grads {
                *gradient *= batch.loss_scale;
            }
        }
        let tensor = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::<1>::from_data(data, &self.device)
        };
        let (weights, state) = self.adam.step(
            lr,
            tensor(&self.flat),
            tensor(&self.grads),
            self.adam_state.take(),
        );
        self.flat = read(weights)?;
        self.adam_state = state;
        if let Some(average) = &mut self.average {
            let keep = decay_at(self.decay, self.steps);
            for (a, w) in average.iter_mut().zip(&self.flat) {
                *a += (1.0 - keep) * (w - *a);
            }
        }
        self.steps += 1;
        self.losses.push(loss * batch.loss_scale);
        Ok(())
    }

    fn take_losses(&mut self) -> Result<Vec<f32>, String> {
        Ok(std::mem::take(&mut self.losses))
    }

    fn state(&self) -> Result<EngineState, String> {
        let moments = self
            .adam_state
            .as_ref()
            .map(|state| {
                let (first, second) = read_state(state)?;
                Ok::<_, String>(Moments {
                    time: state.momentum.time,
                    first,
                    second,
                })
            })
            .transpose()?;
        Ok(EngineState {
            weights: self.unflatten(&self.flat),
            average: self.average.as_deref().map(|flat| self.unflatten(flat)),
            moments,
        })
    }

    fn best(&self) -> Result<MlpWeights, String> {
        Ok(self.unflatten(self.average.as_ref().unwrap_or(&self.flat)))
    }
}

/// burn's autodiff on a device: flex for reference, wgpu for a GPU.
pub struct BurnEngine {
    model: Mlp,
    average: Option<Mlp>,
    decay: f64,
    adam: Adam,
    adam_states: Vec<(Option<AdamState<2>>, Option<AdamState<1>>)>,
    steps: usize,
    device: Device,
    losses: Vec<Tensor<1>>,
}

impl BurnEngine {
    /// Starts from a state on a device; `ema` is the decay of the average, if one is kept.
    pub fn new(state: EngineState, ema: Option<f64>, device: &Device) -> Self {
        let device = device.clone().without_autodiff();
        let mut model = Mlp::from_weights(&state.weights, &device);
        for layer in &mut model.layers {
            layer.weight = trainable(layer.weight.val());
            layer.bias = layer.bias.take().map(|bias| trainable(bias.val()));
        }
        let average = ema
            .map(|_| Mlp::from_weights(state.average.as_ref().unwrap_or(&state.weights), &device));
        let steps = state.moments.as_ref().map_or(0, |moments| moments.time);
        let adam_states = match &state.moments {
            None => state.weights.layers.iter().map(|_| (None, None)).collect(),
            Some(moments) => split_moments(moments, &state.weights, &device),
        };
        Self {
            model,
            average,
            decay: ema.unwrap_or(0.0),
            adam: adam(),
            adam_states,
            steps,
            device,
            losses: Vec::new(),
        }
    }

    /// First and second moment of every weight and bias, flat and in PyTorch's layout; none before
    /// the first step.
    fn moments(&self) -> Option<Vec<Tensor<1>>> {
        let mut tensors = Vec::new();
        for states in &self.adam_states {
            let (Some(weight), Some(bias)) = states else {
                return None;
            };
            let (weight, bias) = (&weight.momentum, &bias.momentum);
            let flat = |moment: &Tensor<2>| moment.clone().transpose().flatten(0, 1);
            tensors.push(flat(&weight.moment_1));
            tensors.push(flat(&weight.moment_2));
            tensors.push(bias.moment_1.clone());
            tensors.push(bias.moment_2.clone());
        }
        Some(tensors)
    }

    fn update_average(&mut self) {
        let Some(average) = &mut self.average else {
            return;
        };
        let keep = decay_at(self.decay, self.steps);
        let mix = |a: Tensor<2>, w: Tensor<2>| a.mul_scalar(keep) + w.mul_scalar(1.0 - keep);
        let mix1 = |a: Tensor<1>, w: Tensor<1>| a.mul_scalar(keep) + w.mul_scalar(1.0 - keep);
        for (a, w) in average.layers.iter_mut().zip(&self.model.layers) {
            let weight = mix(a.weight.val(), w.weight.val().inner());
            a.weight = burn::module::Param::from_tensor(weight);
            if let (Some(bias), Some(new)) = (&mut a.bias, &w.bias) {
                let mixed = mix1(bias.val(), new.val().inner());
                *bias = burn::module::Param::from_tensor(mixed);
            }
        }
    }
}

/// Moments in the flat order, cut into one state per weight and bias.
fn split_moments(
    moments: &Moments,
    weights: &MlpWeights,
    device: &Device,
) -> Vec<(Option<AdamState<2>>, Option<AdamState<1>>)> {
    // A weight's moments are stored [out, in] like the weight; burn's are [in, out].
    let first = weights.from_flat(&moments.first);
    let second = weights.from_flat(&moments.second);
    first
        .layers
        .into_iter()
        .zip(second.layers)
        .map(|(m, v)| {
            let shape = [m.outputs, m.inputs];
            let mut weight = state_from(moments.time, m.weight, v.weight, shape, device);
            weight.momentum.moment_1 = weight.momentum.moment_1.transpose();
            weight.momentum.moment_2 = weight.momentum.moment_2.transpose();
            let bias = state_from(moments.time, m.bias, v.bias, [m.outputs], device);
            (Some(weight), Some(bias))
        })
        .collect()
}

impl Engine for BurnEngine {
    fn step(&mut self, batch: &Batch, lr: f64) -> Result<(), String> {
        let n = batch.t.len();
        let autodiff = self.device.clone().autodiff();
        let upload = |values: &[f32], width| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [n, width]), &autodiff)
        };
        let output = self
            .model
            .forward(upload(&batch.xt, 2), upload(&batch.t, 1));
        let error = output - upload(&batch.dxt, 2);
        let loss = (error.clone() * error).mean().mul_scalar(batch.loss_scale);
        let grads = loss.backward();
        self.losses.push(loss.inner());
        for (layer, states) in self.model.layers.iter_mut().zip(&mut self.adam_states) {
            let Linear { weight, bias } = layer;
            let value = weight.val();
            let gradient = value.grad(&grads).ok_or("a weight has no gradient")?;
            let (new, state) = self.adam.step(lr, value.inner(), gradient, states.0.take());
            *weight = trainable(new);
            states.0 = state;
            let value = bias.take().ok_or("a layer has no bias")?.val();
            let gradient = value.grad(&grads).ok_or("a bias has no gradient")?;
            let (new, state) = self.adam.step(lr, value.inner(), gradient, states.1.take());
            *bias = Some(trainable(new));
            states.1 = state;
        }
        self.update_average();
        self.steps += 1;
        Ok(())
    }

    fn take_losses(&mut self) -> Result<Vec<f32>, String> {
        if self.losses.is_empty() {
            return Ok(Vec::new());
        }
        read(Tensor::cat(std::mem::take(&mut self.losses), 0))
    }

    fn state(&self) -> Result<EngineState, String> {
        // All in one list: a device of another machine is asked once.
        let mut tensors = self.model.flat();
        tensors.extend(self.average.iter().flat_map(Mlp::flat));
        let moments = self.moments();
        let started = moments.is_some();
        tensors.extend(moments.into_iter().flatten());
        let mut numbers = read_all(tensors)?.into_iter();
        let weights = self.model.weights_from(&mut numbers);
        let average = self.average.as_ref();
        let average = average.map(|average| average.weights_from(&mut numbers));
        let mut moments = Moments {
            time: self.steps,
            first: Vec::new(),
            second: Vec::new(),
        };
        while let (Some(first), Some(second)) = (numbers.next(), numbers.next()) {
            moments.first.extend(first);
            moments.second.extend(second);
        }
        Ok(EngineState {
            weights,
            average,
            moments: started.then_some(moments),
        })
    }

    fn best(&self) -> Result<MlpWeights, String> {
        self.average.as_ref().unwrap_or(&self.model).to_weights()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_average_forgets_fast() {
        assert_eq!(decay_at(0.999, 0), 0.1);
        assert_eq!(decay_at(0.999, 90), 0.91);
        assert_eq!(decay_at(0.999, 1_000_000), 0.999);
    }
}
