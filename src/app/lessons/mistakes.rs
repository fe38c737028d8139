//! Known mistakes, trained beside the right thing from the same seed.

mod figure;
mod words;

use std::sync::Arc;

use egui::{Button, Rect, RichText, ScrollArea, Ui, UiBuilder, pos2, vec2};
use serde_json::{Value, json};

use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson, Status};
use crate::app::pair::{Both, Pair, Screen};
use crate::app::theme::{self, Palette};
use crate::app::widgets::bar_parts::dice_ui;
use crate::app::widgets::flow_layers::{FlowLayers, Target};
use crate::app::widgets::formula::formula;
use crate::app::widgets::number;
use crate::app::widgets::stage::{Caption, Stage};
use crate::app::widgets::verdict_plot::{self, Verdict, verdict_ui};
use crate::train::mistake::Mistake;
use words::{met, name, right_formula, told, wrong_formula};

/// Room above the pictures for the choice, and for the sentence, in points.
const CHOICE: f32 = 36.0;
const WORDS: f32 = 46.0;
/// The mistakes, without the right thing.
const WRONG: [Mistake; 5] = [
    Mistake::X1ForXt,
    Mistake::SignFlip,
    Mistake::NoTime,
    Mistake::WrongSigma,
    Mistake::SummedLoss,
];

/// The lesson's own state.
pub struct Mistakes {
    mistake: Mistake,
    seed: u64,
    noise: u64,
    pair: Option<Pair>,
    screen: Option<Screen>,
    both: Option<Arc<Both>>,
    ghost: Option<Target>,
}

impl Default for Mistakes {
    fn default() -> Self {
        Self {
            mistake: Mistake::SignFlip,
            seed: 0,
            noise: 1,
            pair: None,
            screen: None,
            both: None,
            ghost: None,
        }
    }
}

impl Lesson for Mistakes {
    fn name(&self) -> &'static str {
        "mistakes"
    }

    fn title(&self) -> &'static str {
        "Right and wrong"
    }

    fn sentence(&self) -> &'static str {
        "Mistakes that train without complaint, beside the right thing with the same seed: the \
         loss rarely tells them apart, the excess and the samples do."
    }

    fn formula(&self) -> &'static str {
        "L(θ)=E~‖v_θ(x_t,t)-(x_1-x_0)‖^2"
    }

    fn source(&self) -> &'static str {
        "Issues of TorchCFM, LFM and rectified-flow-pytorch; the texts of seeds 001 and 002"
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn is_training(&self) -> bool {
        self.pair.as_ref().is_some_and(|pair| !pair.is_over())
    }

    fn view(&self) -> Value {
        json!({ "mistake": self.mistake, "seed": self.seed, "noise": self.noise })
    }

    fn set_view(&mut self, view: &Value) {
        let of = |name: &str| view.get(name).cloned().unwrap_or_default();
        if let Some(noise) = of("noise").as_u64() {
            self.noise = noise;
        }
        if let Some(seed) = of("seed").as_u64().filter(|seed| *seed != self.seed) {
            self.seed = seed;
            self.restart();
        }
        let mistake = serde_json::from_value(of("mistake")).ok();
        if let Some(mistake) = mistake.filter(|mistake| WRONG.contains(mistake)) {
            self.choose(mistake);
        }
    }

    fn status(&self, _lab: &Lab) -> Option<Status> {
        let run = &self.pair.as_ref()?.runs[1];
        Some(Status {
            device: run.device.clone(),
            has_thread: true,
            step: run.step,
            steps: run.config.steps,
            speed: run.steps_per_second,
            seed: run.config.seed,
            note: None,
        })
    }

    fn is_busy(&self) -> bool {
        self.both.is_none() || self.screen.as_ref().is_some_and(Screen::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        let screen = self.screen.get_or_insert_with(|| Screen::new(lab));
        let pair = self
            .pair
            .get_or_insert_with(|| Pair::start(self.mistake, self.seed, &lab.wake));
        for sentence in pair.drain() {
            lab.training.report(sentence);
        }
        screen.ask(pair, self.noise);
        self.both = screen.both();
        if self.ghost.is_none() {
            self.ghost = Some(Target::new(pair.runs[0].config.dataset.clone()));
        }
    }

    fn legend_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let mut chosen = self.mistake;
        for mistake in WRONG {
            ui.selectable_value(&mut chosen, mistake, name(mistake))
                .on_hover_text(mistake.explanation());
        }
        if chosen != self.mistake {
            self.choose(chosen);
        }
        if lab.settings.lecture {
            self.train_ui(ui, 34.0);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let mut place = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(place);
        if !lab.settings.lecture {
            let (choice, rest) = place.split_top_bottom_at_y(place.top() + CHOICE);
            let mut row = ui.new_child(UiBuilder::new().max_rect(choice));
            row.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                self.legend_ui(ui, lab);
            });
            place = rest;
        }
        let (words, pictures) = place.split_top_bottom_at_y(place.top() + WORDS);
        let mut text = ui.new_child(UiBuilder::new().max_rect(words));
        text.label(RichText::new(self.mistake.explanation()).size(15.5));
        let (left, right) = pictures.split_left_right_at_fraction(0.5);
        self.side_ui(ui, lab, left, 0);
        self.side_ui(ui, lab, right, 1);
    }

    fn bottom_ui(&mut self, _ui: &mut Ui, _lab: &mut Lab) {}

    fn controls_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        self.train_ui(ui, 36.0);
        ui.add_space(2.0);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    let hint = "Of the weights and every batch of both runs";
                    let label = ui.label("Seed").on_hover_text(hint).id;
                    let seed = egui::DragValue::new(&mut self.seed).speed(0.1);
                    let seed = ui.add(seed).labelled_by(label).on_hover_text(hint);
                    if seed.changed() {
                        self.restart();
                    }
                    dice_ui(ui, "new noise", &mut self.noise);
                });
                for (title, text) in [
                    ("What the loss tells", told(self.mistake)),
                    ("Where people met it", met(self.mistake)),
                ] {
                    ui.add_space(4.0);
                    ui.label(RichText::new(title).family(theme::semibold()));
                    ui.label(text);
                }
                ui.add_space(4.0);
                ui.label(
                    RichText::new(
                        "Excess: the distance from the exact velocity, measured on right inputs. \
                         Floor: the loss that no network goes below if all is right.",
                    )
                    .small()
                    .weak(),
                );
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        let here = WRONG.iter().position(|m| *m == self.mistake).unwrap_or(0);
        match action {
            Action::TrainPause => self.toggle(),
            Action::ResetWeights => self.restart(),
            Action::NewNoise => self.noise = self.noise.wrapping_add(1),
            Action::NextPreset => self.choose(WRONG[(here + 1) % WRONG.len()]),
            Action::PreviousPreset => {
                self.choose(WRONG[(here + WRONG.len() - 1) % WRONG.len()]);
            }
            Action::Layer(n) if (1..=5).contains(&n) => self.choose(WRONG[usize::from(n) - 1]),
            // A step of one run alone has no meaning here.
            Action::TrainStep => {}
            _ => return false,
        }
        true
    }
}

impl Mistakes {
    fn choose(&mut self, mistake: Mistake) {
        if mistake != self.mistake {
            self.mistake = mistake;
            self.restart();
        }
    }

    /// Both start anew with the next frame; the old pictures stay until the new ones come.
    fn restart(&mut self) {
        self.pair = None;
        if let Some(screen) = &mut self.screen {
            screen.begin();
        }
    }

    fn toggle(&mut self) {
        match &mut self.pair {
            Some(pair) if !pair.is_over() => pair.toggle(),
            _ => self.restart(),
        }
    }

    fn train_ui(&mut self, ui: &mut Ui, height: f32) {
        let p = theme::palette(ui);
        let name = match &self.pair {
            Some(pair) if pair.is_over() => "Train again",
            Some(pair) if pair.is_running() => "Pause",
            _ => "Train both",
        };
        let text = RichText::new(name)
            .family(theme::semibold())
            .size(15.5)
            .color(p.on_accent);
        let size = vec2(ui.available_width().min(286.0), height);
        let button = Button::new(text).fill(p.accent).min_size(size);
        let hint = "Train both runs from the same weights and batches, a few seconds (T)";
        // A row sets the word in the middle.
        let clicked = ui.horizontal(|ui| ui.add(button).on_hover_text(hint).clicked());
        if clicked.inner {
            self.toggle();
        }
        let (step, steps) = self.pair.as_ref().map_or((0, 1), |pair| {
            let run = &pair.runs[1];
            (run.step, run.config.steps)
        });
        let size = vec2(size.x, 5.0);
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        ui.painter().rect_filled(rect, 2.5, p.hairline);
        let share = step as f32 / steps.max(1) as f32;
        let done = pos2(rect.left() + rect.width() * share, rect.bottom());
        let done = Rect::from_min_max(rect.min, done);
        ui.painter().rect_filled(done, 2.5, p.model);
        let text = format!(
            "step {} / {}",
            number::grouped(step),
            number::grouped(steps)
        );
        ui.label(RichText::new(text).small().weak());
    }

    /// One picture with its formula above and its loss below.
    fn side_ui(&self, ui: &mut Ui, lab: &mut Lab, place: Rect, side: usize) {
        let Some(pair) = &self.pair else {
            return;
        };
        let p = theme::palette(ui);
        let (run, color) = (&pair.runs[side], color(p, side));
        let plot = (0.24 * place.height()).clamp(84.0, 170.0);
        let head = 30.0;
        let (top, below) = place.split_top_bottom_at_y(place.bottom() - plot);
        let (line, picture) = top.split_top_bottom_at_y(top.top() + head);
        let Some(stage) = Stage::fit(picture, run.config.dataset.extent(), 1) else {
            return;
        };
        let painter = ui.painter().clone();
        stage.paint_axes(&painter, p, lab.settings.grid);
        let pictures = self.both.as_ref().map(|both| &both.pictures);
        let flow = FlowLayers {
            index: side as u8,
            t: lab.clock.t() as f32,
            lecture: lab.settings.lecture,
            target: self.ghost.as_ref(),
            model: pictures.map(|pictures| Arc::clone(&pictures[side])),
            exact: None,
            source: false,
            paths: false,
        };
        let mut canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
        flow.paint_in(&mut canvas, &stage, p, color);
        stage.paint_frame(&painter, p);
        let dash = || "–".to_owned();
        let shown = flow.model.as_ref();
        let caption = Caption {
            color,
            title: ["Right", "Wrong"][side].to_owned(),
            detail: shown.map_or_else(String::new, |s| s.with_lost("")),
            figures: [
                shown.map_or_else(dash, |s| s.nfe.to_string()),
                shown
                    .and_then(|s| s.off_support)
                    .map_or_else(dash, number::percent),
            ],
        };
        stage.captions_ui(ui, &[caption]);
        let line = Rect::from_min_max(pos2(stage.rect.left(), line.top()), line.max);
        let mut set = ui.new_child(UiBuilder::new().max_rect(line));
        let source = if side == 0 {
            right_formula(self.mistake)
        } else {
            wrong_formula(self.mistake)
        };
        formula(
            &mut set,
            source,
            18.0,
            if side == 0 { p.ink } else { color },
        );
        let left = stage.rect.left() - 36.0;
        let below = Rect::from_min_max(
            pos2(left.max(below.left()), below.top() + 2.0),
            pos2(stage.rect.right(), below.bottom() - 8.0),
        );
        let mut plot_ui = ui.new_child(UiBuilder::new().max_rect(below));
        let verdict = Verdict {
            id: ["right", "wrong"][side],
            curve: &run.curve,
            steps: run.config.steps,
            floor: run.floor,
            color,
        };
        let range = verdict_plot::range(&[&pair.runs[0].curve, &pair.runs[1].curve]);
        verdict_ui(&mut plot_ui, &verdict, range, below.height());
    }
}

fn color(p: &Palette, side: usize) -> egui::Color32 {
    if side == 0 { p.model } else { p.error }
}
