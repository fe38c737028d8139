//! The command line as scripts use it.

mod common;

use std::path::Path;
use std::process::{Command, Output};

fn flowlab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(args)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = flowlab(args);
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The exit code and the last line of stderr of a call that must fail.
fn failure(args: &[&str]) -> (i32, String) {
    let output = flowlab(args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().rfind(|line| line.starts_with("Error:"));
    (
        output.status.code().unwrap(),
        line.unwrap_or(&text).to_owned(),
    )
}

fn table(path: &Path) -> (Vec<String>, Vec<Vec<f64>>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows = reader
        .records()
        .map(|row| {
            row.unwrap()
                .iter()
                .map(|cell| cell.parse().unwrap())
                .collect()
        })
        .collect();
    (header, rows)
}

#[test]
fn scheduler_prints_the_reference_table() {
    let mut reader = csv::Reader::from_path(common::data("schedulers.csv")).unwrap();
    let mut rows = 0;
    for record in reader.records().map(Result::unwrap) {
        let name = &record[0];
        let text = stdout(&["scheduler", name, "--t", &record[1]]);
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("t,alpha,sigma,d_alpha,d_sigma"));
        let cells: Vec<f64> = lines
            .next()
            .unwrap()
            .split(',')
            .map(|c| c.parse().unwrap())
            .collect();
        for (cell, expected) in cells.iter().zip(record.iter().skip(1)) {
            let expected: f64 = expected.parse().unwrap();
            assert!(
                (cell - expected).abs() <= 1e-6 * (1.0 + expected.abs()),
                "{name} {record:?}: {cells:?}"
            );
        }
        rows += 1;
        if rows == 24 {
            break;
        }
    }
    assert_eq!(rows, 24);
}

#[test]
fn field_writes_the_exact_field_and_the_models() {
    let folder = tempfile::tempdir().unwrap();
    let points = folder.path().join("points.csv");
    std::fs::write(&points, "t,x,y\n0,0.5,-1.5\n0.6,0.3,-0.4\n0.999,1.5,0.5\n").unwrap();
    let out = folder.path().join("field.csv");
    let (points, name) = (points.to_str().unwrap(), out.to_str().unwrap());
    stdout(&[
        "field", "--path", "condot", "--points", points, "--out", name,
    ]);
    let (header, rows) = table(&out);
    assert_eq!(
        header.join(","),
        "t,x,y,vx,vy,log_p,divergence,e1x,e1y,trace_cov"
    );
    // t = 0: v = E[x1] - x exactly, and E[x1] = 0.
    assert!((rows[0][3] + 0.5).abs() < 1e-12 && (rows[0][4] - 1.5).abs() < 1e-12);
    // A Monte-Carlo regression gave (0.442, -0.557) within 0.057 at the second point.
    assert!((rows[1][3] - 0.4424).abs() < 1e-4 && (rows[1][4] + 0.5315).abs() < 1e-4);

    let (code, line) = failure(&[
        "field", "--path", "condot", "--points", points, "--out", name,
    ]);
    assert_eq!(code, 1);
    assert!(
        line.contains("field.csv") && line.contains("--force"),
        "{line}"
    );
    let model = "builtin:checkerboard";
    stdout(&[
        "field", "--path", "condot", "--points", points, "--out", name, "--model", model, "--force",
    ]);
    let (header, rows) = table(&out);
    assert_eq!(header[10..].join(","), "model_vx,model_vy");
    let error = (rows[1][10] - rows[1][3]).hypot(rows[1][11] - rows[1][4]);
    assert!(error < 0.5, "the model is {error} off the exact field");
}

#[test]
fn train_eval_and_sample_work_together() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let run = run.to_str().unwrap();
    stdout(&[
        "train", "toy", "--steps", "30", "--batch", "512", "--hidden", "32", "--out", run,
    ]);
    let log = std::fs::read_to_string(Path::new(run).join("log.csv")).unwrap();
    assert_eq!(log.lines().next(), Some("step,loss,excess,seconds"));
    assert_eq!(log.lines().count(), 31);
    let (code, line) = failure(&["train", "toy", "--steps", "30", "--out", run]);
    assert_eq!(code, 1);
    assert!(line.contains("--resume"), "{line}");
    stdout(&["train", "toy", "--steps", "40", "--resume", run]);
    let log = std::fs::read_to_string(Path::new(run).join("log.csv")).unwrap();
    assert_eq!(log.lines().count(), 41);

    let json: serde_json::Value = serde_json::from_str(&stdout(&[
        "eval", run, "--json", "--n", "500", "--steps", "20",
    ]))
    .unwrap();
    for key in [
        "loss",
        "floor",
        "excess",
        "off_support",
        "cell_mass",
        "sliced_w2",
        "w2",
        "energy_distance",
        "nll",
        "nll_best",
        "straightness",
        "nfe",
    ] {
        assert!(
            json.get(key).is_some_and(|value| !value.is_null()),
            "{key} in {json}"
        );
    }
    assert_eq!(json["nfe"], 20);
    assert!((json["floor"].as_f64().unwrap() - 1.689).abs() < 0.003);
    assert!((json["nll_best"].as_f64().unwrap() - 8f64.ln()).abs() < 1e-9);

    let csv = folder.path().join("samples.csv");
    let csv = csv.to_str().unwrap();
    stdout(&["sample", run, "--n", "50", "--steps", "10", "--out", csv]);
    let (header, rows) = table(Path::new(csv));
    assert_eq!(header.join(","), "x0,y0,x1,y1");
    assert_eq!(rows.len(), 50);
    let npz = folder.path().join("samples.npz");
    stdout(&[
        "sample",
        run,
        "--n",
        "50",
        "--steps",
        "10",
        "--trajectory",
        "--out",
        npz.to_str().unwrap(),
    ]);
    let file = std::fs::File::open(&npz).unwrap();
    let mut npz = zip::ZipArchive::new(file).unwrap();
    let mut array = |name: &str| -> (Vec<u64>, Vec<f32>) {
        let array = npyz::NpyFile::new(npz.by_name(&format!("{name}.npy")).unwrap()).unwrap();
        (array.shape().to_vec(), array.into_vec().unwrap())
    };
    let (shape, x1) = array("x1");
    assert_eq!(shape, [50, 2]);
    for (row, x1) in rows.iter().zip(x1.as_chunks::<2>().0) {
        assert!(
            (row[2] - f64::from(x1[0])).abs() < 1e-6,
            "csv and npz hold the same samples"
        );
    }
    assert_eq!(array("t").0, [11]);
    assert_eq!(array("xt").0, [11, 50, 2]);
    let png = folder.path().join("samples.png");
    stdout(&["sample", run, "--n", "50", "--out", png.to_str().unwrap()]);
    assert!(image::open(png).unwrap().width() > 100);
}

#[test]
fn exact_samples_reproduce_the_reference_end_points() {
    let mut reader = csv::Reader::from_path(common::data("endpoints_exact_field.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut groups: Vec<[String; 4]> = rows
        .iter()
        .map(|row| [0, 1, 2, 3].map(|i| row[i].to_owned()))
        .collect();
    groups.dedup();
    assert!(groups.len() > 5);
    for (i, key) in groups.iter().enumerate() {
        let [path, solver, steps, clamp] = key;
        let group: Vec<_> = rows
            .iter()
            .filter(|row| (0..4).all(|i| row[i] == key[i]))
            .collect();
        let x0 = folder.path().join(format!("{i}-x0.csv"));
        let lines: Vec<String> = group
            .iter()
            .map(|r| format!("{},{}", &r[4], &r[5]))
            .collect();
        std::fs::write(&x0, format!("x,y\n{}\n", lines.join("\n"))).unwrap();
        let out = folder.path().join(format!("{i}.csv"));
        stdout(&[
            "sample",
            "--exact",
            "--dataset",
            "checkerboard",
            "--path",
            path,
            "--solver",
            solver,
            "--steps",
            steps,
            "--t-end",
            clamp,
            "--x0",
            x0.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ]);
        let (_, found) = table(&out);
        for (row, expected) in found.iter().zip(&group) {
            for (value, expected) in row[2..].iter().zip([&expected[6], &expected[7]]) {
                let expected: f64 = expected.parse().unwrap();
                assert!(
                    (value - expected).abs() < 1e-6,
                    "{key:?}: {row:?} and {expected}"
                );
            }
        }
    }
}

#[test]
fn a_state_dict_is_imported_and_faults_name_the_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("foreign.safetensors");
    let numbers = |n: usize| -> Vec<u8> {
        (0..n)
            .flat_map(|i| (0.01 * i as f32).sin().to_le_bytes())
            .collect()
    };
    let write = |second: usize| {
        use safetensors::tensor::{Dtype, TensorView};
        let parts = [
            ("network.0.weight", vec![5, 3]),
            ("network.0.bias", vec![5]),
            ("network.2.weight", vec![2, second]),
            ("network.2.bias", vec![2]),
        ]
        .map(|(name, shape)| (name, shape.clone(), numbers(shape.iter().product())));
        let views = parts.iter().map(|(name, shape, bytes)| {
            (
                *name,
                TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap(),
            )
        });
        std::fs::write(&file, safetensors::serialize(views, None).unwrap()).unwrap();
    };
    let out = folder.path().join("run");
    let args = [
        "import",
        file.to_str().unwrap(),
        "--dataset",
        "checkerboard",
        "--path",
        "condot",
        "--out",
        out.to_str().unwrap(),
    ];
    write(4);
    let (code, line) = failure(&args);
    assert_eq!(code, 1);
    assert!(
        line.contains("network.2.weight") && line.contains("foreign"),
        "{line}"
    );
    assert!(!out.exists(), "nothing is written for a bad file");
    write(5);
    stdout(&args);
    stdout(&[
        "eval",
        out.to_str().unwrap(),
        "--json",
        "--n",
        "100",
        "--steps",
        "4",
    ]);
}

#[test]
fn wrong_usage_exits_with_2_and_other_faults_with_1() {
    assert_eq!(
        flowlab(&["train", "toy", "--batch", "many"]).status.code(),
        Some(2)
    );
    assert_eq!(flowlab(&["fly"]).status.code(), Some(2));
    assert_eq!(
        flowlab(&["scheduler", "unknown", "--t", "0.5"])
            .status
            .code(),
        Some(2)
    );
    let (code, line) = failure(&["train", "toy", "--lr", "-1"]);
    assert_eq!(code, 1);
    assert!(line.contains("lr = -1"), "{line}");
    let (code, line) = failure(&["eval", "no/such/run", "--json"]);
    assert_eq!(code, 1);
    assert!(line.contains("no/such/run"), "{line}");
}

#[test]
fn devices_says_what_auto_takes() {
    let text = stdout(&["devices"]);
    assert!(
        text.lines().any(|line| line.starts_with("auto: ")),
        "{text}"
    );
}

#[test]
fn a_screenshot_without_a_display_says_what_to_do() {
    let (code, line) = failure(&["--screenshot", "never.png"]);
    assert_eq!(code, 1);
    assert!(line.contains("xvfb-run"), "{line}");
    assert!(!Path::new("never.png").exists());
}

/// The checkpoint file is either absent or whole at every moment of a run that is killed.
#[cfg(unix)]
#[test]
fn a_killed_run_can_be_resumed() {
    use std::time::{Duration, Instant};
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let name = run.to_str().unwrap();
    let args = ["--batch", "64", "--hidden", "16"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(["train", "toy", "--steps", "100000000", "--out", name])
        .args(args)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !run.join("log.csv").exists() {
        assert!(Instant::now() < deadline, "nothing was saved");
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let (config, step, _) = flowlab::train::checkpoint::load_state(&run).unwrap();
    assert!(step > 0 && config.batch == 64);
    let more = (step + 5).to_string();
    stdout(&["train", "toy", "--resume", name, "--steps", &more]);
    let (_, after, _) = flowlab::train::checkpoint::load_state(&run).unwrap();
    assert_eq!(after, step + 5);
}
