//! The table of `flowlab bench --markdown`, with PyTorch's column and the machine's name.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::bench::{PARTICLES, Report, STEPS};

/// What `benches/pytorch_baseline.py --json` prints, or `BASELINE=FILE benches/compare.sh` writes.
#[derive(Debug, Deserialize)]
pub struct Baseline {
    torch: String,
    threads: usize,
    eager: Column,
    compiled: Option<Column>,
}

/// Medians of one way to run PyTorch.
#[derive(Debug, Deserialize)]
struct Column {
    toy_train_step_ms: f64,
    toy_sample_s: f64,
    /// Only `compare.sh` writes the image models down.
    latent_epoch_s: Option<f64>,
    vae_epoch_s: Option<f64>,
}

impl Baseline {
    /// Reads the script's output.
    ///
    /// # Errors
    /// Names the file when it cannot be read or holds something else.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("--baseline {shown}"))?;
        serde_json::from_str(&text).with_context(|| {
            format!("--baseline {shown}: not the output of benches/pytorch_baseline.py --json")
        })
    }
}

/// The figures as a table, PyTorch's beside them where they are known.
pub fn markdown(report: &Report, baseline: Option<&Baseline>) -> String {
    let step = &report.toy_train_step_ms;
    let sample = report.toy_sample_s.value;
    let share = 100.0 * report.toy_sample_gflops.value / report.gemm_gflops.value;
    let latent = &report.latent_epoch_s;
    let vae = &report.vae_epoch_s;
    let (peak, field) = (&report.gemm_gflops, &report.exact_field_mpoints_per_s);
    let particles = format!("{} 000 particles, {STEPS} Euler steps", PARTICLES / 1000);
    let rows = [
        (
            "one training step of the tutorial (batch 4096, 4 × 128, Adam included)".to_owned(),
            format!("{:.1} ms ({})", step.value, step.device),
            baseline.map(|b| cells(b, step.value, |c| Some(c.toy_train_step_ms), "ms", 1)),
        ),
        (
            particles,
            format!("{sample:.2} s, {share:.0} % of the peak below"),
            baseline.map(|b| cells(b, sample, |c| Some(c.toy_sample_s), "s", 2)),
        ),
        (
            "peak of the matrix product".to_owned(),
            format!("{:.0} Gflop/s", peak.value),
            baseline.map(empty),
        ),
        (
            "the exact field".to_owned(),
            format!("{:.1} million evaluations a second", field.value),
            baseline.map(empty),
        ),
        (
            "one epoch of the 4 × 128 transformer on MNIST's codes".to_owned(),
            format!("{:.0} s ({})", latent.value, latent.device),
            baseline.map(|b| cells(b, latent.value, |c| c.latent_epoch_s, "s", 0)),
        ),
        (
            "one epoch of the autoencoder on MNIST".to_owned(),
            format!("{:.0} s ({})", vae.value, vae.device),
            baseline.map(|b| cells(b, vae.value, |c| c.vae_epoch_s, "s", 0)),
        ),
    ];
    let mut text = format!("{}:\n\n| what | Flow Lab |", machine());
    let mut rule = "|---|---|".to_owned();
    if let Some(baseline) = baseline {
        let _ = write!(
            text,
            " PyTorch {}, {} threads |",
            baseline.torch, baseline.threads
        );
        rule.push_str("---|");
        if baseline.compiled.is_some() {
            text.push_str(" torch.compile |");
            rule.push_str("---|");
        }
    }
    let _ = writeln!(text, "\n{rule}");
    for (what, ours, theirs) in rows {
        let _ = writeln!(text, "| {what} | {ours} |{}", theirs.unwrap_or_default());
    }
    text
}

/// PyTorch's cells of a row, each with our share of it; a dash where it was not measured.
fn cells(
    baseline: &Baseline,
    ours: f64,
    figure: impl Fn(&Column) -> Option<f64>,
    unit: &str,
    digits: usize,
) -> String {
    let columns = [Some(&baseline.eager), baseline.compiled.as_ref()];
    let cell = |column: &Column| {
        figure(column).map_or_else(
            || " – |".to_owned(),
            |theirs| format!(" {theirs:.digits$} {unit} (ratio {:.2}) |", ours / theirs),
        )
    };
    columns.into_iter().flatten().map(cell).collect()
}

fn empty(baseline: &Baseline) -> String {
    cells(baseline, 0.0, |_| None, "", 0)
}

/// Processor, cores and system of this machine.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = line_of("/proc/cpuinfo", "model name")
        .or_else(|| std::env::var("PROCESSOR_IDENTIFIER").ok())
        .or_else(apple_processor)
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let system = line_of("/etc/os-release", "PRETTY_NAME")
        .unwrap_or_else(|| std::env::consts::OS.to_owned());
    format!("{model}, {cores} cores, {system}")
}

/// What stands behind a key in a file of keys and values.
fn line_of(path: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    let (_, value) = line.split_once([':', '='])?;
    Some(value.trim().trim_matches('"').to_owned())
}

fn apple_processor() -> Option<String> {
    let asked = std::process::Command::new("sysctl")
        .args(["-n", "machdep.cpu.brand_string"])
        .output()
        .ok()
        .filter(|output| output.status.success() && cfg!(target_os = "macos"))?;
    Some(String::from_utf8(asked.stdout).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::bench::Figure;
    use super::*;

    fn report() -> Report {
        let figure = |value| Figure {
            value,
            device: "CPU".to_owned(),
        };
        Report {
            toy_train_step_ms: figure(8.0),
            toy_sample_s: figure(0.5),
            gemm_gflops: figure(200.0),
            toy_sample_gflops: figure(160.0),
            latent_epoch_s: figure(40.0),
            vae_epoch_s: figure(20.0),
            exact_field_mpoints_per_s: figure(14.0),
        }
    }

    #[test]
    fn every_row_has_as_many_cells_as_the_head() {
        let baseline: Baseline = serde_json::from_str(
            r#"{"torch": "2.9", "threads": 2,
                "eager": {"toy_train_step_ms": 20.0, "toy_sample_s": 2.0,
                          "latent_epoch_s": 32.0, "vae_epoch_s": 25.0},
                "compiled": {"toy_train_step_ms": 16.0, "toy_sample_s": 1.0}}"#,
        )
        .unwrap();
        for (baseline, cells) in [(None, 2), (Some(&baseline), 4)] {
            let text = markdown(&report(), baseline);
            let table: Vec<_> = text.lines().skip(2).collect();
            assert_eq!(table.len(), 8, "{text}");
            for line in table {
                assert_eq!(line.matches('|').count(), cells + 1, "{line}");
            }
        }
        let text = markdown(&report(), Some(&baseline));
        assert!(
            text.contains("20.0 ms (ratio 0.40) | 16.0 ms (ratio 0.50)"),
            "{text}"
        );
        assert!(text.contains("80 % of the peak"), "{text}");
        // What was not measured for torch.compile is a dash.
        assert!(text.contains("32 s (ratio 1.25) | – |"), "{text}");
    }

    #[test]
    fn a_baseline_of_another_kind_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.json");
        std::fs::write(&path, "[]").unwrap();
        let error = Baseline::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("b.json") && error.contains("pytorch_baseline"),
            "{error}"
        );
    }
}
