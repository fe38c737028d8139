//! Buffers that start at a cache line, so that no vector load crosses one.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// A cache line in bytes.
const LINE: usize = 64;

/// Zeroed numbers from a cache line boundary on.
#[derive(Default)]
pub struct Aligned {
    data: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let data = vec![0.0_f32; len + LINE / size_of::<f32>()];
        let start = data
            .as_ptr()
            .align_offset(LINE)
            .min(LINE / size_of::<f32>());
        Self { data, start, len }
    }

    /// Makes room for `len` numbers, which are zeros if the length changes.
    pub fn resize(&mut self, len: usize) {
        if self.len != len {
            *self = Self::zeros(len);
        }
    }
}

impl Clone for Aligned {
    fn clone(&self) -> Self {
        // The copy lies elsewhere, so its own start has to be found.
        let mut copy = Self::zeros(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl Deref for Aligned {
    type Target = [f32];

    #[inline(always)]
    fn deref(&self) -> &[f32] {
        &self.data[self.start..self.start + self.len]
    }
}

impl DerefMut for Aligned {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.data[self.start..self.start + self.len]
    }
}

thread_local! {
    /// Kept for the thread's life: large fresh allocations cost a page fault every 4 KiB.
    static SCRATCH: RefCell<Aligned> = RefCell::new(Aligned::default());
}

/// Runs `work` on a buffer of `len` numbers of any content that the thread keeps.
pub fn with_scratch<R>(len: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.len < len {
            *scratch = Aligned::zeros(len);
        }
        work(&mut scratch[..len])
    })
}
