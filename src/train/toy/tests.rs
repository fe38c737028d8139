//! What a run of the 2-D lab takes along.

use super::*;

fn small() -> ToyConfig {
    ToyConfig {
        hidden: 8,
        layers: 1,
        batch: 32,
        steps: 20,
        ..ToyConfig::default()
    }
}

fn task(config: ToyConfig, start: &Start) -> Result<ToyTask, String> {
    ToyTask::new(config, start, DeviceChoice::Cpu).map(|(task, _)| task)
}

#[test]
fn a_read_back_without_losses_takes_nothing_from_the_first_rows() {
    let mut task = task(small(), &Start::Fresh).unwrap();
    assert!(task.floor().is_some());
    assert!(task.drain().unwrap().is_empty());
    task.step().unwrap();
    assert!(task.drain().unwrap()[0].excess.is_some());
}

#[test]
fn a_run_that_goes_on_elsewhere_takes_its_losses_along() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let train = |start: &Start, steps: usize, into: &Path| {
        let mut task = task(small(), start).unwrap();
        for _ in 0..steps {
            task.step().unwrap();
            task.drain().unwrap();
            task.save(into).unwrap();
        }
    };
    let rows = |folder: &Path| -> Vec<u64> {
        let text = fs::read_to_string(folder.join("log.csv")).unwrap();
        let points = crate::train::history::parse_log(&text);
        assert!(points.is_sorted_by(|a, b| a.seconds <= b.seconds));
        points.iter().map(|point| point.step).collect()
    };
    // What another run has left there is not mixed with it.
    train(&Start::Fresh, 9, &b);
    train(&Start::Fresh, 3, &a);
    train(&Start::Resume(a.clone()), 2, &b);
    assert_eq!(rows(&a), [1, 2, 3]);
    assert_eq!(rows(&b), [1, 2, 3, 4, 5]);
}

#[test]
fn kept_weights_of_another_network_are_named() {
    let folder = tempfile::tempdir().unwrap();
    task(small(), &Start::Fresh)
        .unwrap()
        .save(folder.path())
        .unwrap();
    let wide = ToyConfig {
        hidden: 16,
        ..small()
    };
    let other = task(wide, &Start::Fresh).unwrap();
    other.archive.save(folder.path()).unwrap();
    let start = Start::Resume(folder.path().to_owned());
    let error = task(small(), &start).map(drop).unwrap_err();
    let tensor = "kept.safetensors: step.0.network.0.weight";
    assert!(error.contains(tensor), "{error}");
}
