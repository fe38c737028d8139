//! Latent MNIST: a transformer learns the flow among the codes of the autoencoder.

mod figure;
mod film;
mod picture;
mod solvers;
mod work;

use std::sync::Arc;

use egui::{ScrollArea, Slider, SliderClamping, Ui};
use serde::{Deserialize, Serialize};

use crate::app::background::Background;
use crate::app::digits::Part;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::view::view_of;
use crate::app::widgets::bar_parts::{dice_ui, solver_ui};
use crate::app::widgets::digit_grid::Textures;
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::{digit_controls, digit_settings};
use crate::flow::Solver;
use work::{Key, Made};

/// What the stage shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum View {
    /// Samples after each epoch.
    Film,
    /// x_t and the predicted end at the time of the slider.
    Flow,
    /// More and more steps on the same noise.
    Steps,
    /// Trajectories on two principal components.
    Map,
    /// Error and label accuracy of every solver against its evaluations.
    Solvers,
}

const VIEWS: [(View, &str, &str); 5] = [
    (
        View::Flow,
        "Flow",
        "The state and the predicted end at the time of the slider (1)",
    ),
    (
        View::Film,
        "Film",
        "Samples after each epoch of training, always from the same noise (2)",
    ),
    (
        View::Steps,
        "Steps",
        "The same noise with more and more solver steps (3)",
    ),
    (
        View::Map,
        "Map",
        "Codes on their first two principal components, with their pictures (4)",
    ),
    (
        View::Solvers,
        "Solvers",
        "What every solver gives for its evaluations of the field: a minute or two of work (5)",
    ),
];

/// The lesson's own state.
pub struct Latent {
    view: View,
    solver: Solver,
    steps: usize,
    seed: u64,
    film: film::Film,
    textures: Textures,
    /// One thread for each view, so that none waits for another.
    work: [Option<Background<Key, Made>>; 4],
}

impl Default for Latent {
    fn default() -> Self {
        Self {
            view: View::Flow,
            solver: Solver::Euler,
            steps: 40,
            seed: 0,
            film: film::Film::default(),
            textures: Textures::default(),
            work: [None, None, None, None],
        }
    }
}

impl Lesson for Latent {
    fn name(&self) -> &'static str {
        "latent"
    }

    fn title(&self) -> &'static str {
        "Latent MNIST"
    }

    fn sentence(&self) -> &'static str {
        "Noise of 64 numbers flows to the code of a digit, and the autoencoder draws it."
    }

    fn formula(&self) -> &'static str {
        r#"{"d"z_t|"d"t}=v_θ(z_t,t,c)~~~x=D(z_1)"#
    }

    fn source(&self) -> &'static str {
        "Latent flow matching on MNIST (seed 000); Peebles and Xie 2023; Dao et al. 2023"
    }

    fn part(&self) -> Option<Part> {
        Some(Part::Latent)
    }

    fn uses_time(&self) -> bool {
        matches!(self.view, View::Flow | View::Map)
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn figure_time(&self) -> f64 {
        0.7
    }

    view_of!(view, solver, seed; steps in 1..=100);

    fn is_busy(&self) -> bool {
        self.work.iter().flatten().any(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        self.film.take(lab.digits.latent.snapshot());
        let Some(slot) = self.slot() else {
            return;
        };
        let source = lab.digits.flow();
        let mut key = Key {
            version: source.version,
            seed: self.seed,
            solver: self.solver,
            steps: self.steps,
            guidance: 1.0,
        };
        if self.view == View::Solvers {
            // All solvers are shown, whichever is chosen.
            (key.solver, key.steps) = (Solver::Euler, 1);
        }
        let models = Arc::clone(&lab.digits.models);
        let work = self.work[slot].get_or_insert_with(|| lab.background());
        // New weights of a run in progress wait until the picture before them is whole.
        let newer = |asked: &Key| {
            let version = key.version;
            *asked != key
                && Key {
                    version,
                    ..asked.clone()
                } == key
        };
        let training = lab.digits.latent.is_running();
        if training && work.is_busy() && work.asked().is_some_and(newer) {
            return;
        }
        let (view, wanted) = (self.view, key.clone());
        work.ask(key, move |job| {
            let made = match view {
                View::Steps => work::steps(&wanted, &source, &models, job),
                View::Solvers => solvers::study(&wanted, &source, &models, job),
                View::Map => work::map(&wanted, &source, &models, job),
                View::Flow | View::Film => work::flow(&wanted, &source, &models, job),
            };
            if let Err(error) = made {
                job.show(Made::of(&source, Err(error)));
            }
        });
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        for (view, name, hint) in VIEWS {
            ui.selectable_value(&mut self.view, view, name)
                .on_hover_text(hint);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        let place = ui.available_rect_before_wrap();
        if self.view == View::Film {
            self.film.ui(ui, place, &mut self.textures);
        } else {
            let shown = self
                .slot()
                .and_then(|slot| self.work[slot].as_ref())
                .and_then(Background::value);
            let t = lab.clock.t() as f32;
            match shown.as_deref() {
                None => notes::sentence(ui, place, "The first digits are on their way…"),
                Some(Made { label, shown }) => match shown {
                    Err(error) => notes::sentence(ui, place, error),
                    Ok(shown) => picture::paint(ui, place, &mut self.textures, shown, t, label),
                },
            }
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            ui.add_enabled_ui(self.view != View::Solvers, |ui| {
                solver_ui(ui, "How the flow is followed.", 92.0, &mut self.solver);
            });
            let label = ui.label("Steps").id;
            let slider = Slider::new(&mut self.steps, 1..=100)
                .logarithmic(true)
                .clamping(SliderClamping::Always);
            let chosen = !matches!(self.view, View::Steps | View::Solvers);
            let fixed = !self.solver.is_adaptive() && chosen;
            ui.add_enabled(fixed, slider)
                .labelled_by(label)
                .on_hover_text("Steps from the noise to the data (↑ ↓).")
                .on_disabled_hover_text("The solver or the view chooses the steps.");
            dice_ui(ui, "new noise", &mut self.seed);
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        digit_controls::run_ui(ui, &mut lab.digits, Part::Latent, lab.training.device);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                digit_settings::settings_ui(ui, &mut lab.digits.latent);
                digit_controls::loss_ui(ui, &lab.digits.latent, 130.0);
                ui.add_space(6.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::Layer(key @ 1..=5) => self.view = VIEWS[usize::from(key) - 1].0,
            Action::SideBySide => {
                let here = VIEWS.iter().position(|(view, ..)| *view == self.view);
                self.view = VIEWS[(here.unwrap_or(0) + 1) % VIEWS.len()].0;
            }
            Action::NewNoise => self.seed += 1,
            Action::MoreSteps => self.steps = (self.steps + 1).next_power_of_two().min(100),
            Action::FewerSteps => {
                self.steps = 1 << self.steps.saturating_sub(1).max(1).ilog2();
            }
            Action::TrainPause => {
                self.view = View::Film;
                return false;
            }
            _ => return false,
        }
        true
    }
}

impl Latent {
    /// The thread of the present view.
    fn slot(&self) -> Option<usize> {
        match self.view {
            View::Film => None,
            View::Flow => Some(0),
            View::Steps => Some(1),
            View::Map => Some(2),
            View::Solvers => Some(3),
        }
    }
}

const NOTES: [Note; 3] = [
    Note {
        title: "The loss",
        formula: r#"|v_θ(z_t,t,c)-(z_1-(1-σ_{"min"})z_0)|^2"#,
        text: "It falls early and then hardly at all, because many codes share one noisy point. \
               The pictures go on improving: look at the film, not at the curve.",
    },
    Note {
        title: "The predicted end",
        formula: r#"z_t+(1-t)v_θ(z_t,t,c)"#,
        text: "The mean of all codes that may still come. At first it is a blur of digits; the \
               decision falls in the middle of the way.",
    },
    Note {
        title: "The network",
        formula: r#""DiT": 16~"tokens""#,
        text: "A transformer over the 4 × 4 points of a code. Time and digit steer the scale and \
               shift of every block (adaLN-Zero).",
    },
];
