//! The optimizer of the image networks against burn's own, and the time that its steps take.

use std::time::{Duration, Instant};

use burn::tensor::{Device, Tensor, TensorData};
use flowlab::data::mnist::{Mnist, PIXELS};
use flowlab::device::DeviceChoice;
use flowlab::nn::classifier::ClassifierConfig;
use flowlab::train::images::engine::{Engine, EngineState, Loss};
use flowlab::train::images::params::{self, NamedTensor};
use flowlab::train::images::{ImageConfig, ImageTask, VariationalProblem, VariationalSettings};
use flowlab::train::{Start, Task};

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

/// What a step computes and no backward pass uses stays in burn's graph, and each later step looks
/// through all of it: after 600 steps with a prior that is not learned a step took sixty times
/// as long.
#[test]
fn later_steps_take_no_longer_than_early_ones() {
    for (posterior, learned_prior) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut settings = VariationalSettings {
            hidden: 8,
            blocks: 1,
            posterior,
            learned_prior,
            ..VariationalSettings::points()
        };
        settings.schedule.batch = 16;
        settings.schedule.epochs = 10;
        let (mut task, _) = ImageTask::<VariationalProblem>::new(
            ImageConfig::Variational(settings),
            &Start::Fresh,
            DeviceChoice::Cpu,
        )
        .unwrap();
        let mut median = |steps: usize| {
            let mut times: Vec<Duration> = (0..steps)
                .map(|_| {
                    let start = Instant::now();
                    task.step().unwrap();
                    start.elapsed()
                })
                .collect();
            times.sort();
            times[steps / 2]
        };
        median(20);
        let early = median(40);
        median(500);
        let late = median(40);
        assert!(
            late < 5 * early,
            "posterior {posterior}, learned prior {learned_prior}: {early:?}, then {late:?}"
        );
    }
}
