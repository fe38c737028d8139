//! The maps, the reading at a point, and the figures beside them.

use egui::{Rect, RichText, ScrollArea, Sense, Stroke, Ui, pos2, vec2};

use super::work::{GUESSES, Reading};
use super::{Likelihood, NEEDS};
use crate::app::lesson::Lab;
use crate::app::theme::{self, Palette};
use crate::app::widgets::heat_map;
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::places::{self, Heading};
use crate::app::widgets::readout::{Figure, pair, readout, signed};
use crate::app::widgets::run_controls;

/// Why there is no density of the network.
const NO_SOURCE: &str = "The density of this source is not known in closed form, hence neither \
                         that of the flow from it.";
/// Why there is no true density before the end.
const NO_WAY: &str = "On the way the true density is known for a Gaussian source alone: go to \
                      the data (End).";

impl Likelihood {
    /// Network, truth or difference.
    pub(super) fn map_ui(&mut self, ui: &mut Ui, lab: &mut Lab, index: usize, place: Rect) {
        let Some(known) = &self.known else { return };
        let extent = known.route.dataset.extent();
        let Some(stage) = places::stage(place, extent) else {
            return;
        };
        let p = theme::palette(ui);
        let painter = ui
            .painter()
            .with_clip_rect(stage.rect.intersect(ui.clip_rect()));
        stage.paint_axes(ui.painter(), p, false);
        let maps = self.maps.as_ref().and_then(|maps| maps.background.value());
        let [density, difference] = self.scales();
        let shown = maps.as_deref().and_then(|maps| match index {
            0 => Some((&maps.model, density)),
            1 => maps.truth.as_ref().map(|map| (map, density)),
            _ => maps.difference.as_ref().map(|map| (map, difference)),
        });
        match shown {
            Some((map, scale)) => {
                let rect = stage.rect;
                self.textures
                    .paint(&painter, index as u8, rect, map, scale, p);
            }
            None if index > 0 && known.field.is_none() => {
                places::notice(ui, stage.rect, NEEDS);
            }
            None if index == 0 && known.source.is_none() => {
                places::notice(ui, stage.rect, NO_SOURCE);
            }
            None if index == 1 && maps.is_some() => places::notice(ui, stage.rect, NO_WAY),
            None if lab.training.staged().is_none() => {
                places::notice(ui, stage.rect, "Train a network to see its density.");
            }
            None => {}
        }
        let has_map = shown.is_some();
        let figure = maps.as_deref().filter(|_| has_map).map(|maps| match index {
            2 => format!("TV = {:.3}", maps.variation),
            of => format!("∫p = {:.3}", maps.mass[of]),
        });
        if let Some(boxes) = known.boxes.as_ref().filter(|_| index != 1) {
            for b in &boxes.boxes {
                let corner = |at: [f64; 2]| stage.view.to_screen(stage.rect, at.map(|v| v as f32));
                let area = Rect::from_two_pos(corner(b.lo), corner(b.hi));
                let ink = if index == 0 { p.stage } else { p.ink };
                let line = Stroke::new(1.0, theme::faint(ink, 0.35));
                painter.rect_stroke(area, 0.0, line, egui::StrokeKind::Middle);
            }
        }
        if let Some(x) = self.x {
            let at = stage.view.to_screen(stage.rect, x.map(|v| v as f32));
            let radius = if lab.settings.lecture { 7.0 } else { 6.0 };
            painter.circle_stroke(at, radius, Stroke::new(4.0, p.ink));
            painter.circle_stroke(at, radius, Stroke::new(2.0, p.stage));
        }
        stage.paint_frame(ui.painter(), p);
        let side = maps.as_deref().map_or(0, |maps| maps.side);
        let hint = format!(
            "Midpoint rule on {side} × {side} points over [−{extent}, {extent}]². A density \
             integrates to one; what lies outside the square is missing."
        );
        let by = if self.hutchinson {
            "by Hutchinson’s estimate"
        } else {
            "by the exact divergence"
        };
        let (color, title, detail) = match index {
            0 => (p.model, "Network", by),
            1 => (p.exact, "Truth", "in closed form"),
            _ => (p.error, "Difference", "network less truth"),
        };
        let figure = figure.unwrap_or_default();
        Heading {
            color,
            title,
            detail,
            figure: &figure,
            short: figure.rsplit(' ').next().unwrap_or_default(),
            hint: if index == 2 {
                "TV = ½∫|Δ|, the total variation: the share of the mass that lies in the wrong \
                 place."
            } else {
                &hint
            },
        }
        .show(ui, &stage);
        let id = ui.scope_id().with(("likelihood map", index));
        self.point_ui(ui, &stage, id, index);
    }

    /// Mean likelihood and entropy; `small` leaves out what a narrow column has no room for.
    pub(super) fn summary_ui(&self, ui: &mut Ui, small: bool) {
        let means = self
            .means
            .as_ref()
            .and_then(|means| means.background.value());
        let means = means.as_deref();
        let entropy = (self.known.as_ref()).and_then(|known| known.route.dataset.entropy());
        let points = means.map_or(0, |means| means.n);
        let hint = format!(
            "Mean of −ln p of the network over {points} held-out points at the data, in nats, ± one \
             standard error."
        );
        let with_error = |value: Option<[f64; 2]>| {
            value.map_or("–".to_owned(), |[mean, error]| {
                if mean == f64::INFINITY {
                    return "∞".to_owned();
                }
                let mean = signed(mean, 3);
                let mean = mean.trim_start();
                if small {
                    mean.to_owned()
                } else {
                    format!("{mean}\u{2009}±\u{2009}{error:.3}")
                }
            })
        };
        if !small {
            title(ui, "Mean over the data, in nats");
        }
        let exact = means.map(|means| means.exact);
        let mut figures = vec![Figure {
            formula: r#"-"E ln"~p"#,
            value: with_error(exact),
            hint: &hint,
        }];
        let hutchinson = format!(
            "The same points with Hutchinson's estimate, {} probes: right on average, with more \
             spread.",
            self.probes
        );
        if !small {
            figures.push(Figure {
                formula: r#""with Hutchinson""#,
                value: with_error(means.map(|means| means.guess)),
                hint: &hutchinson,
            });
        }
        if let Some(entropy) = entropy {
            figures.push(Figure {
                formula: r#""entropy""#,
                value: format!("{entropy:.4}"),
                hint: "−∫q ln q of the target: no model has a smaller mean of −ln p. For eight \
                       cells of side 1 it is ln 8 = 2.0794.",
            });
            figures.push(Figure {
                formula: r#""gap""#,
                value: with_error(exact.map(|[mean, error]| [mean - entropy, error])),
                hint: "How far the network is from the best: the Kullback–Leibler divergence of \
                       the target from its density.",
            });
        }
        if small {
            // Above the button that leaves the lecture mode there is room for this many.
            let rows = ((ui.available_height() - 44.0) / 28.0).max(0.0) as usize;
            figures.truncate(rows);
        }
        readout(ui, &figures);
        if small && ui.available_height() > 130.0 {
            self.reading_ui(ui, true);
        }
    }

    /// ln p at the point, and the spread of Hutchinson's estimates.
    fn reading_ui(&self, ui: &mut Ui, small: bool) {
        let reading = (self.reading.as_ref()).and_then(|reading| reading.background.value());
        let Some(reading) = reading else { return };
        let p = theme::palette(ui);
        let heading = format!("At x = {}", pair(reading.x));
        title(ui, &heading);
        let mut figures = vec![Figure {
            formula: r#""ln"~p"#,
            value: signed(reading.exact, 3),
            hint: "The network's log-density at x and the time of the flow, with the exact \
                   divergence.",
        }];
        if !small {
            figures.push(Figure {
                formula: r#""Hutchinson""#,
                value: format!("±\u{2009}{:.3}", reading.spread),
                hint: "Standard deviation of the estimate: in the plane one probe gives the trace \
                       plus or minus J12 + J21, so k probes spread by |∫(J12 + J21) dt|/√k.",
            });
            if let Some(truth) = reading.truth {
                let value = if truth < -50.0 {
                    "−∞".to_owned()
                } else {
                    signed(truth, 3)
                };
                figures.push(Figure {
                    formula: r#""truth""#,
                    value,
                    hint: "The log-density of the target's path in closed form.",
                });
            }
        }
        readout(ui, &figures);
        if !small {
            strip(ui, &reading, p);
        }
    }

    pub(super) fn side_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 6.0;
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.summary_ui(ui, false);
                ui.add_space(10.0);
                self.reading_ui(ui, false);
                ui.add_space(8.0);
                run_controls::folded_ui(ui, &mut lab.training);
                ui.add_space(8.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
                heat_map::choice_ui(ui, &mut lab.settings.map);
            });
    }
}

const NOTES: [Note; 3] = [
    Note {
        title: "The density of a flow",
        formula: r#""ln"~p(x_1)="ln"~p_0(x_0)-∫_0^1"div"~v~"d"t"#,
        text: "Carry x back to the noise and add up by how much the flow spreads on the way: where \
               it spreads, the density thins.",
    },
    Note {
        title: "Hutchinson’s estimate",
        formula: r#""div"~v="E"_ε~ε^T{∂v|∂x}ε"#,
        text: "With random signs ε one product with the Jacobian replaces its whole trace. In the \
               plane the trace is cheap and both are shown; among thousands of pixels only the \
               estimate can be paid for.",
    },
    Note {
        title: "How good can it be",
        formula: r#""E"[-"ln"~p]-H="KL"≥0"#,
        text: "The mean of −ln p over the data is never below their entropy. The gap is what the \
               network still has to learn.",
    },
];

fn title(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).family(theme::semibold()));
}

/// Estimates as dots over an axis of ln p, with the exact value and the truth as lines.
fn strip(ui: &mut Ui, reading: &Reading, p: &Palette) {
    let size = vec2(ui.available_width(), 74.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let spoken = format!(
        "Hutchinson's estimates of ln p: {:.2} plus or minus {:.2}",
        reading.exact, reading.spread
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
    let painter = ui.painter();
    let half = round_half(1.15 * reading.reach);
    let middle = reading.exact;
    let room = rect.shrink2(vec2(12.0, 0.0));
    let x = |value: f64| {
        let share = 0.5 + 0.5 * (value - middle) / half;
        egui::lerp(room.x_range(), share as f32)
    };
    let (top, bottom) = (rect.top() + 4.0, rect.bottom() - 20.0);
    painter.hline(rect.x_range(), bottom, Stroke::new(1.0, p.hairline));
    // Equal estimates stand on one another.
    let mut stacks: Vec<(f64, usize)> = Vec::new();
    for guess in &reading.guesses {
        let index = match stacks.iter().position(|(at, _)| (at - guess).abs() < 1e-9) {
            Some(index) => index,
            None => {
                stacks.push((*guess, 0));
                stacks.len() - 1
            }
        };
        stacks[index].1 += 1;
    }
    let tallest = stacks.iter().map(|(_, n)| *n).max().unwrap_or(1);
    let step = ((bottom - top - 4.0) / tallest as f32).min(6.0);
    for (at, n) in &stacks {
        for level in 0..*n {
            let y = bottom - 3.5 - step * level as f32;
            painter.circle_filled(pos2(x(*at), y), 2.6, theme::faint(p.model, 0.8));
        }
    }
    let line = Stroke::new(2.0, p.ink);
    painter.vline(x(reading.exact), top..=bottom, line);
    if let Some(truth) = reading.truth.filter(|truth| (truth - middle).abs() < half) {
        let line = Stroke::new(2.0, p.exact);
        painter.vline(x(truth), top..=bottom, line);
    }
    let font = egui::FontId::proportional(12.5);
    let below = |at: f64, align: egui::Align2| {
        let text = signed(at, 2);
        let at = pos2(x(at), bottom + 4.0);
        painter.text(at, align, text.trim_start(), font.clone(), p.muted);
    };
    below(middle, egui::Align2::CENTER_TOP);
    below(middle - half, egui::Align2::LEFT_TOP);
    below(middle + half, egui::Align2::RIGHT_TOP);
    response.on_hover_text(format!(
        "{GUESSES} independent estimates as dots; black: the exact divergence; green: the truth."
    ));
}

/// A half-width of the axis that changes in steps, so that it rarely moves.
fn round_half(reach: f64) -> f64 {
    2f64.powf(reach.max(0.02).log2().ceil())
}
