//! Run folders on their way into the list of runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};

use super::run::{Opened, Run, RunId};
use super::training::Training;
use crate::train::{Command, ToyConfig};

/// A folder that is being read on a thread of its own.
pub struct Opening {
    reader: Receiver<Result<Opened, String>>,
    wish: Wish,
}

/// What becomes of an opened run.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Its name, where it is not that of the folder.
    pub name: Option<String>,
    /// Its number in the window, where it was given out before.
    pub id: Option<RunId>,
    /// Its curve is not drawn.
    pub hidden: bool,
    /// Its folder is none of the user's.
    pub unsaved: bool,
    /// It takes the place of this run, which has failed, and trains on.
    pub instead: Option<RunId>,
    /// The last of a session: what the controls say then, and what is on the stage.
    pub end: Option<(ToyConfig, OnStage)>,
}

/// What a session has on the stage.
#[derive(Clone, Debug)]
pub enum OnStage {
    /// The network that comes with the program.
    Pretrained,
    /// An opened run.
    Run(RunId),
    /// Fresh weights of these settings.
    Fresh(ToyConfig),
}

impl Training {
    /// Reads a run folder on a thread of its own and adds it to the list.
    pub fn open(&mut self, folder: PathBuf) {
        self.open_as(folder, Wish::default());
    }

    /// The same, as a session wishes.
    pub(super) fn open_as(&mut self, folder: PathBuf, wish: Wish) {
        match Opened::read_apart(folder, Arc::clone(&self.wake)) {
            Ok(reader) => self.opening.push(Opening { reader, wish }),
            Err(error) => self.report(format!("the folder could not be read: {error}")),
        }
    }

    /// Reads the kept state of the current run, which has failed; once it is there, the run trains
    /// on from it, on the device that is chosen now.
    pub(super) fn go_on(&mut self) {
        let Some(run) = self.run().filter(|_| !self.is_opening()) else {
            return;
        };
        if let Some(folder) = run.refuge().map(Path::to_owned) {
            let wish = Wish {
                unsaved: true,
                instead: Some(run.id),
                ..Wish::default()
            };
            self.open_as(folder, wish);
        }
    }

    /// Whether a folder is on its way.
    pub fn is_opening(&self) -> bool {
        !self.opening.is_empty()
    }

    /// Takes the run folders that have been read, in the order in which they were asked for.
    pub(super) fn receive(&mut self) {
        while let Some(first) = self.opening.first() {
            let answer = match first.reader.try_recv() {
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => Err("the folder could not be read".to_owned()),
                Ok(answer) => answer,
            };
            let wish = self.opening.remove(0).wish;
            match answer {
                Err(sentence) => {
                    if let Some(failed) = wish.instead.and_then(|id| self.runs.get_mut(id)) {
                        failed.leave_refuge();
                    }
                    self.report(sentence);
                }
                Ok(opened) => self.take(opened, &wish),
            }
            if let Some((config, stage)) = wish.end {
                self.put_on_stage(config, stage);
            }
        }
    }

    /// What a session has on the stage, and what its controls say.
    pub(super) fn put_on_stage(&mut self, config: ToyConfig, stage: OnStage) {
        match stage {
            OnStage::Run(id) => self.choose_run(id),
            OnStage::Pretrained => self.choose_pretrained(),
            OnStage::Fresh(fresh) => {
                self.config = fresh;
                self.start(None);
            }
        }
        self.config = config;
    }

    fn take(&mut self, opened: Opened, wish: &Wish) {
        let mut run = Run::open(opened, self.device, Arc::clone(&self.wake));
        if let Some(name) = &wish.name {
            run.name.clone_from(name);
        }
        run.shown = !wish.hidden;
        if wish.unsaved {
            run.forget_saved();
        }
        if let Some(id) = wish.instead {
            return self.replace(id, run);
        }
        self.note = Some(format!("Opened {}", run.name));
        self.config = run.config.clone();
        self.pause();
        let id = match wish.id {
            Some(id) => self.runs.add_as(id, run),
            None => self.runs.add(run),
        };
        self.versions += 1;
        if let Some(run) = self.runs.get_mut(id) {
            run.set_version(self.versions);
        }
        self.stage_run();
    }

    /// Puts a run in the place of one that has failed, and trains it on.
    fn replace(&mut self, id: RunId, run: Run) {
        self.versions += 1;
        if let Some(failed) = self.runs.get_mut(id).filter(|old| old.refuge().is_some()) {
            failed.become_again(run);
            failed.set_version(self.versions);
            failed.tell(Command::Run);
            failed.set_learning_rate(self.config.lr);
            self.note = Some(format!("{} goes on from step {}", failed.name, failed.step));
        }
        self.stage_run();
    }
}
