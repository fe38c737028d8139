//! Sources, couplings and drawn data sets on the command line.

use std::path::Path;
use std::process::Command;

use flowlab::data::Dataset;
use flowlab::flow::coupling::Coupling;
use flowlab::flow::{Scheduler, Solver};
use serde_json::Value;

fn flowlab(args: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn good(args: &[&str]) -> String {
    let (success, out, error) = flowlab(args);
    assert!(success, "{args:?}: {error}");
    out
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&good(args)).unwrap()
}

fn numbers(path: &Path) -> Vec<Vec<f64>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader
        .records()
        .map(|row| row.unwrap().iter().map(|x| x.parse().unwrap()).collect())
        .collect()
}

/// Settings of a run that takes a moment.
const SMALL: [&str; 10] = [
    "--steps", "60", "--batch", "256", "--hidden", "16", "--layers", "2", "--device", "cpu",
];

fn train(out: &str, more: &[&str]) -> Value {
    let mut args = vec!["train", "toy", "--out", out];
    args.extend(SMALL);
    args.extend(more);
    good(&args);
    let config = std::fs::read(Path::new(out).join("config.json")).unwrap();
    serde_json::from_slice(&config).unwrap()
}

#[test]
fn settings_are_kept_and_samples_start_from_the_source() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let run = run.to_str().unwrap();
    let config = train(
        run,
        &[
            "--dataset",
            "eight-gaussians",
            "--source",
            "uniform",
            "--coupling",
            "minibatch-ot:32",
            "--time",
            "stratified",
            "--mistake",
            "no-time",
        ],
    );
    for (key, value) in [
        ("source", "uniform"),
        ("coupling", "minibatch-ot:32"),
        ("time", "stratified"),
        ("mistake", "no-time"),
    ] {
        assert_eq!(config[key], value);
    }
    let out = folder.path().join("x.csv");
    let file = out.to_str().unwrap();
    good(&["sample", run, "--n", "400", "--steps", "4", "--out", file]);
    let half = 3.0_f64.sqrt();
    let rows = numbers(&out);
    assert_eq!(rows.len(), 400);
    assert!(
        rows.iter()
            .all(|r| r[0].abs() <= half && r[1].abs() <= half)
    );
    let report = json(&["eval", run, "--json", "--n", "400", "--steps", "4"]);
    // Neither the exact field nor the likelihood is known for a uniform source.
    for key in ["loss", "excess", "nll", "hutchinson", "density_integral"] {
        assert!(report[key].is_null(), "{key}: {}", report[key]);
    }
    for key in ["mmd", "w2", "round_trip", "normalised_path_energy"] {
        assert!(report[key].as_f64().unwrap() > 0.0, "{key}");
    }
    assert!(report["nll_best"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_run_on_a_file_needs_the_file_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let picture =
        image::GrayImage::from_fn(20, 20, |x, _| image::Luma([if x < 10 { 255 } else { 0 }]));
    picture.save(path("half.png")).unwrap();
    std::fs::write(path("cloud.csv"), "x,y\n-1,0\n1,0.5\n0,-0.5\nnan,2\n").unwrap();
    for (dataset, file, kind) in [
        (
            format!("image:{}", path("half.png")),
            "half.png",
            "painted:",
        ),
        (
            format!("points:{}", path("cloud.csv")),
            "cloud.csv",
            "point-list:",
        ),
    ] {
        let run = path(kind);
        let config = train(&run, &["--dataset", &dataset]);
        assert!(config["dataset"].as_str().unwrap().starts_with(kind));
        std::fs::remove_file(path(file)).unwrap();
        let report = json(&["eval", &run, "--json", "--n", "300", "--steps", "4"]);
        assert!(report["floor"].as_f64().unwrap() > 0.0);
        assert!(report["excess"].as_f64().unwrap() > 0.0);
        let (success, _, error) = flowlab(&["train", "toy", "--dataset", &dataset, "--out", &run]);
        assert!(!success && error.contains(file), "{error}");
    }
}

#[test]
fn the_exact_field_is_as_good_as_the_truth() {
    let report = json(&[
        "eval",
        "--exact",
        "--dataset",
        "eight-gaussians",
        "--path",
        "condot",
        "--json",
        "--n",
        "2000",
        "--steps",
        "64",
        "--solver",
        "rk4",
    ]);
    let value = |key: &str| report[key].as_f64().unwrap();
    for key in ["sliced_w2", "w2", "energy_distance", "mmd"] {
        let band = &report["null"][key];
        let (mean, sd) = (band["mean"].as_f64().unwrap(), band["sd"].as_f64().unwrap());
        assert!(
            value(key) < mean + 6.0 * sd + 0.3 * mean,
            "{key}: {} {band}",
            value(key)
        );
    }
    assert!(value("round_trip") < 0.01, "{}", value("round_trip"));
    assert!((value("density_integral") - 1.0).abs() < 0.01);
    assert!(value("nll_gap").abs() < 0.1, "{}", value("nll_gap"));
    let probes = &report["hutchinson"];
    let (estimate, exact) = (
        probes["nll"].as_f64().unwrap(),
        probes["nll_exact"].as_f64().unwrap(),
    );
    let error = probes["rms"].as_f64().unwrap() / 500.0_f64.sqrt();
    assert!((estimate - exact).abs() < 4.0 * error, "{probes}");
    assert!(value("path_energy") > value("straightness"));
    assert_eq!(report["excess"], 0.0);
}

#[test]
fn every_dataset_path_coupling_and_solver_goes_through_every_verb() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let points = at("points.csv");
    std::fs::write(&points, "t,x,y\n0.2,0.5,-1\n0.5,1,1\n").unwrap();
    let tiny = [
        "--steps", "2", "--batch", "32", "--hidden", "8", "--layers", "1", "--device", "cpu",
        "--force",
    ];
    // Each choice of each list once, with the others' choices taken in turn.
    let most = Dataset::ALL
        .len()
        .max(Solver::ALL.len())
        .max(Scheduler::ALL.len());
    for i in 0..most {
        let dataset = Dataset::ALL[i % Dataset::ALL.len()].to_string();
        let path = Scheduler::ALL[i % Scheduler::ALL.len()].to_string();
        let coupling = Coupling::ALL[i % Coupling::ALL.len()].to_string();
        let solver = Solver::ALL[i % Solver::ALL.len()].to_string();
        let run = at("run");
        let what = [
            "--dataset",
            &dataset,
            "--path",
            &path,
            "--coupling",
            &coupling,
        ];
        good(&[&["train", "toy", "--out", &run][..], &what, &tiny].concat());
        let config = std::fs::read_to_string(at("run/config.json")).unwrap();
        for name in [&dataset, &path, &coupling] {
            assert!(config.contains(name.as_str()), "{name}: {config}");
        }
        let small = ["--solver", &solver, "--steps", "3"];
        let out = at("samples.csv");
        let sample = ["sample", &run, "--n", "50", "--force", "--out", &out];
        good(&[&sample[..], &small].concat());
        let samples = std::fs::read_to_string(&out).unwrap();
        assert_eq!(samples.lines().count(), 51, "{dataset}");
        assert!(
            !samples.contains("NaN") && !samples.contains("inf"),
            "{samples}"
        );
        let out = at("field.csv");
        let field = [
            "field",
            "--dataset",
            &dataset,
            "--path",
            &path,
            "--points",
            &points,
        ];
        let field = [&field[..], &["--out", &out, "--force"]].concat();
        if Dataset::ALL[i % Dataset::ALL.len()].has_exact() {
            good(&field);
            let field = std::fs::read_to_string(&out).unwrap();
            assert_eq!(field.lines().count(), 3, "{field}");
        } else {
            let (success, _, error) = flowlab(&field);
            assert!(!success && error.contains("no exact field"), "{error}");
        }
        let report = json(&[&["eval", &run, "--json", "--n", "50"][..], &small].concat());
        assert!(report["energy_distance"].as_f64().unwrap().is_finite());
        assert_eq!(report["n"], 50, "{dataset} {path} {coupling} {solver}");
    }
}

/// Checks a share off the support of `n` samples against a row of the reference, both of which
/// are shares of finite samples, 10 000 in the reference.
fn assert_share(record: &csv::StringRecord, share: f64, n: usize) {
    let expected: f64 = record[4].parse().unwrap();
    let percent = 100.0 * share;
    let p = (expected / 100.0).clamp(0.002, 0.998);
    let sd = 100.0 * (p * (1.0 - p) * (1.0 / n as f64 + 1e-4)).sqrt();
    assert!(
        (percent - expected).abs() < 4.5 * sd,
        "{record:?}: {percent}"
    );
}

fn reference() -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_path("tests/data/off_support_exact_field.csv").unwrap();
    reader.records().map(|record| record.unwrap()).collect()
}

#[test]
fn eval_of_the_exact_field_reproduces_the_reference() {
    let mut rows = 0;
    for record in reference() {
        let (path, solver, steps) = (&record[0], &record[1], &record[2]);
        let wanted = match path {
            "condot" => steps == "8" && ["euler", "heun"].contains(&solver),
            "vp" => (solver, steps) == ("euler", "16"),
            _ => false,
        };
        if !wanted {
            continue;
        }
        let report = json(&[
            "eval", "--exact", "--path", path, "--solver", solver, "--steps", steps, "--json",
            "--n", "2000",
        ]);
        assert_share(&record, report["off_support"].as_f64().unwrap(), 2000);
        let nfe: u64 = record[3].parse().unwrap();
        assert_eq!(report["nfe"].as_u64().unwrap(), nfe, "{record:?}");
        for name in ["straightness", "round_trip", "nll_gap"] {
            let band = &report["null"][name];
            assert!(band["sd"].as_f64().unwrap() >= 0.0, "{name}: {band}");
        }
        rows += 1;
    }
    assert_eq!(rows, 3);
}

/// All rows: `eval` takes seconds for each, because it measures much more.
#[test]
fn samples_of_the_exact_field_reproduce_the_whole_reference() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("x.csv");
    let boxes = Dataset::CHECKERBOARD.boxes().unwrap();
    let rows = reference();
    assert_eq!(rows.len(), 71);
    for record in rows {
        let (path, solver, steps) = (&record[0], &record[1], &record[2]);
        good(&[
            "sample",
            "--exact",
            "--path",
            path,
            "--solver",
            solver,
            "--steps",
            steps,
            "--n",
            "4000",
            "--force",
            "--out",
            out.to_str().unwrap(),
        ]);
        let ends: Vec<f64> = numbers(&out)
            .iter()
            .flat_map(|row| [row[2], row[3]])
            .collect();
        let share = flowlab::flow::metric::off_support(&boxes, &ends);
        assert_share(&record, share, 4000);
    }
}

#[test]
fn field_knows_mixtures_and_painted_grids() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("points.csv"), "t,x,y\n0,0.5,-1\n0.5,1,1\n").unwrap();
    for (k, dataset) in [
        "eight-gaussians",
        "painted:010/111/010",
        "point-list:1,0;-1,0",
    ]
    .into_iter()
    .enumerate()
    {
        let out = path(&format!("{k}.csv"));
        good(&[
            "field",
            "--path",
            "condot",
            "--dataset",
            dataset,
            "--points",
            &path("points.csv"),
            "--out",
            &out,
        ]);
        let rows = numbers(Path::new(&out));
        // At t = 0 the velocity is E[x1] − x, and all three have mean zero.
        assert!((rows[0][3] + 0.5).abs() < 1e-9 && (rows[0][4] - 1.0).abs() < 1e-9);
        // v = (E[x1|x] − x)/(1 − t).
        assert!((rows[1][3] - (rows[1][7] - 1.0) / 0.5).abs() < 1e-9);
    }
    let (success, _, error) = flowlab(&[
        "field",
        "--path",
        "condot",
        "--dataset",
        "moons",
        "--points",
        &path("points.csv"),
        "--out",
        &path("no.csv"),
    ]);
    assert!(!success && error.contains("no exact field"), "{error}");
}

#[test]
fn the_table_has_a_row_for_each_data_set_and_path() {
    let (_, out, error) = flowlab(&[
        "train", "table", "--steps", "20", "--batch", "64", "--hidden", "8", "--layers", "1",
        "--device", "cpu",
    ]);
    let rows = out.lines().filter(|line| line.starts_with("| ")).count();
    assert_eq!(rows, 1 + 48, "{out}");
    // So short a training learns little, and the command says so.
    assert!(error.contains("did not learn"), "{error}");
    assert!(error.contains("48/48"), "{error}");
}
