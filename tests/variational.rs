//! Variational flow matching: the tensors' loss, whole runs, other devices, the command line.

mod common;

use std::path::Path;
use std::process::Command;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use flowlab::data::Dataset;
use flowlab::device::DeviceChoice;
use flowlab::flow::variational::{Diagonal, Form, kl, prior_term};
use flowlab::train::images::variational::model::networks;
use flowlab::train::images::variational::problem::loss;
use flowlab::train::images::variational::study::Pairs;
use flowlab::train::images::variational::{LossTerm, Origin, Reduction, Rung, Target};
use flowlab::train::images::{
    ImageConfig, ImageTask, SavedModel, VariationalModel, VariationalProblem, VariationalSettings,
    params,
};
use flowlab::train::{Start, Task};

fn points(change: impl FnOnce(&mut VariationalSettings)) -> VariationalSettings {
    let mut settings = VariationalSettings::points();
    settings.schedule.batch = 64;
    settings.schedule.epochs = 1;
    settings.schedule.ema = None;
    settings.hidden = 16;
    settings.blocks = 1;
    change(&mut settings);
    settings
}

fn pictures() -> VariationalSettings {
    let mut settings = VariationalSettings::pictures();
    settings.schedule.batch = 4;
    settings.schedule.images = Some(16);
    settings.schedule.epochs = 1;
    settings.widths = vec![3, 4, 5, 6];
    settings.posterior_widths = vec![2, 3, 4, 5];
    settings
}

fn task(settings: &VariationalSettings, choice: DeviceChoice) -> ImageTask<VariationalProblem> {
    let config = ImageConfig::Variational(settings.clone());
    ImageTask::new(config, &Start::Fresh, choice).unwrap().0
}

fn numbers(seed: u32, n: usize) -> Vec<f32> {
    (0..n as u32)
        .map(|i| ((i * 37 + seed * 101) % 97) as f32 / 48.0 - 1.0)
        .collect()
}

#[test]
fn the_loss_of_tensors_is_the_sum_of_the_closed_forms() {
    let device = Device::flex();
    let (n, d) = (5, 2);
    let put = |values: Vec<f32>, d: usize| {
        Tensor::<2>::from_data(TensorData::new(values, [n, d]), &device.clone().autodiff())
    };
    let (x, noise) = (numbers(1, n * d), numbers(2, n * d));
    let t: Vec<f32> = (0..n).map(|i| (i as f32 + 0.5) / n as f32).collect();
    for form in Form::ALL {
        let settings = points(|settings| settings.form = form);
        let net = params::fresh(3, |device| networks(&settings, device)).unwrap();
        let model = VariationalModel::from_parts(net.clone(), &settings, &device).unwrap();
        let trained = net.train();
        let parts = loss(
            &settings,
            &trained,
            put(x.clone(), d),
            put(noise.clone(), d),
            put(t.clone(), 1),
        )
        .parts;
        let found: Vec<f32> = parts.into_iter().map(|part| part.into_scalar()).collect();
        let [mean, std] = model.posterior(&x).unwrap();
        let (mut mse, mut divergence, mut prior) = (0.0, 0.0, 0.0);
        for i in 0..n {
            let (mut xt, mut target, mut end) = (Vec::new(), Vec::new(), Vec::new());
            for k in d * i..d * i + d {
                let z = mean[k] + std[k] * noise[k];
                let observed = 0.1 * noise[k];
                let [a, b] = form.pair(x[k], z, observed, t[i]);
                xt.push(a);
                target.push(b);
                end.push(f64::from(match form {
                    Form::Cho => x[k],
                    Form::Consistent => x[k] + observed,
                }));
            }
            let v = model.velocity(&xt, t[i]).unwrap();
            mse += v
                .iter()
                .zip(&target)
                .map(|(v, u)| f64::from(v - u).powi(2))
                .sum::<f64>();
            let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
            let logvar: Vec<f64> = wide(&std[d * i..d * i + d])
                .iter()
                .map(|s| 2.0 * s.ln())
                .collect();
            let q = Diagonal {
                mean: &wide(&mean[d * i..d * i + d]),
                logvar: &logvar,
            };
            let p = Diagonal {
                mean: &[0.0; 2],
                logvar: &[0.0; 2],
            };
            divergence += kl(q, p);
            prior += prior_term(&end, p);
        }
        let n = n as f64;
        for (found, expected) in found
            .iter()
            .zip([mse / (2.0 * n), divergence / n, prior / n])
        {
            let error = (f64::from(*found) - expected).abs();
            assert!(error < 1e-4, "{form}: {found}, not {expected}");
        }
    }
}

#[test]
fn the_prior_learns_the_variance_of_the_data_and_half_of_it_in_the_seeds_form() {
    // Unit variance, and the weights of both sums equal.
    for (form, noise, variance) in [
        (Form::Consistent, 0.0, 1.0_f32),
        (Form::Consistent, 0.5, 1.25),
        (Form::Cho, 0.0, 0.5),
    ] {
        let settings = points(|settings| {
            settings.dataset = Target::Points(Dataset::StandardBoard);
            settings.form = form;
            settings.noise = noise;
            settings.schedule.batch = 512;
            settings.kl = LossTerm::new(1.0, Reduction::Sample);
        });
        let mut task = task(&settings, DeviceChoice::Cpu);
        for _ in 0..250 {
            task.step().unwrap();
        }
        let model = &task.snapshot().unwrap().model;
        let model = VariationalModel::new(model, &Device::flex()).unwrap();
        for std in model.prior_std() {
            assert!(
                (std * std / variance - 1.0).abs() < 0.08,
                "{form} {noise}: {std}"
            );
        }
    }
}

#[test]
fn a_floor_holds_the_variance_up() {
    let settings = points(|settings| {
        settings.dataset = "checkerboard:grid=4,scale=0.5".parse().unwrap();
        settings.floor = Some(0.0);
    });
    let mut task = task(&settings, DeviceChoice::Cpu);
    for _ in 0..100 {
        task.step().unwrap();
    }
    let saved = &task.snapshot().unwrap().model;
    let model = VariationalModel::new(saved, &Device::flex()).unwrap();
    assert!(
        model.prior_std().iter().all(|&std| std >= 1.0),
        "{:?}",
        model.prior_std()
    );
}

#[test]
fn a_prior_that_is_not_learned_stays_a_standard_normal() {
    for form in [Form::Cho, Form::Consistent] {
        for rung in Rung::ALL {
            let mut settings = points(|settings| settings.form = form);
            rung.apply(&mut settings);
            settings.form = form;
            let mut task = task(&settings, DeviceChoice::Cpu);
            for _ in 0..20 {
                task.step().unwrap();
            }
            let folder = tempfile::tempdir().unwrap();
            task.save(folder.path()).unwrap();
            let saved = SavedModel::load(folder.path().to_str().unwrap()).unwrap();
            let model = VariationalModel::new(&saved, &Device::flex()).unwrap();
            let std = model.prior_std();
            let standard = std.iter().all(|&std| std == 1.0);
            assert_eq!(
                standard, !settings.learned_prior,
                "{form:?} {rung}: {std:?}"
            );
        }
    }
}

#[test]
fn every_rung_trains_pictures_and_has_the_networks_it_says() {
    for rung in Rung::ALL {
        let mut settings = pictures();
        rung.apply(&mut settings);
        let mut task = task(&settings, DeviceChoice::Cpu);
        for _ in 0..4 {
            task.step().unwrap();
        }
        let points = task.drain().unwrap();
        assert!(points.iter().all(|point| point.loss.is_finite()), "{rung}");
        let snapshot = task.snapshot().unwrap();
        let names: Vec<&str> = snapshot
            .model
            .network
            .iter()
            .map(|t| t.name.as_str())
            .collect();
        let posterior = names.iter().any(|name| name.starts_with("posterior"));
        assert_eq!(posterior, rung != Rung::Vanilla, "{names:?}");
        assert_eq!(
            names.iter().any(|name| name.contains("down")),
            settings.net.to_string() == "unet"
        );
        let row = snapshot.last.clone().unwrap();
        assert_eq!(row.values[2] != 0.0, settings.posterior, "{row:?}");
        assert_eq!(row.values[3] != 0.0, settings.learned_prior, "{row:?}");
        assert_eq!(snapshot.sheets[0].columns, 4);
    }
}

#[test]
fn samples_start_where_the_z_of_all_data_lie() {
    let settings = points(|settings| {
        settings.schedule.batch = 256;
        settings.kl = LossTerm::new(1.0, Reduction::Sample);
    });
    let mut task = task(&settings, DeviceChoice::Cpu);
    for _ in 0..400 {
        task.step().unwrap();
    }
    let model = VariationalModel::new(&task.snapshot().unwrap().model, &Device::flex()).unwrap();
    assert_eq!(model.origin(), Origin::Aggregate);
    let dataset = settings.dataset.points().unwrap();
    let pairs = Pairs::draw(&model, dataset, model.origin(), 20_000, 3).unwrap();
    let spread = |z: &[f32], k: usize| {
        let of = || z.iter().skip(k).step_by(2).map(|&z| f64::from(z));
        let mean = of().sum::<f64>() / (z.len() / 2) as f64;
        (of().map(|z| (z - mean).powi(2)).sum::<f64>() / (z.len() / 2) as f64).sqrt()
    };
    let noise = model.noise(1, 20_000);
    for k in 0..2 {
        let [all, start] = [&pairs.posterior, &noise].map(|z| spread(z, k));
        assert!((start / all - 1.0).abs() < 0.05, "{k}: {start}, not {all}");
        // The squared error draws q(z|x) together: the prior is wider.
        assert!(f64::from(model.prior_std()[k]) > 1.05 * all, "{all}");
    }
    // The law that follows the z adds nothing to the loss.
    let parts = task.snapshot().unwrap().last.clone().unwrap().values;
    let sum = parts[1] + parts[2] + parts[3];
    assert!((parts[0] - sum).abs() < 1e-4 * sum.abs(), "{parts:?}");
}

#[test]
fn wgpu_and_flex_train_alike() {
    if common::training_gpu().is_none() {
        return;
    }
    // A whole run in the plane; steps of small U-Nets are in `nn_networks`.
    let settings = points(|_| {});
    let losses = |choice| {
        let mut task = task(&settings, choice);
        let rows = (0..3).map(|_| {
            task.step().unwrap();
            task.drain().unwrap();
            task.snapshot().unwrap().last.clone().unwrap().values
        });
        rows.collect::<Vec<_>>()
    };
    let (cpu, gpu) = (losses(DeviceChoice::Cpu), losses(DeviceChoice::Gpu));
    for (step, (cpu, gpu)) in cpu.iter().zip(&gpu).enumerate() {
        for (a, b) in cpu.iter().zip(gpu) {
            let error = (a - b).abs() / a.abs().max(1e-2);
            assert!(
                error < 5e-3,
                "step {step}: {cpu:?} on flex, {gpu:?} on wgpu"
            );
        }
    }
}

fn works(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(args)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {log}");
    String::from_utf8(output.stdout).unwrap()
}

fn fails(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(args)
        .output()
        .unwrap();
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_command_line_trains_resumes_draws_and_measures() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let train = ["train", "variational", "--device", "cpu", "--batch", "16"];
    let tiny = [
        "--dataset",
        "mnist",
        "--images",
        "32",
        "--widths",
        "4,4",
        "--posterior-widths",
        "4,4",
    ];
    let run = |rest: &[&str]| works(&[&train[..], &tiny, rest].concat());
    run(&["--epochs", "2", "--out", &at("whole")]);
    run(&["--epochs", "1", "--out", &at("halves")]);
    works(&[&train[..], &["--resume", &at("halves"), "--epochs", "2"]].concat());
    let network = |name: &str| SavedModel::load(&at(name)).unwrap().network;
    assert_eq!(network("whole"), network("halves"));
    let log = std::fs::read_to_string(at("halves/log.csv")).unwrap();
    assert!(
        log.starts_with("step,epoch,loss,mse,kl,prior,seconds\n1,1,"),
        "{log}"
    );
    assert_eq!(log.lines().count(), 5);
    assert!(Path::new(&at("halves/samples/epoch-0002.png")).is_file());

    let draw = |rest: &[&str]| {
        [
            &["sample", &at("whole"), "--steps", "2", "--device", "cpu"][..],
            rest,
        ]
        .concat()
        .iter()
        .map(|s| (*s).to_owned())
        .collect::<Vec<_>>()
    };
    let call = |args: Vec<String>| works(&args.iter().map(String::as_str).collect::<Vec<_>>());
    call(draw(&["--out", &at("grid.png")]));
    call(draw(&["--n", "3", "--trajectory", "--out", &at("way.npz")]));
    let json = works(&[
        "eval",
        &at("whole"),
        "--steps",
        "2",
        "--n",
        "40",
        "--device",
        "cpu",
        "--json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(
        json["fid_lenet"].as_f64().unwrap() > 0.0 && json["rung"] == "noise",
        "{json}"
    );
    assert!((0.0..=1.0).contains(&json["label_confidence"].as_f64().unwrap()));

    let text = fails(&[
        "train",
        "variational",
        "--dataset",
        "moons",
        "--net",
        "unet",
    ]);
    assert!(text.contains("net") && text.contains("mlp"), "{text}");
    let text = fails(&[
        "train",
        "variational",
        "--dataset",
        "folder:/nowhere-at-all",
    ]);
    assert!(text.contains("nowhere-at-all"), "{text}");
    let text = fails(&[
        "sample",
        &at("whole"),
        "--label",
        "3",
        "--out",
        &at("x.png"),
    ]);
    assert!(text.contains("--label"), "{text}");
}
