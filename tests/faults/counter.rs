//! A task that only counts, and misbehaves as it is told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flowlab::device::{DeviceInfo, DeviceKind};
use flowlab::train::{Event, LossPoint, RunState, Session, Task};

/// How a task misbehaves.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Not at all.
    Good,
    /// Panics at a step.
    PanicsAt(u64),
    /// Tells an error at a step.
    FailsAt(u64),
    /// Milliseconds of a step.
    Slow(u64),
}

/// Counts its steps; its save is one file with the count.
struct Counter {
    step: u64,
    total: u64,
    told: u64,
    manner: Manner,
    alive: Arc<AtomicUsize>,
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Task for Counter {
    type Snapshot = u64;

    fn step(&mut self) -> Result<(), String> {
        match self.manner {
            Manner::PanicsAt(step) if step == self.step => panic!("at step {step}"),
            Manner::FailsAt(step) if step == self.step => return Err(format!("at step {step}")),
            Manner::Slow(time) => std::thread::sleep(Duration::from_millis(time)),
            _ => {}
        }
        self.step += 1;
        Ok(())
    }

    fn done(&self) -> u64 {
        self.step
    }

    fn total(&self) -> u64 {
        self.total
    }

    fn drain(&mut self) -> Result<Vec<LossPoint>, String> {
        let points = (self.told..self.step).map(|step| LossPoint {
            step: step + 1,
            loss: 1.0,
            excess: None,
            seconds: 0.0,
        });
        let points = points.collect();
        self.told = self.step;
        Ok(points)
    }

    fn snapshot(&mut self) -> Result<u64, String> {
        Ok(self.step)
    }

    fn set_learning_rate(&mut self, _: f64) {}

    fn floor(&self) -> Option<f64> {
        None
    }

    fn save(&mut self, folder: &Path) -> Result<(), String> {
        std::fs::write(folder.join("count"), self.step.to_string()).map_err(|e| e.to_string())
    }
}

/// A run of a counter; `alive` counts the counters that are there.
pub fn session(total: u64, manner: Manner, alive: &Arc<AtomicUsize>) -> Session<u64> {
    session_at(total, manner, alive, || {})
}

/// The same; `first` is called on its thread before anything else.
pub fn session_at(
    total: u64,
    manner: Manner,
    alive: &Arc<AtomicUsize>,
    first: impl FnOnce() + Send + 'static,
) -> Session<u64> {
    let alive = Arc::clone(alive);
    let make = move || {
        first();
        alive.fetch_add(1, Ordering::SeqCst);
        let info = DeviceInfo {
            kind: DeviceKind::Cpu,
            label: "CPU".to_owned(),
            reason: "a test".to_owned(),
        };
        let task = Counter {
            step: 0,
            total,
            told: 0,
            manner,
            alive,
        };
        Ok((task, info))
    };
    Session::spawn(make, || {})
}

/// Waits for a state, or fails the test when it hangs.
pub fn reach(session: &Session<u64>, wanted: RunState) -> Vec<Event> {
    let end = Instant::now() + Duration::from_secs(60);
    let mut seen = Vec::new();
    while Instant::now() < end {
        seen.extend(session.wait_event(Duration::from_millis(20)));
        if seen.contains(&Event::State(wanted)) {
            return seen;
        }
    }
    panic!("{wanted:?} was not reached: {seen:?}");
}

/// Waits until something holds, or fails the test.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
