//! Where a run is saved: a path to type, and the system's folder dialog on a thread of its own.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use egui::{Align2, Button, Key, RichText, TextEdit, Ui, Window, vec2};

/// A small card with a path; open until it is saved or left.
pub struct SaveDialog {
    path: String,
    picked: Option<Receiver<Option<PathBuf>>>,
    hint: Option<&'static str>,
    focused: bool,
}

/// What the user did with the card this frame.
pub enum Outcome {
    /// Nothing yet.
    Open,
    /// Closed without saving.
    Left,
    /// Save here.
    Save(PathBuf),
}

impl SaveDialog {
    /// Suggests a folder.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            picked: None,
            hint: None,
            focused: false,
        }
    }

    /// Draws the card.
    pub fn show(&mut self, ui: &mut Ui) -> Outcome {
        self.receive();
        let mut outcome = Outcome::Open;
        Window::new("Save the run")
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .collapsible(false)
            .resizable(false)
            .show(&ui.ctx().clone(), |ui| {
                ui.set_width(420.0);
                let label = ui
                    .label("Folder for the weights, the settings and the losses:")
                    .id;
                ui.horizontal(|ui| {
                    let field = TextEdit::singleline(&mut self.path).desired_width(310.0);
                    let field = ui.add(field).labelled_by(label);
                    if !self.focused {
                        field.request_focus();
                        self.focused = true;
                    }
                    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
                    if entered && !self.path.trim().is_empty() {
                        outcome = Outcome::Save(PathBuf::from(self.path.trim()));
                    }
                    let waiting = self.picked.is_some();
                    if ui.add_enabled(!waiting, Button::new("Choose…")).clicked() {
                        self.choose(ui.ctx().clone());
                    }
                });
                ui.label(RichText::new(self.hint.unwrap_or(" ")).small().weak());
                ui.horizontal(|ui| {
                    let ready = !self.path.trim().is_empty();
                    if ui.add_enabled(ready, Button::new("Save")).clicked() {
                        outcome = Outcome::Save(PathBuf::from(self.path.trim()));
                    }
                    if ui.button("Cancel").clicked() || ui.input(|i| i.key_pressed(Key::Escape)) {
                        outcome = Outcome::Left;
                    }
                });
            });
        outcome
    }

    /// Opens the system's dialog; it may take its time, the window does not wait.
    fn choose(&mut self, ctx: egui::Context) {
        let (sender, receiver) = channel();
        let spawned = thread::Builder::new()
            .name("flowlab-dialog".to_owned())
            .spawn(move || {
                let folder = rfd::FileDialog::new()
                    .set_title("Folder for the run")
                    .pick_folder();
                // The card may be gone by now.
                let _ = sender.send(folder);
                ctx.request_repaint();
            });
        if spawned.is_ok() {
            self.picked = Some(receiver);
        }
    }

    fn receive(&mut self) {
        let answer = match self.picked.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => return,
            Some(Ok(folder)) => folder,
            Some(Err(TryRecvError::Disconnected)) => None,
        };
        self.picked = None;
        match answer {
            Some(folder) => self.path = folder.display().to_string(),
            // A cancelled dialog and a missing one look the same from here.
            None => self.hint = Some("No folder dialog? Type a path."),
        }
    }
}
