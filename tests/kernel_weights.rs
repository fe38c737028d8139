//! The weights' layout, start and checks.

mod kernel_naive;

use flowlab::kernel::{Activation, Mlp, MlpWeights, TrainKernel};
use kernel_naive::rng;

const SHAPE: [usize; 4] = [3, 12, 5, 2];

fn weights() -> MlpWeights {
    MlpWeights::init(&SHAPE, Activation::Gelu, &mut rng(1))
}

#[test]
fn fresh_weights_fill_the_range_of_a_pytorch_layer() {
    let weights = MlpWeights::init(&[3, 400, 300, 2], Activation::Gelu, &mut rng(2));
    assert!(weights.validate().is_ok());
    for layer in &weights.layers {
        let bound = 1.0 / (layer.inputs as f32).sqrt();
        assert!(
            layer
                .weight
                .iter()
                .chain(&layer.bias)
                .all(|w| w.abs() <= bound)
        );
        let n = layer.weight.len() as f32;
        let mean = layer.weight.iter().sum::<f32>() / n;
        let variance = layer.weight.iter().map(|w| w * w).sum::<f32>() / n;
        let deviation = bound / 3.0_f32.sqrt();
        assert!(mean.abs() < 4.0 * deviation / n.sqrt(), "mean {mean}");
        assert!((variance / deviation.powi(2) - 1.0).abs() < 4.0 / n.sqrt());
    }
    let again = MlpWeights::init(&[3, 400, 300, 2], Activation::Gelu, &mut rng(2));
    assert_eq!(weights, again);
}

#[test]
fn flat_order_is_weight_then_bias_layer_by_layer() {
    let weights = weights();
    let flat = weights.to_flat();
    assert_eq!(weights.shape(), SHAPE);
    assert_eq!(flat.len(), weights.num_params());
    assert_eq!(flat.len(), 3 * 12 + 12 + 12 * 5 + 5 + 5 * 2 + 2);
    assert_eq!(flat[..36], weights.layers[0].weight);
    assert_eq!(flat[36..48], weights.layers[0].bias);
    assert_eq!(flat[flat.len() - 2..], weights.layers[2].bias);
    assert_eq!(weights.from_flat(&flat), weights);
}

#[test]
fn errors_name_the_tensor_and_both_shapes() {
    let message = |change: fn(&mut MlpWeights)| {
        let mut weights = weights();
        change(&mut weights);
        assert_eq!(Mlp::try_new(&weights).err(), weights.validate().err());
        weights.validate().expect_err("invalid weights").to_string()
    };
    assert_eq!(
        message(|w| {
            w.layers[1].inputs = 11;
            w.layers[1].weight.truncate(55);
        }),
        "tensor `network.2.weight` has shape [5, 11], expected [5, 12]"
    );
    assert_eq!(
        message(|w| w.layers[0].inputs = 2),
        "tensor `network.0.weight` has shape [12, 2], expected [12, 3]"
    );
    assert_eq!(
        message(|w| w.layers[2].outputs = 3),
        "tensor `network.4.weight` has shape [3, 5], expected [2, 5]"
    );
    assert_eq!(
        message(|w| w.layers[0].outputs = 0),
        "tensor `network.0.weight` has shape [0, 3], expected [1, 3]"
    );
    assert_eq!(
        message(|w| {
            w.layers[1].bias.pop();
        }),
        "tensor `network.2.bias` has shape [4], expected [5]"
    );
    assert_eq!(
        message(|w| {
            w.layers[2].weight.pop();
        }),
        "tensor `network.4.weight` holds 9 numbers, but its shape [2, 5] asks for 10"
    );
    assert_eq!(
        message(|w| w.layers.truncate(1)),
        "the network has 1 layers, but it needs at least 2 (one hidden layer)"
    );
}

#[test]
fn a_number_that_is_not_finite_is_seen() {
    assert!(weights().is_finite());
    let mut bad = weights();
    bad.layers[1].weight[7] = f32::INFINITY;
    assert!(!bad.is_finite());
    let mut bad = weights();
    bad.layers[2].bias[1] = f32::NAN;
    assert!(!bad.is_finite());
}

#[test]
fn activation_names_read_back() {
    for activation in Activation::ALL {
        assert_eq!(activation.to_string().parse(), Ok(activation));
    }
    let error = "elu".parse::<Activation>().unwrap_err().to_string();
    assert_eq!(
        error,
        "unknown activation `elu`, expected gelu, relu, silu or tanh"
    );
}

#[test]
#[should_panic(expected = "network.2.weight")]
fn training_refuses_invalid_weights() {
    let mut bad = weights();
    bad.layers[1].inputs = 11;
    let n = bad.num_params();
    let mut grads = vec![0.0; n];
    TrainKernel::new().loss_and_gradients(
        &bad,
        &vec![0.0; n],
        &[0.0; 2],
        &[0.0],
        &[0.0; 2],
        &mut grads,
    );
}
