//! The table of vanilla against variational, as `flowlab eval` measured it.

use std::sync::OnceLock;

use egui::{Grid, RichText, Ui};
use serde::Deserialize;

use crate::app::theme;
use crate::app::widgets::{notes, number};

/// Reports of `flowlab eval --json`, beside the weights that they are of.
const REPORTS: &str = include_str!("../../../../assets/weights/variational/results.json");

/// One measured model.
#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    fid_lenet: f64,
    fid_lenet_error: f64,
    fid_null: f64,
    /// True digits with the grain that the samples keep; none without one.
    fid_grain: Option<f64>,
    label_confidence: f64,
    label_confidence_null: f64,
    trained_steps: u64,
    /// Euler steps.
    nfe: usize,
    n: usize,
}

/// The table, and in words which model is better.
pub fn table_ui(ui: &mut Ui) {
    let all = rows();
    let rows = most_steps(all);
    let Some(first) = rows.first() else {
        return;
    };
    notes::heading(ui, "Vanilla against variational");
    let strong = |text: String| RichText::new(text).family(theme::semibold());
    let few = all.iter().map(|row| row.nfe).min().unwrap_or_default();
    Grid::new("measured models")
        .num_columns(4)
        .min_row_height(20.0)
        .spacing(egui::vec2(10.0, 4.0))
        .show(ui, |ui| {
            ui.label("");
            ui.label(RichText::new("FID").small().weak()).on_hover_text(format!(
                "fid_lenet, the Fréchet distance of the classifier’s features to the test set, of \
                 samples by {} Euler steps: less is better.",
                first.nfe
            ));
            ui.label(RichText::new(format!("in {few}")).small().weak())
                .on_hover_text(format!(
                    "The same of samples by {few} steps from the same noise."
                ));
            ui.label(RichText::new("sure").small().weak())
                .on_hover_text(
                    "Mean of the largest probability that the classifier gives: more is better.",
                );
            ui.end_row();
            for row in &rows {
                let (name, net) = row.name.split_once(", ").unwrap_or((&row.name, ""));
                ui.label(name)
                    .on_hover_text(format!("{net}, {} steps", row.trained_steps));
                ui.label(strong(format!(
                    "{:.0} ± {:.0}",
                    row.fid_lenet, row.fid_lenet_error
                )));
                let quick = all
                    .iter()
                    .find(|other| other.nfe == few && other.name == row.name);
                ui.label(quick.map_or(String::new(), |quick| format!("{:.0}", quick.fid_lenet)));
                ui.label(strong(format!("{:.3}", row.label_confidence)));
                ui.end_row();
            }
            if let Some(grain) = rows.iter().find_map(|row| row.fid_grain) {
                ui.label("With grain").on_hover_text(
                    "True digits with the observation noise that the variational samples keep: \
                     the least that they can reach.",
                );
                ui.label(format!("{grain:.0}"));
                ui.end_row();
            }
            ui.label("True digits");
            ui.label(format!("{:.0}", first.fid_null));
            ui.label("");
            ui.label(format!("{:.3}", first.label_confidence_null));
            ui.end_row();
        });
    ui.label(RichText::new(verdict(&rows)).weak());
}

/// The reports with the most Euler steps, one of each model.
fn most_steps(rows: &[Row]) -> Vec<&Row> {
    let most = rows.iter().map(|row| row.nfe).max();
    rows.iter().filter(|row| Some(row.nfe) == most).collect()
}

/// What the figures say, and nothing more.
fn verdict(rows: &[&Row]) -> String {
    let best = rows
        .iter()
        .min_by(|a, b| a.fid_lenet.total_cmp(&b.fid_lenet));
    let vanilla = rows.iter().find(|row| row.name.starts_with("Vanilla"));
    let (Some(best), Some(vanilla)) = (best, vanilla) else {
        return String::new();
    };
    let after = format!(
        "{} samples each, after {} steps of batch 64.",
        best.n,
        number::grouped(best.trained_steps)
    );
    if std::ptr::eq(best, vanilla) {
        let grain = rows.iter().find_map(|row| row.fid_grain);
        let grain = grain.map_or(String::new(), |grain| {
            format!("True digits with the grain σ stand at {grain:.0}. ")
        });
        return format!(
            "Here vanilla is the better one; {after} {grain}What else it is due to was not \
             measured apart: a start that only nearly fits all z, three parts to learn in as many \
             steps."
        );
    }
    let gap = vanilla.fid_lenet - best.fid_lenet;
    let error = vanilla.fid_lenet_error.hypot(best.fid_lenet_error);
    let sure = if gap > 2.0 * error {
        "by more than twice the error"
    } else {
        "within the error"
    };
    format!(
        "{} is nearest to the test digits, {sure}; {after}",
        best.name
    )
}

fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| serde_json::from_str(REPORTS).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reports_are_read_whole() {
        let all: Vec<Row> = serde_json::from_str(REPORTS).unwrap();
        let rows = most_steps(&all);
        assert_eq!(rows.len(), 2, "both models with the same number of steps");
        assert!(rows[0].trained_steps == rows[1].trained_steps && rows[0].n == rows[1].n);
        assert!(all.iter().all(|row| row.fid_lenet > row.fid_null));
        assert!(rows.iter().any(|row| row.fid_grain.is_some()));
        assert!(!verdict(&rows).is_empty());
    }
}
