//! The image lab's verbs as scripts use them.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};

use npyz::NpyFile;

fn flowlab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(args)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap()
}

fn works(args: &[&str]) -> (String, String) {
    let output = flowlab(args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, log) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{args:?}: {log}");
    (out, log)
}

/// The exit code and the error line of a call that must fail.
fn failure(args: &[&str]) -> (i32, String) {
    let output = flowlab(args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().rfind(|line| line.starts_with("Error:"));
    let line = line.unwrap_or(&text).to_owned();
    (output.status.code().unwrap(), line)
}

fn array<T: npyz::Deserialize>(file: &Path, name: &str) -> (Vec<u64>, Vec<T>) {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(file).unwrap()).unwrap();
    let mut bytes = Vec::new();
    let mut entry = zip.by_name(&format!("{name}.npy")).unwrap();
    entry.read_to_end(&mut bytes).unwrap();
    let npy = NpyFile::new(&bytes[..]).unwrap();
    (npy.shape().to_vec(), npy.into_vec().unwrap())
}

#[test]
fn an_autoencoder_and_a_flow_are_trained_resumed_and_sampled() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (vae, run) = (at("vae"), at("run"));
    let tiny = ["--images", "128", "--batch", "64", "--device", "cpu"];
    let call = |verb: &[&str], rest: &[&str]| works(&[verb, &tiny[..], rest].concat());
    let (_, log) = call(
        &["train", "vae", "--channels", "4,4,8", "--epochs", "1"],
        &["--out", &vae],
    );
    assert!(log.contains("epoch 1: mean loss"), "{log}");
    assert!(log.contains("test MSE"), "{log}");
    assert!(Path::new(&at("vae/samples/epoch-0001.png")).is_file());
    let table = std::fs::read_to_string(at("vae/log.csv")).unwrap();
    assert!(table.starts_with("step,epoch,loss,reconstruction,kl,seconds\n1,1,"));

    let latent = [
        "train", "latent", "--vae", &vae, "--width", "16", "--depth", "1", "--heads", "2",
    ];
    call(&latent, &["--epochs", "1", "--out", &run]);
    let (code, line) = {
        let again = [&latent[..], &tiny[..], &["--epochs", "1", "--out", &run]].concat();
        failure(&again)
    };
    assert_eq!(code, 1);
    assert!(line.contains("--resume") && line.contains("run"), "{line}");
    let (_, log) = works(&[
        "train", "latent", "--resume", &run, "--epochs", "3", "--device", "cpu",
    ]);
    assert!(log.contains("epoch 3: mean loss") && !log.contains("epoch 1:"));
    let table = std::fs::read_to_string(at("run/log.csv")).unwrap();
    assert_eq!(table.lines().count(), 7);
    assert!(table.lines().last().unwrap().starts_with("6,3,"));
    for epoch in 1..=3 {
        let sheet = at(&format!("run/samples/epoch-{epoch:04}.png"));
        let picture = image::open(&sheet).unwrap();
        assert!(picture.width() > 200 && picture.height() > 200);
    }
    // The run stands alone: its autoencoder went with it.
    std::fs::remove_dir_all(&vae).unwrap();

    let out = at("seven.npz");
    let sample = |seed: &str, out: &str| {
        works(&[
            "sample",
            &run,
            "--label",
            "7",
            "--guidance",
            "2",
            "--n",
            "6",
            "--steps",
            "4",
            "--seed",
            seed,
            "--out",
            out,
        ]);
    };
    sample("5", &out);
    let (shape, images) = array::<u8>(Path::new(&out), "images");
    assert_eq!(shape, [6, 28, 28]);
    let (shape, labels) = array::<u8>(Path::new(&out), "labels");
    assert_eq!((shape, labels), (vec![6], vec![7; 6]));
    let again = at("again.npz");
    sample("5", &again);
    assert_eq!(array::<u8>(Path::new(&again), "images").1, images);

    let way = at("way.npz");
    works(&[
        "sample",
        &run,
        "--n",
        "3",
        "--steps",
        "4",
        "--trajectory",
        "--out",
        &way,
    ]);
    assert_eq!(
        array::<f64>(Path::new(&way), "t").1,
        [0.0, 0.25, 0.5, 0.75, 1.0]
    );
    assert_eq!(array::<f32>(Path::new(&way), "xt").0, [5, 3, 4, 4, 4]);
    let end = array::<f32>(Path::new(&way), "latents").1;
    assert_eq!(array::<f32>(Path::new(&way), "xt").1[4 * 3 * 64..], end);

    works(&[
        "sample",
        &run,
        "--n",
        "5",
        "--steps",
        "2",
        "--out",
        &at("s.png"),
    ]);
    assert!(image::open(at("s.png")).is_ok());

    for (args, word) in [
        (vec!["--out", "x.csv"], "x.csv"),
        (vec!["--out", "x.npz", "--t-end", "0.1"], "--t-end"),
        (vec!["--out", "x.png", "--trajectory"], "--trajectory"),
        (vec!["--out", "x.npz", "--n", "0"], "--n"),
    ] {
        let (code, line) = failure(&[&["sample", &run][..], &args].concat());
        assert_eq!(code, 1);
        assert!(line.contains(word), "{line}");
    }
    let (code, _) = failure(&["sample", &run, "--label", "10", "--out", "x.npz"]);
    assert_eq!(code, 2);
    let (code, line) = failure(&["train", "vae", "--resume", &run]);
    assert_eq!(code, 1);
    assert!(line.contains("train latent"), "{line}");

    works(&["pack", &run, "--out", &at("packed")]);
    let size = |name: &str| std::fs::metadata(at(name)).unwrap().len();
    assert!(size("packed/model.safetensors") < size("run/model.safetensors"));
}

#[test]
fn a_folder_of_idx_files_is_read_and_faults_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("FashionMNIST/raw");
    std::fs::create_dir_all(&raw).unwrap();
    let write = |name: &str, magic: u32, count: u32, images: bool| {
        let mut bytes = [magic.to_be_bytes(), count.to_be_bytes()].concat();
        if images {
            bytes.extend([28_u32.to_be_bytes(); 2].concat());
            bytes.extend((0..count * 784).map(|i| (i % 251) as u8));
        } else {
            bytes.extend((0..count).map(|i| (i % 10) as u8));
        }
        std::fs::write(raw.join(name), bytes).unwrap();
    };
    write("train-images-idx3-ubyte", 0x803, 64, true);
    write("train-labels-idx1-ubyte", 0x801, 64, false);
    write("t10k-images-idx3-ubyte", 0x803, 20, true);
    write("t10k-labels-idx1-ubyte", 0x801, 20, false);
    let data = folder.path().to_str().unwrap();
    let out = folder.path().join("run");
    let train = |force: &[&str]| {
        let args = [
            "train",
            "classifier",
            "--data",
            data,
            "--batch",
            "32",
            "--epochs",
            "1",
            "--device",
            "cpu",
            "--out",
            out.to_str().unwrap(),
        ];
        flowlab(&[&args[..], force].concat())
    };
    let log = String::from_utf8(train(&[]).stderr).unwrap();
    assert!(log.contains("not the official MNIST"), "{log}");
    assert!(log.contains("epoch 1: mean loss"), "{log}");
    write("t10k-labels-idx1-ubyte", 0x801, 19, false);
    let output = train(&["--force"]);
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(
        log.contains("t10k-labels-idx1-ubyte: 19 labels for 20 images"),
        "{log}"
    );
}

#[test]
fn flags_of_images_are_refused_for_points() {
    let (code, line) = failure(&[
        "sample",
        "builtin:checkerboard",
        "--label",
        "3",
        "--out",
        "x.npz",
    ]);
    assert_eq!(code, 1);
    assert!(line.contains("--label") && line.contains("image"), "{line}");
    let (code, line) = failure(&["eval", "builtin:checkerboard", "--guidance", "2"]);
    assert_eq!(code, 1);
    assert!(line.contains("--guidance"), "{line}");
    let (code, line) = failure(&["sample", "builtin:nothing", "--out", "x.npz"]);
    assert_eq!(code, 1);
    assert!(
        line.contains("builtin:latent") && line.contains("builtin:checkerboard"),
        "{line}"
    );
}

#[test]
fn the_built_in_models_reconstruct_sample_and_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (_, log) = works(&[
        "reconstruct",
        "--n",
        "32",
        "--seed",
        "1",
        "--out",
        &at("r.png"),
    ]);
    assert!(log.contains("32 test images"), "{log}");
    let picture = image::open(at("r.png")).unwrap();
    assert_eq!(picture.width(), (8 * 30 + 2) * 2);
    assert_eq!(picture.height(), (8 * 30 + 2) * 2);

    let eval = [
        "eval",
        "builtin:latent",
        "--json",
        "--n",
        "100",
        "--steps",
        "5",
        "--guidance",
        "2",
        "--label",
        "4",
        "--device",
        "cpu",
    ];
    let (json, _) = works(&eval);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    for key in [
        "vae_mse",
        "vae_label_kept",
        "label_accuracy",
        "fid_lenet",
        "fid_lenet_error",
        "fid_null",
        "fid_vae",
        "classifier_accuracy",
    ] {
        assert!(report[key].as_f64().unwrap().is_finite(), "{key}: {json}");
    }
    assert_eq!(report["n"], 100);
    assert_eq!(report["nfe"], 5);
    assert!(
        report["classifier_accuracy"].as_f64().unwrap() > 0.9,
        "{json}"
    );
}
