//! The density that a flow gives to the data: the network's beside the truth, and what it costs
//! to know it.

mod density;
mod figure;
mod panel;
mod work;

use std::sync::Arc;

use egui::{Id, Rect, Slider, Ui, vec2};

use self::density::Divergence;
use self::work::{Maps, Means, Reading, Subject, scales};
use crate::app::background::{Background, Job};
use crate::app::exact::Route;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme;
use crate::app::view::{Near, view_of};
use crate::app::widgets::bar_parts::{dice_ui, slider_ui};
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::heat_map::{HeatTextures, Scale, color_bar};
use crate::app::widgets::places;
use crate::app::widgets::point::point_input;
use crate::app::widgets::stage::Stage;
use crate::data::Density;
use crate::flow::{BoxUnion, ExactField};

/// Numbers of probes of Hutchinson's estimate.
const PROBES: std::ops::RangeInclusive<usize> = 1..=16;
/// What the lesson needs, where it is missing.
const NEEDS: &str = "The density of this target is not known in closed form: choose a \
                     checkerboard preset under Training (Shift+Page Down) to compare.";

/// What all work depends on: the weights, the target and how the divergence is found.
#[derive(Clone, PartialEq)]
struct Key {
    settings: Settings,
    version: u64,
    t: u64,
    quick: bool,
}

/// The part of a key whose change makes the work in progress worthless.
#[derive(Clone, PartialEq)]
struct Settings {
    route: Route,
    probes: usize,
    hutchinson: bool,
    seed: u64,
    x: Option<[u64; 2]>,
}

/// What is known of the route on the stage.
struct Known {
    route: Route,
    /// The density of the source; without it no flow from there has one.
    source: Option<Arc<Density>>,
    boxes: Option<BoxUnion>,
    field: Option<Arc<ExactField>>,
}

/// A worker that goes on to the newest key as soon as it has shown something for the last one.
struct Worker<V> {
    background: Background<Key, V>,
    key: Option<Key>,
    /// What was on show when it was asked.
    before: Option<Arc<V>>,
}

impl<V: Send + Sync + 'static> Worker<V> {
    fn new(lab: &Lab) -> Self {
        Self {
            background: lab.background(),
            key: None,
            before: None,
        }
    }

    /// Weights of a training and the time of a clock change faster than maps are made: they wait
    /// for a first coarse one, or nothing would ever be shown.
    fn ask(&mut self, key: Key, work: impl FnOnce(&Job<'_, V>) + Send + 'static) {
        let Some(last) = &self.key else {
            self.key = Some(key.clone());
            self.background.ask(key, work);
            return;
        };
        let urgent = last.settings != key.settings;
        let value = self.background.value();
        let has_shown = match (&self.before, &value) {
            (Some(before), Some(now)) => !Arc::ptr_eq(before, now),
            (before, now) => before.is_some() != now.is_some(),
        };
        if *last != key && (urgent || has_shown || !self.background.is_busy()) {
            self.key = Some(key.clone());
            self.before = value;
            self.background.ask(key, work);
        }
    }
}

/// The lesson's own state.
pub struct Likelihood {
    /// Shown: network, truth, difference.
    pub shown: [bool; 3],
    /// Whether the network's map uses Hutchinson's estimate.
    pub hutchinson: bool,
    probes: usize,
    seed: u64,
    x: Option<[f64; 2]>,
    known: Option<Known>,
    textures: HeatTextures,
    maps: Option<Worker<Maps>>,
    means: Option<Worker<Means>>,
    reading: Option<Worker<Reading>>,
}

impl Default for Likelihood {
    fn default() -> Self {
        Self {
            shown: [true; 3],
            hutchinson: false,
            probes: 2,
            seed: 1,
            x: None,
            known: None,
            textures: HeatTextures::default(),
            maps: None,
            means: None,
            reading: None,
        }
    }
}

impl Lesson for Likelihood {
    fn name(&self) -> &'static str {
        "likelihood"
    }

    fn title(&self) -> &'static str {
        "Likelihood"
    }

    fn sentence(&self) -> &'static str {
        "Following a point back to the noise, and adding up how much the flow spreads on the way, \
         gives its density. Point at the map to read it."
    }

    fn formula(&self) -> &'static str {
        r#"{"d ln"~p|"d"t}=-∇·v"#
    }

    fn source(&self) -> &'static str {
        "Chen et al. 2018; Grathwohl et al. 2019 (Hutchinson's estimate); Lipman et al. 2023, \
         appendix C"
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    view_of!(shown, hutchinson, seed; probes in PROBES, x in Near);

    fn is_busy(&self) -> bool {
        let maps = self.maps.as_ref().is_some_and(|w| w.background.is_busy());
        let means = self.means.as_ref().is_some_and(|w| w.background.is_busy());
        let reading = (self.reading.as_ref()).is_some_and(|w| w.background.is_busy());
        maps || means || reading
    }

    fn logic(&mut self, lab: &mut Lab) {
        let route = lab.training.route();
        if self.known.as_ref().is_none_or(|known| known.route != route) {
            let dataset = &route.dataset;
            let boxes = dataset.boxes();
            // A table of points has no density at t = 1, and no entropy.
            let field = dataset
                .exact(route.path)
                .filter(|_| dataset.entropy().is_some())
                .map(Arc::new);
            let extent = dataset.extent();
            self.x = Some([0.2 * extent, 0.45 * extent]);
            self.known = Some(Known {
                source: route.source.density().map(Arc::new),
                route,
                boxes,
                field,
            });
        }
        self.ask(lab);
    }

    fn legend_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        places::chips_ui(ui, |ui| self.chips_ui(ui));
        if lab.settings.lecture {
            ui.spacing_mut().item_spacing.y = 4.0;
            self.bars_ui(ui, ui.available_width());
            self.summary_ui(ui, true);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let place = ui.available_rect_before_wrap();
        let mut pictures = place;
        if !lab.settings.lecture {
            pictures = places::below_legend(ui, place, |ui| {
                ui.horizontal(|ui| {
                    self.chips_ui(ui);
                    let room = 0.5 * ui.available_width() - ui.spacing().item_spacing.x;
                    self.bars_ui(ui, room.clamp(60.0, 180.0));
                });
            });
        }
        let shown: Vec<usize> = (0..3).filter(|index| self.shown[*index]).collect();
        if shown.is_empty() {
            places::notice(
                ui,
                pictures,
                "Switch on Network, Truth or Difference (keys 1 to 3).",
            );
        }
        for (index, place) in shown.iter().zip(places::places(pictures, shown.len())) {
            self.panel_ui(ui, lab, *index, place);
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            let hint = "Draw the network's map with Hutchinson's estimate of the divergence \
                        instead of the trace of the Jacobian (key 4).";
            ui.checkbox(&mut self.hutchinson, "Map by Hutchinson’s estimate")
                .on_hover_text(hint);
            ui.add_space(8.0);
            let hint = "Random vectors with entries ±1 that the estimate averages over (↑ and ↓).";
            ui.spacing_mut().slider_width = (ui.available_width() - 260.0).clamp(48.0, 200.0);
            slider_ui(ui, "Probes", hint, Slider::new(&mut self.probes, PROBES));
            dice_ui(ui, "new probes", &mut self.seed);
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
            Action::Layer(4) => self.hutchinson = !self.hutchinson,
            Action::NewNoise => self.seed += 1,
            Action::MoreSteps => self.probes = (2 * self.probes).min(*PROBES.end()),
            Action::FewerSteps => self.probes = (self.probes / 2).max(*PROBES.start()),
            _ => return false,
        }
        true
    }
}

impl Likelihood {
    fn ask(&mut self, lab: &Lab) {
        let (Some(known), Some(staged)) = (&self.known, lab.training.staged()) else {
            return;
        };
        let Some(source) = &known.source else {
            // What is on show belongs to another source.
            (self.maps, self.means, self.reading) = (None, None, None);
            return;
        };
        let subject = Subject {
            weights: Arc::clone(&staged.weights),
            route: known.route.clone(),
            source: Arc::clone(source),
            field: known.field.clone(),
        };
        let (t, probes, seed) = (lab.clock.t(), self.probes, self.seed);
        let moving = lab.clock.playing() || lab.training.is_running();
        let settings = |probes: usize, hutchinson: bool, seed: u64, x: Option<[f64; 2]>| Settings {
            route: known.route.clone(),
            probes,
            hutchinson,
            seed,
            x: x.map(|x| x.map(f64::to_bits)),
        };
        let key = |settings: Settings, t: f64, quick: bool| Key {
            settings,
            version: staged.version,
            t: t.to_bits(),
            quick,
        };
        let divergence = self.divergence();
        let of_map = if self.hutchinson {
            settings(probes, true, seed, None)
        } else {
            settings(0, false, 0, None)
        };
        let for_map = subject.clone();
        self.maps
            .get_or_insert_with(|| Worker::new(lab))
            .ask(key(of_map, t, moving), move |job| {
                for_map.map(t, divergence, moving, job)
            });
        if let Some(x) = self.x {
            let key = key(settings(probes, true, seed, Some(x)), t, false);
            let for_point = subject.clone();
            self.reading
                .get_or_insert_with(|| Worker::new(lab))
                .ask(key, move |job| for_point.read(t, x, probes, seed, job));
        }
        let key = key(settings(probes, true, seed, None), 1.0, false);
        self.means
            .get_or_insert_with(|| Worker::new(lab))
            .ask(key, move |job| subject.mean(probes, seed, job));
    }

    fn chips_ui(&mut self, ui: &mut Ui) {
        let p = theme::palette(ui);
        let names = [
            ("Network", p.model),
            ("Truth", p.exact),
            ("Difference", p.error),
        ];
        for (index, (name, color)) in names.into_iter().enumerate() {
            let key = index as u8 + 1;
            chip(ui, &mut self.shown[index], Mark::Square, color, name, key);
        }
    }

    /// What the colours of the maps mean.
    fn bars_ui(&self, ui: &mut Ui, width: f32) {
        let p = theme::palette(ui);
        let [density, difference] = self.scales();
        for (scale, name) in [(density, "p"), (difference, "Δ")] {
            let (rect, _) = ui.allocate_exact_size(vec2(width, 34.0), egui::Sense::hover());
            let rect = rect.shrink2(vec2(4.0, 2.0));
            color_bar(ui.painter(), rect, scale, name, p);
        }
    }

    /// The colours of densities and of differences.
    fn scales(&self) -> [Scale; 2] {
        let maps = self.maps.as_ref().and_then(|maps| maps.background.value());
        scales(maps.map_or(0.125, |maps| maps.top))
    }

    /// How the divergence of the network's map is found.
    fn divergence(&self) -> Divergence {
        match self.hutchinson {
            true => Divergence::Hutchinson {
                probes: self.probes,
                seed: self.seed,
            },
            false => Divergence::Exact,
        }
    }

    fn point_ui(&mut self, ui: &mut Ui, stage: &Stage, id: Id, index: usize) {
        let Some(x) = self.x else { return };
        let extent = stage.extent;
        let name = [
            "The point on the network’s density",
            "The point on the true density",
            "The point on the difference",
        ][index];
        if let Some(x) = point_input(ui, stage, id, name, x, true) {
            self.x = Some(x.map(|v| v.clamp(-extent, extent)));
        }
    }

    fn panel_ui(&mut self, ui: &mut Ui, lab: &mut Lab, index: usize, place: Rect) {
        self.map_ui(ui, lab, index, place);
    }
}
