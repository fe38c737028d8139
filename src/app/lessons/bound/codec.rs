//! An autoencoder of the plane: a known encoder, and a decoder that is learned on the spot.
//!
//! The data are the target of the run, bent by two shears: x = (z1 + a sin x2, z2 + a sin z1).
//! The encoder undoes the bend exactly, so that the codes have the law that the network was
//! trained on, with its exact field. The decoder is a small network that learns the bend from
//! pairs of codes and data, for as many steps as it is given.

use std::sync::atomic::{AtomicBool, Ordering};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::data::Dataset;
use crate::kernel::{Activation, Mlp, MlpWeights, TrainKernel};

/// How far the shears go.
const BEND: f32 = 0.6;
/// The decoder's layers; it has no use for its third input, the time.
const SHAPE: [usize; 4] = [3, 32, 32, 2];
const BATCH: usize = 256;
const RATE: f32 = 0.01;

/// Data of codes, both `[n, 2]`.
pub fn bend(codes: &[f32]) -> Vec<f32> {
    let mut data = codes.to_vec();
    for z in data.chunks_exact_mut(2) {
        z[1] += BEND * z[0].sin();
        z[0] += BEND * z[1].sin();
    }
    data
}

/// The encoder: codes of data, both `[n, 2]`.
#[cfg(test)]
pub fn encode(data: &[f32]) -> Vec<f32> {
    let mut codes = data.to_vec();
    for x in codes.chunks_exact_mut(2) {
        x[0] -= BEND * x[1].sin();
        x[1] -= BEND * x[0].sin();
    }
    codes
}

/// The learned decoder.
pub struct Decoder(Mlp);

impl Decoder {
    /// Learns by Adam, with a rate that falls linearly; none when somebody cancelled.
    pub fn learn(dataset: &Dataset, steps: usize, cancel: &AtomicBool) -> Option<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let shape = MlpWeights::init(&SHAPE, Activation::Tanh, &mut rng);
        let mut flat = shape.to_flat();
        let mut grads = vec![0.0; flat.len()];
        let [mut first, mut second] = [vec![0.0_f32; flat.len()], vec![0.0_f32; flat.len()]];
        let mut kernel = TrainKernel::new();
        let mut codes = vec![0.0; 2 * BATCH];
        for step in 0..steps {
            if cancel.load(Ordering::Relaxed) {
                return None;
            }
            dataset.sample_into(&mut rng, &mut codes);
            let times = [0.0; BATCH];
            kernel.loss_and_gradients(&shape, &flat, &codes, &times, &bend(&codes), &mut grads);
            let rate = RATE * (1.0 - step as f32 / steps as f32);
            let bias = [0.9_f32, 0.999].map(|beta| 1.0 - beta.powi(step as i32 + 1));
            for (i, g) in grads.iter().enumerate() {
                first[i] += 0.1 * (g - first[i]);
                second[i] += 0.001 * (g * g - second[i]);
                flat[i] -= rate * (first[i] / bias[0]) / ((second[i] / bias[1]).sqrt() + 1e-8);
            }
        }
        Some(Self(Mlp::new(&shape.from_flat(&flat))))
    }

    /// Data of codes, both `[n, 2]`.
    pub fn decode(&self, codes: &[f32]) -> Vec<f32> {
        self.with_jacobians(codes).0
    }

    /// Data of codes `[n, 2]` and the Jacobian at each, `[n, 2, 2]`.
    pub fn with_jacobians(&self, codes: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut data = vec![0.0; codes.len()];
        let mut jacobians = vec![0.0; 2 * codes.len()];
        self.0
            .velocity_and_jacobian(0.0, codes, &mut data, &mut jacobians);
        (data, jacobians)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(steps: usize) -> f32 {
        let never = AtomicBool::new(false);
        let decoder = Decoder::learn(&Dataset::CHECKERBOARD, steps, &never).expect("learned");
        let mut codes = vec![0.0; 2000];
        Dataset::CHECKERBOARD.sample_into(&mut ChaCha8Rng::seed_from_u64(9), &mut codes);
        let (made, wanted) = (decoder.decode(&codes), bend(&codes));
        let squares = made.iter().zip(&wanted).map(|(a, b)| (a - b) * (a - b));
        squares.sum::<f32>() / 1000.0
    }

    #[test]
    fn the_encoder_undoes_the_bend_and_the_decoder_learns_it() {
        let codes = [0.3, -1.2, 2.0, 1.9, -1.7, 0.0];
        for (a, b) in encode(&bend(&codes)).iter().zip(&codes) {
            assert!((a - b).abs() < 1e-6);
        }
        let [early, late] = [20, 600].map(error);
        assert!(late < 0.01 && late < 0.2 * early, "{early} {late}");
        let cancelled = AtomicBool::new(true);
        assert!(Decoder::learn(&Dataset::CHECKERBOARD, 5, &cancelled).is_none());
    }
}
