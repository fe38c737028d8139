//! Toasts, the list of messages, and what is copied beside them.

use egui::{Rect, Ui};

use super::App;
use super::digits::Part;
use super::log::Kind;
use super::time_label;
use super::widgets::{log_panel, toasts};

/// The last notice of each training that was taken into the log.
pub type Noted = Vec<(Option<Part>, Option<String>)>;

impl App {
    /// Takes the newest notices into the log: that of the lesson on the stage, and that of the 2-D
    /// lab, where sessions, figures and the clipboard tell theirs whatever is shown.
    pub(super) fn note(&mut self) {
        self.note_of(None, self.lab.training.note.clone());
        if let Some(part) = self.lessons[self.current].part() {
            self.note_of(Some(part), self.lab.digits.training(part).note.clone());
        }
    }

    fn note_of(&mut self, part: Option<Part>, note: Option<String>) {
        let place = self.noted.iter().position(|(of, _)| *of == part);
        let place = place.unwrap_or_else(|| {
            self.noted.push((part, None));
            self.noted.len() - 1
        });
        let known = &mut self.noted[place].1;
        if note != *known {
            if let Some(text) = &note {
                self.lab.training.log.add(Kind::Notice, text);
            }
            *known = note;
        }
    }

    /// The messages over the stage.
    pub(super) fn toasts_ui(&mut self, ui: &Ui, stage: Rect) {
        // What is copied is put together when it is asked for.
        let mut failures = std::mem::take(&mut self.lab.training.messages);
        let log = &self.lab.training.log;
        toasts::toasts(ui, stage, &mut failures, log, || self.details());
        self.lab.training.messages = failures;
    }

    /// The list of messages while it is open.
    pub(super) fn log_ui(&mut self, ui: &Ui) {
        if self.log_shown {
            let log = &self.lab.training.log;
            self.log_shown = log_panel::log_panel(ui, log, || self.details());
        }
    }

    /// What somebody who helps needs to know: version, system, device, lesson.
    fn details(&self) -> String {
        let lesson = &self.lessons[self.current];
        let training = &self.lab.training;
        let status = lesson.status(&self.lab);
        let device = status.and_then(|status| status.device);
        let device = device.or_else(|| training.run().and_then(|run| run.device.clone()));
        let device = device.map_or_else(
            || format!("device {}, not opened yet", training.device.label()),
            |device| format!("trains on {device}"),
        );
        let drawn = if self.pace.software {
            ", drawn without a GPU"
        } else {
            ""
        };
        format!(
            "Flow Lab {}, {} {}\nLesson {}, {}\n{device}{drawn}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
            lesson.name(),
            time_label::moment(self.lab.clock.t())
        )
    }
}
