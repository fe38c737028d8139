//! What the lecturer sees where the stage was while it is in a window of its own: the next
//! sentence, and the lesson's page of the guide.

mod page;

use egui::{Label, RichText, ScrollArea, Ui};

use super::App;
use super::keys::Action;
use super::theme;
use super::widgets::notes;

/// Size of the next sentence, in points: it is read while speaking.
const NEXT: f32 = 21.0;
/// Size of what the guide says, in points.
const TEXT: f32 = 16.0;
/// The widest text that is read without losing the line, in points.
const WIDEST: f32 = 720.0;
/// Parts of a page, in the order they are needed.
const PARTS: [&str; 3] = ["What to say", "What to try", "What students get wrong"];

impl App {
    /// Draws the notes.
    pub(super) fn prompt_ui(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            let hint = "Close the second window and show the picture here again (W)";
            if ui.button("Stage back here").on_hover_text(hint).clicked() {
                let ctx = ui.ctx().clone();
                self.act(Action::StageWindow, &ctx);
            }
            let text = "The stage is in its own window. Move it to the projector and press F.";
            ui.label(RichText::new(text).weak());
        });
        ui.add_space(4.0);
        notes::legend_row(ui, |ui| {
            self.lessons[self.current].legend_ui(ui, &mut self.lab);
        });
        self.next_ui(ui);
        let lesson = self.lessons[self.current].name();
        ScrollArea::vertical()
            // Each lesson is read from its start.
            .id_salt(("prompt", lesson))
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.set_max_width(WIDEST.min(ui.available_width()));
                page_ui(ui, page::of(lesson));
            });
    }

    /// What comes with the next press of the clicker.
    fn next_ui(&self, ui: &mut Ui) {
        let here = self.lessons[self.current].title();
        let (from, say) = match self.next_beat() {
            Some((title, beat)) if title == here => ("Next".to_owned(), beat.say),
            Some((title, beat)) => (format!("Next lesson: {title}"), beat.say),
            None => ("Next".to_owned(), "That was the last beat of the lecture."),
        };
        ui.label(RichText::new(from).weak());
        let say = RichText::new(say).size(NEXT);
        ui.add(Label::new(say).wrap());
        ui.add_space(10.0);
    }
}

fn page_ui(ui: &mut Ui, page: &str) {
    let p = theme::palette(ui);
    for heading in PARTS {
        notes::heading(ui, heading);
        ui.add_space(2.0);
        for text in page::part(page, heading) {
            ui.add(Label::new(page::inline(text, TEXT, p.ink)).wrap());
            ui.add_space(3.0);
        }
        ui.add_space(8.0);
    }
}
