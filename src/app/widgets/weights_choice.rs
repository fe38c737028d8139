//! A menu of the weights that a panel may show: the current run, the pretrained network, any run.

use egui::{Color32, ComboBox, Response, Ui};

use crate::app::theme::{self, Palette};
use crate::app::training::{Staged, Training, WeightsChoice};

/// Draws the menu in `width` points and tells the chosen weights; none before there are any.
/// `id` tells the menus of one lesson apart.
pub fn weights_choice(
    ui: &mut Ui,
    id: impl std::hash::Hash + std::fmt::Debug,
    training: &Training,
    choice: &mut WeightsChoice,
    width: f32,
) -> Option<Staged> {
    let all = training.staged_all();
    if !all.iter().any(|(known, _)| known == choice) {
        // The run was removed.
        *choice = WeightsChoice::Current;
    }
    let chosen = all.iter().find(|(known, _)| known == choice);
    let text = chosen.map_or("no weights yet".to_owned(), |(choice, staged)| {
        name(*choice, staged)
    });
    let menu: Response = ui.name_inputs("Weights", |ui| {
        ComboBox::from_id_salt(("weights", id))
            .width(width)
            .truncate()
            .selected_text(text)
            .show_ui(ui, |ui| {
                for (known, staged) in &all {
                    ui.selectable_value(choice, *known, name(*known, staged))
                        .on_hover_text(&staged.label);
                }
            })
            .response
    });
    menu.on_hover_text("Which run's newest weights this shows");
    training.staged_by(*choice)
}

/// The colour of the weights: that of their run's curve, where a run was chosen.
pub fn weights_color(training: &Training, choice: WeightsChoice, p: &Palette) -> Color32 {
    let WeightsChoice::Run(id) = choice else {
        return p.model;
    };
    let run = training.runs().iter().find(|run| run.id == id);
    run.map_or(p.model, |run| theme::run(p, run.color))
}

/// The name of a choice in a menu.
pub fn name(choice: WeightsChoice, staged: &Staged) -> String {
    match choice {
        WeightsChoice::Current => format!("Current: {}", staged.name),
        WeightsChoice::Pretrained | WeightsChoice::Run(_) => staged.name.clone(),
    }
}
