//! What the window shows, in one small file that brings it back.
//!
//! A session holds the lesson, what every lesson shows, the settings of the next runs, the time of
//! the flow, and where the weights of the runs lie: folders beside the file, named relative to it.
//! Nothing else of the machine is in it, neither a device nor a place outside its own folder.

mod card;
pub mod command_line;
mod desk;
mod migrate;
mod plane;
mod read;
mod recents;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::settings::Settings;
use crate::train::ToyConfig;
use crate::train::files::{ordinary, write_atomically};
use crate::train::images::ImageConfig;

pub use card::Card;
pub use desk::{Desk, Keeping, write_with_runs};
pub use read::parse;
pub use recents::Recents;
pub use state::Again;

/// The format that is written. Older ones are read by [`migrate`], newer ones are refused.
pub const FORMAT: u64 = 2;
/// A session that is larger is none, in bytes.
pub const MOST_BYTES: usize = 8 << 20;

/// What the window shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionFile {
    /// The name of the lesson on the stage.
    pub lesson: String,
    /// Look and layout; the panels that are hidden.
    pub window: Settings,
    /// The time of the flow.
    pub time: Time,
    /// The 2-D lab.
    pub plane: Plane,
    /// The trainings of the image lab, by their names.
    pub digits: BTreeMap<String, DigitPart>,
    /// What each lesson shows, by the lessons' names: layers, seeds, steps, painted pixels.
    pub lessons: BTreeMap<String, Value>,
}

/// The clock; a session opens at rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Time {
    /// The time of the flow, 0 to 1.
    pub t: f64,
    /// As a factor of the usual speed.
    pub speed: f64,
    /// Whether it starts again after its end.
    pub looping: bool,
}

impl Default for Time {
    fn default() -> Self {
        Self {
            t: 1.0,
            speed: 1.0,
            looping: false,
        }
    }
}

/// The 2-D lab: its controls and its runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plane {
    /// What the controls say.
    pub config: ToyConfig,
    /// Runs whose weights are in a folder, the oldest first.
    pub runs: Vec<SavedRun>,
    /// Place of the run on the stage in that list; none for other weights.
    pub current: Option<usize>,
    /// Settings of the run on the stage when it has learned nothing yet.
    pub fresh: Option<ToyConfig>,
}

/// A run whose weights lie beside the session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedRun {
    /// For people.
    pub name: String,
    /// Its folder, relative to that of the session.
    pub folder: String,
    /// Whether its curve is drawn.
    pub shown: bool,
}

/// A training of the image lab.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigitPart {
    /// What the controls say.
    pub config: ImageConfig,
    /// The folder of its run, relative to that of the session; none for the pretrained model.
    #[serde(default)]
    pub run: Option<String>,
}

/// Why a file is no session that can be opened.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Too many bytes.
    #[error("larger than {} MiB: no session of Flow Lab", MOST_BYTES >> 20)]
    Large,
    /// Not JSON at all, or not that of a session.
    #[error("not a session of Flow Lab: {0}")]
    Damaged(String),
    /// From a later version of the program.
    #[error(
        "written by Flow Lab {written} in session format {format}; this is Flow Lab {}, which \
         reads formats 1 to {}: open it with the newer program",
        env!("CARGO_PKG_VERSION"),
        FORMAT
    )]
    Newer {
        /// The program that wrote it.
        written: String,
        /// Its format.
        format: u64,
    },
    /// One entry is wrong.
    #[error("{place}: {reason}")]
    Entry {
        /// The entry's name, such as `plane.config`.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A session that was read, with what had to be changed in it.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// What it says.
    pub session: SessionFile,
    /// The folders of its runs, by what the file calls them.
    pub folders: BTreeMap<String, PathBuf>,
    /// Sentences on numbers that were moved into their ranges.
    pub notes: Vec<String>,
    /// Its runs are in no folder of the user's.
    pub unsaved: bool,
}

/// Reads a session and finds the folders that it names.
///
/// # Errors
/// Names the file, and the place in it that is wrong.
pub fn open(path: &Path) -> Result<Opened, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = fs::File::open(ordinary(path)?)?;
        file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| told(&error))?;
    let (session, notes) = parse(&bytes).map_err(|error| told(&error))?;
    let base = folder_of(path);
    let mut folders = BTreeMap::new();
    for name in session.folders() {
        let folder = inside(base, name).map_err(|error| told(&error))?;
        folders.insert(name.to_owned(), folder);
    }
    Ok(Opened {
        session,
        folders,
        notes,
        unsaved: false,
    })
}

/// Writes a session whole or not at all.
///
/// # Errors
/// Names the file that could not be written.
pub fn write(path: &Path, session: &SessionFile) -> Result<(), String> {
    let bytes = session.bytes();
    if bytes.len() > MOST_BYTES {
        return Err(format!(
            "{}: the session has {} MiB of painted or imported points; at most {} MiB can be \
             opened again. Choose a smaller table first",
            path.display(),
            bytes.len() >> 20,
            MOST_BYTES >> 20
        ));
    }
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    write_atomically(path, &bytes).map_err(|error| error.to_string())
}

/// The folder that a file lies in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A folder that a session may name: below its own, also when links are followed.
fn inside(base: &Path, name: &str) -> Result<PathBuf, SessionError> {
    let out = || SessionError::Entry {
        place: format!("the run `{}`", shortened(name)),
        reason: "leads out of the session's own folder, which no session may".to_owned(),
    };
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    // A backslash and a drive count on every system: the file may come from another one.
    let foreign = name.contains(['\\', ':', '\0']);
    if name.is_empty() || foreign || !Path::new(name).components().all(plain) {
        return Err(out());
    }
    let path = base.join(name);
    // What is not there yet is told by whoever opens it.
    if let (Ok(real), Ok(base)) = (path.canonicalize(), base.canonicalize())
        && !real.starts_with(base)
    {
        return Err(out());
    }
    Ok(path)
}

/// The other way round: what a session beside these runs calls a folder, if it may name it.
fn named_from(base: &Path, folder: &Path) -> Option<String> {
    let (base, folder) = (base.canonicalize().ok()?, folder.canonicalize().ok()?);
    let name = folder.strip_prefix(base).ok()?;
    let parts: Option<Vec<&str>> = name.iter().map(|part| part.to_str()).collect();
    // Slashes on every system.
    Some(parts?.join("/")).filter(|name| !name.is_empty() && !name.contains(['\\', ':']))
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

impl SessionFile {
    /// The file's contents.
    pub fn bytes(&self) -> Vec<u8> {
        let file = json!({
            "format": FORMAT,
            "flowlab": env!("CARGO_PKG_VERSION"),
            "lesson": self.lesson,
            "window": self.window,
            "time": self.time,
            "plane": self.plane,
            "digits": self.digits,
            "lessons": self.lessons,
        });
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Calls a run folder by another name.
    fn rename_folder(&mut self, old: &str, new: &str) {
        let runs = self.plane.runs.iter_mut().map(|run| &mut run.folder);
        let digits = self.digits.values_mut();
        let digits = digits.filter_map(|part| part.run.as_mut());
        for folder in runs.chain(digits).filter(|folder| *folder == old) {
            new.clone_into(folder);
        }
    }

    /// The run folders that it names.
    fn folders(&self) -> BTreeSet<&str> {
        let runs = self.plane.runs.iter().map(|run| run.folder.as_str());
        let digits = self.digits.values().filter_map(|part| part.run.as_deref());
        runs.chain(digits).collect()
    }
}
