//! Variational flow matching in the plane: the noise end of a pair comes from a posterior.

mod figure;
mod panel;
mod picture;
mod work;

use std::sync::Arc;

use egui::Ui;

use crate::app::background::Background;
use crate::app::digits::Part;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme;
use crate::app::time_label;
use crate::app::view::{Near, view_of};
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::icon::{Icon, Look, icon_button};
use crate::app::widgets::notes;
use work::{Key, Made};

/// The lesson's own state.
pub struct Variational {
    /// Shown: independent pairs, the posterior's pairs, samples.
    shown: [bool; 3],
    ellipses: bool,
    curves: bool,
    /// Where the cancelling pairs meet.
    place: [f64; 2],
    seed: u64,
    work: Option<Background<Key, Made>>,
}

impl Default for Variational {
    fn default() -> Self {
        Self {
            shown: [true; 3],
            ellipses: true,
            curves: true,
            place: [0.4, 0.3],
            seed: 0,
            work: None,
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

    view_of!(shown, ellipses, curves; seed in 0..=1_000_000, place in Near);

    fn is_busy(&self) -> bool {
        self.work.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        let source = lab.digits.points.source();
        let key = Key {
            version: source.version,
            seed: self.seed,
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
        let p = theme::palette(ui);
        let [independent, posterior, samples] = &mut self.shown;
        chip(
            ui,
            independent,
            Mark::Curve,
            p.error,
            "Independent pairs",
            1,
        )
        .on_hover_text("z from the prior, whatever x is (1)");
        chip(ui, posterior, Mark::Curve, p.exact, "Posterior’s pairs", 2)
            .on_hover_text("z from q(z|x) (2)");
        chip(ui, samples, Mark::Dots, p.model, "Samples", 3)
            .on_hover_text("From the prior along the learned velocity (3)");
        chip(ui, &mut self.ellipses, Mark::Square, p.source, "q(z|x)", 4)
            .on_hover_text("Ellipses of one and two standard deviations, at the noise (4)");
        chip(ui, &mut self.curves, Mark::Curve, p.ink, "Curves", 5)
            .on_hover_text("The target’s variance over t, and quality over steps (5)");
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        let place = ui.available_rect_before_wrap();
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
            ui.label("Click a stage to move the place of the arrows.");
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let made = self.work.as_ref().and_then(Background::value);
        let shown = made.as_deref().and_then(|made| made.as_ref().ok());
        panel::side_ui(ui, lab, shown);
    }

    fn act(&mut self, action: Action, lab: &mut Lab) -> bool {
        let device = lab.training.device;
        match action {
            Action::Layer(key @ 1..=3) => {
                let on = &mut self.shown[usize::from(key) - 1];
                *on = !*on;
            }
            Action::Layer(4) => self.ellipses = !self.ellipses,
            Action::Layer(5) => self.curves = !self.curves,
            Action::NewNoise => self.seed += 1,
            Action::TrainPause => lab.digits.toggle(Part::Points, device),
            Action::TrainStep => lab.digits.points.step(device),
            Action::ResetWeights => lab.digits.points.reset(),
            _ => return false,
        }
        true
    }
}
