//! A message that stays until it is read: the text can be copied, and the window lives on.

use egui::{Frame, Label, Margin, RichText, Stroke, Ui};

use crate::app::theme;

/// Shows the messages, newest first, and drops those that were dismissed.
pub fn banners(ui: &mut Ui, messages: &mut Vec<String>) {
    let mut dismissed = None;
    for (index, message) in messages.iter().enumerate().rev() {
        let p = theme::palette(ui);
        Frame::new()
            .fill(p.error_paper)
            .stroke(Stroke::new(1.0, p.error))
            .corner_radius(8)
            .inner_margin(Margin::symmetric(12, 8))
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    let text = RichText::new(message).color(p.ink);
                    let width = (ui.available_width() - 150.0).max(40.0);
                    ui.vertical(|ui| {
                        ui.set_width(width);
                        ui.add(Label::new(text).wrap().selectable(true));
                    });
                    if ui.button("Copy").on_hover_text("Copy the text").clicked() {
                        ui.ctx().copy_text(message.clone());
                    }
                    if ui.button("Dismiss").clicked() {
                        dismissed = Some(index);
                    }
                });
            });
    }
    if let Some(index) = dismissed {
        messages.remove(index);
    }
}
