//! CSV files of numbers with named columns.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::train::files::ordinary;

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// The bytes of an ordinary file of at most 256 MiB.
///
/// # Errors
/// Names the file when it is something else, larger or not there.
pub fn contents(path: &Path) -> anyhow::Result<Vec<u8>> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = File::open(ordinary(path)?)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().with_context(|| path.display().to_string())?;
    ensure!(
        bytes.len() as u64 <= MAX_BYTES,
        "{}: larger than {} MiB",
        path.display(),
        MAX_BYTES >> 20
    );
    Ok(bytes)
}

/// Reads the named columns; others may be there too.
///
/// # Errors
/// Names the file, the row and the column at fault.
pub fn read<const N: usize>(path: &Path, columns: [&str; N]) -> anyhow::Result<Vec<[f64; N]>> {
    parse(&contents(path)?[..], &path.display().to_string(), columns)
}

/// The same from any source; `name` is for the errors.
///
/// # Errors
/// Names the row and the column at fault.
pub fn parse<const N: usize>(
    from: impl Read,
    name: &str,
    columns: [&str; N],
) -> anyhow::Result<Vec<[f64; N]>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(from);
    let header = reader.headers().with_context(|| name.to_owned())?.clone();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        // A file saved by a spreadsheet may begin with a byte-order mark.
        let found = header
            .iter()
            .position(|cell| cell.trim_start_matches('\u{feff}') == column);
        let Some(found) = found else {
            let there = header.iter().collect::<Vec<_>>().join(",");
            bail!("{name}: column {column} is missing; found {there}");
        };
        *place = found;
    }
    let mut rows = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let record = record.with_context(|| name.to_owned())?;
        let mut row = [0.0; N];
        for ((value, &place), column) in row.iter_mut().zip(&places).zip(columns) {
            let text = &record[place];
            *value = text.parse::<f64>().with_context(|| {
                format!(
                    "{name}: row {}, column {column}: `{text}` is no number",
                    number + 1
                )
            })?;
            ensure!(
                value.is_finite(),
                "{name}: row {}, column {column}: {value} is not finite",
                number + 1
            );
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Writes a header and rows of numbers, each in the shortest form that reads back the same.
pub fn write<'a>(header: &str, rows: impl IntoIterator<Item = &'a [f64]>) -> Vec<u8> {
    let mut text = String::from(header);
    text.push('\n');
    for row in rows {
        for (i, value) in row.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            text.push_str(&value.to_string());
        }
        text.push('\n');
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let table = file("\u{feff}y, t ,x\n1,0.5,-2\n");
        assert_eq!(
            read(table.path(), ["t", "x", "y"]).unwrap(),
            [[0.5, -2.0, 1.0]]
        );
    }

    #[test]
    fn faults_name_row_and_column() {
        let error = |text: &str| {
            let table = file(text);
            format!("{:#}", read(table.path(), ["x", "y"]).unwrap_err())
        };
        assert!(error("x,z\n1,2\n").contains("column y is missing"));
        assert!(error("x,y\n1,2\n3,four\n").contains("row 2, column y"));
        assert!(error("x,y\n1,nan\n").contains("not finite"));
        assert!(error("x,y\n1\n").contains("1 field"));
    }

    #[test]
    fn what_is_too_large_or_no_file_is_named() {
        let large = tempfile::NamedTempFile::new().unwrap();
        // Nothing but a hole: it takes no room.
        large.as_file().set_len(MAX_BYTES + 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (path, word) in [
            (large.path(), "larger than 256 MiB"),
            (folder.path(), "is no ordinary file"),
        ] {
            let said = format!("{:#}", read(path, ["x", "y"]).unwrap_err());
            assert!(said.contains(word), "{said}");
            assert!(said.contains(path.to_str().unwrap()), "{said}");
        }
    }

    #[test]
    fn numbers_read_back_the_same() {
        let value = [0.1_f64 + 0.2, -1e-300];
        let bytes = write("x,y", [&value[..]]);
        let table = file(std::str::from_utf8(&bytes).unwrap());
        assert_eq!(read(table.path(), ["x", "y"]).unwrap(), [value]);
    }
}
