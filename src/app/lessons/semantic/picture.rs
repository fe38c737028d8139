//! The map under its pen, the digits beside it, and what is measured of them.

use egui::{Align2, FontId, Rect, StrokeKind, Ui, pos2, vec2};

use super::map::NAMES;
use super::work::{self, Made};
use super::{Semantic, notes};
use crate::app::background::Background;
use crate::app::theme;
use crate::app::widgets::answers::{self, Answers};
use crate::app::widgets::digit_grid::{self, Layout, Pictures};
use crate::app::widgets::number;
use crate::data::mnist::regions::to_grey;

/// The name of what is painted on.
pub const CANVAS: &str = "The map: drag to draw";
/// Room below the map for its labels.
const KEYS: f32 = 30.0;

impl Semantic {
    pub(super) fn picture_ui(&mut self, ui: &mut Ui, place: Rect, t: f32) {
        let wide = place.width() > 1.2 * place.height();
        let (left, right) = if wide {
            let share = (place.height() / place.width()).clamp(0.3, 0.46);
            place.split_left_right_at_fraction(share)
        } else {
            place.split_top_bottom_at_fraction(0.5)
        };
        self.map_ui(ui, left.shrink(4.0));
        let shown = self.work.as_ref().and_then(Background::value);
        match shown.as_deref() {
            None => notes::sentence(ui, right, "The first digits are on their way…"),
            Some(Err(error)) => notes::sentence(ui, right, error),
            Some(Ok(made)) => self.made_ui(ui, right.shrink(4.0), made, t),
        }
    }

    fn map_ui(&mut self, ui: &Ui, place: Rect) {
        let p = theme::palette(ui);
        let room = answers::titled(ui, place, "The map");
        let room = Rect::from_min_max(room.min, pos2(room.right(), room.bottom() - KEYS));
        let Some(layout) = Layout::fit(room, 1, 1, 0.0) else {
            return;
        };
        let rect = layout.cell(0);
        let brush = self.map.ui(ui, rect, CANVAS, self.tool, self.radius);
        let labels = &self.map.now().labels;
        if self.shown.as_ref().is_none_or(|(old, _)| old != labels) {
            self.shown = Some((labels.clone(), Pictures::new(to_grey(labels))));
        }
        let painter = ui.painter();
        if let Some((_, pictures)) = &self.shown {
            digit_grid::paint(painter, &mut self.textures, 0, pictures, &layout, p);
        }
        if self.map.now().is_empty() {
            let font = FontId::proportional(17.0);
            let (at, text) = (rect.center(), "Draw a digit");
            painter.text(at, Align2::CENTER_CENTER, text, font, p.muted);
        }
        self.map.outline(ui, &brush, self.radius);
        // What the four greys are.
        let step = rect.width() / NAMES.len() as f32;
        for (label, name) in NAMES.into_iter().enumerate() {
            let corner = pos2(rect.left() + label as f32 * step, rect.bottom() + 9.0);
            let swatch = Rect::from_min_size(corner, vec2(14.0, 14.0));
            let color = p.stage.lerp_to_gamma(p.ink, label as f32 / 3.0);
            painter.rect_filled(swatch, 0.0, color);
            painter.rect_stroke(swatch, 0.0, (1.0, p.muted), StrokeKind::Inside);
            let at = swatch.right_center() + vec2(6.0, 0.0);
            let font = FontId::proportional(14.0);
            painter.text(at, Align2::LEFT_CENTER, name, font, p.ink);
        }
    }

    fn made_ui(&mut self, ui: &Ui, place: Rect, made: &Made, t: f32) {
        let n = made.read.labels.len();
        let title = made.read.most().map_or(String::new(), |digit| {
            let count = made.read.count(digit);
            format!("Digits of this map · {count} of {n} read as {digit}")
        });
        let room = answers::titled(ui, place, &title);
        let frame = work::FRAMES.nearest(t);
        let end = frame + 1 == made.way.len();
        let answers = Answers {
            pictures: &made.way[frame],
            read: end.then_some(&made.read),
            wanted: made.read.most(),
            last: None,
        };
        answers::paint(ui, room, &mut self.textures, 1, answers);
    }

    pub(super) fn facts_ui(&self, ui: &mut Ui) {
        let shown = self.work.as_ref().and_then(Background::value);
        let made = shown.as_deref().and_then(|made| made.as_ref().ok());
        let dash = || "–".to_owned();
        let labels = &self.map.now().labels;
        let paper = labels.iter().filter(|label| **label == 0).count();
        let facts = [
            (
                "Paper in the map",
                "Share of the pixels with the label 0.",
                number::percent(paper as f64 / labels.len().max(1) as f64),
            ),
            (
                "Evaluations of the network (NFE)",
                "Of the field, in Euler steps; with γ beside 0 and 1 each asks the network twice.",
                made.map_or(dash(), |made| made.nfe.to_string()),
            ),
            (
                "Pixels that have the map’s label",
                "The rule is applied to the digits and compared with the map, pixel by pixel.",
                made.map_or(dash(), |made| number::percent(made.agreement)),
            ),
        ];
        notes::facts_ui(ui, &facts);
    }
}
