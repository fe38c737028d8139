//! The pairs, the curves over the batch size and the table.

use egui::{Grid, Rect, RichText, ScrollArea, Shape, Stroke, Ui, UiBuilder, pos2};

use super::study::{POWERS, Row};
use super::{Couplings, NAMES, color};
use crate::app::exact::Route;
use crate::app::lesson::Lab;
use crate::app::theme;
use crate::app::widgets::places::{self, Heading};
use crate::app::widgets::run_controls;
use crate::app::widgets::small_plot::{Axis, Series, SmallPlot};
use crate::flow::coupling::{OT_NOTE, coupling_cost};

/// The title of the second plot.
pub(super) const FLOOR: &str = "Loss floor, ½ straightness";

impl Couplings {
    /// One coupling of the batch: lines between the points, with the points on their way at t.
    pub(super) fn pairs_ui(&mut self, ui: &mut Ui, lab: &mut Lab, index: usize, place: Rect) {
        let extent = lab.training.dataset().extent();
        let Some(stage) = places::stage(place, extent) else {
            return;
        };
        let p = theme::palette(ui);
        let painter = ui
            .painter()
            .with_clip_rect(stage.rect.intersect(ui.clip_rect()));
        stage.paint_axes(ui.painter(), p, lab.settings.grid);
        if let Some(target) = &self.target {
            let mut canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
            let ghost = theme::faint(p.ghost, 0.45);
            target.paint((index as u8, 0), &mut canvas, &stage, 1.0, ghost);
        }
        let pairs = self.pairs.as_ref().and_then(|work| work.value());
        let mut figure = String::new();
        if let Some(pairs) = pairs.filter(|pairs| !pairs.partners[index].is_empty()) {
            let partners = &pairs.partners[index];
            let color = color(p, index);
            let bold = if lab.settings.lecture { 1.2 } else { 1.0 };
            let crowd = (64.0 / partners.len() as f32).powf(0.33).clamp(0.5, 1.5) * bold;
            let at = |points: &[f32], i: usize| {
                let x = [points[2 * i], points[2 * i + 1]];
                stage.view.to_screen(stage.rect, x)
            };
            let t = lab.clock.t() as f32;
            let line = Stroke::new(1.3 * crowd, theme::faint(color, 0.62));
            for (i, &j) in partners.iter().enumerate() {
                let ends = [at(&pairs.x0, i), at(&pairs.x1, j)];
                painter.add(Shape::line_segment(ends, line));
            }
            for (i, &j) in partners.iter().enumerate() {
                let (from, to) = (at(&pairs.x0, i), at(&pairs.x1, j));
                let hollow = Stroke::new(1.1 * crowd, theme::faint(p.source, 0.9));
                painter.circle(from, 2.3 * crowd, p.stage, hollow);
                let square = Rect::from_center_size(to, egui::Vec2::splat(3.6 * crowd));
                painter.rect_filled(square, 0.0, p.ink);
            }
            for (i, &j) in partners.iter().enumerate() {
                let (from, to) = (at(&pairs.x0, i), at(&pairs.x1, j));
                painter.circle_filled(from + t * (to - from), 2.9 * crowd, color);
            }
            figure = format!("{:.2}", coupling_cost(&pairs.x0, &pairs.x1, partners));
        }
        stage.paint_frame(ui.painter(), p);
        Heading {
            color: color(p, index),
            title: NAMES[index],
            detail: "mean squared length",
            figure: &figure,
            short: &figure,
            hint: "The figure is E|x1 − x0|² of this batch. Circles: noise. Squares: data. Dots: \
                   the points on their way at the time of the clock.",
        }
        .show(ui, &stage);
    }

    /// Cost, floor and path energy against the batch size.
    pub(super) fn curves_ui(&self, ui: &mut Ui, height: f32) {
        let p = theme::palette(ui);
        let rows = self.study.as_ref().and_then(|work| work.value());
        let rows = rows.as_deref().map_or(&[][..], |rows| rows);
        let floor = self.floor.as_ref().and_then(|work| work.value());
        type Pick = fn(&Row, usize) -> [f64; 2];
        let plots: [(&str, &str, Pick); 3] = [
            (
                "Transport cost",
                "E|x1 − x0|² of the pairs, against the batch size, ± one standard error. The \
                 exact coupling's falls towards the squared Wasserstein distance.",
                |row, index| row.by[index].cost,
            ),
            (
                FLOOR,
                "Variance of the target x1 − x0 at fixed x_t, mean over coordinates, x_t and t: \
                 no network's loss is lower. Estimated from pairs of neighbours in x_t that come \
                 from different batches, ± one standard error over batches. Twice this is the \
                 straightness ∫E|(x1 − x0) − v|² dt. Dashed: the exact floor of independent \
                 pairs.",
                |row, index| row.by[index].floor,
            ),
            (
                "Path energy",
                "∫E|v|² dt of the flow that the pairs lead to: their cost less twice the floor. \
                 The least possible is the squared Wasserstein distance.",
                |row, index| row.by[index].path_energy(),
            ),
        ];
        let place = ui.max_rect();
        let places = places::split(place, 3, true);
        for ((title, hint, pick), place) in plots.into_iter().zip(places) {
            let data: Vec<(usize, Vec<[f64; 2]>, Vec<f64>)> = (0..3)
                .filter(|index| self.shown[*index])
                .map(|index| {
                    let at = |row: &Row| (row.batch as f64).log2();
                    let points = rows.iter().map(|row| [at(row), pick(row, index)[0]]);
                    let errors = rows.iter().map(|row| pick(row, index)[1]);
                    (index, points.collect(), errors.collect())
                })
                .collect();
            let mut series: Vec<Series<'_>> = data
                .iter()
                .map(|(index, points, error)| Series {
                    name: NAMES[*index],
                    color: color(p, *index),
                    points,
                    error,
                    dashed: false,
                })
                .collect();
            let (from, to) = (*POWERS.start(), *POWERS.end());
            let level = floor.as_deref().map_or(f64::NAN, |floor| floor.all);
            let exact = [[f64::from(from) - 0.3, level], [f64::from(to) + 0.3, level]];
            if title == FLOOR && self.shown[0] {
                series.push(Series {
                    name: "Independent, exact",
                    color: p.ink,
                    points: &exact,
                    error: &[],
                    dashed: true,
                });
            }
            let plot = SmallPlot {
                title,
                hint,
                axis: Axis::PowersOfTwo(from, to),
                cursor: Some((self.batch as f64).log2()),
                series: &series,
            };
            let inner = Rect::from_min_max(
                pos2(place.left() + 4.0, place.top() + 4.0),
                pos2(place.right() - 8.0, place.bottom()),
            );
            let mut child = ui.new_child(UiBuilder::new().max_rect(inner));
            child.spacing_mut().item_spacing.y = 2.0;
            plot.show(&mut child, height - 6.0);
        }
    }

    /// The row of the study that is nearest to the batch on the stage.
    fn nearest(&self) -> Option<Row> {
        let rows = self.study.as_ref().and_then(|work| work.value())?;
        let wanted = (self.batch as f64).log2();
        let distance = |row: &&Row| ((row.batch as f64).log2() - wanted).abs();
        rows.iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .cloned()
    }

    /// The figures of the batch size on the stage; `small` shows the floors alone.
    pub(super) fn summary_ui(&self, ui: &mut Ui, small: bool) {
        let Some(row) = self.nearest() else { return };
        let p = theme::palette(ui);
        if small && ui.available_height() < 160.0 {
            return;
        }
        let heading = format!("Batches of {}", row.batch);
        ui.label(RichText::new(heading).family(theme::semibold()));
        let strong = |text: String| RichText::new(text).family(theme::semibold());
        let weak = |text: &str| RichText::new(text).small().color(p.muted);
        Grid::new("couplings table")
            .num_columns(if small { 2 } else { 3 })
            .spacing([8.0, 4.0])
            .show(ui, |ui| {
                ui.label(weak("coupling"));
                ui.label(weak("loss floor"));
                if !small {
                    ui.label(weak("straightness"));
                }
                ui.end_row();
                for (index, estimate) in row.by.iter().enumerate() {
                    ui.label(RichText::new(NAMES[index]).color(color(p, index)));
                    let [floor, error] = estimate.floor;
                    if small {
                        ui.label(strong(format!("{floor:.2}")));
                    } else {
                        ui.label(strong(format!("{floor:.3}\u{2009}±\u{2009}{error:.3}")));
                        ui.label(strong(format!("{:.2}", estimate.straightness())));
                    }
                    ui.end_row();
                }
            });
        if small {
            return;
        }
        let floor = self.floor.as_ref().and_then(|work| work.value());
        let why = self.route.as_ref().and_then(Route::why_not_exact);
        let exact = match (floor, why) {
            (Some(floor), _) => format!("exact floor of independent pairs {:.4}", floor.all),
            (None, Some(why)) => format!("no exact floor beside it. {why}"),
            (None, None) => "exact floor on its way".to_owned(),
        };
        let text = format!("From {} pairs; {exact}.", row.pairs);
        let hint = "The floor is estimated from neighbours in x_t of different batches, ± one \
                    standard error over batches. Straightness ∫E|(x1 − x0) − v|² dt is twice the \
                    floor, 0 when every path is a line.";
        ui.label(RichText::new(text).small().color(p.muted))
            .on_hover_text(hint);
    }

    pub(super) fn side_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 6.0;
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.summary_ui(ui, false);
                ui.add_space(8.0);
                self.variance_ui(ui, lab.clock.t());
                ui.add_space(8.0);
                ui.label(OT_NOTE);
                ui.add_space(8.0);
                run_controls::folded_ui(ui, &mut lab.training);
            });
    }

    /// The variance of the target at each time, for the batch size on the stage.
    fn variance_ui(&self, ui: &mut Ui, t: f64) {
        let p = theme::palette(ui);
        let row = self.nearest();
        let floor = self.floor.as_ref().and_then(|work| work.value());
        let mut series = Vec::new();
        if let Some(row) = &row {
            for index in (0..3).filter(|index| self.shown[*index]) {
                series.push(Series {
                    name: NAMES[index],
                    color: color(p, index),
                    points: &row.by[index].at,
                    error: &[],
                    dashed: false,
                });
            }
        }
        if let Some(floor) = floor.as_deref().filter(|_| self.shown[0]) {
            series.push(Series {
                name: "Independent, exact",
                color: p.ink,
                points: &floor.at,
                error: &[],
                dashed: true,
            });
        }
        let plot = SmallPlot {
            title: "Variance of the target, against t",
            hint: "E tr Cov(x1 − x0 | x_t)/2 at each t for this batch size. The area under a curve \
                   is the loss floor. Dashed: independent pairs, in closed form.",
            axis: Axis::Time,
            cursor: Some(t),
            series: &series,
        };
        ui.scope(|ui| plot.show(ui, 170.0));
    }
}
