//! Run folders that are copied on a thread of their own: the window never waits.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use super::run::Wake;
use crate::train::files::{NOT_SAVED, copy_run};

/// A copy under way.
pub struct Copying(Receiver<Result<PathBuf, String>>);

impl Copying {
    /// Copies a run folder; `wake` is called when that is done. None when the system starts no
    /// thread.
    pub fn start(from: PathBuf, to: PathBuf, wake: Wake) -> Option<Self> {
        let (send, end) = channel();
        let copy = move || {
            let done = copy_run(&from, &to).map_err(|error| error.to_string());
            // The window may be gone by now.
            let _ = send.send(done.map(|()| to));
            wake();
        };
        let thread = thread::Builder::new().name("flowlab-copy".to_owned());
        thread.spawn(copy).ok().map(|_| Self(end))
    }

    /// Where the copy is, or a sentence that says why there is none; nothing while it is made.
    pub fn end(&self) -> Option<Result<PathBuf, String>> {
        match self.0.try_recv() {
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err("the copying broke off".to_owned())),
            Ok(end) => Some(end),
        }
        .map(|end| end.map_err(|sentence| format!("{NOT_SAVED}{sentence}")))
    }
}
