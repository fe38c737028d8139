//! GIF animations, for programs that do not play APNG.

use ::gif::{Encoder, ExtensionData, Frame, Repeat};

use super::page::Picture;
use super::style::Meta;

/// Pictures that play in a loop at `fps` frames a second.
///
/// # Errors
/// When they are larger than the format allows.
pub fn encode(frames: &[Picture], fps: u16, meta: &Meta) -> Result<Vec<u8>, ::gif::EncodingError> {
    let first = frames.first().expect("a figure has a frame");
    let side = |length: u32| u16::try_from(length).unwrap_or(u16::MAX);
    let (width, height) = (side(first.width), side(first.height));
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height, &[])?;
    encoder.set_repeat(Repeat::Infinite)?;
    let comment = meta.json();
    let pieces: Vec<&[u8]> = comment.as_bytes().chunks(255).collect();
    encoder.write_raw_extension(::gif::AnyExtension(0xFE), &pieces)?;
    for frame in frames {
        let mut pixels = frame.rgba.clone();
        // Slower search for a palette gives better colours; 10 is what its author suggests.
        let mut frame = Frame::from_rgba_speed(width, height, &mut pixels, 10);
        frame.delay = 100 / fps.max(1);
        frame.dispose = ::gif::DisposalMethod::Background;
        encoder.write_frame(&frame)?;
    }
    encoder.write_extension(ExtensionData::Repetitions(Repeat::Infinite))?;
    drop(encoder);
    Ok(bytes)
}
