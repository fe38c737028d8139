//! Row 16 of the list of faults: the GPU is lost while it trains. A process of its own, since a
//! lost device stays lost for the whole process.

mod common;

use std::time::{Duration, Instant};

use flowlab::device::{self, DeviceChoice};
use flowlab::train::{Command, Event, RunState, Session, Start, ToyConfig};

#[test]
fn fault_16_a_lost_gpu_ends_the_run_in_a_sentence_and_its_weights_are_kept() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let config = ToyConfig {
        hidden: 8,
        layers: 1,
        batch: 32,
        steps: 1_000_000,
        ..ToyConfig::default()
    };
    let run = Session::toy(config.clone(), Start::Fresh, DeviceChoice::Gpu, true, || {});
    run.send(Command::KeepIn(folder.path().to_owned()));
    run.send(Command::Run);
    // The first kernels take minutes to compile on a software adapter of a busy machine.
    let end = Instant::now() + Duration::from_secs(600);
    let mut steps = 0;
    let mut saved = false;
    while steps == 0 || !saved {
        assert!(Instant::now() < end, "does not start");
        match run.wait_event(Duration::from_millis(50)) {
            Some(Event::Progress(progress)) => steps = progress.step,
            Some(Event::Saved(_)) => saved = true,
            _ => {}
        }
    }

    assert!(device::lose_gpu(), "a GPU was open");

    let end = Instant::now() + Duration::from_secs(120);
    let mut told = None;
    while told.is_none() {
        assert!(Instant::now() < end, "the loss of the device is not told");
        if let Some(Event::Failed(sentence)) = run.wait_event(Duration::from_millis(50)) {
            told = Some(sentence);
        }
    }
    let sentence = told.unwrap();
    assert!(sentence.contains("--device cpu"), "{sentence}");
    run.join();

    // The saved weights are whole, and the processor goes on with them.
    let kept = flowlab::train::Checkpoint::load(folder.path().to_str().unwrap()).unwrap();
    assert!(kept.step >= 1);
    let again = Session::toy(
        config,
        Start::Resume(folder.path().to_owned()),
        DeviceChoice::Cpu,
        true,
        || {},
    );
    again.send(Command::Step);
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        assert!(Instant::now() < end, "the processor does not go on");
        match again.wait_event(Duration::from_millis(50)) {
            Some(Event::Progress(progress)) => {
                assert_eq!(progress.step, kept.step + 1);
                break;
            }
            Some(Event::State(RunState::Failed)) => panic!("the processor fails"),
            _ => {}
        }
    }
    // A new run that asks for the GPU is refused with the same advice, and `auto` takes the
    // processor.
    let refused = device::open(DeviceChoice::Gpu).unwrap_err().to_string();
    assert!(refused.contains("--device cpu"), "{refused}");
}
