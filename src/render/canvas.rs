//! Discs drawn by plain code: for adapters that are a CPU anyway, and for those without storage
//! buffers.
//!
//! A software rasteriser spends about a microsecond on each triangle however small it is; this
//! loop spends a tenth of that on a disc of a few pixels, and gives the same picture.

use egui::{Color32, ColorImage};

use super::frames::{Frames, View2d};
use super::uniforms::Placement;

/// A picture of premultiplied pixels that is kept between frames.
#[derive(Default)]
pub struct Canvas {
    centers: Vec<[f32; 2]>,
    /// Rows from the top, of the last drawn bounds.
    pub pixels: Vec<[u8; 4]>,
}

/// The part of a target that discs touch, in pixels from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub origin: [u32; 2],
    pub size: [u32; 2],
}

/// The discs of one layer.
pub struct Discs<'a> {
    /// Stored positions.
    pub points: &'a [f32],
    /// First points of the two frames around t.
    pub base: [u32; 2],
    /// Weight of the second frame.
    pub weight: f32,
    pub count: usize,
    /// In pixels.
    pub radius: f32,
    /// Palette indices; without them the first colour is everybody's.
    pub labels: Option<&'a [u32]>,
    pub colors: &'a [Color32],
}

impl Canvas {
    /// Draws discs in order and returns what they cover, or `None` where nothing is visible.
    pub fn draw(&mut self, discs: &Discs<'_>, placement: &Placement) -> Option<Bounds> {
        let reach = discs.radius + 0.5;
        let bounds = self.place(discs, placement, reach)?;
        let [width, height] = bounds.size.map(|size| size as usize);
        self.pixels.clear();
        self.pixels.resize(width * height, [0; 4]);
        let colors: Vec<u32> = (discs.colors.iter())
            .map(|color| u32::from_le_bytes(color.to_array()))
            .collect();
        let origin = bounds.origin.map(|pixel| pixel as f32);
        let inside = (discs.radius - 0.5).max(0.0).powi(2);
        for (i, center) in self.centers.iter().enumerate() {
            let [x, y] = [center[0] - origin[0], center[1] - origin[1]];
            let color = colors[discs.labels.map_or(0, |l| l[i] as usize % colors.len())];
            // Pixels whose middle is within reach; a hidden particle has none. `as` saturates.
            let columns = (x - reach + 0.5) as usize..((x + reach + 0.5) as usize).min(width);
            let rows = (y - reach + 0.5) as usize..((y + reach + 0.5) as usize).min(height);
            for row in rows {
                let dy = (row as f32 + 0.5 - y).powi(2);
                let line = &mut self.pixels[row * width..][..width];
                for column in columns.clone() {
                    let squared = (column as f32 + 0.5 - x).powi(2) + dy;
                    if squared >= reach * reach {
                        continue;
                    }
                    let cover = if squared <= inside {
                        256
                    } else {
                        (256.0 * (reach - squared.sqrt()).min(1.0)) as u32
                    };
                    let pixel = &mut line[column];
                    let below = u32::from_le_bytes(*pixel);
                    *pixel = over(below, scaled(color, cover));
                }
            }
        }
        Some(bounds)
    }

    /// Finds the centres in pixels and their bounds; what is hidden gets a centre far away.
    fn place(&mut self, discs: &Discs<'_>, place: &Placement, reach: f32) -> Option<Bounds> {
        let frame = |base: u32| {
            let points = discs.points.get(2 * base as usize..).unwrap_or_default();
            points.chunks_exact(2)
        };
        let [width, height] = place.size_px;
        let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        let pairs = frame(discs.base[0]).zip(frame(discs.base[1]));
        self.centers.clear();
        self.centers.extend(pairs.take(discs.count).map(|(a, b)| {
            let at = |i: usize| {
                let p = a[i] * (1.0 - discs.weight) + b[i] * discs.weight;
                p * place.scale[i] + place.offset[i]
            };
            let x = (1.0 + at(0)) / place.ndc_per_px[0];
            let y = (1.0 - at(1)) / place.ndc_per_px[1];
            let near =
                (x + reach > 0.0 && x - reach < width) && (y + reach > 0.0 && y - reach < height);
            if !near {
                return [-1e9; 2];
            }
            low = [low[0].min(x), low[1].min(y)];
            high = [high[0].max(x), high[1].max(y)];
            [x, y]
        }));
        let origin = low.map(|low| (low - reach).floor().max(0.0) as u32);
        let limit = [width as u32, height as u32];
        let end = [0, 1].map(|i| ((high[i] + reach).ceil().max(0.0) as u32).min(limit[i]));
        let size = [0, 1].map(|i| end[i].saturating_sub(origin[i]));
        (size[0] > 0 && size[1] > 0).then_some(Bounds { origin, size })
    }
}

/// The particles at `t` as a transparent image of `size_px` that covers `view`, in discs of one
/// pixel's radius.
///
/// Stands in for [`super::particles`] where there are no storage buffers. Particles that are not
/// finite are left out.
pub fn cpu_splat(
    frames: &Frames,
    t: f32,
    view: View2d,
    size_px: [usize; 2],
    color: Color32,
) -> ColorImage {
    let mut image = ColorImage::filled(size_px, Color32::TRANSPARENT);
    if !frames.is_valid() || !view.is_valid() || size_px.contains(&0) {
        return image;
    }
    let place = frames.locate(t);
    let discs = Discs {
        points: &frames.points,
        base: [place.a, place.b].map(|frame| (frame * frames.n) as u32),
        weight: place.weight,
        count: frames.n,
        radius: 1.0,
        labels: None,
        colors: &[color],
    };
    let mut canvas = Canvas::default();
    let placement = Placement::covering(&view, size_px.map(|size| size as u32));
    if let Some(Bounds { origin, size }) = canvas.draw(&discs, &placement) {
        let [left, top] = origin.map(|pixel| pixel as usize);
        let size = size.map(|size| size as usize);
        let drawn = ColorImage::from_rgba_premultiplied(size, canvas.pixels.as_flattened());
        for (row, line) in drawn.pixels.chunks_exact(size[0]).enumerate() {
            image.pixels[(top + row) * size_px[0] + left..][..size[0]].copy_from_slice(line);
        }
    }
    image
}

/// Four 8-bit channels times `factor` / 256, rounded, two channels at a time.
fn scaled(color: u32, factor: u32) -> u32 {
    const EVEN: u32 = 0x00ff_00ff;
    const HALF: u32 = 0x0080_0080;
    let even = (((color & EVEN) * factor + HALF) >> 8) & EVEN;
    let odd = (((color >> 8) & EVEN) * factor + HALF) & !EVEN;
    even | odd
}

/// A premultiplied colour over another; egui's additive colours saturate.
fn over(below: u32, color: u32) -> [u8; 4] {
    let alpha = color >> 24;
    // 255 must let nothing through: 0..=255 → 0..=256.
    let through = 256 - (alpha + (alpha >> 7));
    let below = scaled(below, through).to_le_bytes();
    let color = color.to_le_bytes();
    std::array::from_fn(|channel| color[channel].saturating_add(below[channel]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blending_never_overflows_and_keeps_the_ends() {
        for alpha in 0..=255u32 {
            let white = alpha * 0x0101_0101;
            for below in 0..=255u32 {
                let sum = over(below * 0x0101_0101, white);
                let exact = alpha as f32 + below as f32 * (1.0 - alpha as f32 / 255.0);
                for channel in sum {
                    assert!((f32::from(channel) - exact).abs() <= 1.5, "{alpha} {below}");
                }
            }
        }
        assert_eq!(scaled(0x1234_5678, 256), 0x1234_5678);
        assert_eq!(scaled(0xffff_ffff, 0), 0);
        assert_eq!(over(0xff80_80ff, 0x0000_00ff), [255, 128, 128, 255]);
    }
}
