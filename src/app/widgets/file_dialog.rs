//! The card that takes a target from an image or from a table of points. Files are read on a
//! thread of their own.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use egui::{Align2, Button, Key, RichText, Ui, Window, vec2};

use super::path_picker::{LEAVE_HINT, PathPicker, Wanted};
use crate::app::theme;
use crate::data::Dataset;
use crate::data::drawn::PixelGrid;
use crate::data::points::PointSet;

/// A target with a word on what was left out.
type Read = Result<(Dataset, Option<String>), String>;

/// A card with a path and one switch.
pub struct FileDialog {
    title: &'static str,
    name: &'static str,
    switch: &'static str,
    about: &'static str,
    kinds: &'static [&'static str],
    read: fn(&Path, bool) -> Read,
    picker: PathPicker,
    on: bool,
    reading: Option<Receiver<Read>>,
    failure: Option<String>,
}

/// What the user did with the card this frame.
pub enum Loaded {
    /// Nothing yet.
    Open,
    /// Closed without an answer.
    Left,
    /// The target, and a sentence for the status bar.
    Done {
        /// What was read.
        dataset: Dataset,
        /// What was left out of it.
        note: Option<String>,
    },
}

impl FileDialog {
    /// Brightness becomes density.
    pub fn image() -> Self {
        Self {
            title: "Target from an image",
            name: "PNG or JPEG file:",
            switch: "Dark places get more points",
            about: "The image becomes at most 64 × 64 pixels over [−2, 2]². Each is a box, so the \
                    exact field is known.",
            kinds: &["png", "jpg", "jpeg"],
            read: image,
            picker: PathPicker::default(),
            on: false,
            reading: None,
            failure: None,
        }
    }

    /// Points become a distribution with equal chances.
    pub fn table() -> Self {
        Self {
            title: "Target from a table",
            name: "CSV file with columns x and y:",
            switch: "Keep the coordinates as they are",
            about: "Otherwise the points are moved to zero mean and scaled to the size of the \
                    noise. Up to 4096 points have an exact field.",
            kinds: &["csv", "txt", "tsv"],
            read: table,
            picker: PathPicker::default(),
            on: false,
            reading: None,
            failure: None,
        }
    }

    /// Draws the card.
    pub fn show(&mut self, ui: &mut Ui) -> Loaded {
        let mut outcome = self.receive();
        Window::new(self.title)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .collapsible(false)
            .resizable(false)
            .show(&ui.ctx().clone(), |ui| {
                ui.set_width(420.0);
                let entered = self.picker.show(ui, self.name, Wanted::File(self.kinds));
                ui.checkbox(&mut self.on, self.switch)
                    .on_hover_text(self.about);
                ui.label(RichText::new(self.about).small().weak());
                if let Some(failure) = &self.failure {
                    ui.label(RichText::new(failure).color(theme::palette(ui).error));
                }
                ui.horizontal(|ui| {
                    let path = self.picker.chosen().filter(|_| self.reading.is_none());
                    let button = ui
                        .add_enabled(path.is_some(), Button::new("Use as target"))
                        .on_hover_text("The next run learns this distribution");
                    if let Some(path) = path.filter(|_| entered || button.clicked()) {
                        self.start(&path, ui.ctx().clone());
                    }
                    let cancel = ui.button("Cancel").on_hover_text(LEAVE_HINT);
                    if cancel.clicked() || ui.input(|i| i.key_pressed(Key::Escape)) {
                        outcome = Loaded::Left;
                    }
                });
            });
        outcome
    }

    fn start(&mut self, path: &Path, ctx: egui::Context) {
        let (send, reading) = channel();
        let (read, on, path) = (self.read, self.on, path.to_owned());
        let spawned = thread::Builder::new()
            .name("flowlab-target".to_owned())
            .spawn(move || {
                // The card may be gone by now.
                let _ = send.send(read(&path, on));
                ctx.request_repaint();
            });
        self.failure = None;
        match spawned {
            Ok(_) => self.reading = Some(reading),
            Err(error) => self.failure = Some(format!("the file could not be read: {error}")),
        }
    }

    fn receive(&mut self) -> Loaded {
        match self.reading.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => return Loaded::Open,
            Some(Ok(Ok((dataset, note)))) => return Loaded::Done { dataset, note },
            Some(Ok(Err(failure))) => self.failure = Some(failure),
            Some(Err(TryRecvError::Disconnected)) => {
                self.failure = Some("the file could not be read".to_owned());
            }
        }
        self.reading = None;
        Loaded::Open
    }
}

fn image(path: &Path, dark: bool) -> Read {
    let grid = PixelGrid::from_image_file(path, dark).map_err(|error| error.to_string())?;
    let dataset = Dataset::painted(grid).map_err(|error| error.to_string())?;
    Ok((dataset, None))
}

fn table(path: &Path, raw: bool) -> Read {
    let table = PointSet::from_csv_file(path, raw).map_err(|error| error.to_string())?;
    let note =
        (table.dropped > 0).then(|| format!("{} rows without numbers left out", table.dropped));
    Ok((Dataset::Points(Arc::new(table.points)), note))
}
