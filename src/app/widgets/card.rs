//! The frame of a card that lies over the window.

use egui::{Frame, Margin, Stroke, Ui};

use crate::app::theme;

/// Paper with a rim, round corners and a shadow; `margin` is the room around the content, in
/// points.
pub fn card(ui: &Ui, margin: i8) -> Frame {
    let p = theme::palette(ui);
    Frame::new()
        .fill(p.paper)
        .stroke(Stroke::new(1.0, p.hairline))
        .corner_radius(12)
        .shadow(ui.visuals().window_shadow)
        .inner_margin(Margin::same(margin))
}
