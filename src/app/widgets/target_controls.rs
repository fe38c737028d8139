//! What is learned: target, path, source, coupling and time law of the next run.

use egui::{CollapsingHeader, ComboBox, DragValue, Grid, RichText, Ui, vec2};

use super::run_controls::row;
use crate::app::training::{Card, Training};
use crate::data::{Dataset, Source};
use crate::flow::Scheduler;
use crate::flow::coupling::{Coupling, OT_NOTE};
use crate::train::time::TimeSampling;

/// Draws the choices, folded under a line that names them.
pub fn target_ui(ui: &mut Ui, training: &mut Training) {
    let title = format!("Target: {}", training.config.dataset.label());
    let fold = CollapsingHeader::new(title)
        .id_salt("target")
        .show(ui, |ui| {
            Grid::new("target choices")
                .num_columns(2)
                .spacing(vec2(8.0, 6.0))
                .min_col_width(72.0)
                .show(ui, |ui| rows(ui, training));
            ui.label(RichText::new(training.config.coupling.explanation()).small());
            ui.label(RichText::new(OT_NOTE).small().weak());
        });
    let hint = "Choose what the next run learns: data, path, source, coupling and times";
    fold.header_response.on_hover_text(hint);
}

fn rows(ui: &mut Ui, training: &mut Training) {
    let hint = "The distribution that the flow ends in. Applies to the next run.";
    row(ui, "Data", hint, |ui| data_ui(ui, training));
    let config = &mut training.config;
    if let Dataset::Checkerboard { grid, scale } = &mut config.dataset {
        let hint = "Cells along a side, and half the side of the board.";
        row(ui, "Grid, scale", hint, |ui| {
            ui.spacing_mut().interact_size.x = 48.0;
            ui.add(DragValue::new(grid).range(2..=16).speed(0.05));
            ui.add(DragValue::new(scale).range(0.5..=4.0).speed(0.01));
        });
    }
    let hint = "How noise turns into data: α and σ over t.";
    row(ui, "Path", hint, |ui| {
        let paths = Scheduler::ALL.map(|path| (path, path.label().to_string(), ""));
        let label = config.path.label().to_string();
        menu(ui, "path", label, &mut config.path, paths);
    });
    let hint = "Where the particles start. Only the Gaussian has an exact field.";
    row(ui, "Source", hint, |ui| {
        let noise = [Source::Gaussian, Source::Uniform];
        let data = Dataset::ALL.map(|dataset| Source::Data(Box::new(dataset)));
        let sources = noise.into_iter().chain(data);
        let sources = sources.map(|source| (source.clone(), source.label(), ""));
        let label = config.source.label();
        menu(ui, "source", label, &mut config.source, sources);
    });
    let hint = "Which noise point is paired with which data point in a batch.";
    row(ui, "Coupling", hint, |ui| {
        let all = Coupling::ALL.map(|c| (c, c.label(), c.explanation()));
        let label = config.coupling.label();
        menu(ui, "coupling", label, &mut config.coupling, all);
    });
    let hint = "How the times of a batch are drawn.";
    row(ui, "Times", hint, |ui| {
        let all = TimeSampling::ALL.map(|law| (law, law.label(), law.explanation()));
        let label = config.time.label();
        menu(ui, "times", label, &mut config.time, all);
    });
}

fn data_ui(ui: &mut Ui, training: &mut Training) {
    ComboBox::from_id_salt("data")
        .width(170.0)
        .truncate()
        .selected_text(training.config.dataset.label())
        .height(420.0)
        .show_ui(ui, |ui| {
            for choice in Dataset::ALL {
                let label = choice.label();
                ui.selectable_value(&mut training.config.dataset, choice, label);
            }
            ui.separator();
            for (name, card) in [
                ("Paint by hand…", Card::Paint),
                ("From an image…", Card::Image),
                ("From a table…", Card::Table),
            ] {
                if ui.selectable_label(false, name).clicked() {
                    training.wants = Some(card);
                }
            }
        });
}

fn menu<T: PartialEq>(
    ui: &mut Ui,
    id: &str,
    label: String,
    value: &mut T,
    choices: impl IntoIterator<Item = (T, String, &'static str)>,
) {
    ComboBox::from_id_salt(id)
        .width(170.0)
        .truncate()
        .selected_text(label)
        .show_ui(ui, |ui| {
            for (choice, name, hint) in choices {
                let entry = ui.selectable_value(value, choice, name);
                if !hint.is_empty() {
                    entry.on_hover_text(hint);
                }
            }
        });
}
