//! Files of named arrays, as numpy reads them.

use std::io::{Cursor, Write};

use npyz::WriterBuilder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An `.npz` file in the making.
pub struct Npz(ZipWriter<Cursor<Vec<u8>>>);

impl Npz {
    /// An empty file.
    pub fn new() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }

    /// Adds an array, row by row.
    ///
    /// # Errors
    /// When the values do not fill the shape.
    pub fn add<T: npyz::AutoSerialize>(
        &mut self,
        name: &str,
        shape: &[u64],
        values: Vec<T>,
    ) -> anyhow::Result<()> {
        // Stored, not deflated, as numpy.savez does.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(values.len() > 1 << 28);
        self.0.start_file(format!("{name}.npy"), options)?;
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(shape)
            .writer(&mut self.0 as &mut dyn Write)
            .begin_nd()?;
        writer.extend(values)?;
        writer.finish()?;
        Ok(())
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn finish(self) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.finish()?.into_inner())
    }
}
