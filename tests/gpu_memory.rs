//! Row 18 of the list of faults: a training that is too large for the GPU. A process of its own, since a GPU is opened once for a process.

mod common;

use std::time::{Duration, Instant};

use flowlab::device::DeviceChoice;
use flowlab::train::{Command, Event, Session, Start, ToyConfig};

/// Waits for what `wanted` finds among the events of a run.
fn wait<T>(run: &Session<flowlab::train::Snapshot>, wanted: impl Fn(&Event) -> Option<T>) -> T {
    // The first kernels take minutes to compile on a software adapter of a busy machine.
    let end = Instant::now() + Duration::from_secs(600);
    let mut seen = Vec::new();
    while Instant::now() < end {
        if let Some(event) = run.wait_event(Duration::from_millis(50)) {
            if let Some(found) = wanted(&event) {
                return found;
            }
            seen.push(event);
        }
    }
    panic!("does not come: {seen:?}");
}

fn gpu(config: ToyConfig) -> Session<flowlab::train::Snapshot> {
    Session::toy(config, Start::Fresh, DeviceChoice::Gpu, true, || {})
}

#[test]
fn fault_18_what_is_too_large_for_the_gpu_is_told() {
    if !common::gpu_here() {
        return;
    }
    // The outputs of one layer alone are 16 GiB.
    let large = ToyConfig {
        hidden: 4096,
        layers: 1,
        batch: 1 << 20,
        ..ToyConfig::default()
    };
    large.validate().expect("the processor may train it");
    let run = gpu(large);
    run.send(Command::Step);
    let sentence = wait(&run, |event| match event {
        Event::Failed(sentence) => Some(sentence.clone()),
        Event::Progress(progress) => panic!("it fits: {progress:?}"),
        _ => None,
    });
    assert!(sentence.contains("too large for the GPU"), "{sentence}");
    assert!(sentence.contains("smaller batch"), "{sentence}");
    assert!(sentence.contains("--device cpu"), "{sentence}");
    assert!(!sentence.contains('\n'), "one line: {sentence}");
    run.join();

    // What was advised works: a smaller network on the same GPU, in the same process.
    let small = gpu(ToyConfig {
        hidden: 8,
        layers: 1,
        batch: 32,
        ..ToyConfig::default()
    });
    small.send(Command::Step);
    let step = wait(&small, |event| match event {
        Event::Failed(sentence) => panic!("{sentence}"),
        Event::Progress(progress) => Some(progress.step),
        _ => None,
    });
    assert_eq!(step, 1);
}
