//! The side: training, the ladder, and the figures before and after.

use egui::{CollapsingHeader, Grid, RichText, ScrollArea, Ui, vec2};

use super::work::{STEPS, Shown};
use crate::app::digits::Part;
use crate::app::lesson::Lab;
use crate::app::theme;
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::variational_controls::{TERMS, ladder_ui, terms_ui};
use crate::app::widgets::{digit_controls, digit_settings};
use crate::train::images::variational::Rung;

/// Quality that counts as equal: this many times what two true sets differ by.
const GOOD: f64 = 4.0;

/// Everything beside the pictures.
pub fn side_ui(ui: &mut Ui, lab: &mut Lab, shown: Option<&Shown>) {
    ui.spacing_mut().item_spacing.y = 8.0;
    digit_controls::run_ui(ui, &mut lab.digits, Part::Points, lab.training.device);
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            if let Some(shown) = shown {
                figures_ui(ui, shown, &lab.digits.points.source().label);
            }
            ladder_ui(ui, &mut lab.digits.points);
            terms_ui(ui, &lab.digits.points, &TERMS, 64.0);
            ui.add_space(4.0);
            CollapsingHeader::new("More settings")
                .show(ui, |ui| {
                    digit_settings::settings_ui(ui, &mut lab.digits.points);
                })
                .header_response
                .on_hover_text("How long, how fast and from which seed it trains");
            NOTES.iter().for_each(|note| notes::note_ui(ui, note));
        });
}

/// Variance, cost, straightness and evaluations, with the posterior and without.
fn figures_ui(ui: &mut Ui, shown: &Shown, label: &str) {
    let rung = Rung::of(&shown.settings).map_or("between two rungs", Rung::label);
    notes::heading(
        ui,
        &format!("On the stage: {label}, {}", rung.to_lowercase()),
    );
    let dash = || "–".to_owned();
    let of = |value: Option<f64>, digits: usize| {
        value.map_or_else(dash, |value| format!("{value:.digits$}"))
    };
    let floors = shown.floors.as_ref();
    let rows = [
        (
            "Target’s variance",
            "At a point on the way, mean over coordinates, points and t: the loss floor. What lies above \
             it the network could still learn.",
            [
                of(floors.map(|f| f.independent), 3),
                of(floors.map(|f| f.posterior), 3),
            ],
        ),
        (
            "Cost of a pair",
            "E|x − z|²: how long the lines are.",
            [
                format!("{:.2}", shown.cost[1]),
                format!("{:.2}", shown.cost[0]),
            ],
        ),
    ];
    Grid::new("before and after")
        .num_columns(3)
        .spacing(vec2(12.0, 4.0))
        .show(ui, |ui| {
            ui.label("");
            for name in ["independent", "posterior"] {
                ui.label(RichText::new(name).small().weak());
            }
            ui.end_row();
            for (name, hint, values) in rows {
                ui.label(name).on_hover_text(hint);
                for value in values {
                    ui.label(RichText::new(value).family(theme::semibold()));
                }
                ui.end_row();
            }
        });
    if let Some(floors) = floors {
        let less = 100.0 * (1.0 - floors.posterior / floors.independent);
        ui.label(format!("The posterior leaves {less:.0} % less to cancel."));
    }
    let straight = format!(
        "Straightness of the samples’ paths {:.3}",
        shown.straightness
    );
    ui.label(straight)
        .on_hover_text("∫E|(x1 − x0) − v|² dt, 0 for straight lines at constant speed.");
    let Some(null) = &shown.null else {
        return;
    };
    let good = STEPS
        .iter()
        .zip(&shown.energy)
        .find(|(_, energy)| **energy <= GOOD * null.mean);
    let text = match good {
        Some((steps, _)) => format!("{steps} Euler steps come within {GOOD} × null"),
        None if shown.energy.len() < STEPS.len() => "Euler steps are being compared…".to_owned(),
        None => format!("No number of steps up to 64 comes within {GOOD} × null"),
    };
    ui.label(text).on_hover_text(
        "Evaluations of the field until the energy distance to the data is at most four times \
         that between two true sets of the same size.",
    );
}

const NOTES: [Note; 4] = [
    Note {
        title: "Why updates cancel",
        formula: r#"(x_1,z_1),(x_2,z_2)~~~(x_1,z_2),(x_2,z_1)"#,
        text: "Under a shared prior both pairings are equally likely. Where their lines cross, \
               the targets differ and the network can only learn the mean: the ink arrow.",
    },
    Note {
        title: "What the KL term costs",
        formula: r#""E"~"KL"(q(z|x)|p)="I"(x;z)+"KL"(q(z)|p)"#,
        text: "It holds the noise that the data leave together near the prior, but charges for \
               what z tells of x, too. With a large weight the posterior becomes the prior; with a \
               small one samples of the prior are no longer what the network was trained on.",
    },
    Note {
        title: "A mean beside two sums",
        formula: r#""mse"_{"mean"}+"KL"_{"sum"}+"prior"_{"sum"}"#,
        text: "In Cho’s code the first term is a mean over batch and coordinates, the others are \
               sums: the KL term weighs 784 × 64 times as much on MNIST, and the posterior is the \
               prior. Set the weights to sum to see it.",
    },
    Note {
        title: "The learned prior",
        formula: r#"{1|2}Σ[{(x-μ_p)^2|v_p}+"ln"~v_p]"#,
        text: "It takes over mean and variance of the data, so that the flow need not shift or \
               stretch. In Cho’s code the KL term pulls at ln v_p as well, which halves the \
               variance, and a ReLU keeps it at 1 or above.",
    },
];
