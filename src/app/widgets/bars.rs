//! A row of bars for shares of a whole, each in its colour.

use egui::{Align2, Color32, FontFamily, FontId, Rect, Sense, Stroke, Ui, pos2, vec2};

use crate::app::theme;

/// One bar.
pub struct Bar {
    /// Its colour.
    pub color: Color32,
    /// Its share, 0 to 1.
    pub share: f64,
}

/// Draws the bars over the whole width; `level` is a share to compare with.
pub fn bars(ui: &mut Ui, name: &str, hint: &str, bars: &[Bar], level: Option<f64>, height: f32) {
    let p = theme::palette(ui);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let spoken: Vec<String> = bars
        .iter()
        .map(|bar| format!("{:.0} %", 100.0 * bar.share))
        .collect();
    let spoken = format!("{name}: {}", spoken.join(", "));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
    let painter = ui.painter();
    let font = FontId::new(12.5, FontFamily::Proportional);
    let (top, bottom) = (rect.top() + 18.0, rect.bottom() - 1.0);
    let room = rect.width() / bars.len().max(1) as f32;
    let largest = bars.iter().map(|bar| bar.share).fold(0.25, f64::max);
    let y = |share: f64| bottom - (bottom - top) * (share / largest) as f32;
    if let Some(level) = level {
        let dashes = egui::Shape::dashed_line(
            &[pos2(rect.left(), y(level)), pos2(rect.right(), y(level))],
            Stroke::new(1.0, p.muted),
            4.0,
            4.0,
        );
        painter.extend(dashes);
    }
    for (index, bar) in bars.iter().enumerate() {
        let left = rect.left() + room * index as f32;
        let gap = (0.12 * room).min(4.0);
        let place = Rect::from_min_max(
            pos2(left + gap, y(bar.share)),
            pos2(left + room - gap, bottom),
        );
        painter.rect_filled(place, 1.5, bar.color);
        if room >= 26.0 {
            let text = format!("{:.0}", 100.0 * bar.share);
            let at = pos2(place.center().x, place.top() - 2.0);
            painter.text(at, Align2::CENTER_BOTTOM, text, font.clone(), p.ink);
        }
    }
    painter.hline(rect.x_range(), bottom, Stroke::new(1.0, p.muted));
    response.on_hover_text(hint);
}
