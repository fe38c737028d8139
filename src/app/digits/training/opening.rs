//! Run folders of the image lab on their way onto the stage.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{TryRecvError, channel};
use std::thread;

use super::{DigitTraining, curves};
use crate::train::RunState;
use crate::train::images::{ImageConfig, OpenedRun};

impl DigitTraining {
    /// Whether a folder is being read.
    pub fn is_opening(&self) -> bool {
        self.opening.is_some()
    }

    /// What the controls say, now or once the folder that is being read is there.
    pub fn set_config(&mut self, config: ImageConfig) {
        let data = config.data().map(|data| data.display().to_string());
        self.data.path = data.unwrap_or_default();
        self.after = self.is_opening().then(|| config.clone());
        self.config = config;
    }

    /// Whether a run of these settings belongs to this lesson.
    pub fn takes(&self, config: &ImageConfig) -> bool {
        same_kind(config, &self.config)
    }

    /// Reads a run folder on a thread of its own; its model comes onto the stage.
    pub fn open(&mut self, folder: PathBuf) {
        self.open_as(folder, false);
    }

    /// The same; `unsaved` where the folder is none of the user's.
    pub fn open_as(&mut self, folder: PathBuf, unsaved: bool) {
        self.unsaved = unsaved;
        self.go_on = None;
        let (send, reader) = channel();
        let wake = Arc::clone(&self.wake);
        let read = move || {
            let opened = OpenedRun::read(&folder);
            // The window may be gone by now.
            let _ = send.send(opened.map(|run| (folder, run)));
            wake();
        };
        let thread = thread::Builder::new().name("flowlab-open".to_owned());
        match thread.spawn(read) {
            Ok(_) => self.opening = Some(reader),
            Err(error) => self.note = Some(format!("the folder could not be read: {error}")),
        }
    }

    /// Takes the run folder that has been read; the sentence is a failure.
    pub(super) fn receive(&mut self) -> Option<String> {
        let answer = match self.opening.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err("the folder could not be read".to_owned()),
            Ok(answer) => answer,
        };
        self.opening = None;
        let go_on = self.go_on.take();
        let after = self.after.take();
        let failure = match answer {
            Err(sentence) => {
                if go_on.is_some() {
                    self.kept_at = None;
                }
                Some(sentence)
            }
            Ok((folder, run)) if !self.takes(&run.config) => Some(format!(
                "{}: a run of `train {}`; open it in its own lesson",
                folder.display(),
                run.config.task()
            )),
            Ok((folder, run)) => {
                self.take(&folder, run);
                if let Some(device) = go_on {
                    // The state that is there is the one that is gone on from.
                    (self.quiet, self.kept_at) = (Some(folder), Some(self.step));
                    self.note = Some(format!("The run goes on from step {}", self.step));
                    self.toggle(device);
                }
                None
            }
        };
        if let Some(config) = after {
            self.set_config(config);
        }
        failure
    }

    fn take(&mut self, folder: &Path, run: OpenedRun) {
        self.reset();
        self.state = if run.is_over() {
            RunState::Finished
        } else {
            RunState::Paused
        };
        let mut all = curves(&run.rows).into_iter();
        self.curve = all.next().unwrap_or_default();
        self.parts = all.collect();
        self.step = run.snapshot.step;
        self.total = run.config.schedule().epochs * run.snapshot.steps_per_epoch;
        let data = run.config.data();
        self.data.path = data.map_or(String::new(), |data| data.display().to_string());
        self.config = run.config.clone();
        self.running = Some(run.config);
        self.earlier.clone_from(&run.snapshot.sheets);
        self.snapshot = Some(Arc::new(run.snapshot));
        self.version += 1;
        self.folder = Some(folder.to_owned());
        self.saved = (!self.unsaved).then_some(self.step);
        self.note = Some(format!("Opened {}", folder.display()));
    }
}

/// Whether runs of these settings belong to the same lesson.
fn same_kind(a: &ImageConfig, b: &ImageConfig) -> bool {
    match (a, b) {
        (ImageConfig::Variational(a), ImageConfig::Variational(b)) => {
            a.dataset.points().is_some() == b.dataset.points().is_some()
        }
        _ => a.task() == b.task(),
    }
}
