//! The optimizer of the image networks against burn's own.

use burn::tensor::{Device, Tensor, TensorData};
use flowlab::data::mnist::{Mnist, PIXELS};
use flowlab::nn::classifier::ClassifierConfig;
use flowlab::train::images::engine::{Engine, EngineState, Loss};
use flowlab::train::images::params::{self, NamedTensor};

/// Three steps on fixed pictures by the lab's AdamW.
fn engine_weights(on_host: bool, steps: usize) -> EngineState {
    let flex = Device::flex();
    let config = ClassifierConfig::new().with_convs(vec![[2, 5, 2], [2, 3, 1], [2, 3, 2]]);
    let model = params::fresh(1, |device| config.init(device)).unwrap();
    let weights = params::collect(&model).unwrap();
    let state = EngineState {
        step: 0,
        average: Some(weights.clone()),
        moments: None,
        weights,
    };
    let mut engine = Engine::new(
        config.init(&flex),
        state,
        Some(0.9),
        [0.1, f64::INFINITY],
        on_host,
    )
    .unwrap();
    let images = Mnist::builtin().unwrap().test.unit(&[0, 1, 2, 3]);
    assert_eq!(images.len(), 4 * PIXELS);
    for _ in 0..steps {
        engine.step(0.01, |model| {
            let data = TensorData::new(images.clone(), [4, 1, 28, 28]);
            let x = Tensor::from_data(data, &flex.clone().autodiff());
            let y = model.forward(x) - 1.0;
            Loss {
                total: (y.clone() * y).mean(),
                parts: Vec::new(),
            }
        });
    }
    let losses = engine.take_losses().unwrap();
    assert_eq!(losses.len(), steps);
    assert!(losses[steps - 1] < losses[0]);
    engine.state().unwrap()
}

#[test]
fn adamw_on_slices_agrees_with_tensors_and_with_burn() {
    let (host, device) = (engine_weights(true, 4), engine_weights(false, 4));
    let close = |a: &[NamedTensor], b: &[NamedTensor], what: &str| {
        assert_eq!(a.len(), b.len());
        for (a, b) in a.iter().zip(b) {
            assert_eq!((&a.name, &a.shape), (&b.name, &b.shape));
            for (x, y) in a.values.iter().zip(&b.values) {
                assert!((x - y).abs() < 2e-5, "{what} {}: {x} and {y}", a.name);
            }
        }
    };
    close(&host.weights, &device.weights, "weights");
    close(&host.average.unwrap(), &device.average.unwrap(), "average");
    let (a, b) = (host.moments.unwrap(), device.moments.unwrap());
    close(&a[0], &b[0], "first moment");
    close(&a[1], &b[1], "second moment");

    // burn's own AdamW on the same pictures.
    let flex = Device::flex();
    let config = ClassifierConfig::new().with_convs(vec![[2, 5, 2], [2, 3, 1], [2, 3, 2]]);
    let mut model = params::fresh(1, |device| config.init(device)).unwrap();
    let images = Mnist::builtin().unwrap().test.unit(&[0, 1, 2, 3]);
    let mut optimizer = burn::optim::AdamWConfig::new()
        .with_epsilon(1e-8)
        .with_weight_decay(0.1)
        .init();
    model = burn::module::Module::train(model);
    for _ in 0..4 {
        let data = TensorData::new(images.clone(), [4, 1, 28, 28]);
        let y = model.forward(Tensor::from_data(data, &flex.clone().autodiff())) - 1.0;
        let gradients = (y.clone() * y).mean().backward();
        let gradients = burn::optim::GradientsParams::from_grads(gradients, &model);
        model = optimizer.step(0.01, model, gradients);
    }
    close(&host.weights, &params::collect(&model).unwrap(), "burn");
}
