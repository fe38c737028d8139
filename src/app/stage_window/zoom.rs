//! The size of everything in the window of the stage.
//!
//! egui has one zoom for all windows, but a projector wants larger type than the laptop beside it.
//! So the input of the one window is scaled before egui sees it: more pixels a point, fewer points.

use egui::{Context, Event, Plugin, RawInput};

use crate::app::settings::lecture_zoom;

/// Enlarges the window of the stage as lecture mode would.
pub struct Enlarged;

impl Plugin for Enlarged {
    fn debug_name(&self) -> &'static str {
        "stage window"
    }

    fn input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        if input.viewport_id == super::id()
            && let Some(place) = input.screen_rect
        {
            let zoom = lecture_zoom(place.height() * ctx.zoom_factor());
            enlarge(input, zoom);
        }
    }
}

/// Makes each point `zoom` times as large.
fn enlarge(input: &mut RawInput, zoom: f32) {
    let id = input.viewport_id;
    let native = &mut input
        .viewports
        .entry(id)
        .or_default()
        .native_pixels_per_point;
    *native = Some(native.unwrap_or(1.0) * zoom);
    if let Some(place) = &mut input.screen_rect {
        *place = *place / zoom;
    }
    for event in &mut input.events {
        match event {
            Event::PointerMoved(at)
            | Event::PointerButton { pos: at, .. }
            | Event::Touch { pos: at, .. } => *at = (at.to_vec2() / zoom).to_pos2(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::{Rect, pos2, vec2};

    use super::*;

    #[test]
    fn a_point_stays_where_it_is_on_the_screen() {
        let mut input = RawInput {
            viewport_id: super::super::id(),
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1920.0, 1080.0))),
            events: vec![Event::PointerMoved(pos2(960.0, 540.0)), Event::Copy],
            ..RawInput::default()
        };
        enlarge(&mut input, 1.6);
        let place = input.screen_rect.unwrap();
        assert_eq!(place.size(), vec2(1200.0, 675.0));
        assert_eq!(input.events[0], Event::PointerMoved(place.center()));
        assert_eq!(input.viewport().native_pixels_per_point, Some(1.6));
    }
}
