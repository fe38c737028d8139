//! PNG and APNG files with their resolution and settings.

use png::{BitDepth, ColorType, Encoder, PixelDimensions, Unit};

use super::meta::Meta;
use super::page::Picture;

/// One picture, or several that play in a loop at `fps` frames a second.
///
/// # Panics
/// If the pictures differ in size or there are none.
pub fn encode(frames: &[Picture], fps: u16, dpi: f64, meta: &Meta) -> Vec<u8> {
    let first = frames.first().expect("a figure has a frame");
    // Three bytes a pixel where nothing shines through.
    let opaque = frames
        .iter()
        .all(|f| f.rgba.as_chunks::<4>().0.iter().all(|p| p[3] == 255));
    let mut bytes = Vec::new();
    let mut write = || -> Result<(), png::EncodingError> {
        let mut encoder = Encoder::new(&mut bytes, first.width, first.height);
        encoder.set_color(if opaque {
            ColorType::Rgb
        } else {
            ColorType::Rgba
        });
        encoder.set_depth(BitDepth::Eight);
        let per_metre = (dpi / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: Unit::Meter,
        }));
        encoder.add_text_chunk("Software".to_owned(), format!("Flow Lab {}", meta.version))?;
        encoder.add_text_chunk(Meta::KEY.to_owned(), meta.json())?;
        if frames.len() > 1 {
            encoder.set_animated(frames.len() as u32, 0)?;
            encoder.set_frame_delay(1, fps.max(1))?;
        }
        let mut writer = encoder.write_header()?;
        for frame in frames {
            if opaque {
                let pixels = frame.rgba.as_chunks::<4>().0.iter();
                let rgb: Vec<u8> = pixels.flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
                writer.write_image_data(&rgb)?;
            } else {
                writer.write_image_data(&frame.rgba)?;
            }
        }
        writer.finish()
    };
    write().expect("frames of one size go into memory without fault");
    bytes
}
