//! What of an image run is in which folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::DigitTraining;
use crate::app::copying::Copying;
use crate::train::{Command, RunState};

impl DigitTraining {
    /// Asks the training thread to save; false when there is none. A run that was opened and has
    /// not trained on is copied.
    pub fn save(&mut self, folder: PathBuf) -> bool {
        if let Some(session) = &self.session {
            return session.send(Command::Save(folder));
        }
        let Some(from) = self.folder.clone() else {
            return false;
        };
        self.copying = Copying::start(from, folder, Arc::clone(&self.wake));
        self.copying.is_some()
    }

    /// The same of a run of this window for the program's own sake; nothing is told of it.
    pub fn save_quietly(&mut self, folder: PathBuf) -> bool {
        let there = self.quiet.as_ref() == Some(&folder) && self.kept_at.is_some();
        if there && self.kept_at == Some(self.step) {
            return true;
        }
        self.quiet = Some(folder.clone());
        let session = self.session.as_ref();
        self.keeping = session.is_some_and(|session| session.send(Command::Save(folder)));
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

    /// The folder that holds its present weights: it was opened and has not trained on.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Whether it has learned something in this window.
    pub fn has_learned(&self) -> bool {
        self.session.is_some() && self.step > 0
    }

    /// Whether it has learned what no folder of the user's holds.
    pub fn is_unsaved(&self) -> bool {
        self.is_started() && self.step > 0 && self.saved != Some(self.step)
    }

    /// Takes the end of a copy; the sentence is a failure.
    pub(super) fn take_copied(&mut self) -> Option<String> {
        let end = self.copying.as_ref().and_then(Copying::end)?;
        self.copying = None;
        match end {
            Ok(path) => {
                self.saved = Some(self.step);
                self.note = Some(format!("Saved to {}", path.display()));
                None
            }
            Err(sentence) => Some(sentence),
        }
    }
}
