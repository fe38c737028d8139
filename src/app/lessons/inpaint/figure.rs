//! The digit with its hole and the fills as a figure.

use super::Inpaint;
use super::work;
use crate::app::background::Background;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::widgets::answers;
use crate::app::widgets::digit_grid::Pictures;
use crate::figure::Scene;
use crate::train::images::answer;

/// Fills in a row.
const COLUMNS: usize = 3;

pub fn figure(lesson: &Inpaint, lab: &Lab, t: f32) -> Option<Figure> {
    let shown = lesson.work.as_ref().and_then(Background::value)?;
    let Ok(filled) = shown.as_ref() else {
        return None;
    };
    let filled = filled.clone();
    let digit = work::digit(lesson.image).ok()?;
    let label = digit.labels[0];
    let seen = Pictures::new(answer::shown(&digit.pixels, &lesson.hole.now().0));
    let keep = lesson.keep;
    let draw = move |t: f32, _: &_| {
        let frame = work::FRAMES.nearest(t);
        let (pictures, all) = filled.shown(keep);
        let end = frame + 1 == pictures.len();
        let read: &[u8] = if end { &all.labels } else { &[] };
        let count = all.count(label);
        let n = all.labels.len();
        // The digit itself stands last.
        let fills = answers::panel(&pictures[frame], COLUMNS, read, Some(label));
        let title = sketch::time(t).plain(format!(", NFE {}", filled.nfe));
        let panels = vec![
            sketch::digits(&seen, 1).titled("What is seen"),
            fills.titled(format!(
                "Filled, {count} of {n} read as {label}; the digit last"
            )),
        ];
        Some(Scene::apart(panels).titled(title))
    };
    Some(Figure::new(lesson.seed, t, draw).by_image(&lab.digits.inpaint.source()))
}
