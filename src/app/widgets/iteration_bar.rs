//! The second axis of time: which iteration of the training is shown.

use egui::{Align, CursorIcon, Key, Layout, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::icon::{Icon, Look, icon_button};
use super::number;
use crate::app::theme;

/// Draws the bar and tells the place among `steps` that was chosen, if any. `playing` is switched
/// by the button.
pub fn iteration_bar(
    ui: &mut Ui,
    steps: &[u64],
    shown: usize,
    playing: &mut bool,
) -> Option<usize> {
    let bar = vec2(ui.available_width(), 44.0);
    let layout = Layout::left_to_right(Align::Center);
    ui.allocate_ui_with_layout(bar, layout, |ui| {
        ui.set_min_height(bar.y);
        ui.spacing_mut().item_spacing.x = 4.0;
        let (icon, name) = if *playing {
            (Icon::Pause, "Pause the iterations (I)")
        } else {
            (Icon::Play, "Play over the iterations (I)")
        };
        if icon_button(ui, icon, 34.0, Look::On, name).clicked() {
            *playing = !*playing;
        }
        ui.add_space(8.0);
        ui.label("iteration")
            .on_hover_text("Optimiser steps done when these weights were kept (↑ and ↓)");
        let step = steps.get(shown).copied().unwrap_or(0);
        let font = egui::FontId::new(21.0, theme::semibold());
        number::fixed(ui, RichText::new(number::grouped(step)), "00 000", font);
        ui.add_space(8.0);
        rail(ui, steps, shown)
    })
    .inner
}

/// A stop for each kept iteration, evenly spaced: on a log scale but for the first.
fn rail(ui: &mut Ui, steps: &[u64], shown: usize) -> Option<usize> {
    let size = vec2(ui.available_width().max(40.0), 44.0);
    let (rect, mut response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let p = theme::palette(ui);
    let y = rect.top() + 14.0;
    let (left, right) = (rect.left() + 14.0, rect.right() - 22.0);
    let last = steps.len().saturating_sub(1).max(1) as f32;
    let at = |index: usize| egui::lerp(left..=right, index as f32 / last);
    let mut chosen = None;
    if let Some(pointer) = response.interact_pointer_pos() {
        let share = (pointer.x - left) / (right - left).max(1.0);
        chosen = Some((share * last).round().max(0.0) as usize);
        response.mark_changed();
    }
    if response.has_focus() {
        let presses = |key| ui.input(|input| input.num_presses(key));
        let (back, on) = (presses(Key::ArrowLeft), presses(Key::ArrowRight));
        if back != on {
            chosen = Some((shown + on).saturating_sub(back));
        }
    }
    let value = steps.get(shown).copied().unwrap_or(0) as f64;
    response.widget_info(|| egui::WidgetInfo::slider(ui.is_enabled(), value, "Iteration"));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let rail = Rect::from_min_max(pos2(left, y - 2.0), pos2(right, y + 2.0));
        painter.rect_filled(rail, 2.0, p.hairline);
        let font = egui::FontId::new(12.5, egui::FontFamily::Proportional);
        let mut free = f32::NEG_INFINITY;
        for (index, step) in steps.iter().enumerate() {
            let x = at(index);
            let on = index == shown;
            painter.circle_filled(pos2(x, y), 3.5, if on { p.ink } else { p.muted });
            let text = number::grouped(*step);
            let ink = if on { p.ink } else { p.muted };
            let text = painter.layout_no_wrap(text, font.clone(), ink);
            let start = x - 0.5 * text.size().x;
            // A label that would touch the one before is left out.
            if start >= free {
                free = start + text.size().x + 4.0;
                painter.galley(pos2(start, y + 11.0), text, ink);
            }
        }
        let radius = if response.hovered() || response.dragged() || response.has_focus() {
            9.0
        } else {
            8.0
        };
        let handle = pos2(at(shown.min(steps.len().saturating_sub(1))), y);
        painter.circle(handle, radius, p.model, Stroke::new(2.5, p.paper));
    }
    response
        .on_hover_cursor(CursorIcon::ResizeHorizontal)
        .on_hover_text("Drag to go through the moments that the training kept (← and →)");
    chosen.map(|index| index.min(steps.len().saturating_sub(1)))
}
