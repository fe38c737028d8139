//! The image lab: training lowers the loss, resumes exactly, agrees between devices; guidance and
//! sampling do what their formulas say.

use std::path::Path;

use burn::tensor::Device;
use flowlab::data::mnist::PIXELS;
use flowlab::device::DeviceChoice;
use flowlab::flow::Solver;
use flowlab::train::images::sampler::{NO_CLASS, drawn_labels, noise};
use flowlab::train::images::space::LATENT;
use flowlab::train::images::task::Problem;
use flowlab::train::images::{
    ClassifierProblem, ClassifierSettings, ImageConfig, ImageTask, LatentModel, LatentProblem,
    LatentSettings, Normalise, Request, SavedModel, Schedule, VaeProblem, VaeSettings, store,
};
use flowlab::train::{LrSchedule, Start, Task, TimeSampling};

fn schedule(images: usize, batch: usize) -> Schedule {
    Schedule {
        epochs: 2,
        batch,
        images: Some(images),
        ema: Some(0.9),
        ..Schedule::default()
    }
}

fn vae(images: usize, batch: usize) -> ImageConfig {
    ImageConfig::Vae(VaeSettings {
        schedule: schedule(images, batch),
        channels: [8, 8, 16],
        ..VaeSettings::default()
    })
}

fn latent(images: usize, batch: usize, vae: &Path) -> ImageConfig {
    ImageConfig::Latent(LatentSettings {
        schedule: Schedule {
            lr: 3e-3,
            weight_decay: 0.01,
            warmup: 2,
            ..schedule(images, batch)
        },
        vae: vae.to_str().unwrap().to_owned(),
        width: 32,
        depth: 2,
        heads: 2,
        ..LatentSettings::default()
    })
}

fn classifier(images: usize, batch: usize) -> ImageConfig {
    ImageConfig::Classifier(ClassifierSettings {
        schedule: schedule(images, batch),
        shift: 2,
        warp: 0.5,
        ..ClassifierSettings::default()
    })
}

fn task<P: Problem>(config: ImageConfig, start: &Start, device: DeviceChoice) -> ImageTask<P> {
    ImageTask::new(config, start, device).unwrap().0
}

/// The losses of the next steps, and their parts.
fn losses<P: Problem>(task: &mut ImageTask<P>, steps: usize) -> Vec<Vec<f32>> {
    let step = |_| {
        task.step().unwrap();
        task.drain().unwrap();
        task.snapshot().unwrap().last.unwrap().values
    };
    (0..steps).map(step).collect()
}

/// An autoencoder with random weights as a run folder.
fn random_vae(folder: &Path) {
    let mut task = task::<VaeProblem>(vae(64, 16), &Start::Fresh, DeviceChoice::Cpu);
    task.save(folder).unwrap();
}

/// A flow with random weights in every place, so that its output is not 0.
fn random_flow(folder: &Path) -> LatentModel {
    let (vae, run) = (folder.join("vae"), folder.join("run"));
    random_vae(&vae);
    let config = latent(64, 16, &vae);
    let mut task = task::<LatentProblem>(config, &Start::Fresh, DeviceChoice::Cpu);
    task.save(&run).unwrap();
    let mut saved = SavedModel::load(run.to_str().unwrap()).unwrap();
    for (i, tensor) in saved.network.iter_mut().enumerate() {
        // Random weights behind sines of 1000 t would make a field too rough to integrate.
        if tensor.name.starts_with("time_in") {
            tensor.values.fill(0.0);
            continue;
        }
        for (value, noise) in tensor.values.iter_mut().zip(noise(i as u64, 1000)) {
            *value = 0.1 * noise;
        }
    }
    let vae = SavedModel::load(vae.to_str().unwrap()).unwrap();
    LatentModel::new(&saved, &vae, &Device::flex()).unwrap()
}

fn mean(rows: &[Vec<f32>]) -> f32 {
    rows.iter().map(|row| row[0]).sum::<f32>() / rows.len() as f32
}

#[test]
fn a_few_steps_lower_every_loss() {
    let folder = tempfile::tempdir().unwrap();
    random_vae(folder.path());
    fn falls<P: Problem>(config: ImageConfig, steps: usize, by: f32) {
        let name = config.task();
        let mut task = task::<P>(config, &Start::Fresh, DeviceChoice::Cpu);
        let rows = losses(&mut task, steps);
        let (first, last) = (mean(&rows[..3]), mean(&rows[steps - 3..]));
        assert!(last < by * first, "{name}: {first} to {last}");
    }
    let mut quick = vae(1024, 64);
    if let ImageConfig::Vae(settings) = &mut quick {
        settings.schedule.lr = 5e-3;
    }
    falls::<VaeProblem>(quick, 15, 0.9);
    falls::<ClassifierProblem>(classifier(1024, 64), 15, 0.95);
    // Codes of random weights are nearly noise: the loss begins at 2 and cannot fall below π/2.
    let mut quick = latent(1024, 64, folder.path());
    if let ImageConfig::Latent(settings) = &mut quick {
        settings.schedule.lr = 5e-3;
    }
    falls::<LatentProblem>(quick, 60, 0.95);
}

#[test]
fn a_run_stopped_in_the_middle_of_an_epoch_ends_with_the_same_weights() {
    fn check<P: Problem>(config: &ImageConfig, folder: &Path) {
        let whole = folder.join("whole");
        let halves = folder.join("halves");
        let mut one = task::<P>(config.clone(), &Start::Fresh, DeviceChoice::Cpu);
        let a = losses(&mut one, 7);
        one.save(&whole).unwrap();
        let mut first = task::<P>(config.clone(), &Start::Fresh, DeviceChoice::Cpu);
        // Four steps are an epoch.
        losses(&mut first, 5);
        first.save(&halves).unwrap();
        drop(first);
        let again = Start::Resume(halves.clone());
        let mut second = task::<P>(config.clone(), &again, DeviceChoice::Cpu);
        assert_eq!(second.done(), 5);
        // What an epoch's end has measured is there before the next one.
        let beside = |saved: &SavedModel| {
            let mut tensors = saved.beside.clone();
            tensors.sort_by(|a, b| a.name.cmp(&b.name));
            tensors
        };
        let saved = SavedModel::load(halves.to_str().unwrap()).unwrap();
        assert_eq!(beside(&second.snapshot().unwrap().model), beside(&saved));
        if let ImageConfig::Vae(_) = config {
            let scale = &saved.measured("space.scale").unwrap().values;
            assert!(scale.iter().all(|scale| *scale != 1.0), "{scale:?}");
        }
        let b = losses(&mut second, 2);
        second.save(&halves).unwrap();
        assert_eq!(a[5..], b);
        let state = |folder: &Path| store::load_state(folder).unwrap();
        assert_eq!(state(&whole), state(&halves));
        let rows = |folder: &Path| -> Vec<String> {
            let text = std::fs::read_to_string(folder.join("log.csv")).unwrap();
            let cut = |line: &str| line.rsplit_once(',').unwrap().0.to_owned();
            text.lines().map(cut).collect()
        };
        assert_eq!(rows(&whole), rows(&halves));
        assert_eq!(rows(&whole).len(), 8);
        assert!(rows(&whole)[0].starts_with("step,epoch,loss"));
        assert!(rows(&whole)[5].starts_with("5,2,"));
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    random_vae(&at("vae"));
    check::<VaeProblem>(&vae(64, 16), &at("a"));
    check::<LatentProblem>(&latent(64, 16, &at("vae")), &at("b"));
    check::<ClassifierProblem>(&classifier(64, 16), &at("c"));
    assert!(at("a/whole/samples/epoch-0001.png").is_file());
    assert!(at("b/whole/samples/epoch-0001.png").is_file());
}

#[test]
fn a_loss_that_is_not_a_number_keeps_good_weights() {
    let mut task = task::<ClassifierProblem>(classifier(640, 16), &Start::Fresh, DeviceChoice::Cpu);
    losses(&mut task, 2);
    task.set_learning_rate(1e300);
    let folder = tempfile::tempdir().unwrap();
    let told = (0..5).find_map(|_| {
        task.step().unwrap();
        // Infinite weights stand behind a loss that is still a number: they are not saved either.
        task.save(folder.path()).unwrap();
        let (_, state) = store::load_state(folder.path()).unwrap();
        assert!(state.is_finite());
        task.drain().err()
    });
    let sentence = told.expect("a rate of 1e300 diverges");
    assert!(sentence.contains("are kept"), "{sentence}");
    task.save(folder.path()).unwrap();
    let (_, state) = store::load_state(folder.path()).unwrap();
    assert!(state.is_finite());
}

#[test]
fn guidance_is_a_line_through_both_fields() {
    let folder = tempfile::tempdir().unwrap();
    let model = random_flow(folder.path());
    let x = noise(5, 6);
    let labels = [0, 3, 9, 3, 1, 2];
    let at = |labels: &[u8], guidance| model.velocity_of(&x, 0.4, labels, guidance).unwrap();
    let (with, without) = (at(&labels, 1.0), at(&labels, 0.0));
    assert_eq!(without, at(&[NO_CLASS; 6], 1.0));
    let apart: f32 = with.iter().zip(&without).map(|(a, b)| (a - b).abs()).sum();
    assert!(apart > 1e-2, "the class must matter: {apart}");
    for guidance in [2.0, 0.5, -1.0] {
        for ((a, b), v) in with.iter().zip(&without).zip(at(&labels, guidance)) {
            let expected = guidance * a + (1.0 - guidance) * b;
            assert!(
                (v - expected).abs() < 1e-4,
                "{guidance}: {v} and {expected}"
            );
        }
    }
}

#[test]
fn samples_repeat_and_solvers_agree() {
    let folder = tempfile::tempdir().unwrap();
    let model = random_flow(folder.path());
    let request = |n: usize, solver, steps| Request {
        labels: (0..n).map(|i| (i % 10) as u8).collect(),
        guidance: 1.5,
        emphasis: 1.0,
        solver,
        steps,
        seed: 3,
        save_at: vec![0.0, 0.5],
        given: Vec::new(),
    };
    let draw = |request: &Request| model.sample(request, &mut |_| {}).unwrap();
    let a = draw(&request(12, Solver::Euler, 8));
    assert_eq!(a, draw(&request(12, Solver::Euler, 8)));
    assert_eq!(a.nfe, 8);
    assert_eq!(a.images.len(), 12 * PIXELS);
    assert_eq!(a.way[0], noise(3, 12));
    assert_eq!(a.way[1].len(), 12 * LATENT);
    let fewer = draw(&request(5, Solver::Euler, 8));
    assert_eq!(fewer.images, a.images[..5 * PIXELS]);
    let other = draw(&Request {
        seed: 4,
        ..request(12, Solver::Euler, 8)
    });
    assert_ne!(other.latents, a.latents);

    let exact = draw(&request(12, Solver::Dopri5, 1)).latents;
    let far = |solver, steps| {
        let found = draw(&request(12, solver, steps)).latents;
        let differences = found.iter().zip(&exact).map(|(a, b)| (a - b).abs());
        differences.fold(0.0, f32::max)
    };
    let (coarse, fine) = (far(Solver::Euler, 50), far(Solver::Euler, 200));
    assert!(fine < 0.4 * coarse, "first order: {coarse} and {fine}");
    for solver in [Solver::Midpoint, Solver::Heun, Solver::Rk4] {
        let error = far(solver, 50);
        assert!(error < 0.2 * coarse, "{solver:?}: {error} and {coarse}");
    }
}

#[test]
fn drawn_labels_have_the_frequencies_of_the_data() {
    let labels = drawn_labels(1, 10_000, &[1, 1, 1, 7]);
    let sevens = labels.iter().filter(|&&label| label == 7).count();
    assert!((2300..2700).contains(&sevens), "{sevens}");
    assert_eq!(labels[..100], drawn_labels(1, 100, &[1, 1, 1, 7]));
}

#[test]
fn float16_weights_load_and_differ_little() {
    let folder = tempfile::tempdir().unwrap();
    random_vae(&folder.path().join("run"));
    let name = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let saved = SavedModel::load(&name("run")).unwrap();
    saved.write(&folder.path().join("half"), true).unwrap();
    let half = SavedModel::load(&name("half")).unwrap();
    assert_eq!(saved.config, half.config);
    for a in &saved.network {
        let b = half.network.iter().find(|b| b.name == a.name).unwrap();
        assert_eq!(a.shape, b.shape);
        for (x, y) in a.values.iter().zip(&b.values) {
            assert!((x - y).abs() <= 1e-3 * x.abs() + 1e-6, "{}", a.name);
        }
    }
    let size = |name: &str| {
        let path = folder.path().join(name).join("model.safetensors");
        std::fs::metadata(path).unwrap().len()
    };
    assert!(size("half") < size("run") * 6 / 10);
}

#[test]
fn faults_in_runs_name_the_file_and_the_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let (run, other) = (folder.path().join("run"), folder.path().join("other"));
    random_vae(&run);
    let mut wider = vae(64, 16);
    if let ImageConfig::Vae(settings) = &mut wider {
        settings.channels = [8, 8, 24];
    }
    let mut task = task::<VaeProblem>(wider.clone(), &Start::Fresh, DeviceChoice::Cpu);
    task.save(&other).unwrap();
    // Weights of one network under the settings of another.
    std::fs::copy(
        other.join("model.safetensors"),
        run.join("model.safetensors"),
    )
    .unwrap();
    let config = latent(64, 16, &run);
    let error = ImageTask::<LatentProblem>::new(config, &Start::Fresh, DeviceChoice::Cpu);
    let error = error.err().unwrap();
    assert!(
        error.contains("run: tensor ") && error.contains("expected"),
        "{error}"
    );
    // A flow where an autoencoder is needed, and a batch larger than the set.
    let error = ImageTask::<VaeProblem>::new(vae(8, 16), &Start::Fresh, DeviceChoice::Cpu);
    assert!(error.err().unwrap().contains("batch = 16"));
    let resumed = ImageTask::<VaeProblem>::new(wider, &Start::Resume(run), DeviceChoice::Cpu);
    assert!(resumed.err().unwrap().contains("tensor "));
}

#[test]
fn every_choice_of_the_latent_run_trains() {
    let folder = tempfile::tempdir().unwrap();
    random_vae(folder.path());
    for (time, normalise, patch) in [
        (TimeSampling::Uniform, Normalise::Coordinate, 2),
        (TimeSampling::ALL[2], Normalise::Scale, 4),
    ] {
        let mut config = latent(64, 16, folder.path());
        if let ImageConfig::Latent(settings) = &mut config {
            settings.time = time;
            settings.normalise = normalise;
            settings.patch = patch;
            settings.schedule.lr_schedule = LrSchedule::Cosine;
            settings.schedule.ema = None;
        }
        let mut task = task::<LatentProblem>(config, &Start::Fresh, DeviceChoice::Cpu);
        // Normalised latents and noise have unit size: the loss begins near 2 / 1.
        let first = losses(&mut task, 2)[0][0];
        assert!((1.2..3.0).contains(&first), "{time} {normalise}: {first}");
    }
}
