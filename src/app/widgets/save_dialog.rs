//! The cards that ask where a run is saved, and which run folder is opened.

use std::path::PathBuf;

use egui::{Align2, Button, Key, Ui, Window, vec2};

use super::path_picker::{LEAVE_HINT, PathPicker, Wanted};

/// A small card with a path; open until it is used or left.
pub struct SaveDialog {
    title: &'static str,
    name: &'static str,
    verb: &'static str,
    hint: &'static str,
    /// A button that leads to another card.
    other: Option<&'static str>,
    picker: PathPicker,
}

/// What the user did with the card this frame.
pub enum Outcome {
    /// Nothing yet.
    Open,
    /// Closed without an answer.
    Left,
    /// The other card.
    Other,
    /// This path.
    Save(PathBuf),
}

impl SaveDialog {
    /// Suggests a folder to save into.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            title: "Save the run",
            name: "Folder for the weights, the settings and the losses:",
            verb: "Save",
            hint: "Write weights, settings and losses into this folder",
            other: None,
            picker: PathPicker::new(path),
        }
    }

    /// Asks for a run folder to open.
    pub fn open(path: impl Into<String>) -> Self {
        Self {
            title: "Open a run",
            name: "Folder that a run was saved into:",
            verb: "Open",
            hint: "Put this run on the stage, beside the others",
            other: Some("Settings from a figure…"),
            picker: PathPicker::new(path),
        }
    }

    /// Draws the card.
    pub fn show(&mut self, ui: &mut Ui) -> Outcome {
        let mut outcome = Outcome::Open;
        Window::new(self.title)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .collapsible(false)
            .resizable(false)
            .show(&ui.ctx().clone(), |ui| {
                ui.set_width(420.0);
                let entered = self.picker.show(ui, self.name, Wanted::Folder);
                ui.horizontal(|ui| {
                    let path = self.picker.chosen();
                    let button = ui
                        .add_enabled(path.is_some(), Button::new(self.verb))
                        .on_hover_text(self.hint);
                    if let Some(path) = path.filter(|_| entered || button.clicked()) {
                        outcome = Outcome::Save(path);
                    }
                    let cancel = ui.button("Cancel").on_hover_text(LEAVE_HINT);
                    if cancel.clicked() || ui.input(|i| i.key_pressed(Key::Escape)) {
                        outcome = Outcome::Left;
                    }
                    let other = |name| {
                        let hint = "Lesson, view, time and seed of an exported figure back";
                        ui.button(name).on_hover_text(hint).clicked()
                    };
                    if self.other.is_some_and(other) {
                        outcome = Outcome::Other;
                    }
                });
            });
        outcome
    }
}
