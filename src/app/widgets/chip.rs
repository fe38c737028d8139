//! A legend entry that is its own switch: a coloured mark, a name, and whether it is shown.

use egui::{Color32, Rect, Response, Sense, Stroke, StrokeKind, TextStyle, Ui, pos2, vec2};

use crate::app::theme;

/// The mark in front of a name, drawn like the layer itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Particles.
    Dots,
    /// An area.
    Square,
    /// Trajectories.
    Curve,
    /// Velocities.
    Arrow,
}

/// A switch for one layer; `key` is the number key that does the same.
pub fn chip(
    ui: &mut Ui,
    on: &mut bool,
    mark: Mark,
    color: Color32,
    name: &str,
    key: u8,
) -> Response {
    let p = theme::palette(ui);
    let font = TextStyle::Body.resolve(ui.style());
    let text = ui
        .painter()
        .layout_no_wrap(name.to_owned(), font.clone(), p.ink);
    let height = ui.spacing().interact_size.y;
    let mark_width = font.size * 1.3;
    let width = 10.0 + mark_width + 6.0 + text.size().x + 12.0;
    let (rect, mut response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    let is_on = *on;
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::CheckBox, ui.is_enabled(), is_on, name)
    });
    if ui.is_rect_visible(rect) {
        let fill = match (*on, response.hovered()) {
            (_, true) => p.control_hover,
            (true, false) => p.control,
            (false, false) => Color32::TRANSPARENT,
        };
        let line = if response.has_focus() {
            p.source
        } else {
            p.hairline
        };
        let radius = height / 2.0;
        ui.painter().rect(
            rect,
            radius,
            fill,
            Stroke::new(1.0, line),
            StrokeKind::Inside,
        );
        let ink = if *on { p.ink } else { p.muted };
        let color = if *on {
            color
        } else {
            theme::faint(p.muted, 0.55)
        };
        let place = Rect::from_min_size(
            pos2(rect.left() + 10.0, rect.center().y - mark_width / 2.0),
            vec2(mark_width, mark_width),
        );
        paint_mark(ui, mark, place, color);
        let at = pos2(place.right() + 6.0, rect.center().y - text.size().y / 2.0);
        ui.painter().galley_with_override_text_color(at, text, ink);
    }
    if key == 0 {
        response
    } else {
        response.on_hover_text(format!("Show or hide (key {key})"))
    }
}

/// Draws the mark of a layer into a square.
pub fn paint_mark(ui: &Ui, mark: Mark, rect: Rect, color: Color32) {
    let painter = ui.painter();
    let c = rect.center();
    let r = 0.5 * rect.width();
    let stroke = Stroke::new((0.2 * r).max(1.6), color);
    match mark {
        Mark::Dots => {
            painter.circle_filled(c, 0.52 * r, color);
        }
        Mark::Square => {
            painter.rect_filled(Rect::from_center_size(c, vec2(r, r) * 1.2), 2.0, color);
        }
        Mark::Curve => {
            let points = (0..=12).map(|i| {
                let s = i as f32 / 6.0 - 1.0;
                c + vec2(0.85 * s, 0.5 * (2.6 * s).sin()) * r
            });
            painter.line(points.collect(), stroke);
        }
        Mark::Arrow => {
            let (tail, tip) = (c + vec2(-0.75, 0.45) * r, c + vec2(0.75, -0.45) * r);
            painter.line_segment([tail, tip], stroke);
            painter.line_segment([tip, tip + vec2(-0.55, -0.1) * r], stroke);
            painter.line_segment([tip, tip + vec2(-0.2, 0.55) * r], stroke);
        }
    }
}
