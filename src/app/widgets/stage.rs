//! The picture: a square with equal axes, hairline ticks, the target's ghost and a caption.

use egui::{
    Align2, Color32, FontFamily, FontId, Painter, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2,
};

use crate::app::theme::{self, Palette};
use crate::flow::BoxUnion;
use crate::render::View2d;

/// Room for tick labels at the left and at the bottom, and for the caption above, in points.
const LEFT: f32 = 28.0;
const BOTTOM: f32 = 22.0;
const CAPTION: f32 = 24.0;
/// A picture narrower than this has captions of two lines.
const NARROW: f32 = 440.0;

/// A square of the plane on the screen.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// The square.
    pub rect: Rect,
    /// What it shows.
    pub view: View2d,
    /// Half of its side in world units.
    pub extent: f64,
    /// Lines of one caption.
    lines: usize,
}

impl Stage {
    /// The largest square with room for ticks and captions in the middle of `place`; none where
    /// there is no room for a picture.
    pub fn fit(place: Rect, extent: f64, captions: usize) -> Option<Self> {
        let square = |lines: usize| {
            let top = place.top() + CAPTION * (lines * captions) as f32 + 4.0;
            let corner = pos2(place.right() - 10.0, place.bottom() - BOTTOM);
            let room = Rect::from_min_max(pos2(place.left() + LEFT, top), corner);
            let side = room.width().min(room.height()).floor();
            (room.center(), side)
        };
        // A narrow picture gets its figures on a line of their own.
        let ((center, side), lines) = match square(1) {
            wide if wide.1 >= NARROW => (wide, 1),
            _ => (square(2), 2),
        };
        if !(side >= 24.0 && extent > 0.0) {
            return None;
        }
        let rect = Rect::from_center_size(center, vec2(side, side)).round_to_points();
        Some(Self {
            rect,
            view: View2d::fit(rect, [0.0, 0.0], extent as f32),
            extent,
            lines,
        })
    }

    /// A square without ticks and captions around it.
    pub fn bare(rect: Rect, extent: f64) -> Self {
        Self {
            rect,
            view: View2d::fit(rect, [0.0, 0.0], extent as f32),
            extent,
            lines: 0,
        }
    }

    /// Paper, grid, ticks and their labels.
    pub fn paint_axes(&self, painter: &Painter, p: &Palette, grid: bool) {
        let rect = self.rect;
        painter.rect_filled(rect, 0.0, p.stage);
        let whole = self.extent.floor() as i32;
        let font = FontId::new(12.5, FontFamily::Proportional);
        let hairline = Stroke::new(1.0, p.hairline);
        for tick in -whole..=whole {
            let at = self.view.to_screen(rect, [tick as f32, tick as f32]);
            if grid && tick.abs() < whole {
                painter.vline(at.x, rect.y_range(), hairline);
                painter.hline(rect.x_range(), at.y, hairline);
            }
            painter.vline(at.x, rect.bottom()..=rect.bottom() + 4.0, hairline);
            painter.hline(rect.left() - 4.0..=rect.left(), at.y, hairline);
            let label = tick.to_string().replace('-', "−");
            let below = pos2(at.x, rect.bottom() + 6.0);
            painter.text(below, Align2::CENTER_TOP, &label, font.clone(), p.muted);
            let beside = pos2(rect.left() - 8.0, at.y);
            painter.text(beside, Align2::RIGHT_CENTER, &label, font.clone(), p.muted);
        }
    }

    /// The frame, drawn last so that no particle covers it.
    pub fn paint_frame(&self, painter: &Painter, p: &Palette) {
        painter.rect_stroke(
            self.rect,
            0.0,
            Stroke::new(1.0, p.hairline),
            StrokeKind::Outside,
        );
    }

    /// The support of a box target.
    pub fn paint_ghost(&self, painter: &Painter, boxes: &BoxUnion, color: Color32) {
        let painter = painter.with_clip_rect(self.rect.intersect(painter.clip_rect()));
        for cell in &boxes.boxes {
            let corner = |at: [f64; 2]| self.view.to_screen(self.rect, at.map(|v| v as f32));
            let rect = Rect::from_two_pos(corner(cell.lo), corner(cell.hi));
            painter.rect_filled(rect, 0.0, color);
        }
    }

    /// What is shown, on the left above the picture, and how good it is on the right.
    pub fn captions_ui(&self, ui: &Ui, captions: &[Caption]) {
        let p = theme::palette(ui);
        let painter = ui.painter();
        let title_font = FontId::new(15.0, theme::semibold());
        let font = FontId::new(14.0, FontFamily::Proportional);
        let left = self.rect.left();
        for (index, caption) in captions.iter().rev().enumerate() {
            let bottom = self.rect.top() - CAPTION * (index * self.lines) as f32 - 2.0;
            let figures_y = bottom - 0.5 * CAPTION;
            let y = bottom - CAPTION * (self.lines as f32 - 0.5);
            painter.circle_filled(pos2(left + 6.0, y), 5.5, caption.color);
            let at = pos2(left + 18.0, y);
            let title = painter.text(
                at,
                Align2::LEFT_CENTER,
                &caption.title,
                title_font.clone(),
                p.ink,
            );
            let at = pos2(title.right() + 8.0, y);
            painter.text(
                at,
                Align2::LEFT_CENTER,
                &caption.detail,
                font.clone(),
                p.muted,
            );
            let [nfe, off] = &caption.figures;
            let write = |x: f32, text: &str, font: &FontId, color: Color32| {
                let at = pos2(x, figures_y);
                painter
                    .text(at, Align2::RIGHT_CENTER, text, font.clone(), color)
                    .left()
            };
            // Each figure has its own right edge, so that none moves another.
            let x = write(self.rect.right(), "off support", &font, p.muted);
            write(x - 4.0, off, &title_font, p.ink);
            let x = write(x - 62.0, "NFE", &font, p.muted);
            write(x - 4.0, nfe, &title_font, p.ink);
            let figures = Rect::from_x_y_ranges(
                x - 36.0..=self.rect.right(),
                figures_y - 11.0..=figures_y + 11.0,
            );
            let id = ui.scope_id().with((&caption.title, index, left as i32));
            ui.interact(figures, id, Sense::hover())
                .on_hover_text(FIGURES_HINT);
        }
    }
}

/// What the figures of a caption mean.
const FIGURES_HINT: &str = "NFE: evaluations of the velocity field for one particle.\n\
                            Off support: particles that end where the target has no mass.";

/// A line above the picture.
pub struct Caption {
    /// Colour of the particles it speaks of.
    pub color: Color32,
    /// Their name.
    pub title: String,
    /// A word on them.
    pub detail: String,
    /// Evaluations of the field, and the share off the support.
    pub figures: [String; 2],
}

/// Rounds a rectangle to whole points, which keeps hairlines crisp.
trait RoundToPoints {
    fn round_to_points(self) -> Self;
}

impl RoundToPoints for Rect {
    fn round_to_points(self) -> Self {
        Rect::from_min_max(self.min.round(), self.max.round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_square_and_inside_at_every_size() {
        for (width, height) in [
            (1.0, 1.0),
            (60.0, 800.0),
            (1280.0, 90.0),
            (10_000.0, 10_000.0),
        ] {
            let place = Rect::from_min_size(pos2(7.0, 9.0), vec2(width, height));
            if let Some(stage) = Stage::fit(place, 3.0, 2) {
                assert!(place.contains_rect(stage.rect), "{width} x {height}");
                assert!((stage.rect.width() - stage.rect.height()).abs() <= 1.0);
                let corner = stage.view.to_screen(stage.rect, [-3.0, 3.0]);
                assert!((corner - stage.rect.min).length() < 1.5);
            }
        }
        let place = Rect::from_min_size(pos2(0.0, 0.0), vec2(500.0, 500.0));
        assert!(Stage::fit(place, 0.0, 1).is_none());
        assert!(Stage::fit(place, f64::NAN, 1).is_none());
    }
}
