//! Reading and writing whole files: bounded, in one piece, with errors that name the file.

mod replace;
mod together;

use std::cell::RefCell;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

pub use replace::{copy_files, copy_run, has_run, replace_run, run_files};
pub(super) use replace::{in_the_way, is_run_of_its_own};
use tempfile::NamedTempFile;
pub use together::together;

/// The largest weights file that is read, in bytes.
const MAX_BYTES: u64 = 256 << 20;
/// How the name of a file begins that is being written.
const PREFIX: &str = ".flowlab-";
/// How the sentence begins that tells of a save that failed.
pub const NOT_SAVED: &str = "not saved: ";
/// A file that has been in the writing for longer was left behind by a killed program.
const STALE: Duration = Duration::from_secs(3600);

/// The steps in which a file is written. The real disk is [`RealDisk`]; a test may put a disk in
/// its place that fails at any of them.
pub trait Disk {
    /// A new file beside the one that it will replace.
    ///
    /// # Errors
    /// What the system said, here and below.
    fn create(&self, folder: &Path) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // An ordinary file: the user's mask says who may read it.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        builder.tempfile_in(folder)
    }

    /// Writes the contents.
    fn write(&self, file: &mut NamedTempFile, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Waits until the contents are on the disk.
    fn sync(&self, file: &NamedTempFile) -> io::Result<()> {
        file.as_file().sync_all()
    }

    /// Gives the file its name, in place of an older one.
    fn rename(&self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        file.persist(path).map(drop).map_err(|error| error.error)
    }
}

/// The machine's file system.
pub struct RealDisk;

impl Disk for RealDisk {}

thread_local! {
    static DISK: RefCell<Rc<dyn Disk>> = RefCell::new(Rc::new(RealDisk));
}

/// Runs `work` with another disk under all writes of this thread.
pub fn with_disk<R>(disk: Rc<dyn Disk>, work: impl FnOnce() -> R) -> R {
    /// Puts the disk back also when `work` panics.
    struct Back(Option<Rc<dyn Disk>>);
    impl Drop for Back {
        fn drop(&mut self) {
            if let Some(disk) = self.0.take() {
                DISK.set(disk);
            }
        }
    }
    let _back = Back(Some(DISK.replace(disk)));
    work()
}

/// A folder to write into: made where it is missing, and rid of what a killed program left there
/// half written more than an hour before `now`.
///
/// # Errors
/// Names the folder that cannot be made.
pub fn prepare_folder(folder: &Path, now: SystemTime) -> Result<(), CheckpointError> {
    fs::create_dir_all(folder).map_err(|source| io_error(folder, source))?;
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let stale = || {
            let changed = entry.metadata().and_then(|data| data.modified()).ok()?;
            Some(now.duration_since(changed).ok()? > STALE)
        };
        if ours && stale() == Some(true) {
            // Another program may have removed it meanwhile.
            let path = entry.path();
            let _ = match path.is_dir() {
                true => fs::remove_dir_all(path),
                false => fs::remove_file(path),
            };
        }
    }
    Ok(())
}

/// A file that cannot be used, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file or folder could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file at fault.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The contents are wrong.
    #[error("{path}: {reason}")]
    Content {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No such pretrained model.
    #[error("unknown checkpoint `{name}`; the built-in ones are {known}")]
    UnknownBuiltin {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

/// Replaces a file in one piece: a reader sees the old or the new one. Within [`together`] it gets
/// its name with the others.
///
/// # Errors
/// Names the file that could not be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let disk = DISK.with_borrow(Rc::clone);
    let write = || -> io::Result<()> {
        let mut file = disk.create(folder)?;
        disk.write(&mut file, bytes)?;
        disk.sync(&file)?;
        match together::wait_for_the_others(file, path) {
            None => Ok(()),
            Some(file) => disk.rename(file, path),
        }
    };
    write().map_err(|source| io_error(path, source))
}

/// The path of an ordinary file; reading from a pipe or a device might never end.
///
/// # Errors
/// When it is something else, or not there.
pub fn ordinary(path: &Path) -> io::Result<&Path> {
    match fs::metadata(path)?.is_file() {
        true => Ok(path),
        false => Err(io::Error::other("is no ordinary file")),
    }
}

pub(super) fn read_capped(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let read = || -> io::Result<Vec<u8>> {
        let file = fs::File::open(ordinary(path)?)?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|source| io_error(path, source))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(content(
            path,
            format!("larger than {} MiB", MAX_BYTES >> 20),
        ));
    }
    Ok(bytes)
}

pub(super) fn io_error(path: &Path, source: io::Error) -> CheckpointError {
    CheckpointError::Io {
        path: path.to_owned(),
        source,
    }
}

pub(super) fn content(path: &Path, reason: impl Into<String>) -> CheckpointError {
    CheckpointError::Content {
        path: path.to_owned(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_leavings_of_ours_are_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        // A folder's age is that of its newest entry, which a test cannot set.
        fs::create_dir(folder.path().join(".flowlab-folder")).unwrap();
        for name in [".flowlab-old", ".flowlab-new", "notes.txt", ".other-old"] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            let age = if name.ends_with("new") { 60 } else { 7200 };
            file.set_modified(now - Duration::from_secs(age)).unwrap();
        }
        prepare_folder(folder.path(), now).unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let expected = [".flowlab-folder", ".flowlab-new", ".other-old", "notes.txt"];
        assert_eq!(left, expected);
        // A clock that was put back makes nothing old.
        prepare_folder(folder.path(), now - Duration::from_secs(9000)).unwrap();
        assert!(folder.path().join(".flowlab-new").exists());
        prepare_folder(folder.path(), now + Duration::from_secs(9000)).unwrap();
        assert!(!folder.path().join(".flowlab-folder").exists());
    }
}
