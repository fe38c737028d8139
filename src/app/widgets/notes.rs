//! Short texts with formulas beside a picture, and the row of switches above it.

use egui::{Align2, Label, Rect, RichText, Ui};

use super::formula::formula;
use crate::app::exact::Route;
use crate::app::theme;

/// A finding in a title, a formula and a sentence.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// What it is about.
    pub title: &'static str,
    /// In the notation of [`super::formula`].
    pub formula: &'static str,
    /// What to see.
    pub text: &'static str,
}

/// Draws a note over the width that is left.
pub fn note_ui(ui: &mut Ui, note: &Note) {
    let ink = theme::palette(ui).ink;
    ui.spacing_mut().item_spacing.y = 4.0;
    heading(ui, note.title);
    formula(ui, note.formula, 18.0, ink);
    ui.add(Label::new(RichText::new(note.text).weak()).wrap());
    ui.add_space(8.0);
}

/// A title of a part of a side panel.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).family(theme::semibold()));
}

/// Names, what they mean, and values, one below the other.
pub fn facts_ui(ui: &mut Ui, facts: &[(&str, &str, String)]) {
    for (name, hint, value) in facts {
        ui.horizontal(|ui| {
            ui.label(RichText::new(*name).weak()).on_hover_text(*hint);
            let layout = egui::Layout::right_to_left(egui::Align::Center);
            ui.with_layout(layout, |ui| {
                ui.label(RichText::new(value).family(theme::semibold()));
            });
        });
    }
}

/// Switches in one row above the picture, in more where there is no room.
pub fn legend_row(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
        add(ui);
    });
    ui.add_space(4.0);
}

/// Says in a line why there is no exact field, and what is shown in its place.
pub fn why_ui(ui: &mut Ui, route: &Route, instead: &str) {
    if let Some(why) = route.why_not_exact() {
        let color = theme::palette(ui).muted;
        ui.label(RichText::new(format!("{why}: {instead}")).color(color));
    }
}

/// A sentence in the middle of an empty place.
pub fn sentence(ui: &Ui, place: Rect, text: &str) {
    let p = theme::palette(ui);
    let font = egui::FontId::proportional(16.0);
    ui.painter()
        .text(place.center(), Align2::CENTER_CENTER, text, font, p.muted);
}
