//! Runs that are stopped, asked for too much, or given nonsense: rows 12, 18, 20, 29.

use std::time::{Duration, Instant};

use super::{command, finish, listing, refused, works};

/// Kills at times that cover the first third of a second evenly.
const KILLS: u64 = 200;

/// A run so small that it saves often.
const SMALL: [&str; 14] = [
    "train",
    "toy",
    "--hidden",
    "16",
    "--layers",
    "1",
    "--batch",
    "64",
    "--device",
    "cpu",
    "--dataset",
    "moons",
    "--seed",
    "3",
];

#[test]
fn fault_12_a_loss_that_explodes_keeps_the_last_good_weights() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let args = [
        &SMALL[..],
        &["--lr", "1e30", "--steps", "200", "--out", "run"],
    ]
    .concat();
    let line = refused(at, &args);
    assert!(line.contains("learning rate"), "{line}");
    works(
        at,
        &[
            "sample", "run", "--n", "5", "--steps", "2", "--out", "x.csv",
        ],
    );
    let text = std::fs::read_to_string(at.join("x.csv")).unwrap();
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

#[test]
fn fault_18_what_does_not_fit_into_memory_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let started = Instant::now();
    let line = refused(
        at,
        &[
            "sample",
            "builtin:moons",
            "--n",
            "10000000",
            "--steps",
            "10000",
            "--trajectory",
            "--out",
            "x.npz",
        ],
    );
    assert!(
        line.contains("--trajectory") && line.contains("--n"),
        "{line}"
    );
    let line = refused(
        at,
        &[
            "sample",
            "builtin:moons",
            "--n",
            "100000000000",
            "--out",
            "x.npz",
        ],
    );
    assert!(line.contains("--n"), "{line}");
    assert!(started.elapsed() < Duration::from_secs(60));
    assert!(listing(at).is_empty());
}

#[cfg(unix)]
#[test]
fn fault_20_a_killed_run_leaves_a_whole_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let start = [&SMALL[..], &["--steps", "20", "--out", "run"]].concat();
    works(at, &start);
    let mut steps = 20;
    for round in 0..KILLS {
        // A run saves at its end: short ones, so that many kills fall into that.
        let more = format!("{}", steps + 20 + round % 7 * 40);
        let args = [
            "train", "toy", "--resume", "run", "--steps", &more, "--device", "cpu",
        ];
        let mut child = command(at, &args).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(5 + 7919 * round % 293));
        child.kill().unwrap();
        finish(child);
        let checkpoint = flowlab::train::Checkpoint::load(at.join("run").to_str().unwrap());
        let checkpoint = checkpoint.unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert!(
            checkpoint.step >= steps,
            "{} after {steps}",
            checkpoint.step
        );
        steps = checkpoint.step;
        let weights: Vec<f32> = checkpoint.weights.to_flat();
        assert!(weights.iter().all(|w| w.is_finite()));
    }
    let last = format!("{}", steps + 5);
    works(
        at,
        &[
            "train", "toy", "--resume", "run", "--steps", &last, "--device", "cpu",
        ],
    );
}

/// A flow in latent space so small that an epoch takes a second or two.
const LATENT: [&str; 16] = [
    "train", "latent", "--width", "8", "--depth", "1", "--heads", "1", "--images", "256",
    "--batch", "8", "--device", "cpu", "--seed", "3",
];

#[cfg(unix)]
#[test]
fn fault_20_a_killed_image_run_goes_on_with_the_same_losses() {
    use flowlab::train::images::store::load_state;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let epochs = |n: &'static str, out: &'static str| {
        let rest = ["--epochs", n, "--out", out];
        [&LATENT[..], &rest].concat()
    };
    works(at, &epochs("4", "whole"));
    works(at, &epochs("1", "run"));
    let step = || load_state(&at.join("run")).unwrap().1.step;
    assert_eq!(step(), 32);
    let resume = |n: &'static str| {
        [
            "train", "latent", "--resume", "run", "--epochs", n, "--device", "cpu",
        ]
    };
    // Kills fall into the start, into an epoch, and about its end, when the run is saved.
    let mut last = 32;
    for pause in [200, 900, 1700, 2600] {
        let mut child = command(at, &resume("4")).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        finish(child);
        assert!(step() >= last, "{} after {last}", step());
        last = step();
    }
    works(at, &resume("4"));
    let state = |run: &str| load_state(&at.join(run)).unwrap().1;
    assert_eq!(state("whole"), state("run"));
    let losses = |run: &str| -> Vec<String> {
        let text = std::fs::read_to_string(at.join(run).join("log.csv")).unwrap();
        let cut = |line: &str| line.rsplit_once(',').unwrap().0.to_owned();
        text.lines().map(cut).collect()
    };
    assert_eq!(losses("whole"), losses("run"));
    assert_eq!(losses("run").len(), 1 + 4 * 32);
}

#[test]
fn fault_29_extreme_settings_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (flag, value) in [
        ("--steps", "0"),
        ("--batch", "0"),
        ("--lr", "0"),
        ("--lr", "-1"),
        ("--lr", "NaN"),
        ("--hidden", "0"),
        ("--hidden", "10000000"),
        ("--batch", "10000000000"),
        ("--path", "sigma-min:2"),
        ("--path", "poly:0"),
        ("--dataset", "checkerboard:grid=0"),
        ("--dataset", "checkerboard:scale=nan"),
    ] {
        let equals = format!("{flag}={value}");
        let line = refused(
            at,
            &["train", "toy", &equals, "--device", "cpu", "--out", "run"],
        );
        assert!(
            line.contains(&flag[2..]) || line.contains(value.split(':').next().unwrap()),
            "{line}"
        );
        assert!(!at.join("run").exists(), "{flag} {value}");
    }
    for args in [
        &["sample", "builtin:moons", "--n", "0", "--out", "x.csv"][..],
        &["sample", "builtin:moons", "--steps", "0", "--out", "x.csv"],
        &["sample", "builtin:moons", "--t-end", "2", "--out", "x.csv"],
        &["scheduler", "condot", "--t", "nan"],
        &["scheduler", "condot", "--t", "7"],
        &["figure", "seed003-pi-t", "--dpi", "0", "--out", "x.png"],
        &[
            "figure",
            "seed003-pi-t",
            "--width-cm",
            "1e9",
            "--out",
            "x.png",
        ],
        &["--size", "0x0"],
    ] {
        refused(at, args);
    }
    let large = [
        "train", "toy", "--hidden", "4096", "--layers", "32", "--out", "run",
    ];
    let line = refused(at, &large);
    assert!(line.contains("hidden and layers"), "{line}");
    assert!(listing(at).is_empty());
}
