//! Seed 000: digits through the autoencoder, and samples while the flow in its latent space learns.

use std::path::Path;

use anyhow::{anyhow, ensure};
use rand::seq::SliceRandom;

use super::{Drawn, Wish};
use crate::data::mnist::{Mnist, SIDE, crop};
use crate::device::{self, DeviceChoice};
use crate::figure::{Panel, Scene};
use crate::train::batch::{Purpose, stream};
use crate::train::images::{SavedModel, Sheet, space, store, vae};

/// Digits of the check, and how many stand in a row.
const DIGITS: usize = 32;
const COLUMNS: usize = 8;
/// Epochs that the still figure shows at most, and those it takes where they are there.
const EPOCHS: usize = 5;
const WANTED: [u64; EPOCHS - 1] = [1, 5, 10, 25];

/// Digits of the test set beside what the autoencoder makes of them.
pub fn reconstruction(wish: &Wish) -> anyhow::Result<Drawn> {
    let name = wish.one_run("builtin:vae")?;
    let saved = SavedModel::load(&name)?;
    let (device, _) = device::open(DeviceChoice::Cpu)?;
    let network = space::load_vae(&saved, &device).map_err(|error| anyhow!("{name}: {error}"))?;
    let data = Mnist::builtin()?;
    let test = &data.test;
    let mut chosen: Vec<usize> = (0..test.len()).collect();
    chosen.shuffle(&mut stream(wish.seed(), Purpose::Shuffle, 0));
    chosen.truncate(DIGITS);
    let images = vae::reconstruct(&network, test, &chosen, &device).map_err(|e| anyhow!(e))?;
    let originals = chosen
        .iter()
        .flat_map(|i| test.image(*i).to_vec())
        .collect();
    let error = vae::mse(test, &chosen, &images);
    let panel = |pixels: Vec<u8>, title: String| grid(pixels, COLUMNS).titled(title);
    let scene = Scene::row(vec![
        panel(originals, "Original".to_owned()),
        panel(
            crop(&images),
            format!("Reconstructed, squared error {error:.4}"),
        ),
    ]);
    Ok(drawn(vec![scene], 1, name))
}

/// Samples from the same noise after some epochs.
pub fn epochs(wish: &Wish) -> anyhow::Result<Drawn> {
    let name = wish.one_run("builtin:latent")?;
    let sheets = match wish.runs.is_empty() {
        true => store::builtin_film(),
        false => store::film(Path::new(&name)).map_err(|error| anyhow!("--run: {error}"))?,
    };
    ensure!(
        !sheets.is_empty(),
        "{name}: samples/ holds no sheets epoch-….png; train it with the verb `train latent`"
    );
    let panel = |sheet: &Sheet| {
        let panel = grid(sheet.images.clone(), sheet.columns);
        panel.titled(format!("Epoch {}", sheet.epoch))
    };
    let scenes = match wish.moving {
        true => sheets
            .iter()
            .map(|sheet| Scene::row(vec![panel(sheet)]))
            .collect(),
        false => {
            let epochs: Vec<u64> = sheets.iter().map(|sheet| sheet.epoch).collect();
            let places = places(&epochs);
            let panels = places.iter().map(|place| panel(&sheets[*place]));
            // Sheets of fifty digits beside one another would be too small to read.
            vec![Scene::grid(panels.collect(), 3)]
        }
    };
    Ok(drawn(scenes, 2, name))
}

/// Which of the epochs are shown, the last among them.
fn places(epochs: &[u64]) -> Vec<usize> {
    if epochs.len() <= EPOCHS {
        return (0..epochs.len()).collect();
    }
    let last = epochs.len() - 1;
    let wanted = WANTED.map(|epoch| epochs.iter().position(|there| *there == epoch));
    let mut places: Vec<usize> = match wanted.iter().all(Option::is_some) {
        true => wanted.into_iter().flatten().chain([last]).collect(),
        // Early epochs differ most: their numbers are spread evenly on a log scale.
        false => (0..EPOCHS)
            .map(|i| {
                let share = i as f64 / (EPOCHS - 1) as f64;
                ((last as f64 + 1.0).powf(share) - 1.0).round() as usize
            })
            .collect(),
    };
    places.dedup();
    places
}

fn grid(pixels: Vec<u8>, columns: usize) -> Panel {
    Panel::images(pixels, [SIDE, SIDE], columns)
}

fn drawn(frames: Vec<Scene>, fps: u16, name: String) -> Drawn {
    Drawn {
        frames,
        fps,
        sha256: store::sha256(&name).ok(),
        source: name,
        ..Drawn::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_asked_epochs_are_shown_where_they_are() {
        let shown = |epochs: &[u64]| -> Vec<u64> {
            places(epochs).iter().map(|place| epochs[*place]).collect()
        };
        assert_eq!(shown(&[1, 2, 5, 10, 15, 25, 26]), [1, 5, 10, 25, 26]);
        assert_eq!(shown(&(1..=25).collect::<Vec<_>>()), [1, 5, 10, 25]);
        assert_eq!(shown(&[3, 4]), [3, 4]);
        let few = shown(&(1..=20).collect::<Vec<_>>());
        assert!(few.len() == 5 && few[0] == 1 && few[4] == 20, "{few:?}");
    }
}
