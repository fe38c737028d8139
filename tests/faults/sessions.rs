//! Sessions under any sequence of commands, with tasks that panic, fail or are slow: rows 22 to 25,
//! 30, 31 and 40.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flowlab::device::{DeviceChoice, DeviceInfo, DeviceKind};
use flowlab::train::files::NOT_SAVED;
use flowlab::train::{Command, Event, LossPoint, RunState, Session, Start, Task, ToyConfig};
use proptest::prelude::*;

use super::counter::{Manner, reach, session, until};

#[test]
fn fault_22_a_panic_in_the_training_thread_is_told_and_the_next_run_works() {
    let alive = Arc::new(AtomicUsize::new(0));
    for manner in [Manner::PanicsAt(3), Manner::FailsAt(3)] {
        let broken = session(10, manner, &alive);
        broken.send(Command::Run);
        reach(&broken, RunState::Failed);
        let sentence = broken.wait_event(Duration::from_secs(10));
        match sentence {
            Some(Event::Failed(sentence)) => assert!(sentence.contains("at step 3"), "{sentence}"),
            other => panic!("{other:?}"),
        }
        // Commands to a run that is over are without effect, and harmless.
        broken.send(Command::Run);
        broken.join();
    }
    let next = session(10, Manner::Good, &alive);
    next.send(Command::Run);
    reach(&next, RunState::Finished);
    next.join();
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[test]
fn fault_23_a_slow_step_does_not_hold_the_client() {
    let alive = Arc::new(AtomicUsize::new(0));
    let slow = session(1000, Manner::Slow(400), &alive);
    slow.send(Command::Run);
    until("starts", || alive.load(Ordering::SeqCst) == 1);
    let started = Instant::now();
    slow.send(Command::Pause);
    let _ = (slow.events(), slow.latest());
    drop(slow);
    assert!(
        started.elapsed() < Duration::from_millis(200),
        "the client waited"
    );
    until("the thread ends after its step", || {
        alive.load(Ordering::SeqCst) == 0
    });
}

#[test]
fn fault_19_the_end_is_told_after_the_save() {
    let alive = Arc::new(AtomicUsize::new(0));
    let folder = tempfile::tempdir().unwrap();
    for (path, is_saved) in [(folder.path(), true), (Path::new("/proc/nowhere"), false)] {
        let run = session(10, Manner::Good, &alive);
        run.send(Command::KeepIn(path.to_owned()));
        run.send(Command::Run);
        let events = reach(&run, RunState::Finished);
        let told = events.iter().find_map(|event| match event {
            Event::Saved(_) => Some(true),
            Event::Note(note) if note.starts_with(NOT_SAVED) => Some(false),
            _ => None,
        });
        assert_eq!(told, Some(is_saved), "{events:?}");
        run.join();
    }
}

/// Steps of whose losses none can be read back; its save is one file.
struct Unreadable(u64);

impl Task for Unreadable {
    type Snapshot = u64;

    fn step(&mut self) -> Result<(), String> {
        std::thread::sleep(Duration::from_millis(1));
        self.0 += 1;
        Ok(())
    }

    fn done(&self) -> u64 {
        self.0
    }

    fn total(&self) -> u64 {
        u64::MAX
    }

    fn drain(&mut self) -> Result<Vec<LossPoint>, String> {
        match self.0 {
            0 => Ok(Vec::new()),
            _ => Err("the loss became NaN".to_owned()),
        }
    }

    fn snapshot(&mut self) -> Result<u64, String> {
        Ok(self.0)
    }

    fn set_learning_rate(&mut self, _: f64) {}

    fn floor(&self) -> Option<f64> {
        None
    }

    fn save(&mut self, folder: &Path) -> Result<(), String> {
        std::fs::write(folder.join("good"), "").map_err(|error| error.to_string())
    }

    fn publish_every(&self) -> Duration {
        Duration::from_secs(3600)
    }
}

#[test]
fn fault_12_what_is_still_good_is_saved_also_when_the_client_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let make = || {
        let info = DeviceInfo {
            kind: DeviceKind::Cpu,
            label: "CPU".to_owned(),
            reason: "a test".to_owned(),
        };
        Ok((Unreadable(0), info))
    };
    let run = Session::spawn(make, || {});
    run.send(Command::KeepIn(folder.path().to_owned()));
    run.send(Command::Run);
    std::thread::sleep(Duration::from_millis(300));
    run.join();
    assert!(folder.path().join("good").exists());
}

#[test]
fn fault_24_a_million_messages_to_a_client_that_does_not_look() {
    let alive = Arc::new(AtomicUsize::new(0));
    let flood = session(1_000_000, Manner::Good, &alive);
    flood.send(Command::Run);
    until("runs to its end", || {
        flood.latest().as_deref() == Some(&1_000_000)
    });
    // All losses are there, in few messages.
    let mut messages = 0;
    let mut points = 0;
    until("tells all", || {
        for event in flood.events() {
            messages += 1;
            if let Event::Progress(progress) = event {
                points += progress.points.len();
            }
        }
        points == 1_000_000
    });
    assert!(messages < 2000, "{messages}");
}

#[test]
fn fault_25_a_run_without_a_client_saves_and_ends() {
    let alive = Arc::new(AtomicUsize::new(0));
    let folder = tempfile::tempdir().unwrap();
    let run = session(u64::MAX, Manner::Slow(1), &alive);
    run.send(Command::KeepIn(folder.path().to_owned()));
    run.send(Command::Run);
    until("trains", || run.latest().is_some_and(|step| *step > 3));
    drop(run);
    until("ends", || alive.load(Ordering::SeqCst) == 0);
    let count = std::fs::read_to_string(folder.path().join("count")).unwrap();
    assert!(count.parse::<u64>().unwrap() > 3);
}

#[test]
fn fault_31_started_and_stopped_a_thousand_times() {
    let alive = Arc::new(AtomicUsize::new(0));
    for round in 0..1000_u64 {
        let run = session(1000, Manner::Good, &alive);
        run.send(Command::Run);
        if round % 3 == 0 {
            run.send(Command::Pause);
            run.send(Command::Run);
        }
        if round % 50 == 0 {
            run.join();
        }
    }
    until("all threads end", || alive.load(Ordering::SeqCst) == 0);
}

/// What a client does.
#[derive(Clone, Debug)]
enum Act {
    Tell(Command),
    Look,
    Wait(u64),
    /// Starts the run anew, as a reset or a load does.
    Anew,
}

fn acts(folder: PathBuf) -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => Just(Act::Tell(Command::Run)),
        3 => Just(Act::Tell(Command::Pause)),
        3 => Just(Act::Tell(Command::Step)),
        2 => prop_oneof![Just(1e-3), Just(f64::NAN), Just(-1.0), Just(1e300)]
            .prop_map(|lr| Act::Tell(Command::SetLearningRate(lr))),
        2 => Just(Act::Tell(Command::Save(folder.clone()))),
        1 => Just(Act::Tell(Command::Save("/proc/nowhere".into()))),
        1 => Just(Act::Tell(Command::KeepIn(folder))),
        2 => Just(Act::Look),
        2 => (0..4_u64).prop_map(Act::Wait),
        1 => Just(Act::Anew),
    ];
    prop::collection::vec(act, 0..24)
}

fn manners() -> impl Strategy<Value = Manner> {
    prop_oneof![
        4 => Just(Manner::Good),
        1 => (0..30_u64).prop_map(Manner::PanicsAt),
        1 => (0..30_u64).prop_map(Manner::FailsAt),
        1 => (1..3_u64).prop_map(Manner::Slow),
    ]
}

#[test]
fn fault_30_no_sequence_of_commands_hangs_or_leaves_a_thread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let config = ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(acts in acts(path), manner in manners(), total in 0..60_u64)| {
        let alive = Arc::new(AtomicUsize::new(0));
        let mut run = session(total, manner, &alive);
        for act in acts {
            match act {
                Act::Tell(command) => drop(run.send(command)),
                Act::Look => { let _ = (run.events(), run.latest()); }
                Act::Wait(time) => std::thread::sleep(Duration::from_millis(time)),
                Act::Anew => run = session(total, manner, &alive),
            }
        }
        let steps = run.latest().map_or(0, |step| *step);
        prop_assert!(steps <= total);
        drop(run);
        let end = Instant::now() + Duration::from_secs(20);
        while alive.load(Ordering::SeqCst) > 0 {
            prop_assert!(Instant::now() < end, "a thread goes on");
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// A run that takes no time, of fifty steps.
fn toy() -> Session<flowlab::train::toy::Snapshot> {
    let config = ToyConfig {
        hidden: 8,
        layers: 1,
        batch: 16,
        steps: 50,
        ..ToyConfig::default()
    };
    Session::toy(config, Start::Fresh, DeviceChoice::Cpu, true, || {})
}

#[test]
fn fault_30_the_same_with_real_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let config = ProptestConfig {
        cases: 25,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(acts in acts(path))| {
        let mut run = toy();
        for act in acts {
            match act {
                Act::Tell(command) => drop(run.send(command)),
                Act::Look => { let _ = (run.events(), run.latest()); }
                Act::Wait(time) => std::thread::sleep(Duration::from_millis(time)),
                // Two at a time would save into one folder.
                Act::Anew => std::mem::replace(&mut run, toy()).join(),
            }
        }
        let started = Instant::now();
        run.join();
        prop_assert!(started.elapsed() < Duration::from_secs(20));
        // Whatever was saved can be opened again.
        if folder.path().join("config.json").exists() {
            let saved = flowlab::train::checkpoint::load_state(folder.path());
            prop_assert!(saved.is_ok(), "{:?}", saved.err());
        }
    });
}

/// The loss of a step is that of the weights before it: a rate far too high leaves infinite
/// weights behind a loss that is still a number.
#[test]
fn fault_12_infinite_weights_are_never_saved() {
    let folder = tempfile::tempdir().unwrap();
    let run = toy();
    run.send(Command::Step);
    run.send(Command::SetLearningRate(1e300));
    run.send(Command::Step);
    run.send(Command::Save(folder.path().to_owned()));
    run.join();
    let (_, step, state) = flowlab::train::checkpoint::load_state(folder.path()).unwrap();
    assert!(step <= 1 && state.is_finite(), "step {step}");
}

/// Resident memory in KiB and threads of this process; none where the system does not tell.
fn resources() -> Option<[u64; 2]> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some([value("VmRSS:")?, value("Threads:")?])
}

/// Runs in a process of its own, where no other test moves the numbers: see `main.rs`.
pub fn soak(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let round = |number: usize| {
        let config = ToyConfig {
            hidden: 16,
            layers: 2,
            batch: 64,
            steps: 60,
            seed: number as u64,
            ..ToyConfig::default()
        };
        let run = Session::toy(config, Start::Fresh, DeviceChoice::Cpu, false, || {});
        let end = Instant::now() + Duration::from_secs(60);
        let mut over = false;
        while !over {
            assert!(Instant::now() < end, "round {number} hangs");
            if let Some(event) = run.wait_event(Duration::from_millis(5)) {
                over = event == Event::State(RunState::Finished);
            }
            let _ = run.latest();
        }
        run.send(Command::Save(folder.path().join("run")));
        run.join();
    };
    if resources().is_none() {
        println!("soak: the system tells nothing");
        return;
    }
    // A busy machine moves both about: what grows is larger at its least, later, than it ever was.
    let mut early = [0; 2];
    let mut late = [u64::MAX; 2];
    for number in 0..rounds {
        round(number);
        let now = resources().unwrap();
        for i in 0..2 {
            if number < rounds / 4 {
                early[i] = early[i].max(now[i]);
            } else if number >= 3 * rounds / 4 {
                late[i] = late[i].min(now[i]);
            }
        }
    }
    let ([memory, threads], [after, threads_after]) = (early, late);
    println!("soak: {memory} KiB and {threads} threads, then {after} KiB and {threads_after}");
    assert!(
        after < memory + memory / 10 + 4096,
        "{memory} to {after} KiB"
    );
    assert!(
        threads_after <= threads,
        "{threads} to {threads_after} threads"
    );
}
