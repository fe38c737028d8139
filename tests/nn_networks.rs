//! The image networks: shapes, first outputs, and the same numbers on both devices.

mod common;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use flowlab::nn::classifier::ClassifierConfig;
use flowlab::nn::dit::{Dit, DitConfig};
use flowlab::nn::unet::UnetConfig;
use flowlab::nn::vae::{Vae, VaeConfig};
use flowlab::nn::variational::{Body, Variational};
use flowlab::train::images::engine::{Engine, EngineState, Loss};
use flowlab::train::images::variational::problem;
use flowlab::train::images::{VariationalSettings, params};

fn normal<const D: usize>(shape: [usize; D]) -> TensorData {
    let device = Device::flex();
    Tensor::<D>::random(shape, Distribution::Normal(0.0, 1.0), &device).into_data()
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// Adds noise to every weight, so that nothing is 0 by initialisation.
struct Shake;

impl ModuleMapper for Shake {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| {
            let device = Device::flex().autodiff();
            let noise = Distribution::Normal(0.0, 0.05);
            let noise = Tensor::random(value.dims(), noise, &device);
            Tensor::from_inner((value + noise).inner()).require_grad()
        })
    }
}

/// Both devices, if a GPU adapter (a software one will do) is there.
fn devices() -> Vec<Device> {
    let mut devices = vec![Device::flex()];
    devices.extend(common::training_gpu());
    devices
}

fn assert_agree(name: &str, results: &[Vec<f32>]) {
    let largest = results[0].iter().fold(1e-3_f32, |a, b| a.max(b.abs()));
    for other in &results[1..] {
        for (a, b) in results[0].iter().zip(other) {
            assert!((a - b).abs() < 1e-4 * largest, "{name}: {a} and {b}");
        }
    }
}

fn small_dit() -> DitConfig {
    DitConfig::new()
        .with_width(16)
        .with_heads(2)
        .with_depth(1)
        .with_patch(2)
        .with_extra(1)
}

#[test]
fn an_untrained_transformer_gives_zero_velocities_of_the_latent_shape() {
    let device = Device::flex();
    let net = DitConfig::new().init(&device);
    assert_eq!(net.num_params(), 1_272_324);
    let x = Tensor::from_data(normal([3, 4, 4, 4]), &device);
    let labels = Tensor::<1, Int>::from_data([0, 9, 10], &device);
    let v = net.forward(x, Tensor::from_data([0.0, 0.5, 1.0], &device), labels);
    assert_eq!(v.dims(), [3, 4, 4, 4]);
    assert!(read(v).iter().all(|v| *v == 0.0));
}

#[test]
fn the_transformer_agrees_on_both_devices() {
    let (x, t) = (normal([3, 5, 4, 4]), TensorData::from([0.1_f32, 0.5, 0.9]));
    let net = small_dit().init(&Device::flex().autodiff()).map(&mut Shake);
    let mut results = vec![];
    for device in devices() {
        let device = device.autodiff();
        let net: Dit = net.clone().fork(&device);
        let x = Tensor::<4>::from_data(x.clone(), &device).require_grad();
        let t = Tensor::from_data(t.clone(), &device);
        let labels = Tensor::<1, Int>::from_data([0, 10, 3], &device);
        let v = net.forward(x.clone(), t, labels);
        let grads = v.clone().powi_scalar(2).sum().backward();
        let mut numbers = read(v.inner());
        assert!(numbers.iter().any(|v| v.abs() > 1e-3));
        numbers.extend(read(x.grad(&grads).unwrap()));
        results.push(numbers);
    }
    assert_agree("transformer", &results);
}

#[test]
fn the_autoencoder_agrees_on_both_devices() {
    let x = normal([2, 1, 32, 32]);
    let small = VaeConfig::new().with_widths([4, 8, 16]);
    let net = small.init(&Device::flex().autodiff());
    let mut results = vec![];
    for device in devices() {
        let device = device.autodiff();
        let net: Vae = net.clone().fork(&device);
        let x = Tensor::<4>::from_data(x.clone(), &device).require_grad();
        let (mean, logvar) = net.encode(x.clone());
        assert_eq!([mean.dims(), logvar.dims()], [[2, 4, 4, 4]; 2]);
        let y = net.decode(mean + logvar);
        assert_eq!(y.dims(), [2, 1, 32, 32]);
        let grads = y.clone().powi_scalar(2).sum().backward();
        let mut numbers = read(y.inner());
        numbers.extend(read(x.grad(&grads).unwrap()));
        results.push(numbers);
    }
    assert_agree("autoencoder", &results);
}

/// The losses and their parts over three steps of the optimizer from the same weights, which must
/// be the same on both devices. Losses only: where a gradient is nothing but rounding, Adam turns
/// it into a whole step.
fn steps_on_each<M: Module>(
    make: impl Fn(&Device) -> M,
    clip: f64,
    loss: impl Fn(&M, &Device) -> Loss,
) -> Vec<f32> {
    let weights = params::collect(&params::fresh(5, |device| make(device)).unwrap()).unwrap();
    let mut results = vec![];
    for (device, on_host) in devices().into_iter().zip([true, false]) {
        let state = EngineState {
            step: 0,
            weights: weights.clone(),
            average: None,
            moments: None,
        };
        let model = make(&device);
        let mut engine = Engine::new(model, state, None, [0.0, clip], on_host).unwrap();
        let with_graph = device.clone().autodiff();
        for _ in 0..3 {
            engine.step(1e-2, |model| loss(model, &with_graph));
        }
        results.push(engine.take_losses().unwrap().concat());
    }
    for other in &results[1..] {
        for (a, b) in results[0].iter().zip(other) {
            let error = (a - b).abs() / a.abs().max(1e-2);
            assert!(error < 5e-3, "{:?} on flex, {other:?} on wgpu", results[0]);
        }
    }
    results.swap_remove(0)
}

#[test]
fn steps_of_variational_unets_agree_on_both_devices() {
    let (n, side) = (4, 8);
    let settings = VariationalSettings::pictures();
    let unet = |outputs, timed, device: &Device| {
        Body::Unet(UnetConfig::new(1, outputs, vec![3, 4], timed).init(device))
    };
    let make = |device: &Device| {
        let posterior = Some(unet(2, false, device));
        let net = Variational::new(unet(1, true, device), posterior, [side, side, 1], device);
        net.with_aggregate(device)
    };
    let [x, noise] = [0, 1].map(|_| normal([n, side * side]));
    let t = TensorData::new(vec![0.1_f32, 0.4, 0.6, 0.9], [n, 1]);
    let losses = steps_on_each(make, 1.0, |net, device| {
        let put = |data: &TensorData| Tensor::from_data(data.clone(), device);
        problem::loss(&settings, net, put(&x), put(&noise), put(&t))
    });
    // The loss and its three terms: none is nothing.
    assert!(losses.iter().all(|part| part.abs() > 1e-3));
    assert!(losses[8] < losses[0], "{:?}", losses);
}

#[test]
fn steps_of_the_transformer_and_of_the_autoencoder_agree_on_both_devices() {
    let alone = |total: Tensor<1>| Loss {
        parts: vec![],
        total,
    };
    let (x, u) = (normal([3, 5, 4, 4]), normal([3, 4, 4, 4]));
    let losses = steps_on_each(
        |device| small_dit().init(device),
        f64::INFINITY,
        |net: &Dit, device| {
            let x = Tensor::<4>::from_data(x.clone(), device);
            let t = Tensor::from_data([0.1_f32, 0.5, 0.9], device);
            let labels = Tensor::<1, Int>::from_data([0, 10, 3], device);
            let u = Tensor::from_data(u.clone(), device);
            alone((net.forward(x, t, labels) - u).powi_scalar(2).mean())
        },
    );
    assert!(losses[2] < losses[0], "{:?}", losses);

    let (x, noise) = (normal([2, 1, 16, 16]), normal([2, 4, 2, 2]));
    let losses = steps_on_each(
        |device| VaeConfig::new().with_widths([2, 3, 4]).init(device),
        f64::INFINITY,
        |net: &Vae, device| {
            let x = Tensor::<4>::from_data(x.clone(), device);
            let (mean, logvar) = net.encode(x.clone());
            let noise = Tensor::from_data(noise.clone(), device);
            let z = mean.clone() + (logvar.clone() * 0.5).exp() * noise;
            let kl = (mean.powi_scalar(2) + logvar.clone().exp() - logvar - 1.0).mean() * 0.5;
            alone((net.decode(z) - x).powi_scalar(2).mean() + kl * 0.1)
        },
    );
    assert!(losses[2] < losses[0], "{:?}", losses);
}

#[test]
fn the_classifier_gives_logits_and_features() {
    let device = Device::flex();
    let net = ClassifierConfig::new().init(&device);
    let x = Tensor::<4>::from_data(normal([5, 1, 28, 28]), &device);
    assert_eq!(net.features(x.clone()).dims(), [5, 128]);
    assert_eq!(net.forward(x).dims(), [5, 10]);
}
