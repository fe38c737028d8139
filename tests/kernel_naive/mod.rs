//! The network again, in f64, one particle and one neuron at a time.
#![allow(dead_code)] // each test file uses its part

use flowlab::kernel::{Activation, MlpWeights};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Networks of several depths and widths, odd ones too.
pub const SHAPES: [&[usize]; 8] = [
    &[3, 7, 5, 2],
    &[3, 1, 2],
    &[3, 33, 2],
    &[3, 16, 32, 2],
    &[3, 65, 17, 41, 2],
    &[3, 64, 64, 64, 64, 64, 64, 2],
    &[3, 128, 128, 128, 128, 2],
    &[3, 512, 512, 512, 512, 2],
];

pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Weights somewhat larger than fresh ones, so that the activations leave their linear part.
pub fn network(shape: &[usize], activation: Activation) -> MlpWeights {
    let mut weights = MlpWeights::init(shape, activation, &mut rng(7));
    for layer in &mut weights.layers {
        for w in layer.weight.iter_mut().chain(&mut layer.bias) {
            *w *= 1.7;
        }
    }
    weights
}

/// `n` numbers in ±2.
pub fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut rng = rng(seed);
    (0..n).map(|_| rng.random_range(-2.0..2.0)).collect()
}

/// `f(x)` and `f'(x)`.
pub fn activate(activation: Activation, x: f64) -> (f64, f64) {
    match activation {
        Activation::Gelu => {
            let cdf = 0.5 * libm::erfc(-x / 2.0_f64.sqrt());
            let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
            (x * cdf, cdf + x * density)
        }
        Activation::Relu => (x.max(0.0), f64::from(u8::from(x > 0.0))),
        Activation::Silu => {
            let s = 1.0 / (1.0 + (-x).exp());
            (x * s, s + x * s * (1.0 - s))
        }
        Activation::Tanh => (x.tanh(), 1.0 - x.tanh().powi(2)),
    }
}

/// The velocity at one point.
pub fn velocity(weights: &MlpWeights, t: f64, x: [f64; 2]) -> [f64; 2] {
    let mut h = vec![x[0], x[1], t];
    for (l, layer) in weights.layers.iter().enumerate() {
        h = (0..layer.outputs)
            .map(|o| {
                let row = &layer.weight[o * layer.inputs..(o + 1) * layer.inputs];
                let dot: f64 = row.iter().zip(&h).map(|(&w, h)| f64::from(w) * h).sum();
                let z = dot + f64::from(layer.bias[o]);
                if l + 1 < weights.layers.len() {
                    activate(weights.activation, z).0
                } else {
                    z
                }
            })
            .collect();
    }
    [h[0], h[1]]
}

/// Loss and gradients by the chain rule, one particle at a time, in the order of `to_flat`.
pub fn gradients(weights: &MlpWeights, xt: &[f32], t: &[f32], u: &[f32]) -> (f64, Vec<f64>) {
    let layers = &weights.layers;
    let depth = layers.len();
    let mut grads: Vec<(Vec<f64>, Vec<f64>)> = layers
        .iter()
        .map(|layer| (vec![0.0; layer.weight.len()], vec![0.0; layer.outputs]))
        .collect();
    let mut loss = 0.0;
    for i in 0..t.len() {
        let mut values = vec![vec![
            f64::from(xt[2 * i]),
            f64::from(xt[2 * i + 1]),
            f64::from(t[i]),
        ]];
        let mut slopes = Vec::new();
        for (l, layer) in layers.iter().enumerate() {
            let (mut h, mut s) = (Vec::new(), Vec::new());
            for o in 0..layer.outputs {
                let row = &layer.weight[o * layer.inputs..(o + 1) * layer.inputs];
                let dot: f64 = row
                    .iter()
                    .zip(&values[l])
                    .map(|(&w, h)| f64::from(w) * h)
                    .sum();
                let z = dot + f64::from(layer.bias[o]);
                let (value, slope) = if l + 1 < depth {
                    activate(weights.activation, z)
                } else {
                    (z, 1.0)
                };
                h.push(value);
                s.push(slope);
            }
            values.push(h);
            slopes.push(s);
        }
        let mut d: Vec<f64> = (0..2)
            .map(|c| values[depth][c] - f64::from(u[2 * i + c]))
            .collect();
        loss += d.iter().map(|e| e * e).sum::<f64>() / (2 * t.len()) as f64;
        for e in &mut d {
            *e /= t.len() as f64;
        }
        for l in (0..depth).rev() {
            let layer = &layers[l];
            let mut before = vec![0.0; layer.inputs];
            for o in 0..layer.outputs {
                let e = d[o] * slopes[l][o];
                grads[l].1[o] += e;
                for j in 0..layer.inputs {
                    grads[l].0[o * layer.inputs + j] += e * values[l][j];
                    before[j] += e * f64::from(layer.weight[o * layer.inputs + j]);
                }
            }
            d = before;
        }
    }
    let flat = grads.into_iter().flat_map(|(w, b)| w.into_iter().chain(b));
    (loss, flat.collect())
}

/// Runs `work` on a pool of `threads` threads.
pub fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a thread pool")
        .install(work)
}
