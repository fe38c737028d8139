//! Files that are broken, hostile or cannot be written: rows 6, 7, 11, 19.

use super::{listing, refused, works};

/// A safetensors file of a header and so many zero bytes.
fn safetensors(header: &str, bytes: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.resize(file.len() + bytes, 0);
    file
}

#[test]
fn fault_06_broken_safetensors_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let weight = |shape: &str, kind: &str, from: usize, to: usize| {
        format!(r#""dtype":"{kind}","shape":{shape},"data_offsets":[{from},{to}]"#)
    };
    let good = weight("[2,3]", "F32", 0, 24);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), ""),
        ("short", vec![1, 2, 3], ""),
        ("long-header", u64::MAX.to_le_bytes().to_vec(), ""),
        ("not-json", safetensors("[[[[", 0), ""),
        (
            "no-bytes",
            safetensors(&format!(r#"{{"network.0.weight":{{{good}}}}}"#), 3),
            "",
        ),
        (
            "overlapping",
            safetensors(
                &format!(
                    r#"{{"network.0.weight":{{{good}}},"network.0.bias":{{{}}}}}"#,
                    weight("[2]", "F32", 16, 24)
                ),
                24,
            ),
            "",
        ),
        (
            "whole-numbers",
            safetensors(
                &format!(
                    r#"{{"network.0.weight":{{{}}},"network.0.bias":{{{}}}}}"#,
                    weight("[2,3]", "I32", 0, 24),
                    weight("[2]", "I32", 24, 32)
                ),
                32,
            ),
            "network.0",
        ),
        (
            "no-bias",
            safetensors(&format!(r#"{{"network.0.weight":{{{good}}}}}"#), 24),
            "network.0.bias",
        ),
        (
            "other-shape",
            safetensors(
                &format!(
                    r#"{{"network.0.weight":{{{good}}},"network.0.bias":{{{}}}}}"#,
                    weight("[5]", "F32", 24, 44)
                ),
                44,
            ),
            "hidden layer",
        ),
        (
            "other-names",
            safetensors(&format!(r#"{{"layer.weight":{{{good}}}}}"#), 24),
            "network.0.weight",
        ),
    ];
    for (name, bytes, word) in cases {
        let file = format!("{name}.safetensors");
        std::fs::write(at.join(&file), bytes).unwrap();
        let line = refused(
            at,
            &[
                "import",
                &file,
                "--dataset",
                "checkerboard",
                "--path",
                "condot",
                "--out",
                "run",
            ],
        );
        assert!(
            line.contains(&file) && line.contains(word),
            "{name}: {line}"
        );
        assert!(!at.join("run").exists(), "{name}");
    }
}

#[test]
fn fault_07_a_run_of_another_task_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let line = refused(at, &["reconstruct", "builtin:latent", "--out", "x.png"]);
    assert!(
        line.contains("builtin:latent") && line.contains("train vae"),
        "{line}"
    );
    let line = refused(at, &["sample", "builtin:vae", "--out", "x.png"]);
    assert!(
        line.contains("builtin:vae") && line.contains("train latent"),
        "{line}"
    );
    std::fs::create_dir(at.join("run")).unwrap();
    std::fs::write(at.join("run/config.json"), r#"{"task":"unknown-to-us"}"#).unwrap();
    std::fs::write(at.join("run/model.safetensors"), "").unwrap();
    let line = refused(at, &["sample", "run", "--out", "x.npz"]);
    assert!(line.contains("config.json"), "{line}");
    assert_eq!(listing(at), ["run"]);
}

#[test]
fn fault_11_tables_and_pictures_of_no_use_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (name, text) in [
        ("one-column.csv", "x\n1\n2\n3\n"),
        ("ragged.csv", "x,y\n1,2\n3\n"),
        ("words.csv", "x,y\n1,two\n"),
        ("empty.csv", ""),
    ] {
        std::fs::write(at.join(name), text).unwrap();
        let set = format!("points:{name}");
        let line = refused(at, &["train", "toy", "--dataset", &set, "--steps", "1"]);
        assert!(line.contains(name), "{line}");
    }
    // A PNG header that claims 65535 x 65535 pixels.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend([0, 0, 255, 255, 0, 0, 255, 255, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    std::fs::write(at.join("huge.png"), png).unwrap();
    let line = refused(
        at,
        &[
            "train",
            "toy",
            "--dataset",
            "image:huge.png",
            "--steps",
            "1",
        ],
    );
    assert!(line.contains("huge.png"), "{line}");
    let line = refused(
        at,
        &[
            "sample",
            "builtin:latent",
            "--mask",
            "huge.png",
            "--out",
            "x.png",
        ],
    );
    assert!(line.contains("--mask"), "{line}");
}

#[test]
fn fault_19_what_cannot_be_written_is_named_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let sample = |out: &str| {
        [
            "sample",
            "builtin:moons",
            "--n",
            "10",
            "--steps",
            "2",
            "--out",
        ]
        .into_iter()
        .chain([out])
        .map(str::to_owned)
        .collect::<Vec<String>>()
    };
    let call = |out: &str| {
        let args = sample(out);
        refused(at, &args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    std::fs::create_dir(at.join("folder.csv")).unwrap();
    let long = format!("{}.csv", "a".repeat(300));
    for out in ["/proc/x.csv", "folder.csv", &long] {
        let line = call(out);
        assert!(line.contains(out.split('/').next_back().unwrap()), "{line}");
    }
    std::fs::write(at.join("mine.csv"), "precious").unwrap();
    let line = call("mine.csv");
    assert!(
        line.contains("mine.csv") && line.contains("--force"),
        "{line}"
    );
    assert_eq!(std::fs::read(at.join("mine.csv")).unwrap(), b"precious");
    assert_eq!(listing(at), ["folder.csv", "mine.csv"]);
    let args = sample("mine.csv");
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.push("--force");
    works(at, &args);
    assert_ne!(std::fs::read(at.join("mine.csv")).unwrap(), b"precious");
    assert_eq!(listing(at), ["folder.csv", "mine.csv"]);
}
