//! The numbers at one point: where the data may be, and what both fields say.

use egui::{Align2, FontId, Painter, Rect, Ui, pos2, vec2};

use super::job::{LAST_TIME, Request};
use crate::app::exact::{Route, support};
use crate::app::theme::{self, Palette};
use crate::app::widgets::panels;
use crate::flow::{BoxUnion, ExactField, Marginal, VelocityField};
use crate::kernel::Mlp;

/// Both fields, kept while target, path and weights stay.
#[derive(Default)]
pub struct Inspector {
    exact: Option<(Route, Option<Exact>)>,
    model: Option<(u64, Mlp)>,
    t: f64,
}

struct Exact {
    field: ExactField,
    boxes: Option<BoxUnion>,
}

/// What is known at a point.
#[derive(Clone, Debug)]
pub struct Reading {
    pub x: [f32; 2],
    /// What the closed form gives, where there is one.
    pub exact: Option<Marginal<f64>>,
    /// Probability of each cell given the point, and without it.
    pub posterior: Vec<[f64; 2]>,
    pub model: Option<[f32; 2]>,
}

impl Inspector {
    /// Takes over target, path, weights and time.
    pub fn update(&mut self, request: &Request) {
        self.t = request.t.min(LAST_TIME);
        let same = |(route, _): &(Route, Option<Exact>)| *route == request.route;
        if !self.exact.as_ref().is_some_and(same) {
            let exact = request.route.exact().map(|field| Exact {
                field,
                boxes: support(&request.route.dataset),
            });
            self.exact = Some((request.route.clone(), exact));
        }
        let version = request.model.as_ref().map(|(version, _)| *version);
        if self.model.as_ref().map(|(version, _)| *version) != version {
            self.model = request.model.as_ref().and_then(|(version, weights)| {
                Mlp::try_new(weights).ok().map(|mlp| (*version, mlp))
            });
        }
    }

    /// Evaluates both fields at a point.
    pub fn read(&self, x: [f32; 2]) -> Reading {
        let wide = x.map(f64::from);
        let exact = self.exact.as_ref().and_then(|(.., exact)| exact.as_ref());
        let posterior = exact.and_then(|exact| {
            let posterior = exact.field.posterior(self.t, wide);
            let prior = exact.boxes.as_ref()?.boxes.iter().map(|b| b.weight);
            Some(
                posterior
                    .into_iter()
                    .zip(prior)
                    .map(|(p, w)| [p, w])
                    .collect(),
            )
        });
        Reading {
            x,
            exact: exact.map(|exact| exact.field.at(self.t, wide)),
            posterior: posterior.unwrap_or_default(),
            model: self.model.as_ref().map(|(_, mlp)| {
                let mut v = [0.0; 2];
                mlp.velocity(self.t as f32, &x, &mut v);
                v
            }),
        }
    }
}

/// Draws a reading: bars at the left where there is room, numbers at the right.
pub fn reading_ui(ui: &Ui, place: Rect, reading: &Reading) {
    let p = theme::palette(ui);
    let painter = ui.painter();
    let lines = lines(reading);
    let pitch = (place.height() / lines.len() as f32).min(24.0);
    let numbers = 250.0_f32.min(place.width());
    let (bars, right) = place.split_left_right_at_x(place.right() - numbers);
    for (index, (name, value)) in lines.iter().enumerate() {
        let y = right.top() + pitch * (index as f32 + 0.5);
        line(
            painter,
            pos2(right.left() + 8.0, y),
            right.right(),
            name,
            value,
            p,
        );
    }
    if bars.width() > 70.0 && !reading.posterior.is_empty() {
        let font = FontId::proportional(13.0);
        let top = bars.left_top() + vec2(0.0, 0.5 * pitch);
        let text = if bars.width() > 140.0 {
            "Posterior over cells"
        } else {
            "Posterior"
        };
        painter.text(top, Align2::LEFT_CENTER, text, font, p.muted);
        let room = Rect::from_min_max(
            pos2(bars.left(), bars.top() + pitch + 2.0),
            pos2(
                bars.right() - 12.0,
                bars.bottom().min(bars.top() + pitch * lines.len() as f32) - 2.0,
            ),
        );
        panels::paint_bars(painter, room, &reading.posterior, 1.0, p.exact, p);
    }
}

fn line(painter: &Painter, at: egui::Pos2, right: f32, name: &str, value: &str, p: &Palette) {
    let font = FontId::proportional(13.5);
    painter.text(at, Align2::LEFT_CENTER, name, font, p.muted);
    let bold = FontId::new(13.5, theme::semibold());
    painter.text(pos2(right, at.y), Align2::RIGHT_CENTER, value, bold, p.ink);
}

/// Names and numbers, the point first.
fn lines(reading: &Reading) -> Vec<(&'static str, String)> {
    let mut lines = vec![("x", pair(reading.x.map(f64::from)))];
    if let Some(at) = &reading.exact {
        lines.push(("Density", format!("{:.4}", at.log_density.exp())));
        lines.push(("E[x₁ | x]", pair(at.mean_x1)));
        lines.push(("Variance of x₁", format!("{:.3}", at.trace_cov)));
        lines.push(("Score", pair(at.score)));
        lines.push(("Exact velocity", pair(at.velocity)));
    }
    if let Some(v) = reading.model {
        lines.push(("Network velocity", pair(v.map(f64::from))));
    }
    lines
}

/// A vector with numbers of equal width.
fn pair([x, y]: [f64; 2]) -> String {
    let one = |v: f64| {
        let text = if v.abs() >= 1e4 {
            format!("{v:.1e}")
        } else if v.abs() >= 100.0 {
            format!("{v:.0}")
        } else {
            format!("{v:.3}")
        };
        text.replace('-', "−")
    };
    format!("({}, {})", one(x), one(y))
}
