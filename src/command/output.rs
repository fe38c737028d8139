//! Result files: refused when they exist, written in one piece.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use anyhow::ensure;

use crate::train::files::write_atomically;

/// Refuses to replace a file without `--force`; called before any work is done.
///
/// # Errors
/// Names the file.
pub fn check_free(path: &Path, force: bool) -> anyhow::Result<()> {
    ensure!(
        force || !path.exists(),
        "{}: exists already; add --force to replace it",
        path.display()
    );
    ensure!(
        !path.is_dir(),
        "{}: is a folder, not a file",
        path.display()
    );
    // Writing in one piece replaces the path: a device would become a file.
    ensure!(
        !path.exists() || path.is_file(),
        "{}: is no ordinary file",
        path.display()
    );
    Ok(())
}

/// Refuses to replace a run without `--force`.
///
/// # Errors
/// Names the folder.
pub fn check_free_run(folder: &Path, force: bool) -> anyhow::Result<()> {
    ensure!(
        force || !folder.join("config.json").exists(),
        "{}: holds a run already; add --force to replace it, or go on with it: --resume {0}",
        folder.display()
    );
    Ok(())
}

/// Prints a result to stdout.
///
/// # Errors
/// When stdout is closed or full; nobody reads the rest then.
pub fn print(text: impl Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.to_string().as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Writes a result in one piece.
///
/// # Errors
/// Names the file.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        std::fs::create_dir_all(parent)
            .map_err(|error| anyhow::anyhow!("{}: {error}", parent.display()))?;
    }
    Ok(write_atomically(path, bytes)?)
}
