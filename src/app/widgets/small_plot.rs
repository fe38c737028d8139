//! A small plot of a few curves with error bars, over time or over powers of two.

use egui::{Color32, FontId, RichText, Stroke, TextStyle, Ui, Vec2b, vec2};
use egui_plot::{GridMark, HoverPosition, Line, LineStyle, Plot, PlotPoints, Points, VLine};

use crate::app::theme;
use crate::app::time_label;

/// What runs along the bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// t from 0 to 1.
    Time,
    /// A size on a scale of powers of two; points give its logarithm to base 2.
    PowersOfTwo(u32, u32),
}

/// One curve.
pub struct Series<'a> {
    /// Its name, for the pointer.
    pub name: &'a str,
    /// Its colour.
    pub color: Color32,
    /// Its points.
    pub points: &'a [[f64; 2]],
    /// Standard error of each point; empty where there is none.
    pub error: &'a [f64],
    /// Drawn as a dashed line: a reference.
    pub dashed: bool,
}

/// The plot.
pub struct SmallPlot<'a> {
    /// Its heading, which names it for egui too.
    pub title: &'a str,
    /// What it shows.
    pub hint: &'a str,
    /// The bottom.
    pub axis: Axis,
    /// A place on the bottom that is marked.
    pub cursor: Option<f64>,
    /// What is drawn.
    pub series: &'a [Series<'a>],
}

impl SmallPlot<'_> {
    /// Draws it in `height` points with its heading.
    pub fn show(&self, ui: &mut Ui, height: f32) {
        let p = theme::palette(ui);
        let title = RichText::new(self.title).family(theme::semibold());
        ui.add(egui::Label::new(title).truncate())
            .on_hover_text(self.hint);
        let style = ui.style_mut();
        style
            .text_styles
            .insert(TextStyle::Body, FontId::proportional(12.5));
        let (low, high) = self.bounds();
        let (axis, decimals) = (self.axis, decimals(high - low));
        let [left, right] = match axis {
            Axis::Time => [0.0, 1.0],
            Axis::PowersOfTwo(from, to) => [f64::from(from) - 0.3, f64::from(to) + 0.3],
        };
        Plot::new(self.title)
            .height((height - 30.0).max(48.0))
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
            .grid_color(p.hairline)
            .grid_fade(0.0)
            .y_axis_min_width(34.0)
            .x_grid_spacer(move |_| marks(axis))
            .y_grid_spacer(egui_plot::uniform_grid_spacer(move |_| {
                let step = nice_step((high - low) / 4.0);
                [step, step, step]
            }))
            .x_axis_formatter(move |mark, _| bottom(axis, mark.value))
            .y_axis_formatter(move |mark, _| format!("{:.decimals$}", mark.value))
            .label_formatter(move |at| match at {
                HoverPosition::NearDataPoint {
                    plot_name,
                    position,
                    ..
                } => {
                    let at = bottom(axis, position.x);
                    let axis = match axis {
                        Axis::Time => "t =",
                        Axis::PowersOfTwo(..) => "batch",
                    };
                    Some(format!("{plot_name}\n{axis} {at}: {:.4}", position.y))
                }
                HoverPosition::Elsewhere { .. } => None,
            })
            .show(ui, |plot| {
                plot.set_plot_bounds_x(left..=right);
                plot.set_plot_bounds_y(low..=high);
                if let Some(cursor) = self.cursor {
                    let line = VLine::new("cursor", cursor)
                        .color(p.muted)
                        .allow_hover(false);
                    plot.vline(line.width(1.6));
                }
                for series in self.series {
                    draw(plot, series);
                }
            });
    }

    fn bounds(&self) -> (f64, f64) {
        let mut high = f64::NEG_INFINITY;
        let mut low = 0.0_f64;
        for series in self.series {
            for (index, point) in series.points.iter().enumerate() {
                let error = series.error.get(index).copied().unwrap_or_default();
                if point[1].is_finite() {
                    high = high.max(point[1] + error);
                    low = low.min(point[1] - error);
                }
            }
        }
        if high > low {
            (low, high + 0.08 * (high - low))
        } else {
            (0.0, 1.0)
        }
    }
}

fn draw(plot: &mut egui_plot::PlotUi<'_>, series: &Series<'_>) {
    let finite: Vec<[f64; 2]> = series
        .points
        .iter()
        .copied()
        .filter(|point| point[1].is_finite())
        .collect();
    for (point, error) in series.points.iter().zip(series.error) {
        if point[1].is_finite() && error.is_finite() {
            let ends = vec![[point[0], point[1] - error], [point[0], point[1] + error]];
            let bar = Line::new("", PlotPoints::from(ends)).allow_hover(false);
            plot.line(bar.stroke(Stroke::new(1.6, series.color)));
        }
    }
    let line = Line::new(series.name, PlotPoints::from(finite.clone()));
    if series.dashed {
        let line = line.style(LineStyle::dashed_loose());
        plot.line(line.stroke(Stroke::new(1.6, series.color)));
    } else {
        plot.line(line.stroke(Stroke::new(2.2, series.color)));
        if !series.error.is_empty() || finite.len() == 1 {
            let dots = Points::new(series.name, finite).radius(3.5);
            plot.points(dots.color(series.color).allow_hover(false));
        }
    }
}

fn marks(axis: Axis) -> Vec<GridMark> {
    let mark = |value| GridMark {
        value,
        // As large as the axis, or labels would fade.
        step_size: 8.0,
    };
    match axis {
        Axis::Time => [0.0, 0.5, 1.0].map(mark).to_vec(),
        Axis::PowersOfTwo(from, to) => (from..=to)
            .step_by(2)
            .map(|power| mark(f64::from(power)))
            .collect(),
    }
}

fn bottom(axis: Axis, value: f64) -> String {
    match axis {
        Axis::Time => {
            let text = time_label::number(value);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Axis::PowersOfTwo(..) => format!("{:.0}", value.exp2()),
    }
}

fn decimals(span: f64) -> usize {
    (1.0 - span.log10()).ceil().clamp(0.0, 4.0) as usize
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_as_sizes_and_times() {
        assert_eq!(bottom(Axis::PowersOfTwo(3, 9), 9.0), "512");
        assert_eq!(bottom(Axis::Time, 0.5), "0.5");
        assert_eq!(bottom(Axis::Time, 1.0), "1");
        assert_eq!(marks(Axis::PowersOfTwo(3, 9)).len(), 4);
        assert_eq!([decimals(4.0), decimals(0.5)], [1, 2]);
    }

    #[test]
    fn the_scale_holds_every_point_and_zero() {
        let series = [Series {
            name: "a",
            color: Color32::BLACK,
            points: &[[0.0, 1.0], [1.0, f64::NAN], [1.0, 3.0]],
            error: &[0.5, 0.5, 0.5],
            dashed: false,
        }];
        let plot = SmallPlot {
            title: "a",
            hint: "",
            axis: Axis::Time,
            cursor: None,
            series: &series,
        };
        let (low, high) = plot.bounds();
        assert!(low <= 0.0 && high > 3.5);
    }
}
