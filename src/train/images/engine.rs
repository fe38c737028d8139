//! One optimiser step of an image network: burn's autodiff for the gradients, AdamW and the
//! weights' average in one pass of our own.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

use super::params::{self, NamedTensor};
use crate::nn::mlp::{read, read_all};
use crate::train::engine::decay_at;

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
/// PyTorch's epsilon.
const EPSILON: f32 = 1e-8;

/// All that a run needs to go on: weights, their average, the optimizer's moments.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineState {
    /// Optimiser steps done.
    pub step: u64,
    /// The weights that the optimizer moves.
    pub weights: Vec<NamedTensor>,
    /// Their exponential moving average, when the run keeps one.
    pub average: Option<Vec<NamedTensor>>,
    /// First and second moments; none before the first step.
    pub moments: Option<[Vec<NamedTensor>; 2]>,
}

impl EngineState {
    /// The weights to sample with: the average where there is one.
    pub fn best(&self) -> &[NamedTensor] {
        self.average.as_ref().unwrap_or(&self.weights)
    }

    /// Whether a run can go on from it: weights, average and moments are numbers. A last step at
    /// too high a rate leaves infinite weights although its own loss was finite.
    pub fn is_finite(&self) -> bool {
        let lists = std::iter::once(&self.weights)
            .chain(&self.average)
            .chain(self.moments.iter().flatten());
        lists
            .flatten()
            .all(|tensor| tensor.values.iter().all(|value| value.is_finite()))
    }
}

/// A loss and the parts that a log keeps beside it, each `[1]`.
pub struct Loss {
    /// What the gradients are of.
    pub total: Tensor<1>,
    /// Other numbers of the step.
    pub parts: Vec<Tensor<1>>,
}

/// A network in training.
pub struct Engine<M: Module> {
    model: M,
    slots: Vec<Slot>,
    decay: Option<f64>,
    weight_decay: f64,
    clip: f64,
    steps: u64,
    losses: Vec<Tensor<1>>,
}

impl<M: Module> Engine<M> {
    /// Starts from a state; `model` gives the shapes and the device, `ema` is the decay of the
    /// average, if one is kept.
    ///
    /// Gradients longer than `clip` over all weights are shortened to it; it may be infinite. On
    /// the processor (`on_host`) the optimizer works on plain slices.
    ///
    /// # Errors
    /// When the state does not fit the model.
    pub fn new(
        model: M,
        state: EngineState,
        ema: Option<f64>,
        [weight_decay, clip]: [f64; 2],
        on_host: bool,
    ) -> Result<Self, String> {
        let model = params::load(model, &state.weights)?;
        let average = state.average.as_ref().unwrap_or(&state.weights);
        let device = model.devices().first().cloned();
        let device = device.ok_or("a network without weights")?.inner();
        let mut slots = Vec::with_capacity(state.weights.len());
        for weight in params::collect(&model)? {
            let pick = |from: &[NamedTensor]| {
                let found = from.iter().find(|tensor| tensor.name == weight.name);
                found
                    .filter(|tensor| tensor.values.len() == weight.values.len())
                    .map(|tensor| tensor.values.clone())
                    .ok_or_else(|| format!("the optimizer's tensor {} does not fit", weight.name))
            };
            let (first, second) = match &state.moments {
                Some([first, second]) => (pick(first)?, pick(second)?),
                None => (
                    vec![0.0; weight.values.len()],
                    vec![0.0; weight.values.len()],
                ),
            };
            let average = ema.map(|_| pick(average)).transpose()?;
            slots.push(if on_host {
                Slot::Host {
                    first,
                    second,
                    average,
                }
            } else {
                let put = |values: Vec<f32>| {
                    let length = values.len();
                    Tensor::<1>::from_data(TensorData::new(values, [length]), &device)
                };
                Slot::Device {
                    first: put(first),
                    second: put(second),
                    average: average.map(put),
                }
            });
        }
        Ok(Self {
            model: model.train(),
            slots,
            decay: ema,
            weight_decay,
            clip,
            steps: state.step,
            losses: Vec::new(),
        })
    }

    /// One step of AdamW at rate `lr`; the loss is kept on the device until it is asked for.
    pub fn step(&mut self, lr: f64, loss: impl FnOnce(&M) -> Loss) {
        let Loss { total, parts } = loss(&self.model);
        let gradients = total.backward();
        let mut row = vec![total.inner()];
        row.extend(parts.into_iter().map(Tensor::without_autodiff));
        self.losses.push(Tensor::cat(row, 0));
        let time = (self.steps + 1) as i32;
        let shorten = self
            .clip
            .is_finite()
            .then(|| shortening(&self.model, &gradients, self.clip as f32));
        let mut update = Update {
            gradients: &gradients,
            shorten: shorten.flatten(),
            slots: self.slots.iter_mut(),
            lr: lr as f32,
            shrink: 1.0 - (lr * self.weight_decay) as f32,
            correction: [1.0 - BETA1.powi(time), 1.0 - BETA2.powi(time)],
            mix: self
                .decay
                .map_or(0.0, |decay| 1.0 - decay_at(decay, self.steps as usize)),
        };
        self.model = self.model.clone().map(&mut update);
        self.steps += 1;
    }

    /// The losses of the steps since the last call, in order, each with its parts.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn take_losses(&mut self) -> Result<Vec<Vec<f32>>, String> {
        let rows = std::mem::take(&mut self.losses);
        let Some(width) = rows.first().map(|row| row.dims()[0]) else {
            return Ok(Vec::new());
        };
        let values = read(Tensor::cat(rows, 0))?;
        Ok(values.chunks_exact(width).map(<[f32]>::to_vec).collect())
    }

    /// Weights and moments in host memory.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn state(&self) -> Result<EngineState, String> {
        let weights = params::collect(&self.model)?;
        let gather = |part: Part| {
            let Some(values) = self.part(part)? else {
                return Ok(None);
            };
            let tensors = values.into_iter().zip(&weights);
            let tensors = tensors.map(|(values, weight)| NamedTensor {
                name: weight.name.clone(),
                shape: weight.shape.clone(),
                values,
            });
            Ok::<_, String>(Some(tensors.collect()))
        };
        let average = gather(Part::Average)?;
        let first = gather(Part::First)?;
        let second = gather(Part::Second)?;
        Ok(EngineState {
            step: self.steps,
            average,
            moments: first.zip(second).map(|(first, second)| [first, second]),
            weights,
        })
    }

    /// A part of what the optimizer keeps, weight by weight; none where it is not kept.
    fn part(&self, part: Part) -> Result<Option<Vec<Vec<f32>>>, String> {
        let mut here = Vec::new();
        let mut there = Vec::new();
        for slot in &self.slots {
            match slot.part(part) {
                None => return Ok(None),
                Some(Kept::Host(values)) => here.push(values.clone()),
                Some(Kept::Device(tensor)) => there.push(tensor.clone()),
            }
        }
        // A network's slots are all of one kind.
        here.extend(read_all(there)?);
        Ok(Some(here))
    }

    /// The network to sample with, outside any graph.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn best(&self) -> Result<M, String> {
        let model = self.model.valid();
        match self.decay {
            None => Ok(model),
            Some(_) => {
                let state = self.state()?;
                params::load(model, state.best())
            }
        }
    }
}

/// `min(1, clip / |g|)` over the gradients of all weights, `[1]`, as PyTorch's `clip_grad_norm_`;
/// none where there is no gradient.
fn shortening<M: Module>(model: &M, gradients: &Gradients, clip: f32) -> Option<Tensor<1>> {
    struct Length<'a> {
        gradients: &'a Gradients,
        square: Option<Tensor<1>>,
    }
    impl ModuleVisitor for Length<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.gradients) {
                let square = (gradient.clone() * gradient).sum();
                self.square = Some(match self.square.take() {
                    Some(sum) => sum + square,
                    None => square,
                });
            }
        }
    }
    let mut length = Length {
        gradients,
        square: None,
    };
    model.visit(&mut length);
    let length = length.square?.sqrt();
    Some(((length + 1e-6).recip() * clip).clamp_max(1.0))
}

/// What the optimizer keeps for one weight.
#[expect(
    clippy::large_enum_variant,
    reason = "a network has some sixty of them"
)]
enum Slot {
    Host {
        first: Vec<f32>,
        second: Vec<f32>,
        average: Option<Vec<f32>>,
    },
    Device {
        first: Tensor<1>,
        second: Tensor<1>,
        average: Option<Tensor<1>>,
    },
}

#[derive(Clone, Copy)]
enum Part {
    First,
    Second,
    Average,
}

/// A part of a slot where it lies.
enum Kept<'a> {
    Host(&'a Vec<f32>),
    Device(&'a Tensor<1>),
}

impl Slot {
    fn part(&self, part: Part) -> Option<Kept<'_>> {
        match self {
            Self::Host {
                first,
                second,
                average,
            } => match part {
                Part::First => Some(first),
                Part::Second => Some(second),
                Part::Average => average.as_ref(),
            }
            .map(Kept::Host),
            Self::Device {
                first,
                second,
                average,
            } => match part {
                Part::First => Some(first),
                Part::Second => Some(second),
                Part::Average => average.as_ref(),
            }
            .map(Kept::Device),
        }
    }
}

/// One step of AdamW (Loshchilov & Hutter 2019) and of the average over all weights.
struct Update<'a> {
    gradients: &'a Gradients,
    /// What every gradient is multiplied by, `[1]`.
    shorten: Option<Tensor<1>>,
    slots: std::slice::IterMut<'a, Slot>,
    lr: f32,
    shrink: f32,
    correction: [f32; 2],
    mix: f32,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let slot = self.slots.next().expect("one slot for each weight");
        let Some(gradient) = param.val().grad(self.gradients) else {
            return param;
        };
        let gradient = match &self.shorten {
            Some(factor) => gradient * factor.clone().reshape([1; D]),
            None => gradient,
        };
        let Self {
            lr,
            shrink,
            correction: [c1, c2],
            mix,
            ..
        } = *self;
        param.map(|old| {
            let shape = old.dims();
            let new = match slot {
                Slot::Host {
                    first,
                    second,
                    average,
                } => {
                    // Tensors of the processor are always there to read.
                    let device = gradient.device();
                    let mut weights = read(old.inner()).expect("weights lie in host memory");
                    let gradient = read(gradient).expect("gradients lie in host memory");
                    let scale = lr / c1;
                    for i in 0..weights.len() {
                        let g = gradient[i];
                        first[i] += (1.0 - BETA1) * (g - first[i]);
                        second[i] += (1.0 - BETA2) * (g * g - second[i]);
                        let size = (second[i] / c2).sqrt() + EPSILON;
                        weights[i] = weights[i] * shrink - scale * first[i] / size;
                    }
                    if let Some(average) = average {
                        for (a, w) in average.iter_mut().zip(&weights) {
                            *a += mix * (w - *a);
                        }
                    }
                    Tensor::from_data(TensorData::new(weights, shape), &device)
                }
                Slot::Device {
                    first,
                    second,
                    average,
                } => {
                    let length: usize = shape.iter().product();
                    let g = gradient.reshape([length]);
                    *first = first.clone() * BETA1 + g.clone() * (1.0 - BETA1);
                    *second = second.clone() * BETA2 + g.clone() * g * (1.0 - BETA2);
                    let size = (second.clone() / c2).sqrt() + EPSILON;
                    let weights =
                        old.inner().reshape([length]) * shrink - first.clone() / size * (lr / c1);
                    if let Some(average) = average {
                        *average = average.clone() * (1.0 - mix) + weights.clone() * mix;
                    }
                    weights.reshape(shape)
                }
            };
            Tensor::from_inner(new).require_grad()
        })
    }
}
