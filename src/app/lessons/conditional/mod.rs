//! Conditional velocities, whose mean over the posterior is the marginal velocity; and lines that
//! cross beside a flow that does not.

mod crossing;
mod fan;
mod figure;
mod paint;
mod panel;

use std::sync::Arc;

use egui::{Rect, RichText, Slider, Ui, UiBuilder};
use serde::{Deserialize, Serialize};

use self::crossing::{Crossing, Through, cross};
use self::fan::Fan;
use self::figure::OnStage;
use self::paint::{Track, track_through};
use crate::app::background::Background;
use crate::app::exact::Route;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme;
use crate::app::view::view_of;
use crate::app::widgets::bar_parts::{dice_ui, slider_ui};
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::flow_layers::Target;
use crate::app::widgets::places;
use crate::flow::MarginalField;

/// Draws from the posterior.
const DRAWS: std::ops::RangeInclusive<usize> = 8..=256;
/// Pairs of noise and data.
const PAIRS: std::ops::RangeInclusive<usize> = 4..=128;
/// Latest time of the fan: at t = 1 every x has one x1.
const LAST_TIME: f64 = 0.995;
/// Times at which the loss floor is shown.
const FLOOR_TIMES: usize = 49;
/// What the fan needs, where it is missing.
const NEEDS: &str = "The fan and its figures need the posterior of the data given x: it is known \
                     for a board and a Gaussian source. Choose them under Training (Shift+Page Down).";

/// What the flow panel depends on.
#[derive(Clone, PartialEq)]
struct CrossKey {
    route: Route,
    pairs: usize,
    seed: u64,
    version: u64,
}

/// What the track through the point depends on.
#[derive(Clone, PartialEq)]
struct TrackKey {
    route: Route,
    anchor: Anchor,
}

/// Where the point was put, and when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Anchor {
    t: f64,
    x: [f64; 2],
}

/// The exact field of the route on the stage.
struct Known {
    route: Route,
    target: Target,
    field: Option<Arc<MarginalField>>,
}

/// The lesson's own state.
pub struct Conditional {
    /// Shown: fan, lines, flow.
    pub shown: [bool; 3],
    /// Whether the point goes with the flow when time moves.
    pub follow: bool,
    /// Whether single draws are shown, or the cells' means alone.
    pub show_draws: bool,
    draws: usize,
    pairs: usize,
    seed: u64,
    anchor: Option<Anchor>,
    known: Option<Known>,
    fan: Option<Fan>,
    tracks: Option<Background<TrackKey, (TrackKey, Track)>>,
    crossings: Option<Background<CrossKey, Crossing>>,
    floors: Option<Background<Route, Vec<[f64; 2]>>>,
}

impl Default for Conditional {
    fn default() -> Self {
        Self {
            shown: [true; 3],
            follow: true,
            show_draws: true,
            draws: 64,
            pairs: 40,
            seed: 1,
            anchor: None,
            known: None,
            fan: None,
            tracks: None,
            crossings: None,
            floors: None,
        }
    }
}

impl Lesson for Conditional {
    fn name(&self) -> &'static str {
        "conditional"
    }

    fn title(&self) -> &'static str {
        "Conditional to marginal"
    }

    fn sentence(&self) -> &'static str {
        "Many lines from noise to data pass through one point x; the velocity a network can learn \
         there is their mean, weighted by where x may be going. Drag x, and let time run."
    }

    fn formula(&self) -> &'static str {
        r#"v^*="E"[u_t|x_t=x]"#
    }

    fn source(&self) -> &'static str {
        "Lipman et al. 2023, theorem 1; flow matching from scratch (seed 003)"
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn figure_time(&self) -> f64 {
        0.5
    }

    view_of!(
        shown, follow, show_draws, seed;
        anchor in OnStage, draws in DRAWS, pairs in PAIRS,
    );

    fn is_busy(&self) -> bool {
        self.tracks.as_ref().is_some_and(Background::is_busy)
            || self.crossings.as_ref().is_some_and(Background::is_busy)
            || self.floors.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        self.know(lab);
        self.ask(lab);
        let t = lab.clock.t().min(LAST_TIME);
        let Some(field) = self.known.as_ref().and_then(|known| known.field.clone()) else {
            self.fan = None;
            return;
        };
        let x = self.point(t);
        let same = self.fan.as_ref().is_some_and(|fan| {
            fan.t == t && fan.x == x && fan.draws.len() == self.draws && fan.seed == self.seed
        });
        if !same {
            self.fan = Some(Fan::new(&field, t, x, self.draws, self.seed));
        }
    }

    fn legend_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        places::chips_ui(ui, |ui| self.chips_ui(ui));
        if lab.settings.lecture {
            ui.add_space(6.0);
            self.numbers_ui(ui, true);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let place = ui.available_rect_before_wrap();
        let mut pictures = place;
        if !lab.settings.lecture {
            pictures = places::below_legend(ui, place, |ui| self.legend_ui(ui, lab));
        }
        let has_fan = self.fan.is_some();
        if !has_fan {
            let (line, rest) = pictures.split_top_bottom_at_y(pictures.top() + 44.0);
            let mut row = ui.new_child(UiBuilder::new().max_rect(line));
            row.label(RichText::new(NEEDS).color(theme::palette(ui).muted));
            pictures = rest;
        }
        let shown = (0..3).filter(|index| self.shown[*index] && (has_fan || *index > 0));
        let shown: Vec<usize> = shown.collect();
        if shown.is_empty() {
            places::notice(ui, pictures, "Switch on Fan, Lines or Flow (keys 1 to 3).");
        }
        for (index, place) in shown.iter().zip(places::places(pictures, shown.len())) {
            self.panel_ui(ui, lab, *index, place);
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            ui.spacing_mut().slider_width = (0.5 * ui.available_width() - 180.0).clamp(48.0, 200.0);
            let hint = "Data points drawn from the posterior given x, shown as thin lines.";
            if self.fan.is_some() {
                let draws = Slider::new(&mut self.draws, DRAWS).logarithmic(true);
                slider_ui(ui, "Draws", hint, draws);
                ui.add_space(8.0);
            }
            let hint = "Pairs of noise and data in the other two pictures (↑ and ↓).";
            let pairs = Slider::new(&mut self.pairs, PAIRS).logarithmic(true);
            slider_ui(ui, "Pairs", hint, pairs);
            dice_ui(ui, "new points and pairs", &mut self.seed);
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
            Action::Layer(4) => self.follow = !self.follow,
            Action::Layer(5) => self.show_draws = !self.show_draws,
            Action::NewNoise => self.seed += 1,
            Action::MoreSteps => self.pairs = (2 * self.pairs).min(*PAIRS.end()),
            Action::FewerSteps => self.pairs = (self.pairs / 2).max(*PAIRS.start()),
            _ => return false,
        }
        true
    }
}

impl Conditional {
    fn chips_ui(&mut self, ui: &mut Ui) {
        let p = theme::palette(ui);
        let names = [
            ("Fan", Mark::Arrow, p.ink),
            ("Lines", Mark::Curve, p.source),
            ("Flow", Mark::Curve, p.exact),
        ];
        for (index, (name, mark, color)) in names.into_iter().enumerate() {
            let key = index as u8 + 1;
            // Without the posterior there is no fan to be switched.
            if index > 0 || self.fan.is_some() {
                chip(ui, &mut self.shown[index], mark, color, name, key);
            }
        }
        if self.fan.is_none() {
            return;
        }
        let hint = "Whether x goes with the flow when time moves, or stays where it is";
        chip(ui, &mut self.follow, Mark::Dots, p.exact, "Follow", 4).on_hover_text(hint);
        let color = theme::opaque_ghost(p);
        chip(ui, &mut self.show_draws, Mark::Dots, color, "Rays", 5);
    }

    /// Keeps target and field up to date with the stage.
    fn know(&mut self, lab: &Lab) {
        let route = lab.training.route();
        if self
            .known
            .as_ref()
            .is_some_and(|known| known.route == route)
        {
            return;
        }
        let target = Target::new(route.dataset.clone());
        let boxes = target.boxes().filter(|_| route.has_exact());
        let field = boxes.map(|boxes| Arc::new(MarginalField::new(boxes, route.path)));
        self.anchor = None;
        self.fan = None;
        self.known = Some(Known {
            route,
            target,
            field,
        });
    }

    /// Asks the workers for tracks, pairs and floors.
    fn ask(&mut self, lab: &Lab) {
        let Some(known) = &self.known else { return };
        let route = known.route.clone();
        let extent = route.dataset.extent();
        let anchor = *self.anchor.get_or_insert(Anchor {
            t: 0.5,
            x: [0.25 * extent, -0.2 * extent],
        });
        let through = match &known.field {
            Some(field) => Some(Through::Exact(Arc::clone(field))),
            None => lab
                .training
                .staged()
                .map(|staged| Through::Network(Arc::clone(&staged.weights))),
        };
        let version = match &through {
            Some(Through::Network(_)) => lab.training.staged().map_or(0, |staged| staged.version),
            _ => 0,
        };
        let (pairs, seed) = (self.pairs, self.seed);
        let key = CrossKey {
            route: route.clone(),
            pairs,
            seed,
            version,
        };
        let of = route.clone();
        self.crossings
            .get_or_insert_with(|| lab.background())
            .ask(key, move |job| {
                let made = job
                    .pool
                    .install(|| cross(&of, through.as_ref(), pairs, seed, job.cancel));
                if let Some(crossing) = made {
                    job.show(crossing);
                }
            });
        let Some(field) = known.field.clone() else {
            return;
        };
        let key = TrackKey {
            route: route.clone(),
            anchor,
        };
        let (own, through) = (key.clone(), Arc::clone(&field));
        self.tracks
            .get_or_insert_with(|| lab.background())
            .ask(key, move |job| {
                let track = track_through(&through, anchor.t, anchor.x, LAST_TIME);
                job.show((own, track));
            });
        self.floors
            .get_or_insert_with(|| lab.background())
            .ask(route, move |job| {
                let mut curve = Vec::with_capacity(FLOOR_TIMES);
                for i in 0..FLOOR_TIMES {
                    if job.is_cancelled() {
                        return;
                    }
                    let t = LAST_TIME * i as f64 / (FLOOR_TIMES - 1) as f64;
                    curve.push([t, field.loss_floor_at(t)]);
                }
                job.show(curve);
            });
    }

    /// Where the point is at a time.
    fn point(&self, t: f64) -> [f64; 2] {
        self.follower()(t)
    }

    /// The same for every time, for another thread.
    fn follower(&self) -> impl Fn(f64) -> [f64; 2] + Send + Sync + use<> {
        let anchor = self.anchor;
        let track = self.track().filter(|_| self.follow);
        move |t| {
            let Some(anchor) = anchor else {
                return [0.0; 2];
            };
            let track = track.as_ref().filter(|_| t != anchor.t);
            track.map_or(anchor.x, |track| track.1.at(t))
        }
    }

    /// The flow's track through the point, once it was found.
    fn track(&self) -> Option<Arc<(TrackKey, Track)>> {
        let known = self.known.as_ref()?;
        let track = self.tracks.as_ref()?.value()?;
        let is_this = track.0.route == known.route && Some(track.0.anchor) == self.anchor;
        is_this.then_some(track)
    }

    /// Puts the point somewhere.
    fn put(&mut self, t: f64, x: [f64; 2]) {
        let most = self
            .known
            .as_ref()
            .map_or(1.0, |known| known.route.dataset.extent());
        self.anchor = Some(Anchor {
            t: t.min(LAST_TIME),
            x: x.map(|v| v.clamp(-most, most)),
        });
    }

    fn panel_ui(&mut self, ui: &mut Ui, lab: &mut Lab, index: usize, place: Rect) {
        match index {
            0 => self.fan_ui(ui, lab, place),
            1 => self.paths_ui(ui, lab, place, false),
            _ => self.paths_ui(ui, lab, place, true),
        }
    }
}
