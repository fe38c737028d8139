//! The stages: pairs of both kinds with the targets that meet at one place, and samples.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Ui, UiBuilder, pos2, vec2};

use super::Variational;
use super::work::{STEPS, Shown};
use crate::app::lesson::Lab;
use crate::app::theme::{self, Palette};
use crate::app::widgets::arrow::arrow;
use crate::app::widgets::places::{self, Heading};
use crate::app::widgets::point::point_input;
use crate::app::widgets::small_plot::{Axis, Series, SmallPlot};
use crate::app::widgets::stage::Stage;
use crate::flow::variational::targets_near;

/// Pairs that are drawn as lines, and pairs whose targets meet.
pub(super) const LINES: usize = 60;
pub(super) const MEETING: usize = 16;
/// How near to the place x_t has to be, in units of the plane.
pub(super) const RADIUS: f64 = 0.12;
/// Posteriors that are drawn as ellipses.
pub(super) const ELLIPSES: usize = 12;
/// Length of an arrow for a speed of 1, in units of the plane.
const ARROW: f32 = 0.35;
/// Radius of a sample, in points.
const DOT: f32 = 1.1;

impl Variational {
    /// Everything that is switched on, side by side.
    pub(super) fn pictures_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect, shown: &Shown) {
        let mut rest = place;
        if self.curves {
            let height = (0.3 * rest.height()).clamp(110.0, 220.0);
            let (pictures, plots) = rest.split_top_bottom_at_y(rest.bottom() - height);
            rest = pictures;
            curves_ui(ui, plots, shown, lab.clock.t());
        }
        let on: Vec<usize> = (0..3).filter(|index| self.shown[*index]).collect();
        if on.is_empty() {
            places::notice(ui, rest, "Switch a picture on (keys 1 to 3).");
        }
        for (index, place) in on.iter().zip(places::split(rest, on.len(), true)) {
            if *index == 2 {
                samples_ui(ui, lab, place, shown);
            } else {
                self.pairs_ui(ui, lab, place, shown, *index == 0);
            }
        }
    }

    fn pairs_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect, shown: &Shown, shared: bool) {
        let Some(stage) = stage(ui, lab, place, shown) else {
            return;
        };
        let p = theme::palette(ui);
        let name = if shared {
            "Independent pairs"
        } else {
            "Posterior’s pairs"
        };
        let id = ui.scope_id().with(name);
        if let Some(put) = point_input(ui, &stage, id, name, self.place, false) {
            let extent = shown.dataset.extent();
            self.place = put.map(|x| x.clamp(-extent, extent));
        }
        let painter = ui
            .painter()
            .with_clip_rect(stage.rect.intersect(ui.clip_rect()));
        let color = if shared { p.error } else { p.exact };
        let z = if shared {
            &shown.pairs.independent
        } else {
            &shown.pairs.posterior
        };
        let bold = if lab.settings.lecture { 1.3 } else { 1.0 };
        let t = lab.clock.t() as f32;
        let line = Stroke::new(bold, theme::faint(color, 0.28));
        for i in 0..LINES {
            let ends = [at(&stage, z, i), at(&stage, &shown.pairs.x, i)];
            painter.add(Shape::line_segment(ends, line));
            painter.circle_filled(ends[0] + t * (ends[1] - ends[0]), 1.8 * bold, color);
        }
        if self.ellipses {
            ellipses(&painter, &stage, p, shown, shared, bold);
        }
        let (xt, dxt) = shown.pairs.at(&shown.settings, t, shared);
        let near = targets_near(&xt, &dxt, self.place, RADIUS);
        let centre = stage
            .view
            .to_screen(stage.rect, self.place.map(|x| x as f32));
        let mut figure = "no pair here".to_owned();
        if let Some((near, variance)) = near {
            figure = format!("variance {variance:.2}");
            let strong = Stroke::new(1.4 * bold, theme::faint(color, 0.85));
            for &i in near.iter().take(MEETING) {
                let ends = [at(&stage, z, i), at(&stage, &shown.pairs.x, i)];
                painter.add(Shape::line_segment(ends, strong));
            }
            let scale = stage.view.scale(stage.rect) * ARROW;
            let tip = |v: [f32; 2]| centre + scale * vec2(v[0], -v[1]);
            for &i in near.iter().take(MEETING) {
                let v = [dxt[2 * i], dxt[2 * i + 1]];
                arrow(&painter, centre, tip(v), 1.8 * bold, color);
            }
            let n = near.len() as f32;
            let mean = [0, 1].map(|k| near.iter().map(|&i| dxt[2 * i + k]).sum::<f32>() / n);
            arrow(&painter, centre, tip(mean), 3.4 * bold, p.ink);
        }
        painter.circle(centre, 4.5 * bold, p.stage, Stroke::new(1.8 * bold, p.ink));
        stage.paint_frame(ui.painter(), p);
        Heading {
            color,
            title: name,
            detail: "targets that meet here",
            figure: &figure,
            short: figure.trim_start_matches("variance "),
            hint: "Lines: pairs from noise to data. At the ring: targets x − z of the pairs that \
                   pass here at the time of the clock, and in ink their mean, which is all that a \
                   network can learn. The figure is the variance of the rest, mean over the two \
                   coordinates.",
        }
        .show(ui, &stage);
    }
}

/// Axes, support and place for one picture; none where there is no room.
fn stage(ui: &Ui, lab: &Lab, place: Rect, shown: &Shown) -> Option<Stage> {
    let stage = places::stage(place, shown.dataset.extent())?;
    let p = theme::palette(ui);
    stage.paint_axes(ui.painter(), p, lab.settings.grid);
    if let Some(boxes) = shown.dataset.boxes() {
        let painter = ui
            .painter()
            .with_clip_rect(stage.rect.intersect(ui.clip_rect()));
        stage.paint_ghost(&painter, &boxes, theme::faint(p.ghost, 0.4));
    }
    Some(stage)
}

fn at(stage: &Stage, points: &[f32], i: usize) -> Pos2 {
    let x = [points[2 * i], points[2 * i + 1]];
    stage.view.to_screen(stage.rect, x)
}

/// One and two standard deviations of q(z|x), or of the prior, with a thread to its x.
fn ellipses(painter: &Painter, stage: &Stage, p: &Palette, shown: &Shown, shared: bool, bold: f32) {
    let scale = stage.view.scale(stage.rect);
    let thin = Stroke::new(1.3 * bold, p.source);
    let one = |centre: Pos2, std: [f32; 2], fill: Color32| {
        let radii = scale * vec2(std[0], std[1]);
        painter.add(egui::epaint::EllipseShape {
            center: centre,
            radius: radii,
            fill,
            stroke: thin,
            angle: 0.0,
        });
    };
    if shared {
        let prior = &shown.prior;
        let centre = stage.view.to_screen(stage.rect, prior[0]);
        for k in [1.0, 2.0] {
            one(centre, prior[1].map(|s| k * s), Color32::TRANSPARENT);
        }
        return;
    }
    for i in 0..ELLIPSES {
        let centre = at(stage, &shown.pairs.mean, i);
        let std = [shown.pairs.std[2 * i], shown.pairs.std[2 * i + 1]];
        let x = at(stage, &shown.pairs.x, i);
        painter.line_segment([centre, x], Stroke::new(bold, theme::faint(p.source, 0.6)));
        one(centre, std, theme::faint(p.source, 0.1));
        let dot = Rect::from_center_size(x, egui::Vec2::splat(5.0 * bold));
        painter.rect_filled(dot, 0.0, p.ink);
    }
}

fn samples_ui(ui: &mut Ui, lab: &mut Lab, place: Rect, shown: &Shown) {
    let Some(stage) = stage(ui, lab, place, shown) else {
        return;
    };
    let p = theme::palette(ui);
    let t = lab.clock.t() as f32;
    let bold = if lab.settings.lecture { 1.3 } else { 1.0 };
    let mut canvas = lab.easel.canvas(ui.painter(), stage.rect, stage.view);
    canvas.particles((9, 0), &shown.frames, t, DOT * bold, p.model);
    stage.paint_frame(ui.painter(), p);
    let figure = match (shown.energy.last(), &shown.null) {
        (Some(energy), Some(null)) => format!("{:.1} × null", energy / null),
        _ => String::new(),
    };
    Heading {
        color: p.model,
        title: "Samples",
        detail: "from noise",
        figure: &figure,
        short: &figure,
        hint: "The figure is the energy distance to the data at 64 Euler steps, as a multiple of \
               that between two true sets of the same size.",
    }
    .show(ui, &stage);
}

/// The target's variance over t, and the samples' quality over steps.
fn curves_ui(ui: &mut Ui, place: Rect, shown: &Shown, t: f64) {
    let p = theme::palette(ui);
    let floors = shown.floors.clone().unwrap_or_default();
    let column = |k: usize| {
        floors
            .at
            .iter()
            .map(|row| [row[0], row[k]])
            .collect::<Vec<_>>()
    };
    let (posterior, independent) = (column(1), column(2));
    let series = |name, color, points, dashed| Series {
        name,
        color,
        points,
        error: &[],
        dashed,
    };
    let log = |steps: usize| (steps as f64).log2();
    let energy: Vec<[f64; 2]> = STEPS
        .iter()
        .zip(&shown.energy)
        .map(|(&steps, &energy)| [log(steps), energy])
        .collect();
    let level = shown.null.unwrap_or(f64::NAN);
    let null = [[-0.3, level], [6.3, level]];
    let variance = [
        series("Independent pairs", p.error, &independent, true),
        series("Posterior’s pairs", p.exact, &posterior, false),
    ];
    let quality = [
        series("Samples", p.model, &energy, false),
        series("True sets", p.ink, &null, true),
    ];
    two_plots(ui, place, t, &variance, &quality);
}

/// Variance over t at the left, energy distance over powers of two at the right.
pub(super) fn two_plots(
    ui: &mut Ui,
    place: Rect,
    t: f64,
    variance: &[Series<'_>],
    quality: &[Series<'_>],
) {
    let height = place.height();
    let halves = places::split(place, 2, true);
    let inner = |place: Rect| {
        let max = pos2(place.right() - 8.0, place.bottom());
        Rect::from_min_max(pos2(place.left() + 4.0, place.top() + 4.0), max)
    };
    let mut left = ui.new_child(UiBuilder::new().max_rect(inner(halves[0])));
    SmallPlot {
        title: "Target’s variance at a point on the way",
        hint: "The loss floor at each t, mean over coordinates: what no network can remove. \
               Estimated from pairs that fall into one small cell.",
        axis: Axis::Time,
        cursor: Some(t),
        series: variance,
    }
    .show(&mut left, height);
    let mut right = ui.new_child(UiBuilder::new().max_rect(inner(halves[1])));
    SmallPlot {
        title: "Energy distance over Euler steps",
        hint: "How far the samples are from the data with 1 to 64 evaluations of the field. \
               Dashed: two true sets of the same size.",
        axis: Axis::PowersOfTwo(0, 6),
        cursor: None,
        series: quality,
    }
    .show(&mut right, height);
}
