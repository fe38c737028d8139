//! A training as it goes on the stage, for a film of it: one picture at a time, drawn on a thread
//! of its own and kept as what it shows, without what it was made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::App;
use super::background::Background;
use super::figure::Figure;
use super::widgets::number;

/// Moments kept of one training at most.
pub const MOST: u64 = 60;
/// Shortest time between two of them.
const PAUSE: Duration = Duration::from_millis(300);
/// What a picture takes may be this share of the time, so that the training hardly notices.
const SHARE: u32 = 20;

/// One picture of a training.
#[derive(Clone)]
struct Moment {
    step: u64,
    figure: Figure,
    /// How long it took.
    took: Duration,
}

/// The pictures of the trainings, by the place of the lesson that showed them.
pub(super) struct Recording {
    moments: BTreeMap<usize, Vec<Moment>>,
    work: Background<(usize, u64), (usize, Moment)>,
    /// The last one that was taken over.
    taken: Option<Arc<(usize, Moment)>>,
    next: Instant,
}

impl Recording {
    pub(super) fn new(wake: &Arc<dyn Fn() + Send + Sync>) -> Self {
        let wake = Arc::clone(wake);
        Self {
            moments: BTreeMap::new(),
            work: Background::new(move || wake()),
            taken: None,
            next: Instant::now(),
        }
    }

    /// Takes over the picture that was drawn.
    fn take(&mut self) {
        let Some(drawn) = self.work.value() else {
            return;
        };
        let known = self.taken.as_ref();
        if known.is_some_and(|taken| Arc::ptr_eq(taken, &drawn)) {
            return;
        }
        let (lesson, moment) = (*drawn).clone();
        self.next = Instant::now() + PAUSE.max(moment.took * SHARE);
        put(self.moments.entry(lesson).or_default(), moment);
        self.taken = Some(drawn);
    }

    /// How many pictures [`Self::film`] has.
    fn film_len(&self, lesson: usize) -> usize {
        self.moments.get(&lesson).map_or(0, Vec::len)
    }

    /// The pictures of the last training that a lesson has shown.
    fn film(&self, lesson: usize) -> Vec<Figure> {
        let moments = self.moments.get(&lesson);
        let figures = moments.into_iter().flatten().map(|m| m.figure.clone());
        figures.collect()
    }

    /// Whether a step is far enough from the last one for a picture of its own.
    fn wants(&self, lesson: usize, step: u64, steps: u64) -> bool {
        let last = self.moments.get(&lesson).and_then(|all| all.last());
        let apart = (steps / MOST).max(1);
        !self.work.is_busy()
            && Instant::now() >= self.next
            && last.is_none_or(|last| step < last.step || step >= last.step + apart)
    }
}

/// Adds a moment; one of an earlier step begins a new film, and of too many every other one goes.
fn put(moments: &mut Vec<Moment>, moment: Moment) {
    if moments.last().is_some_and(|last| moment.step <= last.step) {
        moments.clear();
    }
    moments.push(moment);
    if moments.len() as u64 > 2 * MOST {
        let mut place = 0;
        moments.retain(|_| {
            place += 1;
            place % 2 == 1
        });
    }
}

impl App {
    /// The film of the training that a lesson shows; empty where there is none.
    pub(super) fn training_film(&self, place: usize) -> Vec<Figure> {
        let lesson = &self.lessons[place];
        let own = lesson.training_film(&self.lab, self.lab.clock.t() as f32);
        let shown = |figure: Figure| {
            let t = figure.t;
            figure.shown(lesson.as_ref(), &self.lab, t)
        };
        match own.is_empty() {
            true => self.recording.film(place),
            false => own.into_iter().map(shown).collect(),
        }
    }

    /// How many pictures [`Self::training_film`] has.
    pub(super) fn training_film_len(&self, place: usize) -> usize {
        match self.lessons[place].training_film_len(&self.lab) {
            0 => self.recording.film_len(place),
            own => own,
        }
    }

    /// Takes a picture of a training that goes on, now and then.
    pub(super) fn record(&mut self) {
        self.recording.take();
        let lesson = &self.lessons[self.current];
        let trains = lesson.is_training()
            || match lesson.part() {
                Some(part) => self.lab.digits.part(part).is_running(),
                None => self.lab.training.is_running(),
            };
        if !trains {
            return;
        }
        let lesson = &self.lessons[self.current];
        let status = lesson.status(&self.lab).unwrap_or_else(|| self.status());
        if status.step == 0
            || !self
                .recording
                .wants(self.current, status.step, status.steps)
        {
            return;
        }
        // While the flow plays its time says nothing about the training.
        let t = match self.lab.clock.playing() {
            true => lesson.figure_time() as f32,
            false => self.lab.clock.t() as f32,
        };
        let Some(figure) = self.figure_at(t) else {
            return;
        };
        let (place, step) = (self.current, status.step);
        self.recording.work.ask((place, step), move |job| {
            let begun = Instant::now();
            let moment = format!("step {}", number::grouped(step));
            let drawn = job.pool.install(|| figure.recorded(&moment, job.cancel));
            if let Some(figure) = drawn {
                let took = begun.elapsed();
                job.show((place, Moment { step, figure, took }));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Form, Panel, Scene, Tone};

    fn moment(step: u64) -> Moment {
        Moment {
            step,
            figure: Figure::new(0, 1.0, |_, _| Some(Scene::default())),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn moments_are_thinned_and_a_new_run_begins_a_new_film() {
        let mut moments = Vec::new();
        for step in 1..=1000 {
            put(&mut moments, moment(step));
            assert!(moments.len() as u64 <= 2 * MOST);
        }
        assert!(moments.len() as u64 >= MOST);
        assert_eq!(moments[0].step, 1);
        assert!(moments.windows(2).all(|pair| pair[0].step < pair[1].step));
        put(&mut moments, moment(5));
        assert_eq!(moments.len(), 1);
    }

    #[test]
    fn moments_are_counted_without_their_figures() {
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
        let mut recording = Recording::new(&wake);
        for step in 1..=3 {
            put(recording.moments.entry(5).or_default(), moment(step));
        }
        for lesson in [4, 5] {
            assert_eq!(recording.film_len(lesson), recording.film(lesson).len());
        }
        assert_eq!(recording.film_len(5), 3);
    }

    #[test]
    fn a_recorded_figure_tells_its_step_and_keeps_only_its_scene() {
        let data = Arc::new(());
        let held = Arc::clone(&data);
        let figure = Figure::new(0, 0.25, move |t, _| {
            let _ = &held;
            let dot = Form::dots(&[t, 0.0], 1.0);
            let panel = Panel::square(1.0).with("dot", Tone::Ink, 1.0, dot);
            Some(Scene::row(vec![panel]).titled("t = 0.25"))
        });
        let never = std::sync::atomic::AtomicBool::new(false);
        let recorded = figure.recorded("step 7", &never).unwrap();
        drop(figure);
        assert_eq!(Arc::strong_count(&data), 1, "the data are let go");
        let title = recorded.scene(&never).unwrap().title.clone().unwrap();
        assert_eq!(title.characters(), "t = 0.25, step 7");
    }
}
