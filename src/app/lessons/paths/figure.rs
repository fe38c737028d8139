//! The views of the lesson as figures.

use std::sync::Arc;

use super::ends::mean_distance;
use super::sheet::TIMES;
use super::side::{Panel, schedule};
use super::{NAMES, Paths, SHEET, View};
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sampling_grid::Moved;
use crate::app::sketch::{self, Who};
use crate::app::theme::Theme;
use crate::app::time_label;
use crate::app::widgets::number;
use crate::app::widgets::quiver::{self, LAST_TIME, SIDE};
use crate::figure::scene::Key;
use crate::figure::{Axis, Form, Panel as Plot, Scene, Text, Tone};
use crate::flow::{Scheduler, metric};

/// Ways in the panels of the row, of the pair, and in the panel that shows both.
const WAYS: [usize; 3] = [60, 80, 28];

/// A path on the stage, with its particles.
#[derive(Clone)]
struct Way {
    name: String,
    tone: Tone,
    path: Scheduler,
    moved: Arc<Moved>,
    target: Option<Form>,
}

impl Way {
    fn extent(&self) -> f64 {
        self.moved.route.dataset.extent()
    }

    fn panel(&self, t: f32, cm: f64, ways: usize) -> Plot {
        let who = Who {
            name: &self.name,
            tone: self.tone,
            frames: &self.moved.frames,
        };
        let panel = sketch::over_target(self.target.clone(), self.extent());
        who.add(panel, t, cm, ways)
    }
}

pub fn figure(lesson: &Paths, lab: &Lab, t: f32) -> Option<Figure> {
    let way = |place: usize| {
        let moved = lesson.moved(place)?;
        Some(Way {
            name: NAMES[place].to_owned(),
            tone: Tone::Series(place as u8),
            path: moved.route.path,
            target: lesson.target_form(&moved.route.dataset),
            moved,
        })
    };
    let figure = |draw: Box<dyn Fn(f32) -> Scene + Send + Sync>| {
        Figure::new(lesson.noise, t, move |t, _| Some(draw(t)))
    };
    match lesson.view {
        View::Side => {
            let panels = lesson.side_panels(lab, Theme::Light.palette());
            let network = panels.iter().find_map(|panel| panel.weights);
            let by = network.and_then(|choice| lab.training.staged_by(choice));
            let way = |panel: Panel| {
                let moved = panel.moved?;
                Some(Way {
                    tone: match (panel.weights, panel.place) {
                        (None, Some(place)) => Tone::Series(place as u8),
                        _ => Tone::Model,
                    },
                    name: panel.name,
                    path: panel.path,
                    target: lesson.target_form(&panel.dataset),
                    moved,
                })
            };
            // A picture with holes would mislead.
            let ways: Option<Vec<Way>> = panels.into_iter().map(way).collect();
            let ways = ways.filter(|ways| !ways.is_empty())?;
            let trails = if lesson.trails { WAYS[0] } else { 0 };
            let draw = move |t| side(&ways, t, trails);
            Some(figure(Box::new(draw)).by(by.as_ref()))
        }
        View::Sheet => {
            let [Some(upper), Some(lower)] = SHEET.map(way) else {
                return None;
            };
            let draw = move |t| sheet(&[upper.clone(), lower.clone()], t);
            Some(figure(Box::new(draw)))
        }
        View::Ends => {
            let [Some(a), Some(b)] = lesson.pair.map(way) else {
                return None;
            };
            let trails = if lesson.trails { WAYS[1] } else { 0 };
            let draw = move |t| ends(&[a.clone(), b.clone()], t, trails);
            Some(figure(Box::new(draw)))
        }
    }
}

/// α and σ over t of each path, and σ over α.
fn side(ways: &[Way], t: f32, trails: usize) -> Scene {
    let columns = ways.len().min(3);
    let cm = 16.0 / columns as f64;
    let panel = |way: &Way| {
        let c = way.path.at(f64::from(t));
        // σ of a polynomial path ends at −0.
        let note = Text::default()
            .and("α_t")
            .plain(format!(" = {:.2}, ", c.alpha.abs()))
            .and("σ_t")
            .plain(format!(" = {:.2}", c.sigma.abs()));
        way.panel(t, cm, trails)
            .titled(way.name.as_str())
            .noted(note)
    };
    let unit = || Axis::linear(0.0, 1.03);
    let mut over_time = Plot::curves(
        Axis::linear(0.0, 1.0).labelled(Text::maths(time_label::axis())),
        unit().labelled(Text::maths("α_t").plain(" and ").and("σ_t")),
    )
    .with("t", Tone::Muted, 1.0, cursor(t));
    let mut plane = Plot::curves(
        unit().labelled(Text::from("Signal ").and("α_t")),
        unit().labelled(Text::from("Noise ").and("σ_t")),
    );
    let mut below = Scene::default();
    for way in ways {
        let [alpha, sigma] = schedule(way.path);
        let c = way.path.at(f64::from(t));
        let both = alpha.iter().zip(&sigma).map(|(a, s)| [a[1], s[1]]);
        let line = |points: Vec<[f32; 2]>, dashed| Form::lines(vec![points], 1.0, dashed);
        let name = |what: &str| format!("{} {what}", way.name);
        plane = plane
            .with(name("σ over α"), way.tone, 1.0, line(both.collect(), false))
            .with(
                name("now"),
                way.tone,
                1.0,
                Form::dots(&[c.alpha as f32, c.sigma as f32], 2.0),
            );
        over_time = over_time
            .with(name("α"), way.tone, 1.0, line(alpha, false))
            .with(name("σ"), way.tone, 1.0, line(sigma, true));
        below = below.entry(way.name.as_str(), way.tone, Key::Line);
    }
    let below = Scene {
        panels: vec![over_time, plane],
        columns: 2,
        aspect: Some(0.42),
        ..below
    };
    let below = below.entry(Text::maths("α_t"), Tone::Ink, Key::Line).entry(
        Text::maths("σ_t"),
        Tone::Ink,
        Key::Dashes,
    );
    Scene::grid(ways.iter().map(panel).collect(), columns)
        .titled(sketch::time(t))
        .over(below)
}

/// The time of the clock as an upright line.
fn cursor(t: f32) -> Form {
    Form::lines(vec![vec![[t, 0.0], [t, 1.03]]], 0.6, true)
}

/// Two paths at seven times, and the share of the signal.
fn sheet(ways: &[Way; 2], t: f32) -> Scene {
    let mut panels = Vec::new();
    for (row, way) in ways.iter().enumerate() {
        for t in TIMES {
            let panel = way.panel(t, 2.3, 0);
            panels.push(if row == 0 {
                panel.titled(sketch::time(t))
            } else {
                panel
            });
        }
    }
    let x = Axis::linear(0.0, 1.0).labelled(Text::maths(time_label::axis()));
    let y = Axis::linear(0.0, 1.03).labelled("Share of the signal");
    let times = TIMES.map(|t| vec![[t, 0.0], [t, 1.03]]).to_vec();
    let mut curves = Plot::curves(x, y)
        .with("times", Tone::Hairline, 1.0, Form::lines(times, 0.6, false))
        .with("t", Tone::Muted, 1.0, cursor(t));
    let mut below = Scene::default();
    for (way, dashed) in ways.iter().zip([false, true]) {
        let [alpha, sigma] = schedule(way.path);
        let share = alpha.iter().zip(&sigma).map(|(a, s)| {
            let (a2, s2) = (a[1] * a[1], s[1] * s[1]);
            [a[0], a2 / (a2 + s2)]
        });
        let line = Form::lines(vec![share.collect()], 1.2, dashed);
        curves = curves.with(way.name.as_str(), way.tone, 1.0, line);
        let key = if dashed { Key::Dashes } else { Key::Line };
        let label = Text::from(way.name.as_str())
            .plain(", ")
            .and("α_t^2 / (α_t^2 + σ_t^2)");
        below = below.entry(label, way.tone, key);
    }
    let below = Scene {
        panels: vec![curves],
        columns: 1,
        aspect: Some(0.26),
        ..below
    };
    Scene {
        rows: ways
            .iter()
            .map(|way| Text::from(way.name.as_str()))
            .collect(),
        ..Scene::grid(panels, TIMES.len())
    }
    .over(below)
}

/// Two fields that carry each particle to the same place.
fn ends(ways: &[Way; 2], t: f32, trails: usize) -> Scene {
    let extent = ways[0].extent();
    let cell = 2.0 * extent as f32 / SIDE as f32;
    let mut panels = Vec::new();
    for way in ways {
        let mut panel = way
            .panel(t, 5.3, trails)
            .titled(format!("{}: its field at t", way.name));
        if let Some(field) = way.moved.route.exact() {
            let grid = quiver::on_grid(&field, t.min(LAST_TIME), extent);
            let form = sketch::arrows(&grid, 0.4 * cell, 1.3 * cell, 0.45);
            panel = panel.with(format!("{} field", way.name), Tone::Ink, 0.8, form);
        }
        let frames = &way.moved.frames;
        let times: Vec<f64> = frames.times.iter().map(|t| f64::from(*t)).collect();
        let energy = metric::path_energy(&times, &frames.points);
        panels.push(panel.noted(format!("energy {energy:.2}")));
    }
    let mut both =
        sketch::over_target(ways[0].target.clone(), extent).titled("Both: same start, same end");
    for way in ways {
        let who = Who {
            name: &way.name,
            tone: way.tone,
            frames: &way.moved.frames,
        };
        both = who.add_ways(both, t, 8.0, WAYS[2]);
    }
    let moment = |way: &Way, t: f32| -> Vec<f32> {
        let frames = &way.moved.frames;
        let places = (0..frames.n).map(|i| sketch::position(frames, t, i));
        places.flatten().collect()
    };
    let apart = |t: f32| mean_distance(&moment(&ways[0], t), &moment(&ways[1], t));
    let note = format!("apart at t: {:.3}, at the end: {:.3}", apart(t), apart(1.0));
    panels.push(both.noted(note));
    let mut scene = Scene::row(panels).titled(sketch::time(t));
    for way in ways {
        scene = scene.entry(way.name.as_str(), way.tone, Key::Line);
    }
    let count = number::grouped(ways[0].moved.frames.n as u64);
    scene.entry(format!("target; {count} particles"), Tone::Ghost, Key::Area)
}
