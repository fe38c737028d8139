//! Reading and writing whole files: bounded, in one piece, with errors that name the file.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The largest weights file that is read, in bytes.
const MAX_BYTES: u64 = 256 << 20;

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

/// Replaces a file in one piece: a reader sees the old or the new one.
///
/// # Errors
/// Names the file that could not be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let write = || -> io::Result<()> {
        let mut file = NamedTempFile::with_prefix_in(".flowlab-", folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // A temporary file is private; a result is an ordinary file.
            file.as_file()
                .set_permissions(fs::Permissions::from_mode(0o644))?;
        }
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| io_error(path, source))
}

pub(super) fn read_capped(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let read = || -> io::Result<Vec<u8>> {
        let file = fs::File::open(path)?;
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
