//! Reconstructions and walks, made on the lesson's thread.

use std::sync::Mutex;

use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::widgets::digit_grid::Pictures;
use crate::data::mnist::crop;
use crate::train::images::{space, vae};

/// The check of seed 000: rows and columns.
pub const ROWS: usize = 4;
pub const COLUMNS: usize = 8;
/// Pictures of a walk between two digits.
pub const WALK: usize = 41;
/// Pictures of its strip.
pub const STRIP: usize = 11;

/// What a picture is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub version: u64,
    pub seed: u64,
    pub ends: [usize; 2],
}

/// What the stage shows, made on the lesson's thread.
#[derive(Clone)]
pub struct Shown {
    /// Of the weights, for the caption.
    pub label: String,
    pub originals: Pictures,
    pub rebuilt: Pictures,
    pub difference: Pictures,
    /// Mean squared error, pixels 0 to 1.
    pub mse: f64,
    pub walk: Option<Vec<Pictures>>,
}

/// Encodes, decodes and walks; shows the check first.
pub fn make(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Result<Shown, String>>,
) -> Result<(), String> {
    let mnist = models::lock(models).images(source)?;
    let digits = &mnist.test;
    if digits.len() < ROWS * COLUMNS {
        return Err(format!("{}: fewer than 32 test images", mnist.name));
    }
    let first = (key.seed as usize * ROWS * COLUMNS) % (digits.len() - ROWS * COLUMNS + 1);
    let indices: Vec<usize> = (first..first + ROWS * COLUMNS).collect();
    let device = models::lock(models).device()?;
    let net = models::lock(models).vae(source)?;
    let net = &*net;
    let originals: Vec<u8> = indices
        .iter()
        .flat_map(|i| digits.image(*i).to_vec())
        .collect();
    let images = job
        .pool
        .install(|| vae::reconstruct(net, digits, &indices, &device))?;
    let rebuilt = crop(&images);
    let difference = originals
        .iter()
        .zip(&rebuilt)
        .map(|(a, b)| a.abs_diff(*b))
        .collect();
    let mut shown = Shown {
        label: source.label.clone(),
        mse: vae::mse(digits, &indices, &images),
        originals: Pictures::new(originals),
        rebuilt: Pictures::new(rebuilt),
        difference: Pictures::new(difference),
        walk: None,
    };
    job.show(Ok(shown.clone()));
    let ends = key.ends.map(|end| indices[end]);
    let codes = space::encode(net, digits, &ends, &device)?.mean;
    let (a, b) = codes.split_at(codes.len() / 2);
    let mut way = Vec::with_capacity(WALK * a.len());
    for frame in 0..WALK {
        let s = frame as f32 / (WALK - 1) as f32;
        way.extend(a.iter().zip(b).map(|(a, b)| a + s * (b - a)));
    }
    let images = job.pool.install(|| space::decode(net, &way, &device))?;
    let grey = crop(&images);
    let pixels = grey.len() / WALK;
    let pictures = grey
        .chunks_exact(pixels)
        .map(|one| Pictures::new(one.to_vec()));
    shown.walk = Some(pictures.collect());
    job.show(Ok(shown));
    Ok(())
}
