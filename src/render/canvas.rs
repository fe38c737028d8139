//! Discs drawn by plain code: for adapters that are a CPU anyway, and for those without storage
//! buffers.
//!
//! A software rasteriser spends about a microsecond on each triangle however small it is; a disc
//! of a few pixels that is stamped costs a thirtieth of that, and gives the same picture.

use egui::{Color32, ColorImage};

use super::frames::{Frames, View2d};
use super::stamps::Stamps;
use super::uniforms::Placement;

/// A picture of premultiplied pixels that is kept between frames.
#[derive(Default)]
pub struct Canvas {
    centers: Vec<[f32; 2]>,
    stamps: Stamps,
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
        self.stamps.begin(discs.radius, discs.colors);
        let [left, top] = bounds.origin.map(|pixel| pixel as f32);
        for (i, [x, y]) in self.centers.iter().enumerate() {
            let color = discs
                .labels
                .map_or(0, |labels| labels[i] as usize % discs.colors.len());
            let center = [x - left, y - top];
            self.stamps.draw(&mut self.pixels, width, center, color);
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
