//! Numbers over the plane as colours, and the bar that says what the colours mean.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, FontId, Painter, Rect, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, pos2,
};

use super::chart::tick;
use crate::app::theme::{self, Palette};
use crate::figure::Sequential;
use crate::render::fresh_id;

/// Values on a square grid.
#[derive(Clone, Debug)]
pub struct HeatMap {
    /// Values along one side.
    pub side: usize,
    /// `[side, side]`, rows from the bottom, columns from the left, each at a cell's middle.
    pub values: Arc<[f32]>,
    /// Names the content: equal ids mean equal values.
    id: u64,
}

impl HeatMap {
    /// Wraps values `[side, side]`, rows from the bottom.
    ///
    /// # Panics
    /// If there are not `side²` values.
    pub fn new(side: usize, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), side * side, "a square of values");
        Self {
            side,
            values: values.into(),
            id: fresh_id(),
        }
    }

    /// The value that a share of the values lies below; what is not finite does not count.
    pub fn quantile(&self, share: f64, value: impl Fn(f32) -> f32) -> f32 {
        let mut sorted: Vec<f32> = (self.values.iter())
            .map(|v| value(*v))
            .filter(|v| v.is_finite())
            .collect();
        if sorted.is_empty() {
            return 0.0;
        }
        let at = ((sorted.len() - 1) as f64 * share) as usize;
        *sorted.select_nth_unstable_by(at, f32::total_cmp).1
    }
}

/// From a value to a colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// 0 to the given value, in viridis or cividis.
    Sequential(f32),
    /// Minus to plus the given value: blue, paper, vermilion.
    Diverging(f32),
}

impl Scale {
    /// The colour of a value; what is not finite has none.
    pub fn color(self, value: f32, p: &Palette) -> Color32 {
        match self {
            _ if value.is_nan() => Color32::TRANSPARENT,
            Self::Sequential(top) => theme::sequential(p, value / top),
            Self::Diverging(top) => theme::diverging(p, value / top),
        }
    }

    /// The values at the ends of the bar.
    fn ends(self) -> [f32; 2] {
        match self {
            Self::Sequential(top) => [0.0, top],
            Self::Diverging(top) => [-top, top],
        }
    }
}

/// What a texture shows: values, scale, the paper in the middle of a diverging scale, the map.
type Key = (u64, Scale, Color32, Sequential);

/// The textures of the heat maps on show, one for each place.
#[derive(Default)]
pub struct HeatTextures {
    known: HashMap<u8, (Key, TextureHandle)>,
}

impl HeatTextures {
    /// Paints values over a square of the screen.
    pub fn paint(
        &mut self,
        painter: &Painter,
        slot: u8,
        rect: Rect,
        map: &HeatMap,
        scale: Scale,
        p: &Palette,
    ) {
        let key = (map.id, scale, p.stage, p.map);
        if self.known.get(&slot).is_none_or(|(known, _)| *known != key) {
            let image = picture(map, scale, p);
            let name = format!("heat map {slot}");
            let texture = (painter.ctx()).load_texture(name, image, TextureOptions::LINEAR);
            self.known.insert(slot, (key, texture));
        }
        if let Some((_, texture)) = self.known.get(&slot) {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(texture.id(), rect, whole, Color32::WHITE);
        }
    }
}

/// The values as pixels, the top row first.
fn picture(map: &HeatMap, scale: Scale, p: &Palette) -> ColorImage {
    let side = map.side;
    let mut image = ColorImage::filled([side, side], Color32::TRANSPARENT);
    for (row, values) in map.values.chunks_exact(side).rev().enumerate() {
        for (pixel, value) in image.pixels[row * side..].iter_mut().zip(values) {
            *pixel = scale.color(*value, p);
        }
    }
    image
}

/// Chooses the colours of numbers that grow.
pub fn choice_ui(ui: &mut Ui, map: &mut Sequential) {
    ui.horizontal(|ui| {
        let hint = "Colours of heat maps, here and in figures; cividis looks the same to eyes that \
                    take red for green";
        ui.label("Map").on_hover_text(hint);
        for choice in Sequential::ALL {
            ui.selectable_value(map, choice, choice.label())
                .on_hover_text(hint);
        }
    });
}

/// A horizontal bar of the scale with its ends and what it measures, as high as 34 points.
pub fn color_bar(painter: &Painter, rect: Rect, scale: Scale, what: &str, p: &Palette) {
    const STRIPES: usize = 64;
    let bar = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + 10.0));
    let [low, high] = scale.ends();
    for i in 0..STRIPES {
        let share = |i: usize| i as f32 / STRIPES as f32;
        let x = egui::lerp(bar.x_range(), share(i))..=egui::lerp(bar.x_range(), share(i + 1));
        let value = low + (high - low) * (share(i) + 0.5 / STRIPES as f32);
        let stripe = Rect::from_x_y_ranges(x, bar.y_range());
        painter.rect_filled(stripe, 0.0, scale.color(value, p));
    }
    let line = Stroke::new(1.0, p.hairline);
    painter.rect_stroke(bar, 0.0, line, StrokeKind::Outside);
    let font = FontId::proportional(12.5);
    let y = bar.bottom() + 4.0;
    let beyond = match scale {
        Scale::Sequential(_) => tick(low),
        Scale::Diverging(_) => format!("≤ {}", tick(low)),
    };
    let write = |x: f32, align: Align2, text: &str, color: Color32| {
        painter.text(pos2(x, y), align, text, font.clone(), color)
    };
    write(bar.left(), Align2::LEFT_TOP, &beyond, p.muted);
    write(
        bar.right(),
        Align2::RIGHT_TOP,
        &format!("≥ {}", tick(high)),
        p.muted,
    );
    write(bar.center().x, Align2::CENTER_TOP, what, p.ink);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::theme::Theme;

    #[test]
    fn the_bottom_row_of_values_is_the_bottom_row_of_pixels() {
        let p = Theme::Light.palette();
        let map = HeatMap::new(2, vec![0.0, 1.0, 0.5, f32::NAN]);
        let scale = Scale::Sequential(1.0);
        let image = picture(&map, scale, p);
        assert_eq!(image.pixels[2], scale.color(0.0, p));
        assert_eq!(image.pixels[3], scale.color(1.0, p));
        assert_eq!(image.pixels[1], Color32::TRANSPARENT);
    }

    #[test]
    fn a_quantile_leaves_out_what_is_not_a_number() {
        let map = HeatMap::new(2, vec![3.0, f32::NAN, -1.0, 2.0]);
        assert_eq!(map.quantile(1.0, |v| v), 3.0);
        assert_eq!(map.quantile(0.0, |v| v), -1.0);
        assert_eq!(map.quantile(0.0, f32::abs), 1.0);
    }

    #[test]
    fn zero_is_paper_and_the_ends_are_blue_and_vermilion() {
        for p in [Theme::Light, Theme::Dark].map(Theme::palette) {
            let scale = Scale::Diverging(2.0);
            assert_eq!(scale.color(0.0, p), p.stage);
            assert_eq!(scale.color(-9.0, p), p.source);
            assert_eq!(scale.color(2.0, p), p.model);
        }
    }
}
