//! The settings of the next run of an image training.

use egui::{CollapsingHeader, DragValue, Label, RichText, TextEdit, Ui};

use super::form::{choice_ui, grid, row};
use super::path_picker::Wanted;
use crate::app::digits::training::DigitTraining;
use crate::app::theme;
use crate::train::images::{ImageConfig, LatentSettings, Normalise, Schedule, VaeSettings};
use crate::train::{LrSchedule, TimeSampling};

/// Width of a menu, in points.
const MENU: f32 = 110.0;

/// The settings of the next run.
pub fn settings_ui(ui: &mut Ui, training: &mut DigitTraining) {
    grid(ui, "image run settings", |ui| match &mut training.config {
        ImageConfig::Vae(settings) => vae_ui(ui, settings),
        ImageConfig::Latent(settings) => latent_ui(ui, settings),
        ImageConfig::Classifier(settings) => schedule_ui(ui, &mut settings.schedule),
        ImageConfig::Variational(settings) => schedule_ui(ui, &mut settings.schedule),
    });
    CollapsingHeader::new("More settings")
        .show(ui, |ui| more_ui(ui, training))
        .header_response
        .on_hover_text("What is seldom changed: rates, averages, the folder of pictures");
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

/// What is seldom changed.
fn more_ui(ui: &mut Ui, training: &mut DigitTraining) {
    grid(ui, "more image run settings", |ui| {
        slow_ui(ui, training.config.schedule_mut());
        match &mut training.config {
            ImageConfig::Vae(settings) => {
                let hint = "Epochs over which the KL weight grows from nothing. At once, the \
                                decoder would learn to ignore the code.";
                let warm = DragValue::new(&mut settings.kl_warmup).range(0.0..=1000.0);
                row(ui, "KL warm-up", hint, warm.speed(0.05));
            }
            ImageConfig::Latent(settings) => more_latent_ui(ui, settings),
            ImageConfig::Classifier(_) | ImageConfig::Variational(_) => {}
        }
    });
    // Points have no folder of pictures.
    let points = match &training.config {
        ImageConfig::Variational(settings) => settings.dataset.points().is_some(),
        _ => false,
    };
    if !points {
        training
            .data
            .show(ui, "Folder of IDX files (empty: MNIST):", Wanted::Folder);
        let folder = training.data.chosen();
        training.config.set_data(folder);
    }
    if training.config.data().is_some() {
        let text = "The next run learns from this set. The classifier that reads the samples \
                    knows the digits of MNIST only: of other pictures its readings say nothing.";
        ui.add(Label::new(RichText::new(text).small()).wrap());
    }
}

fn slow_ui(ui: &mut Ui, schedule: &mut Schedule) {
    let hint = "How the learning rate changes over the run.";
    let all = LrSchedule::ALL.map(|choice| (choice, choice.label().to_owned()));
    choice_ui(
        ui,
        "Rate over time",
        hint,
        &mut schedule.lr_schedule,
        all,
        MENU,
    );
    let hint = "Steps over which the learning rate grows from nothing at first.";
    let warm = DragValue::new(&mut schedule.warmup).range(0..=100_000);
    row(ui, "Warm-up steps", hint, warm);
    let hint = "Decay of the average of the weights that is shown and saved; off, the weights \
                themselves.";
    let label = ui.label("Average (EMA)").on_hover_text(hint).id;
    ui.horizontal(|ui| {
        let mut on = schedule.ema.is_some();
        ui.checkbox(&mut on, "")
            .labelled_by(label)
            .on_hover_text(hint);
        if on != schedule.ema.is_some() {
            schedule.ema = on.then_some(0.999);
        }
        if let Some(decay) = &mut schedule.ema {
            let decay = DragValue::new(decay).range(0.0..=0.9999).speed(1e-4);
            let decay = decay.max_decimals(4);
            ui.add(decay).labelled_by(label).on_hover_text(hint);
        }
    });
    ui.end_row();
}

fn more_latent_ui(ui: &mut Ui, settings: &mut LatentSettings) {
    let hint = "Points along one side of a token: 1 makes 16 tokens of a code, 2 makes 4.";
    let all = [1, 2, 4].map(|patch| (patch, patch.to_string()));
    choice_ui(ui, "Patch", hint, &mut settings.patch, all, MENU);
    let hint = "Noise that is left at the data.";
    let sigma = DragValue::new(&mut settings.sigma_min).range(0.0..=0.5);
    let sigma = sigma.speed(1e-4).max_decimals(4);
    row(ui, "σ at the end", hint, sigma);
    let hint = "How the times of a batch are drawn.";
    let all = TimeSampling::ALL.map(|time| (time, time.label()));
    choice_ui(ui, "Times", hint, &mut settings.time, all, MENU);
    let hint = "How codes are brought to the size of the noise: one factor, or each of the 64 \
                numbers by its own mean and spread.";
    let all = Normalise::ALL.map(|choice| (choice, choice.to_string()));
    choice_ui(ui, "Normalise by", hint, &mut settings.normalise, all, MENU);
    let hint = "The autoencoder whose codes the flow learns: the program’s own, or a run folder \
                that was saved in the lesson Autoencoder.";
    let label = ui.label("Autoencoder").on_hover_text(hint).id;
    let field = TextEdit::singleline(&mut settings.vae).desired_width(150.0);
    ui.add(field).labelled_by(label).on_hover_text(hint);
    ui.end_row();
}
