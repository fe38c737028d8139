//! What of a run is in which folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use super::{News, Run};
use crate::train::Command;
use crate::train::files::copy_run;

impl Run {
    /// Asks the training thread to save; false when it has ended. A run that was opened and has not
    /// trained on is copied.
    pub fn save(&mut self, folder: PathBuf) -> bool {
        let Some(reopen) = &self.reopen else {
            return self.send(Command::Save(folder));
        };
        let (send, copied) = channel();
        let (from, wake) = (reopen.folder.clone(), Arc::clone(&reopen.wake));
        let copy = move || {
            let done = copy_run(&from, &folder).map_err(|error| error.to_string());
            // The window may be gone by now.
            let _ = send.send(done.map(|()| folder));
            wake();
        };
        let thread = thread::Builder::new().name("flowlab-copy".to_owned());
        let started = thread.spawn(copy).is_ok();
        self.copying = started.then_some(copied);
        started
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
        let copied = self.copying.as_ref().map(Receiver::try_recv);
        match copied {
            None | Some(Err(TryRecvError::Empty)) => return,
            Some(Err(TryRecvError::Disconnected)) => {}
            Some(Ok(Ok(path))) => {
                self.saved = Some(self.step);
                news.note = Some(format!("Saved to {}", path.display()));
            }
            Some(Ok(Err(sentence))) => news.failures.push(format!("not saved: {sentence}")),
        }
        self.copying = None;
    }
}
