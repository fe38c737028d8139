//! The overlay that lists the keys.

use egui::{Align2, Area, Id, Order, RichText, Ui, vec2};

use super::card::card;
use crate::app::keys::BINDINGS;
use crate::app::theme;

/// Shows every key over a dimmed window; false when it was closed by a click.
pub fn overlay(ui: &mut Ui) -> bool {
    let p = theme::palette(ui);
    let ctx = ui.ctx().clone();
    let mut open = true;
    let screen = ctx.content_rect();
    Area::new(Id::unique("help-shade"))
        .order(Order::Foreground)
        .fixed_pos(screen.min)
        .show(&ctx, |ui| {
            let (rect, response) = ui.allocate_exact_size(screen.size(), egui::Sense::click());
            ui.painter()
                .rect_filled(rect, 0.0, theme::faint(p.paper, 0.82));
            open = !response.clicked();
        });
    Area::new(Id::unique("help-card"))
        .order(Order::Tooltip)
        .interactable(false)
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .show(&ctx, |ui| {
            card(ui, 28).show(ui, keys_ui);
        });
    open
}

fn keys_ui(ui: &mut Ui) {
    let p = theme::palette(ui);
    ui.label(RichText::new("Keys").heading());
    ui.add_space(8.0);
    let lines: Vec<_> = BINDINGS.iter().filter_map(|binding| binding.help).collect();
    let half = lines.len().div_ceil(2);
    ui.horizontal_top(|ui| {
        for (index, column) in lines.chunks(half).enumerate() {
            egui::Grid::new(("keys", index))
                .num_columns(2)
                .spacing(vec2(18.0, 9.0))
                .show(ui, |ui| {
                    for (keys, meaning) in column {
                        ui.label(RichText::new(*keys).family(theme::semibold()));
                        ui.label(RichText::new(*meaning).color(p.ink));
                        ui.end_row();
                    }
                });
            ui.add_space(28.0);
        }
    });
}
