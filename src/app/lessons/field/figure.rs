//! The fields beside one another as a figure, with the error over time.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Field;
use super::inspector::{Inspector, Reading};
use super::job::{self, ErrorCurve, Heat, Panel as Part, Picture, Request};
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::time_label;
use crate::app::widgets::chart::nice_ceil;
use crate::app::widgets::heat_map::Scale;
use crate::figure::{Axis, Form, Panel, Scene, Text, Tone};
use crate::flow::BoxUnion;
use crate::kernel::Mlp;

/// Lines over viridis, in both themes.
const LIGHT: Tone = Tone::Fixed([0xFF, 0xFF, 0xFE]);
/// Arrows along a side, as on the stage.
const ARROWS: f32 = 19.0;

/// What the stage shows of the picture.
struct View {
    arrows: bool,
    lines: bool,
    heat: Option<Heat>,
    target: Option<Form>,
    boxes: Option<BoxUnion>,
    pinned: Option<[f32; 2]>,
    curve: Option<Arc<ErrorCurve>>,
    difference: &'static str,
}

pub fn figure(lesson: &Field, lab: &Lab, t: f32) -> Option<Figure> {
    let staged = lab.training.staged();
    let request = Request {
        route: lab.training.route(),
        model: staged.map(|s| (s.version, Arc::clone(&s.weights))),
        t: f64::from(t),
        heat: lesson.heat.unwrap_or(Heat::Speed),
    };
    // What is on the stage is taken from there; another time is computed.
    let now = (lab.clock.t() as f32 - t).abs() < 1e-6;
    let shown = lesson.work.as_ref().and_then(|work| work.value());
    let shown = shown.filter(|picture| {
        let done = !lesson.work.as_ref().is_some_and(|work| work.is_busy());
        now && done && picture.route == request.route && picture.heat == request.heat
    });
    let target = lesson.target.as_ref().filter(|_| lesson.show_target);
    let view = View {
        arrows: lesson.arrows,
        lines: lesson.lines,
        heat: lesson.heat,
        target: target.map(|target| target.form()),
        boxes: target.and_then(|target| target.boxes().cloned()),
        pinned: lesson.pinned,
        curve: lesson.curve.as_ref().and_then(|curve| curve.value()),
        difference: lesson.difference_name(),
    };
    let (shown, shown_at) = (shown, t);
    let draw = move |t: f32, cancel: &AtomicBool| {
        let request = Request {
            t: f64::from(t),
            ..request.clone()
        };
        let mut inspector = Inspector::default();
        inspector.update(&request);
        let reading = view.pinned.map(|x| inspector.read(x));
        match &shown {
            Some(picture) if t == shown_at => Some(view.scene(t, picture, reading.as_ref())),
            _ => Some(view.scene(t, &compute(&request, cancel)?, reading.as_ref())),
        }
    };
    Some(Figure::new(0, t, draw).by(staged))
}

/// The picture at another time, as fine as on the stage.
fn compute(request: &Request, cancel: &AtomicBool) -> Option<Picture> {
    let exact = request.route.exact();
    let model = (request.model.as_ref()).and_then(|(_, weights)| Mlp::try_new(weights).ok());
    let picture = job::picture(request, exact.as_ref(), model.as_ref(), 1, cancel);
    let whole = !cancel.load(std::sync::atomic::Ordering::Relaxed);
    whole.then_some(picture)
}

impl View {
    fn scene(&self, t: f32, picture: &Picture, reading: Option<&Reading>) -> Scene {
        let extent = picture.route.dataset.extent();
        let (what, apart) = match picture.heat {
            Heat::Speed => ("Speed, length per time", "Length of the error"),
            Heat::Density => ("Density, per area", "Difference of densities"),
            Heat::Divergence => ("Divergence, per time", "Difference of divergences"),
        };
        let fields = [
            (&picture.model, "Network", Tone::Model, picture.scale, what),
            (
                &picture.exact,
                "Exact field",
                Tone::Exact,
                picture.scale,
                what,
            ),
            (
                &picture.difference,
                self.difference,
                Tone::Error,
                picture.difference_scale,
                apart,
            ),
        ];
        let panels = fields
            .into_iter()
            .filter_map(|(part, name, tone, scale, what)| {
                let part = part.as_ref()?;
                let panel = self.panel(part, name, tone, (scale, what), extent);
                let exact = name == "Exact field";
                Some(match reading {
                    Some(reading) => with_reading(panel, reading, exact, extent),
                    None => panel,
                })
            });
        let scene = Scene::row(panels.collect()).titled(sketch::time(t));
        match &self.curve {
            Some(curve) => scene.over(Self::error(t, curve)),
            None => scene,
        }
    }

    fn panel(
        &self,
        part: &Part,
        name: &str,
        tone: Tone,
        (scale, what): (Scale, &str),
        extent: f64,
    ) -> Panel {
        let mut panel = Panel::square(extent).titled(name);
        let over = match (self.heat, scale) {
            (None, _) => tone,
            (Some(_), Scale::Sequential(_)) => LIGHT,
            (Some(_), Scale::Diverging(_)) => Tone::Ink,
        };
        if self.heat.is_some() {
            panel = sketch::heat(panel, "values", &part.heat, scale, what);
        }
        match (&self.boxes, &self.target) {
            (Some(boxes), _) if self.heat.is_some() => {
                let outline = |b: &crate::flow::WeightedBox| {
                    let [[x0, y0], [x1, y1]] = [b.lo, b.hi].map(|p| p.map(|v| v as f32));
                    vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
                };
                let lines = boxes.boxes.iter().map(outline).collect();
                panel = panel.with("target", over, 1.0, Form::lines(lines, 0.6, false));
            }
            (_, Some(form)) => panel = panel.with("target", Tone::Ghost, 1.0, form.clone()),
            _ => {}
        }
        if self.lines {
            panel = sketch::streamlines(panel, &part.lines, over, 0.9);
        }
        if self.arrows {
            let each = 2.0 * extent as f32 / ARROWS;
            let fast = part.heat.quantile(0.8, f32::abs).max(1e-6);
            let per_speed = match self.heat {
                Some(Heat::Speed) | None => each / fast,
                Some(_) => 0.5 * each,
            };
            let form = sketch::arrows(&part.arrows, per_speed, 1.3 * each, 0.6);
            panel = panel.with("velocities", over, 1.0, form);
        }
        panel
    }

    /// The squared error over time, with a line at t.
    fn error(t: f32, curve: &ErrorCurve) -> Scene {
        let values = curve.points.iter().map(|point| point[1]);
        let top = nice_ceil(values.filter(|v| v.is_finite()).fold(1e-6, f32::max));
        let x = Axis::linear(0.0, 1.0).labelled(Text::maths(time_label::axis()));
        let y = Axis::linear(0.0, f64::from(top)).labelled("Squared error");
        let cursor = Form::lines(vec![vec![[t, 0.0], [t, top]]], 0.6, true);
        let line = Form::lines(vec![curve.points.clone()], 1.2, false);
        let panel = Panel::curves(x, y)
            .with("t", Tone::Muted, 1.0, cursor)
            .with("squared error", Tone::Error, 1.0, line)
            .noted(format!("excess loss {:.4}", curve.excess));
        Scene {
            aspect: Some(0.22),
            ..Scene::apart(vec![panel])
        }
    }
}

/// The inspector's point, and on the exact panel where the data are expected.
fn with_reading(mut panel: Panel, reading: &Reading, exact: bool, extent: f64) -> Panel {
    let at = reading.x.map(f64::from);
    if let Some(marginal) = reading.exact.as_ref().filter(|_| exact) {
        let mean = marginal.mean_x1;
        let way = Form::curve([at, mean], 0.8, false);
        let ring = Form::lines(vec![sketch::ring(mean, 0.022 * extent)], 1.0, false);
        panel = panel
            .with("to E[x1|x]", Tone::Fixed([0x1B, 0x1D, 0x22]), 1.0, way)
            .with("E[x1|x]", Tone::Error, 1.0, ring);
    }
    let arm = 0.03 * extent;
    let cross = [[arm, 0.0], [0.0, arm]].map(|[dx, dy]| {
        let end = |s: f64| [at[0] + s * dx, at[1] + s * dy].map(|v| v as f32);
        vec![end(-1.0), end(1.0)]
    });
    // A light rim keeps the cross apart from any colour.
    panel
        .with("x", LIGHT, 0.85, Form::lines(cross.to_vec(), 2.2, false))
        .with(
            "x",
            Tone::Fixed([0x1B, 0x1D, 0x22]),
            1.0,
            Form::lines(cross.to_vec(), 0.9, false),
        )
}
