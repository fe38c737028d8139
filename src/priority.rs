//! Which threads step back for the window.
//!
//! While a window is open, threads that train or sample run at a lower priority of the operating
//! system: they have every core as long as nobody draws, and a picture takes a core at once. A
//! pool of one thread less than there are cores would cost half the speed on two cores, all the
//! time.

use std::sync::atomic::{AtomicBool, Ordering};

/// How far a thread steps back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Work that somebody who moves a slider waits for.
    Preview,
    /// Work that goes on by itself.
    Training,
}

impl Priority {
    /// The nice value, 0 is normal and 19 the lowest.
    pub fn nice(self) -> i32 {
        match self {
            Self::Preview => 10,
            Self::Training => 15,
        }
    }
}

static WINDOW: AtomicBool = AtomicBool::new(false);

/// Tells that a window is open; threads of the command line stay as they are. Also builds the
/// pool that training steps share, unless it exists already.
pub fn window_opens() {
    WINDOW.store(true, Ordering::Relaxed);
    let pool = rayon::ThreadPoolBuilder::new().start_handler(|_| step_back(Priority::Training));
    if pool.build_global().is_err() {
        log::debug!("the threads exist already and keep their priority");
    }
}

/// Lowers the calling thread's priority where a window is open; it cannot be raised again.
///
/// Only Linux knows a nice value for each thread; elsewhere the system favours the window that
/// somebody uses by itself.
pub fn step_back(priority: Priority) {
    if !WINDOW.load(Ordering::Relaxed) {
        return;
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, priority.nice()) {
        log::debug!("the thread keeps its priority: {error}");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = priority;
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn nice() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    #[test]
    fn a_thread_steps_back_alone_and_only_for_a_window() {
        let before = nice();
        let lowered = std::thread::spawn(|| {
            step_back(Priority::Training);
            let without = nice();
            WINDOW.store(true, Ordering::Relaxed);
            step_back(Priority::Training);
            (without, nice())
        });
        let (without, with) = lowered.join().unwrap();
        WINDOW.store(false, Ordering::Relaxed);
        assert_eq!(without, before);
        assert_eq!(with, Priority::Training.nice().max(before));
        assert_eq!(nice(), before);
    }
}
