//! A task on a thread of its own, with commands in, events and the newest snapshot out.
//!
//! ```text
//! client --Command--> trainer   bounded; looked at between steps; a closed channel means stop
//! trainer --Event---> client    lossless and small
//! trainer --Latest--> client    the newest snapshot only
//! trainer --wake()--> client    a closure given at spawn
//! ```

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError};
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::latest::Latest;
use super::message::{Command, Event, RunState};
use super::task::Task;
use super::trainer::Trainer;
use crate::device::{self, DeviceInfo};
use crate::priority::{self, Priority};

/// Events that may wait for a slow client before the trainer holds them back itself.
const EVENT_QUEUE: usize = 256;

/// A run on a thread of its own. Dropping it closes the channel: the thread ends after the step
/// in progress, and nobody waits for it.
pub struct Session<S> {
    commands: Sender<Command>,
    // The mutex is never contended: it only makes the receiver shareable.
    events: Mutex<Receiver<Event>>,
    latest: Latest<S>,
    thread: Option<JoinHandle<()>>,
}

impl<S: Send + Sync + 'static> Session<S> {
    /// Builds a task on a new thread and runs it as commands say, paused at first.
    pub fn spawn<T, F, W>(make: F, wake: W) -> Self
    where
        T: Task<Snapshot = S>,
        F: FnOnce() -> Result<(T, DeviceInfo), String> + Send + 'static,
        W: Fn() + Send + Sync + 'static,
    {
        let (commands, inbox) = channel();
        let (events_out, events) = sync_channel(EVENT_QUEUE);
        let latest = Latest::default();
        let slot = latest.clone();
        let body = move || {
            priority::step_back(Priority::Training);
            let mut outbox = Outbox {
                events: events_out,
                waiting: VecDeque::new(),
                wake: Box::new(wake),
            };
            outbox.send(Event::State(RunState::Preparing));
            // A panic in a kernel or a driver must end in a sentence, not in a silent thread.
            let mut kind = None;
            let result = catch_unwind(AssertUnwindSafe(|| {
                let (task, device) = make()?;
                kind = Some(device.kind);
                outbox.send(Event::Ready {
                    device,
                    floor: task.floor(),
                });
                Trainer::new(task, &inbox, &mut outbox, &slot).run()
            }));
            let failure = match result {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error),
                Err(panic) => Some(format!("training stopped: {}", panic_text(&*panic))),
            };
            if let Some(sentence) = failure.map(|sentence| device::explain(sentence, kind)) {
                outbox.send(Event::State(RunState::Failed));
                outbox.send(Event::Failed(sentence));
            }
            outbox.flush_blocking();
        };
        let thread = thread::Builder::new()
            .name("flowlab-trainer".to_owned())
            .spawn(body)
            .expect("the system starts a thread");
        Self {
            commands,
            events: Mutex::new(events),
            latest,
            thread: Some(thread),
        }
    }

    /// Sends a command; false when the run has ended.
    pub fn send(&self, command: Command) -> bool {
        self.commands.send(command).is_ok()
    }

    /// All events that have arrived; never waits.
    pub fn events(&self) -> Vec<Event> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.try_iter().collect()
    }

    /// Waits for the next event; none when the run has ended or the time is over.
    pub fn wait_event(&self, timeout: Duration) -> Option<Event> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.recv_timeout(timeout).ok()
    }

    /// The newest snapshot, if it was not taken yet.
    pub fn latest(&self) -> Option<Arc<S>> {
        self.latest.take()
    }

    /// Closes the channel and waits until the thread has ended.
    pub fn join(mut self) {
        let (closed, _) = channel();
        self.commands = closed;
        if let Some(thread) = self.thread.take() {
            // Its panics were caught and told already.
            let _ = thread.join();
        }
    }

    /// Whether the thread has ended.
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

/// Events on their way to a client that may be slow.
pub(super) struct Outbox {
    events: SyncSender<Event>,
    waiting: VecDeque<Event>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Outbox {
    pub(super) fn send(&mut self, event: Event) {
        match (self.waiting.back_mut(), event) {
            // A client that does not look gets its losses in fewer, longer messages.
            (Some(Event::Progress(last)), Event::Progress(new)) => {
                last.points.extend(new.points);
                last.steps_per_second = new.steps_per_second;
                last.step = new.step;
            }
            (_, event) => self.waiting.push_back(event),
        }
        self.flush();
        (self.wake)();
    }

    fn flush(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.waiting.push_front(event);
                    return;
                }
                // Nobody listens any more; the closed command channel ends the run.
                Err(TrySendError::Disconnected(_)) => self.waiting.clear(),
            }
        }
    }

    fn flush_blocking(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            if self.events.send(event).is_err() {
                return;
            }
        }
        (self.wake)();
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
