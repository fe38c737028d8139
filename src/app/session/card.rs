//! The card that asks where a session is saved, or which one is opened.

use std::path::{Path, PathBuf};

use egui::{Align2, Button, Key, Label, RichText, Ui, Window, vec2};

use crate::app::App;
use crate::app::clipboard;
use crate::app::widgets::path_picker::{LEAVE_HINT, PathPicker, Wanted};

/// What is suggested at first.
const FIRST: &str = "session.json";
/// The kind of a session's file.
const KIND: &str = "json";

/// The card while it is open.
pub struct Card {
    saves: bool,
    picker: PathPicker,
    hint: Option<String>,
}

/// What was chosen in it.
enum Chosen {
    Nothing,
    Left,
    Path(PathBuf),
    Command,
}

impl Card {
    /// Asks where to save.
    pub fn save(path: Option<&Path>) -> Self {
        Self::new(true, path)
    }

    /// Asks what to open.
    pub fn open(path: Option<&Path>) -> Self {
        Self::new(false, path)
    }

    fn new(saves: bool, path: Option<&Path>) -> Self {
        let path = path.map_or(FIRST.to_owned(), |path| path.display().to_string());
        Self {
            saves,
            picker: PathPicker::new(path),
            hint: None,
        }
    }

    fn show(&mut self, ui: &mut Ui, own: Option<&Path>, recents: &[PathBuf]) -> Chosen {
        let mut chosen = Chosen::Nothing;
        let title = if self.saves {
            "Save the session"
        } else {
            "Open a session"
        };
        Window::new(title)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .collapsible(false)
            .resizable(false)
            .show(&ui.ctx().clone(), |ui| {
                ui.set_width(440.0);
                let (name, wanted) = if self.saves {
                    let name = "File for the lesson, its settings and the runs:";
                    (name, Wanted::NewFile)
                } else {
                    ("File that a session was saved into:", Wanted::File(&[KIND]))
                };
                let entered = self.picker.show(ui, name, wanted);
                let path = self.picker.chosen();
                let there = self.saves
                    && path
                        .as_deref()
                        .is_some_and(|path| Some(path) != own && path.exists());
                ui.horizontal(|ui| {
                    let verb = match (self.saves, there) {
                        (true, false) => "Save",
                        (true, true) => "Replace",
                        (false, _) => "Open",
                    };
                    let button = ui.add_enabled(path.is_some(), Button::new(verb));
                    let hint = if self.saves {
                        "Write lesson, settings, seed, time and runs into this file"
                    } else {
                        "Show what this session showed; runs of the window stay in the list"
                    };
                    let button = button.on_hover_text(hint);
                    let pressed = button.clicked() || (entered && !there);
                    if let Some(path) = path.filter(|_| pressed) {
                        chosen = Chosen::Path(path);
                    }
                    if self.saves {
                        let hint = "The command that trains with these settings, or opens this \
                                    session, to the clipboard";
                        let copy = ui.button("Copy as command line").on_hover_text(hint);
                        if copy.clicked() {
                            chosen = Chosen::Command;
                        }
                    }
                    let cancel = ui.button("Cancel").on_hover_text(LEAVE_HINT);
                    if cancel.clicked() || ui.input(|i| i.key_pressed(Key::Escape)) {
                        chosen = Chosen::Left;
                    }
                });
                if let Some(hint) = &self.hint {
                    ui.add(Label::new(RichText::new(hint).small()).wrap());
                }
                if !self.saves && !recents.is_empty() {
                    ui.add_space(6.0);
                    ui.label(RichText::new("Last sessions").small().weak());
                    for path in recents {
                        let text = path.display().to_string();
                        let row = ui.add(Button::new(text.as_str()).frame(false).truncate());
                        if row.on_hover_text(text).clicked() {
                            chosen = Chosen::Path(path.clone());
                        }
                    }
                }
            });
        chosen
    }
}

impl App {
    /// Draws the card and does what it was used for.
    pub(in crate::app) fn session_card_ui(&mut self, ui: &mut Ui) {
        let Some(card) = &mut self.session_card else {
            return;
        };
        let own = self.desk.path.as_deref();
        match card.show(ui, own, self.desk.recents.paths()) {
            Chosen::Nothing => {}
            Chosen::Left => self.session_card = None,
            Chosen::Path(path) => {
                if card.saves {
                    self.save_session(path);
                } else {
                    self.open_session(path);
                }
                self.session_card = None;
            }
            Chosen::Command => {
                let said = self.copy_command_line(ui.ctx());
                if let Some(card) = &mut self.session_card {
                    card.hint = Some(said);
                }
            }
        }
    }

    /// Puts the command line on the clipboard; returns it, or why there is none.
    pub(in crate::app) fn copy_command_line(&mut self, ctx: &egui::Context) -> String {
        match self.command_line() {
            Ok(line) => {
                clipboard::copy_text(ctx, line.clone());
                self.lab.training.note = Some("The command line is on the clipboard".to_owned());
                line
            }
            Err(sentence) => sentence,
        }
    }
}
