//! The list of runs: one is the current one, and the last change of the list can be undone.

use super::run::{Run, RunId};
use crate::train::Command;

/// Runs kept at most; a further one makes the oldest go.
pub const MOST: usize = 8;

/// What [`Runs::undo`] takes back.
enum Undo {
    /// Another run became the current one.
    Back(RunId),
    /// A run was removed from this place.
    Removed {
        at: usize,
        run: Box<Run>,
        was_current: bool,
    },
}

/// All runs of the window, the oldest first.
#[derive(Default)]
pub struct Runs {
    list: Vec<Run>,
    current: Option<RunId>,
    undo: Option<Undo>,
    given: u64,
    changes: u64,
}

impl Runs {
    /// Every run, the oldest first.
    pub fn all(&self) -> &[Run] {
        &self.list
    }

    /// Every run, to rename, hide or drain it.
    pub fn all_mut(&mut self) -> &mut [Run] {
        &mut self.list
    }

    /// The run that the controls speak of.
    pub fn current(&self) -> Option<&Run> {
        self.get(self.current?)
    }

    /// The run that the controls speak of.
    pub fn current_mut(&mut self) -> Option<&mut Run> {
        self.get_mut(self.current?)
    }

    /// A run by its name for the program.
    pub fn get(&self, id: RunId) -> Option<&Run> {
        self.list.iter().find(|run| run.id == id)
    }

    /// A run by its name for the program.
    pub fn get_mut(&mut self, id: RunId) -> Option<&mut Run> {
        self.list.iter_mut().find(|run| run.id == id)
    }

    /// A number for a run that is still to come, see [`Self::add_as`].
    pub fn reserve(&mut self) -> RunId {
        self.given += 1;
        self.given
    }

    /// Adds a run, names and colours it, and makes it the current one.
    pub fn add(&mut self, run: Run) -> RunId {
        let id = self.reserve();
        self.add_as(id, run)
    }

    /// The same under a number from [`Self::reserve`].
    pub fn add_as(&mut self, id: RunId, mut run: Run) -> RunId {
        self.leave();
        run.id = id;
        if run.name.is_empty() {
            run.name = format!("Run {id}");
        }
        // The colour that is free, or else the rarest.
        let uses = |color: usize| self.list.iter().filter(|run| run.color == color).count();
        run.color = (0..MOST).min_by_key(|color| uses(*color)).unwrap_or(0);
        self.list.push(run);
        self.current = Some(id);
        self.make_room();
        id
    }

    /// Makes a run the current one.
    pub fn choose(&mut self, id: RunId) {
        if self.get(id).is_some() && self.current != Some(id) {
            self.leave();
            self.current = Some(id);
        }
    }

    /// No run is the current one any more; it stays in the list.
    pub fn leave(&mut self) {
        let Some(old) = self.current.take() else {
            return;
        };
        if self.get(old).is_some_and(Run::is_touched) {
            self.undo = Some(Undo::Back(old));
            self.changes += 1;
        } else {
            // Nothing was learned that could be wanted back.
            self.list.retain(|run| run.id != old);
        }
    }

    /// Removes a run, pausing it; [`Self::undo`] brings it back.
    pub fn remove(&mut self, id: RunId) {
        let Some(at) = self.list.iter().position(|run| run.id == id) else {
            return;
        };
        let mut run = self.list.remove(at);
        if run.is_running() {
            run.tell(Command::Pause);
        }
        let was_current = self.current == Some(id);
        if was_current {
            self.current = self.list.last().map(|run| run.id);
        }
        self.changes += 1;
        self.undo = Some(Undo::Removed {
            at,
            run: Box::new(run),
            was_current,
        });
    }

    /// Grows with each change that [`Self::undo`] takes back.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The run that was removed last, as long as it can be brought back.
    pub fn removed(&self) -> Option<RunId> {
        match &self.undo {
            Some(Undo::Removed { run, .. }) => Some(run.id),
            _ => None,
        }
    }

    /// Whether there is something to take back.
    pub fn can_undo(&self) -> bool {
        match &self.undo {
            None => false,
            Some(Undo::Back(id)) => self.get(*id).is_some(),
            Some(Undo::Removed { .. }) => true,
        }
    }

    /// Takes the last change back; true when another run is the current one.
    pub fn undo(&mut self) -> bool {
        match self.undo.take() {
            None => false,
            Some(Undo::Back(id)) if self.get(id).is_none() => false,
            Some(Undo::Back(id)) => {
                self.leave();
                self.current = Some(id);
                true
            }
            Some(Undo::Removed {
                at,
                run,
                was_current,
            }) => {
                let id = run.id;
                self.list.insert(at.min(self.list.len()), *run);
                if was_current {
                    self.current = Some(id);
                }
                self.make_room();
                was_current
            }
        }
    }

    /// The oldest run goes that nobody looks at.
    fn make_room(&mut self) {
        while self.list.len() > MOST {
            let back = match &self.undo {
                Some(Undo::Back(id)) => Some(*id),
                _ => None,
            };
            let spare = |run: &Run| Some(run.id) != self.current && Some(run.id) != back;
            match self.list.iter().position(spare) {
                Some(at) => drop(self.list.remove(at)),
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::device::DeviceChoice;
    use crate::train::ToyConfig;

    fn run(trained: bool) -> Run {
        let config = ToyConfig {
            batch: 32,
            hidden: 8,
            layers: 1,
            steps: 1_000_000,
            ..ToyConfig::default()
        };
        let mut run = Run::start(config, DeviceChoice::Cpu, Arc::new(|| {}));
        if trained {
            run.tell(Command::Run);
        }
        run
    }

    fn ids(runs: &Runs) -> Vec<RunId> {
        runs.all().iter().map(|run| run.id).collect()
    }

    #[test]
    fn runs_are_added_chosen_and_named_apart() {
        let mut runs = Runs::default();
        let (a, b) = (runs.add(run(true)), runs.add(run(true)));
        assert_eq!(runs.current().unwrap().id, b);
        assert_ne!(runs.all()[0].name, runs.all()[1].name);
        assert_ne!(runs.all()[0].color, runs.all()[1].color);
        runs.choose(a);
        assert_eq!(runs.current().unwrap().id, a);
        assert!(runs.undo());
        assert_eq!(runs.current().unwrap().id, b);
        runs.choose(77);
        assert_eq!(runs.current().unwrap().id, b);
    }

    #[test]
    fn a_run_that_never_trained_makes_no_mess() {
        let mut runs = Runs::default();
        let a = runs.add(run(true));
        runs.add(run(false));
        let c = runs.add(run(false));
        assert_eq!(ids(&runs), [a, c]);
        assert!(runs.undo());
        assert_eq!(ids(&runs), [a]);
        assert_eq!(runs.current().unwrap().id, a);
    }

    #[test]
    fn a_run_removed_while_it_trains_pauses_and_comes_back_to_its_place() {
        let mut runs = Runs::default();
        let (a, b, c) = (
            runs.add(run(true)),
            runs.add(run(true)),
            runs.add(run(true)),
        );
        runs.choose(b);
        runs.remove(b);
        assert_eq!(ids(&runs), [a, c]);
        assert_eq!(runs.current().unwrap().id, c);
        assert!(runs.can_undo() && runs.undo());
        assert_eq!(ids(&runs), [a, b, c]);
        let back = runs.current_mut().unwrap();
        assert!(back.id == b && !back.is_running());
        // It can go on.
        back.tell(Command::Run);
        let end = Instant::now() + Duration::from_secs(60);
        while back.step == 0 && Instant::now() < end {
            back.drain();
        }
        assert!(back.step > 0);
        runs.remove(b);
        runs.remove(99);
        assert!(runs.can_undo());
    }

    #[test]
    fn the_list_stays_short_and_the_current_run_in_it() {
        let mut runs = Runs::default();
        let first = runs.add(run(true));
        for _ in 0..MOST {
            runs.add(run(true));
        }
        assert_eq!(runs.all().len(), MOST);
        assert!(runs.get(first).is_none());
        let colors: std::collections::BTreeSet<_> = runs.all().iter().map(|r| r.color).collect();
        assert_eq!(colors.len(), MOST);
        let oldest = runs.all()[0].id;
        runs.choose(oldest);
        runs.add(run(true));
        assert!(runs.get(oldest).is_some(), "it can be brought back");
    }
}
