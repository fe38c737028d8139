//! Storage buffers of the layers' content, by id.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use eframe::wgpu;

use super::pipeline::{bind_storage, storage_buffer};

/// Painted frames after which content that was not drawn is dropped.
const KEEP_FRAMES: u64 = 8;

/// Content of a storage buffer, named so that it is uploaded once.
#[derive(Clone, Debug)]
pub enum Content {
    Floats {
        id: u64,
        data: Arc<[f32]>,
    },
    Labels {
        id: u64,
        data: Arc<[u32]>,
    },
    /// Made on the GPU: nothing is uploaded.
    Buffer {
        id: u64,
        buffer: wgpu::Buffer,
    },
}

impl Content {
    fn key(&self) -> (bool, u64) {
        match self {
            Self::Floats { id, .. } | Self::Buffer { id, .. } => (false, *id),
            Self::Labels { id, .. } => (true, *id),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Floats { data, .. } => 4 * data.len() as u64,
            Self::Labels { data, .. } => 4 * data.len() as u64,
            Self::Buffer { buffer, .. } => buffer.size(),
        }
    }

    fn write(&self, queue: &wgpu::Queue, buffer: &wgpu::Buffer) {
        let Some(size) = NonZeroU64::new(self.bytes()) else {
            return;
        };
        if let Some(mut view) = queue.write_buffer_with(buffer, 0, size) {
            let (words, _) = view.slice(..).into_chunks::<4>();
            match self {
                Self::Floats { data, .. } => words.write_iter(data.iter().map(|v| v.to_ne_bytes())),
                Self::Labels { data, .. } => words.write_iter(data.iter().map(|v| v.to_ne_bytes())),
                Self::Buffer { .. } => {}
            }
        }
    }
}

struct Entry {
    buffer: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
    last_used: u64,
    /// Somebody else's: it must not be written again.
    foreign: bool,
}

/// Uploaded content by id; what is no longer drawn is reused or dropped.
pub struct Store {
    entries: HashMap<(bool, u64), Entry>,
    max_bytes: u64,
}

impl Store {
    pub fn new(max_bytes: u64) -> Self {
        Self {
            entries: HashMap::new(),
            max_bytes,
        }
    }

    /// The bind group of uploaded content.
    pub fn get(&self, what: &Content) -> Option<&wgpu::BindGroup> {
        self.entries.get(&what.key()).map(|e| &e.bind_group)
    }

    /// Bytes of all buffers.
    pub fn bytes(&self) -> u64 {
        self.entries.values().map(|e| e.buffer.size()).sum()
    }

    /// Drops what was not drawn for [`KEEP_FRAMES`] painted frames.
    pub fn drop_unused(&mut self, frame: u64) {
        self.entries
            .retain(|_, entry| entry.last_used + KEEP_FRAMES >= frame);
    }

    /// Uploads content unless it is there; false when it is empty or larger than a binding.
    pub fn upload(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        layout: &wgpu::BindGroupLayout,
        what: &Content,
        frame: u64,
    ) -> bool {
        let (key, bytes) = (what.key(), what.bytes());
        if bytes == 0 || bytes > self.max_bytes {
            return false;
        }
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.last_used = frame;
            return entry.buffer.size() >= bytes;
        }
        if let Content::Buffer { buffer, .. } = what {
            let entry = Entry {
                buffer: buffer.clone(),
                bind_group: bind_storage(device, layout, buffer),
                last_used: frame,
                foreign: true,
            };
            self.entries.insert(key, entry);
            return true;
        }
        // New content usually replaces content of the same size (a session streams), so a buffer
        // that the previous frame did not draw either is written again.
        let idle = (self.entries.iter())
            .find(|(_, e)| e.buffer.size() == bytes && e.last_used + 1 < frame && !e.foreign)
            .map(|(&key, _)| key);
        let mut entry = match idle.and_then(|key| self.entries.remove(&key)) {
            Some(entry) => entry,
            None => {
                let buffer = storage_buffer(device, bytes);
                let bind_group = bind_storage(device, layout, &buffer);
                Entry {
                    buffer,
                    bind_group,
                    last_used: frame,
                    foreign: false,
                }
            }
        };
        what.write(queue, &entry.buffer);
        entry.last_used = frame;
        self.entries.insert(key, entry);
        true
    }
}
