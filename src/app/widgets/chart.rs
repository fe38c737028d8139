//! A small plot of curves without a frame: two axes, lines, and a cursor at the time of the flow.

use egui::{Align2, FontId, Painter, Pos2, Rect, Shape, Stroke, pos2};

use crate::app::theme::{self, Palette};
use crate::app::time_label;

/// How far a label may stick out of the axis that it stands below.
const OVERHANG: f32 = 6.0;

/// A rectangle of the screen with two linear axes.
#[derive(Clone, Copy, Debug)]
pub struct Chart {
    /// Where on the screen.
    pub rect: Rect,
    /// Values at the left and at the right.
    pub x: [f32; 2],
    /// Values at the bottom and at the top.
    pub y: [f32; 2],
}

/// Which way a curve is drawn, so that colour is never alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Without gaps.
    Solid,
    /// In dashes.
    Dashed,
}

impl Chart {
    /// Where a value lies on the screen.
    pub fn at(&self, x: f32, y: f32) -> Pos2 {
        let share = |v: f32, [from, to]: [f32; 2]| (v - from) / (to - from);
        pos2(
            self.rect.left() + share(x, self.x) * self.rect.width(),
            self.rect.bottom() - share(y, self.y) * self.rect.height(),
        )
    }

    /// The value of x under a place on the screen.
    pub fn x_at(&self, place: Pos2) -> f32 {
        let share = (place.x - self.rect.left()) / self.rect.width().max(1.0);
        self.x[0] + share.clamp(0.0, 1.0) * (self.x[1] - self.x[0])
    }

    /// Hairlines at the ticks, with their labels below and at the left.
    pub fn axes(&self, painter: &Painter, p: &Palette, x: &[(f32, String)], y: &[(f32, String)]) {
        let font = FontId::proportional(12.5);
        let line = Stroke::new(1.0, p.hairline);
        for (value, label) in y {
            let at = self.at(self.x[0], *value);
            painter.hline(self.rect.x_range(), at.y, line);
            let at = pos2(at.x - 6.0, at.y);
            painter.text(at, Align2::RIGHT_CENTER, label, font.clone(), p.muted);
        }
        for (value, label) in x {
            let at = self.at(*value, self.y[0]);
            painter.vline(at.x, self.rect.bottom()..=self.rect.bottom() + 3.0, line);
            let label = painter.layout_no_wrap(label.clone(), font.clone(), p.muted);
            // A long number at an end of the axis does not stick out into what is beside it.
            let room = self.rect.x_range().expand(OVERHANG);
            let last = (room.max - label.size().x).max(room.min);
            let left = (at.x - 0.5 * label.size().x).clamp(room.min, last);
            painter.galley(pos2(left, at.y + 4.0), label, p.muted);
        }
    }

    /// A curve through points `[x, y]`; those that are not finite are left out.
    pub fn line(
        &self,
        painter: &Painter,
        points: impl IntoIterator<Item = [f32; 2]>,
        kind: LineKind,
        stroke: Stroke,
    ) {
        let painter = painter.with_clip_rect(self.rect.expand(2.0).intersect(painter.clip_rect()));
        let finite = points
            .into_iter()
            .filter(|p| p.iter().all(|v| v.is_finite()));
        let path: Vec<Pos2> = finite.map(|[x, y]| self.at(x, y)).collect();
        match kind {
            LineKind::Solid => {
                painter.add(Shape::line(path, stroke));
            }
            LineKind::Dashed => {
                let dash = 3.4 * stroke.width;
                painter.extend(Shape::dashed_line(&path, stroke, dash, 0.8 * dash));
            }
        }
    }

    /// A vertical line at a time.
    pub fn cursor(&self, painter: &Painter, x: f32, p: &Palette) {
        let at = self.at(x, self.y[0]).x;
        painter.vline(
            at,
            self.rect.y_range(),
            Stroke::new(1.6, theme::faint(p.ink, 0.75)),
        );
    }
}

/// Ticks of t at 0, ½ and 1.
pub fn time_ticks() -> Vec<(f32, String)> {
    let ticks = [0.0_f32, 0.5, 1.0];
    let label = |t: f32| time_label::shown(t.into()).to_string();
    ticks.map(|t| (t, label(t))).to_vec()
}

/// Ticks of a share at 0, ½ and 1.
pub fn unit_ticks() -> Vec<(f32, String)> {
    [(0.0, "0"), (0.5, "0.5"), (1.0, "1")]
        .map(|(share, label)| (share, label.to_owned()))
        .to_vec()
}

/// The smallest of 1, 2 or 5 times a power of ten that is at least `least`: ends of axes that
/// rarely change.
pub fn nice_ceil(least: f32) -> f32 {
    // In double precision and rounded once, so that 0.2 is written as 0.2.
    let least = f64::from(least.max(1e-9));
    let decade = 10f64.powf(least.log10().floor());
    let round = [1.0, 2.0, 5.0].map(|m| m * decade);
    let found = round.into_iter().find(|v| *v >= least * 0.9999);
    found.unwrap_or(10.0 * decade) as f32
}

/// A tick label without trailing zeros, with a true minus.
pub fn tick(value: f32) -> String {
    let text = if value == 0.0 || value.abs() >= 0.01 {
        format!("{value}")
    } else {
        format!("{value:e}")
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    #[test]
    fn values_land_where_they_are_read() {
        let chart = Chart {
            rect: Rect::from_min_size(pos2(10.0, 20.0), vec2(200.0, 100.0)),
            x: [0.0, 1.0],
            y: [-1.0, 1.0],
        };
        assert_eq!(chart.at(0.0, -1.0), pos2(10.0, 120.0));
        assert_eq!(chart.at(1.0, 1.0), pos2(210.0, 20.0));
        assert_eq!(chart.x_at(chart.at(0.3, 0.0)), 0.3);
        assert_eq!(chart.x_at(pos2(-50.0, 0.0)), 0.0);
    }

    #[test]
    fn ends_of_axes_are_round() {
        for (least, nice) in [
            (0.13, 0.2),
            (1.0, 1.0),
            (3.1, 5.0),
            (73.0, 100.0),
            (0.04, 0.05),
        ] {
            assert_eq!(nice_ceil(least), nice, "{least}");
        }
        assert_eq!(tick(-0.5), "−0.5");
        assert_eq!(tick(0.002), "2e−3");
    }
}
