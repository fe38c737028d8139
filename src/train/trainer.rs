//! The loop of the training thread: obey commands between steps, publish, save.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use super::clock::{Timer, now};
use super::files::NOT_SAVED;
use super::latest::Latest;
use super::message::{Command, Event, Progress, RunState};
use super::session::Outbox;
use super::task::Task;

/// The loop of the training thread.
pub(super) struct Trainer<'a, T: Task> {
    task: T,
    inbox: &'a Receiver<Command>,
    outbox: &'a mut Outbox,
    latest: &'a Latest<T::Snapshot>,
    state: RunState,
    keep_in: Option<PathBuf>,
    published: Timer,
    saved: Timer,
    speed: Speed,
}

impl<'a, T: Task> Trainer<'a, T> {
    pub(super) fn new(
        task: T,
        inbox: &'a Receiver<Command>,
        outbox: &'a mut Outbox,
        latest: &'a Latest<T::Snapshot>,
    ) -> Self {
        Self {
            task,
            inbox,
            outbox,
            latest,
            state: RunState::Preparing,
            keep_in: None,
            published: Timer::start(),
            saved: Timer::start(),
            speed: Speed::default(),
        }
    }

    pub(super) fn run(mut self) -> Result<(), String> {
        let result = self.obey_and_train();
        if result.is_err() {
            // What is still good is saved, whatever failed.
            self.keep();
        }
        result
    }

    fn obey_and_train(&mut self) -> Result<(), String> {
        self.publish()?;
        self.enter(if self.task.done() >= self.task.total() {
            RunState::Finished
        } else {
            RunState::Paused
        });
        loop {
            let command = match self.state {
                RunState::Running => match self.inbox.try_recv() {
                    Ok(command) => Some(command),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => return self.finish(),
                },
                // While paused, a closed channel must end the loop, not spin in it.
                _ => match self.inbox.recv() {
                    Ok(command) => Some(command),
                    Err(_) => return self.finish(),
                },
            };
            match command {
                Some(command) => self.obey(command)?,
                None => self.train_one_step()?,
            }
        }
    }

    fn obey(&mut self, command: Command) -> Result<(), String> {
        let over = self.task.done() >= self.task.total();
        match command {
            Command::Run if !over => {
                self.speed = Speed::default();
                self.enter(RunState::Running);
            }
            Command::Pause if self.state == RunState::Running => {
                self.publish()?;
                self.enter(RunState::Paused);
            }
            Command::Step if !over => {
                self.task.step()?;
                self.publish()?;
                self.enter(if self.task.done() >= self.task.total() {
                    RunState::Finished
                } else {
                    RunState::Paused
                });
            }
            Command::Run | Command::Pause | Command::Step => {}
            Command::SetLearningRate(lr) if lr.is_finite() && lr > 0.0 => {
                self.task.set_learning_rate(lr);
            }
            Command::SetLearningRate(lr) => self.outbox.send(Event::Note(format!(
                "the learning rate {lr} is no number above 0; the one before stays"
            ))),
            Command::Save(folder) => self.save(folder),
            Command::KeepIn(folder) => {
                self.saved = Timer::start();
                self.keep_in = Some(folder);
            }
        }
        Ok(())
    }

    fn train_one_step(&mut self) -> Result<(), String> {
        self.task.step()?;
        let over = self.task.done() >= self.task.total();
        if over || self.published.is_over(self.task.publish_every()) {
            self.publish()?;
        }
        let due = self.task.take_save_due();
        if over || due || self.saved.is_over(self.task.save_every()) {
            self.keep();
        }
        // Told last: a client that hears of the end has heard whether the run is saved.
        if over {
            self.enter(RunState::Finished);
        }
        Ok(())
    }

    fn publish(&mut self) -> Result<(), String> {
        let points = match self.task.drain() {
            Ok(points) => points,
            Err(sentence) => {
                // The task went back to its last good weights: show those. A lost device has none.
                if let Ok(snapshot) = self.task.snapshot() {
                    self.latest.put(snapshot);
                }
                return Err(sentence);
            }
        };
        self.latest.put(self.task.snapshot()?);
        self.published = Timer::start();
        for note in self.task.take_notes() {
            self.outbox.send(Event::Note(note));
        }
        if !points.is_empty() {
            let step = self.task.done();
            let progress = Progress {
                points,
                steps_per_second: self.speed.at(step),
                step,
                total: self.task.total(),
            };
            self.outbox.send(Event::Progress(progress));
        }
        Ok(())
    }

    fn keep(&mut self) {
        self.saved = Timer::start();
        if let Some(folder) = self.keep_in.clone() {
            self.save(folder);
        }
    }

    /// A full disk must not end a lecture: the failure is told, the run goes on.
    fn save(&mut self, folder: PathBuf) {
        let event = match self.task.save(&folder) {
            Ok(()) => Event::Saved(folder),
            Err(error) => Event::Note(format!("{NOT_SAVED}{error}")),
        };
        self.outbox.send(event);
    }

    /// The end that a client wishes: the last losses are read, and what is still good is saved
    /// whatever they are; [`Self::run`] does that when they are a failure.
    fn finish(&mut self) -> Result<(), String> {
        self.task.drain()?;
        self.keep();
        Ok(())
    }

    fn enter(&mut self, state: RunState) {
        if self.state != state {
            self.state = state;
            self.outbox.send(Event::State(state));
        }
    }
}

/// Steps a second over a sliding window.
#[derive(Default)]
struct Speed {
    marks: VecDeque<(Duration, u64)>,
}

impl Speed {
    fn at(&mut self, step: u64) -> f64 {
        let now = now();
        if self.marks.back().is_some_and(|(last, _)| *last > now) {
            // The clock was put back.
            self.marks.clear();
        }
        self.marks.push_back((now, step));
        let since = |marks: &VecDeque<(Duration, u64)>| (now - marks[0].0).as_secs_f64();
        while self.marks.len() > 2 && since(&self.marks) > 2.0 {
            self.marks.pop_front();
        }
        let (seconds, first) = (since(&self.marks), self.marks[0].1);
        if seconds > 0.0 {
            (step - first) as f64 / seconds
        } else {
            0.0
        }
    }
}
