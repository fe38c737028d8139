//! GIF animations, for programs that do not play APNG.

use ::gif::{Encoder, ExtensionData, Frame, Repeat};
use rayon::prelude::*;

use super::meta::Meta;
use super::page::Picture;
use super::watch::Watch;

/// Pictures that play in a loop at `fps` frames a second.
///
/// # Errors
/// When they are larger than the format allows, or given up.
pub fn encode(
    frames: &[Picture],
    fps: u16,
    meta: &Meta,
    watch: &Watch,
) -> Result<Vec<u8>, ::gif::EncodingError> {
    let first = frames.first().expect("a figure has a frame");
    let side = |length: u32| u16::try_from(length).unwrap_or(u16::MAX);
    let (width, height) = (side(first.width), side(first.height));
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height, &[])?;
    encoder.set_repeat(Repeat::Infinite)?;
    let comment = meta.json();
    let pieces: Vec<&[u8]> = comment.as_bytes().chunks(255).collect();
    encoder.write_raw_extension(::gif::AnyExtension(0xFE), &pieces)?;
    // The palettes take nearly all of the time.
    watch.begin(frames.len());
    let coloured = |frame: &Picture| {
        let mut pixels = frame.rgba.clone();
        // Slower search for a palette gives better colours; 10 is what its author suggests.
        let mut coloured = match watch.is_cancelled() {
            true => Frame::default(),
            false => Frame::from_rgba_speed(width, height, &mut pixels, 10),
        };
        coloured.delay = 100 / fps.max(1);
        coloured.dispose = ::gif::DisposalMethod::Background;
        watch.step();
        coloured
    };
    let coloured: Vec<Frame<'_>> = frames.par_iter().map(coloured).collect();
    if watch.is_cancelled() {
        return Err(std::io::Error::from(std::io::ErrorKind::Interrupted).into());
    }
    for frame in &coloured {
        encoder.write_frame(frame)?;
    }
    encoder.write_extension(ExtensionData::Repetitions(Repeat::Infinite))?;
    drop(encoder);
    Ok(bytes)
}
