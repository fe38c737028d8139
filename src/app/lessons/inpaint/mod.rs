//! Inpainting: a part of a digit is hidden by a brush, and the flow fills it again and again.

mod figure;
mod hole;
mod picture;
mod work;

use std::sync::{Arc, OnceLock};

use egui::{ScrollArea, Slider, SliderClamping, Ui};

use crate::app::background::Background;
use crate::app::digits::{Part, models};
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::view::view_of;
use crate::app::widgets::bar_parts::{dice_ui, menu_ui, slider_ui};
use crate::app::widgets::brush::Strokes;
use crate::app::widgets::digit_grid::{Pictures, Textures};
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::{digit_controls, digit_settings};
use crate::data::mnist::{Mnist, mask};
use hole::{Hole, PRESETS, Tool};
use work::{Filled, Key, Told};

/// Half the width of the brush, in pixels.
const RADII: std::ops::RangeInclusive<f32> = 0.5..=6.0;
/// Largest γ, and largest w.
const LARGEST: f32 = 5.0;
/// Last test digit.
const LAST: usize = 9999;

/// The digit under the brush.
struct Shown {
    /// Its number in the test set.
    image: usize,
    /// Its class.
    label: u8,
    pictures: Pictures,
}

/// The lesson's own state.
pub struct Inpaint {
    image: usize,
    hole: Strokes<Hole>,
    tool: Tool,
    radius: f32,
    class: Told,
    gamma: f32,
    /// How much what is seen counts.
    emphasis: f32,
    /// Pixels that were not hidden are put back.
    keep: bool,
    seed: u64,
    /// All digits, once the lesson's thread has unpacked them: the window does not wait for that.
    data: Arc<OnceLock<Arc<Mnist>>>,
    /// The digit in pixels.
    digit: Option<Shown>,
    textures: Textures,
    work: Option<Background<Key, Result<Filled, String>>>,
}

impl Default for Inpaint {
    fn default() -> Self {
        Self {
            image: 8,
            hole: Strokes::new(Hole(mask::centre())),
            tool: Tool::Brush,
            radius: 2.0,
            class: Told::Nothing,
            gamma: 1.0,
            // Fills are likelier with it, and what is kept comes out nearer to itself.
            emphasis: 2.0,
            keep: true,
            seed: 0,
            data: Arc::default(),
            digit: None,
            textures: Textures::default(),
            work: None,
        }
    }
}

impl Lesson for Inpaint {
    fn name(&self) -> &'static str {
        "inpaint"
    }

    fn title(&self) -> &'static str {
        "Inpainting"
    }

    fn sentence(&self) -> &'static str {
        "Hide a part of a digit with the brush: the flow fills it, differently for each noise."
    }

    fn formula(&self) -> &'static str {
        r#"v_θ(z_t,t~;~E(x⊙(1-m)),m)"#
    }

    fn source(&self) -> &'static str {
        "Flow matching in latent space (seed 004), inpainting; Dao et al. 2023"
    }

    fn part(&self) -> Option<Part> {
        Some(Part::Inpaint)
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    view_of!(
        hole, tool, class, keep, seed;
        image in 0..=LAST, gamma in 0.0..=LARGEST,
        emphasis in 0.0..=LARGEST, radius in RADII
    );

    fn is_busy(&self) -> bool {
        self.work.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        self.take_digit();
        let source = lab.digits.inpaint.source();
        let key = Key {
            version: source.version,
            name: Arc::clone(&source.name),
            image: self.image,
            hole: self.hole.now().0.clone(),
            told: self.class,
            gamma: match self.class {
                Told::Nothing => 1.0,
                _ => self.gamma,
            },
            emphasis: self.emphasis,
            seed: self.seed,
        };
        let work = self.work.get_or_insert_with(|| lab.background());
        // While the brush moves, each answer is waited for: otherwise none would be seen.
        if self.hole.is_drawing() && work.is_busy() {
            return;
        }
        let (wanted, loaded) = (key.clone(), Arc::clone(&lab.digits.models));
        let (data, wake) = (Arc::clone(&self.data), Arc::clone(&lab.wake));
        work.ask(key, move |job| {
            // The digit itself is shown before there are fills.
            if data.get().is_none()
                && let Ok(digits) = models::digits()
            {
                data.get_or_init(|| digits);
                wake();
            }
            if let Err(error) = work::make(&wanted, &source, &loaded, job) {
                job.show(Err(error));
            }
        });
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.selectable_value(&mut self.tool, Tool::Brush, "Brush")
            .on_hover_text("Hide what you paint over (1)");
        ui.selectable_value(&mut self.tool, Tool::Eraser, "Eraser")
            .on_hover_text("Show it again (2)");
        ui.separator();
        for (name, hint, preset) in PRESETS {
            if ui.button(name).on_hover_text(hint).clicked() {
                self.hole.set(Hole(preset()));
            }
        }
        ui.separator();
        self.hole.history_ui(ui, Hole::none());
        ui.separator();
        let next = ui.button("Next digit");
        if next
            .on_hover_text("Another test digit (Shift+Page ↓)")
            .clicked()
        {
            self.image = (self.image + 1) % (LAST + 1);
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
            ui.spacing_mut().slider_width = (0.06 * ui.available_width()).clamp(44.0, 140.0);
            let hint = "Half the width of the brush, in pixels (↑ ↓).";
            let size = Slider::new(&mut self.radius, RADII).step_by(0.5);
            slider_ui(ui, "Brush", hint, size);
            let seen = Slider::new(&mut self.emphasis, 0.0..=LARGEST)
                .step_by(0.1)
                .clamping(SliderClamping::Always);
            let hint = "Weight of what is seen: 1 is the conditional flow, more makes the answers \
                        likelier and more alike, 0 sees nothing.";
            slider_ui(ui, "w", hint, seen);
            let hint = "The class that the network is given beside what is seen (6).";
            let choices = Told::ALL.map(|(told, name, what)| (told, name.to_owned(), what));
            menu_ui(ui, "Class", hint, 84.0, &mut self.class, choices);
            ui.add_enabled_ui(self.class != Told::Nothing, |ui| {
                let gamma = Slider::new(&mut self.gamma, 0.0..=LARGEST)
                    .step_by(0.1)
                    .clamping(SliderClamping::Always);
                let hint = "Weight of the class: 0 ignores it, 1 is the conditional flow.";
                slider_ui(ui, "γ", hint, gamma);
            });
            ui.checkbox(&mut self.keep, "Keep the rest").on_hover_text(
                "Put the pixels that are not hidden back; without it, the network's own picture.",
            );
            dice_ui(ui, "new noise", &mut self.seed);
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        digit_controls::run_ui(ui, &mut lab.digits, Part::Inpaint, lab.training.device);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.facts_ui(ui);
                ui.add_space(6.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
                digit_settings::settings_ui(ui, &mut lab.digits.inpaint);
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::Layer(1) => self.tool = Tool::Brush,
            Action::Layer(2) => self.tool = Tool::Eraser,
            Action::Layer(key @ 3..=5) => {
                let (_, _, preset) = PRESETS[usize::from(key) - 3];
                self.hole.set(Hole(preset()));
            }
            Action::Layer(_) => self.class = self.class.next(),
            Action::Undo => self.hole.undo(),
            Action::Redo => self.hole.redo(),
            Action::NextPreset => self.image = (self.image + 1) % (LAST + 1),
            Action::PreviousPreset => self.image = (self.image + LAST) % (LAST + 1),
            Action::MoreSteps => self.radius = (self.radius + 0.5).min(*RADII.end()),
            Action::FewerSteps => self.radius = (self.radius - 0.5).max(*RADII.start()),
            Action::NewNoise => self.seed += 1,
            _ => return false,
        }
        true
    }
}

impl Inpaint {
    /// Takes another digit from those that are unpacked.
    fn take_digit(&mut self) {
        let known = self.digit.as_ref().map(|digit| digit.image);
        let Some(data) = self.data.get().filter(|_| known != Some(self.image)) else {
            return;
        };
        let place = self.image % data.test.len();
        self.digit = Some(Shown {
            image: self.image,
            label: data.test.labels[place],
            pictures: Pictures::new(data.test.image(place).to_vec()),
        });
    }
}

const NOTES: [Note; 5] = [
    Note {
        title: "What the network sees",
        formula: r#"4+4+1→4~"channels""#,
        text: "The code at t, the code of the digit with its hole, and how much of each point is \
               hidden. It was trained on random holes: the centre, rectangles, sides and strokes.",
    },
    Note {
        title: "Several answers",
        formula: r#"z_0∼"N"(0,I)"#,
        text: "What is hidden is not determined by what is seen. Each noise is another answer; \
               a larger hole has more of them.",
    },
    Note {
        title: "The class first",
        formula: r#"p(x|s)=Σ_c~p(c|s)~p(x|s,c)"#,
        text: "The code of a digit with a hole tells its class badly. A small network that looks at \
               the pixels s that are seen tells it better: draw c from it, or take the likeliest, \
               and let the flow fill the rest.",
    },
    Note {
        title: "How much it counts",
        formula: r#"w~v(z_t;~"seen")+(1-w)~v(z_t;~"nothing")"#,
        text: "Guidance by what is seen, as γ is by the class: once in ten times the whole digit was \
               hidden in training. More than 1 makes the answers likelier and more alike.",
    },
    Note {
        title: "What is kept",
        formula: r#"x=m⊙D(z_1)+(1-m)⊙x"#,
        text: "The network draws the whole digit, and the autoencoder blurs a little. The pixels \
               that were not hidden are put back as they were.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digit_comes_when_the_digits_are_there_and_changes_at_once() {
        let mut lesson = Inpaint::default();
        lesson.take_digit();
        assert!(lesson.digit.is_none(), "nobody unpacked the digits");
        lesson.data.get_or_init(|| models::digits().unwrap());
        for image in [8, 9, LAST] {
            lesson.image = image;
            lesson.take_digit();
            let (shown, wanted) = (lesson.digit.as_ref().unwrap(), work::digit(image).unwrap());
            assert_eq!((shown.image, shown.label), (image, wanted.labels[0]));
            assert_eq!(shown.pictures.grey[..], wanted.pixels);
        }
    }
}
