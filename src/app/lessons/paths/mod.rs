//! The second lesson: different paths from the same noise to the same data.

mod ends;
mod figure;
mod sheet;
mod side;
mod words;

use std::sync::Arc;

use egui::{Button, ScrollArea, Slider, Ui};
use serde::{Deserialize, Serialize};

use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::sampler::moving::Plan;
use crate::app::sampling_grid::{Cell, Driver, Moved, Request, SamplingGrid};
use crate::app::theme;
use crate::app::training::{FieldChoice, WeightsChoice};
use crate::app::view::{EachBelow, view_of};
use crate::app::widgets::bar_parts::slider_ui;
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::field_menu;
use crate::app::widgets::flow_layers::{Target, Targets};
use crate::app::widgets::measures::Measuring;
use crate::app::widgets::notes;
use crate::app::widgets::weights_choice::weights_choice;
use crate::app::widgets::{run_controls, sampling_bar};
use crate::data::Dataset;
use crate::figure::Form;
use crate::flow::{Scheduler, Solver};
use crate::train::measure::Settings;
use words::{NO_ENDS, NOTES, PAIRS};

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
    /// What moves the particles of a path's panel; none is its exact field.
    own: [Option<FieldChoice>; 6],
    trails: bool,
    sigma_min: f64,
    exponent: f64,
    particles: usize,
    noise: u64,
    /// Whether the paths have exact fields.
    exact: bool,
    /// Places of the two paths with the same ends.
    pair: [usize; 2],
    grid: SamplingGrid,
    targets: Targets,
    ends: ends::Figures,
    /// The particle under the pointer.
    chosen: Option<usize>,
    measuring: Measuring,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            view: View::Side,
            on: [true, true, true, true, true, false],
            network: false,
            weights: WeightsChoice::default(),
            own: [None; 6],
            trails: true,
            sigma_min: 0.1,
            exponent: 2.0,
            particles: 2000,
            noise: 1,
            exact: true,
            pair: [0, 3],
            grid: SamplingGrid::default(),
            targets: Targets::default(),
            ends: ends::Figures::default(),
            chosen: None,
            measuring: Measuring::default(),
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
        view, on, network, weights, own, trails, noise;
        pair in EachBelow(NAMES.len()), sigma_min in 0.0..=0.5, exponent in 1.0..=5.0, particles in 1..=1_000_000,
    );

    fn is_busy(&self) -> bool {
        self.grid.is_busy()
    }

    fn logic(&mut self, lab: &mut Lab) {
        let route = lab.training.route();
        self.exact = route.has_exact();
        if !self.exact && self.view == View::Ends {
            self.view = View::Side;
        }
        field_menu::forget_gone(&lab.training, &mut self.own);
        let mut cells = Vec::new();
        let wanted = |place: usize| match self.view {
            View::Side => self.on[place],
            View::Sheet => SHEET.contains(&place),
            View::Ends => self.pair.contains(&place),
        };
        // What is on the stage comes first; the rest is kept for the next view.
        for first in [true, false] {
            for place in 0..NAMES.len() {
                let known = self.on[place] || SHEET.contains(&place) || self.pair.contains(&place);
                if known && wanted(place) == first {
                    cells.push(self.cell(place));
                }
            }
            let chosen = (0..NAMES.len()).filter(|place| self.on[*place]);
            for driver in chosen.filter_map(|place| self.own_driver(place)) {
                if !cells.contains(&cell(driver)) {
                    cells.push(cell(driver));
                }
            }
        }
        let network = cell(Driver::Network(self.weights));
        if self.has_network_panel() && !cells.contains(&network) {
            cells.push(network);
        }
        let request = Request {
            route,
            cells,
            particles: self.particles,
            noise: self.noise,
            frames: STEPS,
            rest: lab.training.is_running(),
        };
        self.grid.ask(lab, request);
        self.targets.keep(&self.grid.datasets());
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
        notes::why_ui(ui, &lab.training.route(), PAIRS);
        let place = ui.available_rect_before_wrap();
        match self.view {
            View::Side => self.side_ui(ui, lab, place),
            View::Sheet => self.sheet_ui(ui, lab, place),
            View::Ends => self.ends_ui(ui, lab, place),
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            for (view, name, hint) in VIEWS {
                let there = self.exact || view != View::Ends;
                let button = ui.add_enabled(there, Button::selectable(self.view == view, name));
                let button = button.on_hover_text(hint).on_disabled_hover_text(NO_ENDS);
                if button.clicked() {
                    self.view = view;
                }
            }
            ui.add_space(8.0);
            sampling_bar::noise_ui(ui, &mut self.particles, &mut self.noise);
            self.grid.note_ui(ui);
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
                notes::heading(ui, "Settings of the paths");
                let sigma = Slider::new(&mut self.sigma_min, 0.0..=0.5).step_by(0.01);
                let hint = "Noise that is left at the data on the sigma-min path";
                slider_ui(ui, "Smallest sigma", hint, sigma);
                let exponent = Slider::new(&mut self.exponent, 1.0..=5.0).step_by(0.5);
                slider_ui(ui, "Exponent", "The n of the polynomial path", exponent);
                let settings = Settings {
                    solver: Solver::Midpoint,
                    steps: STEPS,
                    seed: self.noise,
                    quick: true,
                };
                self.measuring.ui(ui, lab, self.weights, settings);
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
                // The last view needs exact fields.
                let count = if self.exact { 3 } else { 2 };
                self.view = VIEWS[(here.unwrap_or(0) + 1) % count].0;
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

    /// The particles on the exact field of a path, or pairs on their conditional paths where
    /// there is no exact field.
    fn cell(&self, place: usize) -> Cell {
        let path = self.schedulers()[place];
        cell(if self.exact {
            Driver::Exact(path)
        } else {
            Driver::Pairs(path)
        })
    }

    /// The network that somebody chose for a path's panel.
    fn own_driver(&self, place: usize) -> Option<Driver> {
        match self.own[place]? {
            FieldChoice::Weights(choice) => Some(Driver::Network(choice)),
            FieldChoice::Exact => None,
        }
    }

    fn moved(&self, place: usize) -> Option<Arc<Moved>> {
        self.grid.moved(&self.cell(place)).cloned()
    }

    fn target_form(&self, dataset: &Dataset) -> Option<Form> {
        self.targets.of(dataset).map(Target::form)
    }

    /// Whether the network has a panel of its own: without an exact field it always has one.
    fn has_network_panel(&self) -> bool {
        self.network || !self.exact
    }
}

fn cell(driver: Driver) -> Cell {
    Cell {
        driver,
        plan: Plan::new(Solver::Midpoint, STEPS),
    }
}

#[cfg(test)]
mod tests;
