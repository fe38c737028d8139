//! Undo and redo over all: settings, strokes and weights, the newest thing first.
//!
//! A state of the controls is taken whenever none of them is held. Look and time of the window are
//! left out: nobody wants the theme back who takes a setting back. Strokes and runs keep their own
//! ways back, which also hold what no setting says; the list here knows when it is their turn.

use std::collections::VecDeque;

use egui::Context;
use serde_json::{Map, Value};

use super::App;
use super::digits::Part;
use super::keys::Action;
use super::lesson::Lesson;
use super::run::RunId;
use super::training::Training;
use crate::train::images::ImageConfig;
use crate::train::{Command, ToyConfig};

/// Steps that can be taken back.
const MOST: usize = 100;
/// What lessons paint on: strokes have their own way back.
const PAINTED: [&str; 2] = ["hole", "map"];
/// What moves without a hand at it, with time or with the run on the stage.
const MOVING: [&str; 6] = [
    "anchor",
    "step",
    "path",
    "has_exact",
    "has_network",
    "enlarged",
];

/// What the controls say.
#[derive(Clone, Debug, PartialEq)]
struct State {
    lesson: usize,
    view: Value,
    config: ToyConfig,
    digits: Option<(Part, ImageConfig)>,
    /// The run on the stage.
    run: Option<RunId>,
    /// Which run of the image lesson is on the stage; another one where one had to make room.
    image_run: u64,
}

/// From one state to the next.
#[derive(Clone, Debug)]
struct Step {
    before: State,
    after: State,
    /// A stroke is part of it.
    stroke: bool,
    /// Another run came onto the stage, or one was removed.
    runs: bool,
}

/// What can be taken back, and what can be done again.
#[derive(Default)]
pub struct Undo {
    now: Option<State>,
    runs: u64,
    done: VecDeque<Step>,
    undone: Vec<Step>,
}

impl Undo {
    /// Looks at the controls; what has changed can be taken back from now on.
    fn notice(&mut self, state: State, runs: u64) {
        let runs_changed = std::mem::replace(&mut self.runs, runs) != runs;
        let Some(before) = self.now.replace(state.clone()) else {
            return;
        };
        if before.lesson != state.lesson {
            // Turning the page is no setting.
            return;
        }
        let keys = different(&before.view, &state.view);
        let of_hand = keys.iter().any(|key| !MOVING.contains(&key.as_str()));
        let settings = before.config != state.config || before.digits != state.digits;
        let runs_changed = runs_changed || before.image_run != state.image_run;
        if !(of_hand || settings || runs_changed) {
            return;
        }
        self.undone.clear();
        if self.done.len() >= MOST {
            self.done.pop_front();
        }
        self.done.push_back(Step {
            stroke: keys.iter().any(|key| PAINTED.contains(&key.as_str())),
            runs: runs_changed,
            before,
            after: state,
        });
    }

    /// Forgets everything; a session was opened.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Names of the entries that differ.
fn different(a: &Value, b: &Value) -> Vec<String> {
    let none = Map::new();
    let (a, b) = (
        a.as_object().unwrap_or(&none),
        b.as_object().unwrap_or(&none),
    );
    let mut keys = Vec::new();
    for (key, value) in b {
        match (a.get(key), value) {
            (Some(old), new) if old == new => {}
            // One level down stand settings, too.
            (Some(old @ Value::Object(_)), Value::Object(_)) => keys.extend(different(old, value)),
            _ => keys.push(key.clone()),
        }
    }
    keys
}

/// The entries of `to` that `from` has otherwise.
fn only_changed(from: &Value, to: &Value, but: &[&str]) -> Value {
    let (Some(from), Some(to)) = (from.as_object(), to.as_object()) else {
        return Value::Null;
    };
    let changed = to
        .iter()
        .filter(|(key, value)| from.get(*key) != Some(value) && !but.contains(&key.as_str()));
    let changed = changed.map(|(key, value)| (key.clone(), value.clone()));
    Value::Object(changed.collect())
}

impl App {
    /// Takes a state when no control is held.
    pub(super) fn notice_settings(&mut self, ctx: &Context) {
        let held = ctx.input(|input| input.pointer.any_down()) || ctx.text_edit_focused();
        let held = held || self.stage_window.is_held(ctx);
        if !held && !self.is_restoring() {
            self.undo
                .notice(self.controls(), self.lab.training.changes());
        }
    }

    fn controls(&self) -> State {
        let lesson = &self.lessons[self.current];
        let digits = lesson.part();
        State {
            lesson: self.current,
            view: lesson.view(),
            config: self.lab.training.config.clone(),
            run: self.lab.training.run().map(|run| run.id),
            image_run: digits.map_or(0, |part| self.lab.digits.training(part).identity()),
            digits: digits.map(|part| (part, self.lab.digits.training(part).config.clone())),
        }
    }

    /// Takes the newest thing back.
    pub(super) fn take_back(&mut self) {
        // A change of this very moment counts, too.
        self.undo
            .notice(self.controls(), self.lab.training.changes());
        let Some(step) = self.undo.done.pop_back() else {
            // What happened before anything was noticed.
            let lesson = &mut self.lessons[self.current];
            if !lesson.act(Action::Undo, &mut self.lab) {
                match lesson.part() {
                    Some(part) => {
                        self.lab.digits.part(part).exchange();
                    }
                    None => self.lab.training.undo(),
                }
            }
            return self.forget_difference();
        };
        self.go(&step, true);
        self.undo.undone.push(step);
        // A stroke by keys is many steps but one way back: what is undone already goes.
        while let Some(next) = self.undo.done.back()
            && next.stroke
            && !next.runs
            && Some(&next.before) == self.undo.now.as_ref()
        {
            self.undo.done.pop_back();
        }
    }

    /// Does again what was taken back last.
    pub(super) fn do_again(&mut self) {
        self.undo
            .notice(self.controls(), self.lab.training.changes());
        match self.undo.undone.pop() {
            Some(step) => {
                self.go(&step, false);
                self.undo.done.push_back(step);
            }
            None => {
                self.lessons[self.current].act(Action::Redo, &mut self.lab);
                self.forget_difference();
            }
        }
    }

    /// To the state before a step, or after it.
    fn go(&mut self, step: &Step, back: bool) {
        let (from, to) = if back {
            (&step.after, &step.before)
        } else {
            (&step.before, &step.after)
        };
        self.current = to.lesson;
        let lesson = self.lessons[to.lesson].as_mut();
        let mut own = &PAINTED[..0];
        if step.stroke {
            let painted = lesson.view();
            let action = if back { Action::Undo } else { Action::Redo };
            lesson.act(action, &mut self.lab);
            // Where the lesson has forgotten the stroke, the state brings the pixels.
            if different(&painted, &lesson.view())
                .iter()
                .any(|key| PAINTED.contains(&key.as_str()))
            {
                own = &PAINTED;
            }
        }
        if from.image_run != to.image_run {
            if let Some((part, _)) = &to.digits {
                self.lab.digits.part(*part).exchange();
            }
        } else if step.runs {
            self.lab.training.put_run(to.run, back);
        }
        let lesson: &mut dyn Lesson = self.lessons[to.lesson].as_mut();
        lesson.set_view(&only_changed(&from.view, &to.view, own));
        if from.config != to.config {
            self.lab.training.put_settings(&to.config);
        }
        if let Some((part, config)) = &to.digits
            && from.digits != to.digits
        {
            self.lab.digits.part(*part).set_config(config.clone());
        }
        self.forget_difference();
    }

    /// What has changed by undoing is no new step.
    fn forget_difference(&mut self) {
        self.undo.now = Some(self.controls());
        self.undo.runs = self.lab.training.changes();
    }
}

impl Training {
    /// Grows with each reset or removal.
    pub fn changes(&self) -> u64 {
        self.runs.changes()
    }

    /// Puts settings into the controls; the learning rate reaches a run at once.
    pub fn put_settings(&mut self, config: &ToyConfig) {
        let lr = config.lr;
        let changed = self.config.lr != lr;
        self.config = config.clone();
        if changed {
            self.set_learning_rate(lr);
        }
    }

    /// Brings back which run was on the stage before a reset, or after it; `back` brings a removed
    /// one back, too.
    pub fn put_run(&mut self, wanted: Option<RunId>, back: bool) {
        let left = self.run().map(|run| run.id);
        let removed = self.runs.removed().filter(|_| back);
        match wanted {
            _ if removed.is_some() && (left == wanted || removed == wanted) => {
                if self.runs.undo() {
                    self.follow();
                }
                return;
            }
            None => self.choose_pretrained(),
            Some(id) if self.runs.get(id).is_some() => self.choose_run(id),
            // It has learned nothing and is gone.
            Some(_) => return,
        }
        // Of two runs that exchange places only one trains.
        if let Some(run) = left.and_then(|id| self.runs.get_mut(id))
            && run.is_running()
        {
            run.tell(Command::Pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(view: Value) -> State {
        State {
            lesson: 0,
            view,
            config: ToyConfig::default(),
            digits: None,
            run: None,
            image_run: 0,
        }
    }

    #[test]
    fn what_a_hand_changes_is_a_step_and_what_moves_alone_is_none() {
        let mut undo = Undo::default();
        for view in [
            json!({"seed": 1, "anchor": null}),
            json!({"seed": 1, "anchor": null}),
            json!({"seed": 2, "anchor": null}),
            json!({"seed": 2, "anchor": 7}),
            json!({"seed": 2, "anchor": 8, "table": {"path": "vp", "on": true}}),
            json!({"seed": 2, "anchor": 8, "table": {"path": "condot", "on": true}}),
            json!({"seed": 2, "anchor": 8, "table": {"path": "condot", "on": false}}),
        ] {
            undo.notice(state(view), 0);
        }
        let seeds: Vec<_> = undo
            .done
            .iter()
            .map(|step| &step.after.view["seed"])
            .collect();
        assert_eq!(seeds, [2, 2, 2]);
        assert!(undo.done.iter().all(|step| !step.stroke && !step.runs));
        undo.notice(state(json!({"seed": 2, "hole": "01"})), 0);
        undo.notice(state(json!({"seed": 2, "hole": "11"})), 1);
        let last = undo.done.back().unwrap();
        assert!(last.stroke && last.runs);
        // Another lesson is no step.
        let count = undo.done.len();
        let other = State {
            lesson: 1,
            ..state(json!({"seed": 9}))
        };
        undo.notice(other, 1);
        assert_eq!(undo.done.len(), count);
    }

    #[test]
    fn the_list_stays_short() {
        let mut undo = Undo::default();
        (0..500).for_each(|seed| undo.notice(state(json!({ "seed": seed })), 0));
        assert_eq!(undo.done.len(), MOST);
        assert_eq!(undo.done[0].before.view["seed"], 500 - 1 - MOST);
    }

    #[test]
    fn only_what_changed_is_set() {
        let (a, b) = (
            json!({"x": 1, "y": 2, "hole": "0"}),
            json!({"x": 1, "y": 3, "hole": "1"}),
        );
        assert_eq!(only_changed(&a, &b, &PAINTED), json!({"y": 3}));
        assert_eq!(only_changed(&a, &b, &[]), json!({"y": 3, "hole": "1"}));
    }
}
