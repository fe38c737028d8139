//! Noise, starting points and targets for the verbs.

use std::path::Path;

use anyhow::{bail, ensure};

use super::table;
use crate::data::{self, Dataset};
use crate::train::batch;

pub use crate::train::mover::{Mover as Source, narrow};

/// The corners of a target's boxes, to draw behind points; none where it has no boxes.
pub fn ghost(dataset: &Dataset) -> Vec<([f64; 2], [f64; 2])> {
    let boxes = dataset.boxes().map_or_else(Vec::new, |union| union.boxes);
    boxes.iter().map(|cell| (cell.lo, cell.hi)).collect()
}

/// `n` standard normal points of a seed, as every view and verb draws them.
pub fn noise(seed: u64, n: usize) -> Vec<f64> {
    batch::noise(seed, n).into_iter().map(f64::from).collect()
}

/// Starting points: from a CSV with columns x,y, or drawn from the source with a seed.
///
/// # Errors
/// Names the file and the row at fault; more points than memory is worth.
pub fn starting_points(
    file: Option<&Path>,
    source: &data::Source,
    seed: u64,
    n: usize,
) -> anyhow::Result<Vec<f64>> {
    if let Some(file) = file {
        let rows = table::read(file, ["x", "y"])?;
        ensure!(!rows.is_empty(), "{}: holds no points", file.display());
        return Ok(rows.into_iter().flatten().collect());
    }
    match n {
        0 => bail!("--n: 0 points; ask for at least 1"),
        1..=50_000_000 => {
            let points = batch::noise_from(source, seed, n);
            Ok(points.into_iter().map(f64::from).collect())
        }
        _ => bail!("--n: {n} points are too many; ask for at most 50000000"),
    }
}
