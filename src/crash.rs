//! A report when the program panics: what it was doing, on what, and where the report is.

use std::backtrace::Backtrace;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Reports that are kept; older ones are removed.
const KEPT: usize = 20;
/// How the name of a report begins.
const PREFIX: &str = "crash-";

static FACTS: Mutex<BTreeMap<&'static str, String>> = Mutex::new(BTreeMap::new());

/// Remembers something that a report should say, such as the device; the newest value counts.
pub fn fact(name: &'static str, value: impl Into<String>) {
    let mut facts = FACTS.lock().unwrap_or_else(PoisonError::into_inner);
    facts.insert(name, value.into());
}

/// From now on each panic of any thread leaves a report in [`folder`], or in the system's folder
/// of temporary files where that cannot be written, and says so on stderr.
pub fn install() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        let what = format!("{info}\n\n{}", Backtrace::force_capture());
        // A panic while stderr is closed must not panic again.
        let _ = match leave(&what) {
            Some(path) => writeln(&format!(
                "A report was written to {}; please send it along when you tell of this.",
                path.display()
            )),
            None => writeln(&format!("No report could be written. {}", report(&what))),
        };
    }));
}

/// Writes a report of `what` happened into [`folder`], or into the system's folder of temporary
/// files where that cannot be written; returns where it is.
pub fn leave(what: &str) -> Option<PathBuf> {
    let (text, now) = (report(what), SystemTime::now());
    let folders = [folder(), Some(std::env::temp_dir().join("flowlab"))];
    let mut folders = folders.into_iter().flatten();
    folders.find_map(|folder| write(&folder, now, &text).ok())
}

/// Where reports are kept; none where the system names no place for them.
pub fn folder() -> Option<PathBuf> {
    let named = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = if cfg!(windows) {
        named("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        named("HOME").map(|home| home.join("Library/Logs"))
    } else {
        named("XDG_STATE_HOME").or_else(|| named("HOME").map(|home| home.join(".local/state")))
    };
    base.map(|base| base.join("flowlab"))
}

fn writeln(line: &str) -> io::Result<()> {
    use io::Write;
    std::io::stderr()
        .lock()
        .write_all(format!("{line}\n").as_bytes())
}

/// What is known when something went wrong. Settings stand in the arguments; nothing of the user's data is told.
fn report(what: &str) -> String {
    let mut text = format!("Flow Lab {}\n", env!("CARGO_PKG_VERSION"));
    let os = (std::env::consts::OS, std::env::consts::ARCH);
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("without a name");
    let arguments: Vec<_> = std::env::args_os().collect();
    // A string takes all that is written to it.
    let _ = writeln!(text, "system: {} {}", os.0, os.1);
    let _ = writeln!(text, "arguments: {arguments:?}");
    let facts = FACTS.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, value) in facts.iter() {
        let _ = writeln!(text, "{name}: {value}");
    }
    let _ = writeln!(text, "thread: {name}\n\n{what}");
    text
}

/// Writes a report under a name of its own and removes the oldest beyond [`KEPT`].
fn write(folder: &Path, now: SystemTime, text: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let millis = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_millis());
    let path = folder.join(format!("{PREFIX}{millis:015}-{}.txt", std::process::id()));
    fs::write(&path, text)?;
    let mut reports: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(PREFIX) && name.ends_with(".txt")
        })
        .collect();
    reports.sort();
    let over = reports.len().saturating_sub(KEPT);
    for old in &reports[..over] {
        let _ = fs::remove_file(old);
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_newest_reports_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        let at = |second| UNIX_EPOCH + Duration::from_secs(second);
        let first = write(folder.path(), at(1), "first").unwrap();
        for second in 2..40 {
            write(folder.path(), at(second), "more").unwrap();
        }
        let count = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(count, KEPT + 1);
        assert!(!first.exists());
        assert!(folder.path().join("notes.txt").exists());
    }
}
