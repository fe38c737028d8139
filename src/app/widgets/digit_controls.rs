//! Start, pause and reset of an image training, and its loss.

use egui::{Button, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::chart::{Chart, LineKind, nice_ceil, tick};
use super::number;
use crate::app::digits::training::DigitTraining;
use crate::app::digits::{Digits, Part};
use crate::app::theme;
use crate::device::DeviceChoice;
use crate::train::RunState;

/// The buttons, the progress and the figures of a run.
pub fn run_ui(ui: &mut Ui, digits: &mut Digits, part: Part, device: DeviceChoice) {
    let p = theme::palette(ui);
    ui.horizontal(|ui| {
        let training = digits.part(part);
        let name = match training.state {
            RunState::Preparing if training.is_running() => "Preparing…",
            _ if training.is_running() => "Pause",
            RunState::Paused if training.step > 0 => "Continue",
            _ if training.refuge().is_some() => "Go on",
            _ => "Train",
        };
        let text = RichText::new(name)
            .family(theme::semibold())
            .size(15.5)
            .color(p.on_accent);
        let width = (ui.available_width() - 132.0).max(80.0);
        let button = Button::new(text).fill(p.accent).min_size(vec2(width, 36.0));
        let hint = "Train from fresh weights, pause, go on (T). The window never waits for it.";
        if ui.add(button).on_hover_text(hint).clicked() {
            digits.toggle(part, device);
        }
        let step = Button::new("Step").min_size(vec2(56.0, 36.0));
        if ui
            .add(step)
            .on_hover_text("One optimiser step, then pause (.)")
            .clicked()
        {
            digits.part(part).step(device);
        }
        let reset = Button::new("Reset").min_size(vec2(60.0, 36.0));
        let hint = "Forget this run; the pretrained network is on the stage again (Shift+R).";
        let training = digits.part(part);
        let reset = ui.add_enabled(training.is_started(), reset);
        if reset.on_hover_text(hint).clicked() {
            training.reset();
        }
    });
    let training = digits.part(part);
    progress_ui(ui, training);
    figures_ui(ui, training);
}

fn progress_ui(ui: &mut Ui, training: &DigitTraining) {
    let p = theme::palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 5.0), Sense::hover());
    let share = training.step as f32 / training.total.max(1) as f32;
    ui.painter().rect_filled(rect, 2.5, p.hairline);
    let done = rect.left() + rect.width() * share.clamp(0.0, 1.0);
    let done = Rect::from_min_max(rect.min, pos2(done, rect.bottom()));
    ui.painter().rect_filled(done, 2.5, p.model);
}

fn figures_ui(ui: &mut Ui, training: &DigitTraining) {
    let dash = || "–".to_owned();
    let speed = training.steps_per_second;
    let per_epoch = training.snapshot().map_or(0, |s| s.steps_per_epoch);
    // Of the run there is, not of the next one.
    let config = training.running.as_ref().unwrap_or(&training.config);
    let epochs = config.schedule().epochs;
    let done = training.step.checked_div(per_epoch).unwrap_or(0);
    let left = (training.total.saturating_sub(training.step)) as f64 / speed;
    let moving = training.is_running() && speed > 0.0;
    let columns = [
        ("epoch", format!("{done} / {epochs}")),
        (
            "steps/s",
            if speed > 0.0 {
                format!("{speed:.1}")
            } else {
                dash()
            },
        ),
        (
            "time left",
            if moving {
                number::duration(left)
            } else {
                dash()
            },
        ),
    ];
    let width = ui.available_width();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 1.0);
        for ((name, value), share) in columns.into_iter().zip([0.4, 0.28, 0.32]) {
            ui.vertical(|ui| {
                ui.set_width(share * width);
                ui.label(RichText::new(value).family(theme::semibold()));
                ui.label(RichText::new(name).small().weak());
            });
        }
    });
}

/// The loss over the steps, in `height` points.
pub fn loss_ui(ui: &mut Ui, training: &DigitTraining, height: f32) {
    let p = theme::palette(ui);
    let (curve, _) = training.curves();
    ui.horizontal(|ui| {
        ui.label(RichText::new("Loss").family(theme::semibold()));
        let value = curve.loss().map_or("–".to_owned(), |l| format!("{l:.3}"));
        ui.label(RichText::new(value).color(p.model));
        if !training.is_started() && !curve.is_empty() {
            ui.label(RichText::new("of the pretrained network").weak());
        }
    });
    let (place, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let top = curve
        .smooth()
        .iter()
        .skip(curve.smooth().len() / 50)
        .map(|at| at[1] as f32)
        .fold(0.0, f32::max);
    let last = curve.raw().last().map_or(1.0, |at| at[0] as f32);
    let chart = Chart {
        rect: Rect::from_min_max(
            pos2(place.left() + 40.0, place.top() + 6.0),
            pos2(place.right() - 6.0, place.bottom() - 20.0),
        ),
        x: [0.0, last.max(10.0)],
        y: [0.0, nice_ceil(top.max(1e-3))],
    };
    let y = [0.0, 0.5, 1.0].map(|share| (share * chart.y[1], tick(share * chart.y[1])));
    let x = [0.0, last.max(10.0)].map(|v| (v, number::grouped(v as u64)));
    let painter = ui.painter();
    chart.axes(painter, p, &x, &y);
    let points = |series: &[[f64; 2]]| -> Vec<[f32; 2]> {
        series.iter().map(|at| at.map(|v| v as f32)).collect()
    };
    let pale = Stroke::new(1.0, theme::faint(p.model, 0.35));
    chart.line(painter, points(curve.raw()), LineKind::Solid, pale);
    let line = Stroke::new(2.2, p.model);
    chart.line(painter, points(curve.smooth()), LineKind::Solid, line);
    if curve.raw().is_empty() {
        let font = egui::FontId::proportional(14.0);
        let middle = chart.rect.center();
        let text = "Press Train (T)";
        painter.text(middle, egui::Align2::CENTER_CENTER, text, font, p.muted);
    }
}
