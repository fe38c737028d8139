//! Files that get their names all at once, so that a full disk leaves no mixture of old and new.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tempfile::{NamedTempFile, TempPath};

use super::{CheckpointError, DISK, io_error};

thread_local! {
    /// What is written and has no name yet; none outside [`together`].
    static WRITTEN: RefCell<Option<Vec<(NamedTempFile, PathBuf)>>> = const { RefCell::new(None) };
}

/// Runs `work`. What it writes gets its names at the end, when all of it is on the disk; when
/// something fails, all files are the old ones.
///
/// # Errors
/// Those of `work`, and the name of a file that could not be replaced.
pub fn together<R, E: From<CheckpointError>>(work: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
    /// Forgets what was written, also when `work` panics.
    struct Forget;
    impl Drop for Forget {
        fn drop(&mut self) {
            WRITTEN.take();
        }
    }
    if WRITTEN.with_borrow(Option::is_some) {
        // The outer one gives the names.
        return work();
    }
    WRITTEN.set(Some(Vec::new()));
    let _forget = Forget;
    let done = work()?;
    name(WRITTEN.take().unwrap_or_default())?;
    Ok(done)
}

/// Takes a file whose contents are on the disk; gives it back outside [`together`].
pub(super) fn wait_for_the_others(file: NamedTempFile, path: &Path) -> Option<NamedTempFile> {
    WRITTEN.with_borrow_mut(|written| match written {
        None => Some(file),
        Some(files) => {
            files.push((file, path.to_owned()));
            None
        }
    })
}

fn name(files: Vec<(NamedTempFile, PathBuf)>) -> Result<(), CheckpointError> {
    let disk = DISK.with_borrow(Rc::clone);
    let mut named = Vec::new();
    for (file, path) in files {
        let old = second_name(&file, &path);
        match disk.rename(file, &path) {
            Ok(()) => named.push((path, old)),
            Err(source) => {
                put_back(named);
                return Err(io_error(&path, source));
            }
        }
    }
    Ok(())
}

/// The old file under another name, to put back; none where there is none, or on a disk that gives
/// a file one name only.
fn second_name(new: &NamedTempFile, path: &Path) -> Option<TempPath> {
    let name = new.path().with_extension("old");
    fs::hard_link(path, &name).ok()?;
    TempPath::try_from_path(name).ok()
}

fn put_back(named: Vec<(PathBuf, Option<TempPath>)>) {
    for (path, old) in named.into_iter().rev() {
        // What was told is the first failure; a second one has nothing to add.
        let _ = match old {
            Some(old) => old.persist(path).map_err(|error| error.error),
            None => fs::remove_file(path),
        };
    }
}
