//! The ladder of seed 002, the weights of its loss and its three curves, for both lessons.

use egui::{ComboBox, DragValue, Grid, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::chart::{Chart, LineKind, tick};
use super::notes;
use super::number;
use crate::app::curve::LossCurve;
use crate::app::digits::training::DigitTraining;
use crate::app::theme;
use crate::flow::variational::Form;
use crate::train::images::ImageConfig;
use crate::train::images::variational::{LossTerm, Reduction, Rung};

/// Names of a variational run's loss terms, in the order of the log.
pub const TERMS: [&str; 3] = ["mse", "KL", "prior"];

/// The rungs, the form of the noise, the weights and the floor of the next run.
pub fn ladder_ui(ui: &mut Ui, training: &mut DigitTraining) {
    let ImageConfig::Variational(settings) = &mut training.config else {
        return;
    };
    let points = settings.dataset.points().is_some();
    notes::heading(ui, "Ladder of the seed");
    let here = Rung::of(settings);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for rung in Rung::ALL {
            // In the plane there is no net to change.
            if points && rung == Rung::Unet {
                continue;
            }
            let hint = "Train with all that the seed’s story has up to here. It applies to the \
                        next run: press Reset, then Train.";
            let chosen = ui.selectable_label(here == Some(rung), rung.label());
            if chosen.on_hover_text(hint).clicked() {
                rung.apply(settings);
            }
        }
    });
    Grid::new("variational settings")
        .num_columns(2)
        .spacing(vec2(8.0, 6.0))
        .min_col_width(104.0)
        .show(ui, |ui| {
            let label = ui.label("Noise enters").id;
            let combo = ComboBox::from_id_salt("form of the noise")
                .width(130.0)
                .selected_text(settings.form.label())
                .show_ui(ui, |ui| {
                    for form in Form::ALL {
                        ui.selectable_value(&mut settings.form, form, form.label());
                    }
                })
                .response;
            combo.labelled_by(label).on_hover_text(
                "As in Cho’s code the noise is in the target only, with the sign that points \
                 away; consistent, one end of the line is the noisy x.",
            );
            ui.end_row();
            term_ui(ui, "Weight of mse", &mut settings.mse);
            term_ui(ui, "Weight of KL", &mut settings.kl);
            term_ui(ui, "Weight of prior", &mut settings.prior);
            let mut floored = settings.floor.is_some();
            let hint =
                "The prior’s variance never falls below 1, as behind the ReLU of Cho’s code.";
            ui.checkbox(&mut floored, "Variance ≥ 1")
                .on_hover_text(hint);
            if floored != settings.floor.is_some() {
                settings.floor = floored.then_some(0.0);
            }
            ui.end_row();
        });
}

fn term_ui(ui: &mut Ui, name: &str, term: &mut LossTerm) {
    let hint = "Weight, and how the term is brought to one number: mean over batch and \
                coordinates; sum over coordinates and mean over the batch; or sum over all.";
    let label = ui.label(name).on_hover_text(hint).id;
    ui.horizontal(|ui| {
        let weight = DragValue::new(&mut term.weight)
            .range(0.0..=1e4)
            .speed(0.01);
        ui.add(weight).labelled_by(label).on_hover_text(hint);
        let combo = ComboBox::from_id_salt(name)
            .width(72.0)
            .selected_text(term.reduction.to_string())
            .show_ui(ui, |ui| {
                for reduction in Reduction::ALL {
                    let text = reduction.to_string();
                    ui.selectable_value(&mut term.reduction, reduction, text);
                }
            })
            .response;
        combo.labelled_by(label).on_hover_text(hint);
    });
    ui.end_row();
}

/// The terms over the steps, each on a scale of its own, `height` points each.
pub fn terms_ui(ui: &mut Ui, training: &DigitTraining, names: &[&str], height: f32) {
    let p = theme::palette(ui);
    notes::heading(ui, "Terms of the loss");
    let (_, parts) = training.curves();
    if parts.is_empty() {
        ui.label(RichText::new("Press Train (T) to see them.").weak());
        return;
    }
    let colors = [p.model, p.exact, p.error];
    for ((name, curve), color) in names.iter().zip(parts).zip(colors) {
        ui.horizontal(|ui| {
            ui.label(*name);
            let value = curve
                .loss()
                .map_or("–".to_owned(), |loss| format!("{loss:.3}"));
            ui.label(RichText::new(value).family(theme::semibold()).color(color));
        });
        let (place, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        chart(ui, curve, place, color);
    }
}

fn chart(ui: &Ui, curve: &LossCurve, place: Rect, color: egui::Color32) {
    let p = theme::palette(ui);
    // What a run starts from would flatten all that comes after.
    let late = curve.smooth().iter().skip(curve.smooth().len() / 10);
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    for at in late {
        (low, high) = (low.min(at[1] as f32), high.max(at[1] as f32));
    }
    if low > high {
        return;
    }
    let room = (high - low).max(1e-3 * high.abs()).max(1e-4);
    let last = curve
        .smooth()
        .last()
        .map_or(1.0, |at| at[0] as f32)
        .max(10.0);
    let chart = Chart {
        rect: Rect::from_min_max(
            pos2(place.left() + 46.0, place.top() + 4.0),
            pos2(place.right() - 6.0, place.bottom() - 18.0),
        ),
        x: [0.0, last],
        y: [low - 0.1 * room, high + 0.1 * room],
    };
    let round = |value: f32| {
        let decimals = (2.0 - room.log10()).ceil().clamp(0.0, 4.0) as i32;
        let factor = 10_f32.powi(decimals.min(3));
        tick((value * factor).round() / factor)
    };
    let y = [low, high].map(|value| (value, round(value)));
    let x = [0.0, last].map(|value| (value, number::grouped(value as u64)));
    chart.axes(ui.painter(), p, &x, &y);
    let points = |series: &[[f64; 2]]| -> Vec<[f32; 2]> {
        series.iter().map(|at| at.map(|v| v as f32)).collect()
    };
    let pale = Stroke::new(1.0, theme::faint(color, 0.3));
    chart.line(ui.painter(), points(curve.raw()), LineKind::Solid, pale);
    let line = Stroke::new(2.0, color);
    chart.line(ui.painter(), points(curve.smooth()), LineKind::Solid, line);
}
