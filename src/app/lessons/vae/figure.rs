//! The views of the lesson as figures.

use super::work::{COLUMNS, STRIP, WALK};
use super::{Autoencoder, View};
use crate::app::background::Background;
use crate::app::digits::time_grid::TimeGrid;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::widgets::digit_grid::Pictures;
use crate::data::mnist::PIXELS;
use crate::figure::{Scene, Tone};

pub fn figure(lesson: &Autoencoder, lab: &Lab, t: f32) -> Option<Figure> {
    let shown = lesson.work.as_ref().and_then(Background::value)?;
    let Ok(shown) = shown.as_ref() else {
        return None;
    };
    let source = lab.digits.autoencoder();
    let (seed, shown) = (lesson.seed, shown.clone());
    let draw: Box<dyn Fn(f32) -> Scene + Send + Sync> = match lesson.view {
        View::Check => {
            let difference = lesson.difference;
            Box::new(move |_| {
                let mse = format!("Reconstructions, squared error {:.4}", shown.mse);
                let mut panels = vec![
                    sketch::digits(&shown.originals, COLUMNS).titled("Originals"),
                    sketch::digits(&shown.rebuilt, COLUMNS).titled(mse),
                ];
                if difference {
                    let grid = sketch::digits(&shown.difference, COLUMNS);
                    panels.push(grid.titled("Difference"));
                }
                Scene::row(panels)
            })
        }
        View::Walk => {
            let walk = shown.walk.clone()?;
            let ends = lesson.ends;
            Box::new(move |t| {
                let frame = TimeGrid(WALK).nearest(t);
                let one = |index: usize| {
                    let from = index * PIXELS;
                    let grey = shown.originals.grey[from..from + PIXELS].to_vec();
                    Pictures::new(grey)
                };
                let panels = vec![
                    sketch::digits(&one(ends[0]), 1).titled("From"),
                    sketch::digits(&walk[frame], 1).titled(sketch::time(t)),
                    sketch::digits(&one(ends[1]), 1).titled("To"),
                ];
                let places: Vec<usize> = (0..STRIP).map(|i| i * (WALK - 1) / (STRIP - 1)).collect();
                let strip = places.iter().flat_map(|at| walk[*at].grey.to_vec());
                let strip = sketch::digits(&Pictures::new(strip.collect()), STRIP);
                let near = |at: &usize| at.abs_diff(frame) <= (WALK - 1) / (2 * (STRIP - 1));
                let now: Vec<usize> = (0..STRIP).filter(|i| near(&places[*i])).collect();
                let strip = sketch::framed(strip, &now, STRIP, Tone::Model);
                Scene::row(panels)
                    .titled(format!("A walk between two codes, {}", shown.label))
                    .over(Scene::row(vec![strip]))
            })
        }
    };
    Some(Figure::new(seed, t, move |t, _| Some(draw(t))).by_image(&source))
}
