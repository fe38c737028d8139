//! The card that puts the settings of an exported figure back. The file is read on a thread of its
//! own.

use std::path::Path;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use egui::{Align2, Button, Key, RichText, Ui, Window, vec2};

use super::path_picker::{LEAVE_HINT, PathPicker, Wanted};
use crate::app::restoring::Found;
use crate::app::theme;

/// Files that hold the settings of a figure.
const KINDS: &[&str] = &["png", "svg", "pdf", "gif", "apng", "mp4"];
/// What the card says about itself.
const ABOUT: &str = "Lesson, view, t, seed and look of a figure that Flow Lab has exported are in \
                     its file, whatever its format but CSV and NPZ.";

/// A card with a path.
#[derive(Default)]
pub struct FigureDialog {
    picker: PathPicker,
    reading: Option<Receiver<Result<Found, String>>>,
    failure: Option<String>,
}

/// What the user did with the card this frame.
pub enum Read {
    /// Nothing yet.
    Open,
    /// Closed without an answer.
    Left,
    /// The settings of a figure.
    Done(Box<Found>),
}

impl FigureDialog {
    /// Draws the card.
    pub fn show(&mut self, ui: &mut Ui) -> Read {
        let mut answer = self.receive();
        Window::new("Settings from a figure")
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .collapsible(false)
            .resizable(false)
            .show(&ui.ctx().clone(), |ui| {
                ui.set_width(420.0);
                let entered = self.picker.show(ui, "Figure:", Wanted::File(KINDS));
                ui.label(RichText::new(ABOUT).small().weak());
                if let Some(failure) = &self.failure {
                    ui.label(RichText::new(failure).color(theme::palette(ui).error));
                }
                ui.horizontal(|ui| {
                    let path = self.picker.chosen().filter(|_| self.reading.is_none());
                    let button = ui
                        .add_enabled(path.is_some(), Button::new("Put back"))
                        .on_hover_text("Show what the figure shows, with its settings");
                    if let Some(path) = path.filter(|_| entered || button.clicked()) {
                        self.start(&path, ui.ctx().clone());
                    }
                    let cancel = ui.button("Cancel").on_hover_text(LEAVE_HINT);
                    if cancel.clicked() || ui.input(|i| i.key_pressed(Key::Escape)) {
                        answer = Read::Left;
                    }
                });
            });
        answer
    }

    fn start(&mut self, path: &Path, ctx: egui::Context) {
        let (send, reading) = channel();
        let path = path.to_owned();
        let spawned = thread::Builder::new()
            .name("flowlab-figure".to_owned())
            .spawn(move || {
                // The card may be gone by now.
                let _ = send.send(Found::read(&path));
                ctx.request_repaint();
            });
        self.failure = None;
        match spawned {
            Ok(_) => self.reading = Some(reading),
            Err(error) => self.failure = Some(format!("the file could not be read: {error}")),
        }
    }

    fn receive(&mut self) -> Read {
        match self.reading.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => return Read::Open,
            Some(Ok(Ok(found))) => return Read::Done(Box::new(found)),
            Some(Ok(Err(failure))) => self.failure = Some(failure),
            Some(Err(TryRecvError::Disconnected)) => {
                self.failure = Some("the file could not be read".to_owned());
            }
        }
        self.reading = None;
        Read::Open
    }
}
