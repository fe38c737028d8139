//! The lecture: each lesson is a short sequence of prepared states with one sentence each, so
//! that Page Down alone gives it from start to end.
//!
//! A beat is one entry in a table ([`plane`] or [`digits`]). It holds what differs from the
//! lesson as it opens, so it looks the same however the lecturer came to it.

mod digits;
mod plane;
pub mod show;
mod telling;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::keys::Action;
use super::lesson::{Lab, Lesson};

pub use telling::Telling;

/// A prepared state of a lesson and what to say of it.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    /// One sentence, 110 characters at most. It names no number of t: the window may count t the
    /// other way round.
    pub say: &'static str,
    /// The lesson's settings that differ from those it opens with, as JSON in the form of
    /// [`Lesson::view`].
    view: &'static str,
    /// The time of the flow that is shown in the end.
    t: f64,
    /// Whether time runs there from the noise.
    plays: bool,
    /// Keys of the lesson for what its settings cannot say.
    press: &'static [Action],
    /// Whether the network of the first lesson trains from here on.
    trains: bool,
}

/// A state at rest.
const fn at(t: f64, say: &'static str) -> Beat {
    Beat {
        say,
        view: "{}",
        t,
        plays: false,
        press: &[],
        trains: false,
    }
}

/// The flow runs from the noise to `t` and rests there.
const fn to(t: f64, say: &'static str) -> Beat {
    Beat {
        plays: true,
        ..at(t, say)
    }
}

impl Beat {
    /// With these settings.
    const fn with(self, view: &'static str) -> Self {
        Self { view, ..self }
    }

    /// After these keys.
    const fn press(self, press: &'static [Action]) -> Self {
        Self { press, ..self }
    }

    /// While the network trains.
    const fn trains(self) -> Self {
        Self {
            trains: true,
            ..self
        }
    }

    /// Brings a lesson here; `fresh` are the settings it opens with. A `still` picture does not
    /// move.
    fn apply(&self, lesson: &mut dyn Lesson, fresh: &Value, lab: &mut Lab, still: bool) {
        lab.clock.pause();
        if self.plays && !still {
            lab.clock.sweep_to(self.t);
        } else {
            lab.clock.seek(self.t);
        }
        // A lesson may take settings of its own back while it opens.
        lesson.logic(lab);
        lesson.set_view(&self.settings(fresh));
        for action in self.press {
            lesson.act(*action, lab);
        }
        if self.trains && !lab.training.is_running() {
            lab.training.toggle();
        }
    }

    /// All settings of the lesson.
    fn settings(&self, fresh: &Value) -> Value {
        let mut all = fresh.clone();
        // A test reads every beat; one that is no JSON would change nothing.
        merge(
            &mut all,
            serde_json::from_str(self.view).unwrap_or_default(),
        );
        all
    }
}

/// Writes the entries of `new` over those of `old`, at every depth.
fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (_, Value::Null) => {}
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                merge(old.entry(name).or_insert(Value::Null), value);
            }
        }
        (old, new) => *old = new,
    }
}

/// The beats of every lesson by its name, in teaching order.
const ALL: &[(&str, &[Beat])] = &[
    ("checkerboard", plane::CHECKERBOARD),
    ("paths", plane::PATHS),
    ("steps", plane::STEPS),
    ("field", plane::FIELD),
    ("conditional", plane::CONDITIONAL),
    ("couplings", plane::COUPLINGS),
    ("learning", plane::LEARNING),
    ("likelihood", plane::LIKELIHOOD),
    ("variational", plane::VARIATIONAL),
    ("mistakes", plane::MISTAKES),
    ("vae", digits::VAE),
    ("latent", digits::LATENT),
    ("guidance", digits::GUIDANCE),
    ("inpaint", digits::INPAINT),
    ("semantic", digits::SEMANTIC),
    ("editing", digits::EDITING),
    ("variational_digits", digits::VARIATIONAL_DIGITS),
    ("bound", digits::BOUND),
];

/// The beats of a lesson; none of a name that is no lesson.
pub fn of(lesson: &str) -> &'static [Beat] {
    let found = ALL.iter().find(|(name, _)| *name == lesson);
    found.map_or(&[], |(_, beats)| beats)
}
