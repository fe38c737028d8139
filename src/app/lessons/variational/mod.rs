//! Variational flow matching in the plane: the noise end of a pair comes from a posterior.

mod figure;
mod ladder;
mod ladder_picture;
mod panel;
mod picture;
mod work;

use std::sync::Arc;

use egui::Ui;

use crate::app::background::Background;
use crate::app::digits::Part;
use crate::app::digits::models::Source;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme;
use crate::app::time_label;
use crate::app::view::{Near, view_of};
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::icon::{Icon, Look, icon_button};
use crate::app::widgets::notes;
use crate::train::images::variational::Origin;
use ladder::{COLUMNS, Stand};
use ladder_picture::color;
use work::{Key, Made};

/// A rung by its place, the run of the window after the others, and what it makes.
type Beside = (usize, Stand);
type Thread = Background<Key, ladder::Made>;

/// A rung that stays.
struct Column {
    name: String,
    source: Source,
    thread: Option<Thread>,
}

impl Column {
    fn of((name, source): (String, Source)) -> Self {
        Self {
            name,
            source,
            thread: None,
        }
    }
}

/// The lesson's own state.
pub struct Variational {
    /// Shown: independent pairs, the posterior's pairs, samples.
    shown: [bool; 3],
    ellipses: bool,
    curves: bool,
    /// Whether the rungs stand side by side, and which of the pretrained ones.
    ladder: bool,
    rungs: [bool; COLUMNS],
    /// What samples start from.
    origin: Origin,
    /// Where the cancelling pairs meet.
    place: [f64; 2],
    seed: u64,
    work: Option<Background<Key, Made>>,
    /// The pretrained rung and those that were kept, and the run of the window.
    columns: Vec<Column>,
    own: Option<Thread>,
}

impl Default for Variational {
    fn default() -> Self {
        Self {
            shown: [true; 3],
            ellipses: true,
            curves: true,
            ladder: false,
            rungs: [true; COLUMNS],
            origin: Origin::Aggregate,
            place: [0.4, 0.3],
            seed: 0,
            work: None,
            columns: vec![Column::of(ladder::pretrained())],
            own: None,
        }
    }
}

impl Lesson for Variational {
    fn name(&self) -> &'static str {
        "variational"
    }

    fn title(&self) -> &'static str {
        "Variational"
    }

    fn sentence(&self) -> &'static str {
        "With noise from one shared prior, pairs that cross cancel each other’s updates. A \
         posterior q(z|x) gives each data point noise of its own, and less is left to cancel."
    }

    fn formula(&self) -> &'static str {
        r#"z~"~"~q_φ(z|x)~~~|v_θ(x_t,t)-(x-z)|^2+"KL"(q_φ|p)"#
    }

    fn source(&self) -> &'static str {
        "Variational flow matching based generative models, Cho (seed 002)"
    }

    fn part(&self) -> Option<Part> {
        Some(Part::Points)
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn figure_time(&self) -> f64 {
        0.5
    }

    view_of!(shown, ellipses, curves, ladder, rungs, origin; seed in 0..=1_000_000, place in Near);

    fn is_busy(&self) -> bool {
        let columns = self.columns.iter().map(|column| &column.thread);
        let mut ladders = columns.chain([&self.own]).flatten();
        self.work.as_ref().is_some_and(Background::is_busy) || ladders.any(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        let source = lab.digits.points.source();
        if self.ladder {
            self.ask_for_rungs(lab, source);
            return;
        }
        let key = Key {
            version: source.version,
            seed: self.seed,
            origin: self.origin,
        };
        let models = Arc::clone(&lab.digits.models);
        let thread = self.work.get_or_insert_with(|| lab.background());
        // New weights of a run in progress wait until the picture before them is whole.
        if thread.is_busy() && thread.value().is_some() && lab.digits.points.is_running() {
            return;
        }
        let wanted = key.clone();
        thread.ask(key, move |job| {
            if let Err(error) = work::make(&wanted, &source, &models, job) {
                job.show(Err(error));
            }
        });
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        if self.ladder {
            self.ladder_legend_ui(ui);
            return;
        }
        let p = theme::palette(ui);
        let start = match self.origin {
            Origin::Prior => "the prior",
            Origin::Aggregate => "the mean and variance of all z together",
        };
        let [independent, posterior, samples] = &mut self.shown;
        chip(
            ui,
            independent,
            Mark::Curve,
            p.error,
            "Independent pairs",
            1,
        )
        .on_hover_text(format!("z from {start}, whatever x is (1)"));
        chip(ui, posterior, Mark::Curve, p.exact, "Posterior’s pairs", 2)
            .on_hover_text("z from q(z|x) (2)");
        chip(ui, samples, Mark::Dots, p.model, "Samples", 3)
            .on_hover_text(format!("From {start} along the learned velocity (3)"));
        chip(ui, &mut self.ellipses, Mark::Square, p.source, "q(z|x)", 4)
            .on_hover_text("Ellipses of one and two standard deviations, at the noise (4)");
        chip(ui, &mut self.curves, Mark::Curve, p.ink, "Curves", 5).on_hover_text(CURVES);
        self.ladder_chip(ui);
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        let place = ui.available_rect_before_wrap();
        if self.ladder {
            match self.beside() {
                Ok(beside) => self.ladder_ui(ui, lab, place, &beside),
                Err(sentence) => notes::sentence(ui, place, &sentence),
            }
            ui.advance_cursor_after_rect(place);
            return;
        }
        let made = self.work.as_ref().and_then(Background::value);
        match made.as_deref() {
            None => notes::sentence(ui, place, "The pairs are being drawn…"),
            Some(Err(error)) => notes::sentence(ui, place, error),
            Some(Ok(shown)) => self.pictures_ui(ui, lab, place, shown),
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.horizontal(|ui| {
            let hint = format!("Draw other pairs and noise (R); seed {}", self.seed);
            if icon_button(ui, Icon::Dice, 28.0, Look::Quiet, &hint).clicked() {
                self.seed += 1;
            }
            let t = lab.clock.t();
            let (text, hint) = if time_label::from_data() {
                let text = "As seed 002, the lab counts t from the data.".to_owned();
                (
                    text,
                    "Shift+T counts from the noise again; the formulas do so always.",
                )
            } else {
                let text = format!("Seed 002 counts from the data: its t is {:.2}.", 1.0 - t);
                (
                    text,
                    "Here t = 0 is noise and t = 1 is data; Cho’s code runs the other way.",
                )
            };
            ui.label(text).on_hover_text(hint);
            ui.label(if self.ladder {
                "Each rung has the same noise; lines are the first ways."
            } else {
                "Click a stage to move the place of the arrows."
            });
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let made = self.work.as_ref().and_then(Background::value);
        let shown = made.as_deref().and_then(|made| made.as_ref().ok());
        let what = match self.ladder {
            true => panel::What::Rungs(self.beside().unwrap_or_default()),
            false => panel::What::One(shown),
        };
        let source = lab.digits.points.source();
        let room = source.model.is_some() && self.columns.len() < COLUMNS;
        match panel::side_ui(
            ui,
            lab,
            &what,
            &mut self.origin,
            [room, self.columns.len() > 1],
        ) {
            Some(panel::Wish::Keep) => {
                self.keep(&source);
                self.ladder = true;
            }
            Some(panel::Wish::Forget) => self.columns.truncate(1),
            None => {}
        }
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::Layer(key @ 1..=4) if self.ladder => {
                let on = &mut self.rungs[usize::from(key) - 1];
                *on = !*on;
            }
            Action::Layer(6) => self.ladder = !self.ladder,
            Action::Layer(key @ 1..=3) => {
                let on = &mut self.shown[usize::from(key) - 1];
                *on = !*on;
            }
            Action::Layer(4) => self.ellipses = !self.ellipses,
            Action::Layer(5) => self.curves = !self.curves,
            Action::NewNoise => self.seed += 1,
            _ => return false,
        }
        true
    }
}

/// What the switch of the curves says.
const CURVES: &str = "The target’s variance over t, and quality over steps (5)";

impl Variational {
    fn ask_for_rungs(&mut self, lab: &Lab, source: Source) {
        let key = Key {
            version: 0,
            seed: self.seed,
            origin: self.origin,
        };
        for column in &mut self.columns {
            let thread = column.thread.get_or_insert_with(|| lab.background());
            ask(thread, &key, &column.name, &column.source, lab);
        }
        if source.model.is_none() {
            self.own = None;
            return;
        }
        let own = self.own.get_or_insert_with(|| lab.background());
        // New weights of a run in progress wait until the picture before them is whole.
        if own.is_busy() && own.value().is_some() && lab.digits.points.is_running() {
            return;
        }
        let version = source.version;
        ask(own, &Key { version, ..key }, "Your run", &source, lab);
    }

    /// The rungs that are switched on and made so far, and the run of the window.
    fn beside(&self) -> Result<Vec<Beside>, String> {
        let columns = self.columns.iter().map(|column| column.thread.as_ref());
        let shown = columns.zip(self.rungs).enumerate();
        let shown = shown.filter_map(|(slot, (thread, on))| Some((slot, thread.filter(|_| on)?)));
        let own = self.own.as_ref().map(|thread| (COLUMNS, thread));
        let mut beside = Vec::new();
        let mut waiting = false;
        for (slot, thread) in shown.chain(own) {
            match thread.value() {
                Some(made) => beside.push((slot, made.as_ref().clone()?)),
                None => waiting = true,
            }
        }
        if beside.is_empty() && waiting {
            return Err("The rungs are on their way…".to_owned());
        }
        Ok(beside)
    }

    /// Keeps the run of the window beside the others, whatever is trained next.
    fn keep(&mut self, source: &Source) {
        let index = self.columns.len();
        if index < COLUMNS
            && let Some(kept) = ladder::kept(source, index)
        {
            self.columns.push(Column::of(kept));
            self.rungs[index] = true;
        }
    }

    fn ladder_legend_ui(&mut self, ui: &mut Ui) {
        let p = theme::palette(ui);
        for ((on, column), slot) in self.rungs.iter_mut().zip(&self.columns).zip(0_u8..) {
            let color = color(p, usize::from(slot));
            let hint = format!("Samples of this rung, from the same noise ({})", slot + 1);
            chip(ui, on, Mark::Dots, color, &column.name, slot + 1).on_hover_text(hint);
        }
        chip(ui, &mut self.curves, Mark::Curve, p.ink, "Curves", 5).on_hover_text(CURVES);
        self.ladder_chip(ui);
    }

    fn ladder_chip(&mut self, ui: &mut Ui) {
        let p = theme::palette(ui);
        let hint = "Rungs of the seed’s ladder from the same noise: the pretrained one, runs of \
                    yours that you keep, and the present one (6)";
        chip(ui, &mut self.ladder, Mark::Dots, p.ink, "Side by side", 6).on_hover_text(hint);
    }
}

fn ask(thread: &mut Thread, key: &Key, name: &str, source: &Source, lab: &Lab) {
    let models = Arc::clone(&lab.digits.models);
    let (wanted, name, source) = (key.clone(), name.to_owned(), source.clone());
    thread.ask(key.clone(), move |job| {
        if let Err(error) = ladder::make(&wanted, &name, &source, &models, job) {
            job.show(Err(error));
        }
    });
}
