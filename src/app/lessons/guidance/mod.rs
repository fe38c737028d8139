//! Classifier-free guidance: the same noise with more and more weight on the class.

mod figure;
mod work;

use std::sync::Arc;

use egui::{
    Align2, Button, FontId, Rect, ScrollArea, Sense, Slider, SliderClamping, Stroke, Ui, pos2, vec2,
};

use crate::app::background::Background;
use crate::app::digits::Part;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme::{self, Palette};
use crate::app::view::{EachBelow, view_of};
use crate::app::widgets::bar_parts::dice_ui;
use crate::app::widgets::chart::{Chart, LineKind};
use crate::app::widgets::digit_grid::{self, Layout, Textures};
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::number;
use crate::app::widgets::{digit_controls, digit_settings};
use work::{CLASSES, LARGEST, Measured, Sheet, SheetKey};

/// The lesson's own state.
pub struct Guidance {
    gamma: f32,
    digit: Option<u8>,
    seed: u64,
    textures: Textures,
    sheet: Option<Background<SheetKey, Result<Sheet, String>>>,
    curves: Option<Background<u64, Result<Vec<Measured>, String>>>,
}

impl Default for Guidance {
    fn default() -> Self {
        Self {
            gamma: 2.0,
            digit: None,
            seed: 0,
            textures: Textures::default(),
            sheet: None,
            curves: None,
        }
    }
}

impl Lesson for Guidance {
    fn name(&self) -> &'static str {
        "guidance"
    }

    fn title(&self) -> &'static str {
        "Guidance"
    }

    fn sentence(&self) -> &'static str {
        "Ask for a digit and drag γ: more guidance is more certain and less varied."
    }

    fn formula(&self) -> &'static str {
        r#"v=γv_θ(z_t,t,c)+(1-γ)v_θ(z_t,t)"#
    }

    fn source(&self) -> &'static str {
        "Flow matching in latent space (seed 004); Ho and Salimans 2022"
    }

    fn part(&self) -> Option<Part> {
        Some(Part::Latent)
    }

    fn uses_time(&self) -> bool {
        false
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    view_of!(seed; digit in EachBelow(usize::from(CLASSES)), gamma in 0.0..=LARGEST);

    fn is_busy(&self) -> bool {
        self.sheet.as_ref().is_some_and(Background::is_busy)
            || self.curves.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        let source = lab.digits.flow();
        let key = SheetKey {
            version: source.version,
            seed: self.seed,
            gamma: self.gamma,
            digit: self.digit,
        };
        let sheet = self.sheet.get_or_insert_with(|| lab.background());
        let (wanted, from) = (key.clone(), source.clone());
        let models = Arc::clone(&lab.digits.models);
        // New weights of a run in progress wait until the pictures before them are whole.
        let training = lab.digits.latent.is_running();
        let newer = |asked: &SheetKey| {
            let version = key.version;
            *asked != key
                && SheetKey {
                    version,
                    ..asked.clone()
                } == key
        };
        if !(training && sheet.is_busy() && sheet.asked().is_some_and(newer)) {
            sheet.ask(key, move |job| {
                if let Err(error) = work::make_sheet(&wanted, &from, &models, job) {
                    job.show(Err(error));
                }
            });
        }
        // The sheet comes first. While a run brings one sheet after another, the curves are made
        // beside them.
        if sheet.is_busy() && !(training && sheet.value().is_some()) {
            return;
        }
        let curves = self.curves.get_or_insert_with(|| lab.background());
        if training && curves.is_busy() {
            return;
        }
        let models = Arc::clone(&lab.digits.models);
        curves.ask(source.version, move |job| {
            if let Err(error) = work::make_curves(&source, &models, job) {
                job.show(Err(error));
            }
        });
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        let p = theme::palette(ui);
        let mut choose = |ui: &mut Ui, name: &str, hint: &str, digit: Option<u8>| {
            let chosen = self.digit == digit;
            let fill = if chosen { p.control_active } else { p.control };
            let button = Button::new(name).fill(fill).min_size(vec2(30.0, 30.0));
            if ui
                .add(button.selected(chosen))
                .on_hover_text(hint)
                .clicked()
            {
                self.digit = digit;
            }
        };
        choose(ui, "All", "Every digit, a row each", None);
        for digit in 0..CLASSES {
            let name = digit.to_string();
            choose(ui, &name, &format!("Only the digit {digit}"), Some(digit));
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        let place = ui.available_rect_before_wrap();
        let p = theme::palette(ui);
        let wide = place.width() > 1.15 * place.height();
        let (sheet, charts) = if wide {
            place.split_left_right_at_fraction(0.6)
        } else {
            place.split_top_bottom_at_fraction(0.66)
        };
        let shown = self.sheet.as_ref().and_then(Background::value);
        match shown.as_deref() {
            None => notes::sentence(ui, sheet, "The first digits are on their way…"),
            Some(Err(error)) => notes::sentence(ui, sheet, error),
            Some(Ok(made)) => self.sheet_ui(ui, sheet, made, p),
        }
        let measured = self.curves.as_ref().and_then(Background::value);
        if let Some(Ok(measured)) = measured.as_deref() {
            self.charts_ui(ui, charts, measured, !wide, p);
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            let label = ui.label("Guidance γ").id;
            ui.spacing_mut().slider_width = (ui.available_width() - 170.0).clamp(120.0, 520.0);
            let slider = Slider::new(&mut self.gamma, 0.0..=LARGEST)
                .step_by(0.1)
                .clamping(SliderClamping::Always);
            ui.add(slider)
                .labelled_by(label)
                .on_hover_text("0: no class. 1: the conditional flow. Above: guided (↑ ↓).");
            dice_ui(ui, "new noise", &mut self.seed);
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        digit_controls::run_ui(ui, &mut lab.digits, Part::Latent, lab.training.device);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                digit_settings::settings_ui(ui, &mut lab.digits.latent);
                ui.add_space(6.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::MoreSteps => self.gamma = (self.gamma + 0.5).min(LARGEST),
            Action::FewerSteps => self.gamma = (self.gamma - 0.5).max(0.0),
            Action::NewNoise => self.seed += 1,
            Action::Layer(digit) => {
                self.digit = (self.digit != Some(digit)).then_some(digit);
            }
            _ => return false,
        }
        true
    }
}

impl Guidance {
    fn sheet_ui(&mut self, ui: &Ui, place: Rect, made: &Sheet, p: &Palette) {
        let rows = made.pictures.len().div_ceil(made.columns);
        let room = Rect::from_min_max(
            pos2(place.left() + 4.0, place.top() + 28.0),
            pos2(place.right() - 8.0, place.bottom() - 4.0),
        );
        let Some(layout) = Layout::fit(room, made.columns, rows, 4.0) else {
            return;
        };
        let right = made.read.iter().zip(&made.asked).filter(|(a, b)| a == b);
        let right = right.count();
        let judge = match made.foreign {
            true => " by a classifier of MNIST",
            false => "",
        };
        let title = format!(
            "γ = {:.1} · {right} of {} are read as asked{judge} · {} steps",
            made.gamma,
            made.read.len(),
            made.steps
        );
        let whole = ui.interact(layout.rect(), ui.scope_id().with("sheet"), Sense::hover());
        whole.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &title));
        let painter = ui.painter();
        let at = layout.origin - vec2(0.0, 6.0);
        let font = FontId::new(16.0, theme::semibold());
        painter.text(at, Align2::LEFT_BOTTOM, title, font, p.ink);
        digit_grid::paint(painter, &mut self.textures, 0, &made.pictures, &layout, p);
        for (i, (read, asked)) in made.read.iter().zip(&made.asked).enumerate() {
            if read != asked {
                let cell = layout.cell(i);
                let line = Stroke::new(2.0, p.error);
                painter.rect_stroke(cell, 2.0, line, egui::StrokeKind::Outside);
                let font = FontId::new(13.0, theme::semibold());
                let at = cell.right_top() + vec2(-3.0, 1.0);
                painter.text(at, Align2::RIGHT_TOP, read.to_string(), font, p.error);
            }
        }
    }

    fn charts_ui(&self, ui: &Ui, place: Rect, all: &[Measured], beside: bool, p: &Palette) {
        let (first, second) = if beside {
            place.split_left_right_at_fraction(0.5)
        } else {
            place.split_top_bottom_at_fraction(0.5)
        };
        let accuracy = |m: &Measured| m.accuracy;
        let diversity = |m: &Measured| m.diversity;
        let name = "Read as asked";
        self.chart_ui(ui, first, all, name, accuracy, p.exact, p);
        let name = "Diversity, test digits = 100 %";
        self.chart_ui(ui, second, all, name, diversity, p.source, p);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "two charts that differ in each of these"
    )]
    fn chart_ui(
        &self,
        ui: &Ui,
        place: Rect,
        all: &[Measured],
        name: &str,
        value: fn(&Measured) -> f32,
        color: egui::Color32,
        p: &Palette,
    ) {
        let painter = ui.painter();
        let rect = Rect::from_min_max(
            pos2(place.left() + 52.0, place.top() + 34.0),
            pos2(place.right() - 14.0, place.bottom() - 30.0),
        );
        if rect.height() < 30.0 || rect.width() < 60.0 {
            return;
        }
        let top = all.iter().map(value).fold(1.0_f32, f32::max);
        let chart = Chart {
            rect,
            x: [0.0, LARGEST],
            y: [0.0, (10.0 * top).ceil() / 10.0],
        };
        let font = FontId::new(14.5, theme::semibold());
        let at = pos2(rect.left(), rect.top() - 12.0);
        painter.text(at, Align2::LEFT_BOTTOM, name, font, p.ink);
        let x: Vec<(f32, String)> = (0..=5).map(|g| (g as f32, g.to_string())).collect();
        let y: Vec<(f32, String)> = [0.0, 0.5, 1.0]
            .map(|share| (share, format!("{:.0}\u{2009}%", 100.0 * share)))
            .into();
        chart.axes(painter, p, &x, &y);
        let points = all.iter().map(|m| [m.gamma, value(m)]);
        chart.line(painter, points, LineKind::Solid, Stroke::new(2.5, color));
        for m in all {
            painter.circle_filled(chart.at(m.gamma, value(m)), 3.5, color);
        }
        chart.cursor(painter, self.gamma, p);
        if let Some(here) = between(all, self.gamma, value) {
            let at = chart.at(self.gamma, here);
            painter.circle_filled(at, 5.5, color);
            let font = FontId::new(14.0, theme::semibold());
            let (anchor, shift) = if self.gamma < 0.6 * LARGEST {
                (Align2::LEFT_TOP, 9.0)
            } else {
                (Align2::RIGHT_TOP, -9.0)
            };
            let text = number::percent(f64::from(here));
            painter.text(at + vec2(shift, 6.0), anchor, text, font, p.ink);
        }
    }
}

/// The value of a curve at any γ between its points.
fn between(all: &[Measured], gamma: f32, value: fn(&Measured) -> f32) -> Option<f32> {
    let after = all.iter().position(|m| m.gamma >= gamma)?;
    let (a, b) = (&all[after.saturating_sub(1)], &all[after]);
    let width = b.gamma - a.gamma;
    let share = if width > 0.0 {
        (gamma - a.gamma) / width
    } else {
        0.0
    };
    Some(value(a) + share * (value(b) - value(a)))
}

const NOTES: [Note; 3] = [
    Note {
        title: "Between two fields",
        formula: r#"γ=0:~v_θ(z_t,t)~~~γ=1:~v_θ(z_t,t,c)"#,
        text: "One network knows both: in training a tenth of the labels is hidden. Above 1 the \
               difference of the two is followed further than it was learned.",
    },
    Note {
        title: "What it costs",
        formula: r#"2~"NFE""#,
        text: "Each step asks the network twice. The samples of a digit grow alike: the second \
               curve falls.",
    },
    Note {
        title: "Read as asked",
        formula: r#""argmax"_k p(k|x)=c"#,
        text: "A classifier of the lab reads each sample; framed ones are read as another digit.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_read_between_their_points() {
        let all = [(0.0, 0.2), (1.0, 0.6)].map(|(gamma, accuracy)| Measured {
            gamma,
            accuracy,
            diversity: 1.0,
        });
        let read = |gamma| between(&all, gamma, |m| m.accuracy);
        assert_eq!(read(0.0), Some(0.2));
        assert!((read(0.5).unwrap() - 0.4).abs() < 1e-6);
        assert_eq!(read(2.0), None);
    }
}
