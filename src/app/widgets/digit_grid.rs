//! Grey images in rows and columns, drawn as one texture.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{Color32, ColorImage, Painter, Rect, TextureHandle, TextureOptions, pos2, vec2};

use crate::app::theme::Palette;
use crate::data::mnist::{PIXELS, SIDE};

/// Images of one shape that are shown together.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictures {
    /// Grey values `[n, 28, 28]`.
    pub grey: Arc<[u8]>,
    /// Names the content: equal ids mean equal values.
    pub id: u64,
}

impl Pictures {
    /// Wraps grey values `[n, 28, 28]`.
    pub fn new(grey: Vec<u8>) -> Self {
        Self {
            grey: grey.into(),
            id: crate::render::fresh_id(),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.grey.len() / PIXELS
    }
}

/// What a texture shows: content, columns, paper and ink.
type Key = (u64, usize, [Color32; 2]);

/// Textures of the grids on the stage, by their place.
#[derive(Default)]
pub struct Textures {
    kept: HashMap<u32, (Key, TextureHandle)>,
}

/// How images are laid out in a rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// The upper left corner of the first image.
    pub origin: egui::Pos2,
    /// Side of an image, in points.
    pub side: f32,
    /// Between two images, in points.
    pub gap: f32,
    /// Images in a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

impl Layout {
    /// The largest grid of squares in the middle of `place`; none where they would be specks.
    pub fn fit(place: Rect, columns: usize, rows: usize, gap: f32) -> Option<Self> {
        let (c, r) = (columns as f32, rows as f32);
        let wide = (place.width() - gap * (c - 1.0)) / c;
        let high = (place.height() - gap * (r - 1.0)) / r;
        // Whole pixels of the image keep its edges sharp where there is room for that.
        let side = wide.min(high).floor();
        if side.is_nan() || side < 6.0 || columns == 0 || rows == 0 {
            return None;
        }
        let size = vec2(c * side + (c - 1.0) * gap, r * side + (r - 1.0) * gap);
        let rect = Rect::from_center_size(place.center(), size);
        Some(Self {
            origin: rect.min.round(),
            side,
            gap,
            columns,
            rows,
        })
    }

    /// The whole grid.
    pub fn rect(&self) -> Rect {
        let last = self.cell(self.columns * self.rows - 1);
        Rect::from_min_max(self.origin, last.max)
    }

    /// Where an image is.
    pub fn cell(&self, index: usize) -> Rect {
        let step = self.side + self.gap;
        let column = (index % self.columns) as f32;
        let row = (index / self.columns) as f32;
        let at = self.origin + vec2(column * step, row * step);
        Rect::from_min_size(at, vec2(self.side, self.side))
    }

    /// The image under a place on the screen.
    pub fn at(&self, place: egui::Pos2) -> Option<usize> {
        (0..self.columns * self.rows).find(|&index| self.cell(index).contains(place))
    }
}

/// Draws the images of a grid, ink on the stage's paper; `slot` tells the grids of a frame apart.
pub fn paint(
    painter: &Painter,
    textures: &mut Textures,
    slot: u32,
    pictures: &Pictures,
    layout: &Layout,
    p: &Palette,
) {
    let Some(texture) = textures.get(painter, slot, pictures, layout.columns, p) else {
        return;
    };
    for index in 0..pictures.len().min(layout.columns * layout.rows) {
        let uv = window(texture, index, layout.columns);
        painter.image(texture.id(), layout.cell(index), uv, Color32::WHITE);
    }
}

/// Draws one of the images into the first cell of a layout.
pub fn paint_one(
    painter: &Painter,
    textures: &mut Textures,
    slot: u32,
    pictures: &Pictures,
    index: usize,
    layout: &Layout,
    p: &Palette,
) {
    const COLUMNS: usize = 16;
    if let Some(texture) = textures.get(painter, slot, pictures, COLUMNS, p) {
        let uv = window(texture, index, COLUMNS);
        painter.image(texture.id(), layout.cell(0), uv, Color32::WHITE);
    }
}

impl Textures {
    fn get(
        &mut self,
        painter: &Painter,
        slot: u32,
        pictures: &Pictures,
        columns: usize,
        p: &Palette,
    ) -> Option<&TextureHandle> {
        if pictures.grey.is_empty() {
            return None;
        }
        let key = (pictures.id, columns, [p.stage, p.ink]);
        if self.kept.get(&slot).is_none_or(|(old, _)| *old != key) {
            let image = sheet(pictures, columns, p);
            let name = format!("digits {slot}");
            let texture = painter
                .ctx()
                .load_texture(name, image, TextureOptions::LINEAR);
            self.kept.insert(slot, (key, texture));
        }
        self.kept.get(&slot).map(|(_, texture)| texture)
    }
}

/// Where an image is in the texture of all.
fn window(texture: &TextureHandle, index: usize, columns: usize) -> Rect {
    let [width, height] = texture.size().map(|side| side as f32);
    let step = SIDE + 2;
    let corner = [index % columns, index / columns].map(|i| (i * step + 1) as f32);
    let far = corner.map(|v| v + SIDE as f32);
    Rect::from_min_max(
        pos2(corner[0] / width, corner[1] / height),
        pos2(far[0] / width, far[1] / height),
    )
}

/// All images in one, each in a border of paper, so that none bleeds into its neighbour.
fn sheet(pictures: &Pictures, columns: usize, p: &Palette) -> ColorImage {
    let count = pictures.len();
    let step = SIDE + 2;
    let (width, height) = (columns * step, count.div_ceil(columns) * step);
    let shades: Vec<Color32> = (0..=255_u8)
        .map(|grey| p.stage.lerp_to_gamma(p.ink, f32::from(grey) / 255.0))
        .collect();
    let mut image = ColorImage::filled([width, height], p.stage);
    for (index, grey) in pictures.grey.chunks_exact(PIXELS).enumerate() {
        let (left, top) = (index % columns * step + 1, index / columns * step + 1);
        for y in 0..SIDE {
            for x in 0..SIDE {
                let at = (top + y) * width + left + x;
                image.pixels[at] = shades[usize::from(grey[y * SIDE + x])];
            }
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_fill_the_place_and_are_found_again() {
        let place = Rect::from_min_size(pos2(10.0, 20.0), vec2(300.0, 100.0));
        let layout = Layout::fit(place, 4, 2, 4.0).expect("room");
        assert_eq!(layout.side, 48.0);
        assert!(place.contains_rect(layout.rect()));
        for index in 0..8 {
            assert_eq!(layout.at(layout.cell(index).center()), Some(index));
        }
        assert_eq!(layout.at(place.min), None);
        assert_eq!(Layout::fit(place, 200, 2, 4.0), None);
    }
}
