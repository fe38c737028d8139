//! A path to type, and the system's dialog on a thread of its own.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use egui::{Button, Key, RichText, TextEdit, Ui};

/// Tooltip of a button that closes a card.
pub const LEAVE_HINT: &str = "Close this and change nothing (Esc)";

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A folder.
    Folder,
    /// A file of one of these kinds.
    File(&'static [&'static str]),
    /// A file that need not be there.
    NewFile,
}

/// A path under way.
#[derive(Default)]
pub struct PathPicker {
    /// What is typed.
    pub path: String,
    picked: Option<Receiver<Option<PathBuf>>>,
    hint: Option<&'static str>,
    focused: bool,
}

impl PathPicker {
    /// Suggests a path.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    /// Empty, and without a claim to the keyboard: for a field among others.
    pub fn quiet() -> Self {
        Self {
            focused: true,
            ..Self::default()
        }
    }

    /// The path, once there is one.
    pub fn chosen(&self) -> Option<PathBuf> {
        let path = self.path.trim();
        (!path.is_empty()).then(|| PathBuf::from(path))
    }

    /// Draws the field and its button; true when Enter was pressed on a path.
    pub fn show(&mut self, ui: &mut Ui, name: &str, wanted: Wanted) -> bool {
        self.receive();
        let label = ui.label(name).id;
        let mut entered = false;
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 104.0).max(80.0);
            let field = TextEdit::singleline(&mut self.path).desired_width(width);
            let hint = "Type or paste a path; Enter takes it";
            let field = ui.add(field).labelled_by(label).on_hover_text(hint);
            if !self.focused {
                field.request_focus();
                self.focused = true;
            }
            entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            let waiting = self.picked.is_some();
            let button = ui.add_enabled(!waiting, Button::new("Choose…"));
            if button
                .on_hover_text("Look for it with the system’s dialog")
                .clicked()
            {
                self.choose(ui.ctx().clone(), name.to_owned(), wanted);
            }
        });
        ui.label(RichText::new(self.hint.unwrap_or(" ")).small().weak());
        entered && self.chosen().is_some()
    }

    /// Opens the system's dialog; it may take its time, the window does not wait.
    fn choose(&mut self, ctx: egui::Context, title: String, wanted: Wanted) {
        let (sender, receiver) = channel();
        let spawned = thread::Builder::new()
            .name("flowlab-dialog".to_owned())
            .spawn(move || {
                let dialog = rfd::FileDialog::new().set_title(title);
                let path = match wanted {
                    Wanted::Folder => dialog.pick_folder(),
                    Wanted::File(kinds) => dialog.add_filter("Files", kinds).pick_file(),
                    Wanted::NewFile => dialog.save_file(),
                };
                // The card may be gone by now.
                let _ = sender.send(path);
                ctx.request_repaint();
            });
        if spawned.is_ok() {
            self.picked = Some(receiver);
        }
    }

    fn receive(&mut self) {
        let answer = match self.picked.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => return,
            Some(Ok(path)) => path,
            Some(Err(TryRecvError::Disconnected)) => None,
        };
        self.picked = None;
        match answer {
            Some(path) => self.path = path.display().to_string(),
            // A cancelled dialog and a missing one look the same from here.
            None => self.hint = Some("No dialog? Type a path."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The picker after the system's dialog has answered.
    fn answered(answer: Option<Option<&str>>) -> PathPicker {
        let (sender, receiver) = channel();
        let mut picker = PathPicker::new("typed/before");
        picker.picked = Some(receiver);
        if let Some(answer) = answer {
            sender.send(answer.map(PathBuf::from)).unwrap();
        }
        drop(sender);
        picker.receive();
        picker
    }

    #[test]
    fn fault_36_without_a_dialog_the_path_can_be_typed() {
        // No portal gives no path; a thread that died sends nothing.
        for answer in [Some(None), None] {
            let mut picker = answered(answer);
            assert_eq!(picker.chosen(), Some(PathBuf::from("typed/before")));
            assert!(picker.picked.is_none(), "the button can be pressed again");
            let mut shown = String::new();
            let ctx = egui::Context::default();
            let output = ctx.run_ui(egui::RawInput::default(), |ui| {
                picker.show(ui, "Folder:", Wanted::Folder);
            });
            for clipped in output.shapes {
                if let egui::Shape::Text(text) = clipped.shape {
                    shown.push_str(text.galley.text());
                }
            }
            assert!(shown.contains("No dialog? Type a path."), "{shown}");
        }
        let picker = answered(Some(Some("chosen/one")));
        assert_eq!(picker.chosen(), Some(PathBuf::from("chosen/one")));
        assert!(picker.hint.is_none());
    }
}
