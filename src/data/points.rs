//! A data set that is a table of points.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};
use rand::{Rng, RngExt};

use super::picture::read_limited;
use super::toy::DatasetError;

/// Points that are drawn from with equal chances.
#[derive(Clone, Debug, PartialEq)]
pub struct PointSet {
    points: Vec<[f32; 2]>,
}

/// A table that was read, and what was left out of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The points.
    pub points: PointSet,
    /// Rows without a finite number in both columns.
    pub dropped: usize,
}

impl PointSet {
    /// Points at most.
    pub const MAX: usize = 100_000;

    /// Takes points as they are.
    ///
    /// # Errors
    /// When there are none or too many, or a coordinate is not finite or beyond ±1e6.
    pub fn new(points: Vec<[f32; 2]>) -> Result<Self, DatasetError> {
        if points.is_empty() {
            return Err(DatasetError::Empty);
        }
        let fits = |x: &f32| x.abs() <= 1e6;
        if points.len() > Self::MAX || !points.iter().flatten().all(fits) {
            return Err(DatasetError::Parameter {
                name: "point-list".to_owned(),
                reason: format!("needs at most {} points within ±1e6", Self::MAX),
            });
        }
        Ok(PointSet { points })
    }

    /// Reads a CSV file, see [`PointSet::parse`].
    ///
    /// # Errors
    /// Names the file, the row and the column at fault.
    pub fn from_csv_file(path: &Path, raw: bool) -> Result<Table, DatasetError> {
        let bytes = read_limited(path)?;
        Self::parse(&bytes, raw).map_err(|reason| DatasetError::File {
            path: path.to_owned(),
            reason,
        })
    }

    /// Reads a table: columns `x` and `y`, or the first two where no header names them; commas,
    /// semicolons or tabs between cells, and decimal commas where the cells are not separated
    /// by commas. Rows that hold no finite numbers are left out and counted.
    ///
    /// Unless `raw`, the points are moved to zero mean and scaled, both axes alike, to a mean
    /// variance of 1, the size of the source.
    ///
    /// # Errors
    /// Says in words what is wrong and in which row and column.
    pub fn parse(bytes: &[u8], raw: bool) -> Result<Table, String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = bytes.split(|&b| b == b'\n').next().unwrap_or(b"");
        let delimiter = [b';', b'\t', b',']
            .into_iter()
            .find(|d| first.contains(d))
            .ok_or("the first line has one column; two are needed, x and y")?;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(delimiter)
            .from_reader(bytes);
        let number = |text: &str| -> Option<f64> {
            if delimiter == b',' {
                text.parse().ok()
            } else {
                text.replace(',', ".").parse().ok()
            }
        };
        let mut places = [0, 1];
        let (mut points, mut dropped) = (Vec::new(), 0);
        for (k, record) in reader.records().enumerate() {
            let row = k + 1;
            let record = record.map_err(|error| format!("row {row}: {error}"))?;
            if k == 0 && record.iter().take(2).any(|cell| number(cell).is_none()) {
                places = header(&record)?;
                continue;
            }
            let mut point = [0.0_f64; 2];
            for (value, (&place, name)) in point.iter_mut().zip(places.iter().zip(["x", "y"])) {
                let Some(text) = record.get(place) else {
                    return Err(format!("row {row}: column {name} is missing"));
                };
                // An empty cell is a missing value, which tables are full of.
                *value = if text.is_empty() {
                    f64::NAN
                } else {
                    number(text)
                        .ok_or_else(|| format!("row {row}, column {name}: `{text}` is no number"))?
                };
            }
            if !point.iter().all(|x| x.is_finite()) {
                dropped += 1;
            } else if points.len() == Self::MAX {
                return Err(format!("more than {} points", Self::MAX));
            } else {
                points.push(point);
            }
        }
        if points.is_empty() {
            return Err("holds no points".to_owned());
        }
        if !raw {
            standardise(&mut points)?;
        }
        let points = points.iter().map(|p| p.map(|x| x as f32)).collect();
        Ok(Table {
            points: Self::new(points).map_err(|error| error.to_string())?,
            dropped,
        })
    }

    /// The points.
    pub fn points(&self) -> &[[f32; 2]] {
        &self.points
    }

    /// Largest coordinate in size.
    pub fn reach(&self) -> f64 {
        let reach = self
            .points
            .iter()
            .flatten()
            .fold(0.0_f32, |m, x| m.max(x.abs()));
        f64::from(reach)
    }

    /// One of the points.
    pub fn sample(&self, rng: &mut impl Rng) -> [f64; 2] {
        self.points[rng.random_range(0..self.points.len())].map(f64::from)
    }
}

/// The places of the columns x and y.
fn header(record: &StringRecord) -> Result<[usize; 2], String> {
    let mut places = [0; 2];
    for (place, name) in places.iter_mut().zip(["x", "y"]) {
        *place = record
            .iter()
            .position(|cell| cell.eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let there = record.iter().collect::<Vec<_>>().join(", ");
                format!("row 1: column {name} is missing; found {there}")
            })?;
    }
    Ok(places)
}

fn standardise(points: &mut [[f64; 2]]) -> Result<(), String> {
    let n = points.len() as f64;
    let mean = [0, 1].map(|i| points.iter().map(|p| p[i]).sum::<f64>() / n);
    let square = |p: &[f64; 2]| (p[0] - mean[0]).powi(2) + (p[1] - mean[1]).powi(2);
    let spread = (points.iter().map(square).sum::<f64>() / (2.0 * n)).sqrt();
    if !(spread.is_finite() && mean.iter().all(|m| m.is_finite())) {
        return Err("the numbers are too large to be scaled".to_owned());
    }
    // Points that all lie in one place stay one point.
    let scale = if spread > 0.0 { 1.0 / spread } else { 1.0 };
    for p in points {
        *p = [0, 1].map(|i| (p[i] - mean[i]) * scale);
    }
    Ok(())
}
