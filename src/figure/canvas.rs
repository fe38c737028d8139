//! A raster to draw antialiased discs, lines and rectangles on.

use image::{ImageFormat, Rgba, RgbaImage};

/// An opaque colour, red, green, blue.
pub type Colour = [u8; 3];

/// The paper of a light figure.
pub const PAPER: Colour = [0xFB, 0xFA, 0xF7];
/// Frames and ticks.
pub const HAIRLINE: Colour = [0xD9, 0xD6, 0xCE];
/// The target in the background.
pub const GHOST: Colour = [0xE4, 0xE2, 0xDC];
/// Particles of the source (Okabe-Ito blue).
pub const SOURCE: Colour = [0x00, 0x72, 0xB2];
/// Generated particles (Okabe-Ito vermilion).
pub const GENERATED: Colour = [0xD5, 0x5E, 0x00];
/// The exact field (Okabe-Ito green).
pub const EXACT: Colour = [0x00, 0x9E, 0x73];

/// An image under construction; coordinates are pixels from the upper left corner.
pub struct Canvas {
    image: RgbaImage,
}

impl Canvas {
    /// A sheet of one colour.
    pub fn new(width: u32, height: u32, [r, g, b]: Colour) -> Self {
        Self {
            image: RgbaImage::from_pixel(width, height, Rgba([r, g, b, 255])),
        }
    }

    /// Mixes a colour into one pixel; outside the sheet nothing happens.
    fn mix(&mut self, x: i64, y: i64, colour: Colour, alpha: f32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
            return;
        };
        let Some(pixel) = self.image.get_pixel_mut_checked(x, y) else {
            return;
        };
        for (old, new) in pixel.0.iter_mut().zip(colour) {
            let mixed = f32::from(*old) + alpha * (f32::from(new) - f32::from(*old));
            *old = mixed.round().clamp(0.0, 255.0) as u8;
        }
    }

    /// A disc; `alpha` from 0 (nothing) to 1 (opaque).
    pub fn disc(&mut self, [cx, cy]: [f32; 2], radius: f32, colour: Colour, alpha: f32) {
        if !(cx.is_finite() && cy.is_finite()) {
            return;
        }
        let reach = (radius + 1.0).ceil() as i64;
        let (px, py) = (cx.floor() as i64, cy.floor() as i64);
        for y in py - reach..=py + reach {
            for x in px - reach..=px + reach {
                let distance = (x as f32 + 0.5 - cx).hypot(y as f32 + 0.5 - cy);
                let cover = (radius + 0.5 - distance).clamp(0.0, 1.0);
                if cover > 0.0 {
                    self.mix(x, y, colour, alpha * cover);
                }
            }
        }
    }

    /// A line of a width, drawn as discs half a pixel apart.
    pub fn line(&mut self, from: [f32; 2], to: [f32; 2], width: f32, colour: Colour) {
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        if !length.is_finite() {
            return;
        }
        let steps = (2.0 * length).ceil().max(1.0) as usize;
        for i in 0..=steps {
            let s = i as f32 / steps as f32;
            let at = [0, 1].map(|k| from[k] + s * (to[k] - from[k]));
            self.disc(at, width / 2.0, colour, 1.0);
        }
    }

    /// A filled rectangle between two corners.
    pub fn fill(&mut self, min: [f32; 2], max: [f32; 2], colour: Colour) {
        let (width, height) = self.image.dimensions();
        let range = |low: f32, high: f32, end: u32| {
            let clip = |v: f32| v.round().clamp(0.0, end as f32) as i64;
            clip(low)..clip(high)
        };
        for y in range(min[1], max[1], height) {
            for x in range(min[0], max[0], width) {
                self.mix(x, y, colour, 1.0);
            }
        }
    }

    /// The frame of a rectangle, one pixel wide.
    pub fn frame(&mut self, min: [f32; 2], max: [f32; 2], colour: Colour) {
        let [x0, y0] = min;
        let [x1, y1] = max;
        self.fill([x0, y0], [x1, y0 + 1.0], colour);
        self.fill([x0, y1 - 1.0], [x1, y1], colour);
        self.fill([x0, y0], [x0 + 1.0, y1], colour);
        self.fill([x1 - 1.0, y0], [x1, y1], colour);
    }

    /// The picture as a PNG file.
    pub fn png(&self) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        self.image
            .write_to(&mut bytes, ImageFormat::Png)
            .expect("writing into memory does not fail");
        bytes.into_inner()
    }

    /// The colour of a pixel.
    pub fn pixel(&self, x: u32, y: u32) -> Colour {
        let Rgba([r, g, b, _]) = *self.image.get_pixel(x, y);
        [r, g, b]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discs_cover_their_middle_and_stay_inside_the_sheet() {
        let mut canvas = Canvas::new(20, 20, PAPER);
        canvas.disc([10.0, 10.0], 3.0, SOURCE, 1.0);
        canvas.disc([-5.0, 1e9], 3.0, SOURCE, 1.0);
        canvas.disc([f32::NAN, 0.0], 3.0, SOURCE, 1.0);
        assert_eq!(canvas.pixel(10, 10), SOURCE);
        assert_eq!(canvas.pixel(1, 1), PAPER);
        let decoded = image::load_from_memory(&canvas.png()).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (20, 20));
    }
}
