//! An arrow with a filled head, thick enough to be seen from the last row.

use egui::{Color32, Painter, Pos2, Shape, Stroke};

/// Draws it from `tail` to `tip`; the head shrinks with a short arrow.
pub fn arrow(painter: &Painter, tail: Pos2, tip: Pos2, width: f32, color: Color32) {
    let along = tip - tail;
    let length = along.length();
    if !length.is_finite() || length < 0.5 {
        return;
    }
    let along = along / length;
    let across = along.rot90();
    let head = (3.2 * width + 3.0).min(0.7 * length);
    let neck = tip - head * along;
    let half = 0.42 * head;
    painter.line_segment([tail, neck + 0.5 * along], Stroke::new(width, color));
    let corners = vec![tip, neck + half * across, neck - half * across];
    painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
}
