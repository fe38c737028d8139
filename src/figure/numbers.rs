//! The numbers behind a figure, as CSV and as NPZ.

use std::fmt::Write as _;
use std::io::{Cursor, Write};

use npyz::WriterBuilder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::meta::Meta;
use super::scene::{Form, Mark, Scene};

/// Columns `panel,mark,line,x,y` of points and lines, `panel,mark,row,column,value` of heat maps,
/// `panel,mark,picture,pixel,value` of pictures; panels count from 0, row by row. Words are
/// left out, and of stamps all but their places, which a comment says. The settings stand in a
/// comment at the end.
pub fn csv(scene: &Scene, meta: &Meta) -> Vec<u8> {
    let mut text = String::from("panel,mark,line,x,y\n");
    for (i, mark) in marks(scene) {
        // A name never holds a comma: they are the program's own, but a data set's may.
        let name = mark.name.replace([',', '"', '\n'], " ");
        let mut row = |line: usize, [x, y]: [f32; 2]| {
            let _ = writeln!(text, "{i},{name},{line},{x},{y}");
        };
        match &mark.shape {
            Form::Points { at, .. } => at.iter().for_each(|p| row(0, *p)),
            Form::Lines { lines, .. } => {
                for (number, line) in lines.iter().enumerate() {
                    line.iter().for_each(|p| row(number, *p));
                }
            }
            Form::Arrows { at, vectors, .. } => {
                for (number, (at, v)) in at.iter().zip(vectors).enumerate() {
                    row(number, *at);
                    row(number, [at[0] + v[0], at[1] + v[1]]);
                }
            }
            Form::Boxes(boxes) => {
                for (number, (low, high)) in boxes.iter().enumerate() {
                    row(number, low.map(|v| v as f32));
                    row(number, high.map(|v| v as f32));
                }
            }
            Form::Heat {
                values, columns, ..
            } => {
                for (at, value) in values.iter().enumerate() {
                    let columns = (*columns).max(1);
                    row(at / columns, [(at % columns) as f32, *value]);
                }
            }
            Form::Words { .. } => {}
            Form::Stamps { at, .. } => {
                at.iter().for_each(|p| row(0, *p));
                let _ = writeln!(
                    text,
                    "# panel {i}, {name}: the pictures stand in the NPZ file"
                );
            }
            Form::Images { pixels, size, .. } => {
                let count = (size[0] * size[1]).max(1);
                for (at, value) in pixels.iter().enumerate() {
                    row(at / count, [(at % count) as f32, f32::from(*value)]);
                }
            }
        }
    }
    let _ = writeln!(text, "# {}", meta.json());
    text.into_bytes()
}

/// One array a mark, `panel0_name`: points `[n, 2]`, lines `[k, n, 2]` padded with NaN, boxes
/// `[n, 2, 2]`, heat maps `[rows, columns]`, pictures `[n, height, width]`.
///
/// # Errors
/// When the archive cannot be put together.
pub fn npz(scene: &Scene, meta: &Meta) -> std::io::Result<Vec<u8>> {
    let mut archive = Npz::default();
    let mut taken = std::collections::BTreeSet::new();
    for (i, mark) in marks(scene) {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut name = format!(
            "panel{i}_{}",
            mark.name.chars().map(plain).collect::<String>()
        );
        while !taken.insert(name.clone()) {
            name.push('_');
        }
        let flat = |points: &[[f32; 2]]| points.iter().flatten().copied().collect::<Vec<f32>>();
        match &mark.shape {
            Form::Points { at, .. } => archive.add(&name, &[at.len() as u64, 2], flat(at))?,
            Form::Lines { lines, .. } => {
                let most = lines.iter().map(Vec::len).max().unwrap_or(0);
                let mut values = Vec::with_capacity(2 * most * lines.len());
                for line in lines {
                    values.extend(flat(line));
                    values.extend(std::iter::repeat_n(f32::NAN, 2 * (most - line.len())));
                }
                archive.add(&name, &[lines.len() as u64, most as u64, 2], values)?;
            }
            Form::Arrows { at, vectors, .. } => {
                archive.add(&name, &[at.len() as u64, 2], flat(at))?;
                let shape = [vectors.len() as u64, 2];
                archive.add(&format!("{name}_vectors"), &shape, flat(vectors))?;
            }
            Form::Boxes(boxes) => {
                let corners = boxes.iter().flat_map(|(low, high)| [*low, *high]);
                let values: Vec<f64> = corners.flatten().collect();
                archive.add(&name, &[boxes.len() as u64, 2, 2], values)?;
            }
            Form::Heat {
                values, columns, ..
            } => {
                let rows = values.len() / (*columns).max(1);
                let shape = [rows as u64, *columns as u64];
                archive.add(&name, &shape, values.clone())?;
            }
            Form::Words { .. } => {}
            Form::Stamps {
                at, pixels, size, ..
            } => {
                archive.add(&name, &[at.len() as u64, 2], flat(at))?;
                let shape = [at.len() as u64, size[1] as u64, size[0] as u64];
                let wanted = at.len() * size[0] * size[1];
                let pixels = pixels.iter().copied().take(wanted).collect::<Vec<u8>>();
                archive.add(&format!("{name}_pictures"), &shape, pixels)?;
            }
            Form::Images { pixels, size, .. } => {
                let count = pixels.len() / (size[0] * size[1]).max(1);
                let shape = [count as u64, size[1] as u64, size[0] as u64];
                archive.add(&name, &shape, pixels.clone())?;
            }
        }
    }
    let settings = meta.json().into_bytes();
    archive.add("settings_json", &[settings.len() as u64], settings)?;
    archive.finish()
}

fn marks(scene: &Scene) -> impl Iterator<Item = (usize, &Mark)> {
    let panels = scene.all_panels().into_iter().enumerate();
    panels.flat_map(|(i, panel)| panel.marks.iter().map(move |mark| (i, mark)))
}

/// Arrays in numpy's archive, stored without compression as `numpy.savez` does.
pub struct Npz(ZipWriter<Cursor<Vec<u8>>>);

impl Default for Npz {
    fn default() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }
}

impl Npz {
    /// Adds one array.
    ///
    /// # Errors
    /// When the values do not fill the shape.
    pub fn add<T: npyz::AutoSerialize>(
        &mut self,
        name: &str,
        shape: &[u64],
        values: Vec<T>,
    ) -> std::io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(values.len() > 1 << 28);
        self.0.start_file(format!("{name}.npy"), options)?;
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(shape)
            .writer(&mut self.0)
            .begin_nd()?;
        writer.extend(values)?;
        writer.finish()
    }

    /// The archive.
    ///
    /// # Errors
    /// When it cannot be closed.
    pub fn finish(self) -> std::io::Result<Vec<u8>> {
        let Self(archive) = self;
        let mut cursor = archive.finish()?;
        cursor.flush()?;
        Ok(cursor.into_inner())
    }
}
