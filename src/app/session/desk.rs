//! Sessions on their way to the disk and back, on threads of their own: the window never waits.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use super::{Opened, Recents, SessionFile, folder_of, named_from};
use crate::app::digits::training::DigitTraining;
use crate::app::run::Run;
use crate::train::files::copy_run;

/// How the weights of a session are kept beside it.
pub struct Keeping {
    base: PathBuf,
    runs: String,
    given: Vec<String>,
    copies: Vec<(String, PathBuf)>,
    quiet: bool,
    /// Runs whose weights are gone: their threads ended with an error.
    pub lost: Vec<String>,
}

impl Keeping {
    /// For a session at a path; `quiet` for the program's own.
    pub fn new(path: &Path, quiet: bool) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Self {
            base: folder_of(path).to_owned(),
            runs: format!("{}-runs", plain(&stem)),
            given: Vec::new(),
            copies: Vec::new(),
            quiet,
            lost: Vec::new(),
        }
    }

    /// A folder for a run, as the session calls it.
    pub fn name(&mut self, run: &str) -> String {
        let first = format!("{}/{}", self.runs, plain(run));
        let more = (2..).map(|number| format!("{first}-{number}"));
        let mut all = std::iter::once(first.clone()).chain(more);
        let free = all.find(|name| !self.given.contains(name));
        let name = free.unwrap_or(first);
        self.given.push(name.clone());
        name
    }

    /// A folder for a run of the window, as the session calls it.
    pub fn name_of(&mut self, run: &Run) -> String {
        // A run that gets another name keeps the folder that nobody sees.
        if self.quiet {
            self.name(&format!("run {}", run.id))
        } else {
            self.name(&run.name)
        }
    }

    /// The weights are in a folder already.
    pub fn copy(&mut self, name: &str, from: &Path) {
        self.copies.push((name.to_owned(), from.to_owned()));
    }

    /// Asks a run's thread to save; false when it has ended.
    pub fn save(&self, run: &mut Run, name: &str) -> bool {
        let folder = self.base.join(name);
        if self.quiet {
            run.save_quietly(folder)
        } else {
            run.save(folder)
        }
    }

    /// The same of a training of the image lab.
    pub fn save_digits(&self, training: &mut DigitTraining, name: &str) -> bool {
        let folder = self.base.join(name);
        if self.quiet {
            training.save_quietly(folder)
        } else {
            training.save(folder)
        }
    }
}

/// A name that every system takes for a folder.
fn plain(name: &str) -> String {
    let one = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    let text: String = name.chars().take(40).map(one).collect();
    let text = text.trim_matches('-').to_lowercase();
    if text.is_empty() {
        "run".to_owned()
    } else {
        text
    }
}

/// Writes a session and copies the runs that lie elsewhere; one that lies below the session's own
/// folder is named where it is.
pub fn write_with_runs(
    path: &Path,
    mut session: SessionFile,
    keeping: &Keeping,
) -> Result<(), String> {
    fs::create_dir_all(&keeping.base)
        .map_err(|error| format!("{}: {error}", keeping.base.display()))?;
    for (name, from) in &keeping.copies {
        let to = keeping.base.join(name);
        match named_from(&keeping.base, from) {
            Some(there) => session.rename_folder(name, &there),
            // What was opened does not change.
            None if keeping.quiet && to.join("model.safetensors").exists() => {}
            None => copy_run(from, &to).map_err(|error| error.to_string())?,
        }
    }
    super::write(path, &session)
}

/// What a thread has done.
pub enum Done {
    /// A session was written.
    Saved(PathBuf),
    /// A session was read.
    Opened(PathBuf, Box<Opened>),
    /// The same, of those that the program saved by itself.
    Resumed(Box<Opened>),
    /// Neither; the sentence names the file.
    Failed(String),
}

type Answer = (Result<Done, String>, Option<Recents>);

/// The sessions of the window: the one it has a file for, those under way, and the last ones.
#[derive(Default)]
pub struct Desk {
    /// The file that was saved or opened last.
    pub path: Option<PathBuf>,
    /// The last sessions, of this window and others.
    pub recents: Recents,
    state: Option<PathBuf>,
    work: Vec<Receiver<Answer>>,
}

impl Desk {
    /// `state` is the folder in which the program remembers things; none remembers nothing.
    pub fn new(state: Option<PathBuf>, wake: &Arc<dyn Fn() + Send + Sync>) -> Self {
        let mut desk = Self {
            state,
            ..Self::default()
        };
        if desk.state.is_some() {
            desk.spawn(None, || Ok(Done::Saved(PathBuf::new())), wake);
        }
        desk
    }

    /// Whether a session is on its way.
    pub fn is_busy(&self) -> bool {
        !self.work.is_empty()
    }

    /// Writes a session.
    pub fn save(
        &mut self,
        path: PathBuf,
        session: SessionFile,
        keeping: Keeping,
        wake: &Arc<dyn Fn() + Send + Sync>,
    ) {
        let work = {
            let path = path.clone();
            move || write_with_runs(&path, session, &keeping).map(|()| Done::Saved(path))
        };
        self.spawn(Some(path), work, wake);
    }

    /// Reads a session.
    pub fn open(&mut self, path: PathBuf, wake: &Arc<dyn Fn() + Send + Sync>) {
        let work = {
            let path = path.clone();
            move || super::open(&path).map(|opened| Done::Opened(path, Box::new(opened)))
        };
        self.spawn(Some(path), work, wake);
    }

    /// Reads a session that the program saved by itself: its runs are in no folder of the user's.
    pub fn resume(&mut self, path: PathBuf, wake: &Arc<dyn Fn() + Send + Sync>) {
        let work = move || {
            let mut opened = super::open(&path)?;
            opened.unsaved = true;
            Ok(Done::Resumed(Box::new(opened)))
        };
        self.spawn(None, work, wake);
    }

    /// Work on a thread; afterwards `path` is among the last sessions.
    fn spawn(
        &mut self,
        path: Option<PathBuf>,
        work: impl FnOnce() -> Result<Done, String> + Send + 'static,
        wake: &Arc<dyn Fn() + Send + Sync>,
    ) {
        let (send, answer) = channel();
        let (state, wake) = (self.state.clone(), Arc::clone(wake));
        let work = move || {
            let done = work();
            let recents = state.map(|state| match path.filter(|_| done.is_ok()) {
                // A list that cannot be kept is no reason to trouble anybody.
                Some(path) => Recents::add(&state, &path).unwrap_or_default(),
                None => Recents::read(&state),
            });
            // The window may be gone by now.
            let _ = send.send((done, recents));
            wake();
        };
        let thread = thread::Builder::new().name("flowlab-session".to_owned());
        if thread.spawn(work).is_ok() {
            self.work.push(answer);
        }
    }

    /// What has been done since the last look; never waits.
    pub fn drain(&mut self) -> Vec<Done> {
        let mut done = Vec::new();
        let (recents, path) = (&mut self.recents, &mut self.path);
        self.work.retain(|work| match work.try_recv() {
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Disconnected) => false,
            Ok((answer, list)) => {
                if let Some(list) = list {
                    *recents = list;
                }
                let answer = answer.unwrap_or_else(Done::Failed);
                match &answer {
                    Done::Saved(file) | Done::Opened(file, _) if !file.as_os_str().is_empty() => {
                        *path = Some(file.clone());
                        done.push(answer);
                    }
                    Done::Failed(_) | Done::Resumed(_) => done.push(answer),
                    _ => {}
                }
                false
            }
        });
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_runs_have_plain_names_and_no_two_the_same() {
        let mut keeping = Keeping::new(Path::new("talks/My talk.json"), false);
        let names = ["Run 2", "Run 2", "../../etc", "", "Läufe: β/γ"].map(|run| keeping.name(run));
        let wanted = ["run-2", "run-2-2", "etc", "run", "läufe--β-γ"];
        assert_eq!(names, wanted.map(|name| format!("my-talk-runs/{name}")));
    }

    #[test]
    fn a_run_below_the_session_is_named_and_another_one_copied() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for run in ["talk/mine", "elsewhere"] {
            fs::create_dir_all(at(run)).unwrap();
            fs::write(at(run).join("config.json"), run).unwrap();
        }
        let mut keeping = Keeping::new(&at("talk/s.json"), false);
        let names = ["Run 1", "Run 2"].map(|run| keeping.name(run));
        keeping.copy(&names[0], &at("talk/mine"));
        keeping.copy(&names[1], &at("elsewhere"));
        let mut session = SessionFile::default();
        for folder in names {
            session.plane.runs.push(crate::app::session::SavedRun {
                folder,
                ..Default::default()
            });
        }
        write_with_runs(&at("talk/s.json"), session, &keeping).unwrap();
        let opened = super::super::open(&at("talk/s.json")).unwrap();
        let folders: Vec<&str> = (opened.session.plane.runs.iter())
            .map(|run| run.folder.as_str())
            .collect();
        assert_eq!(folders, ["mine", "s-runs/run-2"]);
        let copied = fs::read_to_string(at("talk/s-runs/run-2/config.json")).unwrap();
        assert_eq!(copied, "elsewhere");
    }
}
