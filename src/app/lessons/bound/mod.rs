//! How far a latent flow can land from its data: the paper's bound, derived beside the picture,
//! and both of its sides measured, in the plane and for digits.

mod codec;
mod digits;
mod figure;
mod measured;
mod panel;
mod picture;
mod plane;
mod words;

use std::sync::{Arc, Mutex, PoisonError};

use egui::{Button, ScrollArea, Slider, Ui};

use self::codec::Decoder;
use self::plane::Plane;
use self::words::NOTES;
use crate::app::background::Background;
use crate::app::digits::models::Models;
use crate::app::exact::Route;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::view::view_of;
use crate::app::widgets::bar_parts::{dice_ui, slider_ui};
use crate::app::widgets::digit_grid::Textures;
use crate::app::widgets::flow_layers::Target;
use crate::app::widgets::notes;
use crate::app::widgets::{places, run_controls};
use crate::data::Dataset;
use crate::kernel::Mlp;

/// Steps of the decoder's training.
const STEPS: std::ops::RangeInclusive<usize> = 10..=2000;
/// What the stage says before digits were measured.
const ASK: &str = "Press Measure below: with finite differences of two networks it \
                   takes about a minute, in the background.";

/// What the measurement in the plane depends on.
#[derive(Clone, PartialEq)]
struct PlaneKey {
    route: Route,
    steps: usize,
    seed: u64,
    version: u64,
}

/// A decoder with what it was learned from.
type Kept = Arc<Mutex<Option<(Dataset, usize, Arc<Decoder>)>>>;

/// The lesson's own state.
pub struct Bound {
    /// Whether digits are shown, not the plane.
    digits: bool,
    /// Whether digits were asked for.
    asked: bool,
    steps: usize,
    seed: u64,
    why: Option<String>,
    target: Option<(Route, Target)>,
    key: Option<PlaneKey>,
    decoder: Kept,
    plane: Option<Background<PlaneKey, Result<Plane, String>>>,
    /// Its own networks: a measurement must not keep other lessons waiting.
    models: Arc<Mutex<Models>>,
    made: Option<Background<(u64, u64), digits::Made>>,
    textures: Textures,
}

impl Default for Bound {
    fn default() -> Self {
        Self {
            digits: false,
            asked: false,
            steps: 300,
            seed: 0,
            why: None,
            target: None,
            key: None,
            decoder: Kept::default(),
            plane: None,
            models: Arc::default(),
            made: None,
            textures: Textures::default(),
        }
    }
}

impl Lesson for Bound {
    fn name(&self) -> &'static str {
        "bound"
    }

    fn title(&self) -> &'static str {
        "The bound"
    }

    fn sentence(&self) -> &'static str {
        "How far a latent flow can land from its data: three things that can be measured, and the \
         distance that they bound."
    }

    fn formula(&self) -> &'static str {
        r#"W_2≤(E|x-g(f(x))|^2)^{1/2}+L_ge^{1/2+L}(∫E|v-v_θ|^2d"t")^{1/2}"#
    }

    fn source(&self) -> &'static str {
        "Flow matching in latent space (seed 004), its theorem derived anew"
    }

    fn uses_time(&self) -> bool {
        !self.digits
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn figure_time(&self) -> f64 {
        1.0
    }

    view_of!(digits, asked, seed; steps in STEPS);

    fn is_busy(&self) -> bool {
        self.plane.as_ref().is_some_and(Background::is_busy)
            || self.made.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        if self.digits {
            self.ask_digits(lab);
        } else {
            self.ask_plane(lab);
        }
    }

    fn legend_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.selectable_value(&mut self.digits, false, "Plane")
            .on_hover_text("Everything but the network is known exactly (1)");
        ui.selectable_value(&mut self.digits, true, "Digits")
            .on_hover_text("The latent flow of MNIST, against a subset of the digits (2)");
        if lab.settings.lecture && ui.available_height() > 120.0 {
            self.terms_ui(ui, true);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        let place = ui.available_rect_before_wrap();
        if self.digits {
            self.digits_ui(ui, place);
        } else {
            self.plane_ui(ui, place, lab);
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            if self.digits {
                let hint = "Both sides for digits, in the background: about a minute";
                let measure = ui.add_enabled(!self.asked, Button::new("Measure"));
                if measure.on_hover_text(hint).clicked() {
                    self.asked = true;
                }
            } else {
                ui.spacing_mut().slider_width = (ui.available_width() - 280.0).clamp(48.0, 300.0);
                let hint = "Steps that the decoder g is trained for, on the spot: with few, the \
                            first term is what counts (↑ and ↓).";
                let steps = Slider::new(&mut self.steps, STEPS).logarithmic(true);
                slider_ui(ui, "Decoder’s steps", hint, steps);
            }
            dice_ui(ui, "new noise", &mut self.seed);
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 6.0;
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.terms_ui(ui, false);
                ui.add_space(8.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
                if !self.digits {
                    run_controls::folded_ui(ui, &mut lab.training);
                }
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::Layer(1) => self.digits = false,
            Action::Layer(2) => self.digits = true,
            Action::SideBySide => self.digits = !self.digits,
            Action::NewNoise => self.seed += 1,
            Action::MoreSteps => self.steps = (2 * self.steps).min(*STEPS.end()),
            Action::FewerSteps => self.steps = (self.steps / 2).max(*STEPS.start()),
            _ => return false,
        }
        true
    }
}

impl Bound {
    fn ask_plane(&mut self, lab: &Lab) {
        let Some(staged) = lab.training.staged() else {
            return;
        };
        let route = staged.route();
        if self
            .target
            .as_ref()
            .is_none_or(|(known, _)| *known != route)
        {
            self.why = route.why_not_exact();
            self.target = Some((route.clone(), Target::new(route.dataset.clone())));
        }
        if self.why.is_some() {
            return;
        }
        let work = self.plane.get_or_insert_with(|| lab.background());
        let key = PlaneKey {
            route,
            steps: self.steps,
            seed: self.seed,
            version: staged.version,
        };
        // Weights that are newer wait for their turn: a training must not starve the picture.
        let newer = |known: &PlaneKey| {
            PlaneKey {
                version: known.version,
                ..key.clone()
            } == *known
        };
        if work.is_busy() && self.key.as_ref().is_some_and(newer) {
            return;
        }
        self.key = Some(key.clone());
        let (weights, decoder) = (Arc::clone(&staged.weights), Arc::clone(&self.decoder));
        let wanted = key.clone();
        work.ask(key, move |job| {
            let made = job.pool.install(|| {
                let decoder = learned(&decoder, &wanted, job.cancel)?;
                let network = Mlp::try_new(&weights).ok()?;
                let field = wanted.route.exact()?;
                let (route, seed) = (&wanted.route, wanted.seed);
                plane::measure(field, &network, &decoder, route, seed, job.cancel)
            });
            let failed = "These weights cannot be followed to the data within the tolerance.";
            job.show(made.ok_or_else(|| failed.to_owned()));
        });
    }

    fn ask_digits(&mut self, lab: &Lab) {
        if !self.asked {
            return;
        }
        let source = lab.digits.flow();
        let work = self.made.get_or_insert_with(|| lab.background());
        let (models, seed) = (Arc::clone(&self.models), self.seed);
        work.ask((source.version, seed), move |job| {
            let effort = digits::USUAL;
            if let Err(error) = digits::measure(effort, seed, &source, &models, job) {
                job.show(Err(error));
            }
        });
    }

    fn shown_plane(&self) -> Option<Arc<Result<Plane, String>>> {
        self.plane.as_ref().and_then(Background::value)
    }

    fn shown_digits(&self) -> Option<Arc<digits::Made>> {
        self.made.as_ref().and_then(Background::value)
    }

    fn digits_ui(&mut self, ui: &mut Ui, place: egui::Rect) {
        let shown = self.shown_digits();
        match shown.as_deref() {
            None if !self.asked => places::notice(ui, place, ASK),
            None => places::notice(ui, place, "Both flows are on their way…"),
            Some(Err(error)) => places::notice(ui, place, error),
            Some(Ok(made)) => picture::digits(ui, place, made, &mut self.textures),
        }
    }

    fn plane_ui(&mut self, ui: &mut Ui, place: egui::Rect, lab: &mut Lab) {
        if let Some(why) = &self.why {
            let text = format!("{why}, and the bound speaks of the distance to it.");
            return places::notice(ui, place, &text);
        }
        let shown = self.shown_plane();
        match shown.as_deref() {
            None => places::notice(ui, place, "Both flows are on their way…"),
            Some(Err(error)) => places::notice(ui, place, error),
            Some(Ok(made)) => {
                let target = self.target.as_ref().map(|(_, target)| target);
                picture::plane(ui, place, made, target, lab);
            }
        }
    }
}

/// The decoder, learned anew where it was not learned from this.
fn learned(
    kept: &Kept,
    key: &PlaneKey,
    cancel: &std::sync::atomic::AtomicBool,
) -> Option<Arc<Decoder>> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    match kept.as_ref() {
        Some((dataset, steps, decoder)) if *dataset == key.route.dataset && *steps == key.steps => {
            Some(Arc::clone(decoder))
        }
        _ => {
            let dataset = key.route.dataset.clone();
            let decoder = Arc::new(Decoder::learn(&dataset, key.steps, cancel)?);
            *kept = Some((dataset, key.steps, Arc::clone(&decoder)));
            Some(decoder)
        }
    }
}
