//! The lessons of the window as figures: the same code, without a window.

use anyhow::ensure;

use super::{Drawn, Wish};
use crate::app::lessons;
use crate::app::studio::{self, Order};

/// Frames a second of an animation.
const FPS: u16 = 20;

/// The lessons' names, in teaching order.
pub fn names() -> Vec<&'static str> {
    lessons::all().iter().map(|lesson| lesson.name()).collect()
}

/// What a lesson shows, in one line.
pub fn line(name: &str) -> String {
    let all = lessons::all();
    let lesson = all.iter().find(|lesson| lesson.name() == name);
    lesson.map_or(String::new(), |lesson| {
        let sentence = lesson.sentence();
        let end = sentence
            .find(['.', ';', ':', '?'])
            .unwrap_or(sentence.len());
        format!("lesson “{}”: {}", lesson.title(), &sentence[..end])
    })
}

/// Runs the lesson and takes its figure.
pub fn draw(name: &str, wish: &Wish) -> anyhow::Result<Drawn> {
    ensure!(
        wish.runs.len() <= 1,
        "--run: a lesson shows one run; {} were given",
        wish.runs.len()
    );
    let drawn = studio::draw(&Order {
        lesson: name.to_owned(),
        times: match wish.moving {
            true => wish.film_times(),
            false => wish.t.into_iter().collect(),
        },
        run: wish.runs.first().cloned(),
        seed: wish.seed,
        view: wish.view.clone(),
        quick: wish.quick,
    })?;
    let meta = drawn.figure.meta(name, &Default::default(), &[]);
    Ok(Drawn {
        frames: drawn.scenes,
        fps: FPS,
        source: meta.source,
        sha256: meta.weights_sha256,
        seed: Some(meta.seed),
        t: meta.t,
        view: meta.view,
    })
}
