//! Work of a lesson that takes longer than a frame: one thread of its own, the newest request
//! wins, and the window never waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rayon::ThreadPool;

use crate::priority::{self, Priority};

/// What a job is given.
pub struct Job<'a, V> {
    /// Set when the window wants something else; a job looks at it between its blocks.
    pub cancel: &'a AtomicBool,
    /// Threads for the work: all cores but the one that draws.
    pub pool: &'a ThreadPool,
    shared: &'a Shared<V>,
}

impl<V> Job<'_, V> {
    /// Whether nobody wants the result any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Shows a value; may be called several times, first with a coarse one.
    pub fn show(&self, value: V) {
        if !self.is_cancelled() {
            *lock(&self.shared.value) = Some(Arc::new(value));
            (self.shared.wake)();
        }
    }
}

type Work<V> = Box<dyn FnOnce(&Job<'_, V>) + Send>;

struct Shared<V> {
    request: Mutex<Option<Work<V>>>,
    value: Mutex<Option<Arc<V>>>,
    asked: Condvar,
    cancel: AtomicBool,
    busy: AtomicBool,
    closed: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

/// A thread that makes values of one kind for keys of one kind. It starts with the first request
/// and ends soon after the handle is dropped.
pub struct Background<K, V> {
    shared: Arc<Shared<V>>,
    asked: Option<K>,
    started: bool,
}

impl<K: PartialEq, V: Send + Sync + 'static> Background<K, V> {
    /// `wake` is called on the thread whenever there is something new to draw.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            shared: Arc::new(Shared {
                request: Mutex::new(None),
                value: Mutex::new(None),
                asked: Condvar::new(),
                cancel: AtomicBool::new(false),
                busy: AtomicBool::new(false),
                closed: AtomicBool::new(false),
                wake: Box::new(wake),
            }),
            asked: None,
            started: false,
        }
    }

    /// Asks for the value of `key` unless it was the last one asked for. The work in progress is
    /// given up; the value on show stays until [`Job::show`] replaces it.
    pub fn ask(&mut self, key: K, work: impl FnOnce(&Job<'_, V>) + Send + 'static) {
        if self.asked.as_ref() == Some(&key) {
            return;
        }
        self.asked = Some(key);
        if !self.started {
            self.started = true;
            let shared = Arc::clone(&self.shared);
            thread::Builder::new()
                .name("flowlab-lesson".to_owned())
                .spawn(move || serve(&shared))
                .expect("the system starts a thread");
        }
        let mut slot = lock(&self.shared.request);
        *slot = Some(Box::new(work));
        self.shared.cancel.store(true, Ordering::Relaxed);
        drop(slot);
        self.shared.asked.notify_one();
    }

    /// The key that was last asked for.
    pub fn asked(&self) -> Option<&K> {
        self.asked.as_ref()
    }

    /// The newest value; never waits.
    pub fn value(&self) -> Option<Arc<V>> {
        lock(&self.shared.value).clone()
    }

    /// Whether work is waiting or under way.
    pub fn is_busy(&self) -> bool {
        self.shared.busy.load(Ordering::Relaxed) || lock(&self.shared.request).is_some()
    }
}

impl<K, V> Drop for Background<K, V> {
    fn drop(&mut self) {
        // Under the lock, so that the thread is either waiting, or about to look, or at work.
        let _guard = lock(&self.shared.request);
        self.shared.closed.store(true, Ordering::Relaxed);
        self.shared.cancel.store(true, Ordering::Relaxed);
        self.shared.asked.notify_one();
    }
}

/// The lock's content; a panic elsewhere leaves whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pool that leaves one core to the window.
pub fn pool() -> Result<ThreadPool, rayon::ThreadPoolBuildError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    rayon::ThreadPoolBuilder::new()
        .num_threads(cores.saturating_sub(1).max(1))
        .start_handler(|_| priority::step_back(Priority::Preview))
        .build()
}

fn serve<V>(shared: &Shared<V>) {
    priority::step_back(Priority::Preview);
    let pool = match pool() {
        Ok(pool) => pool,
        Err(error) => {
            log::error!("no threads for a lesson: {error}");
            return;
        }
    };
    while let Some(work) = next(shared) {
        let job = Job {
            cancel: &shared.cancel,
            pool: &pool,
            shared,
        };
        // A panic in a kernel must not end the pictures for good.
        if catch_unwind(AssertUnwindSafe(|| work(&job))).is_err() {
            log::error!("a lesson's work met a panic; the next request starts anew");
        }
        (shared.wake)();
    }
}

/// Waits for a request; none when the window is gone.
fn next<V>(shared: &Shared<V>) -> Option<Work<V>> {
    let mut slot = lock(&shared.request);
    loop {
        if shared.closed.load(Ordering::Relaxed) {
            return None;
        }
        if let Some(work) = slot.take() {
            shared.busy.store(true, Ordering::Relaxed);
            // Under the lock: a request that comes later cancels this one.
            shared.cancel.store(false, Ordering::Relaxed);
            return Some(work);
        }
        shared.busy.store(false, Ordering::Relaxed);
        slot = shared
            .asked
            .wait(slot)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_newest_request_wins_and_equal_keys_are_asked_once() {
        let (send, woken) = channel();
        let mut work = Background::new(move || {
            let _ = send.send(());
        });
        let (started, begun) = channel();
        work.ask(1, move |job: &Job<'_, i32>| {
            started.send(()).unwrap();
            while !job.is_cancelled() {
                thread::yield_now();
            }
            job.show(1);
        });
        begun.recv().unwrap();
        work.ask(2, |job| job.show(2));
        work.ask(2, |_| panic!("the same key again"));
        while work.value().is_none() || work.is_busy() {
            woken.recv_timeout(Duration::from_secs(10)).ok();
        }
        assert_eq!(work.value().as_deref(), Some(&2));
    }

    #[test]
    fn a_panic_ends_one_job_only() {
        let mut work = Background::new(|| {});
        work.ask(1, |_: &Job<'_, i32>| panic!("on purpose"));
        work.ask(2, |job| job.show(2));
        while work.value().is_none() {
            thread::yield_now();
        }
        assert_eq!(work.value().as_deref(), Some(&2));
    }
}
