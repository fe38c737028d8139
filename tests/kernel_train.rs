//! Loss and gradients of the fused training step.

mod kernel_naive;

use flowlab::kernel::{Activation, MlpWeights, TrainKernel};
use kernel_naive::{SHAPES, gradients, network, numbers, on_threads};

struct Data {
    xt: Vec<f32>,
    t: Vec<f32>,
    target: Vec<f32>,
}

fn data(n: usize) -> Data {
    Data {
        xt: numbers(2 * n, 1),
        t: numbers(n, 2).iter().map(|t| (t + 2.0) / 4.0).collect(),
        target: numbers(2 * n, 3),
    }
}

fn run(kernel: &mut TrainKernel, weights: &MlpWeights, data: &Data) -> (f32, Vec<f32>) {
    let mut grads = vec![f32::NAN; weights.num_params()];
    let flat = weights.to_flat();
    let Data { xt, t, target } = data;
    let loss = kernel.loss_and_gradients(weights, &flat, xt, t, target, &mut grads);
    (loss, grads)
}

/// Largest difference of each tensor relative to that tensor's largest gradient.
fn relative_error(weights: &MlpWeights, got: &[f32], wanted: &[f64]) -> f64 {
    let mut start = 0;
    let mut worst = 0.0;
    for layer in &weights.layers {
        for n in [layer.weight.len(), layer.bias.len()] {
            let (got, wanted) = (&got[start..start + n], &wanted[start..start + n]);
            let scale = wanted.iter().fold(0.0, |m: f64, w| m.max(w.abs()));
            for (&g, w) in got.iter().zip(wanted) {
                let error = (f64::from(g) - w).abs() / scale.max(1e-12);
                worst = if error.is_nan() {
                    f64::INFINITY
                } else {
                    error.max(worst)
                };
            }
            start += n;
        }
    }
    worst
}

#[test]
fn gradients_agree_with_the_plain_chain_rule() {
    let mut kernel = TrainKernel::new();
    for shape in SHAPES {
        for activation in Activation::ALL {
            let weights = network(shape, activation);
            let data = data(if shape[1] > 128 { 20 } else { 133 });
            let (loss, grads) = run(&mut kernel, &weights, &data);
            let (wanted_loss, wanted) = gradients(&weights, &data.xt, &data.t, &data.target);
            let error = (f64::from(loss) / wanted_loss - 1.0).abs();
            assert!(error < 1e-6, "{shape:?} {activation}: loss off by {error}");
            let error = relative_error(&weights, &grads, &wanted);
            assert!(
                error < 2e-5,
                "{shape:?} {activation}: gradients off by {error}"
            );
        }
    }
}

#[test]
fn every_batch_size_works() {
    let weights = network(&[3, 20, 10, 2], Activation::Gelu);
    let mut kernel = TrainKernel::new();
    for n in [1, 2, 31, 32, 33, 64, 127, 500, 513, 2049, 4096] {
        let data = data(n);
        let (loss, grads) = run(&mut kernel, &weights, &data);
        let (wanted_loss, wanted) = gradients(&weights, &data.xt, &data.t, &data.target);
        assert!((f64::from(loss) / wanted_loss - 1.0).abs() < 1e-6, "{n}");
        let error = relative_error(&weights, &grads, &wanted);
        assert!(error < 2e-5, "batch of {n}: gradients off by {error}");
    }
    let (loss, grads) = run(&mut kernel, &weights, &data(0));
    assert_eq!(loss, 0.0);
    assert!(grads.iter().all(|&g| g == 0.0));
}

#[test]
fn gradients_agree_with_finite_differences_of_the_loss() {
    for activation in [Activation::Gelu, Activation::Silu, Activation::Tanh] {
        let weights = network(&[3, 6, 5, 2], activation);
        let data = data(40);
        let (_, grads) = run(&mut TrainKernel::new(), &weights, &data);
        let flat = weights.to_flat();
        for i in 0..flat.len() {
            let loss = |step: f32| {
                let mut moved = flat.clone();
                moved[i] += step;
                let step = f64::from(moved[i]) - f64::from(flat[i]);
                let weights = weights.from_flat(&moved);
                (gradients(&weights, &data.xt, &data.t, &data.target).0, step)
            };
            let (up, a) = loss(1e-3);
            let (down, b) = loss(-1e-3);
            let slope = (up - down) / (a - b);
            let error = (f64::from(grads[i]) - slope).abs();
            assert!(
                error < 2e-6 + 1e-4 * slope.abs(),
                "{activation} {i}: {error}"
            );
        }
    }
}

#[test]
fn threads_and_earlier_calls_do_not_change_a_bit() {
    let weights = network(&[3, 48, 31, 2], Activation::Gelu);
    let data_a = data(4096);
    let one = on_threads(1, || run(&mut TrainKernel::new(), &weights, &data_a));
    for threads in [2, 3, 5] {
        let many = on_threads(threads, || run(&mut TrainKernel::new(), &weights, &data_a));
        assert_eq!(one, many, "{threads} threads");
    }
    let mut used = TrainKernel::new();
    run(
        &mut used,
        &network(&[3, 48, 31, 2], Activation::Gelu),
        &data(777),
    );
    run(
        &mut used,
        &network(&[3, 64, 64, 2], Activation::Relu),
        &data(100),
    );
    run(&mut used, &weights, &data(5000));
    assert_eq!(run(&mut used, &weights, &data_a), one);
}

#[test]
fn a_step_down_the_gradient_lowers_the_loss_as_predicted() {
    let weights = network(&[3, 32, 32, 2], Activation::Gelu);
    let data = data(600);
    let mut kernel = TrainKernel::new();
    let (before, grads) = run(&mut kernel, &weights, &data);
    let rate = 1e-3;
    let flat: Vec<f32> = weights
        .to_flat()
        .iter()
        .zip(&grads)
        .map(|(w, g)| w - rate * g)
        .collect();
    let (after, _) = run(&mut kernel, &weights.from_flat(&flat), &data);
    let norm: f64 = grads.iter().map(|&g| f64::from(g).powi(2)).sum();
    let predicted = f64::from(rate) * norm;
    let ratio = f64::from(before - after) / predicted;
    assert!((ratio - 1.0).abs() < 0.05, "ratio {ratio}");
}

#[test]
fn a_batch_that_is_no_number_gives_a_loss_that_is_none() {
    let weights = network(&[3, 32, 32, 2], Activation::Gelu);
    let mut data = data(600);
    data.xt[77] = f32::NAN;
    assert!(run(&mut TrainKernel::new(), &weights, &data).0.is_nan());
}
