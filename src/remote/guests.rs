//! Who stands at a server's door, for how long, and who is inside.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pipe::End;

/// What a server lets happen.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Clients that train at a time.
    pub clients: usize,
    /// Connections that have not shown the token yet; more are closed at once.
    pub strangers: usize,
    /// How long a stranger may take to show the token.
    pub patience: Duration,
    /// Bytes that a stranger may send.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            clients: 8,
            strangers: 32,
            patience: Duration::from_secs(10),
            // An upgrade of HTTP, or the handshake of QUIC with its probes of the network, and
            // burn's first message are less.
            bytes: 64 << 10,
        }
    }
}

/// What a peer may do before it has shown who it is.
#[derive(Debug)]
pub struct Trial {
    passed: AtomicBool,
    until: Instant,
    bytes: usize,
}

impl Trial {
    /// The peer has `time` and `bytes` from now on.
    pub fn new(time: Duration, bytes: usize) -> Self {
        Self {
            passed: AtomicBool::new(false),
            until: Instant::now() + time,
            bytes,
        }
    }

    /// No limit of time or bytes holds any more.
    pub fn pass(&self) {
        self.passed.store(true, Ordering::Release);
    }

    /// Whether the peer has shown who it is.
    pub fn is_passed(&self) -> bool {
        self.passed.load(Ordering::Acquire)
    }

    /// The time that is left; none when the trial is passed.
    pub fn left(&self) -> Option<Duration> {
        (!self.is_passed()).then(|| self.until.saturating_duration_since(Instant::now()))
    }

    /// Whether this many bytes are more than it may send.
    pub fn is_too_much(&self, bytes: usize) -> bool {
        !self.is_passed() && bytes > self.bytes
    }
}

/// The peers of a server, by what tells one from another.
#[derive(Debug)]
pub struct Guests<K> {
    bounds: Bounds,
    present: Mutex<HashMap<K, Arc<Trial>>>,
}

impl<K: Display + Eq + Hash> Guests<K> {
    /// Nobody yet.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            present: Mutex::default(),
        }
    }

    /// What the server lets happen.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Whether as many strangers wait as may.
    pub fn is_crowded(&self) -> bool {
        self.count(false) >= self.bounds.strangers
    }

    /// Puts a stranger on trial; none when too many wait, or when there is one like it.
    pub fn receive(&self, key: K) -> Option<Arc<Trial>> {
        let mut present = self.present();
        if count(&present, false) >= self.bounds.strangers || present.contains_key(&key) {
            return None;
        }
        let trial = Arc::new(Trial::new(self.bounds.patience, self.bounds.bytes));
        present.insert(key, Arc::clone(&trial));
        Some(trial)
    }

    /// Lets a peer in that has shown the token to burn's server.
    ///
    /// # Errors
    /// When it did not come through the door or all places are taken.
    pub fn admit(&self, key: &K) -> Result<(), String> {
        let present = self.present();
        let trial = present
            .get(key)
            .ok_or_else(|| format!("{key} did not come through the door"))?;
        let inside = count(&present, true);
        if !trial.is_passed() && inside >= self.bounds.clients {
            return Err(format!("all {inside} places are taken"));
        }
        trial.pass();
        Ok(())
    }

    /// Forgets a peer that is gone, and tells who looks after the server under the peer's `name`.
    pub fn leave(&self, key: &K, name: &dyn Display, end: End) {
        let trial = self.present().remove(key);
        if trial.is_some_and(|trial| trial.is_passed()) {
            // No panic when nobody reads it.
            let inside = self.count(true);
            let _ = writeln!(io::stderr(), "{name} left: {end}; clients now: {inside}");
        } else {
            log::info!("{name} was not let in: {end}");
        }
    }

    /// Peers that have passed, or that have not.
    pub fn count(&self, passed: bool) -> usize {
        count(&self.present(), passed)
    }

    fn present(&self) -> MutexGuard<'_, HashMap<K, Arc<Trial>>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count<K>(present: &HashMap<K, Arc<Trial>>, passed: bool) -> usize {
    let same = |trial: &&Arc<Trial>| trial.is_passed() == passed;
    present.values().filter(same).count()
}
