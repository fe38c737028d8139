//! What the verbs refuse, and how they say it: flags that would do nothing, more places than fit
//! into memory, flows that blow up, files that are none.

use std::path::Path;
use std::process::Command;

use flowlab::data::{Dataset, Source};
use flowlab::flow::{Scheduler, Solver};
use flowlab::kernel::{Activation, Mlp, MlpWeights};
use flowlab::train::ToyConfig;
use flowlab::train::batch::{Purpose, noise, stream};
use flowlab::train::checkpoint::save_model;
use flowlab::train::measure::{MeasureError, Settings, Subject, measure};
use flowlab::train::mover::Mover;

/// What a call that must fail says; it ends with 1, not by a panic.
fn said(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(args)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
    text
}

/// Finite weights whose flow leaves f32.
fn wild(config: &ToyConfig) -> MlpWeights {
    let mut rng = stream(0, Purpose::Noise, 0);
    let weights = MlpWeights::init(&config.shape(), Activation::Gelu, &mut rng);
    weights.from_flat(&vec![1e4; weights.num_params()])
}

fn small() -> ToyConfig {
    ToyConfig {
        hidden: 16,
        layers: 3,
        ..ToyConfig::default()
    }
}

#[test]
fn a_flow_that_blows_up_is_told_and_not_measured() {
    let config = small();
    let weights = wild(&config);
    let subject = Subject {
        source: Mover::Model(Box::new(Mlp::new(&weights))),
        dataset: Dataset::CHECKERBOARD,
        start: Source::Gaussian,
        path: Scheduler::CondOt,
    };
    let settings = Settings {
        solver: Solver::Euler,
        steps: 10,
        seed: 0,
        quick: true,
    };
    let x0: Vec<f64> = noise(0, 200).into_iter().map(f64::from).collect();
    let error = measure(&subject, &settings, &x0).unwrap_err();
    assert_eq!(error, MeasureError::Lost { lost: 200, n: 200 });

    let folder = tempfile::tempdir().unwrap();
    save_model(folder.path(), &config, 1, &weights).unwrap();
    let run = folder.path().to_str().unwrap();
    let text = said(&["eval", run, "--n", "300", "--steps", "10", "--json"]);
    assert!(text.contains("300 of 300 samples"), "{text}");
    assert!(
        text.contains("blows up") && text.contains("steps"),
        "{text}"
    );
}

#[test]
fn ways_that_do_not_fit_into_memory_are_refused() {
    let settings = Settings {
        solver: Solver::Euler,
        steps: 99,
        seed: 0,
        quick: false,
    };
    assert_eq!(settings.check_fits(500_000), Ok(()));
    assert!(settings.check_fits(500_001).is_err());
    // The exact flow beside goes the same steps, with a thousand points.
    let long = Settings {
        steps: 1_000_000,
        ..settings
    };
    assert!(long.check_fits(1).is_err());
    for args in [
        [
            "eval",
            "builtin:checkerboard",
            "--n",
            "10000000",
            "--steps",
            "100",
        ],
        [
            "eval",
            "builtin:variational2d",
            "--n",
            "20000",
            "--steps",
            "1000000",
        ],
    ] {
        let text = said(&args);
        assert!(text.contains("--n, --steps: "), "{text}");
        assert!(text.contains("lower --n or --steps"), "{text}");
    }
}

#[test]
fn flags_that_would_do_nothing_are_refused_by_name() {
    let mut calls = Vec::new();
    for model in ["builtin:vae", "builtin:classifier", "builtin:reader"] {
        for flag in [
            &["--guidance", "2"][..],
            &["--mask", "none.png"],
            &["--start", "prior"],
            &["--unconditional"],
            &["--read", "likeliest"],
            &["--emphasis", "2"],
        ] {
            calls.push([&["eval", model], flag].concat());
        }
    }
    calls.push(vec!["eval", "builtin:classifier", "--label", "3"]);
    calls.push(vec!["eval", "builtin:classifier", "--n", "10001"]);
    calls.push(vec!["eval", "builtin:vae", "--n", "10001"]);
    calls.push(vec!["eval", "builtin:latent", "--start", "prior"]);
    calls.push(vec!["eval", "builtin:variational2d", "--data", "/none"]);
    for model in ["builtin:variational2d", "builtin:variational"] {
        calls.push(vec![
            "sample",
            model,
            "--data",
            "/none",
            "--out",
            "never.npz",
        ]);
    }
    for call in calls {
        let text = said(&call);
        assert!(
            text.contains(&format!("Error: {}: ", call[2])),
            "{call:?}: {text}"
        );
    }
    assert!(!Path::new("never.npz").exists());
}

#[test]
fn only_ordinary_files_of_a_bounded_size_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // Nothing but a hole: it takes no room on the disk.
    let large = std::fs::File::create(at("large")).unwrap();
    large.set_len((256 << 20) + 1).unwrap();
    for (file, word) in [(".", "no ordinary file"), ("large", "larger than 256 MiB")] {
        let out = at("out.csv");
        let text = said(&["sample", "--exact", "--x0", &at(file), "--out", &out]);
        assert!(text.contains(word), "{text}");
        let text = said(&["figure", "--like", &at(file), "--out", &at("out.svg")]);
        assert!(text.contains(word) && text.contains("--like"), "{text}");
    }
    let config = small();
    let mut rng = stream(0, Purpose::Noise, 0);
    let weights = MlpWeights::init(&config.shape(), Activation::Gelu, &mut rng);
    save_model(Path::new(&at("run")), &config, 1, &weights).unwrap();
    std::fs::rename(at("large"), at("run/log.csv")).unwrap();
    let run = at("run");
    let text = said(&[
        "figure",
        "seed003-loss",
        "--run",
        &run,
        "--out",
        &at("l.png"),
    ]);
    assert!(
        text.contains("log.csv") && text.contains("256 MiB"),
        "{text}"
    );
}
