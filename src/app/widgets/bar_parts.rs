//! Parts of the bar under a picture that several lessons have.

use egui::{ComboBox, Slider, Ui};

use super::icon::{Icon, Look, icon_button};
use crate::flow::Solver;

/// A slider with its name; both explain themselves under the pointer.
pub fn slider_ui(ui: &mut Ui, name: &str, hint: &str, slider: Slider<'_>) {
    let label = ui.label(name).on_hover_text(hint).id;
    ui.label_inputs_by(label, |ui| {
        let slider = ui.add(slider).on_hover_text(hint);
        slider.on_disabled_hover_text(hint)
    });
}

/// A menu of `width` points with its name: each choice has a name and, unless it is empty, a line
/// that says what it does. A value that is none of them is "Other".
pub fn menu_ui<T: PartialEq>(
    ui: &mut Ui,
    name: &str,
    hint: &str,
    width: f32,
    value: &mut T,
    choices: impl IntoIterator<Item = (T, String, &'static str)>,
) {
    let label = ui.label(name).on_hover_text(hint).id;
    let choices: Vec<_> = choices.into_iter().collect();
    let shown = choices.iter().find(|(choice, ..)| choice == value);
    let shown = shown.map_or("Other".to_owned(), |(_, text, _)| text.clone());
    let menu = ComboBox::from_id_salt(name)
        .width(width)
        .selected_text(shown)
        .show_ui(ui, |ui| {
            for (choice, text, what) in choices {
                let row = ui.selectable_value(value, choice, text);
                if !what.is_empty() {
                    row.on_hover_text(what);
                }
            }
        });
    menu.response.labelled_by(label).on_hover_text(hint);
}

/// A menu of the solvers, of `width` points.
pub fn solver_ui(ui: &mut Ui, hint: &str, width: f32, solver: &mut Solver) {
    let all = Solver::ALL.into_iter();
    let choices = all.map(|solver| (solver, solver.label().to_owned(), ""));
    menu_ui(ui, "Solver", hint, width, solver, choices);
}

/// A die that draws again; `what` says what is drawn, such as `new noise`.
pub fn dice_ui(ui: &mut Ui, what: &str, seed: &mut u64) {
    let hint = format!("Draw {what} (R); seed {seed}");
    if icon_button(ui, Icon::Dice, 28.0, Look::Quiet, &hint).clicked() {
        *seed = seed.wrapping_add(1);
    }
}
