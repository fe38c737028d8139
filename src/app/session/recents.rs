//! The sessions that were saved or opened last, in a small file of the state folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::train::files::write_atomically;

/// Paths kept at most.
pub const MOST: usize = 10;
/// The file's name.
const NAME: &str = "recent-sessions.json";
/// A longer file is none of ours.
const LONGEST: u64 = 1 << 20;

/// Paths of sessions, the last one first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recents {
    paths: Vec<PathBuf>,
}

impl Recents {
    /// Reads the list; those that are gone are dropped. A file that cannot be read is no list, and
    /// one that is damaged is kept aside under another name.
    pub fn read(folder: &Path) -> Self {
        let path = folder.join(NAME);
        let short = fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() < LONGEST);
        let Some(bytes) = short.then(|| fs::read(&path).ok()).flatten() else {
            return Self::default();
        };
        let Ok(mut paths) = serde_json::from_slice::<Vec<PathBuf>>(&bytes) else {
            let _ = fs::rename(&path, folder.join(format!("{NAME}.bad")));
            return Self::default();
        };
        paths.retain(|path| path.is_file());
        paths.truncate(MOST);
        Self { paths }
    }

    /// The paths, the last one first.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Puts a path first and writes the list. Another window may have written it meanwhile: its
    /// paths are kept, too.
    ///
    /// # Errors
    /// Names the file that cannot be written.
    pub fn add(folder: &Path, path: &Path) -> Result<Self, String> {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut recents = Self::read(folder);
        recents.paths.retain(|known| *known != whole);
        recents.paths.insert(0, whole);
        recents.paths.truncate(MOST);
        // A path that is no text is left out of the file.
        let texts: Vec<&str> = recents.paths.iter().filter_map(|p| p.to_str()).collect();
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let bytes = serde_json::to_vec_pretty(&texts).unwrap_or_default();
        write_atomically(&folder.join(NAME), &bytes).map_err(|error| error.to_string())?;
        Ok(recents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_that_are_there_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = |k: usize| folder.path().join(format!("{k}.json"));
        for k in 0..12 {
            fs::write(file(k), "{}").unwrap();
            Recents::add(folder.path(), &file(k)).unwrap();
        }
        Recents::add(folder.path(), &file(5)).unwrap();
        let recents = Recents::read(folder.path());
        assert_eq!(recents.paths().len(), MOST);
        assert_eq!(recents.paths()[..2], [file(5), file(11)]);
        fs::remove_file(file(11)).unwrap();
        let recents = Recents::read(folder.path());
        assert!(!recents.paths().contains(&file(11)));
    }

    #[test]
    fn fault_38_a_damaged_list_is_kept_aside_and_begun_afresh() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        for bad in [&b"{\"a\": "[..], b"\xff\xfe", b"[1, 2]", b"7"] {
            fs::write(&path, bad).unwrap();
            assert_eq!(Recents::read(folder.path()), Recents::default());
            assert!(!path.exists());
            let aside = folder.path().join(format!("{NAME}.bad"));
            assert_eq!(fs::read(aside).unwrap(), bad);
        }
        fs::write(folder.path().join("a.json"), "{}").unwrap();
        let recents = Recents::add(folder.path(), &folder.path().join("a.json")).unwrap();
        assert_eq!(recents.paths().len(), 1);
    }
}
