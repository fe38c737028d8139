//! The loss over the steps: raw and smoothed with its floor, and the excess on a log axis.

use egui::{Align2, Color32, FontId, RichText, Stroke, TextStyle, Ui, Vec2b, vec2};
use egui_plot::{
    GridMark, HLine, HoverPosition, Line, LineStyle, Plot, PlotPoints, PlotResponse, PlotUi,
    Points, VLine,
};

use super::number;
use crate::app::curve::LossCurve;
use crate::app::theme::{self, Palette};

pub use super::loss_view::{RunsView, Trace};

/// Smallest height of one plot with its title, in points.
pub const MIN_HEIGHT: f32 = 118.0;

/// The loss with its floor, in `height` points; tells the iteration that was clicked.
pub fn loss_ui(ui: &mut Ui, view: &RunsView<'_>, height: f32) -> Option<f64> {
    let p = theme::palette(ui);
    let current = view.current.map(|trace| trace.curve);
    let main = theme::run(p, view.current.map_or(0, |trace| trace.color));
    title(
        ui,
        "Loss",
        current
            .and_then(LossCurve::loss)
            .map(|loss| format!("{loss:.3}")),
        main,
    )
    .on_hover_text(
        "Mean squared error between predicted and conditional velocity. It cannot fall below \
             the floor, because one x at time t can come from many pairs of noise and data.",
    );
    let (low, high) = loss_bounds(view);
    let shown = plot("loss", view.id, ui, height)
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
            if let Some(trace) = view.current {
                let raw = theme::faint(main, 0.3);
                draw(plot, &trace, "one batch", trace.curve.raw(), (1.0, raw));
            }
            for trace in &view.others {
                let pen = (1.6, theme::run(p, trace.color));
                draw(plot, trace, "smoothed", trace.curve.smooth(), pen);
            }
            if let Some(trace) = &view.current {
                draw(plot, trace, "smoothed", trace.curve.smooth(), (2.2, main));
            }
            cursor(plot, view, p);
            if let Some(floor) = view.floor {
                note(plot, floor, &format!("floor {floor:.4}"), p);
            }
            if view.traces().all(|trace| trace.curve.is_empty()) {
                empty(plot, "Press Train (T)", p);
            }
        });
    clicked(&shown)
}

/// The excess loss on a log axis, in `height` points; tells the iteration that was clicked.
pub fn excess_ui(ui: &mut Ui, view: &RunsView<'_>, height: f32) -> Option<f64> {
    let p = theme::palette(ui);
    let newest = view
        .current
        .and_then(|trace| trace.curve.last_excess())
        .map(|excess| format!("{excess:.4}"));
    // One run has the colour of errors; several have their own.
    let pen = |trace: &Trace<'_>| {
        if view.others.is_empty() {
            p.error
        } else {
            theme::run(p, trace.color)
        }
    };
    let main = view.current.as_ref().map_or(p.error, pen);
    title(ui, "Excess loss", newest, main).on_hover_text(
        "The loss above its floor: the mean squared distance between the network and the exact \
         velocity. This is what training can lower, so its axis is logarithmic.",
    );
    let points = |trace: &Trace<'_>| -> Vec<[f64; 2]> {
        let excess = trace.curve.excess().iter();
        excess.map(|[x, y]| [*x, y.log10()]).collect()
    };
    let all: Vec<(&Trace<'_>, Vec<[f64; 2]>)> = view.traces().map(|t| (t, points(t))).collect();
    let levels = || {
        all.iter()
            .flat_map(|(_, points)| points.iter().map(|p| p[1]))
    };
    // Whole decades, so that the axis rarely changes.
    let low = levels().fold(-2.0, f64::min).floor();
    let high = levels().fold(0.0, f64::max).ceil();
    let shown = plot("excess", view.id, ui, height)
        .y_grid_spacer(|input| decades(input.bounds))
        .y_axis_formatter(|mark, _| power_of_ten(mark.value))
        .label_formatter(|at| hover(at, |y| format!("excess {:.4}", 10f64.powf(y))))
        .show(ui, |plot| {
            bounds(plot, view.steps, low - 0.1, high + 0.1);
            for (index, (trace, points)) in all.iter().enumerate() {
                let front = index + 1 == all.len();
                let width = if front { 2.2 } else { 1.6 };
                draw(plot, trace, "excess", points, (width, pen(trace)));
            }
            let newest = all.last().filter(|_| view.current.is_some());
            if let Some((trace, last)) = newest.and_then(|(t, points)| Some((t, points.last()?))) {
                let dot = Points::new("newest", vec![*last])
                    .radius(4.0)
                    .color(pen(trace));
                plot.points(dot.allow_hover(false));
            }
            cursor(plot, view, p);
            if all.iter().all(|(_, points)| points.is_empty()) && view.no_exact {
                empty(plot, "No exact field for this target", p);
            }
        });
    clicked(&shown)
}

/// How the line of a run's colour index looks, so that colour is not all that tells them apart.
pub fn line_style(index: usize) -> LineStyle {
    match index % 4 {
        0 => LineStyle::Solid,
        1 => LineStyle::dashed_loose(),
        2 => LineStyle::dotted_dense(),
        _ => LineStyle::dashed_dense(),
    }
}

fn cursor(plot: &mut PlotUi<'_>, view: &RunsView<'_>, p: &Palette) {
    if let Some(step) = view.cursor {
        let line = VLine::new("shown", step as f64).color(p.ink).width(1.6);
        plot.vline(line.allow_hover(false));
    }
}

fn clicked<R>(shown: &PlotResponse<R>) -> Option<f64> {
    let pressed = shown.response.is_pointer_button_down_on();
    let at = shown.response.interact_pointer_pos().filter(|_| pressed)?;
    Some(shown.transform.value_from_position(at).x)
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

pub(super) fn plot<'a>(name: &str, id: &str, ui: &mut Ui, height: f32) -> Plot<'a> {
    let style = ui.style_mut();
    style
        .text_styles
        .insert(TextStyle::Body, FontId::proportional(12.5));
    let grid = theme::palette(ui).hairline;
    Plot::new((name, id))
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

pub(super) fn bounds(plot: &mut PlotUi<'_>, steps: u64, low: f64, high: f64) {
    plot.set_plot_bounds_x(0.0..=steps.max(1) as f64);
    plot.set_plot_bounds_y(low..=high);
}

fn draw(
    plot: &mut PlotUi<'_>,
    trace: &Trace<'_>,
    what: &str,
    points: &[[f64; 2]],
    (width, color): (f32, Color32),
) {
    let name = if trace.name.is_empty() {
        what
    } else {
        trace.name
    };
    let line = Line::new(name, PlotPoints::from(points.to_vec())).id((trace.name, what));
    let line = line.stroke(Stroke::new(width, color));
    plot.line(line.style(line_style(trace.color)));
}

/// A word at the right end of a level, above it.
fn note(plot: &mut PlotUi<'_>, level: f64, text: &str, p: &Palette) {
    let bounds = plot.plot_bounds();
    let right = egui_plot::PlotPoint::new(bounds.max()[0], level);
    let text = RichText::new(text).size(12.5).color(p.ink);
    // Below the line: above it runs the loss.
    plot.text(egui_plot::Text::new("", right, text).anchor(Align2::RIGHT_TOP));
}

fn empty(plot: &mut PlotUi<'_>, text: &str, p: &Palette) {
    let middle = plot.plot_bounds().center();
    let text = RichText::new(text).size(14.0).color(p.muted);
    plot.text(egui_plot::Text::new("", middle, text).anchor(Align2::CENTER_CENTER));
}

pub(super) fn hover(at: &HoverPosition<'_>, value: impl Fn(f64) -> String) -> Option<String> {
    match at {
        HoverPosition::NearDataPoint {
            position,
            plot_name,
            ..
        } => {
            let step = number::grouped(position.x.max(0.0) as u64);
            Some(format!("{plot_name}\nstep {step}\n{}", value(position.y)))
        }
        HoverPosition::Elsewhere { .. } => None,
    }
}

/// Least height of the axis of the loss.
const LEAST_HEIGHT: f64 = 1e-3;

/// From below the floor to above the highest loss that is drawn.
fn loss_bounds(view: &RunsView<'_>) -> (f64, f64) {
    let floor = view.floor.unwrap_or(1.7);
    let raw = view.current.iter().flat_map(|trace| trace.curve.raw());
    let smooth = view.others.iter().flat_map(|trace| trace.curve.smooth());
    let (mut low, mut high) = (floor, floor * 1.3);
    for [_, loss] in raw.chain(smooth) {
        (low, high) = (low.min(*loss), high.max(*loss));
    }
    // A wild first step must not flatten the rest; a target of one point has a floor of zero.
    if floor > LEAST_HEIGHT {
        high = high.min(floor * 3.0);
    }
    high = high.max(low + LEAST_HEIGHT);
    // Below the floor there is room for its name.
    (low - 0.2 * (high - low), high + 0.06 * (high - low))
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

pub(super) fn decades((low, high): (f64, f64)) -> Vec<GridMark> {
    let whole = low.ceil() as i32..=high.floor() as i32;
    whole
        .map(|decade| GridMark {
            value: f64::from(decade),
            step_size: 1.0,
        })
        .collect()
}

pub(super) fn power_of_ten(exponent: f64) -> String {
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
        let mut view = RunsView {
            steps: 10,
            floor: Some(1.6887),
            ..RunsView::default()
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
        view.current = Some(Trace {
            name: "",
            curve: &curve,
            color: 0,
        });
        let (low, high) = loss_bounds(&view);
        assert!(low < 1.5 && high.is_finite() && high < 10.0);
        // An axis without height would ask egui_plot for more marks than there is memory.
        view.floor = Some(0.0);
        let (low, high) = loss_bounds(&view);
        assert!(low < 0.0 && high > 1.5 && high.is_finite());
        view.current = None;
        let (low, high) = loss_bounds(&view);
        assert!(high - low >= LEAST_HEIGHT);
    }
}
