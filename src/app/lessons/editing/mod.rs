//! Editing: a digit runs backwards to its noise, and forwards again as another digit.

mod figure;
mod picture;
mod work;

use std::sync::Arc;

use egui::{Button, ScrollArea, Slider, SliderClamping, Ui};

use crate::app::background::Background;
use crate::app::digits::Part;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme;
use crate::app::view::{EachBelow, view_of};
use crate::app::widgets::bar_parts::{dice_ui, slider_ui, solver_ui};
use crate::app::widgets::digit_grid::Textures;
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::{digit_controls, digit_settings};
use crate::flow::Solver;
use work::{CLASSES, Key, Point, Sheet};

/// Largest γ.
const LARGEST: f32 = 5.0;
/// Most steps.
const MOST: usize = 100;

type Thread<K, V> = Option<Background<K, Result<V, String>>>;

/// The lesson's own state.
pub struct Editing {
    target: Option<u8>,
    solver: Solver,
    steps: usize,
    gamma: f32,
    /// Which test digits.
    seed: u64,
    textures: Textures,
    sheet: Thread<Key, Sheet>,
    points: Thread<(u64, Arc<str>, u64), Vec<Point>>,
}

impl Default for Editing {
    fn default() -> Self {
        Self {
            target: None,
            solver: Solver::Midpoint,
            steps: 20,
            gamma: 1.0,
            seed: 0,
            textures: Textures::default(),
            sheet: None,
            points: None,
        }
    }
}

impl Lesson for Editing {
    fn name(&self) -> &'static str {
        "editing"
    }

    fn title(&self) -> &'static str {
        "Editing"
    }

    fn sentence(&self) -> &'static str {
        "Run the flow backwards to a digit’s noise, and forwards again as another digit."
    }

    fn formula(&self) -> &'static str {
        r#"z_0=φ_{1→0}(z_1~;~c)~~~→~~~z_1'=φ_{0→1}(z_0~;~c')"#
    }

    fn source(&self) -> &'static str {
        "Flow matching in latent space (seed 004); the flow is a map that can be inverted"
    }

    fn part(&self) -> Option<Part> {
        Some(Part::Latent)
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    view_of!(
        solver, seed;
        target in EachBelow(usize::from(CLASSES)), steps in 1..=MOST, gamma in 0.0..=LARGEST
    );

    fn is_busy(&self) -> bool {
        self.sheet.as_ref().is_some_and(Background::is_busy)
            || self.points.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        let source = lab.digits.flow();
        let key = Key {
            version: source.version,
            name: Arc::clone(&source.name),
            seed: self.seed,
            target: self.target,
            solver: self.solver,
            steps: self.steps,
            gamma: self.gamma,
        };
        let sheet = self.sheet.get_or_insert_with(|| lab.background());
        let (wanted, from) = (key.clone(), source.clone());
        let models = Arc::clone(&lab.digits.models);
        sheet.ask(key, move |job| {
            if let Err(error) = work::make(&wanted, &from, &models, job) {
                job.show(Err(error));
            }
        });
        // The sheet comes first.
        if sheet.is_busy() {
            return;
        }
        let points = self.points.get_or_insert_with(|| lab.background());
        let models = Arc::clone(&lab.digits.models);
        let seed = self.seed;
        let key = (source.version, Arc::clone(&source.name), seed);
        points.ask(key, move |job| {
            if let Err(error) = work::compare(&source, seed, &models, job) {
                job.show(Err(error));
            }
        });
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        let p = theme::palette(ui);
        let mut choose = |ui: &mut Ui, name: &str, hint: &str, target: Option<u8>| {
            let chosen = self.target == target;
            let fill = if chosen { p.control_active } else { p.control };
            let button = Button::new(name)
                .fill(fill)
                .min_size(egui::vec2(30.0, 30.0));
            let button = ui.add(button.selected(chosen)).on_hover_text(hint);
            if button.clicked() {
                self.target = target;
            }
        };
        choose(ui, "All", "Each digit as every other", None);
        for digit in 0..CLASSES {
            let hint = format!("More digits, each as {digit}");
            choose(ui, &format!("As {digit}"), &hint, Some(digit));
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        let place = ui.available_rect_before_wrap();
        self.picture_ui(ui, place, lab.clock.t() as f32);
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            ui.spacing_mut().slider_width = (0.14 * ui.available_width()).clamp(60.0, 200.0);
            let hint = "How the flow is followed, both ways.";
            solver_ui(ui, hint, 92.0, &mut self.solver);
            ui.add_enabled_ui(!self.solver.is_adaptive(), |ui| {
                let steps = Slider::new(&mut self.steps, 1..=MOST)
                    .logarithmic(true)
                    .clamping(SliderClamping::Always);
                slider_ui(ui, "Steps", "Steps each way (↑ ↓).", steps);
            });
            let gamma = Slider::new(&mut self.gamma, 0.0..=LARGEST)
                .step_by(0.1)
                .clamping(SliderClamping::Always);
            let hint = "Weight of the new label on the way forwards; the way back has γ = 1.";
            slider_ui(ui, "γ", hint, gamma);
            dice_ui(ui, "other digits", &mut self.seed);
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        digit_controls::run_ui(ui, &mut lab.digits, Part::Latent, lab.training.device);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.facts_ui(ui);
                ui.add_space(6.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
                digit_settings::settings_ui(ui, &mut lab.digits.latent);
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::MoreSteps => self.steps = (self.steps + 1).next_power_of_two().min(MOST),
            Action::FewerSteps => {
                self.steps = 1 << self.steps.saturating_sub(1).max(1).ilog2();
            }
            Action::NewNoise => self.seed = self.seed.wrapping_add(1),
            Action::Layer(digit) => {
                self.target = (self.target != Some(digit)).then_some(digit);
            }
            _ => return false,
        }
        true
    }
}

const NOTES: [Note; 3] = [
    Note {
        title: "A map with two directions",
        formula: r#"φ_{0→1}(φ_{1→0}(z~;~c)~;~c)=z"#,
        text: "The flow is an ordinary differential equation: it runs backwards as well. A \
               digit, encoded, goes to the noise that the flow would make it from.",
    },
    Note {
        title: "What the noise keeps",
        formula: r#"c→c'"#,
        text: "With another label the same noise becomes another digit. Slant, width and the \
               thickness of the pen often stay: they are not in the label.",
    },
    Note {
        title: "The way back",
        formula: r#""RMS"=("mean"|z_1-z_1'|^2)^{1/2}"#,
        text: "With its own label each digit should come back. What is missing is the solver’s \
               error: it falls with the steps, and faster for methods of higher order.",
    },
];
