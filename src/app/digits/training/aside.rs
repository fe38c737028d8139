//! A run that has to make room for another, and its way back.

use std::mem::swap;
use std::sync::Arc;

use super::DigitTraining;
use crate::train::Command;

/// What is said when a run that is saved nowhere makes room.
const SET_ASIDE: &str = "The unsaved run was set aside; Ctrl+Z brings it back";

impl DigitTraining {
    /// Forgets the run; the pretrained model is on the stage again. A run that is saved nowhere is
    /// set aside, in the place of the one before it.
    pub fn reset(&mut self) {
        let mut old = Self::new(self.config.clone(), &self.builtin, Arc::clone(&self.wake));
        swap(self, &mut old);
        self.exchange_what_stays(&mut old);
        if !old.is_unsaved() {
            self.identity = old.identity;
            self.aside = old.aside;
            return;
        }
        let before = old.aside.take().map_or(0, |run| run.identity);
        self.identity = old.identity.max(before) + 1;
        self.note = Some(SET_ASIDE.to_owned());
        old.rest();
        self.aside = Some(Box::new(old));
    }

    /// Brings the run back that was set aside; the one on the stage, if there is one, is set aside
    /// in its place. False where there is none.
    pub fn exchange(&mut self) -> bool {
        let Some(mut old) = self.aside.take() else {
            return false;
        };
        swap(self, &mut old);
        self.exchange_what_stays(&mut old);
        self.note = None;
        old.rest();
        self.aside = Some(old);
        true
    }

    /// Changes when a run is set aside, and back when it is brought back.
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// Pauses it for as long as it is not on the stage. What the program keeps for its own sake is
    /// of the run on the stage.
    fn rest(&mut self) {
        if self.is_running() {
            self.tell(Command::Pause);
        }
        (self.quiet, self.kept_at, self.keeping) = (None, None, false);
    }

    /// Controls, and folders on their way, belong to the lesson and not to one of its runs.
    fn exchange_what_stays(&mut self, other: &mut Self) {
        swap(&mut self.config, &mut other.config);
        swap(&mut self.data, &mut other.data);
        swap(&mut self.opening, &mut other.opening);
        swap(&mut self.unsaved, &mut other.unsaved);
        swap(&mut self.after, &mut other.after);
        swap(&mut self.go_on, &mut other.go_on);
        swap(&mut self.pretrained, &mut other.pretrained);
        // Pictures of other weights are made anew.
        self.version = self.version.max(other.version) + 1;
    }
}
