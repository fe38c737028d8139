//! The panels beside one another, their colour bars, the error curve and the inspector's point.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::Field;
use super::inspector::{Reading, reading_ui};
use super::job::{ErrorCurve, Heat, Panel, Picture};
use crate::app::lesson::Lab;
use crate::app::theme::{self, Palette};
use crate::app::widgets::chart::{Chart, LineKind, nice_ceil, tick, time_ticks};
use crate::app::widgets::heat_map::{Scale, color_bar};
use crate::app::widgets::notes;
use crate::app::widgets::panels::{Margins, PanelGrid};
use crate::app::widgets::stage::Stage;

/// Height of the titles and of the colour bars, in points.
const TITLE: f32 = 24.0;
const BAR: f32 = 42.0;
/// Height of the curve and the inspector at least, in points.
const STRIP: f32 = 126.0;
/// Seconds between two dashes of an animated streamline that pass a point.
const PERIOD: f64 = 1.6;

impl Field {
    pub(super) fn pictures_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect) {
        let p = theme::palette(ui);
        let route = lab.training.route();
        let dataset = &route.dataset;
        let picture = self.work.as_ref().and_then(|work| work.value());
        let Some(picture) = picture.filter(|picture| picture.route == route) else {
            return notes::sentence(ui, place, "Computing the fields…");
        };
        let place = place.shrink2(vec2(4.0, 0.0));
        let known: [(&Option<Panel>, &str, Color32); 3] = [
            (&picture.model, "Network", p.model),
            (&picture.exact, "Exact field", p.exact),
            (&picture.difference, self.difference_name(), p.error),
        ];
        let shown: Vec<_> = known
            .into_iter()
            .filter(|(panel, ..)| panel.is_some())
            .collect();
        let margins = Margins {
            left: 0.0,
            top: TITLE,
            below: BAR,
            beside: 0.0,
            least: 24.0,
        };
        let (above, _) = place.split_top_bottom_at_y(place.bottom() - STRIP);
        let Some(grid) = PanelGrid::fit(above, [1, shown.len()], margins) else {
            return;
        };
        // The panels stand at the top; what they leave is the strip's.
        let lift = grid.rect(0, 0).top() - TITLE - place.top();
        let rect = |index: usize| grid.rect(0, index).translate(vec2(0.0, -lift));
        let extent = dataset.extent();
        let mut pointed = None;
        let reading = self.pointed.or(self.pinned).map(|x| self.inspector.read(x));
        for (index, (panel, name, color)) in shown.iter().enumerate() {
            let stage = Stage::bare(rect(index), extent);
            let scale = if *name == self.difference_name() {
                picture.difference_scale
            } else {
                picture.scale
            };
            if let Some(panel) = panel {
                self.panel_ui(ui, lab, &stage, panel, (index as u8, scale, *color));
                if picture.heat == Heat::Density && route.source.density().is_none() {
                    let text = "The density of this source is not known,\n\
                                hence neither that of its flow.";
                    notes::sentence(ui, stage.rect, text);
                }
            }
            let at = pos2(stage.rect.left() + 5.0, stage.rect.top() - 0.5 * TITLE);
            ui.painter().circle_filled(at, 4.5, *color);
            let font = FontId::new(14.0, theme::semibold());
            let at = at + vec2(10.0, 0.0);
            ui.painter()
                .text(at, Align2::LEFT_CENTER, *name, font, p.ink);
            if let Some(reading) = &reading {
                paint_reading(ui.painter(), &stage, reading, *name == "Exact field", p);
            }
            let id = ui.scope_id().with(("field", index));
            let response = ui.interact(stage.rect, id, Sense::click());
            let label = format!("{name}: pin a point");
            response
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, label.clone()));
            if let Some(pointer) = response.hover_pos() {
                pointed = Some(stage.view.from_screen(stage.rect, pointer));
            }
            if let Some(pointer) = response
                .interact_pointer_pos()
                .filter(|_| response.clicked())
            {
                let x = stage.view.from_screen(stage.rect, pointer);
                let near = |old: [f32; 2]| {
                    (old[0] - x[0]).hypot(old[1] - x[1]) * stage.view.scale(stage.rect) < 8.0
                };
                self.pinned = Some(x).filter(|_| !self.pinned.is_some_and(near));
            }
        }
        self.pointed = pointed;
        if self.heat == Some(picture.heat) {
            self.bars_ui(
                ui,
                &picture,
                &shown.iter().map(|s| s.1).collect::<Vec<_>>(),
                rect,
            );
        }
        let strip = Rect::from_min_max(
            pos2(place.left(), rect(0).bottom() + BAR + 6.0),
            place.max - vec2(0.0, 2.0),
        );
        self.strip_ui(ui, lab, strip, reading.as_ref());
        if self.lines && self.animated {
            ui.ctx()
                .request_repaint_after(std::time::Duration::from_millis(33));
        }
    }

    pub(super) fn difference_name(&self) -> &'static str {
        match self.heat {
            Some(Heat::Density | Heat::Divergence) => "Network − exact",
            Some(Heat::Speed) | None => "Network − exact, error",
        }
    }

    fn panel_ui(
        &mut self,
        ui: &Ui,
        lab: &mut Lab,
        stage: &Stage,
        panel: &Panel,
        (slot, scale, color): (u8, Scale, Color32),
    ) {
        let p = theme::palette(ui);
        let painter = ui.painter().with_clip_rect(stage.rect);
        painter.rect_filled(stage.rect, 0.0, p.stage);
        if self.heat.is_some() {
            self.textures
                .paint(&painter, slot, stage.rect, &panel.heat, scale, p);
        }
        let over = match (self.heat, scale) {
            (None, _) => color,
            (Some(_), Scale::Sequential(_)) => theme::over_heat(),
            (Some(_), Scale::Diverging(_)) => p.ink,
        };
        let mut canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
        if let Some(target) = self.target.as_ref().filter(|_| self.show_target) {
            match target.boxes().filter(|_| self.heat.is_some()) {
                Some(boxes) => {
                    let line = Stroke::new(1.6, over);
                    for cell in &boxes.boxes {
                        let corner =
                            |at: [f64; 2]| stage.view.to_screen(stage.rect, at.map(|v| v as f32));
                        let cell = Rect::from_two_pos(corner(cell.lo), corner(cell.hi));
                        painter.rect_stroke(cell, 0.0, line, egui::StrokeKind::Inside);
                    }
                }
                None => target.paint((slot, 0), &mut canvas, stage, 1.0, p.ghost),
            }
        }
        let width = if lab.settings.lecture { 1.8 } else { 1.5 };
        if self.lines {
            let time = self.animated.then(|| ui.input(|input| input.time));
            let halo = match (self.heat, scale) {
                (Some(_), Scale::Sequential(_)) => theme::under_lines(),
                _ => Color32::TRANSPARENT,
            };
            let strokes = [Stroke::new(width, over), Stroke::new(width + 2.0, halo)];
            paint_lines(&painter, stage, &panel.lines, time, strokes);
        }
        if self.arrows {
            // Arrows as long as a cell at the speed that the colours end at.
            let each = stage.rect.width() / 19.0;
            let fast = panel.heat.quantile(0.8, f32::abs).max(1e-6);
            let per_speed = match self.heat {
                Some(Heat::Speed) | None => each / fast,
                Some(_) => 0.5 * each,
            };
            canvas.arrows(&panel.arrows, per_speed, 1.3 * each, width, over);
        }
        stage.paint_frame(ui.painter(), p);
    }

    /// One bar under both fields, and one under the difference.
    fn bars_ui(&self, ui: &Ui, picture: &Picture, names: &[&str], rect: impl Fn(usize) -> Rect) {
        let p = theme::palette(ui);
        let fields = names
            .iter()
            .filter(|name| **name != self.difference_name())
            .count();
        let (what, apart) = match picture.heat {
            Heat::Speed => ("speed, length per time", "length of the error"),
            Heat::Density => ("density p, per area", "difference of densities"),
            Heat::Divergence => ("divergence ∇·v, per time", "difference of divergences"),
        };
        let bar = |from: Rect, to: Rect, scale: Scale, what: &str| {
            let top = from.bottom() + 8.0;
            let inset = 2.0;
            let place = Rect::from_min_max(
                pos2(from.left() + inset, top),
                pos2(to.right() - inset, top + BAR - 8.0),
            );
            color_bar(ui.painter(), place, scale, what, p);
        };
        if fields > 0 {
            bar(rect(0), rect(fields - 1), picture.scale, what);
        }
        if fields < names.len() {
            bar(rect(fields), rect(fields), picture.difference_scale, apart);
        }
    }

    /// The error over time at the left, the inspector at the right.
    fn strip_ui(&mut self, ui: &mut Ui, lab: &mut Lab, strip: Rect, reading: Option<&Reading>) {
        let p = theme::palette(ui);
        let curve = self.curve.as_ref().and_then(|curve| curve.value());
        let share = if strip.width() > 800.0 { 0.5 } else { 0.44 };
        let (left, right) = strip.split_left_right_at_fraction(share);
        let right = right.with_min_x(right.left() + 18.0);
        match reading {
            Some(reading) => {
                // The numbers need no more room than they can be read in.
                let high = right.height().min(190.0);
                let place = Rect::from_min_size(right.min, vec2(right.width(), high));
                reading_ui(ui, place, reading);
            }
            None => notes::sentence(ui, right, "Point at a place; click to pin it."),
        }
        let Some(curve) = curve.filter(|_| lab.training.route().has_exact()) else {
            return;
        };
        let chart = error_chart(ui.painter(), left, &curve, lab.clock.t() as f32, p);
        let id = ui.scope_id().with("error curve");
        let response = ui.interact(chart.rect, id, Sense::click_and_drag());
        if let Some(pointer) = response.interact_pointer_pos() {
            lab.clock.pause();
            lab.clock
                .seek((f64::from(chart.x_at(pointer)) * 100.0).round() / 100.0);
        }
        response.on_hover_text(
            "Mean squared distance of the two velocities over the particles at t. Drag to move t.",
        );
    }
}

/// E|v_θ − v*|² against t with a cursor.
fn error_chart(painter: &Painter, place: Rect, curve: &ErrorCurve, t: f32, p: &Palette) -> Chart {
    let values = curve.points.iter().map(|point| point[1]);
    let top = nice_ceil(values.filter(|v| v.is_finite()).fold(1e-6, f32::max));
    let high = place.height().min(230.0);
    let chart = Chart {
        rect: Rect::from_min_max(
            pos2(place.left() + 40.0, place.top() + 26.0),
            pos2(place.right() - 6.0, place.top() + high - 20.0),
        ),
        x: [0.0, 1.0],
        y: [0.0, top],
    };
    let font = FontId::proportional(13.5);
    let at = pos2(place.left(), place.top() + 10.0);
    painter.text(at, Align2::LEFT_CENTER, "Squared error", font, p.muted);
    let levels = [0.0, 0.5 * top, top].map(|v| (v, tick(v)));
    chart.axes(painter, p, &time_ticks(), &levels);
    let line = Stroke::new(2.2, p.error);
    chart.line(painter, curve.points.iter().copied(), LineKind::Solid, line);
    chart.cursor(painter, t, p);
    let after = curve.points.iter().position(|point| point[0] >= t);
    let last = curve.points.len() - 1;
    let next = curve.points[after.unwrap_or(last)];
    let before = curve.points[after.unwrap_or(last).saturating_sub(1)];
    let share = ((t - before[0]) / (next[0] - before[0]).max(1e-6)).clamp(0.0, 1.0);
    let now = before[1] + share * (next[1] - before[1]);
    painter.circle(chart.at(t, now), 4.5, p.error, Stroke::new(1.5, p.stage));
    let text = format!("{now:.4} at t · excess {:.4}", curve.excess);
    let bold = FontId::new(13.0, theme::semibold());
    let at = pos2(place.right() - 6.0, place.top() + 10.0);
    if place.width() > 310.0 {
        painter.text(at, Align2::RIGHT_CENTER, text, bold, p.ink);
    }
    chart
}

/// Lines with a head in their middle, or with moving dashes.
fn paint_lines(
    painter: &Painter,
    stage: &Stage,
    lines: &[Vec<[f32; 2]>],
    time: Option<f64>,
    [stroke, halo]: [Stroke; 2],
) {
    for (index, line) in lines.iter().enumerate() {
        let path: Vec<Pos2> = (line.iter())
            .map(|x| stage.view.to_screen(stage.rect, *x))
            .collect();
        let Some(time) = time else {
            let middle = path.len() / 2;
            let tip = path[middle];
            let along = (tip - path[middle.saturating_sub(2)]).normalized();
            let side = along.rot90();
            painter.add(Shape::line(path.clone(), halo));
            painter.add(Shape::line(path, stroke));
            let spike = [
                tip + 4.2 * along,
                tip - 2.6 * along + 3.1 * side,
                tip - 2.6 * along - 3.1 * side,
            ];
            painter.add(Shape::convex_polygon(
                spike.to_vec(),
                stroke.color,
                Stroke::NONE,
            ));
            continue;
        };
        let quiet = Stroke::new(stroke.width, theme::faint(stroke.color, 0.35));
        painter.add(Shape::line(path.clone(), halo));
        painter.add(Shape::line(path.clone(), quiet));
        // Each line starts at its own phase, so that the dashes make no pattern.
        let phase = (time / PERIOD + 0.618 * index as f64).fract() as f32;
        const DASHES: usize = 22;
        let length = 7;
        let mut start = (phase * DASHES as f32) as usize;
        while start < path.len() {
            let end = (start + length).min(path.len());
            if end - start > 1 {
                let bold = Stroke::new(1.5 * stroke.width, stroke.color);
                painter.add(Shape::line(path[start..end].to_vec(), bold));
            }
            start += DASHES;
        }
    }
}

/// The point, its velocities, and on the exact panel where the data are expected.
fn paint_reading(painter: &Painter, stage: &Stage, reading: &Reading, exact: bool, p: &Palette) {
    let painter = painter.with_clip_rect(stage.rect);
    let place = |x: [f64; 2]| stage.view.to_screen(stage.rect, x.map(|v| v as f32));
    let at = place(reading.x.map(f64::from));
    let halo = Stroke::new(3.6, theme::faint(p.stage, 0.85));
    if let Some(marginal) = reading.exact.as_ref().filter(|_| exact) {
        let mean = place(marginal.mean_x1);
        for line in [halo, Stroke::new(1.8, p.ink)] {
            painter.line_segment([at, mean], line);
        }
        painter.circle_stroke(mean, 6.0, halo);
        painter.circle_stroke(mean, 6.0, Stroke::new(2.2, p.error));
    }
    let arms = [vec2(7.0, 0.0), vec2(0.0, 7.0)];
    for line in [halo, Stroke::new(2.0, p.ink)] {
        for arm in arms {
            painter.line_segment([at - arm, at + arm], line);
        }
    }
}
