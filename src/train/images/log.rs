//! `log.csv` of an image run: one row a step.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::train::files::{CheckpointError, io_error, write_atomically};

/// The losses of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Steps done after it, from 1.
    pub step: u64,
    /// The epoch it belongs to, from 1.
    pub epoch: u64,
    /// The loss and its parts.
    pub values: Vec<f32>,
    /// Training time so far, in seconds.
    pub seconds: f64,
}

/// Writes the rows up to `step`; earlier ones that are in the file already stay.
///
/// # Errors
/// Names the file.
pub fn write(path: &Path, parts: &[&str], step: u64, rows: &[Row]) -> Result<(), CheckpointError> {
    let first_new = rows.first().map_or(step + 1, |row| row.step);
    let old = fs::read_to_string(path).unwrap_or_default();
    let mut text = String::from("step,epoch,loss");
    for part in parts {
        text.push(',');
        text.push_str(part);
    }
    text.push_str(",seconds\n");
    let (earlier, offset) = earlier(&old, first_new, 3 + parts.len());
    text.push_str(&earlier);
    let mut bytes = text.into_bytes();
    let fail = |error| io_error(path, error);
    for row in rows.iter().filter(|row| row.step <= step) {
        write!(bytes, "{},{}", row.step, row.epoch).map_err(fail)?;
        for value in &row.values {
            write!(bytes, ",{value}").map_err(fail)?;
        }
        writeln!(bytes, ",{:.3}", row.seconds + offset).map_err(fail)?;
    }
    write_atomically(path, &bytes)
}

/// The lines of a log whose step is below `first_new`, and the time of the last of them, in seconds:
/// a resumed run's clock goes on from there. `seconds` is the place of the time in a line.
pub(in crate::train) fn earlier(log: &str, first_new: u64, seconds: usize) -> (String, f64) {
    let (mut kept, mut last) = (String::new(), 0.0);
    for line in log.lines().skip(1) {
        let cell = |place| line.split(',').nth(place);
        let at = cell(0).and_then(|cell| cell.parse::<u64>().ok());
        let time = cell(seconds).and_then(|cell| cell.parse::<f64>().ok());
        // A stop in the middle of a write leaves half a line: it is dropped here.
        let (Some(at), Some(time)) = (at, time) else {
            continue;
        };
        if at < first_new {
            kept.push_str(line);
            kept.push('\n');
            last = time;
        }
    }
    (kept, last)
}

/// The rows of a log; lines that are none are left out.
pub fn parse(text: &str) -> Vec<Row> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let (seconds, cells) = cells.split_last()?;
        let [step, epoch, values @ ..] = cells else {
            return None;
        };
        let values: Result<Vec<f32>, _> = values.iter().map(|cell| cell.parse()).collect();
        Some(Row {
            step: step.parse().ok()?,
            epoch: epoch.parse().ok()?,
            values: values.ok().filter(|values| !values.is_empty())?,
            seconds: seconds.parse().ok()?,
        })
    };
    text.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_are_written() {
        let rows = parse("step,epoch,loss,kl,seconds\n1,1,3,0.5,1.000\n\n2,x,1,1,1\n4,2,1,2,3.5\n");
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[1].step, rows[1].epoch), (4, 2));
        assert_eq!(
            (&rows[1].values[..], rows[1].seconds),
            (&[1.0, 2.0][..], 3.5)
        );
    }

    #[test]
    fn a_resumed_run_goes_on_where_its_state_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        let row = |step: u64, loss: f32, seconds: f64| Row {
            step,
            epoch: 1,
            values: vec![loss, 0.5],
            seconds,
        };
        write(&path, &["kl"], 2, &[row(1, 3.0, 1.0), row(2, 2.0, 2.0)]).unwrap();
        // Resumed after step 1: its own step 2 replaces the old one.
        write(&path, &["kl"], 2, &[row(2, 1.5, 0.5)]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "step,epoch,loss,kl,seconds\n1,1,3,0.5,1.000\n2,1,1.5,0.5,1.500\n"
        );
    }
}
