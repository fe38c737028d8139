//! Semantic to image: a label map is drawn, and the flow makes digits of it.

mod figure;
mod map;
mod picture;
mod work;

use std::sync::Arc;

use egui::{ScrollArea, Slider, SliderClamping, Ui};

use crate::app::background::Background;
use crate::app::digits::{Part, models};
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::view::{EachBelow, view_of};
use crate::app::widgets::bar_parts::{dice_ui, menu_ui, slider_ui};
use crate::app::widgets::brush::Strokes;
use crate::app::widgets::digit_grid::{Pictures, Textures};
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::{digit_controls, digit_settings};
use map::{LabelMap, NAMES, Tool};
use work::{Key, Made};

/// Half the width of the pen and the brush, in pixels.
const RADII: std::ops::RangeInclusive<f32> = 0.5..=5.0;
/// Largest γ.
const LARGEST: f32 = 5.0;
/// Last test digit.
const LAST: usize = 9999;
/// Digits.
const CLASSES: u8 = 10;
/// The test digit that the lesson begins with.
const FIRST: usize = 61;
/// Its map, as the files of figures hold maps. Every start of the program makes this lesson, and
/// to unpack the digits for it would keep the window from its first picture.
const FIRST_MAP: &str = "\
    0000000000000000000000000000\
    0000000000000000000000000000\
    0000000000000000000000000000\
    0000000000000000000000000000\
    0000000000000000000000000000\
    0000000000000111111000000000\
    0000000000001222222221000000\
    0000000000123333222222210000\
    0000000001233221111123310000\
    0000000001332100000012321000\
    0000000001331000000012321000\
    0000000001231000000123310000\
    0000000000222100012233210000\
    0000000000122211123321100000\
    0000000000012322222110000000\
    0000000000123333221000000000\
    0000000112222333210000000000\
    0000011222222233210000000000\
    0000123332211233210000000000\
    0000123332222333210000000000\
    0000012333333332100000000000\
    0000001122222211000000000000\
    0000000000111000000000000000\
    0000000000000000000000000000\
    0000000000000000000000000000\
    0000000000000000000000000000\
    0000000000000000000000000000\
    0000000000000000000000000000";

/// The lesson's own state.
pub struct Semantic {
    /// The test digit whose map was loaded last.
    image: usize,
    map: Strokes<LabelMap>,
    tool: Tool,
    radius: f32,
    class: Option<u8>,
    gamma: f32,
    seed: u64,
    /// The map as a picture.
    shown: Option<(Vec<u8>, Pictures)>,
    textures: Textures,
    work: Option<Background<Key, Result<Made, String>>>,
}

impl Default for Semantic {
    fn default() -> Self {
        let map = LabelMap::try_from(FIRST_MAP.to_owned());
        Self {
            image: FIRST,
            map: Strokes::new(map.unwrap_or_else(|_| LabelMap::empty())),
            tool: Tool::Pen,
            radius: 1.4,
            class: None,
            gamma: 1.0,
            seed: 0,
            shown: None,
            textures: Textures::default(),
            work: None,
        }
    }
}

impl Lesson for Semantic {
    fn name(&self) -> &'static str {
        "semantic"
    }

    fn title(&self) -> &'static str {
        "Map to digit"
    }

    fn sentence(&self) -> &'static str {
        "Draw a coarse map of four labels: the flow makes digits of it, one for each noise."
    }

    fn formula(&self) -> &'static str {
        r#"v_θ(z_t,t~;~W~"one-hot"(s))"#
    }

    fn source(&self) -> &'static str {
        "Flow matching in latent space (seed 004), semantic to image; Dao et al. 2023"
    }

    fn part(&self) -> Option<Part> {
        Some(Part::Semantic)
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    view_of!(
        map, tool, seed;
        class in EachBelow(usize::from(CLASSES)), gamma in 0.0..=LARGEST,
        image in 0..=LAST, radius in RADII
    );

    fn is_busy(&self) -> bool {
        self.work.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        let source = lab.digits.semantic.source();
        let key = Key {
            version: source.version,
            name: Arc::clone(&source.name),
            map: self.map.now().labels.clone(),
            class: self.class,
            gamma: self.class.map_or(1.0, |_| self.gamma),
            seed: self.seed,
        };
        let work = self.work.get_or_insert_with(|| lab.background());
        // While somebody draws, each answer is waited for: otherwise none would be seen.
        if self.map.is_drawing() && work.is_busy() {
            return;
        }
        let (wanted, loaded) = (key.clone(), Arc::clone(&lab.digits.models));
        work.ask(key, move |job| {
            if let Err(error) = work::make(&wanted, &source, &loaded, job) {
                job.show(Err(error));
            }
            // The map of another digit is taken without a wait once they are unpacked.
            drop(models::digits());
        });
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.selectable_value(&mut self.tool, Tool::Pen, "Pen")
            .on_hover_text("Draw ink; the rule turns it into the four labels (1)");
        for (label, name) in NAMES.into_iter().enumerate() {
            let hint = format!("Paint this label by hand ({})", label + 2);
            ui.selectable_value(&mut self.tool, Tool::Label(label as u8), name)
                .on_hover_text(hint);
        }
        ui.separator();
        self.map.history_ui(ui, LabelMap::empty());
        ui.separator();
        let load = ui.button("Map of a test digit");
        if load.on_hover_text("The next one (Shift+Page ↓)").clicked() {
            self.load(1);
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
            ui.spacing_mut().slider_width = (0.16 * ui.available_width()).clamp(60.0, 200.0);
            let hint = "Half the width of the pen and the brush, in pixels (↑ ↓).";
            let size = Slider::new(&mut self.radius, RADII).step_by(0.1);
            slider_ui(ui, "Pen", hint, size);
            let name = |class: Option<u8>| class.map_or("any".to_owned(), |c| c.to_string());
            let all = std::iter::once(None).chain((0..CLASSES).map(Some));
            let choices = all.map(|class| (class, name(class), ""));
            let hint = "The class that the network is told beside the map.";
            menu_ui(ui, "Digit", hint, 56.0, &mut self.class, choices);
            ui.add_enabled_ui(self.class.is_some(), |ui| {
                let gamma = Slider::new(&mut self.gamma, 0.0..=LARGEST)
                    .step_by(0.1)
                    .clamping(SliderClamping::Always);
                let hint = "Weight of the class: 0 ignores it, 1 is the conditional flow.";
                slider_ui(ui, "γ", hint, gamma);
            });
            dice_ui(ui, "new noise", &mut self.seed);
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        digit_controls::run_ui(ui, &mut lab.digits, Part::Semantic, lab.training.device);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.facts_ui(ui);
                ui.add_space(6.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
                digit_settings::settings_ui(ui, &mut lab.digits.semantic);
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::Layer(1) => self.tool = Tool::Pen,
            Action::Layer(key @ 2..=5) => self.tool = Tool::Label(key - 2),
            Action::Undo => self.map.undo(),
            Action::Redo => self.map.redo(),
            Action::NextPreset => self.load(1),
            Action::PreviousPreset => self.load(LAST),
            Action::MoreSteps => self.radius = (self.radius + 0.2).min(*RADII.end()),
            Action::FewerSteps => self.radius = (self.radius - 0.2).max(*RADII.start()),
            Action::NewNoise => self.seed += 1,
            _ => return false,
        }
        true
    }
}

impl Semantic {
    /// The map of another test digit.
    fn load(&mut self, on: usize) {
        self.image = (self.image + on) % (LAST + 1);
        if let Some((pixels, _)) = work::digit(self.image) {
            self.map.set(LabelMap::of(&pixels));
        }
    }
}

const NOTES: [Note; 3] = [
    Note {
        title: "The rule of the map",
        formula: r#"s={⌊g/64⌋},~~g="mean of 3 × 3 greys""#,
        text: "A digit’s grey values, blurred over 3 × 3 pixels, fall into four equal steps: \
               paper, edge, body and core. The pen draws ink, and the same rule makes it a map.",
    },
    Note {
        title: "What the network sees",
        formula: r#"4+8→4~"channels""#,
        text: "The code at t and the map: one-hot, in 16 × 16 fields (the share of each label), \
               brought to the 4 × 4 points of a code by a rescaler that is learned with the flow.",
    },
    Note {
        title: "How coarse it is",
        formula: r#"4·256=1024~"shares""#,
        text: "The map says where there is ink, not how the pen went. What it leaves open, the \
               noise decides.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_map_is_that_of_its_digit() {
        let lesson = Semantic::default();
        let (pixels, _) = work::digit(lesson.image).unwrap();
        assert_eq!(*lesson.map.now(), LabelMap::of(&pixels));
    }
}
