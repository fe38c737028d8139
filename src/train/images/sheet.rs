//! Grids of grey images as PNG files.

use image::{GrayImage, ImageEncoder, Luma};

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
    /// The grid as a PNG file.
    ///
    /// # Errors
    /// When the grid is too large for a picture.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        let count = self.images.len() / PIXELS;
        let columns = self.columns.clamp(1, count.max(1));
        let rows = count.div_ceil(columns);
        let extent = |n: usize| ((n * (SIDE + GAP) + GAP) * ZOOM) as u32;
        let (width, height) = (extent(columns), extent(rows));
        if width.max(height) > 32_768 {
            return Err(format!("{count} images make a picture of {width}x{height}"));
        }
        let mut picture = GrayImage::from_pixel(width, height, Luma([BETWEEN]));
        for (i, image) in self.images.chunks_exact(PIXELS).enumerate() {
            let left = GAP + i % columns * (SIDE + GAP);
            let top = GAP + i / columns * (SIDE + GAP);
            for y in 0..SIDE * ZOOM {
                for x in 0..SIDE * ZOOM {
                    let grey = image[y / ZOOM * SIDE + x / ZOOM];
                    let (x, y) = ((left * ZOOM + x) as u32, (top * ZOOM + y) as u32);
                    picture.put_pixel(x, y, Luma([grey]));
                }
            }
        }
        let mut bytes = Vec::new();
        image::codecs::png::PngEncoder::new(&mut bytes)
            .write_image(&picture, width, height, image::ExtendedColorType::L8)
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
        assert_eq!(picture.get_pixel(4, 4).0, [0]);
        assert_eq!(picture.get_pixel(64, 64).0, [BETWEEN]);
    }
}
