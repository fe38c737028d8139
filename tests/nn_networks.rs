//! The image networks: shapes, first outputs, averaged weights.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use flowlab::nn::classifier::ClassifierConfig;
use flowlab::nn::dit::DitConfig;
use flowlab::nn::ema;
use flowlab::nn::vae::{Vae, VaeConfig};

fn normal<const D: usize>(shape: [usize; D]) -> TensorData {
    let device = Device::flex();
    Tensor::<D>::random(shape, Distribution::Normal(0.0, 1.0), &device).into_data()
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
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
fn the_classifier_gives_logits_and_features() {
    let device = Device::flex();
    let net = ClassifierConfig::new().init(&device);
    let x = Tensor::<4>::from_data(normal([5, 1, 28, 28]), &device);
    assert_eq!(net.features(x.clone()).dims(), [5, 128]);
    assert_eq!(net.forward(x).dims(), [5, 10]);
}

#[test]
fn an_average_moves_towards_the_weights() {
    let device = Device::flex();
    let net = VaeConfig::new().init(&device);
    let z = Tensor::<4>::from_data(normal([1, 4, 4, 4]), &device);
    let expected = read(net.decode(z.clone()));
    let average = ema::update(net.clone(), &net.clone().map(&mut Double), 0.5);
    let ratio = |vae: &Vae| {
        let mut sum = Sum(0.0);
        vae.visit(&mut sum);
        sum.0
    };
    assert!((ratio(&average) / ratio(&net) - 1.5).abs() < 1e-5);
    assert_eq!(read(net.decode(z)), expected);
    assert_eq!(ema::warmed_up(0.999, 0), 0.1);
    assert_eq!(ema::warmed_up(0.999, 1_000_000), 0.999);
}

struct Double;

impl ModuleMapper for Double {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| value * 2.0)
    }
}

struct Sum(f32);

impl burn::module::ModuleVisitor for Sum {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0 += read(param.val().abs().sum())[0];
    }
}
