//! The runs of the window, which are the legend of the loss plots: choose, rename, hide, remove.

use egui::{Button, Label, RichText, Sense, Stroke, TextEdit, Ui, vec2};

use super::number;
use crate::app::run::{Run, RunId};
use crate::app::theme;
use crate::app::training::{Card, Training};
use crate::train::{Command, RunState};

/// What a row asks for.
enum Wish {
    Choose(RunId),
    Pretrained,
    Rename(RunId),
    Show(RunId),
    Train(RunId),
    Remove(RunId),
}

/// Draws the list; without runs only its buttons.
pub fn run_list_ui(ui: &mut Ui, training: &mut Training) {
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.horizontal(|ui| {
        ui.label(RichText::new("Runs").family(theme::semibold()))
            .on_hover_text("Each run keeps its settings, its curve and its newest weights.");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let hint = "Show a run folder beside the others (Ctrl+O)";
            if ui.button("Open…").on_hover_text(hint).clicked() {
                training.wants = Some(Card::OpenRun);
            }
            let hint = "Train another run with the settings above; the others train on (N)";
            if ui.button("Beside").on_hover_text(hint).clicked() {
                training.start_beside();
            }
        });
    });
    if training.runs().is_empty() {
        return;
    }
    let renaming = ui.scope_id().with("renaming");
    let renamed: Option<RunId> = ui.data(|data| data.get_temp(renaming));
    let mut wish = None;
    let current = training.run().map(|run| run.id);
    pretrained_row(ui, current.is_none(), &mut wish);
    let ids: Vec<RunId> = training.runs().iter().map(|run| run.id).collect();
    for id in ids {
        let Some(run) = training.run_mut(id) else {
            continue;
        };
        if renamed == Some(id) {
            let field = TextEdit::singleline(&mut run.name).char_limit(40);
            let field = ui.name_inputs("Name of the run", |ui| ui.add(field));
            let field = field.on_hover_text("Enter keeps the name");
            field.request_focus();
            if field.lost_focus() || ui.input(|i| i.key_pressed(egui::Key::Escape)) {
                ui.data_mut(|data| data.remove::<RunId>(renaming));
                if run.name.trim().is_empty() {
                    run.name = format!("Run {id}");
                }
            }
        } else {
            row(ui, run, current == Some(id), &mut wish);
        }
    }
    match wish {
        None => {}
        Some(Wish::Choose(id)) => training.choose_run(id),
        Some(Wish::Pretrained) => training.choose_pretrained(),
        Some(Wish::Rename(id)) => {
            ui.data_mut(|data| data.insert_temp(renaming, id));
        }
        Some(Wish::Remove(id)) => training.remove(id),
        Some(Wish::Show(id)) => {
            if let Some(run) = training.run_mut(id) {
                run.shown = !run.shown;
            }
        }
        Some(Wish::Train(id)) => {
            if let Some(run) = training.run_mut(id) {
                let on = run.is_running();
                run.tell(if on { Command::Pause } else { Command::Run });
            }
        }
    }
}

fn pretrained_row(ui: &mut Ui, current: bool, wish: &mut Option<Wish>) {
    ui.horizontal(|ui| {
        ui.add_space(30.0);
        let name = Button::selectable(current, "Pretrained");
        let hint = "Put the network that comes with the program on the stage";
        if ui.add(name).on_hover_text(hint).clicked() && !current {
            *wish = Some(Wish::Pretrained);
        }
    });
}

fn row(ui: &mut Ui, run: &Run, current: bool, wish: &mut Option<Wish>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if swatch(ui, run).clicked() {
            *wish = Some(Wish::Show(run.id));
        }
        let name = Button::selectable(current, run.name.as_str()).truncate();
        let width = (ui.available_width() - 112.0).max(40.0);
        let size = vec2(width, ui.spacing().interact_size.y);
        let name = ui.allocate_ui_with_layout(
            size,
            egui::Layout::left_to_right(egui::Align::Center),
            |ui| ui.add(name),
        );
        let hint = format!("{}\nClick: put it on the stage. Twice: rename.", about(run));
        let name = name.inner.on_hover_text(hint);
        if name.double_clicked() {
            *wish = Some(Wish::Rename(run.id));
        } else if name.clicked() && !current {
            *wish = Some(Wish::Choose(run.id));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let button = ui.menu_button("…", |ui| menu(ui, run, wish)).response;
            let name = format!("What to do with {}", run.name);
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            button.on_hover_text(&name);
            let step = RichText::new(number::grouped(run.step)).small();
            let step = if run.is_running() { step } else { step.weak() };
            ui.add(Label::new(step).selectable(false));
        });
    });
}

fn menu(ui: &mut Ui, run: &Run, wish: &mut Option<Wish>) {
    let train = if run.is_running() {
        "Pause"
    } else {
        "Train on"
    };
    let show = if run.shown {
        "Hide the curve"
    } else {
        "Show the curve"
    };
    for (name, able, what) in [
        (train, !run.is_over(), Wish::Train(run.id)),
        ("Rename", true, Wish::Rename(run.id)),
        (show, true, Wish::Show(run.id)),
        ("Remove", true, Wish::Remove(run.id)),
    ] {
        if ui.add_enabled(able, Button::new(name)).clicked() {
            *wish = Some(what);
        }
    }
}

/// The run's line as the plots draw it; a click hides or shows it.
fn swatch(ui: &mut Ui, run: &Run) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(26.0, 24.0), Sense::click());
    let name = if run.shown {
        format!("Hide the curve of {}", run.name)
    } else {
        format!("Show the curve of {}", run.name)
    };
    let label = name.clone();
    response.widget_info(move || egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
    let p = theme::palette(ui);
    let share = if run.shown { 1.0 } else { 0.25 };
    let stroke = Stroke::new(2.4, theme::faint(theme::run(p, run.color), share));
    let (left, right) = (rect.left() + 2.0, rect.right() - 2.0);
    // The same styles as in the plots, to the scale of the swatch.
    let parts: &[(f32, f32)] = match run.color % 4 {
        0 => &[(0.0, 1.0)],
        1 => &[(0.0, 0.4), (0.6, 1.0)],
        2 => &[(0.0, 0.1), (0.3, 0.4), (0.6, 0.7), (0.9, 1.0)],
        _ => &[(0.0, 0.25), (0.375, 0.625), (0.75, 1.0)],
    };
    for (from, to) in parts {
        let x = egui::lerp(left..=right, *from)..=egui::lerp(left..=right, *to);
        ui.painter().hline(x, rect.center().y, stroke);
    }
    if response.has_focus() {
        let ring = Stroke::new(1.6, p.source);
        ui.painter()
            .rect_stroke(rect, 4.0, ring, egui::StrokeKind::Inside);
    }
    response.on_hover_text(name)
}

/// Where it stands and what it was trained with.
fn about(run: &Run) -> String {
    let state = match run.state {
        RunState::Preparing => "preparing",
        RunState::Paused => "paused",
        RunState::Running => "training",
        RunState::Finished => "finished",
        RunState::Failed => "stopped by an error",
    };
    let config = &run.config;
    format!(
        "{}, {state} at step {}\n{} × {}, batch {}, learning rate {}, seed {}",
        config.dataset.label(),
        number::grouped(run.step),
        config.hidden,
        config.layers,
        config.batch,
        config.lr,
        config.seed
    )
}
