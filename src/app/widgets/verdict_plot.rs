//! What the loss of a run says and what it hides: loss, its floor and the excess on one log axis.

use egui::{Align2, Color32, RichText, Stroke, Ui};
use egui_plot::{HLine, Line, LineStyle, PlotPoint, PlotPoints, Text};

use super::loss_plot::{bounds, decades, hover, plot, power_of_ten};
use crate::app::curve::LossCurve;
use crate::app::theme;

/// Room above the highest decade for the names of the curves, in decades.
const TOP: f64 = 0.9;

/// One run's losses.
pub struct Verdict<'a> {
    /// Tells the plots of a lesson apart.
    pub id: &'static str,
    /// The losses.
    pub curve: &'a LossCurve,
    /// Steps of the whole run.
    pub steps: u64,
    /// The loss no network goes below.
    pub floor: Option<f64>,
    /// Colour of the run.
    pub color: Color32,
}

/// Decimal logarithms of the least and the greatest value of several runs, in whole decades.
pub fn range(curves: &[&LossCurve]) -> (f64, f64) {
    let values = || {
        let both = curves
            .iter()
            .flat_map(|c| c.smooth().iter().chain(c.excess()));
        both.map(|point| point[1]).filter(|value| *value > 0.0)
    };
    let low = values().fold(0.1, f64::min).log10().floor();
    let high = values().fold(3.0, f64::max).log10().ceil();
    (low.max(-4.0), high.min(8.0))
}

/// Draws the plot in `height` points with the decades of `range`.
pub fn verdict_ui(ui: &mut Ui, view: &Verdict<'_>, (low, high): (f64, f64), height: f32) {
    let p = theme::palette(ui);
    let log = |points: &[[f64; 2]]| -> Vec<[f64; 2]> {
        let points = points.iter().filter(|point| point[1] > 0.0);
        points.map(|[x, y]| [*x, y.log10()]).collect()
    };
    plot("verdict", view.id, ui, height)
        .y_grid_spacer(|input| decades(input.bounds))
        .y_axis_formatter(|mark, _| power_of_ten(mark.value))
        .label_formatter(|at| hover(at, |y| format!("{:.4}", 10f64.powf(y))))
        .show(ui, |plot| {
            bounds(plot, view.steps, low - 0.15, high + TOP);
            if let Some(floor) = view.floor {
                let line = HLine::new("floor", floor.log10()).color(p.ink).width(1.2);
                plot.hline(line.style(LineStyle::dashed_loose()).allow_hover(false));
                write(plot, 0.5, floor.log10(), "floor", p.ink, Align2::CENTER_TOP);
            }
            let (loss, excess) = (log(view.curve.smooth()), log(view.curve.excess()));
            // In the corners, where no curve runs.
            let corners = [(0.01, Align2::LEFT_TOP), (1.0, Align2::RIGHT_TOP)];
            let top = high + TOP;
            let lines = [
                ("loss", &loss, LineStyle::Solid, p.ink),
                ("excess", &excess, LineStyle::dashed_dense(), view.color),
            ];
            for ((name, points, style, color), (at, anchor)) in lines.into_iter().zip(corners) {
                let line = Line::new(name, PlotPoints::from(points.clone()));
                plot.line(line.stroke(Stroke::new(2.2, color)).style(style));
                if let Some(last) = points.last() {
                    let text = format!("{name} {}", short(10f64.powf(last[1])));
                    write(plot, at, top, &text, color, anchor);
                }
            }
        });
}

fn write(
    plot: &mut egui_plot::PlotUi<'_>,
    share: f64,
    level: f64,
    text: &str,
    color: Color32,
    anchor: Align2,
) {
    let x = share * plot.plot_bounds().max()[0];
    let text = RichText::new(text).size(13.0).color(color);
    plot.text(Text::new("", PlotPoint::new(x, level), text).anchor(anchor));
}

/// Three digits that matter.
fn short(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}
