//! `flowlab import`

use anyhow::ensure;

use super::output::check_free_run;
use crate::cli::ImportArgs;
use crate::train::ToyConfig;
use crate::train::checkpoint;
use crate::train::files::replace_run;

/// Turns a state dict in the layout of seed 003's class into a run folder.
///
/// # Errors
/// Names the file and the tensor at fault.
pub fn run(args: &ImportArgs) -> anyhow::Result<()> {
    check_free_run(&args.out, args.force)?;
    let weights = checkpoint::import(&args.file, args.activation)?;
    let shape = weights.shape();
    let hidden = &shape[1..shape.len() - 1];
    ensure!(
        hidden.windows(2).all(|pair| pair[0] == pair[1]),
        "{}: the hidden layers differ in width: {hidden:?}",
        args.file.display()
    );
    let config = ToyConfig {
        dataset: args.dataset.clone(),
        path: args.path,
        hidden: hidden.first().copied().unwrap_or(1),
        layers: hidden.len(),
        activation: args.activation,
        ..ToyConfig::default()
    };
    // Nothing of a run that was there stays: its optimizer's state would be gone on from in place
    // of these weights.
    replace_run(&args.out, |place| {
        checkpoint::save_model(place, &config, 0, &weights)
    })?;
    eprintln!("{}: network {shape:?} imported", args.out.display());
    Ok(())
}
