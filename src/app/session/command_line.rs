//! The command line that trains what the controls say.

use crate::train::ToyConfig;

/// Longer ones are cut by shells; a session file holds what they cannot.
const LONGEST: usize = 8000;

/// `flowlab train toy …` of these settings, every one named: presets may change. None where a
/// drawn target is too long for a command line.
pub fn train_toy(config: &ToyConfig, out: Option<&str>) -> Option<String> {
    let mut words = vec!["flowlab".to_owned(), "train".to_owned(), "toy".to_owned()];
    let mut flag = |name: &str, value: String| {
        words.push(format!("--{name}"));
        words.push(quoted(&value));
    };
    flag("preset", config.preset.to_string());
    flag("dataset", config.dataset.to_string());
    flag("path", config.path.to_string());
    flag("source", config.source.to_string());
    flag("coupling", config.coupling.to_string());
    flag("time", config.time.to_string());
    flag("mistake", config.mistake.to_string());
    flag("hidden", config.hidden.to_string());
    flag("layers", config.layers.to_string());
    flag("activation", config.activation.to_string());
    flag("batch", config.batch.to_string());
    flag("steps", config.steps.to_string());
    flag("lr", config.lr.to_string());
    flag("lr-schedule", config.lr_schedule.to_string());
    flag("ema", config.ema.unwrap_or(0.0).to_string());
    flag("seed", config.seed.to_string());
    if let Some(out) = out {
        flag("out", out.to_owned());
    }
    let line = words.join(" ");
    (line.len() <= LONGEST).then_some(line)
}

/// A word as the shell of the system takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if cfg!(windows) {
        format!("\"{}\"", word.replace('"', "\\\""))
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
