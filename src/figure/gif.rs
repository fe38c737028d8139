//! GIF animations, for programs that do not play APNG.

use ::gif::{Encoder, Frame, Repeat};
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
    let coloured = |(i, frame): (usize, &Picture)| {
        let mut pixels = frame.rgba.clone();
        let opaque = all_or_nothing(&mut pixels);
        // Slower search for a palette gives better colours; 10 is what its author suggests.
        let mut coloured = match watch.is_cancelled() {
            true => Frame::default(),
            false => Frame::from_rgba_speed(width, height, &mut pixels, 10),
        };
        coloured.delay = delay(i, fps);
        // Between two pictures that cover everything the background would flicker.
        coloured.dispose = match opaque {
            true => ::gif::DisposalMethod::Keep,
            false => ::gif::DisposalMethod::Background,
        };
        watch.step();
        coloured
    };
    let coloured: Vec<Frame<'_>> = frames.par_iter().enumerate().map(coloured).collect();
    if watch.is_cancelled() {
        return Err(std::io::Error::from(std::io::ErrorKind::Interrupted).into());
    }
    for frame in &coloured {
        encoder.write_frame(frame)?;
    }
    drop(encoder);
    Ok(bytes)
}

/// Makes each pixel (four bytes) opaque or clear, since the format knows nothing between; the
/// encoder would make every trace of colour opaque. Whether all are opaque.
fn all_or_nothing(pixels: &mut [u8]) -> bool {
    let mut opaque = true;
    for pixel in pixels.as_chunks_mut::<4>().0 {
        if pixel[3] < 128 {
            *pixel = [0; 4];
            opaque = false;
        } else {
            pixel[3] = 255;
        }
    }
    opaque
}

/// How long frame `i` stands, in hundredths of a second: rounded so that the whole film keeps to
/// `fps` frames a second.
fn delay(i: usize, fps: u16) -> u16 {
    let fps = usize::from(fps.max(1));
    let start = |i: usize| (100 * i + fps / 2) / fps;
    u16::try_from(start(i + 1) - start(i)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_keeps_its_pace_and_faint_pixels_are_clear() {
        let all: u32 = (0..300).map(|i| u32::from(delay(i, 30))).sum();
        assert_eq!(all, 1000, "300 frames at 30 a second take ten seconds");
        let mut pixels = [9, 9, 9, 127, 9, 8, 7, 128];
        assert!(!all_or_nothing(&mut pixels));
        assert_eq!(pixels, [0, 0, 0, 0, 9, 8, 7, 255]);
        assert!(all_or_nothing(&mut [1, 2, 3, 255]));
    }
}
