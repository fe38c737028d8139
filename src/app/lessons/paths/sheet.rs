//! Seed 001's sheet: the linear path above, VP diffusion below, at seven times.

use egui::{Align2, FontId, Painter, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::side::schedule;
use super::{NAMES, Paths, SHEET};
use crate::app::lesson::Lab;
use crate::app::theme::{self, Palette};
use crate::app::time_label;
use crate::app::widgets::chart::{Chart, LineKind};
use crate::app::widgets::panels::{self, Crowd, Margins, PanelGrid};
use crate::app::widgets::stage::Stage;

/// The times of the columns.
pub(super) const TIMES: [f32; 7] = [0.10, 0.50, 0.70, 0.90, 0.95, 0.97, 1.0];
/// Room for the curves below, in points.
const CURVES: f32 = 130.0;

impl Paths {
    pub(super) fn sheet_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect) {
        let p = theme::palette(ui);
        let painter = ui.painter().clone();
        let side = (place.width() - 40.0) / TIMES.len() as f32;
        // The curves take what two rows of squares leave.
        let rows = (2.0 * side + 46.0).min(place.height() - CURVES);
        let (above, below) = place.split_top_bottom_at_y(place.top() + rows.max(100.0));
        let margins = Margins {
            left: 28.0,
            top: 24.0,
            below: 0.0,
            beside: 0.0,
            least: 24.0,
        };
        let Some(grid) = PanelGrid::fit(above, [2, TIMES.len()], margins) else {
            return;
        };
        let dataset = lab.training.dataset();
        let extent = dataset.extent();
        let now = lab.clock.t() as f32;
        let mut pointed = None;
        for (row, path) in SHEET.into_iter().enumerate() {
            let color = theme::series(p, path);
            let moved = self.moved(path);
            row_name(&painter, grid.rect(row, 0), NAMES[path], p);
            for (column, t) in TIMES.into_iter().enumerate() {
                let stage = Stage::bare(grid.rect(row, column), extent);
                let crowd = moved.as_ref().map(|moved| Crowd {
                    index: (row * TIMES.len() + column) as u8,
                    frames: &moved.frames,
                    t,
                    color,
                    trails: 0,
                });
                let target = self.targets.of(&dataset);
                panels::paint_panel(lab, &painter, p, &stage, target, crowd.as_ref());
                if row == 0 {
                    column_name(&painter, stage.rect, t, (now - t).abs() < 0.006, p);
                }
                let id = ui.scope_id().with(("sheet", row, column));
                let response = ui.interact(stage.rect, id, Sense::hover());
                if let (Some(pointer), Some(crowd)) = (response.hover_pos(), &crowd) {
                    pointed = panels::nearest(&stage, crowd.frames, t, pointer);
                }
                if let (Some(chosen), Some(crowd)) = (self.chosen, &crowd) {
                    let canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
                    panels::paint_chosen(&canvas, crowd.frames, t, chosen, p);
                }
            }
        }
        self.chosen = pointed;
        self.sheet_curves(&painter, below, now, p);
    }

    /// The signal's share α²/(α² + σ²) of both paths: why the lower row stays noise for so long.
    fn sheet_curves(&self, painter: &Painter, place: Rect, now: f32, p: &Palette) {
        if place.height() < 70.0 {
            return;
        }
        let font = FontId::proportional(13.5);
        let heading = pos2(place.left() + 34.0, place.top() + 6.0);
        let text = "Share of the signal, α² / (α² + σ²), over t; lines at the seven times";
        painter.text(heading, Align2::LEFT_TOP, text, font.clone(), p.muted);
        let chart = Chart {
            rect: Rect::from_min_max(
                place.min + vec2(34.0, 32.0),
                pos2(
                    place.right() - 12.0,
                    (place.bottom() - 24.0).min(place.top() + 330.0),
                ),
            ),
            x: [0.0, 1.0],
            y: [0.0, 1.0],
        };
        let ticks: Vec<_> = (0..=10)
            .map(|i| (i as f32 / 10.0, format!("{}", i as f32 / 10.0)))
            .collect();
        let levels = [0.0, 0.5, 1.0].map(|v| (v, format!("{v}")));
        chart.axes(painter, p, &ticks, &levels);
        for t in TIMES {
            let x = chart.at(t, 0.0).x;
            painter.vline(x, chart.rect.y_range(), Stroke::new(1.0, p.hairline));
        }
        let schedulers = self.schedulers();
        for (place, kind) in SHEET.into_iter().zip([LineKind::Solid, LineKind::Dashed]) {
            let color = theme::series(p, place);
            let [signal, noise] = schedule(schedulers[place]);
            let share = |a: f32, s: f32| a * a / (a * a + s * s);
            let points = signal.iter().zip(&noise);
            let points = points.map(|(a, s)| [a[0], share(a[1], s[1])]);
            chart.line(painter, points, kind, Stroke::new(2.4, color));
            let c = schedulers[place].at(f64::from(now));
            let at = chart.at(now, share(c.alpha as f32, c.sigma as f32));
            painter.circle(at, 5.0, color, Stroke::new(1.5, p.stage));
            // Each name stands where the curves are far apart, on its own side.
            let (t, align, shift) = if place == SHEET[0] {
                (0.5, Align2::RIGHT_BOTTOM, vec2(-8.0, -4.0))
            } else {
                (0.72, Align2::LEFT_TOP, vec2(10.0, 4.0))
            };
            let c = schedulers[place].at(t);
            let at = chart.at(t as f32, share(c.alpha as f32, c.sigma as f32)) + shift;
            painter.text(
                at,
                align,
                NAMES[place],
                FontId::new(14.0, theme::semibold()),
                color,
            );
        }
        chart.cursor(painter, now, p);
    }
}

/// The name of a row, upright at its left.
fn row_name(painter: &Painter, first: Rect, name: &str, p: &Palette) {
    let font = FontId::new(14.5, theme::semibold());
    let galley = painter.layout_no_wrap(name.to_owned(), font, p.ink);
    let size = galley.size();
    let at = pos2(first.left() - 8.0 - size.y, first.center().y + 0.5 * size.x);
    let text = egui::epaint::TextShape::new(at, galley, p.ink);
    painter.add(text.with_angle(-std::f32::consts::FRAC_PI_2));
}

fn column_name(painter: &Painter, panel: Rect, t: f32, now: bool, p: &Palette) {
    let at = pos2(panel.center().x, panel.top() - 11.0);
    let font = if now {
        FontId::new(14.0, theme::semibold())
    } else {
        FontId::proportional(14.0)
    };
    painter.text(
        at,
        Align2::CENTER_CENTER,
        time_label::moment(t),
        font,
        p.ink,
    );
}
