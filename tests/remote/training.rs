//! What is trained and sampled on a server is what is trained and sampled here.

use std::io::Read;
use std::path::Path;

use super::process::{Desk, Server, column, endless, flowlab, largest_difference};

/// `log.csv` of a run on a device.
pub fn losses(desk: &Desk, name: &str, verb: &[&str], device: &str) -> Vec<f64> {
    let folder = desk.at(name);
    let out = ["--device", device, "--out", folder.to_str().unwrap()];
    desk.client(&[verb, &out].concat()).works();
    column(&folder.join("log.csv"), "loss")
}

fn array(file: &Path, name: &str) -> Vec<f64> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(file).unwrap()).unwrap();
    let mut bytes = Vec::new();
    let mut entry = zip.by_name(&format!("{name}.npy")).unwrap();
    entry.read_to_end(&mut bytes).unwrap();
    let npy = npyz::NpyFile::new(&bytes[..]).unwrap();
    let values = npy.into_vec::<f32>().unwrap();
    values.into_iter().map(f64::from).collect()
}

#[test]
fn seed_003_has_the_losses_it_has_here() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[]);
    let verb = ["train", "toy", "--preset", "seed003", "--steps", "200"];
    let here = losses(&desk, "here", &verb, "cpu");
    let there = losses(&desk, "there", &verb, &server.device);
    assert_eq!(here.len(), 200);
    let difference = largest_difference(&here, &there);
    eprintln!("largest difference of a loss: {difference:.2e}");
    assert!(difference <= 1e-4, "{difference}");
    // It did learn.
    assert!(there[199] < 0.9 * there[0], "{} {}", there[0], there[199]);
}

#[test]
fn the_transformer_has_the_losses_it_has_here() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[]);
    let verb = [
        "train",
        "latent",
        "--vae",
        "builtin:vae",
        "--width",
        "32",
        "--depth",
        "2",
        "--heads",
        "2",
        "--images",
        "256",
        "--batch",
        "64",
        "--epochs",
        "2",
        "--ema",
        "0.9",
    ];
    let here = losses(&desk, "here", &verb, "cpu");
    let there = losses(&desk, "there", &verb, &server.device);
    assert_eq!(here.len(), 8);
    let difference = largest_difference(&here, &there);
    eprintln!("largest difference of a loss: {difference:.2e}");
    assert!(difference <= 1e-4, "{difference}");
}

#[test]
fn a_picture_is_sampled_there_as_here() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[]);
    let sample = |device: &str, name: &str| {
        let file = desk.at(name);
        let out = file.to_str().unwrap();
        desk.client(&[
            "sample",
            "builtin:latent",
            "--n",
            "4",
            "--steps",
            "4",
            "--device",
            device,
            "--out",
            out,
        ])
        .works();
        array(&file, "latents")
    };
    let (here, there) = (
        sample("cpu", "here.npz"),
        sample(&server.device, "there.npz"),
    );
    let difference = largest_difference(&here, &there);
    assert!(!here.is_empty() && difference <= 1e-3, "{difference}");
}

#[test]
fn several_train_at_a_time_and_one_that_is_killed_stops_no_other() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[]);
    let verb = [
        "train", "toy", "--hidden", "32", "--batch", "256", "--steps", "300",
    ];
    let alone = losses(&desk, "alone", &verb, &server.device);
    let endless = endless(&server.device);
    let mut first = desk.client(&endless);
    let mut second = desk.client(&endless);
    for client in [&mut first, &mut second] {
        client.wait_for(|line| line.starts_with("step ").then_some(()));
    }
    drop(first);
    let beside = losses(&desk, "beside", &verb, &server.device);
    assert_eq!(alone, beside);
    assert!(second.is_running());
    second.wait_for(|line| line.starts_with("step ").then_some(()));
}

#[test]
fn a_build_with_remote_devices_says_what_it_lacks() {
    let desk = Desk::new();
    for (args, told) in [
        (&["serve"][..], "no token"),
        (
            &["serve", "--device", "remote:ws://localhost:1"],
            "of this machine",
        ),
        (&["serve", "--bind", "0.0.0.0:0"], "no token"),
        (
            &["train", "toy", "--device", "remote:ws://localhost"],
            "port",
        ),
        (
            &["train", "toy", "--device", "remote:wss://localhost:1"],
            "iroh://",
        ),
    ] {
        let output = flowlab(args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && text.contains(told),
            "{args:?}: {text}"
        );
    }
    std::fs::write(desk.at("token"), "short").unwrap();
    let (_, text) = desk.client(&["serve"]).fails();
    assert!(text.contains("16 characters"), "{text}");
}
