//! Grids of grey images as PNG files.

use image::ImageEncoder;

use crate::data::mnist::{PIXELS, SIDE};

/// Pixels between two images, and how often each pixel is repeated.
const GAP: usize = 2;
const ZOOM: usize = 2;
/// The grey of the gaps.
const BETWEEN: u8 = 96;

/// Images in a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Epochs done when they were made.
    pub epoch: u64,
    /// Images in a row.
    pub columns: usize,
    /// Grey values `[n, 28, 28]`.
    pub images: Vec<u8>,
}

impl Sheet {
    /// Reads a grid back that [`Sheet::png`] wrote.
    ///
    /// # Errors
    /// When it is no PNG file or of another size.
    pub fn from_png(epoch: u64, png: &[u8]) -> Result<Self, String> {
        let picture = image::load_from_memory_with_format(png, image::ImageFormat::Png)
            .map_err(|error| format!("not a sheet of samples: {error}"))?
            .to_luma8();
        let cell = (SIDE + GAP) * ZOOM;
        let count = |extent: u32| {
            let rest = (extent as usize).checked_sub(GAP * ZOOM)?;
            (rest > 0 && rest.is_multiple_of(cell)).then_some(rest / cell)
        };
        let (width, height) = picture.dimensions();
        let size = format!("not a sheet of samples: {width}x{height}");
        let (columns, rows) = count(width).zip(count(height)).ok_or(size)?;
        let mut images = Vec::with_capacity(columns * rows * PIXELS);
        for i in 0..columns * rows {
            let (left, top) = (i % columns * cell, i / columns * cell);
            for y in 0..SIDE {
                for x in 0..SIDE {
                    let at = |from: usize, k: usize| (from + (GAP + k) * ZOOM) as u32;
                    images.push(picture.get_pixel(at(left, x), at(top, y)).0[0]);
                }
            }
        }
        Ok(Self {
            epoch,
            columns,
            images,
        })
    }

    /// The grid as a PNG file.
    ///
    /// # Errors
    /// When the grid is too large for a picture.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        self.png_of(SIDE, 1)
    }

    /// The same where the images are `[n, side, side, channels]`, in colour with three channels.
    ///
    /// # Errors
    /// When the grid is too large for a picture.
    pub fn png_of(&self, side: usize, channels: usize) -> Result<Vec<u8>, String> {
        let length = side * side * channels;
        let count = self.images.len() / length;
        let columns = self.columns.clamp(1, count.max(1));
        let rows = count.div_ceil(columns);
        let extent = |n: usize| (n * (side + GAP) + GAP) * ZOOM;
        let (width, height) = (extent(columns), extent(rows));
        if width.max(height) > 32_768 {
            return Err(format!("{count} images make a picture of {width}x{height}"));
        }
        let mut pixels = vec![BETWEEN; width * height * channels];
        for (i, image) in self.images.chunks_exact(length).enumerate() {
            let left = GAP + i % columns * (side + GAP);
            let top = GAP + i / columns * (side + GAP);
            for y in 0..side * ZOOM {
                for x in 0..side * ZOOM {
                    let from = (y / ZOOM * side + x / ZOOM) * channels;
                    let to = ((top * ZOOM + y) * width + left * ZOOM + x) * channels;
                    pixels[to..to + channels].copy_from_slice(&image[from..from + channels]);
                }
            }
        }
        let colour = match channels {
            3 => image::ExtendedColorType::Rgb8,
            _ => image::ExtendedColorType::L8,
        };
        let mut bytes = Vec::new();
        image::codecs::png::PngEncoder::new(&mut bytes)
            .write_image(&pixels, width as u32, height as u32, colour)
            .map_err(|error| format!("the picture could not be written: {error}"))?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_has_its_place() {
        let mut images = vec![0; 3 * PIXELS];
        images[2 * PIXELS] = 255;
        let sheet = Sheet {
            epoch: 1,
            columns: 2,
            images,
        };
        let picture = image::load_from_memory(&sheet.png().unwrap())
            .unwrap()
            .to_luma8();
        assert_eq!(picture.dimensions(), (124, 124));
        // The third image begins the second row.
        assert_eq!(picture.get_pixel(4, 64).0, [255]);
        let back = Sheet::from_png(1, &sheet.png().unwrap()).unwrap();
        assert_eq!(back.images[..3 * PIXELS], sheet.images);
        assert_eq!(picture.get_pixel(4, 4).0, [0]);
        assert_eq!(picture.get_pixel(64, 64).0, [BETWEEN]);
    }
}
