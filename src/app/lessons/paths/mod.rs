//! The second lesson: different paths from the same noise to the same data.

mod ends;
mod figure;
mod sheet;
mod side;

use std::sync::Arc;

use egui::{ScrollArea, Slider, SliderClamping, Ui};
use serde::{Deserialize, Serialize};

use crate::app::exact::exact_field;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::sampler::moving::Plan;
use crate::app::sampling_grid::{Cell, Driver, Moved, Request, SamplingGrid};
use crate::app::theme;
use crate::app::training::WeightsChoice;
use crate::app::view::{EachBelow, view_of};
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::flow_layers::Target;
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::weights_choice::weights_choice;
use crate::app::widgets::{run_controls, sampling_bar};
use crate::flow::{Scheduler, Solver};

/// Steps of the midpoint method: more would not change a picture.
const STEPS: usize = 100;
/// Names of the paths, in the order of their keys.
const NAMES: [&str; 6] = [
    "Linear",
    "Sigma-min",
    "VP diffusion",
    "Cosine",
    "Polynomial",
    "Linear VP",
];
/// Places of the two paths of the sheet.
const SHEET: [usize; 2] = [0, 2];

/// What the stage shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum View {
    /// All chosen paths at one time.
    Side,
    /// Two paths at seven times.
    Sheet,
    /// Two fields that carry the same noise to the same data.
    Ends,
}

const VIEWS: [(View, &str, &str); 3] = [
    (
        View::Side,
        "Side by side",
        "The chosen paths at the time of the slider (B: next view)",
    ),
    (
        View::Sheet,
        "Seven times",
        "Linear path above, VP diffusion below, at seven times (B: next view)",
    ),
    (
        View::Ends,
        "Same ends",
        "Two fields that differ everywhere and carry each particle to the same place (B: next view)",
    ),
];

/// The lesson's own state.
pub struct Paths {
    view: View,
    on: [bool; 6],
    network: bool,
    /// Whose weights the network has.
    weights: WeightsChoice,
    trails: bool,
    sigma_min: f64,
    exponent: f64,
    particles: usize,
    noise: u64,
    /// Places of the two paths with the same ends.
    pair: [usize; 2],
    grid: SamplingGrid,
    target: Option<Target>,
    ends: ends::Figures,
    /// The particle under the pointer.
    chosen: Option<usize>,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            view: View::Side,
            on: [true, true, true, true, true, false],
            network: false,
            weights: WeightsChoice::default(),
            trails: true,
            sigma_min: 0.1,
            exponent: 2.0,
            particles: 2000,
            noise: 1,
            pair: [0, 3],
            grid: SamplingGrid::default(),
            target: None,
            ends: ends::Figures::default(),
            chosen: None,
        }
    }
}

impl Lesson for Paths {
    fn name(&self) -> &'static str {
        "paths"
    }

    fn title(&self) -> &'static str {
        "Paths"
    }

    fn sentence(&self) -> &'static str {
        "The schedule of signal α and noise σ decides the way, not the ends: the same noise on \
         several paths."
    }

    fn formula(&self) -> &'static str {
        r#"x_t=α_t x_1+σ_t x_0"#
    }

    fn source(&self) -> &'static str {
        "Flow matching and diffusion on a checkerboard (seed 001); figure 2 of seed 003; Lipman et \
         al. 2023, eq. 18–20"
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn figure_time(&self) -> f64 {
        0.6
    }

    view_of!(
        view, on, network, trails, noise;
        pair in EachBelow(NAMES.len()), sigma_min in 0.0..=0.5, exponent in 1.0..=5.0, particles in 1..=1_000_000,
    );

    fn is_busy(&self) -> bool {
        self.grid.is_busy()
    }

    fn logic(&mut self, lab: &mut Lab) {
        let dataset = lab.training.dataset();
        if self.target.as_ref().is_none_or(|t| t.dataset != dataset) {
            self.target = Some(Target::new(dataset.clone()));
        }
        let mut cells = Vec::new();
        let schedulers = self.schedulers();
        let wanted = |place: usize| match self.view {
            View::Side => self.on[place],
            View::Sheet => SHEET.contains(&place),
            View::Ends => self.pair.contains(&place),
        };
        // What is on the stage comes first; the rest is kept for the next view.
        for first in [true, false] {
            for (place, path) in schedulers.into_iter().enumerate() {
                let known = self.on[place] || SHEET.contains(&place) || self.pair.contains(&place);
                if known && wanted(place) == first {
                    cells.push(cell(Driver::Exact(path)));
                }
            }
        }
        if exact_field(&dataset, Scheduler::CondOt).is_none() {
            cells.clear();
        }
        if self.network || cells.is_empty() {
            cells.push(cell(Driver::Network));
        }
        let staged = lab.training.staged_by(self.weights);
        let request = Request {
            dataset,
            model: staged.map(|s| (s.version, s.weights)),
            cells,
            particles: self.particles,
            noise: self.noise,
            frames: STEPS,
            rest: lab.training.is_running(),
        };
        self.grid.ask(lab, request);
    }

    fn legend_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let p = theme::palette(ui);
        if lab.settings.lecture {
            // Eight chips share the column with the button that leaves the mode.
            ui.spacing_mut().item_spacing.y = 3.0;
        }
        match self.view {
            View::Side => {
                for (place, name) in NAMES.into_iter().enumerate() {
                    let color = theme::series(p, place);
                    let key = place as u8 + 1;
                    let label = self.schedulers()[place].label();
                    chip(ui, &mut self.on[place], Mark::Dots, color, name, key)
                        .on_hover_text(label);
                }
                if lab.training.staged().is_some() {
                    let hint = "The network on the stage, on the path it was trained on";
                    chip(ui, &mut self.network, Mark::Dots, p.model, "Network", 0)
                        .on_hover_text(hint);
                }
            }
            View::Sheet => {
                ui.label("Linear above, VP diffusion below: the same noise in both rows.");
            }
            View::Ends => {
                for side in 0..2 {
                    let name = ["First path", "Second path"][side];
                    ui.name_inputs(name, |ui| {
                        egui::ComboBox::from_id_salt(name)
                            .width(130.0)
                            .selected_text(NAMES[self.pair[side]])
                            .show_ui(ui, |ui| {
                                for (place, name) in NAMES.into_iter().enumerate() {
                                    ui.selectable_value(&mut self.pair[side], place, name);
                                }
                            })
                            .response
                            .on_hover_text(name);
                    });
                }
            }
        }
        if self.view != View::Sheet {
            let hint = "The ways of some particles";
            chip(ui, &mut self.trails, Mark::Curve, p.ink, "Trajectories", 0).on_hover_text(hint);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        let place = ui.available_rect_before_wrap();
        let exact = exact_field(&lab.training.dataset(), Scheduler::CondOt).is_some();
        match self.view {
            View::Side => self.side_ui(ui, lab, place, exact),
            _ if !exact => notes::no_exact_field(ui, place, &lab.training.dataset()),
            View::Sheet => self.sheet_ui(ui, lab, place),
            View::Ends => self.ends_ui(ui, lab, place),
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            for (view, name, hint) in VIEWS {
                ui.selectable_value(&mut self.view, view, name)
                    .on_hover_text(hint);
            }
            ui.add_space(8.0);
            sampling_bar::noise_ui(ui, &mut self.particles, &mut self.noise);
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        run_controls::run_ui(ui, &mut lab.training);
        ui.horizontal(|ui| {
            ui.label("Weights");
            let width = ui.available_width();
            weights_choice(ui, "paths", &lab.training, &mut self.weights, width);
        });
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                let slider = |ui: &mut Ui, name: &str, hint: &str, slider: Slider<'_>| {
                    let label = ui.label(name).id;
                    ui.add(slider.clamping(SliderClamping::Always))
                        .labelled_by(label)
                        .on_hover_text(hint);
                };
                notes::heading(ui, "Settings of the paths");
                let sigma = Slider::new(&mut self.sigma_min, 0.0..=0.5).step_by(0.01);
                let hint = "Noise that is left at t = 1 on the sigma-min path";
                slider(ui, "Smallest sigma", hint, sigma);
                let exponent = Slider::new(&mut self.exponent, 1.0..=5.0).step_by(0.5);
                slider(ui, "Exponent", "The n of the polynomial path", exponent);
                ui.add_space(4.0);
                for note in NOTES {
                    notes::note_ui(ui, &note);
                }
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::Layer(key @ 1..=6) => {
                let on = &mut self.on[usize::from(key) - 1];
                *on = !*on;
            }
            Action::SideBySide => {
                let here = VIEWS.iter().position(|(view, ..)| *view == self.view);
                self.view = VIEWS[(here.unwrap_or(0) + 1) % VIEWS.len()].0;
            }
            Action::NewNoise => self.noise = self.noise.wrapping_add(1),
            _ => return false,
        }
        true
    }
}

impl Paths {
    /// The paths, in the order of [`NAMES`].
    fn schedulers(&self) -> [Scheduler; 6] {
        [
            Scheduler::CondOt,
            Scheduler::SigmaMin(self.sigma_min),
            Scheduler::VP,
            Scheduler::Cosine,
            Scheduler::Poly(self.exponent),
            Scheduler::LinearVp,
        ]
    }

    /// The particles on the exact field of a path.
    fn moved(&self, place: usize) -> Option<Arc<Moved>> {
        let cell = cell(Driver::Exact(self.schedulers()[place]));
        self.grid.moved(&cell).cloned()
    }
}

fn cell(driver: Driver) -> Cell {
    Cell {
        driver,
        plan: Plan::new(Solver::Midpoint, STEPS),
    }
}

const NOTES: [Note; 6] = [
    Note {
        title: "Linear (conditional OT)",
        formula: r#"α_t=t~~~σ_t=1-t"#,
        text: "Each pair travels on a line at constant speed.",
    },
    Note {
        title: "Sigma-min",
        formula: r#"α_t=t~~~σ_t=1-(1-σ_{"min"})t"#,
        text: "Ends at data blurred by a little noise, so the field stays bounded.",
    },
    Note {
        title: "VP diffusion",
        formula: r#"α_t=e^{-T(1-t)/2}~~~σ_t="√"(1-α_t^2)"#,
        text: "Nearly pure noise for half of the time; the data appear late.",
    },
    Note {
        title: "Cosine",
        formula: r#"α_t="sin"{πt|2}~~~σ_t="cos"{πt|2}"#,
        text: "Keeps α² + σ² = 1: a quarter of a circle.",
    },
    Note {
        title: "Polynomial",
        formula: r#"α_t=t^n~~~σ_t=1-t^n"#,
        text: "The linear path, travelled slowly at first.",
    },
    Note {
        title: "Why the ends agree",
        formula: r#"{α'_t|σ'_t}={α_s|σ_s}~→~x'_t={σ'_t|σ_s}x_s"#,
        text: "At equal signal-to-noise ratio two paths differ by a scale alone. Both reach scale \
               1 at t = 1, so every path carries a particle to the same end.",
    },
];

#[cfg(test)]
mod tests;
