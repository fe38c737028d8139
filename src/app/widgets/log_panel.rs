//! The list of all messages of the session.

use egui::{Align2, Grid, Label, RichText, ScrollArea, Ui, Window, vec2};

use crate::app::clipboard;
use crate::app::log::{Kind, Log};
use crate::app::theme;

/// Draws the list; false when it was closed. `details` head the text that is copied.
pub fn log_panel(ui: &Ui, log: &Log, details: impl Fn() -> String) -> bool {
    let p = theme::palette(ui);
    let ctx = ui.ctx().clone();
    let (mut open, mut closed) = (true, false);
    let room = ctx.content_rect().size() - vec2(48.0, 140.0);
    Window::new("Messages")
        .open(&mut open)
        .pivot(Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .collapsible(false)
        .resizable(false)
        .show(&ctx, |ui| {
            ui.set_width(room.x.clamp(200.0, 620.0));
            if log.lines().is_empty() {
                ui.label(RichText::new("Nothing has been reported in this session.").weak());
            }
            ScrollArea::vertical()
                .max_height(room.y.clamp(60.0, 420.0))
                .auto_shrink([false, true])
                .stick_to_bottom(true)
                .show(ui, |ui| {
                    Grid::new("messages")
                        .num_columns(2)
                        .spacing(vec2(14.0, 6.0))
                        .show(ui, |ui| {
                            for line in log.lines() {
                                let color = match line.kind {
                                    Kind::Notice => p.muted,
                                    Kind::Failure => p.error,
                                };
                                let time = RichText::new(line.time());
                                let time = time.family(theme::semibold()).color(color);
                                ui.label(time).on_hover_text("Minutes since the start");
                                ui.add(Label::new(line.text.as_str()).wrap().selectable(true));
                                ui.end_row();
                            }
                        });
                });
            ui.horizontal(|ui| {
                let hint = "Copy all messages with the program’s version and the device";
                if ui.button("Copy all").on_hover_text(hint).clicked() {
                    let text = format!("{}\n\n{}", details(), log.written());
                    clipboard::copy_text(ui.ctx(), text);
                }
                let close = ui.button("Close").on_hover_text("Also F10 or Esc");
                closed = close.clicked();
            });
        });
    open && !closed
}
