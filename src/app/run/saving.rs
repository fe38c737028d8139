//! What of a run is in which folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{News, Run};
use crate::app::copying::Copying;
use crate::train::{Command, RunState};

impl Run {
    /// Asks the training thread to save; false when it has ended. A run that was opened and has not
    /// trained on is copied.
    pub fn save(&mut self, folder: PathBuf) -> bool {
        let Some(reopen) = &self.reopen else {
            return self.send(Command::Save(folder));
        };
        let (from, wake) = (reopen.folder.clone(), Arc::clone(&reopen.wake));
        self.copying = Copying::start(from, folder, wake);
        self.copying.is_some()
    }

    /// The same for the program's own sake; nothing is told of it.
    pub fn save_quietly(&mut self, folder: PathBuf) -> bool {
        let there = self.quiet.as_ref() == Some(&folder) && self.kept_at.is_some();
        if there && self.kept_at == Some(self.step) {
            return true;
        }
        self.quiet = Some(folder.clone());
        self.keeping = self.send(Command::Save(folder));
        // What was saved before the thread ended is better than nothing.
        self.keeping || there
    }

    /// Whether such a save is on its way.
    pub fn is_keeping(&self) -> bool {
        self.keeping && self.session.as_ref().is_some_and(|s| !s.is_over())
    }

    /// Where the program has kept a state of this run, if it has failed.
    pub fn refuge(&self) -> Option<&Path> {
        let kept = self.state == RunState::Failed && self.kept_at.is_some();
        self.quiet.as_deref().filter(|_| kept)
    }

    /// Its refuge could not be read.
    pub fn leave_refuge(&mut self) {
        self.kept_at = None;
    }

    /// The same run as its refuge holds it: it keeps its place, name and colour, and the refuge.
    pub fn become_again(&mut self, kept: Self) {
        let failed = std::mem::replace(self, kept);
        (self.id, self.name) = (failed.id, failed.name);
        (self.color, self.shown) = (failed.color, failed.shown);
        (self.quiet, self.kept_at) = (failed.quiet, Some(self.step));
    }

    /// Its folder is none of the user's.
    pub fn forget_saved(&mut self) {
        self.saved = None;
    }

    /// The folder that holds its present weights: it was opened and has not trained on.
    pub fn folder(&self) -> Option<&Path> {
        self.reopen.as_ref().map(|reopen| &*reopen.folder)
    }

    /// Whether it has learned what no folder of the user's holds.
    pub fn is_unsaved(&self) -> bool {
        self.touched && self.step > 0 && self.saved != Some(self.step)
    }

    /// Takes the end of a copy.
    pub(super) fn take_copied(&mut self, news: &mut News) {
        let Some(end) = self.copying.as_ref().and_then(Copying::end) else {
            return;
        };
        self.copying = None;
        match end {
            Ok(path) => {
                self.saved = Some(self.step);
                news.note = Some(format!("Saved to {}", path.display()));
            }
            Err(sentence) => news.failures.push(sentence),
        }
    }
}
