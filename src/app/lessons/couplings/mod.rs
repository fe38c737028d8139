//! Which noise is paired with which data: independent, exact minibatch OT and Sinkhorn, drawn
//! side by side, and what each leaves for the network to learn.

mod figure;
mod neighbours;
mod panel;
mod study;

use egui::{Slider, Ui, UiBuilder, vec2};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use self::study::{Row, couplings, points, study};
use crate::app::background::Background;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme::{self, Palette};
use crate::app::view::view_of;
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::icon::{Icon, Look, icon_button};
use crate::app::widgets::places;
use crate::data::toy::Dataset;
use crate::flow::{BoxUnion, Coupling, Scheduler};

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
    dataset: Dataset,
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
    dataset: Option<Dataset>,
    boxes: Option<BoxUnion>,
    pairs: Option<Background<PairKey, Pairs>>,
    study: Option<Background<(Dataset, u64), Vec<Row>>>,
    floor: Option<Background<Dataset, Floor>>,
}

impl Default for Couplings {
    fn default() -> Self {
        Self {
            shown: [true; 3],
            curves: true,
            batch: 64,
            epsilon: 0.5,
            seed: 1,
            dataset: None,
            boxes: None,
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
        let dataset = lab.training.dataset();
        if self.dataset.as_ref() != Some(&dataset) {
            self.dataset = Some(dataset.clone());
            self.boxes = dataset.boxes();
            // Curves of another target would mislead until new ones are there.
            (self.study, self.floor) = (None, None);
        }
        let (batch, epsilon, seed) = (self.batch, self.epsilon, self.seed);
        let key = PairKey {
            dataset: dataset.clone(),
            batch,
            epsilon,
            seed,
        };
        let of = dataset.clone();
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
        let of = dataset.clone();
        self.study.get_or_insert_with(|| lab.background()).ask(
            (dataset.clone(), epsilon.to_bits()),
            move |job| {
                study(&of, epsilon, job);
            },
        );
        let of = dataset.clone();
        self.floor
            .get_or_insert_with(|| lab.background())
            .ask(dataset, move |job| {
                let Some(field) = of.exact(Scheduler::CondOt) else {
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
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
            ui.horizontal_wrapped(|ui| self.chips_ui(ui));
        });
        if lab.settings.lecture {
            ui.add_space(4.0);
            self.summary_ui(ui, true);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let place = ui.available_rect_before_wrap();
        let mut rest = place;
        if !lab.settings.lecture {
            let (legend, below) = place.split_top_bottom_at_y(place.top() + 36.0);
            let mut row = ui.new_child(UiBuilder::new().max_rect(legend));
            self.legend_ui(&mut row, lab);
            rest = below;
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
            let hint = "Points that are coupled together (↑ and ↓).";
            let label = ui.label("Batch").on_hover_text(hint).id;
            ui.label_inputs_by(label, |ui| {
                ui.add(Slider::new(&mut self.batch, BATCH).logarithmic(true))
                    .on_hover_text(hint);
            });
            ui.add_space(8.0);
            let hint = "Entropy of Sinkhorn's plan, in squared distance: near the exact pairs \
                        when small, independent when large.";
            let label = ui.label("Entropy ε").on_hover_text(hint).id;
            ui.label_inputs_by(label, |ui| {
                let slider = Slider::new(&mut self.epsilon, EPSILON).logarithmic(true);
                ui.add(slider.max_decimals(2)).on_hover_text(hint);
            });
            let hint = format!("Draw another batch (R); seed {}", self.seed);
            if icon_button(ui, Icon::Dice, 28.0, Look::Quiet, &hint).clicked() {
                self.seed += 1;
            }
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
