//! Where the lecture is: the clicker's keys and `--beat`.

use anyhow::ensure;
use serde_json::Value;

use super::{Beat, of};
use crate::app::App;
use crate::app::lesson::Lesson;

/// The place in the lecture; the lecturer may leave it at any time to play.
pub struct Telling {
    /// The settings that each lesson opens with.
    fresh: Vec<Value>,
    /// The beat of each lesson that was shown last; none before the first.
    at: Vec<Option<usize>>,
}

impl Telling {
    /// Before the first beat of every lesson.
    pub fn new(lessons: &[Box<dyn Lesson>]) -> Self {
        Self {
            fresh: lessons.iter().map(|lesson| lesson.view()).collect(),
            at: vec![None; lessons.len()],
        }
    }
}

impl App {
    /// The present lesson's beats, and which of them was shown last.
    pub fn beat(&self) -> (&'static [Beat], Option<usize>) {
        let beats = of(self.lessons[self.current].name());
        (beats, self.telling.at[self.current])
    }

    /// The beat that Page Down leads to, with the title of its lesson; none at the very end.
    pub(in crate::app) fn next_beat(&self) -> Option<(&'static str, &'static Beat)> {
        let next = self.telling.at[self.current].map_or(0, |beat| beat + 1);
        let here = &self.lessons[self.current];
        if let Some(beat) = of(here.name()).get(next) {
            return Some((here.title(), beat));
        }
        let there = self.lessons.get(self.current + 1)?;
        Some((there.title(), of(there.name()).first()?))
    }

    /// Opens at a beat, counted from 1; `--t`, where it was given, is the time that is shown.
    ///
    /// # Errors
    /// Says how many beats the lesson has if there is no such one.
    pub(in crate::app) fn open_at(&mut self, beat: usize, t: Option<f32>) -> anyhow::Result<()> {
        let lesson = self.lessons[self.current].name();
        let count = of(lesson).len();
        let told = beat.checked_sub(1).is_some_and(|beat| self.tell(beat));
        ensure!(
            told,
            "--beat {beat}: the lesson {lesson} has {count} beats, counted from 1"
        );
        if let Some(t) = t {
            self.lab.clock.pause();
            self.lab.clock.seek(f64::from(t));
        }
        Ok(())
    }

    /// Goes to a beat of the present lesson, counted from 0; false if it has no such beat.
    pub(in crate::app) fn tell(&mut self, beat: usize) -> bool {
        let place = self.current;
        let lesson = &mut self.lessons[place];
        let Some(wanted) = of(lesson.name()).get(beat) else {
            return false;
        };
        let still = self.screenshot.is_some();
        wanted.apply(
            lesson.as_mut(),
            &self.telling.fresh[place],
            &mut self.lab,
            still,
        );
        self.telling.at[place] = Some(beat);
        true
    }

    /// To the next beat; after a lesson's last to the next lesson's first, at the very end nowhere.
    pub(in crate::app) fn tell_next(&mut self) {
        let next = self.telling.at[self.current].map_or(0, |beat| beat + 1);
        if !self.tell(next) && self.current + 1 < self.lessons.len() {
            self.current += 1;
            self.tell(0);
        }
    }

    /// To the beat before; before a lesson's first to the last one of the lesson before.
    pub(in crate::app) fn tell_previous(&mut self) {
        match self.telling.at[self.current] {
            Some(beat) if beat > 0 => {
                self.tell(beat - 1);
            }
            _ if self.current > 0 => {
                self.current -= 1;
                let count = of(self.lessons[self.current].name()).len();
                self.tell(count.saturating_sub(1));
            }
            _ => {}
        }
    }
}
