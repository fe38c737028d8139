//! A clock that jumps, is put back or stands still under a training thread: row 32.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use flowlab::train::clock::{Clock, use_clock};
use flowlab::train::{Command, Event, RunState};

use super::counter::{Manner, reach, session_at};

/// A day and a year.
const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(366 * 86_400);

/// A clock that answers by how often it was asked.
struct Scripted {
    asked: Cell<u32>,
    script: fn(u32) -> Duration,
}

impl Clock for Scripted {
    fn now(&self) -> Duration {
        let asked = self.asked.get();
        self.asked.set(asked + 1);
        (self.script)(asked)
    }
}

/// What a run of `total` steps tells by such a clock: saves, messages of progress, and its speeds.
fn told(total: u64, script: fn(u32) -> Duration) -> (usize, Vec<f64>) {
    let alive = Arc::new(AtomicUsize::new(0));
    let folder = tempfile::tempdir().unwrap();
    let clock = move || {
        let asked = Cell::new(0);
        use_clock(Rc::new(Scripted { asked, script }));
    };
    let run = session_at(total, Manner::Good, &alive, clock);
    run.send(Command::KeepIn(folder.path().to_owned()));
    run.send(Command::Run);
    // The last save is told before the end of the run.
    let events = reach(&run, RunState::Finished);
    let saves = |event: &&Event| matches!(event, Event::Saved(_));
    let saves = events.iter().filter(saves).count();
    let speeds = events.iter().filter_map(|event| match event {
        Event::Progress(progress) => Some(progress.steps_per_second),
        _ => None,
    });
    let speeds: Vec<f64> = speeds.collect();
    assert_eq!(run.latest().as_deref(), Some(&total), "the end is shown");
    let count = std::fs::read_to_string(folder.path().join("count")).unwrap();
    assert_eq!(count, total.to_string(), "the end is saved");
    run.join();
    let sound = |speed: &f64| speed.is_finite() && *speed >= 0.0;
    assert!(speeds.iter().all(sound), "{speeds:?}");
    (saves, speeds)
}

#[test]
fn fault_32_a_clock_that_goes_as_it_should_saves_every_ten_seconds() {
    // A second at each question; a step asks about twice.
    let (saves, _) = told(200, |asked| Duration::from_secs(asked.into()));
    assert!((20..90).contains(&saves), "{saves}");
}

#[test]
fn fault_32_a_clock_that_is_put_back_does_not_stop_the_saves() {
    // A day back in the middle of the run: by then it is at the 100th step at the latest.
    let (saves, _) = told(400, |asked| match asked {
        0..200 => YEAR + Duration::from_secs(asked.into()),
        _ => YEAR - DAY + Duration::from_secs(asked.into()),
    });
    assert!((40..180).contains(&saves), "{saves}");
    // Back by a day at every question: one save at each step, and none is lost.
    let (saves, _) = told(50, |asked| YEAR.saturating_sub(asked * DAY / 2));
    assert!((50..=51).contains(&saves), "{saves}");
}

#[test]
fn fault_32_a_clock_that_leaps_or_stands_still_ends_the_run_in_order() {
    let (saves, _) = told(50, |asked| asked * DAY);
    assert!((50..=51).contains(&saves), "{saves}");
    let (saves, speeds) = told(1000, |_| Duration::ZERO);
    assert_eq!(saves, 1, "at the end");
    assert!(speeds.iter().all(|speed| *speed == 0.0), "{speeds:?}");
    let (saves, _) = told(1000, |_| Duration::MAX);
    assert_eq!(saves, 1, "at the end");
}
