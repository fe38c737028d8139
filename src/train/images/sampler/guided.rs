//! The velocity field that samples follow: class and condition count as much as is asked for.

use burn::tensor::{Int, Tensor, TensorData};

use super::{LatentModel, NO_CLASS, Request};
use crate::data::mnist::{PIXELS, mask};
use crate::nn::mlp::read;
use crate::train::images::condition;
use crate::train::images::space::SHAPE;

/// What is given beside the class.
pub struct Given {
    /// The condition's channels `[n, channels, 4, 4]`.
    channels: Tensor<4>,
    /// w and the channels of a picture of which nothing is seen; none where w is 1.
    nothing: Option<(f32, Tensor<4>)>,
}

impl LatentModel {
    /// `w (γ v(x, t, class, given) + (1 − γ) v(x, t, none, given)) + (1 − w) v(x, t, none, nothing)`
    /// `[n, 4, 4, 4]`; all terms go through the network as one batch, and only those that count.
    pub fn velocity(
        &self,
        x: Tensor<4>,
        t: f32,
        labels: &[u8],
        given: &Option<Given>,
        guidance: f32,
    ) -> Tensor<4> {
        let n = labels.len();
        let classes: Vec<i32> = labels.iter().map(|&label| i32::from(label)).collect();
        let none = vec![i32::from(NO_CLASS); n];
        let guidance = if classes == none { 1.0 } else { guidance };
        let seen = match given {
            None => x.clone(),
            Some(given) => Tensor::cat(vec![x.clone(), given.channels.clone()], 1),
        };
        let (emphasis, blind) = match given.as_ref().and_then(|given| given.nothing.as_ref()) {
            None => (1.0, None),
            Some((emphasis, nothing)) => {
                (*emphasis, Some(Tensor::cat(vec![x, nothing.clone()], 1)))
            }
        };
        let mut terms = vec![
            (emphasis * guidance, seen.clone(), classes),
            (emphasis * (1.0 - guidance), seen, none.clone()),
        ];
        terms.extend(blind.map(|blind| (1.0 - emphasis, blind, none)));
        terms.retain(|(weight, ..)| *weight != 0.0);
        let mut weights = Vec::new();
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        for (weight, input, label) in terms {
            weights.push(weight);
            inputs.push(input);
            labels.extend(label);
        }
        let all = labels.len();
        let t = Tensor::<1>::full([all], t, &self.device);
        let labels = TensorData::new(labels, [all]);
        let labels = Tensor::<1, Int>::from_data(labels, &self.device);
        if weights == [1.0] {
            return self.dit.forward(inputs.remove(0), t, labels);
        }
        let v = self.dit.forward(Tensor::cat(inputs, 0), t, labels);
        let term = |(i, weight): (usize, f32)| v.clone().narrow(0, i * n, n) * weight;
        let terms = weights.into_iter().enumerate().map(term);
        terms
            .reduce(|sum, term| sum + term)
            .expect("the weights sum to one")
    }

    /// Velocities of codes in host memory, `[n, 4, 4, 4]`.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn velocity_of(
        &self,
        latents: &[f32],
        t: f32,
        labels: &[u8],
        guidance: f32,
    ) -> Result<Vec<f32>, String> {
        read(self.velocity(self.upload(latents), t, labels, &None, guidance))
    }

    /// What is given to `n` samples, on the device.
    pub(super) fn given(
        &self,
        request: &Request,
        given: &[f32],
        n: usize,
    ) -> Result<Option<Given>, String> {
        if given.is_empty() {
            return Ok(None);
        }
        let [_, h, w] = SHAPE;
        let upload = |values: Vec<f32>| {
            let shape = [n, self.condition.channels(), h, w];
            Tensor::from_data(TensorData::new(values, shape), &self.device)
        };
        let nothing = if request.emphasis == 1.0 {
            None
        } else {
            let (picture, mask) = (vec![0; PIXELS], mask::everything());
            let one = condition::inpaint(&self.vae, &self.space, &picture, &mask, &self.device)?;
            Some((request.emphasis, upload(one.repeat(n))))
        };
        Ok(Some(Given {
            channels: upload(given.to_vec()),
            nothing,
        }))
    }
}
