//! Flows with a condition: they start as the flow that they come from, see what they are given,
//! run backwards, and complete digits on the command line.

use std::path::Path;
use std::process::Command;

use burn::tensor::Device;
use flowlab::data::mnist::{Mnist, PIXELS, SIDE, mask, regions};
use flowlab::device::DeviceChoice;
use flowlab::flow::Solver;
use flowlab::train::images::sampler::{NO_CLASS, noise};
use flowlab::train::images::space::LATENT;
use flowlab::train::images::{
    Condition, ImageConfig, ImageTask, LatentModel, LatentProblem, LatentSettings, Request,
    Schedule,
};
use flowlab::train::{Start, Task};

/// A run that starts from the built-in flow, saved before its first step, or after some.
fn run(folder: &Path, condition: Condition, steps: usize) -> String {
    let config = ImageConfig::Latent(LatentSettings {
        schedule: Schedule {
            epochs: 1,
            batch: 8,
            images: Some(64),
            lr: 1e-3,
            ..Schedule::default()
        },
        condition,
        from: Some("builtin:latent".to_owned()),
        ..LatentSettings::default()
    });
    let (mut task, _) =
        ImageTask::<LatentProblem>::new(config, &Start::Fresh, DeviceChoice::Cpu).unwrap();
    for _ in 0..steps {
        task.step().unwrap();
    }
    task.drain().unwrap();
    task.save(folder).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn request(n: usize, label: u8, given: Vec<f32>) -> Request {
    Request {
        labels: vec![label; n],
        guidance: 1.0,
        emphasis: 1.0,
        solver: Solver::Midpoint,
        steps: 3,
        seed: 4,
        save_at: Vec::new(),
        given,
    }
}

fn draw(model: &LatentModel, request: &Request) -> Vec<f32> {
    model.sample(request, &mut |_| {}).unwrap().latents
}

fn difference(a: &[f32], b: &[f32]) -> f32 {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_condition_begins_without_influence_and_gains_it() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    let plain = LatentModel::load("builtin:latent", &device).unwrap();
    let expected = draw(&plain, &request(4, 3, Vec::new()));
    let digits = Mnist::builtin().unwrap().test.first(4);
    for condition in [Condition::Inpaint, Condition::Semantic] {
        let name = run(&folder.path().join(condition.name()), condition, 0);
        let model = LatentModel::load(&name, &device).unwrap();
        assert_eq!(model.condition(), condition);
        let task = model.task(condition, &digits, None).unwrap();
        let first = draw(&model, &request(4, 3, task.given.clone()));
        assert!(difference(&first, &expected) < 1e-5, "{condition}");

        let trained = run(&folder.path().join("trained"), condition, 3);
        let model = LatentModel::load(&trained, &device).unwrap();
        let with = draw(&model, &request(4, NO_CLASS, task.given.clone()));
        let without = draw(&model, &request(4, NO_CLASS, vec![0.0; task.given.len()]));
        assert!(difference(&with, &without) > 1e-4, "{condition}");
        std::fs::remove_dir_all(folder.path().join("trained")).unwrap();

        let error = model.sample(&request(4, 3, Vec::new()), &mut |_| {});
        let error = error.unwrap_err();
        assert!(
            error.contains(condition.name()) && error.contains("4 samples"),
            "{error}"
        );
    }
    let error = plain.task(Condition::None, &digits, None).unwrap_err();
    assert!(error.contains("--condition"), "{error}");
    let error = plain
        .sample(&request(4, 3, vec![0.0; 80]), &mut |_| {})
        .unwrap_err();
    assert!(error.contains("none"), "{error}");
}

#[test]
fn what_is_seen_counts_as_much_as_is_asked_for() {
    let device = Device::flex();
    let model = LatentModel::load("builtin:inpaint", &device).unwrap();
    let mnist = Mnist::builtin().unwrap();
    let test = &mnist.test;
    let seen = |from: usize| {
        let digits = test.first(from + 4);
        let task = model.task(Condition::Inpaint, &digits, None).unwrap();
        task.given[task.given.len() - 4 * 5 * 16..].to_vec()
    };
    // One step of Euler is the velocity itself, which is a line in w.
    let end = |given: Vec<f32>, label: u8, guidance: f32, emphasis: f32| {
        let request = Request {
            solver: Solver::Euler,
            steps: 1,
            guidance,
            emphasis,
            ..request(4, label, given)
        };
        draw(&model, &request)
    };
    for (label, guidance) in [(NO_CLASS, 1.0), (3, 1.0), (3, 2.5)] {
        let [blind, plain, strong] = [0.0, 1.0, 3.0].map(|w| end(seen(0), label, guidance, w));
        assert!(difference(&blind, &plain) > 0.1);
        let line = blind.iter().zip(&plain).map(|(b, p)| b + 3.0 * (p - b));
        let line: Vec<f32> = line.collect();
        assert!(difference(&line, &strong) < 1e-3);
        // Where it does not count, neither picture nor class matters.
        assert_eq!(blind, end(seen(4), NO_CLASS, 1.0, 0.0));
    }
    // Only a flow that may see nothing can be asked.
    let semantic = LatentModel::load("builtin:semantic", &device).unwrap();
    let map = semantic.task(Condition::Semantic, &test.first(1), None);
    let strong = Request {
        emphasis: 2.0,
        ..request(1, NO_CLASS, map.unwrap().given)
    };
    let refused = semantic.sample(&strong, &mut |_| {}).unwrap_err();
    assert!(refused.contains("inpainting alone"), "{refused}");
}

#[test]
fn a_flow_runs_backwards_to_its_noise() {
    let model = LatentModel::load("builtin:latent", &Device::flex()).unwrap();
    let mut request = request(3, 5, Vec::new());
    request.solver = Solver::Rk4;
    request.steps = 40;
    let start = noise(8, 3);
    let made = model.generate(&request, &start).unwrap();
    let back = model.invert(&request, &made.latents).unwrap();
    assert_eq!(back.len(), 3 * LATENT);
    let typical = |values: &[f32]| {
        let sum: f32 = values.iter().map(|v| v * v).sum();
        (sum / values.len() as f32).sqrt()
    };
    let off: Vec<f32> = back.iter().zip(&start).map(|(a, b)| a - b).collect();
    assert!(typical(&off) < 0.05 * typical(&start), "{}", typical(&off));
    // Another label makes another digit of the same noise.
    request.labels = vec![0; 3];
    let other = model.generate(&request, &back).unwrap();
    assert!(difference(&other.latents, &made.latents) > 0.5);
}

#[test]
fn the_weights_of_another_network_are_refused() {
    let config = ImageConfig::Latent(LatentSettings {
        schedule: Schedule {
            images: Some(64),
            batch: 8,
            ..Schedule::default()
        },
        width: 64,
        condition: Condition::Inpaint,
        from: Some("builtin:latent".to_owned()),
        ..LatentSettings::default()
    });
    let made = ImageTask::<LatentProblem>::new(config, &Start::Fresh, DeviceChoice::Cpu);
    let error = made.err().unwrap();
    assert!(
        error.contains("--from builtin:latent") && error.contains("expected"),
        "{error}"
    );
}

fn flowlab(args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(args)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    (
        output.status.success(),
        text + &String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn digits_are_completed_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let out = at("inpaint");
    let (ok, log) = flowlab(&[
        "train",
        "latent",
        "--condition",
        "inpaint",
        "--from",
        "builtin:latent",
        "--images",
        "64",
        "--batch",
        "32",
        "--epochs",
        "1",
        "--device",
        "cpu",
        "--out",
        &out,
    ]);
    assert!(ok, "{log}");
    let (ok, log) = flowlab(&[
        "train", "latent", "--resume", &out, "--epochs", "2", "--device", "cpu",
    ]);
    assert!(ok && log.contains("epoch 2"), "{log}");

    // The left half is hidden; the right half of each answer is the original's.
    let left =
        image::GrayImage::from_fn(28, 28, |x, _| image::Luma([if x < 14 { 255 } else { 0 }]));
    left.save(at("mask.png")).unwrap();
    let (mask_file, npz) = (at("mask.png"), at("made.npz"));
    let sample = [
        "sample", &out, "--mask", &mask_file, "--n", "5", "--steps", "2",
    ];
    let (ok, log) = flowlab(&[&sample[..], &["--out", &npz]].concat());
    assert!(ok, "{log}");
    let images = array(&npz, "images");
    let originals = array(&npz, "originals");
    assert_eq!(originals, Mnist::builtin().unwrap().test.first(5).pixels);
    let mut other = 0;
    for i in 0..5 * PIXELS {
        if i % SIDE >= 14 {
            assert_eq!(images[i], originals[i]);
        } else if images[i] != originals[i] {
            other += 1;
        }
    }
    assert!(other > 100, "{other}");
    let (ok, log) = flowlab(&[&sample[..], &["--out", &at("made.png")]].concat());
    assert!(ok && image::open(at("made.png")).is_ok(), "{log}");

    // The class that is told is that which is read from what is seen.
    let (ok, log) = flowlab(
        &[
            &sample[..],
            &["--read", "likeliest", "--out", &at("told.npz")],
        ]
        .concat(),
    );
    assert!(ok, "{log}");
    assert!(
        array(&at("told.npz"), "labels")
            .iter()
            .all(|label| *label < 10)
    );
    assert!(array(&npz, "labels").iter().all(|label| *label == 10));

    let (ok, json) = flowlab(&[
        "eval", &out, "--n", "40", "--steps", "2", "--json", "--device", "cpu", "--read", "drawn",
    ]);
    let json = &json[json.find('{').unwrap()..];
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    assert!(ok);
    // Where the centre is hidden, two of three classes are told rightly at least.
    assert!(report["label_read"].as_f64().unwrap() > 0.66, "{report}");
    for key in [
        "label_kept",
        "label_unfilled",
        "kept_error",
        "kept_error_vae",
    ] {
        assert!(report[key].as_f64().unwrap() >= 0.0, "{key}");
    }

    let (ok, log) = flowlab(&[
        "sample",
        "builtin:latent",
        "--mask",
        &mask_file,
        "--out",
        &at("x.png"),
    ]);
    assert!(
        !ok && log.contains("--mask") && log.contains("inpaint"),
        "{log}"
    );
    let (ok, log) = flowlab(&[
        "eval",
        "builtin:semantic",
        "--read",
        "drawn",
        "--n",
        "20",
        "--device",
        "cpu",
    ]);
    assert!(
        !ok && log.contains("--read") && log.contains("inpaint"),
        "{log}"
    );
    let (ok, log) = flowlab(&[
        "sample",
        &out,
        "--semantic",
        &mask_file,
        "--out",
        &at("x.png"),
    ]);
    assert!(
        !ok && log.contains("--semantic") && log.contains("--condition semantic"),
        "{log}"
    );
}

#[test]
fn a_picture_of_ones_own_is_completed_and_is_not_measured() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let save = |name: &str, grey: Vec<u8>| {
        let picture = image::GrayImage::from_raw(SIDE as u32, SIDE as u32, grey).unwrap();
        picture.save(at(name)).unwrap();
        at(name)
    };
    let digit = Mnist::builtin().unwrap().test.image(11).to_vec();
    let map = regions::regions(&digit);
    let digit_file = save("digit.png", digit.clone());
    let mask_file = save("mask.png", mask::centre().iter().map(|m| 255 * m).collect());
    let map_file = save("map.png", regions::to_grey(&map));
    let few = ["--n", "3", "--steps", "8", "--device", "cpu"];

    let own = [
        "builtin:inpaint",
        "--mask",
        &mask_file,
        "--image",
        &digit_file,
    ];
    let npz = at("filled.npz");
    let (ok, log) = flowlab(&[&["sample"], &own[..], &few, &["--out", &npz]].concat());
    assert!(ok, "{log}");
    assert_eq!(array(&npz, "originals"), digit.repeat(3));
    let filled = array(&npz, "images");
    for (i, hidden) in mask::centre().repeat(3).into_iter().enumerate() {
        assert!(hidden == 1 || filled[i] == digit[i % PIXELS]);
    }

    let own = ["builtin:semantic", "--semantic", &map_file];
    let npz = at("drawn.npz");
    let (ok, log) = flowlab(&[&["sample"], &own[..], &few, &["--out", &npz]].concat());
    assert!(ok, "{log}");
    assert_eq!(array(&npz, "asked"), regions::to_grey(&map).repeat(3));
    let drawn = array(&npz, "images");
    let seen: Vec<u8> = drawn.chunks(PIXELS).flat_map(regions::regions).collect();
    let same = seen.iter().zip(map.iter().cycle()).filter(|(a, b)| a == b);
    let share = same.count() as f64 / seen.len() as f64;
    assert!(share > 0.85, "{share}");
    assert!(drawn[..PIXELS] != drawn[PIXELS..2 * PIXELS], "two noises");
    let (ok, log) = flowlab(&[&["sample"], &own[..], &few, &["--out", &at("d.png")]].concat());
    assert!(ok && image::open(at("d.png")).is_ok(), "{log}");

    // Nobody knows the label of such a picture.
    for own in [
        &[
            "builtin:inpaint",
            "--mask",
            &mask_file,
            "--image",
            &digit_file,
        ][..],
        &["builtin:semantic", "--semantic", &map_file],
    ] {
        let (ok, log) = flowlab(&[&["eval"], own, &["--n", "20"]].concat());
        assert!(!ok && log.contains("`sample` completes"), "{log}");
    }
}

fn array(file: &str, name: &str) -> Vec<u8> {
    use std::io::Read;
    let mut zip = zip::ZipArchive::new(std::fs::File::open(file).unwrap()).unwrap();
    let mut bytes = Vec::new();
    let mut entry = zip.by_name(&format!("{name}.npy")).unwrap();
    entry.read_to_end(&mut bytes).unwrap();
    npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap()
}
