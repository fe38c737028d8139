//! The grid, or the panel that fills the stage, as a figure.

use std::sync::Arc;

use super::Steps;
use super::picture::{MARKED, TRAILS, mean_of};
use super::table::{Columns, PATHS, Rows, solver_name};
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sampling_grid::{Cell, Driver, Moved};
use crate::app::sketch::{self, Who};
use crate::app::time_label;
use crate::app::widgets::number;
use crate::data::Dataset;
use crate::figure::scene::Key;
use crate::figure::{Axis, Form, Panel, Scene, Text, Tone};

/// What all panels share.
struct View {
    /// The target of each run on the stage, where targets are shown.
    targets: Vec<(Dataset, Form)>,
    trails: bool,
    means: bool,
    by: Rows,
}

/// One place of the grid.
struct Place {
    title: String,
    /// None where so few evaluations make no step.
    moved: Option<Arc<Moved>>,
    least: usize,
}

pub fn figure(lesson: &Steps, lab: &Lab, t: f32) -> Option<Figure> {
    let table = &lesson.table;
    let view = View {
        targets: if lesson.show_target {
            lesson.targets.forms()
        } else {
            Vec::new()
        },
        trails: lesson.trails,
        means: lesson.means,
        by: table.rows_by(),
    };
    let staged = lab.training.staged_by(table.weights);
    let by = staged.filter(|_| table.is_network());
    if let Some(cell) = lesson.enlarged {
        let moved = lesson.grid.moved(&cell).cloned()?;
        let draw = move |t: f32, _: &_| Some(view.enlarged(t, &cell, &moved));
        return Some(Figure::new(lesson.noise, t, draw).by(by.as_ref()).wide(8.5));
    }
    let (rows, columns) = (table.rows(), table.columns());
    let mut places = Vec::new();
    for (r, row) in rows.iter().enumerate() {
        for count in &columns {
            let word = match table.across {
                Columns::Steps if *count == 1 => "step",
                Columns::Steps => "steps",
                Columns::Nfe => "NFE",
            };
            let cell = table.cell(*row, *count);
            let moved = match cell {
                // A picture with holes would mislead.
                Some(cell) => Some(lesson.grid.moved(&cell).cloned()?),
                None => None,
            };
            places.push(Place {
                title: if r == 0 {
                    format!("{count} {word}")
                } else {
                    String::new()
                },
                moved,
                least: table.least_nfe(*row),
            });
        }
    }
    if places.is_empty() {
        return None;
    }
    let names = rows.iter().map(|row| lesson.row_text(&lab.training, *row));
    let names: Vec<String> = names.collect();
    let across = columns.len();
    let mut shown = places.iter().filter_map(|place| place.moved.as_ref());
    let known = shown.any(|moved| moved.off_support.is_some());
    let draw = move |t: f32, _: &_| {
        let cm = 16.0 / across as f64;
        let panels = places
            .iter()
            .map(|place| view.small(t, place, cm))
            .collect();
        let mut title = sketch::time(t);
        if known {
            title = title.plain(", and the share of particles off the support at the end");
        }
        let mut scene = Scene::grid(panels, across).titled(title);
        scene.panels = scene.panels.into_iter().map(Panel::without_ticks).collect();
        scene.rows = names.iter().map(|name| Text::from(name.as_str())).collect();
        if !view.targets.is_empty() {
            scene = scene.entry("target", Tone::Ghost, Key::Area);
        }
        Some(scene)
    };
    Some(Figure::new(lesson.noise, t, draw).by(by.as_ref()))
}

impl View {
    fn tone(&self, cell: &Cell) -> Tone {
        let row = PATHS
            .iter()
            .position(|(path, _)| cell.driver == Driver::Exact(*path));
        match (self.by, cell.driver) {
            (_, Driver::Network(_)) => Tone::Model,
            (Rows::Solvers, _) => Tone::Exact,
            (Rows::Paths, _) => Tone::Series([0, 3, 4, 2][row.unwrap_or(0) % 4]),
        }
    }

    fn panel(&self, t: f32, moved: &Moved, cm: f64, ways: usize) -> Panel {
        let who = Who {
            name: "particles",
            tone: self.tone(&moved.cell),
            frames: &moved.frames,
        };
        let ways = if self.trails { ways } else { 0 };
        let dataset = &moved.route.dataset;
        let target = self.targets.iter().find(|(known, _)| known == dataset);
        let target = target.map(|(_, form)| form);
        let panel = sketch::over_target(target.cloned(), dataset.extent());
        who.add(panel, t, cm, ways).noted(figures(moved))
    }

    fn small(&self, t: f32, place: &Place, cm: f64) -> Panel {
        let Some(moved) = &place.moved else {
            let words = vec![([0.0, 0.0], Text::from(format!("≥ {}", place.least)))];
            let words = Form::Words {
                at: words,
                size: 1.0,
            };
            let panel = Panel::square(1.0).titled(place.title.as_str());
            return panel.with("impossible", Tone::Muted, 1.0, words);
        };
        let panel = self.panel(t, moved, cm, TRAILS[0]);
        panel.titled(place.title.as_str())
    }

    /// The large panel with the share of each cell below.
    fn enlarged(&self, t: f32, cell: &Cell, moved: &Moved) -> Scene {
        let mut panel = self.panel(t, moved, 8.0, TRAILS[1]);
        let field = moved.route.exact();
        if let Some(field) = field.filter(|_| self.means) {
            let radius = 0.015 * 2.0 * moved.route.dataset.extent();
            let marked = 0..MARKED.min(moved.frames.n);
            let means = marked.filter_map(|particle| mean_of(&field, moved, particle));
            let rings = means.map(|mean| sketch::ring(mean, radius)).collect();
            panel = panel.with("E[x1|x]", Tone::Error, 1.0, Form::lines(rings, 0.9, false));
        }
        let steps = cell.plan.steps;
        let plural = if steps == 1 { "" } else { "s" };
        let title = format!("{}, {steps} step{plural}", solver_name(cell.plan.solver));
        let last = if cell.plan.last_euler {
            ", last one Euler"
        } else {
            ""
        };
        let title = Text::from(format!("{title}{last}, ")).and(&time_label::moment(t));
        let scene = Scene::row(vec![panel]).titled(title);
        if moved.masses.is_empty() {
            return scene;
        }
        scene.over(Scene {
            aspect: Some(0.2),
            ..Scene::apart(vec![self.masses(moved)])
        })
    }

    /// Share of the particles in each cell as bars, with the true shares as lines.
    fn masses(&self, moved: &Moved) -> Panel {
        let boxes = moved.route.dataset.boxes();
        let truth: Vec<f64> = boxes
            .iter()
            .flat_map(|boxes| boxes.boxes.iter().map(|b| b.weight))
            .collect();
        let n = truth.len().max(1);
        let top = 2.0 * truth.iter().copied().fold(1e-9, f64::max);
        let bars = (moved.masses.iter().enumerate())
            .map(|(k, share)| ([k as f64 + 0.1, 0.0], [k as f64 + 0.9, share.min(top)]));
        let lines = (truth.iter().enumerate())
            .map(|(k, truth)| vec![[k as f32, *truth as f32], [k as f32 + 1.0, *truth as f32]]);
        let x = Axis {
            ticks: false,
            ..Axis::linear(0.0, n as f64).labelled("Cell")
        };
        let tone = self.tone(&moved.cell);
        Panel::curves(x, Axis::linear(0.0, top).labelled("Share"))
            .with("shares", tone, 0.75, Form::Boxes(bars.collect()))
            .with(
                "true shares",
                Tone::Ink,
                1.0,
                Form::lines(lines.collect(), 0.7, false),
            )
    }
}

/// Off the support, and evaluations of the field.
fn figures(moved: &Moved) -> String {
    let off = match moved.off_support {
        Some(share) => format!("{} · ", number::percent(share)),
        None if moved.is_point => "one point · ".to_owned(),
        None => String::new(),
    };
    format!("{off}NFE {}", moved.nfe)
}
