//! `flowlab reconstruct`

use anyhow::{anyhow, ensure};
use rand::seq::SliceRandom;

use super::output;
use crate::cli::ReconstructArgs;
use crate::data::mnist::{Mnist, crop};
use crate::device;
use crate::train::batch::{Purpose, stream};
use crate::train::images::{SavedModel, Sheet, space, vae};

/// Images in a row.
const COLUMNS: usize = 8;

/// Draws test images above their reconstructions.
///
/// # Errors
/// Names the flag or file at fault.
pub fn run(args: &ReconstructArgs) -> anyhow::Result<()> {
    output::check_free(&args.out, args.force)?;
    ensure!(
        args.out.extension().is_some_and(|kind| kind == "png"),
        "--out: {} does not end in .png",
        args.out.display()
    );
    let data = Mnist::load(args.data.as_ref())?;
    let test = &data.test;
    ensure!(
        (1..=test.len()).contains(&args.n),
        "--n: {} is out of range: 1 to {}, the number of test images",
        args.n,
        test.len()
    );
    let (device, _) = device::open(args.device)?;
    let saved = SavedModel::load(&args.checkpoint)?;
    let network = space::load_vae(&saved, &device)
        .map_err(|error| anyhow!("{}: {error}", args.checkpoint))?;
    let mut chosen: Vec<usize> = (0..test.len()).collect();
    chosen.shuffle(&mut stream(args.seed, Purpose::Shuffle, 0));
    chosen.truncate(args.n);
    let images = vae::reconstruct(&network, test, &chosen, &device).map_err(|e| anyhow!(e))?;
    let columns = COLUMNS.min(args.n);
    let mut grey: Vec<u8> = chosen
        .iter()
        .flat_map(|&index| test.image(index).to_vec())
        .collect();
    // The reconstructions begin a row of their own.
    let missing = args.n.next_multiple_of(columns) - args.n;
    grey.resize(grey.len() + missing * test.image(0).len(), 0);
    grey.extend(crop(&images));
    let sheet = Sheet {
        epoch: 0,
        columns,
        images: grey,
    };
    output::write(&args.out, &sheet.png().map_err(|e| anyhow!(e))?)?;
    eprintln!(
        "{}: {} test images, mean squared error {:.5}",
        args.out.display(),
        args.n,
        vae::mse(test, &chosen, &images)
    );
    Ok(())
}
