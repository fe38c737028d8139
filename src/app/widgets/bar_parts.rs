//! Parts of the bar under a picture that several lessons have.

use egui::{Slider, Ui};

use super::icon::{Icon, Look, icon_button};

/// A slider with its name; both explain themselves under the pointer.
pub fn slider_ui(ui: &mut Ui, name: &str, hint: &str, slider: Slider<'_>) {
    let label = ui.label(name).on_hover_text(hint).id;
    ui.label_inputs_by(label, |ui| {
        let slider = ui.add(slider).on_hover_text(hint);
        slider.on_disabled_hover_text(hint)
    });
}

/// A die that draws again; `what` says what is drawn, such as `new noise`.
pub fn dice_ui(ui: &mut Ui, what: &str, seed: &mut u64) {
    let hint = format!("Draw {what} (R); seed {seed}");
    if icon_button(ui, Icon::Dice, 28.0, Look::Quiet, &hint).clicked() {
        *seed = seed.wrapping_add(1);
    }
}
