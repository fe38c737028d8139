//! The iterations as a figure.

use std::sync::Arc;

use super::Learning;
use crate::app::figure::Figure;
use crate::app::film::FilmOf;
use crate::app::lesson::Lab;
use crate::app::sampler::Sampled;
use crate::app::sketch::{self, Who};
use crate::app::training::Staged;
use crate::app::widgets::number;
use crate::figure::scene::Key;
use crate::figure::{Form, Panel, Scene, Tone};

/// Panels in a row of the sheet of all.
const ACROSS: usize = 6;
/// Ways of particles in a panel.
const WAYS: usize = 60;

/// One iteration.
struct Moment {
    step: u64,
    picture: Option<Arc<Sampled>>,
    chosen: bool,
}

pub fn figure(lesson: &Learning, lab: &Lab, t: f32) -> Option<Figure> {
    let all = || (0..lesson.shown.kept.len()).collect();
    let indices: Vec<usize> = if lesson.figure {
        lesson.shown.figure()
    } else {
        all()
    };
    let reel = lesson.reel.as_ref();
    let mut moments = Vec::new();
    for index in indices {
        let step = lesson.kept_at(index)?.step;
        let picture = reel
            .and_then(|reel| reel.at(step))
            .map(|shot| Arc::clone(&shot.picture));
        // A sheet with holes would mislead.
        moments.push(Moment {
            step,
            picture: Some(picture?).filter(|_| lesson.network),
            chosen: !lesson.figure && index == lesson.index(),
        });
    }
    if moments.is_empty() {
        return None;
    }
    let extent = lesson.shown.config.dataset.extent();
    let ghost = lesson.ghost.as_ref().filter(|_| lesson.target);
    let target = ghost.map(|ghost| ghost.form());
    let across = if lesson.figure { moments.len() } else { ACROSS };
    let paths = lesson.paths;
    let draw =
        move |t: f32, _: &_| Some(scene(&moments, t, target.as_ref(), extent, across, paths));
    Some(by_run(Figure::new(lesson.noise, t, draw), lesson, lab))
}

/// One picture for each moment that is ready.
pub fn film(lesson: &Learning, lab: &Lab, t: f32) -> Vec<Figure> {
    let extent = lesson.shown.config.dataset.extent();
    let ghost = lesson.ghost.as_ref().filter(|_| lesson.target);
    let target = ghost.map(|ghost| ghost.form());
    let paths = lesson.paths;
    let film = ready(lesson).map(|(step, picture)| {
        let target = target.clone();
        let moment = Moment {
            step,
            picture: Some(Arc::clone(picture)).filter(|_| lesson.network),
            chosen: false,
        };
        let draw = move |t: f32, _: &_| {
            let moment = std::slice::from_ref(&moment);
            Some(scene(moment, t, target.as_ref(), extent, 1, paths))
        };
        let figure = Figure::new(lesson.noise, t, draw).wide(8.5);
        by_run(figure, lesson, lab)
    });
    film.collect()
}

/// How many that are.
pub fn film_len(lesson: &Learning) -> usize {
    ready(lesson).count()
}

/// The moments that are ready.
fn ready(lesson: &Learning) -> impl Iterator<Item = (u64, &Arc<Sampled>)> {
    let reel = lesson.reel.as_deref();
    let kept = lesson.shown.kept.iter().map(|kept| kept.step);
    kept.filter_map(move |step| Some((step, &reel?.at(step)?.picture)))
}

/// The figure with the run whose moments it shows.
fn by_run(figure: Figure, lesson: &Learning, lab: &Lab) -> Figure {
    let run = match lesson.shown.of {
        Some(FilmOf::Run(id)) => lab.training.runs().iter().find(|run| run.id == id),
        _ => None,
    };
    let by: Option<Staged> = run.and_then(|run| run.staged());
    let mut figure = figure.by(by.as_ref());
    if by.is_none() {
        figure.source = "builtin:learning".to_owned();
    }
    figure
}

fn scene(
    moments: &[Moment],
    t: f32,
    target: Option<&Form>,
    extent: f64,
    across: usize,
    paths: bool,
) -> Scene {
    let cm = 16.0 / across as f64;
    let panel = |moment: &Moment| {
        let title = match across {
            ACROSS => number::grouped(moment.step),
            _ => format!("{} iterations", number::grouped(moment.step)),
        };
        let mut panel = sketch::over_target(target.cloned(), extent).titled(title);
        if let Some(picture) = &moment.picture {
            let who = Who {
                name: "particles",
                tone: Tone::Model,
                frames: &picture.frames,
            };
            panel = who.add(panel, t, cm, if paths { WAYS } else { 0 });
            if let Some(off) = picture.off_support {
                panel = panel.noted(format!("{} off support", number::percent(off)));
            }
        }
        if moment.chosen {
            let e = extent as f32;
            let frame = vec![[-e, -e], [e, -e], [e, e], [-e, e], [-e, -e]];
            panel = panel.with(
                "chosen",
                Tone::Model,
                1.0,
                Form::lines(vec![frame], 1.4, false),
            );
        }
        panel.without_ticks()
    };
    let panels: Vec<Panel> = moments.iter().map(panel).collect();
    let mut scene = Scene::grid(panels, across).titled(sketch::time(t)).entry(
        "network after so many iterations",
        Tone::Model,
        Key::Dot,
    );
    if target.is_some() {
        scene = scene.entry("target", Tone::Ghost, Key::Area);
    }
    scene
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::app::lesson::Lesson;
    use crate::app::studio;

    #[test]
    fn the_moments_that_are_ready_are_counted_as_the_film_has_them() {
        let mut lab = studio::lab();
        let mut lesson = Learning::default();
        assert_eq!(lesson.training_film_len(&lab), 0);
        let start = Instant::now();
        while lesson.training_film_len(&lab) < 3 {
            assert!(start.elapsed() < Duration::from_secs(120));
            std::thread::sleep(Duration::from_millis(5));
            lesson.logic(&mut lab);
            let film = lesson.training_film(&lab, 1.0);
            assert_eq!(lesson.training_film_len(&lab), film.len());
        }
    }
}
