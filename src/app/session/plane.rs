//! The 2-D lab in a session.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::desk::Keeping;
use super::{Plane, SavedRun};
use crate::app::opening::{OnStage, Wish};
use crate::app::run::RunId;
use crate::app::training::Training;
use crate::train::Command;

/// Places in a session's list of runs, by the numbers of the window.
pub type Places = BTreeMap<RunId, u64>;

impl Training {
    /// The controls and the run on the stage, without weights.
    pub(super) fn plane(&self) -> Plane {
        let fresh = self.run().filter(|run| !run.is_touched());
        Plane {
            config: self.config.clone(),
            runs: Vec::new(),
            current: None,
            fresh: fresh.map(|run| run.config.clone()),
        }
    }

    /// The same with every run that has learned something: its weights are saved on its own
    /// thread, or are in a folder already.
    pub(super) fn plane_with_runs(&mut self, keeping: &mut Keeping) -> (Plane, Places) {
        let mut plane = self.plane();
        let mut places = Places::new();
        let current = self.run().map(|run| run.id);
        for run in self
            .runs
            .all_mut()
            .iter_mut()
            .filter(|run| run.is_touched())
        {
            let folder = keeping.name_of(run);
            if let Some(from) = run.folder() {
                keeping.copy(&folder, from);
            } else if !keeping.save(run, &folder) {
                keeping.lost.push(run.name.clone());
                continue;
            }
            let place = plane.runs.len();
            places.insert(run.id, place as u64);
            if current == Some(run.id) {
                plane.current = Some(place);
            }
            plane.runs.push(SavedRun {
                name: run.name.clone(),
                folder,
                shown: run.shown,
            });
        }
        (plane, places)
    }

    /// Brings such a lab back; its run folders are read on threads of their own. Runs of the window
    /// pause and stay in the list. Returns the numbers of the runs to come.
    pub(super) fn restore(
        &mut self,
        plane: &Plane,
        folders: &BTreeMap<String, PathBuf>,
        unsaved: bool,
    ) -> Vec<RunId> {
        let running = self.runs.all_mut().iter_mut();
        running
            .filter(|run| run.is_running())
            .for_each(|run| run.tell(Command::Pause));
        self.opening.clear();
        self.choose_pretrained();
        let runs = plane.runs.iter();
        let known: Vec<(&SavedRun, &PathBuf)> = runs
            .filter_map(|run| Some((run, folders.get(&run.folder)?)))
            .collect();
        let ids: Vec<RunId> = known.iter().map(|_| self.runs.reserve()).collect();
        let current = plane.current.and_then(|place| ids.get(place));
        let stage = match (&plane.fresh, current) {
            (Some(config), _) => OnStage::Fresh(config.clone()),
            (None, Some(id)) => OnStage::Run(*id),
            (None, None) => OnStage::Pretrained,
        };
        if known.is_empty() {
            self.put_on_stage(plane.config.clone(), stage);
            return ids;
        }
        self.config = plane.config.clone();
        for (place, (run, folder)) in known.iter().enumerate() {
            let last = place + 1 == known.len();
            let wish = Wish {
                name: Some(run.name.clone()),
                id: Some(ids[place]),
                hidden: !run.shown,
                unsaved,
                instead: None,
                end: last.then(|| (plane.config.clone(), stage.clone())),
            };
            self.open_as((*folder).clone(), wish);
        }
        ids
    }
}

/// Exchanges the numbers of runs in what a lesson shows; where there is none, the weights on the
/// stage are meant.
pub fn renumber(view: &mut Value, number: &impl Fn(u64) -> Option<u64>) {
    let Value::Object(entries) = view else {
        if let Value::Array(all) = view {
            all.iter_mut().for_each(|value| renumber(value, number));
        }
        return;
    };
    for (name, value) in entries.iter_mut() {
        let run = value.as_object().filter(|entry| entry.len() == 1);
        match run.and_then(|entry| entry.get("Run")?.as_u64()) {
            None => renumber(value, number),
            Some(run) => match number(run) {
                Some(other) => *value = serde_json::json!({ "Run": other }),
                // The film of a run, or weights.
                None if name == "of" => *value = Value::Null,
                None => *value = Value::from("Current"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn runs_get_their_new_numbers_wherever_they_stand() {
        let mut view = json!({
            "of": {"Run": 3}, "weights": {"Run": 7},
            "own": [null, {"Weights": {"Run": 3}}, "Exact", {"Weights": {"Run": 9}}],
        });
        renumber(&mut view, &|run| (run == 3).then_some(0));
        let wanted = json!({
            "of": {"Run": 0}, "weights": "Current",
            "own": [null, {"Weights": {"Run": 0}}, "Exact", {"Weights": "Current"}],
        });
        assert_eq!(view, wanted);
        renumber(&mut view, &|_| None);
        assert_eq!(view["of"], Value::Null);
    }
}
