//! The fused operations of the image networks against burn's own, values and gradients.

use burn::tensor::{Device, Distribution, Tensor};
use flowlab::kernel::Activation;
use flowlab::nn::ops::{self, Placement, plain};

/// The largest difference allowed, relative to the largest number of the expected tensor.
const TOLERANCE: f32 = 2e-5;

fn random<const D: usize>(shape: [usize; D], scale: f64) -> Tensor<D> {
    let device = Device::flex().autodiff();
    Tensor::random(shape, Distribution::Normal(0.0, scale), &device).require_grad()
}

fn assert_close<const D: usize>(name: &str, found: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(found.dims(), expected.dims(), "{name}");
    let found = found.into_data().try_into_vec::<f32>().unwrap();
    let expected = expected.into_data().try_into_vec::<f32>().unwrap();
    let largest = expected.iter().fold(1e-3_f32, |a, b| a.max(b.abs()));
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(
            error < TOLERANCE,
            "{name}: number {i} is {found}, not {expected}"
        );
    }
}

/// Compares results and the gradients of `Σ result · weights` with respect to every input.
macro_rules! compare {
    ($name:expr, $fused:expr, $plain:expr, [$($input:ident),*]) => {{
        let (fused, plain) = ($fused, $plain);
        let weights = Tensor::random_like(&plain.clone().inner(), Distribution::Normal(0.0, 1.0));
        let weights = Tensor::from_inner(weights);
        assert_close(&$name, fused.clone().inner(), plain.clone().inner());
        let found = (fused * weights.clone()).sum().backward();
        let expected = (plain * weights).sum().backward();
        $(
            let name = format!("{}, gradient of {}", $name, stringify!($input));
            assert_close(&name, $input.grad(&found).unwrap(), $input.grad(&expected).unwrap());
        )*
    }};
}

#[test]
fn linear_layers_agree_for_odd_and_even_sizes() {
    for [rows, inputs, outputs] in [
        [1, 1, 1],
        [7, 5, 3],
        [72, 16, 32],
        [200, 128, 100],
        [257, 40, 48],
    ] {
        let (x, w, b) = (
            random([rows, inputs], 1.0),
            random([inputs, outputs], 0.3),
            random([outputs], 1.0),
        );
        compare!(
            format!("linear {rows} x {inputs} x {outputs}"),
            ops::linear(x.clone(), w.clone(), b.clone()),
            plain::linear(x.clone(), w.clone(), b.clone()),
            [x, w, b]
        );
    }
}

#[test]
fn a_transposed_input_is_read_in_its_own_order() {
    let (x, w, b) = (
        random([24, 90], 1.0),
        random([24, 32], 0.3),
        random([32], 1.0),
    );
    compare!(
        "linear of a transpose",
        ops::linear(x.clone().transpose(), w.clone(), b.clone()),
        plain::linear(x.clone().transpose(), w.clone(), b.clone()),
        [x, w, b]
    );
}

#[test]
fn feed_forward_layers_agree() {
    for act in Activation::ALL {
        for [rows, inputs, hidden, outputs] in [[3, 2, 5, 4], [150, 32, 96, 32], [80, 16, 20, 48]] {
            let x = random([2, rows, inputs], 1.0);
            let (w1, b1) = (random([inputs, hidden], 0.3), random([hidden], 1.0));
            let (w2, b2) = (random([hidden, outputs], 0.3), random([outputs], 1.0));
            let (w, b) = ([w1.clone(), w2.clone()], [b1.clone(), b2.clone()]);
            compare!(
                format!("{act:?} feed-forward {rows} x {inputs} x {hidden} x {outputs}"),
                ops::feed_forward(x.clone(), w.clone(), b.clone(), act),
                plain::feed_forward(x.clone(), w, b, act),
                [x, w1, b1, w2, b2]
            );
        }
    }
}

#[test]
fn norms_and_gates_agree() {
    for [batch, n, d] in [[1, 1, 4], [3, 5, 20], [4, 16, 128]] {
        let (x, y, m) = (
            random([batch, n, d], 2.0),
            random([batch, n, d], 1.0),
            random([batch, 3 * d], 0.5),
        );
        compare!(
            format!("norm {batch} x {n} x {d}"),
            ops::layer_norm_modulate(x.clone(), m.clone(), 1),
            plain::layer_norm_modulate(x.clone(), m.clone(), 1),
            [x, m]
        );
        compare!(
            format!("gate {batch} x {n} x {d}"),
            ops::gated_add(x.clone(), y.clone(), m.clone(), 2),
            plain::gated_add(x.clone(), y.clone(), m.clone(), 2),
            [x, y, m]
        );
    }
}

#[test]
fn attention_agrees_for_any_number_of_tokens_and_heads() {
    for [batch, n, d, heads] in [[1, 1, 2, 1], [2, 5, 12, 3], [3, 16, 128, 4], [2, 49, 48, 2]] {
        let qkv = random([batch, n, 3 * d], 1.5);
        compare!(
            format!("attention {batch} x {n} x {d}, {heads} heads"),
            ops::attention(qkv.clone(), heads),
            plain::attention(qkv.clone(), heads),
            [qkv]
        );
    }
}

#[test]
fn convolutions_agree_in_both_directions() {
    let silu = Some(Activation::Silu);
    for (inputs, outputs, side, kernel, stride, padding, act) in [
        (1, 32, 32, 3, 2, 1, silu),
        (32, 16, 8, 3, 1, 1, silu),
        (3, 5, 7, 5, 2, 2, None),
        (2, 8, 6, 4, 2, 1, Some(Activation::Gelu)),
        (16, 1, 5, 1, 1, 0, None),
    ] {
        let place = Placement { stride, padding };
        let name = format!("{inputs} to {outputs} channels, side {side}, kernel {kernel}");
        let x = random([19, side, side, inputs], 1.0);
        let (w, b) = (
            random([outputs, inputs, kernel, kernel], 0.2),
            random([outputs], 1.0),
        );
        compare!(
            format!("convolution, {name}"),
            ops::conv(x.clone(), w.clone(), b.clone(), place, act),
            plain::conv(x.clone(), w.clone(), b.clone(), place, act),
            [x, w, b]
        );
        let w = random([inputs, outputs, kernel, kernel], 0.2);
        compare!(
            format!("transposed convolution, {name}"),
            ops::conv_transposed(x.clone(), w.clone(), b.clone(), place, act),
            plain::conv_transposed(x.clone(), w.clone(), b.clone(), place, act),
            [x, w, b]
        );
    }
}

#[test]
fn the_pieces_of_a_u_net_agree() {
    for [batch, side, c] in [[1, 2, 1], [3, 7, 5], [2, 14, 16]] {
        let x = random([batch, side, side + 1, c], 1.3);
        let (scale, shift) = (random([c], 1.0), random([batch, c], 0.5));
        compare!(
            format!("group norm {batch} x {side} x {c}"),
            ops::group_norm_relu(x.clone(), scale.clone(), shift.clone()),
            plain::group_norm_relu(x.clone(), scale.clone(), shift.clone()),
            [x, scale, shift]
        );
        compare!(
            format!("max pool {batch} x {side} x {c}"),
            ops::max_pool(x.clone()),
            plain::max_pool(x.clone()),
            [x]
        );
        for to in [[2 * side, 2 * side + 1], [2 * side + 1, side]] {
            compare!(
                format!("stretch {batch} x {side} x {c} to {to:?}"),
                ops::stretch(x.clone(), to),
                plain::stretch(x.clone(), to),
                [x]
            );
        }
    }
}
