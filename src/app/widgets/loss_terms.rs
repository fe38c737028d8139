//! The three curves of a variational run's loss.

use egui::{Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::chart::{Chart, LineKind, tick};
use super::notes;
use super::number;
use crate::app::curve::LossCurve;
use crate::app::digits::training::DigitTraining;
use crate::app::theme;

/// Names of a variational run's loss terms, in the order of the log.
pub const TERMS: [&str; 3] = ["mse", "KL", "prior"];

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
