//! A point of the plane that is put by the pointer and moved by the arrow keys.

use egui::{CursorIcon, EventFilter, Id, Key, Sense, Ui};

use super::stage::Stage;

/// How far one press of an arrow key moves the point, in units of the plane.
const NUDGE: f64 = 0.02;

/// Makes a stage the place of a point at `x`; the new place where it was moved. With `hover` the
/// pointer need not be pressed.
pub fn point_input(
    ui: &mut Ui,
    stage: &Stage,
    id: Id,
    name: &str,
    x: [f64; 2],
    hover: bool,
) -> Option<[f64; 2]> {
    let response = ui.interact(stage.rect, id, Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Slider, true, name));
    let mut put = None;
    let pressed = response.interact_pointer_pos();
    if pressed.is_some() {
        response.request_focus();
    }
    let moved = ui.input(|input| input.pointer.delta() != egui::Vec2::ZERO);
    let over = response.hover_pos().filter(|_| hover && moved);
    if let Some(pointer) = pressed.or(over) {
        let at = stage.view.from_screen(stage.rect, pointer);
        put = Some(at.map(f64::from));
    }
    if response.has_focus() {
        let keys = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, keys));
        let presses = ui.input(|input| {
            let count = |key| input.num_presses(key) as f64;
            [
                count(Key::ArrowRight) - count(Key::ArrowLeft),
                count(Key::ArrowUp) - count(Key::ArrowDown),
            ]
        });
        if presses != [0.0; 2] {
            put = Some([0, 1].map(|i| x[i] + NUDGE * presses[i]));
        }
    }
    if put.is_some() {
        ui.ctx().request_repaint();
    }
    response.on_hover_cursor(CursorIcon::Crosshair);
    put
}
