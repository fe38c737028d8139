//! The quiet card that offers what the last window left behind.

use std::time::SystemTime;

use egui::{Align2, Label, RichText, Ui, Window, vec2};

use super::store::Leftover;
use crate::app::App;
use crate::app::theme;

/// What was chosen.
enum Choice {
    Resume,
    Discard,
    Later,
}

impl App {
    /// Takes what was found at the start.
    pub(super) fn look_for_leftovers(&mut self) {
        let Some(found) = &self.autosave.looking else {
            return;
        };
        match found.try_recv() {
            Err(std::sync::mpsc::TryRecvError::Empty) => return,
            Err(std::sync::mpsc::TryRecvError::Disconnected) => {}
            // One question is enough; the others wait for other starts.
            Ok(all) => self.autosave.offered = all.into_iter().next(),
        }
        self.autosave.looking = None;
    }

    /// Draws the card in a corner, out of the way.
    pub(in crate::app) fn offer_ui(&mut self, ui: &mut Ui) {
        let Some(leftover) = &self.autosave.offered else {
            return;
        };
        let mut choice = None;
        Window::new("Work that was not saved")
            .anchor(Align2::RIGHT_BOTTOM, vec2(-16.0, -44.0))
            .collapsible(false)
            .resizable(false)
            .show(&ui.ctx().clone(), |ui| {
                ui.set_width(300.0);
                let p = theme::palette(ui);
                let text = RichText::new(sentence(leftover, SystemTime::now())).color(p.ink);
                ui.add(Label::new(text).wrap());
                ui.add_space(4.0);
                ui.horizontal(|ui| {
                    let hint = "Open it as it was; nothing trains before you say so";
                    if ui.button("Resume").on_hover_text(hint).clicked() {
                        choice = Some(Choice::Resume);
                    }
                    let hint = "Throw it away for good";
                    if ui.button("Discard").on_hover_text(hint).clicked() {
                        choice = Some(Choice::Discard);
                    }
                    let hint = "Ask again at the next start";
                    if ui.button("Later").on_hover_text(hint).clicked() {
                        choice = Some(Choice::Later);
                    }
                });
            });
        let Some(choice) = choice else {
            return;
        };
        let Some(leftover) = self.autosave.offered.take() else {
            return;
        };
        match choice {
            Choice::Resume => {
                self.desk.resume(leftover.session(), &self.lab.wake);
                self.autosave.resumed.push(leftover);
            }
            Choice::Discard => {
                let discard = move || leftover.discard();
                // Where no thread starts, it is offered again.
                let _ = std::thread::Builder::new()
                    .name("flowlab-autosave".to_owned())
                    .spawn(discard);
            }
            // Its lock is let go of.
            Choice::Later => drop(leftover),
        }
    }
}

/// What is offered, in words.
fn sentence(leftover: &Leftover, now: SystemTime) -> String {
    let how = if leftover.about.closed {
        "was closed with work that was not saved"
    } else {
        "ended without saving"
    };
    let what = match leftover.about.what.as_str() {
        "" => "a session",
        what => what,
    };
    let age = now.duration_since(leftover.saved).unwrap_or_default();
    format!("The last window {how}: {what}, {}.", ago(age.as_secs()))
}

fn ago(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..90 => return "a moment ago".to_owned(),
        90..5400 => ((seconds + 30) / 60, "minutes"),
        5400..129_600 => ((seconds + 1800) / 3600, "hours"),
        _ => ((seconds + 43_200) / 86_400, "days"),
    };
    format!("{number} {unit} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_round_numbers() {
        let told = [5, 100, 3600, 7200, 36 * 3600, 90 * 3600].map(ago);
        let wanted = [
            "a moment ago",
            "2 minutes ago",
            "60 minutes ago",
            "2 hours ago",
            "2 days ago",
            "4 days ago",
        ];
        assert_eq!(told, wanted);
    }
}
