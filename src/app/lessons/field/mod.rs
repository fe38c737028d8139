//! The fourth lesson: the network's field, the exact one and their difference at one time.

mod figure;
mod inspector;
mod job;
mod picture;
mod streamlines;

use std::sync::Arc;

use egui::{ScrollArea, Ui};

use crate::app::background::Background;
use crate::app::exact::Route;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme;
use crate::app::training::WeightsChoice;
use crate::app::view::{Near, view_of};
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::flow_layers::Target;
use crate::app::widgets::heat_map::{self, HeatTextures};
use crate::app::widgets::measures::Measuring;
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::run_controls;
use crate::flow::Solver;
use crate::train::measure::Settings;
use inspector::Inspector;
use job::{ErrorCurve, Heat, Picture, Request};

/// Two requests with equal keys have equal pictures.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    route: Route,
    heat: Heat,
    version: Option<u64>,
    t: u64,
}

/// The lesson's own state.
pub struct Field {
    arrows: bool,
    lines: bool,
    /// What the colours show; none leaves paper.
    heat: Option<Heat>,
    show_target: bool,
    /// Whether dashes move along the streamlines.
    animated: bool,
    /// The point that the inspector stays at, and the one under the pointer.
    pinned: Option<[f32; 2]>,
    pointed: Option<[f32; 2]>,
    work: Option<Background<Key, Picture>>,
    asked: Option<Key>,
    curve: Option<Background<Key, ErrorCurve>>,
    asked_curve: Option<Key>,
    textures: HeatTextures,
    target: Option<Target>,
    inspector: Inspector,
    measuring: Measuring,
}

impl Default for Field {
    fn default() -> Self {
        Self {
            arrows: false,
            lines: true,
            heat: Some(Heat::Speed),
            show_target: false,
            animated: false,
            pinned: Some([0.7, 0.4]),
            pointed: None,
            work: None,
            asked: None,
            curve: None,
            asked_curve: None,
            textures: HeatTextures::default(),
            target: None,
            inspector: Inspector::default(),
            measuring: Measuring::default(),
        }
    }
}

impl Lesson for Field {
    fn name(&self) -> &'static str {
        "field"
    }

    fn title(&self) -> &'static str {
        "Field"
    }

    fn sentence(&self) -> &'static str {
        "What the network has learned, the exact answer, and the difference: point anywhere to \
         read the numbers."
    }

    fn formula(&self) -> &'static str {
        r#"v="E"[x'_t|x_t=x]"#
    }

    fn source(&self) -> &'static str {
        "Flow matching from scratch (seed 003), the marginal velocity; closed form for boxes"
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn figure_time(&self) -> f64 {
        0.6
    }

    view_of!(arrows, lines, heat, show_target, animated; pinned in Near);

    fn is_busy(&self) -> bool {
        self.work.as_ref().is_some_and(Background::is_busy)
            || self.curve.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        let route = lab.training.route();
        let dataset = &route.dataset;
        if self.target.as_ref().is_none_or(|t| t.dataset != *dataset) {
            self.target = Some(Target::new(dataset.clone()));
        }
        let staged = lab.training.staged();
        let request = Request {
            model: staged.map(|s| (s.version, Arc::clone(&s.weights))),
            t: lab.clock.t(),
            heat: self.heat.unwrap_or(Heat::Speed),
            route,
        };
        self.inspector.update(&request);
        let key = Key {
            route: request.route.clone(),
            heat: request.heat,
            version: staged.map(|s| s.version),
            t: request.t.to_bits(),
        };
        // Time and weights may change faster than a picture is made: they wait for it.
        let work = self.work.get_or_insert_with(|| lab.background());
        let soft = |asked: &Key| Key {
            t: key.t,
            version: key.version,
            ..asked.clone()
        };
        let waits = self.asked.as_ref().is_some_and(|asked| soft(asked) == key);
        if !(waits && work.is_busy()) {
            self.asked = Some(key.clone());
            let request = request.clone();
            work.ask(key.clone(), move |work| job::draw(work, &request));
        }
        let of_curve = Key {
            t: 0,
            heat: Heat::Speed,
            ..key
        };
        let curve = self.curve.get_or_insert_with(|| lab.background());
        let only_weights = self.asked_curve.as_ref().is_some_and(|asked| {
            let weights = Key {
                version: of_curve.version,
                ..asked.clone()
            };
            weights == of_curve
        });
        if !(only_weights && curve.is_busy()) {
            self.asked_curve = Some(of_curve.clone());
            curve.ask(of_curve, move |work| job::error_over_time(work, &request));
        }
    }

    fn legend_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let p = theme::palette(ui);
        chip(ui, &mut self.arrows, Mark::Arrow, p.ink, "Arrows", 1);
        chip(ui, &mut self.lines, Mark::Curve, p.ink, "Streamlines", 2);
        for (heat, name, key, color, hint) in [
            (
                Heat::Speed,
                "Speed",
                3,
                theme::sequential(p, 0.55),
                "Colours show the length of v, and at the right that of the error",
            ),
            (
                Heat::Density,
                "Density",
                4,
                theme::sequential(p, 0.75),
                "Colours show the density of the particles at t, the network's by following each \
                 point back to the noise",
            ),
            (
                Heat::Divergence,
                "Divergence",
                5,
                theme::diverging(p, -1.0),
                "Colours show where the flow contracts (blue) and spreads (vermilion)",
            ),
        ] {
            let mut on = self.heat == Some(heat);
            let response = chip(ui, &mut on, Mark::Square, color, name, key);
            if response.on_hover_text(hint).clicked() {
                self.heat = on.then_some(heat);
            }
        }
        let ghost = theme::opaque_ghost(p);
        chip(ui, &mut self.show_target, Mark::Square, ghost, "Target", 6);
        if self.lines {
            let hint = "Dashes move along the streamlines, faster where the field is fast";
            ui.toggle_value(&mut self.animated, "Animate")
                .on_hover_text(hint);
        }
        if lab.settings.lecture && self.pinned.is_some() {
            let unpin = ui.button("Unpin");
            let unpin = unpin.on_hover_text("Let the numbers follow the pointer again");
            if unpin.clicked() {
                self.pinned = None;
            }
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        notes::why_ui(ui, &lab.training.route(), "the network stands alone.");
        let place = ui.available_rect_before_wrap();
        self.pictures_ui(ui, lab, place);
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, _ui: &mut Ui, _lab: &mut Lab) {}

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        run_controls::run_ui(ui, &mut lab.training);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.measuring.ui(ui, lab, WeightsChoice::Current, MEASURED);
                for note in NOTES {
                    notes::note_ui(ui, &note);
                }
                heat_map::choice_ui(ui, &mut lab.settings.map);
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        let mut toggle = |heat| {
            self.heat = if self.heat == Some(heat) {
                None
            } else {
                Some(heat)
            };
        };
        match action {
            Action::Layer(1) => self.arrows = !self.arrows,
            Action::Layer(2) => self.lines = !self.lines,
            Action::Layer(3) => toggle(Heat::Speed),
            Action::Layer(4) => toggle(Heat::Density),
            Action::Layer(5) => toggle(Heat::Divergence),
            Action::Layer(6) => self.show_target = !self.show_target,
            _ => return false,
        }
        true
    }
}

/// How the particles are moved when the field is measured.
const MEASURED: Settings = Settings {
    solver: Solver::Midpoint,
    steps: 100,
    seed: 1,
    quick: true,
};

const NOTES: [Note; 5] = [
    Note {
        title: "The exact velocity",
        formula: r#"v^*={σ'_t|σ_t}x+(α'_t-{σ'_t α_t|σ_t})"E"[x_1|x]"#,
        text: "Known in closed form when the target is a union of boxes: it points where the data \
               are expected.",
    },
    Note {
        title: "Where the network is wrong",
        formula: r#""E"_{p_t}|v_θ-v^*|^2"#,
        text: "The excess loss, taken apart in space (right panel) and in time (curve). Far from \
               the particles an error costs nothing.",
    },
    Note {
        title: "Density",
        formula: r#""log"~p_t(x)="log"~p_0(x_0)-∫_0^{~t}∇·v~"d"s"#,
        text: "The network's density follows each point back to the noise and adds up the \
               divergence on the way.",
    },
    Note {
        title: "Divergence",
        formula: r#"∇·v=2{σ'_t|σ_t}+c_t{α_t|σ_t^2}"tr Cov"[x_1|x]"#,
        text: "The factor c is that of E[x₁|x] above. Where the divergence is negative the \
               particles crowd together.",
    },
    Note {
        title: "Score",
        formula: r#"∇"log"~p_t(x)=-"E"[x_0|x]/σ_t"#,
        text: "Velocity, score, E[x₁|x] and E[x₀|x] are affine in each other: a network that \
               predicts one of them predicts all.",
    },
];

#[cfg(test)]
mod tests;
