//! A disk that fails at any step of a save, and a hundred kills: rows 19 and 20.

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::rc::Rc;

use flowlab::kernel::MlpWeights;
use flowlab::train::batch::{Purpose, stream};
use flowlab::train::checkpoint::{self, load_state};
use flowlab::train::engine::EngineState;
use flowlab::train::files::{Disk, RealDisk, with_disk};
use flowlab::train::images::{ImageConfig, SavedModel};
use flowlab::train::{Checkpoint, ToyConfig};
use tempfile::NamedTempFile;

use super::listing;

/// Does so many operations, then fails at every further one.
struct Failing {
    left: Cell<usize>,
}

impl Failing {
    fn spend(&self) -> io::Result<()> {
        match self.left.get() {
            0 => Err(io::ErrorKind::StorageFull.into()),
            left => {
                self.left.set(left - 1);
                Ok(())
            }
        }
    }
}

impl Disk for Failing {
    fn create(&self, folder: &Path) -> io::Result<NamedTempFile> {
        self.spend()?;
        RealDisk.create(folder)
    }

    fn write(&self, file: &mut NamedTempFile, bytes: &[u8]) -> io::Result<()> {
        if let Err(full) = self.spend() {
            // A full disk takes the first half.
            RealDisk.write(file, &bytes[..bytes.len() / 2])?;
            return Err(full);
        }
        RealDisk.write(file, bytes)
    }

    fn sync(&self, file: &NamedTempFile) -> io::Result<()> {
        self.spend()?;
        RealDisk.sync(file)
    }

    fn rename(&self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.rename(file, path)
    }
}

/// Runs a save with a disk that fails at operation 0, 1, 2, …, until one goes through; `check`
/// looks at the folder after each.
fn at_every_operation(save: impl Fn() -> Result<(), String>, check: impl Fn(usize)) -> usize {
    for operations in 0..1000 {
        let disk = Rc::new(Failing {
            left: Cell::new(operations),
        });
        let told = with_disk(disk, &save);
        check(operations);
        match told {
            Ok(()) => return operations,
            Err(sentence) => assert!(sentence.contains('/'), "names no file: {sentence}"),
        }
    }
    panic!("no save goes through");
}

#[test]
fn fault_19_a_disk_that_fails_at_any_step_leaves_the_old_run_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    // Another width each time: files of two runs would not fit together.
    let config = |step: u64| ToyConfig {
        hidden: 8 * step as usize,
        layers: 1,
        ..ToyConfig::default()
    };
    let state = |step: u64| {
        let config = config(step);
        let mut rng = stream(step, Purpose::Weights, 0);
        EngineState {
            weights: MlpWeights::init(&config.shape(), config.activation, &mut rng),
            average: None,
            moments: None,
        }
    };
    let save = |step: u64| {
        let saved = checkpoint::save(&run, &config(step), step, &state(step));
        saved.map_err(|error| error.to_string())
    };
    save(1).unwrap();
    let before = listing(&run);
    let operations = at_every_operation(
        || save(2),
        |operations| {
            // Nothing half written lies about, and the files are those of one run.
            assert_eq!(listing(&run), before, "{operations}");
            let model = Checkpoint::load(run.to_str().unwrap()).unwrap();
            assert_eq!(model.weights, state(model.step).weights, "{operations}");
            let (found, step, whole) = load_state(&run).unwrap();
            assert_eq!((found, step), (config(model.step), model.step));
            assert_eq!(whole.weights, state(step).weights, "{operations}");
        },
    );
    // Three files of four operations each.
    assert_eq!(operations, 12);
    assert_eq!(Checkpoint::load(run.to_str().unwrap()).unwrap().step, 2);
}

#[test]
fn fault_19_the_same_for_a_model_of_the_image_lab() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let old = SavedModel::load("builtin:vae").unwrap();
    let mut new = old.clone();
    new.step += 1;
    new.network[0].values[0] += 1.0;
    if let ImageConfig::Vae(settings) = &mut new.config {
        settings.channels[0] += 1;
    }
    old.write(&run, false).unwrap();
    let before = listing(&run);
    at_every_operation(
        || new.write(&run, false).map_err(|error| error.to_string()),
        |operations| {
            assert_eq!(listing(&run), before, "{operations}");
            let model = SavedModel::load(run.to_str().unwrap()).unwrap();
            let expected = if model.step == old.step { &old } else { &new };
            assert_eq!(model.network, expected.network, "{operations}");
            assert_eq!(model.config, expected.config, "{operations}");
        },
    );
    assert_eq!(
        SavedModel::load(run.to_str().unwrap()).unwrap().step,
        new.step
    );
}
