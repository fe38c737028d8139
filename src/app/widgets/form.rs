//! Rows of a form of settings: a name on the left, what is set on the right.

use egui::{DragValue, Grid, Ui, vec2};

use super::bar_parts::menu_ui;

/// The two columns that rows stand in.
pub fn grid(ui: &mut Ui, id: &str, add: impl FnOnce(&mut Ui)) {
    Grid::new(id)
        .num_columns(2)
        .spacing(vec2(8.0, 6.0))
        .min_col_width(104.0)
        .show(ui, add);
}

/// A number; `hint` explains it under the pointer.
pub fn row(ui: &mut Ui, name: &str, hint: &str, value: DragValue<'_>) {
    let label = ui.label(name).on_hover_text(hint).id;
    ui.add(value).labelled_by(label).on_hover_text(hint);
    ui.end_row();
}

/// One of several choices, in a menu of `width` points; a value that is none of them is "Other".
pub fn choice_ui<T: PartialEq, const N: usize>(
    ui: &mut Ui,
    name: &str,
    hint: &str,
    value: &mut T,
    all: [(T, String); N],
    width: f32,
) {
    let all = all.map(|(choice, text)| (choice, text, ""));
    menu_ui(ui, name, hint, width, value, all);
    ui.end_row();
}
