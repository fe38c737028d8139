//! Start, pause and reset of an image training, its settings and its loss.

use egui::{Button, DragValue, Grid, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::chart::{Chart, LineKind, nice_ceil, tick};
use super::number;
use crate::app::digits::training::DigitTraining;
use crate::app::digits::{Digits, Part};
use crate::app::theme;
use crate::device::DeviceChoice;
use crate::train::RunState;
use crate::train::images::{ImageConfig, LatentSettings, Schedule, VaeSettings};

/// The buttons, the progress and the figures of a run.
pub fn run_ui(ui: &mut Ui, digits: &mut Digits, part: Part, device: DeviceChoice) {
    let p = theme::palette(ui);
    ui.horizontal(|ui| {
        let training = digits.part(part);
        let name = match training.state {
            RunState::Preparing if training.is_running() => "Preparing…",
            _ if training.is_running() => "Pause",
            RunState::Paused if training.step > 0 => "Continue",
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

/// The settings of the next run.
pub fn settings_ui(ui: &mut Ui, training: &mut DigitTraining) {
    Grid::new("image run settings")
        .num_columns(2)
        .spacing(vec2(8.0, 6.0))
        .min_col_width(104.0)
        .show(ui, |ui| match &mut training.config {
            ImageConfig::Vae(settings) => vae_ui(ui, settings),
            ImageConfig::Latent(settings) => latent_ui(ui, settings),
            ImageConfig::Classifier(settings) => schedule_ui(ui, &mut settings.schedule),
            ImageConfig::Variational(settings) => schedule_ui(ui, &mut settings.schedule),
        });
    let p = theme::palette(ui);
    let (text, color) = if training.needs_reset() {
        ("Changed settings apply after Reset.", p.model)
    } else {
        (" ", p.muted)
    };
    ui.label(RichText::new(text).small().color(color));
}

fn vae_ui(ui: &mut Ui, settings: &mut VaeSettings) {
    schedule_ui(ui, &mut settings.schedule);
    let hint = "Weight of the KL term: more brings the codes closer to N(0, I), less keeps more \
                of the picture.";
    let kl = DragValue::new(&mut settings.kl).range(0.0..=100.0);
    row(ui, "KL weight", hint, kl.speed(0.01));
}

fn latent_ui(ui: &mut Ui, settings: &mut LatentSettings) {
    schedule_ui(ui, &mut settings.schedule);
    let hint = "Transformer blocks.";
    let depth = DragValue::new(&mut settings.depth).range(1..=12);
    row(ui, "Depth", hint, depth.speed(0.05));
    let hint = "Numbers of a token inside the network.";
    let mut heads_width = settings.width / 32;
    let width = DragValue::new(&mut heads_width).range(1..=12).speed(0.05);
    let width = width
        .custom_formatter(|n, _| format!("{}", 32.0 * n))
        .custom_parser(|text| text.parse::<f64>().ok().map(|n| (n / 32.0).round()));
    row(ui, "Width", hint, width);
    (settings.width, settings.heads) = (32 * heads_width.max(1), heads_width.max(1));
    let hint = "How often the label is hidden in training, so that guidance has a flow without \
                class to compare with.";
    let drop = DragValue::new(&mut settings.drop).range(0.0..=1.0);
    row(ui, "Label dropout", hint, drop.speed(0.005));
}

fn schedule_ui(ui: &mut Ui, schedule: &mut Schedule) {
    let hint = "Passes over the training images.";
    let epochs = DragValue::new(&mut schedule.epochs).range(1..=1000);
    row(ui, "Epochs", hint, epochs.speed(0.1));
    let hint = "Adam's learning rate.";
    let lr = DragValue::new(&mut schedule.lr).range(1e-6..=1e-1);
    let lr = lr
        .speed(1e-5)
        .custom_formatter(|n, _| format!("{n:.1e}").replace('-', "−"))
        .custom_parser(|text| text.replace('−', "-").parse().ok());
    row(ui, "Learning rate", hint, lr);
    let hint = "Images per step.";
    let batch = DragValue::new(&mut schedule.batch).range(1..=4096);
    row(ui, "Batch", hint, batch);
    let hint = "Seed of the weights and of every batch: equal seeds give equal runs.";
    let seed = DragValue::new(&mut schedule.seed).speed(0.1);
    row(ui, "Seed", hint, seed);
}

fn row(ui: &mut Ui, name: &str, hint: &str, value: DragValue<'_>) {
    let label = ui.label(name).on_hover_text(hint).id;
    ui.add(value).labelled_by(label).on_hover_text(hint);
    ui.end_row();
}

/// The loss over the steps, in `height` points.
pub fn loss_ui(ui: &mut Ui, training: &DigitTraining, height: f32) {
    let p = theme::palette(ui);
    let curve = &training.curve;
    ui.horizontal(|ui| {
        ui.label(RichText::new("Loss").family(theme::semibold()));
        let value = curve.loss().map_or("–".to_owned(), |l| format!("{l:.3}"));
        ui.label(RichText::new(value).color(p.model));
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
