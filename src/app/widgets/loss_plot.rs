//! The loss over the steps: raw and smoothed with its floor, and the excess on a log axis.

use egui::{Align2, Color32, FontId, RichText, Stroke, TextStyle, Ui, Vec2b, vec2};
use egui_plot::{
    GridMark, HLine, HoverPosition, Line, LineStyle, Plot, PlotPoints, PlotUi, Points,
};

use super::number;
use crate::app::curve::LossCurve;
use crate::app::theme::{self, Palette};

/// What both plots show.
pub struct LossView<'a> {
    /// None before the first run.
    pub curve: Option<&'a LossCurve>,
    /// Steps of the whole run, the right end of both axes.
    pub steps: u64,
    /// The loss no network goes below, where it is known.
    pub floor: Option<f64>,
}

/// Smallest height of one plot with its title, in points.
pub const MIN_HEIGHT: f32 = 118.0;

/// The loss with its floor, in `height` points.
pub fn loss_ui(ui: &mut Ui, view: &LossView<'_>, height: f32) {
    let p = theme::palette(ui);
    title(
        ui,
        "Loss",
        view.curve
            .and_then(LossCurve::loss)
            .map(|loss| format!("{loss:.3}")),
        p.model,
    )
    .on_hover_text(
        "Mean squared error between predicted and conditional velocity. It cannot fall below \
             the floor, because one x at time t can come from many pairs of noise and data.",
    );
    let (low, high) = loss_bounds(view);
    plot("loss", ui, height)
        .y_grid_spacer(egui_plot::uniform_grid_spacer(move |_| {
            let step = nice_step((high - low) / 5.0);
            [step, step, step]
        }))
        .y_axis_formatter(|mark, _| format!("{:.1}", mark.value))
        .label_formatter(|at| hover(at, |y| format!("loss {y:.3}")))
        .show(ui, |plot| {
            bounds(plot, view.steps, low, high);
            if let Some(floor) = view.floor {
                let line = HLine::new("floor", floor)
                    .color(p.ink)
                    .style(LineStyle::dashed_loose())
                    .allow_hover(false);
                plot.hline(line.width(1.2));
            }
            if let Some(curve) = view.curve {
                draw(
                    plot,
                    "one batch",
                    curve.raw(),
                    1.0,
                    theme::faint(p.model, 0.3),
                );
                draw(plot, "smoothed", curve.smooth(), 2.2, p.model);
            }
            if let Some(floor) = view.floor {
                note(plot, floor, &format!("floor {floor:.4}"), p);
            }
            if view.curve.is_none_or(LossCurve::is_empty) {
                empty(plot, "Press Train (T)", p);
            }
        });
}

/// The excess loss on a log axis, in `height` points.
pub fn excess_ui(ui: &mut Ui, view: &LossView<'_>, height: f32) {
    let p = theme::palette(ui);
    let newest = view
        .curve
        .and_then(LossCurve::last_excess)
        .map(|excess| format!("{excess:.4}"));
    title(ui, "Excess loss", newest, p.error).on_hover_text(
        "The loss above its floor: the mean squared distance between the network and the exact \
         velocity. This is what training can lower, so its axis is logarithmic.",
    );
    let points: Vec<[f64; 2]> = view
        .curve
        .map(|curve| {
            curve
                .excess()
                .iter()
                .map(|[x, y]| [*x, y.log10()])
                .collect()
        })
        .unwrap_or_default();
    // Whole decades, so that the axis rarely changes.
    let low = points.iter().map(|p| p[1]).fold(-2.0, f64::min).floor();
    let high = points.iter().map(|p| p[1]).fold(0.0, f64::max).ceil();
    plot("excess", ui, height)
        .y_grid_spacer(|input| decades(input.bounds))
        .y_axis_formatter(|mark, _| power_of_ten(mark.value))
        .label_formatter(|at| hover(at, |y| format!("excess {:.4}", 10f64.powf(y))))
        .show(ui, |plot| {
            bounds(plot, view.steps, low - 0.1, high + 0.1);
            draw(plot, "excess", &points, 2.2, p.error);
            if let Some(last) = points.last() {
                let dot = Points::new("newest", vec![*last])
                    .radius(4.0)
                    .color(p.error);
                plot.points(dot.allow_hover(false));
            }
            if points.is_empty() && view.floor.is_none() {
                empty(plot, "No exact field for this target", p);
            }
        });
}

fn title(ui: &mut Ui, name: &str, value: Option<String>, color: Color32) -> egui::Response {
    ui.horizontal(|ui| {
        let response = ui.label(RichText::new(name).family(theme::semibold()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let text = value.unwrap_or_else(|| "–".to_owned());
            ui.label(RichText::new(text).family(theme::semibold()).color(color));
        });
        response
    })
    .inner
}

fn plot<'a>(name: &str, ui: &mut Ui, height: f32) -> Plot<'a> {
    let style = ui.style_mut();
    style
        .text_styles
        .insert(TextStyle::Body, FontId::proportional(12.5));
    let grid = theme::palette(ui).hairline;
    Plot::new(name)
        .height(height.max(48.0))
        .show_background(false)
        .show_crosshair(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .auto_bounds(Vec2b::FALSE)
        .set_margin_fraction(vec2(0.0, 0.0))
        .grid_color(grid)
        .grid_fade(0.0)
        .y_axis_min_width(34.0)
        .x_grid_spacer(egui_plot::uniform_grid_spacer(|input| {
            let step = nice_step((input.bounds.1 - input.bounds.0) / 3.0).max(1.0);
            [step, step, step]
        }))
        .x_axis_formatter(|mark, _| thousands(mark.value))
}

fn bounds(plot: &mut PlotUi<'_>, steps: u64, low: f64, high: f64) {
    plot.set_plot_bounds_x(0.0..=steps.max(1) as f64);
    plot.set_plot_bounds_y(low..=high);
}

fn draw(plot: &mut PlotUi<'_>, name: &str, points: &[[f64; 2]], width: f32, color: Color32) {
    let line = Line::new(name, PlotPoints::from(points.to_vec()));
    plot.line(line.stroke(Stroke::new(width, color)));
}

/// A word at the right end of a level, above it.
fn note(plot: &mut PlotUi<'_>, level: f64, text: &str, p: &Palette) {
    let bounds = plot.plot_bounds();
    let right = egui_plot::PlotPoint::new(bounds.max()[0], level);
    let text = RichText::new(text).size(12.5).color(p.ink);
    plot.text(egui_plot::Text::new("", right, text).anchor(Align2::RIGHT_BOTTOM));
}

fn empty(plot: &mut PlotUi<'_>, text: &str, p: &Palette) {
    let middle = plot.plot_bounds().center();
    let text = RichText::new(text).size(14.0).color(p.muted);
    plot.text(egui_plot::Text::new("", middle, text).anchor(Align2::CENTER_CENTER));
}

fn hover(at: &HoverPosition<'_>, value: impl Fn(f64) -> String) -> Option<String> {
    match at {
        HoverPosition::NearDataPoint { position, .. } => {
            let step = number::grouped(position.x.max(0.0) as u64);
            Some(format!("step {step}\n{}", value(position.y)))
        }
        HoverPosition::Elsewhere { .. } => None,
    }
}

/// From below the floor to above the highest loss that is drawn.
fn loss_bounds(view: &LossView<'_>) -> (f64, f64) {
    let floor = view.floor.unwrap_or(1.7);
    let seen = view.curve.map(LossCurve::raw).unwrap_or_default();
    let low = seen.iter().map(|p| p[1]).fold(floor, f64::min);
    let high = seen.iter().map(|p| p[1]).fold(floor * 1.3, f64::max);
    // A wild first step must not flatten the rest.
    let high = high.min(floor * 3.0);
    (low - 0.06 * (high - low), high + 0.06 * (high - low))
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn nice_step(least: f64) -> f64 {
    let decade = 10f64.powf(least.max(1e-12).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * decade)
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or(decade)
}

fn decades((low, high): (f64, f64)) -> Vec<GridMark> {
    let whole = low.ceil() as i32..=high.floor() as i32;
    whole
        .map(|decade| GridMark {
            value: f64::from(decade),
            step_size: 1.0,
        })
        .collect()
}

fn power_of_ten(exponent: f64) -> String {
    let decimals = (-exponent).clamp(0.0, 6.0) as usize;
    format!("{:.decimals$}", 10f64.powf(exponent))
}

fn thousands(step: f64) -> String {
    if step >= 1000.0 {
        format!("{}k", step / 1000.0)
    } else {
        format!("{step}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(nice_step(0.23), 0.5);
        assert_eq!(nice_step(1667.0), 2000.0);
        assert_eq!(power_of_ten(-3.0), "0.001");
        assert_eq!(power_of_ten(1.0), "10");
        assert_eq!(thousands(2500.0), "2.5k");
        let marks: Vec<f64> = decades((-2.1, 0.1)).iter().map(|m| m.value).collect();
        assert_eq!(marks, [-2.0, -1.0, 0.0]);
    }

    #[test]
    fn the_loss_axis_holds_floor_and_curve_and_is_finite() {
        let view = LossView {
            curve: None,
            steps: 10,
            floor: Some(1.6887),
        };
        let (low, high) = loss_bounds(&view);
        assert!(low < 1.6887 && high > 2.0);
        let mut curve = LossCurve::default();
        for (step, loss) in [(1, 1e9), (2, 1.5), (3, f32::NAN)] {
            curve.push(&crate::train::LossPoint {
                step,
                loss,
                excess: None,
                seconds: 0.0,
            });
        }
        let (low, high) = loss_bounds(&LossView {
            curve: Some(&curve),
            ..view
        });
        assert!(low < 1.5 && high.is_finite() && high < 10.0);
    }
}
