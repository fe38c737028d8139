//! What a window would lose is saved every few seconds, and offered at the next start.
//!
//! Only what was learned counts: settings alone are not worth a question. The runs' own threads
//! write their weights; when all have, a thread writes the session beside them. So a session that
//! is there has whole weights, at whatever moment the program is killed.

mod offer;
mod store;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::App;
use super::digits::Part;
use super::session::{Keeping, SessionFile, write_with_runs};
use crate::app::run::Run;
use store::{About, Leftover, Own, SESSION};

/// Between two saves. With the longest step and the writing itself it stays below ten seconds.
const EVERY: Duration = Duration::from_secs(8);
/// How long a run's thread may take for its weights.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the end of the program waits for the last save.
const LAST: Duration = Duration::from_secs(2);

/// Where a save stands.
enum Phase {
    /// Nothing is on its way.
    Idle,
    /// The runs' threads write weights.
    Weights(Box<Job>),
    /// A thread writes the session.
    Session(Receiver<Result<Own, String>>),
}

/// What is to be written once the weights are.
struct Job {
    session: SessionFile,
    keeping: Keeping,
    about: About,
    since: Instant,
}

/// Steps of every run, and what the window showed.
type Mark = (Vec<(u64, u64)>, SessionFile);

/// The saves of this window, and what others have left.
pub struct Autosave {
    state: Option<PathBuf>,
    folder: Option<PathBuf>,
    own: Option<Own>,
    phase: Phase,
    last: Option<Instant>,
    mark: Option<Mark>,
    /// Whether a failure was told.
    told: bool,
    looking: Option<Receiver<Vec<Leftover>>>,
    offered: Option<Leftover>,
    /// Runs on the stage may still be read from it.
    resumed: Vec<Leftover>,
}

impl Autosave {
    /// `state` is the folder in which the program remembers things; none saves nothing.
    pub fn new(state: Option<PathBuf>, wake: impl Fn() + Send + 'static) -> Self {
        let looking = state.clone().and_then(|state| {
            let (send, found) = channel();
            let look = move || {
                // The window may be gone by now.
                let _ = send.send(store::leftovers(&state, SystemTime::now()));
                wake();
            };
            let thread = thread::Builder::new().name("flowlab-leftovers".to_owned());
            thread.spawn(look).ok().map(|_| found)
        });
        Self {
            folder: state.as_deref().map(store::folder_for_this_window),
            state,
            own: None,
            phase: Phase::Idle,
            last: None,
            mark: None,
            told: false,
            looking,
            offered: None,
            resumed: Vec::new(),
        }
    }

    fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
    }
}

/// Writes a session after its weights.
fn write(own: Option<Own>, folder: &std::path::Path, job: Job) -> Result<Own, String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let own = match own {
        Some(own) => own,
        None => Own::claim(folder).map_err(told)?,
    };
    own.describe(&job.about)?;
    write_with_runs(&folder.join(SESSION), job.session, &job.keeping)?;
    Ok(own)
}

impl App {
    /// Saves when it is time; returns when to look again.
    pub(super) fn autosave(&mut self) -> Option<Duration> {
        self.look_for_leftovers();
        let folder = self.autosave.folder.clone()?;
        self.go_on_saving(&folder);
        if !self.has_unsaved() {
            // The user has saved everything.
            if self.autosave.is_idle()
                && let Some(own) = self.autosave.own.take()
            {
                self.autosave.mark = None;
                // Another one, so that the removal does not meet the next save.
                let state = self.autosave.state.as_deref();
                self.autosave.folder = state.map(store::folder_for_this_window);
                let remove = move || own.remove();
                let thread = thread::Builder::new().name("flowlab-autosave".to_owned());
                // Where no thread starts, the folder is removed at the end.
                let _ = thread.spawn(remove);
            }
            return None;
        }
        let since = self.autosave.last.map(|last| last.elapsed());
        let wait = since.map_or(Duration::ZERO, |since| EVERY.saturating_sub(since));
        if !wait.is_zero() || !self.autosave.is_idle() {
            return Some(wait.max(Duration::from_millis(100)));
        }
        self.autosave.last = Some(Instant::now());
        self.begin_saving(&folder, false);
        Some(EVERY)
    }

    /// Asks the runs' threads for their weights; nothing if nothing has changed.
    fn begin_saving(&mut self, folder: &std::path::Path, closed: bool) {
        let mark = (self.steps(), self.session());
        if self.autosave.mark.as_ref() == Some(&mark) && !closed {
            return;
        }
        let what = self.what_is_unsaved();
        let mut keeping = Keeping::new(&folder.join(SESSION), true);
        let session = self.session_with_runs(&mut keeping);
        self.autosave.mark = Some(mark);
        self.autosave.phase = Phase::Weights(Box::new(Job {
            session,
            keeping,
            about: About { what, closed },
            since: Instant::now(),
        }));
    }

    /// From the weights to the session, and from there to the end.
    fn go_on_saving(&mut self, folder: &std::path::Path) {
        let next = match std::mem::replace(&mut self.autosave.phase, Phase::Idle) {
            Phase::Idle => Phase::Idle,
            // A disk that is full tells nothing of a save: it is not waited for for ever.
            Phase::Weights(job) if self.is_keeping() && job.since.elapsed() < PATIENCE => {
                Phase::Weights(job)
            }
            Phase::Weights(job) => {
                let (send, written) = channel();
                let (own, folder) = (self.autosave.own.take(), folder.to_owned());
                let write = move || {
                    // The window may be gone by now.
                    let _ = send.send(write(own, &folder, *job));
                };
                let thread = thread::Builder::new().name("flowlab-autosave".to_owned());
                match thread.spawn(write) {
                    Ok(_) => Phase::Session(written),
                    Err(_) => Phase::Idle,
                }
            }
            Phase::Session(written) => match written.try_recv() {
                Err(TryRecvError::Empty) => Phase::Session(written),
                Err(TryRecvError::Disconnected) => Phase::Idle,
                Ok(Ok(own)) => {
                    self.autosave.own = Some(own);
                    self.autosave.told = false;
                    Phase::Idle
                }
                Ok(Err(sentence)) => {
                    self.autosave.mark = None;
                    if !std::mem::replace(&mut self.autosave.told, true) {
                        let text = format!("Nothing is saved by itself at the moment: {sentence}");
                        self.lab.training.report(text);
                    }
                    Phase::Idle
                }
            },
        };
        self.autosave.phase = next;
    }

    /// The window closes: what is not saved is, silently, for the next start; what needs no saving
    /// leaves no trace. Waits two seconds at most.
    pub(super) fn autosave_last(&mut self) {
        let Some(folder) = self.autosave.folder.clone() else {
            return;
        };
        let end = Instant::now() + LAST;
        let unsaved = self.has_unsaved();
        let mut begun = false;
        loop {
            self.lab.training.drain();
            self.lab.digits.drain();
            self.go_on_saving(&folder);
            if self.autosave.is_idle() {
                if begun || !unsaved {
                    break;
                }
                begun = true;
                self.begin_saving(&folder, true);
            }
            if Instant::now() > end {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        if let Some(own) = self.autosave.own.take()
            && !unsaved
        {
            own.remove();
        }
        // What was resumed is in this window's own folder now, or was saved.
        if self.autosave.is_idle() {
            self.autosave.resumed.drain(..).for_each(Leftover::discard);
        }
    }

    /// Whether something was learned that no folder of the user's holds.
    fn has_unsaved(&self) -> bool {
        let digits = &self.lab.digits;
        let mut parts = Part::ALL.into_iter().map(|part| digits.training(part));
        self.lab.training.runs().iter().any(Run::is_unsaved) || parts.any(|t| t.is_unsaved())
    }

    /// Whether the thread of a run is about to write weights.
    fn is_keeping(&self) -> bool {
        let digits = &self.lab.digits;
        let mut parts = Part::ALL.into_iter().map(|part| digits.training(part));
        self.lab.training.runs().iter().any(Run::is_keeping) || parts.any(|t| t.is_keeping())
    }

    fn steps(&self) -> Vec<(u64, u64)> {
        let runs = self.lab.training.runs().iter();
        let runs = runs.map(|run| (run.id, run.step));
        let digits = Part::ALL.into_iter();
        let digits = digits.map(|part| (u64::MAX, self.lab.digits.training(part).step));
        runs.chain(digits).collect()
    }

    /// For the card of the next start.
    fn what_is_unsaved(&self) -> String {
        let runs = self.lab.training.runs().iter();
        let runs = runs.filter(|run| run.is_unsaved());
        let runs = runs.map(|run| format!("{} at step {}", run.name, run.step));
        let lessons = self.lessons.iter();
        let digits = lessons.filter_map(|lesson| {
            let training = self.lab.digits.training(lesson.part()?);
            let text = || format!("{} at step {}", lesson.title(), training.step);
            training.is_unsaved().then(text)
        });
        let mut all: Vec<String> = runs.chain(digits).collect();
        all.dedup();
        all.join(", ")
    }
}
