//! `flowlab pack`

use anyhow::Context;

use super::output::check_free_run;
use crate::cli::PackArgs;
use crate::train::files::replace_run;
use crate::train::images::SavedModel;
use crate::train::images::latent::own_autoencoder;

/// Copies a run's model alone, in float16: the form of the weights in the program.
///
/// # Errors
/// Names the file that could not be read or written.
pub fn run(args: &PackArgs) -> anyhow::Result<()> {
    check_free_run(&args.out, args.force)?;
    let name = args
        .run
        .to_str()
        .context("the run folder's name is no UTF-8")?;
    let saved = SavedModel::load(name)?;
    // A flow with an autoencoder of its own is worth nothing without it.
    let own = own_autoencoder(name, &saved.config).map_err(anyhow::Error::msg)?;
    replace_run(&args.out, |place| {
        saved.write(place, true)?;
        match &own {
            Some(vae) => vae.write(&place.join("vae"), true),
            None => Ok(()),
        }
    })?;
    let numbers: usize = saved.network.iter().map(|tensor| tensor.values.len()).sum();
    eprintln!(
        "{}: {numbers} weights of a run of `train {}` after {} steps",
        args.out.display(),
        saved.config.task(),
        saved.step
    );
    Ok(())
}
