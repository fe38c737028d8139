//! The headless demo: what `flowlab` does where no window can open.

use std::path::Path;
use std::time::Duration;

use super::figure::write;
use super::figures::{Recipe, Wish};
use super::output;
use crate::device::DeviceChoice;
use crate::figure::Style;
use crate::train::{Preset, Start, ToyConfig};

/// Where the demo writes.
const FOLDER: &str = "flowlab-out";

/// How long it trains at most.
const TRAIN_FOR: Duration = Duration::from_secs(60);

/// The figures it writes.
const FIGURES: [(&str, Recipe); 3] = [
    ("flow.png", Recipe::PiT),
    ("steps.png", Recipe::Steps),
    ("loss.png", Recipe::Loss),
];

/// Trains `seed003` for a short while and writes its figures.
///
/// # Errors
/// A folder that cannot be written; training that fails.
pub fn run(device: DeviceChoice) -> anyhow::Result<()> {
    eprintln!(
        "no display: running the headless demo (see also: flowlab train | sample | eval | field | \
         --help)"
    );
    let folder = Path::new(FOLDER);
    let run = folder.join("run");
    let config = ToyConfig {
        steps: 2000,
        ..ToyConfig::preset(Preset::Seed003Cosine)
    };
    crate::command::train::train(config, Start::Fresh, device, Some(&run), Some(TRAIN_FOR))?;
    let name = run.to_string_lossy();
    let wish = Wish {
        runs: vec![name.to_string()],
        ..Wish::default()
    };
    for (file, recipe) in FIGURES {
        let style = Style {
            width_cm: recipe.width_cm(),
            ..Style::default()
        };
        write(recipe, &folder.join(file), &wish, &style)?;
        output::print(format_args!("{FOLDER}/{file}: {}\n", recipe.line()))?;
    }
    output::print(format_args!(
        "{FOLDER}/run: the trained model (flowlab eval {name} --json)\n"
    ))
}
