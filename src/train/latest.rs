//! A slot for one value where the newest wins.

use std::sync::{Arc, Mutex, PoisonError};

/// Holds the newest value until somebody takes it; the writer never waits for the reader.
#[derive(Debug)]
pub struct Latest<T>(Arc<Mutex<Option<Arc<T>>>>);

impl<T> Clone for Latest<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }
}

impl<T> Latest<T> {
    /// Puts a value, dropping an older one that nobody took.
    pub fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(value));
    }

    /// Takes the newest value; none when it was taken already.
    pub fn take(&self) -> Option<Arc<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_value_wins_and_is_taken_once() {
        let slot = Latest::default();
        let writer = slot.clone();
        writer.put(1);
        writer.put(2);
        assert_eq!(slot.take().as_deref(), Some(&2));
        assert_eq!(slot.take(), None);
    }
}
