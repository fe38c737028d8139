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
/// Epochs that the still figure shows at most.
const EPOCHS: usize = 5;

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
        false => sheets(Path::new(&name))?,
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
            let last = sheets.len() - 1;
            let count = sheets.len().min(EPOCHS);
            // Early epochs differ most: their numbers are spread evenly on a log scale.
            let place = |i: usize| match count {
                1 => last,
                _ => {
                    let share = i as f64 / (count - 1) as f64;
                    ((last as f64 + 1.0).powf(share) - 1.0).round() as usize
                }
            };
            let mut places: Vec<usize> = (0..count).map(place).collect();
            if sheets.len() <= EPOCHS {
                places = (0..sheets.len()).collect();
            }
            places.dedup();
            let panels = places.iter().map(|place| panel(&sheets[*place]));
            // Sheets of fifty digits beside one another would be too small to read.
            vec![Scene::grid(panels.collect(), 3)]
        }
    };
    Ok(drawn(scenes, 2, name))
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

/// The sheets `samples/epoch-….png` of a run folder, by epoch.
fn sheets(folder: &Path) -> anyhow::Result<Vec<Sheet>> {
    let samples = folder.join("samples");
    let entries = std::fs::read_dir(&samples)
        .map_err(|error| anyhow!("--run: {}: {error}", samples.display()))?;
    let mut sheets = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let epoch = stem.and_then(|stem| stem.strip_prefix("epoch-")?.parse().ok());
        let Some(epoch) = epoch.filter(|_| path.extension().is_some_and(|end| end == "png")) else {
            continue;
        };
        let bytes = std::fs::read(&path).map_err(|e| anyhow!("{}: {e}", path.display()))?;
        let sheet = Sheet::from_png(epoch, &bytes);
        sheets.push(sheet.map_err(|error| anyhow!("{}: {error}", path.display()))?);
    }
    sheets.sort_by_key(|sheet| sheet.epoch);
    Ok(sheets)
}
