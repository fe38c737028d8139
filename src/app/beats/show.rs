//! The sentence of a beat, with a dot for each beat of the lesson.

use egui::{Id, Rect, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use super::Beat;
use crate::app::theme;

/// Radius of a dot, in points.
const RADIUS: f32 = 3.5;
/// Room for one dot, in points.
const ROOM: f32 = 16.0;

/// Draws the dots of all beats, the shown one filled; a beat whose dot was clicked comes back.
pub fn dots(ui: &mut Ui, beats: &[Beat], shown: usize) -> Option<usize> {
    let size = vec2(ROOM * beats.len() as f32, ROOM);
    let (_, row) = ui.allocate_space(size);
    let mut clicked = None;
    for (index, beat) in beats.iter().enumerate() {
        let left = row.left() + ROOM * index as f32;
        let place = Rect::from_min_size(egui::pos2(left, row.top()), vec2(ROOM, ROOM));
        let id = ui.scope_id().with(("beat", index));
        let name = format!("Beat {} of {}", index + 1, beats.len());
        if dot(ui, place, id, index == shown, &name, beat.say).clicked() {
            clicked = Some(index);
        }
    }
    clicked
}

fn dot(ui: &Ui, place: Rect, id: Id, on: bool, name: &str, say: &str) -> Response {
    let response = ui.interact(place, id, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, on, name));
    let p = theme::palette(ui);
    let color = if on || response.hovered() || response.has_focus() {
        p.ink
    } else {
        p.hairline
    };
    ui.painter().circle_filled(place.center(), RADIUS, color);
    response.on_hover_ui(|ui| {
        ui.label(RichText::new(name).family(theme::semibold()));
        ui.label(say);
    })
}
