//! Start, pause, step and reset of a training run, its figures and its settings.

use egui::{Button, CollapsingHeader, ComboBox, DragValue, Rect, RichText, Ui, pos2, vec2};

use super::form::grid;
use super::icon::{Icon, Look, icon_button};
use super::number;
use super::target_controls::target_ui;
use crate::app::run::Run;
use crate::app::theme;
use crate::app::training::Training;
use crate::train::{LrSchedule, Preset, RunState, ToyConfig};

/// Tooltip of what a running network cannot change.
const AT_RESET: &str = "Applies to the next run: press Reset.";

/// The buttons, the progress and the figures of the run.
pub fn run_ui(ui: &mut Ui, training: &mut Training) {
    let p = theme::palette(ui);
    ui.horizontal(|ui| {
        let running = training.is_running();
        let name = match training.run() {
            Some(run) if running && run.state == RunState::Preparing => "Preparing…",
            Some(_) if running => "Pause",
            Some(run) if run.state == RunState::Paused && run.step > 0 => "Continue",
            Some(run) if run.refuge().is_some() => "Go on",
            _ => "Train",
        };
        let text = RichText::new(name)
            .family(theme::semibold())
            .size(15.5)
            .color(p.on_accent);
        let width = (ui.available_width() - 178.0).max(80.0);
        let button = Button::new(text).fill(p.accent).min_size(vec2(width, 36.0));
        let hint = "Train from fresh weights, pause, go on (T). The window never waits for it. A run \
                    that has failed goes on from its last kept state, on the device chosen below.";
        if ui.add(button).on_hover_text(hint).clicked() {
            training.toggle();
        }
        let step = Button::new("Step").min_size(vec2(56.0, 36.0));
        if ui
            .add(step)
            .on_hover_text("One optimiser step, then pause (.)")
            .clicked()
        {
            training.step();
        }
        let reset = Button::new("Reset").min_size(vec2(60.0, 36.0));
        let hint =
            "Fresh weights with the settings below (Shift+R). Ctrl+Z brings the old run back.";
        if ui.add(reset).on_hover_text(hint).clicked() {
            training.reset();
        }
        if training.can_undo() {
            let hint = "Bring back the run before the reset (Ctrl+Z)";
            if icon_button(ui, Icon::Reset, 28.0, Look::Quiet, hint).clicked() {
                training.undo();
            }
        }
    });
    progress_ui(ui, training.run());
    figures_ui(ui, training.run(), &training.config);
}

/// The run and its settings under a fold, for lessons that are about something else.
pub fn folded_ui(ui: &mut Ui, training: &mut Training) {
    let fold = CollapsingHeader::new("Training").show(ui, |ui| {
        run_ui(ui, training);
        settings_ui(ui, training);
    });
    let hint = "Train a network for this lesson, and choose what it learns";
    fold.header_response.on_hover_text(hint);
}

fn progress_ui(ui: &mut Ui, run: Option<&Run>) {
    let p = theme::palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 5.0), egui::Sense::hover());
    let share = run.map_or(0.0, |run| run.step as f32 / run.config.steps.max(1) as f32);
    ui.painter().rect_filled(rect, 2.5, p.hairline);
    let done = rect.left() + rect.width() * share.clamp(0.0, 1.0);
    let done = Rect::from_min_max(rect.min, pos2(done, rect.bottom()));
    ui.painter().rect_filled(done, 2.5, p.model);
}

fn figures_ui(ui: &mut Ui, run: Option<&Run>, next: &ToyConfig) {
    let steps = run.map_or(next.steps, |run| run.config.steps);
    let step = run.map_or(0, |run| run.step);
    let speed = run
        .filter(|run| run.steps_per_second > 0.0)
        .map(|run| run.steps_per_second);
    let speed = speed.map_or("–".to_owned(), |s| {
        if s < 10.0 {
            format!("{s:.1}")
        } else {
            format!("{s:.0}")
        }
    });
    let left = run.filter(|run| !run.is_over()).and_then(Run::eta);
    let left = left.map_or("–".to_owned(), number::duration);
    let columns = [
        (
            "iteration",
            format!("{} / {}", number::grouped(step), number::grouped(steps)),
        ),
        ("steps/s", speed),
        ("time left", left),
    ];
    let width = ui.available_width();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 1.0);
        // The pair of step counts needs the most room.
        for ((name, value), share) in columns.into_iter().zip([0.46, 0.26, 0.28]) {
            ui.vertical(|ui| {
                ui.set_width(share * width);
                ui.label(RichText::new(value).family(theme::semibold()));
                ui.label(RichText::new(name).small().weak());
            });
        }
    });
}

/// The settings: the learning rate acts at once, the others on the next run.
pub fn settings_ui(ui: &mut Ui, training: &mut Training) {
    target_ui(ui, training);
    let wide = ui.available_width() - 112.0;
    grid(ui, "run settings", |ui| {
        preset_ui(ui, training, wide);
        learning_rate_ui(ui, training);
        let config = &mut training.config;
        let hint = "Points drawn afresh at each step.";
        let speed = (config.batch as f64 * 0.01).max(1.0);
        row(ui, "Batch", hint, |ui| {
            ui.add(
                DragValue::new(&mut config.batch)
                    .range(1..=1 << 20)
                    .speed(speed),
            )
            .on_hover_text(AT_RESET);
        });
        let hint = "Hidden layers of the network: their width × their number.";
        row(ui, "Width × depth", hint, |ui| {
            ui.spacing_mut().interact_size.x = 48.0;
            ui.add(DragValue::new(&mut config.hidden).range(1..=1024))
                .on_hover_text(AT_RESET);
            ui.label("×");
            ui.add(DragValue::new(&mut config.layers).range(1..=12).speed(0.05))
                .on_hover_text(AT_RESET);
            ui.label(RichText::new(config.activation.label()).weak());
        });
        let hint = "Seed of the weights and of every batch: equal seeds give equal runs.";
        row(ui, "Seed", hint, |ui| {
            ui.add(DragValue::new(&mut config.seed).speed(0.1))
                .on_hover_text(AT_RESET);
        });
        device_ui(ui, training, wide);
    });
    let (text, color) = if training.needs_reset() {
        ("Changed settings apply at reset.", theme::palette(ui).model)
    } else {
        (" ", theme::palette(ui).muted)
    };
    ui.label(RichText::new(text).small().color(color));
}

/// A line of the settings: a name and what is set, which share a tooltip.
pub(super) fn row(ui: &mut Ui, name: &str, hint: &str, add: impl FnOnce(&mut Ui)) {
    let label = ui.label(name).on_hover_text(hint).id;
    let set = ui.horizontal(|ui| ui.label_inputs_by(label, add));
    set.response.on_hover_text(hint);
    ui.end_row();
}

fn preset_ui(ui: &mut Ui, training: &mut Training, width: f32) {
    let mut preset = training.config.preset;
    row(
        ui,
        "Preset",
        "A named set of settings (Shift with Page Up and Page Down).",
        |ui| {
            ComboBox::from_id_salt("preset")
                .width(width)
                .truncate()
                .selected_text(preset.label())
                .show_ui(ui, |ui| {
                    for choice in Preset::ALL {
                        ui.selectable_value(&mut preset, choice, choice.label());
                    }
                });
        },
    );
    if preset != training.config.preset {
        training.choose(preset);
    }
}

fn learning_rate_ui(ui: &mut Ui, training: &mut Training) {
    let mut lr = training.config.lr;
    let speed = lr * 0.02;
    let mut schedule = training.config.lr_schedule;
    row(
        ui,
        "Learning rate",
        "Size of Adam's steps. Acts at once.",
        |ui| {
            ui.spacing_mut().interact_size.x = 64.0;
            ui.add(
                DragValue::new(&mut lr)
                    .range(1e-6..=1e6)
                    .speed(speed)
                    .max_decimals(6)
                    .custom_formatter(|value, _| scientific(value))
                    .custom_parser(|text| text.trim().replace('−', "-").parse().ok()),
            );
            let hint = "How the learning rate changes over the run. Applies at reset.";
            ComboBox::from_id_salt("schedule")
                .width(76.0)
                .selected_text(schedule.label())
                .show_ui(ui, |ui| {
                    for choice in LrSchedule::ALL {
                        ui.selectable_value(&mut schedule, choice, choice.label());
                    }
                })
                .response
                .on_hover_text(hint);
        },
    );
    training.config.lr_schedule = schedule;
    if lr != training.config.lr {
        training.set_learning_rate(lr);
    }
}

fn device_ui(ui: &mut Ui, training: &mut Training, width: f32) {
    let Training {
        device, devices, ..
    } = training;
    row(
        ui,
        "Device",
        "Where the next run trains. Automatic takes a real GPU if there is one.",
        |ui| {
            ComboBox::from_id_salt("device")
                .width(width)
                .selected_text(device.label())
                .show_ui(ui, |ui| {
                    for &choice in &*devices {
                        ui.selectable_value(device, choice, choice.label());
                    }
                });
        },
    );
}

/// 0.003 as 3e-3.
fn scientific(value: f64) -> String {
    if value <= 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let mut exponent = value.log10().floor();
    let mut mantissa = (value / 10f64.powf(exponent) * 100.0).round() / 100.0;
    if mantissa >= 10.0 {
        mantissa /= 10.0;
        exponent += 1.0;
    }
    format!("{mantissa}e{exponent}")
}

#[cfg(test)]
mod tests {
    use super::scientific;

    #[test]
    fn learning_rates_read_as_they_are_written() {
        for (value, text) in [
            (3e-3, "3e-3"),
            (1e-3, "1e-3"),
            (0.25, "2.5e-1"),
            (9.999e-4, "1e-3"),
        ] {
            assert_eq!(scientific(value), text);
            assert!((text.parse::<f64>().unwrap() / value - 1.0).abs() < 0.01);
        }
    }
}
