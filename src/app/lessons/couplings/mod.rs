//! Which noise is paired with which data: independent, exact minibatch OT and Sinkhorn, drawn
//! side by side, and what each leaves for the network to learn.

mod figure;
mod neighbours;
mod panel;
mod study;

use egui::{Slider, Ui, UiBuilder};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use self::study::{Row, couplings, points, study};
use crate::app::background::Background;
use crate::app::exact::Route;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme::{self, Palette};
use crate::app::view::view_of;
use crate::app::widgets::bar_parts::{dice_ui, slider_ui};
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::flow_layers::Target;
use crate::app::widgets::places;
use crate::flow::{Coupling, Scheduler};

/// Sizes of the batch.
const BATCH: std::ops::RangeInclusive<usize> = 8..=512;
/// Strengths of Sinkhorn's entropy.
const EPSILON: std::ops::RangeInclusive<f64> = 0.01..=10.0;
/// Names of the couplings, as short as a caption needs.
const NAMES: [&str; 3] = ["Independent", "Exact OT", "Sinkhorn"];
/// Parts of the exact floor's curve.
const FLOOR_TIMES: usize = 40;

/// What a batch of pairs depends on.
#[derive(Clone, PartialEq)]
struct PairKey {
    route: Route,
    batch: usize,
    epsilon: f64,
    seed: u64,
}

/// One batch under all couplings.
struct Pairs {
    /// Noise, `[n, 2]`.
    x0: Vec<f32>,
    /// Data, `[n, 2]`.
    x1: Vec<f32>,
    /// The data point of each noise point, for each coupling.
    partners: [Vec<usize>; 3],
}

/// The exact floor of independent pairs on the straight path: in all, and at each time.
struct Floor {
    all: f64,
    at: Vec<[f64; 2]>,
}

/// The lesson's own state.
pub struct Couplings {
    /// Shown: independent, exact, Sinkhorn.
    pub shown: [bool; 3],
    /// Whether the curves over the batch size are shown.
    pub curves: bool,
    /// Points that are coupled together.
    pub batch: usize,
    epsilon: f64,
    seed: u64,
    route: Option<Route>,
    target: Option<Target>,
    pairs: Option<Background<PairKey, Pairs>>,
    study: Option<Background<(Route, u64), Vec<Row>>>,
    floor: Option<Background<Route, Floor>>,
}

impl Default for Couplings {
    fn default() -> Self {
        Self {
            shown: [true; 3],
            curves: true,
            batch: 64,
            epsilon: 0.5,
            seed: 1,
            route: None,
            target: None,
            pairs: None,
            study: None,
            floor: None,
        }
    }
}

impl Lesson for Couplings {
    fn name(&self) -> &'static str {
        "couplings"
    }

    fn title(&self) -> &'static str {
        "Couplings"
    }

    fn sentence(&self) -> &'static str {
        "The same noise and the same data, paired in three ways: the fewer lines cross, the less \
         is left to average. “Conditional OT” is the straight line of a pair; an “OT coupling” \
         chooses the pairs."
    }

    fn formula(&self) -> &'static str {
        r#"(x_0,x_1)∼q"#
    }

    fn source(&self) -> &'static str {
        "Tong et al. 2024; Pooladian et al. 2023; Cuturi 2013 (Sinkhorn)"
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn figure_time(&self) -> f64 {
        0.0
    }

    view_of!(shown, curves, seed; batch in BATCH, epsilon in EPSILON);

    fn is_busy(&self) -> bool {
        self.pairs.as_ref().is_some_and(Background::is_busy)
            || self.study.as_ref().is_some_and(Background::is_busy)
            || self.floor.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        // Pairs are joined by straight lines, whatever path a run takes.
        let route = Route {
            path: Scheduler::CondOt,
            ..lab.training.route()
        };
        if self.route.as_ref() != Some(&route) {
            self.route = Some(route.clone());
            self.target = Some(Target::new(route.dataset.clone()));
            // Curves of another target would mislead until new ones are there.
            (self.study, self.floor) = (None, None);
        }
        let (batch, epsilon, seed) = (self.batch, self.epsilon, self.seed);
        let key = PairKey {
            route: route.clone(),
            batch,
            epsilon,
            seed,
        };
        let of = route.clone();
        self.pairs
            .get_or_insert_with(|| lab.background())
            .ask(key, move |job| {
                let (x0, x1) = points(&of, batch, seed);
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let partners = couplings(batch, epsilon).map(|c: Coupling| {
                    if job.is_cancelled() {
                        return Vec::new();
                    }
                    c.pair(&x0, &x1, &mut rng)
                });
                job.show(Pairs { x0, x1, partners });
            });
        let of = route.clone();
        self.study.get_or_insert_with(|| lab.background()).ask(
            (route.clone(), epsilon.to_bits()),
            move |job| {
                study(&of, epsilon, job);
            },
        );
        let of = route.clone();
        self.floor
            .get_or_insert_with(|| lab.background())
            .ask(route, move |job| {
                let Some(field) = of.exact() else {
                    return;
                };
                let at = (0..=FLOOR_TIMES).map(|i| {
                    let t = 0.999 * i as f64 / FLOOR_TIMES as f64;
                    [t, field.loss_floor_at(t)]
                });
                job.show(Floor {
                    at: at.collect(),
                    all: field.loss_floor(),
                });
            });
    }

    fn legend_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        places::chips_ui(ui, |ui| self.chips_ui(ui));
        if lab.settings.lecture {
            ui.add_space(4.0);
            self.summary_ui(ui, true);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let place = ui.available_rect_before_wrap();
        let mut rest = place;
        if !lab.settings.lecture {
            rest = places::below_legend(ui, place, |ui| self.legend_ui(ui, lab));
        }
        if self.curves {
            let height = (0.36 * rest.height()).clamp(110.0, 240.0);
            let (pictures, plots) = rest.split_top_bottom_at_y(rest.bottom() - height);
            rest = pictures;
            let mut row = ui.new_child(UiBuilder::new().max_rect(plots));
            self.curves_ui(&mut row, height);
        }
        let shown: Vec<usize> = (0..3).filter(|index| self.shown[*index]).collect();
        if shown.is_empty() {
            places::notice(ui, rest, "Switch a coupling on (keys 1 to 3).");
        }
        for (index, place) in shown.iter().zip(places::split(rest, shown.len(), true)) {
            self.pairs_ui(ui, lab, *index, place);
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            ui.spacing_mut().slider_width = (0.5 * ui.available_width() - 190.0).clamp(48.0, 200.0);
            let batch = Slider::new(&mut self.batch, BATCH).logarithmic(true);
            slider_ui(
                ui,
                "Batch",
                "Points that are coupled together (↑ and ↓).",
                batch,
            );
            ui.add_space(8.0);
            let hint = "Entropy of Sinkhorn's plan, in squared distance: near the exact pairs \
                        when small, independent when large.";
            let epsilon = Slider::new(&mut self.epsilon, EPSILON).logarithmic(true);
            slider_ui(ui, "Entropy ε", hint, epsilon.max_decimals(2));
            dice_ui(ui, "another batch", &mut self.seed);
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        self.side_ui(ui, lab);
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::Layer(key @ 1..=3) => {
                let shown = &mut self.shown[usize::from(key) - 1];
                *shown = !*shown;
            }
            Action::Layer(4) => self.curves = !self.curves,
            Action::NewNoise => self.seed += 1,
            Action::MoreSteps => self.batch = (2 * self.batch).min(*BATCH.end()),
            Action::FewerSteps => self.batch = (self.batch / 2).max(*BATCH.start()),
            _ => return false,
        }
        true
    }
}

impl Couplings {
    fn chips_ui(&mut self, ui: &mut Ui) {
        let p = theme::palette(ui);
        for (index, name) in NAMES.into_iter().enumerate() {
            let key = index as u8 + 1;
            let color = color(p, index);
            chip(ui, &mut self.shown[index], Mark::Curve, color, name, key);
        }
        chip(ui, &mut self.curves, Mark::Curve, p.ink, "Curves", 4);
    }
}

/// The colour of a coupling.
fn color(p: &Palette, index: usize) -> egui::Color32 {
    [p.error, p.exact, p.model][index]
}
