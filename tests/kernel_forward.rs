//! Forward pass and derivative of the fused network.

mod kernel_naive;

use flowlab::flow::VelocityField;
use flowlab::kernel::{Activation, Mlp, MlpWeights, forward};
use kernel_naive::{SHAPES, activate, network, numbers, velocity};

/// Batch sizes below, at and above the size of a block, and no multiple of anything.
const SIZES: [usize; 7] = [0, 1, 5, 83, 252, 253, 1001];

fn largest_error(got: &[f32], wanted: impl Iterator<Item = f64>) -> f64 {
    let errors = got
        .iter()
        .zip(wanted)
        .map(|(&g, w)| (f64::from(g) - w).abs());
    errors.fold(0.0, |worst, e| {
        if e.is_nan() {
            f64::INFINITY
        } else {
            e.max(worst)
        }
    })
}

#[test]
fn velocity_agrees_with_the_plain_network() {
    for shape in SHAPES {
        for activation in Activation::ALL {
            let weights = network(shape, activation);
            let n = if shape[1] > 128 { 30 } else { 300 };
            let x = numbers(2 * n, 1);
            let mut out = vec![f32::NAN; 2 * n];
            forward(&weights, 0.37, &x, &mut out);
            let wanted = x
                .chunks(2)
                .flat_map(|x| velocity(&weights, f64::from(0.37_f32), [x[0].into(), x[1].into()]));
            let error = largest_error(&out, wanted);
            assert!(error < 1e-5, "{shape:?} {activation}: {error}");
        }
    }
}

#[test]
fn every_batch_size_gives_the_same_velocity_for_a_particle() {
    let weights = network(&[3, 40, 24, 2], Activation::Gelu);
    let mlp = Mlp::new(&weights);
    let x = numbers(2 * 1001, 2);
    let mut all = vec![0.0; x.len()];
    mlp.velocity(0.8, &x, &mut all);
    for n in SIZES {
        let mut out = vec![f32::NAN; 2 * n];
        mlp.velocity(0.8, &x[..2 * n], &mut out);
        assert_eq!(out, all[..2 * n], "{n} particles");
    }
}

#[test]
fn own_times_agree_with_the_plain_network() {
    for n in SIZES {
        let weights = network(&[3, 30, 20, 2], Activation::Silu);
        let (x, t) = (numbers(2 * n, 3), numbers(n, 4));
        let mut out = vec![f32::NAN; 2 * n];
        Mlp::new(&weights).forward_xt(&t, &x, &mut out);
        let wanted = x
            .chunks(2)
            .zip(&t)
            .flat_map(|(x, &t)| velocity(&weights, t.into(), [x[0].into(), x[1].into()]));
        assert!(largest_error(&out, wanted) < 1e-5, "{n} particles");
    }
}

#[test]
fn portable_code_agrees_with_the_plain_network() {
    for activation in Activation::ALL {
        let weights = network(&[3, 9, 6, 2], activation);
        let mlp = Mlp::with_arch(&weights, pulp::Arch::Scalar).unwrap();
        let x = numbers(2 * 50, 5);
        let mut out = vec![f32::NAN; x.len()];
        mlp.velocity(0.1, &x, &mut out);
        let wanted = x
            .chunks(2)
            .flat_map(|x| velocity(&weights, f64::from(0.1_f32), [x[0].into(), x[1].into()]));
        assert!(largest_error(&out, wanted) < 1e-5, "{activation}");
    }
}

#[test]
fn jacobian_agrees_with_finite_differences() {
    for shape in SHAPES {
        for activation in Activation::ALL {
            let weights = network(shape, activation);
            let n = if shape[1] > 128 { 10 } else { 200 };
            let x = numbers(2 * n, 6);
            let (mut v, mut j) = (vec![f32::NAN; 2 * n], vec![f32::NAN; 4 * n]);
            let mut divergence = vec![f32::NAN; n];
            let mlp = Mlp::new(&weights);
            mlp.velocity_and_jacobian(0.6, &x, &mut v, &mut j);
            let mut out = vec![f32::NAN; 2 * n];
            mlp.velocity_and_divergence(0.6, &x, &mut out, &mut divergence);
            assert_eq!(v, out);
            mlp.velocity(0.6, &x, &mut out);
            for (a, b) in v.iter().zip(&out) {
                assert!((a - b).abs() < 1e-5, "{shape:?} {activation}: {a} {b}");
            }
            for i in 0..n {
                let at = |dx: f64, dy: f64| {
                    let x = [f64::from(x[2 * i]) + dx, f64::from(x[2 * i + 1]) + dy];
                    velocity(&weights, f64::from(0.6_f32), x)
                };
                let h = 1e-6;
                for c in 0..2 {
                    let dx = (at(h, 0.0)[c] - at(-h, 0.0)[c]) / (2.0 * h);
                    let dy = (at(0.0, h)[c] - at(0.0, -h)[c]) / (2.0 * h);
                    for (got, wanted) in [(j[4 * i + 2 * c], dx), (j[4 * i + 2 * c + 1], dy)] {
                        let error = (f64::from(got) - wanted).abs();
                        assert!(error < 2e-5, "{shape:?} {activation}: {got} {wanted}");
                    }
                }
                assert_eq!(divergence[i], j[4 * i] + j[4 * i + 3]);
            }
        }
    }
}

/// A network that is nothing but the activation: `v_x = f(x)`.
fn bare(activation: Activation) -> Mlp {
    let mut weights = MlpWeights::init(&[3, 1, 2], activation, &mut kernel_naive::rng(0));
    weights.layers[0].weight = vec![1.0, 0.0, 0.0];
    weights.layers[0].bias = vec![0.0];
    weights.layers[1].weight = vec![1.0, 0.0];
    weights.layers[1].bias = vec![0.0; 2];
    Mlp::new(&weights)
}

#[test]
fn activations_are_exact_to_a_few_roundings() {
    let mut points: Vec<f32> = (-60_000..=60_000).map(|i| i as f32 * 2e-4).collect();
    points.extend([-1e30, -1e4, -88.0, -87.0, 87.0, 88.0, 1e4, 1e-30, -1e-30]);
    let x: Vec<f32> = points.iter().flat_map(|&x| [x, 0.0]).collect();
    for activation in Activation::ALL {
        let (mut v, mut j) = (vec![0.0; x.len()], vec![0.0; 2 * x.len()]);
        let mut with_slope = v.clone();
        bare(activation).velocity(0.0, &x, &mut v);
        bare(activation).velocity_and_jacobian(0.0, &x, &mut with_slope, &mut j);
        for (i, &point) in points.iter().enumerate() {
            let (value, slope) = activate(activation, point.into());
            let rounding = 1.2e-7 * value.abs();
            let checks = [
                ("value", v[2 * i], value, 2e-7_f64.max(rounding)),
                (
                    "value with slope",
                    with_slope[2 * i],
                    value,
                    1e-6_f64.max(rounding),
                ),
                ("slope", j[4 * i], slope, 1e-6),
            ];
            for (what, got, wanted, limit) in checks {
                let error = (f64::from(got) - wanted).abs();
                assert!(
                    error <= limit,
                    "{what} of {activation} at {point}: {got} {wanted}"
                );
            }
        }
    }
}

#[test]
fn a_weight_that_is_no_number_shows_in_the_velocity() {
    for activation in Activation::ALL {
        let mut weights = network(&[3, 20, 20, 2], activation);
        weights.layers[1].weight[3] = f32::NAN;
        let mut out = [0.0; 2];
        forward(&weights, 0.5, &[0.1, 0.2], &mut out);
        assert!(out[0].is_nan() && out[1].is_nan(), "{activation}: {out:?}");
    }
}

#[test]
#[should_panic(expected = "one velocity for each point")]
fn slices_of_different_length_are_refused() {
    Mlp::new(&network(&[3, 4, 2], Activation::Relu)).velocity(0.0, &[0.0; 4], &mut [0.0; 2]);
}
