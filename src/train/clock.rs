//! The clock of the training thread, by which it publishes and saves. A test may put one in its
//! place that jumps or stands still.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Tells how much time has passed since a moment of its own.
pub trait Clock {
    /// The time since that moment. One that was put back, or that jumps, is survived.
    fn now(&self) -> Duration;
}

/// The machine's clock that never goes back.
struct Monotonic(Instant);

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

thread_local! {
    static CLOCK: RefCell<Rc<dyn Clock>> = RefCell::new(Rc::new(Monotonic(Instant::now())));
}

/// Puts another clock under all timers of this thread, for as long as it lives.
pub fn use_clock(clock: Rc<dyn Clock>) {
    CLOCK.set(clock);
}

/// The time by this thread's clock.
pub(super) fn now() -> Duration {
    CLOCK.with_borrow(Rc::clone).now()
}

/// Measures an interval by this thread's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    since: Duration,
}

impl Timer {
    /// An interval that begins now.
    pub(super) fn start() -> Self {
        Self { since: now() }
    }

    /// Whether the interval is as long as `wait`. It is over as well where the clock was put back:
    /// better one save too many than none until the clock has caught up.
    pub(super) fn is_over(self, wait: Duration) -> bool {
        now()
            .checked_sub(self.since)
            .is_none_or(|passed| passed >= wait)
    }
}
