//! The digits of both flows and their grey values as a figure.

use super::VariationalDigits;
use super::work::{BINS, FRAMES, SHOWN};
use crate::app::background::Background;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::time_label;
use crate::figure::{Axis, Form, Panel, Scene, Tone};

/// Images in a row.
const COLUMNS: usize = SHOWN / 4;
/// Shares below this are drawn at the bottom.
const LEAST: f64 = 1e-4;
/// Colours of the variational flow and of the plain one.
const TONES: [Tone; 2] = [Tone::Model, Tone::Error];

pub fn figure(lesson: &VariationalDigits, lab: &Lab, t: f32) -> Option<Figure> {
    let shown = lesson.work.as_ref().and_then(Background::value)?;
    let Ok(shown) = shown.as_ref() else {
        return None;
    };
    let (shown, histogram) = (shown.clone(), lesson.histogram);
    let draw = move |t: f32, _: &_| {
        let frame = FRAMES.nearest(t);
        let made = || {
            shown
                .ways
                .iter()
                .zip(TONES)
                .filter_map(|(way, tone)| Some((way.as_ref()?, tone)))
        };
        let grids = made().map(|(way, _)| {
            let grid = &way.grids[frame.min(way.grids.len() - 1)];
            let panel = sketch::digits(grid, COLUMNS).titled(way.name.as_str());
            sketch::framed(panel, &[0], COLUMNS, Tone::Source)
        });
        let mut title = time_label::moment(t);
        if !time_label::from_data() {
            title = format!("{title}; seed 002 counts it as {:.2}", 1.0 - t);
        }
        let scene = Scene::row(grids.collect()).titled(title);
        if !histogram {
            return Some(scene);
        }
        let value = Axis::linear(-1.0, 1.0).labelled("Pixel value, −1 paper to 1 ink");
        let mut plot = Panel::curves(value, Axis::log(LEAST, 1.0).labelled("Share"));
        if let Some(data) = &shown.data {
            plot = plot.with(
                "Test digits",
                Tone::Ink,
                1.0,
                Form::curve(line(data), 0.9, true),
            );
        }
        for (way, tone) in made() {
            let shares = &way.shares[frame.min(way.shares.len() - 1)];
            plot = plot.with(
                way.name.as_str(),
                tone,
                1.0,
                Form::curve(line(shares), 1.0, false),
            );
        }
        Some(scene.over(Scene::row(vec![plot])))
    };
    let source = lab.digits.pictures.source();
    Some(Figure::new(lesson.seed, t, draw).by_image(&source))
}

fn line(shares: &[f32; BINS]) -> impl Iterator<Item = [f64; 2]> + '_ {
    shares.iter().enumerate().map(|(i, &share)| {
        let value = 2.0 * (i as f64 + 0.5) / BINS as f64 - 1.0;
        [value, f64::from(share).max(LEAST)]
    })
}
