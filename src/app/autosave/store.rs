//! Where the program keeps what a window would lose: one folder for each window, held by a lock
//! that the system lets go of when the window is gone, however it went.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::train::files::write_atomically;

/// The folder of all windows below the state folder.
const ALL: &str = "autosave";
/// Its lock, inside a window's folder.
const LOCK: &str = "lock";
/// The session; without it a folder holds nothing that could be resumed.
pub const SESSION: &str = "session.json";
/// What the card says of it.
const ABOUT: &str = "about.json";
/// What was left behind is kept as long.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// A folder without a session may be one that is just being made.
const YOUNG: Duration = Duration::from_secs(3600);
/// Leftovers kept at most.
const MOST: usize = 5;

/// A window's own folder, as long as its lock is held.
#[derive(Debug)]
pub struct Own {
    folder: PathBuf,
    // Closing the file lets go of it.
    _lock: File,
}

/// What is said of a leftover.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// What it holds, for example `Run 2 at step 1200`.
    pub what: String,
    /// Whether the window was closed, or ended some other way.
    pub closed: bool,
}

/// What a window left behind.
#[derive(Debug)]
pub struct Leftover {
    own: Own,
    /// What is said of it.
    pub about: About,
    /// When it was written.
    pub saved: SystemTime,
}

/// A name for a folder that no other window has.
pub fn folder_for_this_window(state: &Path) -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = now.map_or(0, |time| time.as_millis());
    let name = format!("{}-{millis}", std::process::id());
    state.join(ALL).join(name)
}

impl Own {
    /// Makes the folder and holds it.
    ///
    /// # Errors
    /// What the system said.
    pub fn claim(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = File::create(folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another window holds it"));
            }
            // A disk without locks: the number of the process in the name must do.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(Self {
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// Writes what is said of it.
    ///
    /// # Errors
    /// Names the file that cannot be written.
    pub fn describe(&self, about: &About) -> Result<(), String> {
        let bytes = serde_json::to_vec(about).unwrap_or_default();
        write_atomically(&self.folder.join(ABOUT), &bytes).map_err(|error| error.to_string())
    }

    /// Removes the folder with all that is in it.
    pub fn remove(self) {
        // The session first: a half removed folder must not be offered.
        let _ = fs::remove_file(self.folder.join(SESSION));
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Leftover {
    /// The session's file.
    pub fn session(&self) -> PathBuf {
        self.own.folder.join(SESSION)
    }

    /// Throws it away.
    pub fn discard(self) {
        self.own.remove();
    }
}

/// What windows have left behind that are gone, the newest first; each is held from now on. Those
/// beyond a handful or a month are removed.
pub fn leftovers(state: &Path, now: SystemTime) -> Vec<Leftover> {
    let mut found = Vec::new();
    for entry in fs::read_dir(state.join(ALL))
        .into_iter()
        .flatten()
        .flatten()
    {
        let folder = entry.path();
        let age = |path: &Path| {
            let changed = fs::metadata(path).and_then(|meta| meta.modified()).ok()?;
            Some((changed, now.duration_since(changed).unwrap_or_default()))
        };
        let Some((saved, old)) = age(&folder.join(SESSION)) else {
            if age(&folder).is_some_and(|(_, age)| age > YOUNG)
                && let Some(own) = take(&folder)
            {
                own.remove();
            }
            continue;
        };
        let Some(own) = take(&folder) else {
            continue;
        };
        if old > LONGEST {
            own.remove();
            continue;
        }
        let about = fs::read(folder.join(ABOUT)).unwrap_or_default();
        found.push(Leftover {
            about: serde_json::from_slice(&about).unwrap_or_default(),
            own,
            saved,
        });
    }
    found.sort_by_key(|leftover| std::cmp::Reverse(leftover.saved));
    found
        .drain(MOST.min(found.len())..)
        .for_each(Leftover::discard);
    found
}

/// Holds a folder that nobody holds.
fn take(folder: &Path) -> Option<Own> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    let lock = options.open(folder.join(LOCK)).ok()?;
    // Where locks do not work, nothing is known of the other window: its folder is left alone.
    lock.try_lock().ok()?;
    Some(Own {
        folder: folder.to_owned(),
        _lock: lock,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(state: &Path, name: &str, age: u64) -> Own {
        let own = Own::claim(&state.join(ALL).join(name)).unwrap();
        let file = File::create(own.folder.join(SESSION)).unwrap();
        let time = SystemTime::now() - Duration::from_secs(age);
        file.set_modified(time).unwrap();
        own
    }

    #[test]
    fn what_a_living_window_holds_is_left_alone_and_what_is_left_is_found_newest_first() {
        let state = tempfile::tempdir().unwrap();
        let state = state.path();
        let alive = made(state, "1-alive", 10);
        for (name, age) in [("2-old", 100), ("3-new", 20), ("4-month", 40 * 24 * 3600)] {
            drop(made(state, name, age));
        }
        let about = About {
            what: "Run 1 at step 7".to_owned(),
            closed: true,
        };
        let again = Own::claim(&state.join(ALL).join("3-new")).unwrap();
        again.describe(&about).unwrap();
        drop(again);
        // A folder that is just being made.
        fs::create_dir_all(state.join(ALL).join("5-young")).unwrap();
        let found = leftovers(state, SystemTime::now());
        let names: Vec<_> = (found.iter())
            .map(|left| left.own.folder.file_name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["3-new", "2-old"]);
        assert_eq!(found[0].about, about);
        assert_eq!(found[1].about, About::default());
        // They are held now, and those that were too old are gone.
        assert!(leftovers(state, SystemTime::now()).is_empty());
        assert!(!state.join(ALL).join("4-month").exists());
        assert!(state.join(ALL).join("5-young").exists());
        assert!(Own::claim(&alive.folder).is_err());
        drop(found);
        assert_eq!(leftovers(state, SystemTime::now()).len(), 2);
        alive.remove();
        assert!(!state.join(ALL).join("1-alive").exists());
    }

    #[test]
    fn only_a_handful_is_kept() {
        let state = tempfile::tempdir().unwrap();
        for number in 0..9 {
            drop(made(state.path(), &format!("{number}-x"), number * 10));
        }
        let found = leftovers(state.path(), SystemTime::now());
        assert_eq!(found.len(), MOST);
        let there = fs::read_dir(state.path().join(ALL)).unwrap().count();
        assert_eq!(there, MOST);
    }
}
