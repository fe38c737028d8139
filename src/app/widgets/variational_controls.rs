//! The ladder of seed 002 and the settings of its next run, for both lessons: all that the command
//! line can set.

use egui::{CollapsingHeader, ComboBox, DragValue, Ui, vec2};

use super::form::{choice_ui, grid, row};
use super::notes;
use crate::app::digits::training::DigitTraining;
use crate::data::Dataset;
use crate::flow::variational::Form;
use crate::train::TimeSampling;
use crate::train::images::variational::{LossTerm, Net, Reduction, Rung, Target};
use crate::train::images::{ImageConfig, VariationalSettings};

/// Width of a menu, in points.
const MENU: f32 = 130.0;

/// The rungs, the noise, the weights and the floor of the next run, and its networks.
pub fn ladder_ui(ui: &mut Ui, training: &mut DigitTraining) {
    let ImageConfig::Variational(settings) = &mut training.config else {
        return;
    };
    notes::heading(ui, "Ladder of the seed");
    rungs_ui(ui, settings);
    grid(ui, "variational settings", |ui| {
        let hint = "As in Cho’s code the noise is in the target only, with the sign that points \
                    away; consistent, one end of the line is the noisy x.";
        let all = Form::ALL.map(|form| (form, form.label().to_owned()));
        choice_ui(ui, "Noise enters", hint, &mut settings.form, all, MENU);
        let hint = "Standard deviation σ of the observation noise; 0 turns it off. Seed 002 has \
                    σ² = 0.01.";
        let noise = DragValue::new(&mut settings.noise).range(0.0..=1.0);
        row(ui, "Noise σ", hint, noise.speed(0.002).max_decimals(3));
        term_ui(ui, "Weight of mse", &mut settings.mse);
        term_ui(ui, "Weight of KL", &mut settings.kl);
        term_ui(ui, "Weight of prior", &mut settings.prior);
    });
    // Its name would widen the column of names beyond the panel.
    ui.horizontal(|ui| floor_ui(ui, settings));
    CollapsingHeader::new("Networks, times and data")
        .show(ui, |ui| networks_ui(ui, settings))
        .header_response
        .on_hover_text("The rest of what can be set, as on the command line");
}

fn rungs_ui(ui: &mut Ui, settings: &mut VariationalSettings) {
    let points = settings.dataset.points().is_some();
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
        let hint = "The numbers of Cho’s own code: sums beside a mean, the ReLU on the prior, the \
                    noise in the target only, and on pictures networks as wide as there, which are \
                    slow without a GPU.";
        let seeds = ui.button("The seed’s numbers").on_hover_text(hint);
        if seeds.clicked() {
            *settings = settings.clone().as_in_the_seed();
        }
    });
}

fn floor_ui(ui: &mut Ui, settings: &mut VariationalSettings) {
    let hint = "The logarithm of the prior’s variance never falls below this. At 0 the variance \
                is 1 at least, as behind the ReLU of Cho’s code.";
    let mut floored = settings.floor.is_some();
    ui.checkbox(&mut floored, "Floor of ln variance")
        .on_hover_text(hint);
    if floored != settings.floor.is_some() {
        settings.floor = floored.then_some(0.0);
    }
    if let Some(floor) = &mut settings.floor {
        let floor = DragValue::new(floor).range(-20.0..=20.0).speed(0.05);
        let name = ui.add(floor.max_decimals(2)).on_hover_text(hint);
        named(&name, "Floor");
    }
}

/// The networks, how times are drawn, where samples start, and in the plane the data.
fn networks_ui(ui: &mut Ui, settings: &mut VariationalSettings) {
    grid(ui, "variational networks", |ui| {
        if let Some(dataset) = settings.dataset.points().cloned() {
            let mut chosen = dataset;
            let hint = "What the next run learns to draw.";
            let all = Dataset::ALL.map(|dataset| (dataset.clone(), dataset.label()));
            choice_ui(ui, "Data", hint, &mut chosen, all, MENU);
            settings.dataset = Target::Points(chosen);
            let hint = "Width of the networks.";
            let hidden = DragValue::new(&mut settings.hidden).range(1..=4096);
            row(ui, "Hidden", hint, hidden);
            let hint = "Pairs of layers between the first and the last.";
            let blocks = DragValue::new(&mut settings.blocks).range(0..=64);
            row(ui, "Blocks", hint, blocks.speed(0.05));
        } else {
            let hint = "Plain convolutions, with which the seed began, or U-Nets.";
            let all = [(Net::Conv, "Plain"), (Net::Unet, "U-Net")];
            let all = all.map(|(net, name)| (net, name.to_owned()));
            choice_ui(ui, "Net", hint, &mut settings.net, all, MENU);
            let plain = settings.net == Net::Conv;
            widths_ui(ui, "Channels", &mut settings.widths, plain);
            widths_ui(ui, "Posterior’s", &mut settings.posterior_widths, plain);
        }
        let hint = "How the times of a batch are drawn.";
        let all = TimeSampling::ALL.map(|time| (time, time.label()));
        choice_ui(ui, "Times", hint, &mut settings.time, all, MENU);
        let hint = "Learn mean and variance of the z of all data, so that samples can start where \
                    the network was trained. Needs a posterior.";
        let posterior = settings.posterior;
        let learned = egui::Checkbox::new(&mut settings.aggregate, "Learn where z lies");
        ui.add_enabled(posterior, learned).on_hover_text(hint);
        ui.end_row();
    });
}

/// Channels of each level, the full picture first.
fn widths_ui(ui: &mut Ui, name: &str, widths: &mut [usize], plain: bool) {
    let hint = "Channels of each level, the full picture first; a plain net takes the first only. \
                Seed 002 has 128, 128, 128, 256.";
    ui.label(name).on_hover_text(hint);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        let count = if plain { 1 } else { widths.len() };
        for (level, width) in widths.iter_mut().take(count).enumerate() {
            let width = DragValue::new(width).range(1..=1024);
            let response = ui.add(width).on_hover_text(hint);
            named(&response, &format!("{name}, level {}", level + 1));
        }
    });
    ui.end_row();
}

/// A name for readers of the screen where no label stands beside a value.
fn named(response: &egui::Response, name: &str) {
    response
        .ctx
        .accesskit_node_builder(response.id, |node| node.set_label(name));
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
