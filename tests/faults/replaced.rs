//! Runs that take the place of others, go on in another folder, or cannot be saved: row 19.

use std::path::Path;

use super::{listing, refused, works};

/// A toy run of a moment.
fn toy<'a>(steps: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    let args = [
        "train", "toy", "--hidden", "8", "--layers", "1", "--batch", "32", "--device", "cpu",
        "--steps", steps,
    ];
    [&args[..], rest].concat()
}

/// An image run of two steps an epoch.
fn image<'a>(task: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    let args = [
        "train", task, "--images", "64", "--batch", "32", "--device", "cpu",
    ];
    [&args[..], rest].concat()
}

const VAE: [&str; 2] = ["--channels", "4,4,8"];
const FLOW: [&str; 6] = ["--width", "8", "--depth", "1", "--heads", "1"];

fn rows(run: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(run.join("log.csv")).unwrap();
    let rows = text.lines().skip(1);
    rows.map(|line| line.split(',').next().unwrap().parse().unwrap())
        .collect()
}

/// A small autoencoder of one epoch.
fn autoencoder(at: &Path, out: &str) {
    let once = ["--epochs", "1", "--out", out];
    works(at, &[&image("vae", &VAE)[..], &once].concat());
}

#[cfg(unix)]
#[test]
fn fault_19_a_run_that_cannot_be_saved_ends_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let out = "/proc/flowlab/x";
    let told = |args: &[&str]| {
        let line = refused(at, args);
        assert!(line.contains(out) && line.contains("not saved"), "{line}");
    };
    told(&toy("20", &["--out", out]));
    told(&image("classifier", &["--epochs", "1", "--out", out]));
    // A run that goes on from another folder is saved before its first step.
    works(at, &toy("3", &["--out", "a"]));
    let line = refused(at, &toy("3", &["--resume", "a", "--out", out]));
    assert!(line.contains("/proc/flowlab"), "{line}");
    // A file in the place of the folder.
    std::fs::write(at.join("file"), "mine").unwrap();
    let line = refused(at, &toy("3", &["--out", "file/x"]));
    assert!(line.contains("file/x"), "{line}");
    assert_eq!(listing(at), ["a", "file"]);
}

#[test]
fn fault_19_nothing_of_a_run_stays_where_another_is_forced() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = at.join("run");
    works(at, &toy("3", &["--out", "small"]));
    let whole = [
        "config.json",
        "kept.safetensors",
        "log.csv",
        "model.safetensors",
        "optimizer.safetensors",
    ];
    assert_eq!(listing(&at.join("small")), whole);
    works(at, &toy("9", &["--out", "run"]));
    std::fs::write(run.join("notes.txt"), "mine").unwrap();
    let import = [
        "import",
        "small/model.safetensors",
        "--dataset",
        "moons",
        "--path",
        "condot",
        "--out",
        "run",
        "--force",
    ];
    works(at, &import);
    assert_eq!(
        listing(&run),
        ["config.json", "model.safetensors", "notes.txt"]
    );
    // A flow with an autoencoder of its own, over it; then a toy run over that.
    autoencoder(at, "codes");
    let flow = image(
        "latent",
        &["--vae", "codes", "--epochs", "2", "--out", "run", "--force"],
    );
    works(at, &[&flow[..], &FLOW].concat());
    assert_eq!(rows(&run), [1, 2, 3, 4]);
    assert_eq!(
        listing(&run.join("vae")),
        ["config.json", "model.safetensors"]
    );
    assert_eq!(listing(&run.join("samples")).len(), 2);
    works(at, &toy("2", &["--out", "run", "--force"]));
    assert_eq!(rows(&run), [1, 2]);
    let mut expected = [&whole[..], &["notes.txt"]].concat();
    expected.sort_unstable();
    assert_eq!(listing(&run), expected);
    // A run that fails before its first save leaves the one that is there.
    let nowhere = ["--data", "nowhere", "--out", "run", "--force"];
    refused(at, &image("classifier", &nowhere));
    assert_eq!(rows(&run), [1, 2]);
    works(at, &["pack", "builtin:vae", "--out", "run", "--force"]);
    assert_eq!(
        listing(&run),
        ["config.json", "model.safetensors", "notes.txt"]
    );
}

#[test]
fn fault_19_a_run_that_goes_on_elsewhere_takes_its_past_along() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    works(at, &toy("3", &["--out", "a"]));
    works(at, &toy("5", &["--resume", "a", "--out", "b"]));
    assert_eq!(rows(&at.join("b")), [1, 2, 3, 4, 5]);
    // One that is over already is saved there, too.
    works(at, &toy("3", &["--resume", "a", "--out", "c"]));
    assert_eq!(rows(&at.join("c")), [1, 2, 3]);
    works(at, &["sample", "c", "--n", "5", "--out", "x.csv"]);

    autoencoder(at, "v");
    let more = [
        "train", "vae", "--resume", "v", "--epochs", "2", "--device", "cpu",
    ];
    works(at, &[&more[..], &["--out", "w"]].concat());
    assert_eq!(rows(&at.join("w")), [1, 2, 3, 4]);
    assert_eq!(rows(&at.join("v")), [1, 2]);
    let sheets = ["epoch-0001.png", "epoch-0002.png"];
    assert_eq!(listing(&at.join("w/samples")), sheets);
}

#[test]
fn fault_07_a_flow_without_the_autoencoder_of_its_own_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    autoencoder(at, "codes");
    let flow = image(
        "latent",
        &["--vae", "codes", "--epochs", "1", "--out", "run"],
    );
    works(at, &[&flow[..], &FLOW].concat());
    std::fs::remove_dir_all(at.join("codes")).unwrap();
    let sample = |out: &'static str| ["sample", "run", "--n", "2", "--steps", "2", "--out", out];
    works(at, &sample("x.png"));
    flowlab::train::files::copy_run(&at.join("run"), &at.join("copy")).unwrap();
    assert!(at.join("copy/vae/model.safetensors").is_file());
    // Half a copy is none, and the program's own would decode nonsense.
    std::fs::remove_file(at.join("run/vae/model.safetensors")).unwrap();
    for args in [&sample("y.png")[..], &["pack", "run", "--out", "packed"]] {
        let line = refused(at, args);
        assert!(line.contains("codes") && line.contains("run/vae"), "{line}");
    }
    assert!(!at.join("packed").exists());
}
