//! Fan, lines and flow as a figure.

use std::sync::Arc;

use super::crossing::Crossing;
use super::fan::Fan;
use super::paint::{Track, path_ahead};
use super::panel::{CELLS, FAN_VIEW, LEAST_ARROW};
use super::{Anchor, Conditional, LAST_TIME};
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::widgets::readout::pair;
use crate::figure::{Form, Panel, Scene, Text, Tone};
use crate::flow::{BoxUnion, MarginalField, Scheduler};
use crate::kernel::Trajectories;

/// Where the point is at each time.
type Follower = Box<dyn Fn(f64) -> [f64; 2] + Send + Sync>;

/// What the scene needs.
struct View {
    path: Scheduler,
    extent: f64,
    boxes: Option<BoxUnion>,
    target: Form,
    fan: Option<(Arc<MarginalField>, Follower)>,
    draws: usize,
    seed: u64,
    track: Option<Track>,
    show_draws: bool,
    lines: Option<Arc<Crossing>>,
    shown: [bool; 3],
}

pub fn figure(lesson: &Conditional, lab: &Lab, t: f32) -> Option<Figure> {
    let known = lesson.known.as_ref()?;
    let view = View {
        path: known.route.path,
        extent: known.route.dataset.extent(),
        boxes: known.target.boxes().cloned(),
        target: known.target.form(),
        fan: known.field.clone().map(|field| {
            let follower: Follower = Box::new(lesson.follower());
            (field, follower)
        }),
        draws: lesson.draws,
        seed: lesson.seed,
        track: (lesson.track())
            .filter(|_| lesson.follow)
            .map(|track| track.1.clone()),
        show_draws: lesson.show_draws,
        lines: lesson.crossings.as_ref().and_then(|work| work.value()),
        shown: lesson.shown,
    };
    let shown = lesson.shown.iter().filter(|on| **on).count();
    if shown == 0 || view.lines.is_none() {
        return None;
    }
    let exact = known.field.is_some();
    let wide = if shown == 1 { 8.5 } else { 17.5 };
    let by = lab.training.staged().filter(|_| !exact);
    Some(
        Figure::new(lesson.seed, t, move |t, _| Some(view.scene(t)))
            .by(by)
            .wide(wide),
    )
}

impl View {
    fn scene(&self, time: f32) -> Scene {
        let mut panels = Vec::new();
        if self.shown[0]
            && let Some((field, follower)) = &self.fan
        {
            let t = f64::from(time).min(LAST_TIME);
            let fan = Fan::new(field, t, follower(t), self.draws, self.seed);
            panels.push(self.fan(&fan));
        }
        if let Some(crossing) = &self.lines {
            if self.shown[1] {
                panels.push(self.paths(time, &crossing.lines, "Lines", crossing.meetings[0]));
            }
            if let Some(flow) = crossing.flow.as_ref().filter(|_| self.shown[2]) {
                panels.push(self.paths(time, flow, "Flow", crossing.meetings[1]));
            }
        }
        Scene::apart(panels).titled(sketch::time(time))
    }

    fn fan(&self, fan: &Fan) -> Panel {
        let mut panel = Panel::square(FAN_VIEW * self.extent).titled(
            Text::from("Fan at ")
                .and("x")
                .plain(format!(" = {}", pair(fan.x))),
        );
        if let Some(boxes) = &self.boxes {
            panel = cells(panel, boxes, fan);
        }
        if let Some(track) = &self.track {
            let [before, after] = track.around(fan.t);
            panel = panel
                .with(
                    "flow so far",
                    Tone::Exact,
                    0.8,
                    Form::curve(before, 0.8, false),
                )
                .with(
                    "flow to come",
                    Tone::Exact,
                    0.8,
                    Form::curve(after, 0.8, true),
                );
        }
        if self.show_draws {
            let light = (64.0 / fan.draws.len().max(1) as f32)
                .sqrt()
                .clamp(0.35, 1.0);
            for draw in &fan.draws {
                let tone = Tone::Category((draw.cell % 8) as u8);
                let line = path_ahead(self.path, fan.t, fan.x, draw.x1);
                let dot = draw.x1.map(|v| v as f32);
                panel = panel
                    .with("ray", tone, 0.42 * light, Form::curve(line, 0.5, false))
                    .with("draw", tone, 1.0, Form::dots(&dot, 0.8));
            }
        }
        let left = 1.0 - fan.t;
        let arrow = |v: [f64; 2], width: f32| Form::Arrows {
            at: vec![fan.x.map(|v| v as f32)],
            vectors: vec![v.map(|v| (left * v) as f32)],
            width,
        };
        for part in fan.parts.iter().take(CELLS).rev() {
            if part.weight >= LEAST_ARROW {
                let tone = Tone::Category((part.cell % 8) as u8);
                let width = 0.6 + 2.6 * part.weight as f32;
                panel = panel.with("velocity to a cell", tone, 1.0, arrow(part.velocity, width));
            }
        }
        let dot = fan.x.map(|v| v as f32);
        panel
            .with("v*", Tone::Ink, 1.0, arrow(fan.exact.velocity, 1.7))
            .with("x", Tone::Ink, 1.0, Form::dots(&dot, 2.4))
            .noted("arrows: velocity × time left; black: their mean")
    }

    fn paths(&self, t: f32, paths: &Trajectories, name: &str, meetings: usize) -> Panel {
        let mut panel = Panel::square(self.extent).titled(name).with(
            "target",
            Tone::Ghost,
            0.6,
            self.target.clone(),
        );
        let last = paths.times.len() - 1;
        let position = t.clamp(0.0, 1.0) * last as f32;
        let (whole, part) = ((position as usize).min(last), position.fract());
        let at = |k: usize, i: usize| {
            let frame = paths.frame(k);
            [frame[2 * i], frame[2 * i + 1]]
        };
        let now = |i: usize| {
            let (a, b) = (at(whole, i), at((whole + 1).min(last), i));
            [0, 1].map(|k| a[k] + part * (b[k] - a[k]))
        };
        let other = if self.boxes.is_some() {
            Tone::Muted
        } else {
            Tone::Source
        };
        for i in 0..paths.n {
            let end = at(last, i).map(f64::from);
            let cell = self.boxes.as_ref().and_then(|boxes| boxes.cell_of(end));
            let tone = cell.map_or(other, |cell| Tone::Category((cell % 8) as u8));
            let mut ahead = vec![now(i)];
            ahead.extend((whole + 1..=last).map(|k| at(k, i)));
            let mut behind: Vec<_> = (0..=whole).map(|k| at(k, i)).collect();
            behind.push(now(i));
            panel = panel
                .with("to come", tone, 0.25, Form::lines(vec![ahead], 0.5, false))
                .with("so far", tone, 0.85, Form::lines(vec![behind], 0.6, false))
                .with("now", tone, 1.0, Form::dots(&now(i), 1.1));
        }
        panel.noted(format!("{meetings} pairs of paths cross"))
    }
}

/// The anchors that can be: a file may hold anything.
pub struct OnStage;

impl OnStage {
    /// Whether it is one of them.
    pub fn contains(&self, anchor: &Option<Anchor>) -> bool {
        let far = |v: &f64| v.abs() > 100.0;
        anchor.is_none_or(|a| (0.0..=LAST_TIME).contains(&a.t) && !a.x.iter().any(far))
    }
}

/// Cells as strong as they are likely, with their shares.
fn cells(mut panel: Panel, boxes: &BoxUnion, fan: &Fan) -> Panel {
    let largest = fan.parts.first().map_or(1.0, |part| part.weight);
    let mut shares = vec![0.0; boxes.boxes.len()];
    fan.parts
        .iter()
        .for_each(|part| shares[part.cell] = part.weight);
    let mut words = Vec::new();
    for (cell, b) in boxes.boxes.iter().enumerate() {
        let strength = 0.07 + 0.33 * (shares[cell] / largest) as f32;
        let tone = Tone::Category((cell % 8) as u8);
        let form = Form::Boxes(vec![(b.lo, b.hi)]);
        panel = panel.with("cell", tone, strength, form);
        if shares[cell] >= 0.005 {
            // In the corner that is farthest from the point.
            let place = [0, 1].map(|k| {
                let middle = 0.5 * (b.lo[k] + b.hi[k]);
                let far = if middle > fan.x[k] { b.hi[k] } else { b.lo[k] };
                let inset = [0.27, 0.16][k];
                (far + inset * 2.0 * (middle - far)) as f32
            });
            let share = format!("{:.0}\u{2009}%", 100.0 * shares[cell]);
            words.push((place, Text::from(share)));
        }
    }
    let words = Form::Words {
        at: words,
        size: 0.8,
    };
    panel.with("shares", Tone::Ink, 1.0, words)
}
