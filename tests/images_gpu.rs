//! The image lab on the GPU adapter that is there, lavapipe included: it trains and samples as on
//! the processor. Networks are tiny, because a software adapter compiles each kernel for long.

mod common;

use std::path::Path;

use flowlab::device::{DeviceChoice, open};
use flowlab::flow::Solver;
use flowlab::train::images::sampler::noise;
use flowlab::train::images::task::Problem;
use flowlab::train::images::{
    ClassifierProblem, ClassifierSettings, ImageConfig, ImageTask, LatentModel, LatentProblem,
    LatentSettings, Request, SavedModel, Schedule, VaeProblem, VaeSettings,
};
use flowlab::train::{Start, Task};

const BOTH: [DeviceChoice; 2] = [DeviceChoice::Cpu, DeviceChoice::Gpu];
/// Steps of each training: fewer than an epoch, whose end measures the whole test set.
const STEPS: usize = 3;

fn schedule() -> Schedule {
    Schedule {
        batch: 8,
        images: Some(64),
        ..Schedule::default()
    }
}

fn task<P: Problem>(config: &ImageConfig, choice: DeviceChoice) -> ImageTask<P> {
    ImageTask::new(config.clone(), &Start::Fresh, choice)
        .unwrap()
        .0
}

/// Trains on both devices and compares the losses and their parts.
fn compare<P: Problem>(what: &str, config: &ImageConfig) {
    let [cpu, gpu] = BOTH.map(|choice| {
        let mut task = task::<P>(config, choice);
        let rows = (0..STEPS).map(|_| {
            task.step().unwrap();
            task.drain().unwrap();
            task.snapshot().unwrap().last.unwrap().values
        });
        rows.collect::<Vec<_>>()
    });
    assert!(cpu[0][0] != cpu[STEPS - 1][0], "{what} learns");
    for (step, (cpu, gpu)) in cpu.iter().zip(&gpu).enumerate() {
        assert_eq!(cpu.len(), gpu.len());
        for (a, b) in cpu.iter().zip(gpu) {
            let error = (a - b).abs() / a.abs().max(1e-2);
            assert!(
                error < 5e-3,
                "{what}, step {step}: {cpu:?} on flex, {gpu:?} on wgpu"
            );
        }
    }
}

fn vae() -> ImageConfig {
    ImageConfig::Vae(VaeSettings {
        schedule: schedule(),
        channels: [2, 2, 4],
        ..VaeSettings::default()
    })
}

fn latent(vae: &Path) -> ImageConfig {
    ImageConfig::Latent(LatentSettings {
        schedule: schedule(),
        vae: vae.to_str().unwrap().to_owned(),
        width: 8,
        depth: 1,
        heads: 1,
        patch: 2,
        ..LatentSettings::default()
    })
}

#[test]
fn the_autoencoder_trains_alike() {
    if common::gpu_here() {
        compare::<VaeProblem>("autoencoder", &vae());
    }
}

#[test]
fn the_classifier_trains_alike() {
    if common::gpu_here() {
        let config = ImageConfig::Classifier(ClassifierSettings {
            schedule: schedule(),
            ..ClassifierSettings::default()
        });
        compare::<ClassifierProblem>("classifier", &config);
    }
}

#[test]
fn the_flow_trains_and_samples_alike() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("vae");
    task::<VaeProblem>(&vae(), DeviceChoice::Cpu)
        .save(&at)
        .unwrap();
    let config = latent(&at);
    compare::<LatentProblem>("flow", &config);

    let run = folder.path().join("run");
    task::<LatentProblem>(&config, DeviceChoice::Cpu)
        .save(&run)
        .unwrap();
    let mut saved = SavedModel::load(run.to_str().unwrap()).unwrap();
    // An untrained transformer stands still.
    for (i, tensor) in saved.network.iter_mut().enumerate() {
        for (value, noise) in tensor.values.iter_mut().zip(noise(i as u64, 1000)) {
            *value += 0.1 * noise;
        }
    }
    let autoencoder = SavedModel::load(at.to_str().unwrap()).unwrap();
    let request = Request {
        labels: vec![0, 1, 2, 3],
        guidance: 2.0,
        solver: Solver::Euler,
        steps: 2,
        seed: 5,
        save_at: Vec::new(),
        given: Vec::new(),
    };
    let [cpu, gpu] = BOTH.map(|choice| {
        let device = open(choice).unwrap().0;
        let model = LatentModel::new(&saved, &autoencoder, &device).unwrap();
        model.sample(&request, &mut |_| {}).unwrap()
    });
    assert_eq!(cpu.latents.len(), gpu.latents.len());
    let start = noise(5, cpu.latents.len());
    assert_ne!(cpu.latents, start);
    let largest = cpu.latents.iter().fold(1.0_f32, |a, b| a.max(b.abs()));
    for (a, b) in cpu.latents.iter().zip(&gpu.latents) {
        assert!((a - b).abs() < 1e-3 * largest, "{a} on flex, {b} on wgpu");
    }
    for (a, b) in cpu.images.iter().zip(&gpu.images) {
        assert!(a.abs_diff(*b) <= 1, "{a} on flex, {b} on wgpu");
    }
}
