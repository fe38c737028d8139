//! Tensors as the integrator sees them.

use burn::tensor::Tensor;

use crate::flow::State;
use crate::nn::mlp::read;

/// States of many samples on a device.
#[derive(Clone)]
pub struct OnDevice<const D: usize>(pub Tensor<D>);

impl<const D: usize> State for OnDevice<D> {
    fn add_scaled(&self, terms: &[(f64, &Self)]) -> Self {
        let start = self.0.clone();
        Self(terms.iter().fold(start, |sum, (factor, term)| {
            sum + term.0.clone() * (*factor as f32)
        }))
    }

    fn error_norm(error: &Self, before: &Self, after: &Self, rtol: f64, atol: f64) -> f64 {
        let largest = before.0.clone().abs().max_pair(after.0.clone().abs());
        let ratio = error.0.clone() / (largest * rtol as f32 + atol as f32);
        // A lost device gives no number: the step shrinks until the solver gives up.
        let mean = read((ratio.clone() * ratio).mean());
        mean.map_or(f64::NAN, |mean| f64::from(mean[0]).sqrt())
    }
}
