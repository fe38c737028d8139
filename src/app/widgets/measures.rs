//! Figures of the flow on the stage, each beside what the truth itself would get.

use egui::{CollapsingHeader, Grid, Label, RichText, Ui, vec2};

use crate::app::background::Background;
use crate::app::lesson::Lab;
use crate::app::theme;
use crate::app::training::{Staged, WeightsChoice};
use crate::kernel::Mlp;
use crate::train::batch;
use crate::train::measure::{self, Band, Measures, Settings, Subject};
use crate::train::mover::Mover;

/// Samples that are measured.
const POINTS: usize = 4000;

/// What was measured last, and the thread that measures.
#[derive(Default)]
pub struct Measuring {
    work: Option<Background<u64, Result<Shown, String>>>,
    asked: u64,
}

struct Shown {
    of: String,
    rows: Vec<Row>,
}

/// One figure.
struct Row {
    name: &'static str,
    hint: &'static str,
    value: f64,
    truth: Option<Band>,
}

impl Measuring {
    /// Whether something is being measured.
    pub fn is_busy(&self) -> bool {
        self.work.as_ref().is_some_and(Background::is_busy)
    }

    /// Draws the fold; a button measures the network of `weights` or the exact field as it is now.
    pub fn ui(&mut self, ui: &mut Ui, lab: &Lab, weights: WeightsChoice, settings: Settings) {
        let fold = CollapsingHeader::new("Measure").show(ui, |ui| {
            let staged = lab.training.staged_by(weights);
            let busy = self.is_busy();
            ui.horizontal(|ui| {
                let hint = "Sends 4000 points along the network’s flow and compares them with true \
                            points. It takes a few seconds; the training goes on.";
                let there = staged.is_some() && !busy;
                let network = ui.add_enabled(there, egui::Button::new("Measure the network"));
                if network.on_hover_text(hint).clicked() {
                    self.ask(lab, settings, staged.clone());
                }
                let there = lab.training.route().has_exact() && !busy;
                let exact = ui.add_enabled(there, egui::Button::new("The exact field"));
                let hint = "The same for the exact field: what no network can beat with this \
                            solver and as many steps.";
                if exact.on_hover_text(hint).clicked() {
                    self.ask(lab, settings, None);
                }
            });
            if busy {
                ui.label("Measuring…");
            }
            match self.work.as_ref().and_then(Background::value).as_deref() {
                None => {}
                Some(Err(error)) => {
                    ui.add(Label::new(error).wrap());
                }
                Some(Ok(shown)) => shown_ui(ui, shown),
            }
        });
        let hint = "How far the samples are from the data, in numbers";
        fold.header_response.on_hover_text(hint);
    }

    /// Measures the network, or the exact field where there is none.
    fn ask(&mut self, lab: &Lab, settings: Settings, network: Option<Staged>) {
        let route = match &network {
            Some(staged) => staged.route(),
            None => lab.training.route(),
        };
        let steps = match settings.solver.is_adaptive() {
            true => String::new(),
            false => format!(", {} steps", settings.steps),
        };
        let solver = settings.solver.label();
        let whose = network.as_ref().map_or_else(
            || "The exact field".to_owned(),
            |staged| format!("{}: {}", staged.name, staged.label),
        );
        let of = format!("{whose}; {solver}{steps}");
        self.asked += 1;
        let work = self.work.get_or_insert_with(|| lab.background());
        work.ask(self.asked, move |job| {
            let source = match network {
                Some(staged) => Mlp::try_new(&staged.weights)
                    .map(|mlp| Mover::Model(Box::new(mlp)))
                    .map_err(|error| error.to_string()),
                None => (route.exact())
                    .map(|field| Mover::Exact(Box::new(field)))
                    .ok_or_else(|| "there is no exact field".to_owned()),
            };
            let made = source.and_then(|source| {
                let x0 = batch::noise_from(&route.source, settings.seed, POINTS);
                let x0: Vec<f64> = x0.into_iter().map(f64::from).collect();
                let subject = Subject {
                    source,
                    dataset: route.dataset,
                    start: route.source,
                    path: route.path,
                };
                let measures = job
                    .pool
                    .install(|| measure::measure(&subject, &settings, &x0))
                    .map_err(|error| error.to_string())?;
                let rows = rows(&subject, &measures);
                Ok(Shown { of, rows })
            });
            job.show(made);
        });
    }
}

fn rows(subject: &Subject, measures: &Measures) -> Vec<Row> {
    let null = &measures.null;
    let row = |name, hint, value: Option<f64>, truth: Option<Band>| {
        Some(Row {
            name,
            hint,
            value: value?,
            truth,
        })
    };
    let cells = subject.dataset.boxes().zip(measures.cell_mass.as_ref());
    let cells = cells.map(|(boxes, mass)| {
        let pairs = mass.iter().zip(&boxes.boxes);
        pairs
            .map(|(m, cell)| (m - cell.weight).abs())
            .fold(0.0, f64::max)
    });
    let all = [
        row(
            "Off support",
            "Share of the samples outside the cells.",
            measures.off_support,
            measures.off_support.map(|_| Band::default()),
        ),
        row(
            "Cell masses",
            "Largest distance of a cell’s share from its true mass.",
            cells,
            null.cell_mass,
        ),
        row(
            "W₂",
            "Exact Wasserstein distance of 1000 samples to 1000 true points.",
            Some(measures.w2),
            Some(null.w2),
        ),
        row(
            "Sliced W₂",
            "Mean Wasserstein distance along 64 directions.",
            Some(measures.sliced_w2),
            Some(null.sliced_w2),
        ),
        row(
            "Energy distance",
            "2 E|x − y| − E|x − x′| − E|y − y′| of samples x and true points y.",
            Some(measures.energy_distance),
            Some(null.energy_distance),
        ),
        row(
            "MMD",
            "Maximum mean discrepancy with Gaussian kernels.",
            Some(measures.mmd),
            Some(null.mmd),
        ),
        row(
            "NLL gap",
            "Mean of −ln p over true points, above their entropy: KL(data ‖ model).",
            measures.nll_gap,
            null.nll_gap,
        ),
        row(
            "Straightness",
            "How far the velocity strays from x₁ − x₀ on the way, squared; 0 for straight paths. \
             The truth is the exact flow.",
            Some(measures.straightness),
            null.straightness,
        ),
        row(
            "Round trip",
            "Distance between the noise and what comes back from the samples. The truth is the \
             exact flow with the same solver.",
            Some(measures.round_trip),
            null.round_trip,
        ),
    ];
    all.into_iter().flatten().collect()
}

fn shown_ui(ui: &mut Ui, shown: &Shown) {
    let p = theme::palette(ui);
    ui.add(Label::new(RichText::new(&shown.of).small().weak()).wrap());
    Grid::new("measures")
        .num_columns(4)
        .spacing(vec2(8.0, 3.0))
        .show(ui, |ui| {
            for head in ["", "", "truth", "within"] {
                ui.label(RichText::new(head).small().weak());
            }
            ui.end_row();
            for row in &shown.rows {
                ui.label(row.name).on_hover_text(row.hint);
                let value = RichText::new(number(row.value)).family(theme::semibold());
                ui.label(value);
                let Some(truth) = row.truth else {
                    ui.label("–");
                    ui.label("–");
                    ui.end_row();
                    continue;
                };
                let band = format!(
                    "{}\u{2009}±\u{2009}{}",
                    number(truth.mean),
                    number(truth.sd)
                );
                ui.label(RichText::new(band).small());
                let (word, color) = match truth.holds(row.value) {
                    true => ("yes", p.exact),
                    false => ("no", p.error),
                };
                ui.label(RichText::new(word).color(color));
                ui.end_row();
            }
        });
    let hint = "Truth: mean ± standard deviation of the same figure between two independent sets \
                of true points. Within: not more than three of these above the mean.";
    ui.add(Label::new(RichText::new(hint).small().weak()).wrap());
}

/// Three digits that count, with a true minus sign.
fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size < 1e-5 => return "0".to_owned(),
        _ if size < 0.01 => 5,
        _ if size < 1.0 => 4,
        _ => 2,
    };
    format!("{value:.decimals$}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_what_counts() {
        assert_eq!(number(0.00123), "0.00123");
        assert_eq!(number(-0.5), "−0.5000");
        assert_eq!(number(12.345), "12.35");
        assert_eq!(number(1e-7), "0");
    }

    #[test]
    fn a_band_holds_what_is_as_good_as_the_truth() {
        let band = Band {
            mean: 0.1,
            sd: 0.01,
        };
        assert!(band.holds(0.12) && band.holds(0.0) && !band.holds(0.14));
        assert!(Band::default().holds(0.0) && !Band::default().holds(0.01));
    }
}
