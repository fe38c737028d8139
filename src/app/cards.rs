//! Cards over the window that open a run or make a target.

use egui::Ui;

use super::App;
use super::digits::Part;
use super::lesson::Lab;
use super::restoring::Found;
use super::training::{self, Card};
use super::widgets::figure_dialog::{FigureDialog, Read};
use super::widgets::file_dialog::{FileDialog, Loaded};
use super::widgets::paint_dialog::{PaintDialog, Painting};
use super::widgets::save_dialog::{Outcome, SaveDialog};
use crate::data::Dataset;

/// The card that is open.
pub enum Open {
    /// A run folder.
    Run(SaveDialog),
    /// A grid to paint on.
    Paint(Box<PaintDialog>),
    /// A file.
    File(FileDialog),
    /// An exported figure.
    Figure(FigureDialog),
}

/// Opens the card that is asked for, draws it, and does what it was used for: `part` is the
/// training of the image lab that a run folder is for, none the 2-D lab. What is to come back of a
/// figure is left to the window.
pub fn cards_ui(
    open: &mut Option<Open>,
    lab: &mut Lab,
    part: Option<Part>,
    ui: &mut Ui,
) -> Option<Box<Found>> {
    let training = &mut lab.training;
    if let Some(card) = training.wants.take()
        && open.is_none()
    {
        *open = Some(match card {
            Card::OpenRun => Open::Run(SaveDialog::open("runs/lecture")),
            Card::Figure => Open::Figure(FigureDialog::default()),
            Card::Image => Open::File(FileDialog::image()),
            Card::Table => Open::File(FileDialog::table()),
            Card::Paint => {
                let grid = match &training.config.dataset {
                    Dataset::Painted(painted) => Some(painted.grid().clone()),
                    _ => None,
                };
                Open::Paint(Box::new(PaintDialog::new(grid)))
            }
        });
    }
    let mut found = None;
    let closed = match open {
        None => return None,
        Some(Open::Run(dialog)) => match dialog.show(ui) {
            Outcome::Open => false,
            Outcome::Left => true,
            Outcome::Other => {
                training.wants = Some(Card::Figure);
                true
            }
            Outcome::Save(folder) => {
                match part {
                    Some(part) => lab.digits.part(part).open(folder),
                    None => training.open(folder),
                }
                true
            }
        },
        Some(Open::Paint(dialog)) => match dialog.show(ui) {
            Painting::Open => false,
            Painting::Left => true,
            Painting::Done { dataset, train } => {
                training.config.dataset = dataset;
                if train {
                    training.start_afresh();
                }
                true
            }
        },
        Some(Open::File(dialog)) => match dialog.show(ui) {
            Loaded::Open => false,
            Loaded::Left => true,
            Loaded::Done { dataset, note } => {
                training.config.dataset = dataset;
                training.note = note;
                true
            }
        },
        Some(Open::Figure(dialog)) => match dialog.show(ui) {
            Read::Open => false,
            Read::Left => true,
            Read::Done(settings) => {
                found = Some(settings);
                true
            }
        },
    };
    if closed {
        *open = None;
    }
    found
}

impl App {
    /// Draws the card that asks where a run is saved.
    pub(super) fn save_ui(&mut self, ui: &mut Ui) {
        let outcome = self.save.as_mut().map(|dialog| dialog.show(ui));
        match outcome {
            None | Some(Outcome::Open) => return,
            Some(Outcome::Left | Outcome::Other) => {}
            Some(Outcome::Save(folder)) => match self.lessons[self.current].part() {
                Some(part) => {
                    if !self.lab.digits.part(part).save(folder) {
                        self.lab
                            .training
                            .report(training::NOTHING_TO_SAVE.to_owned());
                    }
                }
                None => self.lab.training.save(folder),
            },
        }
        self.save = None;
    }
}
