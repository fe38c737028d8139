//! The play bar: transport, the slider of t, loop and speed.

use egui::{
    Align, ComboBox, CursorIcon, Key, Layout, Painter, Rect, Response, RichText, Sense, Stroke, Ui,
    pos2, vec2,
};

use super::formula::formula;
use super::icon::{Icon, Look, icon_button};
use super::number;
use crate::app::clock::Clock;
use crate::app::theme::{self, Palette};
use crate::app::time_label;

/// Draws the bar over the whole width.
pub fn play_bar(ui: &mut Ui, clock: &mut Clock) {
    let bar = vec2(ui.available_width(), 44.0);
    ui.allocate_ui_with_layout(bar, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_height(bar.y);
        ui.spacing_mut().item_spacing.x = 4.0;
        let size = 30.0;
        if icon_button(
            ui,
            Icon::First,
            size,
            Look::Quiet,
            &format!("To the noise, {} (Home)", time_label::noise()),
        )
        .clicked()
        {
            clock.pause();
            clock.seek(0.0);
        }
        if icon_button(ui, Icon::Back, size, Look::Quiet, "One frame back (←)").clicked() {
            clock.step(-1);
        }
        let (icon, name) = if clock.playing() {
            (Icon::Pause, "Pause (Space)")
        } else {
            (Icon::Play, "Play (Space)")
        };
        if icon_button(ui, icon, 40.0, Look::Primary, name).clicked() {
            clock.toggle();
        }
        if icon_button(ui, Icon::Forward, size, Look::Quiet, "One frame on (→)").clicked() {
            clock.step(1);
        }
        if icon_button(
            ui,
            Icon::Last,
            size,
            Look::Quiet,
            &format!("To the data, {} (End)", time_label::data()),
        )
        .clicked()
        {
            clock.pause();
            clock.seek(1.0);
        }
        ui.add_space(10.0);
        let ink = theme::palette(ui).ink;
        let hint = if time_label::from_data() {
            "Time of the flow, counted from the data: 0 is data, 1 is pure noise (Shift+T). The \
             formulas count from the noise."
        } else {
            "Time of the flow: 0 is pure noise, 1 is data (Shift+T counts from the data)"
        };
        formula(ui, "t=", 25.0, ink).on_hover_text(hint);
        let font = egui::FontId::new(23.0, theme::semibold());
        number::fixed(
            ui,
            RichText::new(time_label::number(clock.t())),
            "0.00",
            font,
        );
        ui.add_space(10.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.name_inputs("Speed", |ui| speed_ui(ui, clock));
            let look = if clock.looping { Look::On } else { Look::Quiet };
            if icon_button(ui, Icon::Loop, size, look, "Start again after the end (L)").clicked() {
                clock.looping = !clock.looping;
            }
            ui.add_space(8.0);
            time_slider(ui, clock);
        });
    });
}

fn speed_ui(ui: &mut Ui, clock: &mut Clock) {
    let label = |speed: f64| match speed {
        0.125 => "⅛×".to_owned(),
        0.25 => "¼×".to_owned(),
        0.5 => "½×".to_owned(),
        s => format!("{s}×"),
    };
    let mut speed = clock.speed();
    ComboBox::from_id_salt("speed")
        .width(58.0)
        .selected_text(label(speed))
        .show_ui(ui, |ui| {
            for choice in Clock::SPEEDS {
                ui.selectable_value(&mut speed, choice, label(choice));
            }
        })
        .response
        .on_hover_text(
            "Speed of the flow: at 1× it takes four seconds from noise to data ([ and ])",
        );
    clock.set_speed(speed);
}

/// The rail with its ticks, and where t is on it.
fn paint_rail(painter: &Painter, p: &Palette, rail: Rect, t: f64, radius: f32) {
    let x = egui::lerp(rail.x_range(), t as f32);
    painter.rect_filled(rail, 2.5, p.hairline);
    let done = Rect::from_min_max(rail.min, pos2(x, rail.bottom()));
    painter.rect_filled(done, 2.5, p.ink);
    for tick in 0..=10 {
        let at = egui::lerp(rail.x_range(), tick as f32 / 10.0);
        let long = if tick % 5 == 0 { 5.0 } else { 3.0 };
        let y = rail.bottom() + 4.0;
        painter.vline(at, y..=y + long, Stroke::new(1.0, p.hairline));
    }
    let rim = Stroke::new(2.5, p.paper);
    painter.circle(pos2(x, rail.center().y), radius, p.ink, rim);
}

/// The time of the flow to be read, not to be set: `t = 0.42` and a rail from noise to data.
pub fn moment_ui(ui: &mut Ui, t: f64) {
    ui.horizontal(|ui| {
        ui.set_min_height(36.0);
        let p = theme::palette(ui);
        formula(ui, "t=", 25.0, p.ink);
        let font = egui::FontId::new(23.0, theme::semibold());
        number::fixed(ui, RichText::new(time_label::number(t)), "0.00", font);
        ui.add_space(10.0);
        ui.label(RichText::new("noise").weak());
        let width = (ui.available_width() - 64.0).max(40.0);
        let (rect, _) = ui.allocate_exact_size(vec2(width, 30.0), Sense::hover());
        let middle = rect.center().y;
        let rail = Rect::from_x_y_ranges(
            rect.left() + 10.0..=rect.right() - 10.0,
            middle - 2.5..=middle + 2.5,
        );
        paint_rail(ui.painter(), p, rail, t, 8.0);
        ui.label(RichText::new("data").weak());
    });
}

/// The slider of t over the width that is left, from "noise" to "data".
fn time_slider(ui: &mut Ui, clock: &mut Clock) -> Response {
    let width = ui.available_width().max(40.0);
    let (rect, mut response) = ui.allocate_exact_size(vec2(width, 40.0), Sense::click_and_drag());
    let p = theme::palette(ui);
    let rail = Rect::from_min_max(
        pos2(rect.left() + 10.0, rect.center().y - 2.5),
        pos2(rect.right() - 10.0, rect.center().y + 2.5),
    );
    if let Some(pointer) = response.interact_pointer_pos() {
        let share = (pointer.x - rail.left()) / rail.width().max(1.0);
        clock.pause();
        clock.seek((f64::from(share) * 100.0).round() / 100.0);
        response.mark_changed();
    }
    if response.has_focus() {
        let (back, on) = ui.input(|input| {
            (
                input.num_presses(Key::ArrowLeft),
                input.num_presses(Key::ArrowRight),
            )
        });
        if back != on {
            clock.step(on as i32 - back as i32);
        }
    }
    response.widget_info(|| {
        egui::WidgetInfo::slider(
            ui.is_enabled(),
            time_label::shown(clock.t()),
            "Time of the flow",
        )
    });
    if ui.is_rect_visible(rect) {
        let active = response.hovered() || response.dragged() || response.has_focus();
        let radius = if active { 10.0 } else { 9.0 };
        paint_rail(ui.painter(), p, rail, clock.t(), radius);
    }
    response
        .on_hover_cursor(CursorIcon::ResizeHorizontal)
        .on_hover_text("Drag to move the flow between noise and data (← and →)")
}
