//! The fused kernels beside the same network written in burn's own operations, on its CPU
//! backend: velocities, samples, loss and gradients.

mod kernel_naive;

use burn::tensor::{Device, Tensor, TensorData};
use flowlab::flow::VelocityField;
use flowlab::flow::solver::Solver;
use flowlab::kernel::{Activation, Mlp, MlpWeights, TrainKernel, sample};
use flowlab::nn::mlp::{self, read};
use kernel_naive::{SHAPES, network, numbers};

fn tensor(values: &[f32], width: usize, device: &Device) -> Tensor<2> {
    let shape = [values.len() / width, width];
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

/// The velocities of burn's network at one time for each point.
fn burn_velocity(net: &mlp::Mlp, x: &[f32], t: &[f32]) -> Vec<f32> {
    let device = Device::flex();
    read(net.forward(tensor(x, 2, &device), tensor(t, 1, &device))).unwrap()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    // A difference that is no number counts as the largest.
    differences.fold(
        0.0,
        |worst, d| if d > worst || d.is_nan() { d } else { worst },
    )
}

#[test]
fn velocities_agree_with_burns_forward_pass() {
    for shape in SHAPES {
        for activation in Activation::ALL {
            let weights = network(shape, activation);
            let net = mlp::Mlp::from_weights(&weights, &Device::flex());
            let n = 301;
            let x = numbers(2 * n, 1);
            let mut out = vec![f32::NAN; 2 * n];
            Mlp::new(&weights).velocity(0.37, &x, &mut out);
            let error = largest_difference(&out, &burn_velocity(&net, &x, &vec![0.37; n]));
            assert!(error < 1e-5, "{shape:?} {activation}: {error}");
        }
    }
}

#[test]
fn samples_agree_with_eulers_method_on_burns_forward_pass() {
    const STEPS: u16 = 20;
    for activation in Activation::ALL {
        // Fresh weights, as a training begins with: a flow that does not run away.
        let mut rng = kernel_naive::rng(3);
        let weights = MlpWeights::init(&[3, 128, 128, 128, 128, 2], activation, &mut rng);
        let net = mlp::Mlp::from_weights(&weights, &Device::flex());
        let x0 = numbers(2 * 500, 2);
        let mut x = x0.clone();
        for step in 0..STEPS {
            let t = f32::from(step) / f32::from(STEPS);
            let v = burn_velocity(&net, &x, &vec![t; x.len() / 2]);
            for (x, v) in x.iter_mut().zip(v) {
                *x += v / f32::from(STEPS);
            }
        }
        let mlp = Mlp::new(&weights);
        let ends = sample(&mlp, Solver::Euler, STEPS.into(), 0.0, 1.0, &x0, &[1.0]);
        let error = largest_difference(ends.frame(0), &x);
        assert!(error < 1e-5, "{activation}: {error}");
    }
}

#[test]
fn loss_and_gradients_agree_with_burns_autodiff() {
    let device = Device::flex().autodiff();
    let mut kernel = TrainKernel::new();
    for shape in SHAPES {
        for activation in Activation::ALL {
            let weights = network(shape, activation);
            let n = if shape[1] > 128 { 40 } else { 500 };
            let (xt, target) = (numbers(2 * n, 4), numbers(2 * n, 5));
            let t: Vec<f32> = numbers(n, 6).iter().map(|t| (t + 2.0) / 4.0).collect();
            let mut got = vec![f32::NAN; weights.num_params()];
            let flat = weights.to_flat();
            let loss = kernel.loss_and_gradients(&weights, &flat, &xt, &t, &target, &mut got);

            let net = mlp::Mlp::from_weights(&weights, &device);
            let output = net.forward(tensor(&xt, 2, &device), tensor(&t, 1, &device));
            let wanted = (output - tensor(&target, 2, &device))
                .powf_scalar(2.0)
                .mean();
            let grads = wanted.backward();
            let wanted = read(wanted.inner()).unwrap()[0];
            assert!(
                (loss / wanted - 1.0).abs() < 1e-5,
                "{shape:?} {activation}: {loss} {wanted}"
            );

            let mut start = 0;
            for (index, layer) in net.layers.iter().enumerate() {
                // burn keeps a weight as [in, out], the kernel as [out, in].
                let weight = layer.weight.val().grad(&grads).expect("a gradient");
                let bias = layer.bias.as_ref().expect("a bias").val().grad(&grads);
                let bias = bias.expect("a gradient");
                let parts = [
                    ("weight", read(weight.transpose()).unwrap()),
                    ("bias", read(bias).unwrap()),
                ];
                for (what, wanted) in parts {
                    let got = &got[start..start + wanted.len()];
                    start += wanted.len();
                    let scale = wanted.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
                    let error = largest_difference(got, &wanted) / scale.max(1e-12);
                    assert!(
                        error < 1e-4,
                        "{shape:?} {activation} {what} {index}: {error}"
                    );
                }
            }
            assert_eq!(start, got.len());
        }
    }
}
