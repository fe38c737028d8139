//! The side: training, the ladder, and the figures before and after.

use egui::{Button, CollapsingHeader, Grid, RichText, ScrollArea, Ui, vec2};

use super::Beside;
use super::ladder_picture::color;
use super::work::{STEPS, Shown};
use crate::app::digits::Part;
use crate::app::lesson::Lab;
use crate::app::theme;
use crate::app::widgets::loss_terms::{TERMS, terms_ui};
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::variational_controls::ladder_ui;
use crate::app::widgets::{digit_controls, digit_settings};
use crate::train::images::variational::{Origin, Rung};

/// Quality that counts as equal: this many times what two true sets differ by.
const GOOD: f64 = 4.0;

/// What stands on the stage.
pub enum What<'a> {
    /// One model, once it is made.
    One(Option<&'a Shown>),
    /// The rungs side by side.
    Rungs(Vec<Beside>),
}

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The run of the window shall stay beside the others.
    Keep,
    /// No kept run any more.
    Forget,
}

/// Everything beside the pictures; whether a run can be kept, and whether one is.
pub fn side_ui(
    ui: &mut Ui,
    lab: &mut Lab,
    what: &What<'_>,
    origin: &mut Origin,
    [room, kept]: [bool; 2],
) -> Option<Wish> {
    let mut wish = None;
    ui.spacing_mut().item_spacing.y = 8.0;
    digit_controls::run_ui(ui, &mut lab.digits, Part::Points, lab.training.device);
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            match what {
                What::One(Some(shown)) => {
                    figures_ui(ui, shown, &lab.digits.points.source().label);
                }
                What::One(None) => {}
                What::Rungs(beside) => rungs_ui(ui, beside),
            }
            origin_ui(ui, origin);
            wish = keep_ui(ui, room, kept);
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
    wish
}

/// Keeps the present run, or forgets those that were kept.
fn keep_ui(ui: &mut Ui, room: bool, kept: bool) -> Option<Wish> {
    let mut wish = None;
    ui.horizontal(|ui| {
        let hint = "Keeps your run as it is now beside the pretrained one. Then choose another rung, \
                    press Reset and Train, and compare. It is kept for as long as the window \
                    is open; Ctrl+S saves the run itself.";
        let keep = ui.add_enabled(room, Button::new("Keep this run"));
        if keep.on_hover_text(hint).on_disabled_hover_text(hint).clicked() {
            wish = Some(Wish::Keep);
        }
        let forget = ui.add_enabled(kept, Button::new("Forget kept runs"));
        let hint = "Leave the pretrained run and yours alone on the stage";
        if forget.on_hover_text(hint).on_disabled_hover_text(hint).clicked() {
            wish = Some(Wish::Forget);
        }
    });
    wish
}

/// What samples start from.
fn origin_ui(ui: &mut Ui, origin: &mut Origin) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        ui.label("Samples start from");
        for one in Origin::ALL {
            let hint = match one {
                Origin::Prior => {
                    "The prior p of the KL term, as in seed 002. The squared error draws q(z|x) \
                     together, so the z that the network was trained on lie closer than p."
                }
                Origin::Aggregate => {
                    "A normal with mean and variance of the z of all data, where the run learned \
                     them; of a run without, the prior."
                }
            };
            ui.selectable_value(origin, one, one.label())
                .on_hover_text(hint);
        }
    });
}

/// The rungs in figures.
fn rungs_ui(ui: &mut Ui, beside: &[Beside]) {
    let p = theme::palette(ui);
    notes::heading(ui, "Rungs, same noise");
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
    };
    Grid::new("rungs")
        .num_columns(5)
        .spacing(vec2(9.0, 4.0))
        .show(ui, |ui| {
            ui.label("");
            for (name, hint) in COLUMNS {
                ui.label(RichText::new(name).small().weak())
                    .on_hover_text(hint);
            }
            ui.end_row();
            for (slot, stand) in beside {
                let name = RichText::new(&stand.name).small().color(color(p, *slot));
                ui.label(name);
                for value in [
                    number(stand.variance(), 2),
                    number(Some(stand.straightness), 2),
                    number(stand.over_null(8), 1),
                    number(stand.over_null(64), 1),
                ] {
                    ui.label(RichText::new(value).family(theme::semibold()));
                }
                ui.end_row();
            }
        });
}

/// Heads of the rungs' table.
const COLUMNS: [(&str, &str); 4] = [
    (
        "variance",
        "Of the target at a point on the way, mean over coordinates, points and t: what no \
         network can remove.",
    ),
    (
        "bent",
        "∫E|(x1 − x0) − v|² dt, 0 for straight lines at constant speed.",
    ),
    (
        "8 steps",
        "Energy distance to the data as a multiple of that between two true sets.",
    ),
    (
        "64 steps",
        "Energy distance to the data as a multiple of that between two true sets.",
    ),
];

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
    let Some(null) = shown.null else {
        return;
    };
    let good = STEPS
        .iter()
        .zip(&shown.energy)
        .find(|(_, energy)| **energy <= GOOD * null);
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

const NOTES: [Note; 5] = [
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
        title: "Where samples start",
        formula: r#"q(z)=∫~q(z|x)~p_"data"(x)~"d"x"#,
        text: "The network is trained on the z of all data together. The squared error draws \
               q(z|x) together, so that q(z) is narrower than p: samples that start from p come \
               out too wide. Started from mean and variance of q(z) they fit.",
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
