//! What the window says of itself: three lines at the first start, and its title.

use std::fs;
use std::path::PathBuf;

use egui::{Align2, Area, Context, Event, Id, Order, RichText, Ui, vec2};

use super::App;
use super::theme;
use super::widgets::card::card;

/// The hint of the first start.
const LINES: [(&str, &str); 3] = [
    (
        "Space",
        "plays the flow, T trains a network while you watch.",
    ),
    (
        "Page ↓",
        "gives the lecture, one sentence and one picture at a time.",
    ),
    ("?", "lists every key; Ctrl+K finds everything by its name."),
];

/// The hint while it is shown.
pub struct Greeting {
    /// The file that remembers that it was read.
    flag: PathBuf,
}

impl Greeting {
    /// Shown unless the file is there; never without a file.
    pub fn new(flag: Option<PathBuf>) -> Option<Self> {
        let flag = flag.filter(|flag| !flag.exists())?;
        Some(Self { flag })
    }

    /// Remembers that it was read, apart: the window never waits for a disk. Where this fails the
    /// hint comes again, which harms nobody.
    fn remember(self) {
        std::thread::spawn(move || {
            if let Some(folder) = self.flag.parent() {
                _ = fs::create_dir_all(folder);
            }
            _ = fs::write(&self.flag, "The hint of the first start was read.\n");
        });
    }
}

impl App {
    /// Draws the hint until a key or a button of the mouse is pressed; both do what they mean.
    pub(super) fn greeting_ui(&mut self, ctx: &Context) {
        if self.greeting.is_none() {
            return;
        }
        let pressed = ctx.input(|input| {
            let key = |event: &Event| matches!(event, Event::Key { pressed: true, .. });
            input.pointer.any_pressed() || input.events.iter().any(key)
        });
        if pressed {
            if let Some(greeting) = self.greeting.take() {
                greeting.remember();
            }
            return;
        }
        Area::new(Id::unique("greeting"))
            .order(Order::Foreground)
            .interactable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(ctx, card_ui);
    }

    /// Names the run and the lesson in the title of the window.
    pub(super) fn title(&mut self, ctx: &Context) {
        let lesson = &self.lessons[self.current];
        let run = match lesson.part() {
            Some(part) => Some(self.lab.digits.part(part).source().name.to_string()),
            None if lesson.status(&self.lab).is_some() => None,
            None => self.lab.training.staged().map(|staged| staged.name.clone()),
        };
        let run = run.map_or(String::new(), |run| format!("{run} · "));
        let title = format!("{run}{} · Flow Lab", lesson.title());
        if title != self.titled {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.titled = title;
        }
    }
}

fn card_ui(ui: &mut Ui) {
    let p = theme::palette(ui);
    card(ui, 24).show(ui, |ui| {
        egui::Grid::new("greeting")
            .num_columns(2)
            .spacing(vec2(16.0, 10.0))
            .show(ui, |ui| {
                for (key, meaning) in LINES {
                    ui.label(RichText::new(key).family(theme::semibold()));
                    ui.label(RichText::new(meaning).color(p.ink));
                    ui.end_row();
                }
            });
        ui.add_space(6.0);
        ui.label(RichText::new("Any key closes this.").small().weak());
    });
}
