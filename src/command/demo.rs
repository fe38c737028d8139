//! The headless demo: what `flowlab` does where no window can open.

use std::path::Path;
use std::time::Duration;

use super::generate::{self, Source};
use super::output;
use crate::device::DeviceChoice;
use crate::figure::canvas::{EXACT, GENERATED, SOURCE};
use crate::figure::{curve, scatter};
use crate::flow::solver::Solver;
use crate::train::{Checkpoint, Preset, Start, ToyConfig};

/// Where the demo writes.
const FOLDER: &str = "flowlab-out";

/// How long it trains at most.
const TRAIN_FOR: Duration = Duration::from_secs(60);

/// Times of seed 003's figure 4.
const TIMES: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];

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
    let checkpoint = Checkpoint::load(&name)?;
    write_figures(folder, &checkpoint)?;
    println!("{FOLDER}/flow.png: particles at t = 0, 0.2, 0.4, 0.6, 0.8, 1 over the target");
    println!("{FOLDER}/steps.png: the same noise after 1, 2, 4, 8, 16, 64 Euler steps");
    println!("{FOLDER}/excess.png: excess loss over the steps, logarithmic");
    println!("{FOLDER}/run: the trained model (flowlab eval {name} --json)");
    Ok(())
}

fn write_figures(folder: &Path, checkpoint: &Checkpoint) -> anyhow::Result<()> {
    let ghost = generate::ghost(&checkpoint.config.dataset);
    let extent = checkpoint.config.dataset.extent();
    let source = Source::model(checkpoint);
    let x0 = generate::noise(0, 5000);

    let flow = source.trajectories(Solver::Euler, 100, &x0, &TIMES, None)?;
    let frames: Vec<Vec<f32>> = flow.states.iter().map(|x| generate::narrow(x)).collect();
    let panels: Vec<_> = frames
        .iter()
        .enumerate()
        .map(|(i, points)| scatter::Panel {
            points,
            colour: if i == 0 { SOURCE } else { GENERATED },
        })
        .collect();
    let picture = scatter::row(&panels, &ghost, extent, 320);
    output::write(&folder.join("flow.png"), &picture.png())?;

    let mut ends = Vec::new();
    for steps in [1, 2, 4, 8, 16, 64] {
        let end = source.trajectories(Solver::Euler, steps, &x0, &[1.0], None)?;
        ends.push(generate::narrow(&end.states[0]));
    }
    let panels: Vec<_> = ends
        .iter()
        .map(|points| scatter::Panel {
            points,
            colour: GENERATED,
        })
        .collect();
    let picture = scatter::row(&panels, &ghost, extent, 320);
    output::write(&folder.join("steps.png"), &picture.png())?;

    let rows = super::table::read(&folder.join("run/log.csv"), ["step", "excess"]);
    let excess: Vec<f64> = rows.unwrap_or_default().iter().map(|row| row[1]).collect();
    let curve = curve::Curve {
        values: &excess,
        colour: EXACT,
    };
    let picture = curve::plot(&curve, None, true, [960, 480]);
    output::write(&folder.join("excess.png"), &picture.png())
}
