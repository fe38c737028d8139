//! The map and its digits as a figure.

use super::Semantic;
use super::work;
use crate::app::background::Background;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::widgets::answers;
use crate::app::widgets::digit_grid::Pictures;
use crate::app::widgets::number;
use crate::data::mnist::regions::to_grey;
use crate::figure::Scene;

/// Digits in a row.
const COLUMNS: usize = 3;

pub fn figure(lesson: &Semantic, lab: &Lab, t: f32) -> Option<Figure> {
    let shown = lesson.work.as_ref().and_then(Background::value)?;
    let Ok(made) = shown.as_ref() else {
        return None;
    };
    let made = made.clone();
    let map = Pictures::new(to_grey(&lesson.map.now().labels));
    let draw = move |t: f32, _: &_| {
        let frame = work::FRAMES.nearest(t);
        let end = frame + 1 == made.way.len();
        let most = made.read.most();
        let (read, wanted): (&[u8], _) = if end {
            (&made.read.labels, most)
        } else {
            (&[], None)
        };
        let same = number::percent(made.agreement);
        let title = sketch::time(t).plain(format!(", NFE {}", made.nfe));
        let panels = vec![
            sketch::digits(&map, 1).titled("The map: paper, edge, body, core"),
            answers::panel(&made.way[frame], COLUMNS, read, wanted)
                .titled(format!("Digits of it, {same} of the labels come back")),
        ];
        Some(Scene::apart(panels).titled(title))
    };
    Some(Figure::new(lesson.seed, t, draw).by_image(&lab.digits.semantic.source()))
}
