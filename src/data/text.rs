//! Data sets as text: on the command line, in `config.json`.
//!
//! A painted grid is `painted:ROW/ROW/…`, the top row first, one character for each pixel: its
//! weight 0 to 63 as 0–9, a–z, A–Z, - and _; `.` and `#` stand for the least and the most. A table is `point-list:X,Y;X,Y;…`. Both hold their
//! whole content, so that a run folder needs no other file. `image:FILE.png` and
//! `points:FILE.csv` are read only where a person types them, never from a stored file.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use super::drawn::PixelGrid;
use super::points::PointSet;
use super::toy::{Dataset, DatasetError};

/// The characters of the weights 0 to 63.
const LEVELS: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dataset::Checkerboard { grid, scale } => {
                write!(f, "checkerboard:grid={grid},scale={scale}")
            }
            Dataset::StandardBoard => f.write_str("standard-board"),
            Dataset::Moons => f.write_str("moons"),
            Dataset::SwissRoll => f.write_str("swiss-roll"),
            Dataset::EightGaussians => f.write_str("eight-gaussians"),
            Dataset::TwoSpirals => f.write_str("two-spirals"),
            Dataset::Rings => f.write_str("rings"),
            Dataset::Pinwheel => f.write_str("pinwheel"),
            Dataset::Painted(painted) => {
                let grid = painted.grid();
                f.write_str("painted:")?;
                for row in (0..grid.side()).rev() {
                    for column in 0..grid.side() {
                        let level = LEVELS[usize::from(grid.get([column, row]))];
                        write!(f, "{}", char::from(level))?;
                    }
                    if row > 0 {
                        f.write_str("/")?;
                    }
                }
                Ok(())
            }
            Dataset::Points(set) => {
                f.write_str("point-list:")?;
                for (k, [x, y]) in set.points().iter().enumerate() {
                    let semicolon = if k > 0 { ";" } else { "" };
                    write!(f, "{semicolon}{x},{y}")?;
                }
                Ok(())
            }
        }
    }
}

impl FromStr for Dataset {
    type Err = DatasetError;

    /// Reads a name, content, or the name of a file, whose content becomes the data set.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(rest) = text.strip_prefix("image:") {
            let (file, dark) = option(rest, ":dark");
            return Dataset::painted(PixelGrid::from_image_file(file, dark)?);
        }
        if let Some(rest) = text.strip_prefix("points:") {
            let (file, raw) = option(rest, ":raw");
            let table = PointSet::from_csv_file(file, raw)?;
            if table.dropped > 0 {
                log::warn!(
                    "{}: {} rows without finite numbers were left out",
                    file.display(),
                    table.dropped
                );
            }
            return Ok(Dataset::Points(Arc::new(table.points)));
        }
        stored(text)
    }
}

/// A file name and whether an option follows it.
fn option<'a>(text: &'a str, option: &str) -> (&'a Path, bool) {
    match text.strip_suffix(option) {
        Some(file) => (Path::new(file), true),
        None => (Path::new(text), false),
    }
}

/// A data set from text alone: no file is opened.
fn stored(text: &str) -> Result<Dataset, DatasetError> {
    let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
    let error = |reason: String| DatasetError::Parameter {
        name: shortened(text),
        reason,
    };
    match name {
        "painted" => return painted(parameters, error),
        "point-list" => return point_list(parameters, error),
        _ => {}
    }
    let usual = Dataset::ALL
        .into_iter()
        .find(|d| d.to_string().split(':').next() == Some(name))
        .ok_or_else(|| DatasetError::Unknown(shortened(text)))?;
    let pairs = parameters.split(',').filter(|p| !p.is_empty());
    pairs
        .map(|p| p.split_once('=').unwrap_or((p, "")))
        .try_fold(usual, |dataset, (key, value)| {
            let Dataset::Checkerboard { grid, scale } = dataset else {
                return Err(error("this dataset takes no parameters".to_owned()));
            };
            let number = || error(format!("{key} needs a number, not `{value}`"));
            match key {
                "grid" => Ok(Dataset::Checkerboard {
                    grid: value.parse().map_err(|_| number())?,
                    scale,
                }),
                "scale" => Ok(Dataset::Checkerboard {
                    grid,
                    scale: value.parse().map_err(|_| number())?,
                }),
                _ => Err(error(format!("unknown parameter {key}: use grid or scale"))),
            }
        })?
        .validate()
}

/// Enough of a text for a message.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn painted(rows: &str, error: impl Fn(String) -> DatasetError) -> Result<Dataset, DatasetError> {
    let rows: Vec<&str> = rows.split('/').collect();
    let side = rows.len();
    if side > PixelGrid::MAX_SIDE {
        return Err(error(format!("{side} rows; a grid has at most 64")));
    }
    let mut grid = PixelGrid::new(side);
    for (k, row) in rows.iter().enumerate() {
        let pixels = row.chars().count();
        if pixels != side {
            let line = k + 1;
            return Err(error(format!(
                "row {line} has {pixels} pixels, but there are {side} rows and the grid is square"
            )));
        }
        for (column, c) in row.chars().enumerate() {
            // By hand one writes a dot for nothing and a hash for ink.
            let level = match c {
                '.' => Some(0),
                '#' => Some(LEVELS.len() - 1),
                _ => LEVELS.iter().position(|&level| char::from(level) == c),
            };
            let level = level.ok_or_else(|| {
                let line = k + 1;
                error(format!(
                    "row {line}: `{c}` is no weight; use # and ., or 0-9, a-z, A-Z, - and _"
                ))
            })?;
            grid.set([column, side - 1 - k], level as u8);
        }
    }
    Dataset::painted(grid)
}

fn point_list(list: &str, error: impl Fn(String) -> DatasetError) -> Result<Dataset, DatasetError> {
    let point = |(k, text): (usize, &str)| {
        let wrong = || {
            let place = k + 1;
            error(format!("point {place}: `{}` is not X,Y", shortened(text)))
        };
        let (x, y) = text.split_once(',').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<f32>().map_err(|_| wrong());
        Ok([number(x)?, number(y)?])
    };
    let points = list.split(';').enumerate().map(point);
    let set = PointSet::new(points.collect::<Result<_, DatasetError>>()?)?;
    Ok(Dataset::Points(Arc::new(set)))
}

impl TryFrom<String> for Dataset {
    type Error = DatasetError;

    /// What a stored file may hold: names and content, no other files.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        stored(&text)
    }
}

impl From<Dataset> for String {
    fn from(dataset: Dataset) -> Self {
        dataset.to_string()
    }
}
