//! Which threads step back for the window.
//!
//! While a window is open, threads that train or sample leave it a core: their pool has one thread
//! less than there are cores. On Linux they also run at a lower priority of the operating system,
//! and that alone serves a machine of two cores, where a core less would cost half the speed: they
//! have both as long as nobody draws, and a picture takes one at once.

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
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(pool_size(cores, cfg!(target_os = "linux")))
        .start_handler(|_| step_back(Priority::Training));
    if pool.build_global().is_err() {
        log::debug!("the threads exist already and keep their priority");
    }
}

/// Threads of the pool on so many cores, where they can step back by `priority` or cannot.
fn pool_size(cores: usize, priority: bool) -> usize {
    if priority && cores <= 2 {
        cores.max(1)
    } else {
        cores.saturating_sub(1).max(1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_keeps_a_core() {
        for (cores, with, without) in [(0, 1, 1), (1, 1, 1), (2, 2, 1), (3, 2, 2), (16, 15, 15)] {
            assert_eq!(pool_size(cores, true), with, "{cores} cores");
            assert_eq!(pool_size(cores, false), without, "{cores} cores");
        }
    }

    #[cfg(target_os = "linux")]
    fn nice() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    #[cfg(target_os = "linux")]
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
