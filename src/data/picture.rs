//! An image file as a density: its brightness on a grid of pixels.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use super::drawn::PixelGrid;
use super::toy::DatasetError;

/// Bytes of an image or table file at most.
pub(super) const MAX_BYTES: u64 = 64 << 20;
/// Pixels along a side of an image at most.
pub(super) const MAX_SIDE: u32 = 4096;
/// Memory for the decoded image.
pub(super) const MAX_DECODED: u64 = 512 << 20;

impl PixelGrid {
    /// Reads a PNG or JPEG file: brighter places get more points, or darker ones if `dark`.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn from_image_file(path: &Path, dark: bool) -> Result<Self, DatasetError> {
        let bytes = read_limited(path)?;
        Self::from_image(&bytes, dark).map_err(|reason| DatasetError::File {
            path: path.to_owned(),
            reason,
        })
    }

    /// The same from the bytes of such a file: at most 64 pixels a side, each the mean over its
    /// part of the image, the brightest one full. A transparent pixel counts as nothing.
    ///
    /// # Errors
    /// Says in words what is wrong.
    pub fn from_image(bytes: &[u8], dark: bool) -> Result<Self, String> {
        let image = decode(bytes)?;
        let grid = shrink(&image, dark);
        if grid.is_empty() {
            let tone = if dark { "black" } else { "white" };
            return Err(format!(
                "nothing to draw points from: no pixel is nearer to {tone} than to its opposite \
                 shade; add :dark to a drawing on white, or leave it out"
            ));
        }
        Ok(grid)
    }
}

/// Reads a PNG or JPEG file as grey values `[side, side]`; a transparent pixel is black.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn grey_square(path: &Path, side: usize) -> Result<Vec<u8>, DatasetError> {
    let bytes = read_limited(path)?;
    grey_square_of(&bytes, side).map_err(|reason| DatasetError::File {
        path: path.to_owned(),
        reason,
    })
}

/// The same from the bytes of such a file.
///
/// # Errors
/// Says in words what is wrong.
pub fn grey_square_of(bytes: &[u8], side: usize) -> Result<Vec<u8>, String> {
    let image = decode(bytes)?;
    let side = side as u32;
    let flat = image::ImageBuffer::from_fn(image.width(), image.height(), {
        let image = image.to_luma_alpha8();
        move |x, y| {
            let [luma, alpha] = image.get_pixel(x, y).0;
            image::Luma([(u16::from(luma) * u16::from(alpha) / 255) as u8])
        }
    });
    let shrunk = image::imageops::resize(&flat, side, side, FilterType::Triangle);
    Ok(shrunk.into_raw())
}

/// A PNG or JPEG picture, the right way up as its camera says.
///
/// # Errors
/// Says in words what is wrong.
pub(super) fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => format,
        _ => return Err("neither a PNG nor a JPEG image".to_owned()),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED);
    reader.limits(limits);
    let upright = reader.into_decoder().and_then(|mut decoder| {
        let orientation = decoder.orientation()?;
        let mut image = DynamicImage::from_decoder(decoder)?;
        image.apply_orientation(orientation);
        Ok(image)
    });
    upright.map_err(|error| {
        format!("not an image of at most {MAX_SIDE} pixels a side that can be read: {error}")
    })
}

/// Mean density of each part of the image, the longer side over the whole grid.
fn shrink(image: &DynamicImage, dark: bool) -> PixelGrid {
    let image = image.to_luma_alpha8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    let longer = width.max(height);
    let side = longer.min(PixelGrid::MAX_SIDE);
    let (left, top) = ((longer - width) / 2, (longer - height) / 2);
    let (mut sums, mut counts) = (vec![0.0; side * side], vec![0_u32; side * side]);
    for y in 0..longer {
        for x in 0..longer {
            // Images count rows from the top.
            let cell = (longer - 1 - y) * side / longer * side + x * side / longer;
            counts[cell] += 1;
            if (left..left + width).contains(&x) && (top..top + height).contains(&y) {
                let [luma, alpha] = image.get_pixel((x - left) as u32, (y - top) as u32).0;
                let luma = if dark { 255 - luma } else { luma };
                sums[cell] += f64::from(luma) * f64::from(alpha);
            }
        }
    }
    let mean = |k: usize| sums[k] / f64::from(counts[k].max(1));
    let most = (0..side * side).map(mean).fold(0.0, f64::max);
    let mut grid = PixelGrid::new(side);
    for k in 0..side * side {
        let share = if most > 0.0 { mean(k) / most } else { 0.0 };
        let weight = (share * f64::from(PixelGrid::FULL)).round() as u8;
        grid.set([k % side, k / side], weight);
    }
    grid
}

/// The bytes of a file of a bearable size.
pub(super) fn read_limited(path: &Path) -> Result<Vec<u8>, DatasetError> {
    let fail = |reason: String| DatasetError::File {
        path: path.to_owned(),
        reason,
    };
    let meta = fs::metadata(path).map_err(|error| fail(error.to_string()))?;
    if !meta.is_file() {
        return Err(fail("is no file".to_owned()));
    }
    if meta.len() > MAX_BYTES {
        return Err(fail(format!("larger than {} MiB", MAX_BYTES >> 20)));
    }
    fs::read(path).map_err(|error| fail(error.to_string()))
}
