//! What the passes draw (stored frames, grids of arrows) and where (a rectangle of the world).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eframe::wgpu;
use egui::{Pos2, Rect};

/// Largest storage buffer that every adapter with default limits can bind, in bytes (128 MiB).
pub const MAX_FRAME_BYTES: usize = 128 << 20;

/// Stored positions of `n` particles at `k` times, uploaded to the GPU once per `id`.
#[derive(Clone, Debug)]
pub struct Frames {
    /// Times of the frames, `[k]`, ascending or descending.
    pub times: Arc<[f32]>,
    /// Positions, `[k, n, 2]`; empty where they are on the GPU only.
    pub points: Arc<[f32]>,
    /// Positions that were made on the GPU.
    pub(super) buffer: Option<wgpu::Buffer>,
    /// Particles in each frame.
    pub n: usize,
    /// Names the content: equal ids mean equal points.
    pub id: u64,
}

impl Frames {
    /// Wraps points `[k, n, 2]` at times `[k]` under a fresh id.
    pub fn new(times: Arc<[f32]>, points: Arc<[f32]>, n: usize) -> Self {
        Self {
            times,
            points,
            buffer: None,
            n,
            id: fresh_id(),
        }
    }

    /// Wraps positions `[k, n, 2]` that a kernel wrote on the window's device.
    pub(super) fn on_gpu(times: Arc<[f32]>, buffer: wgpu::Buffer, n: usize) -> Self {
        Self {
            buffer: Some(buffer),
            ..Self::new(times, Arc::default(), n)
        }
    }

    /// Whether the positions are in main memory, where plain code can read them.
    pub fn in_memory(&self) -> bool {
        self.buffer.is_none()
    }

    /// Numbers stored, wherever they are.
    pub(super) fn floats(&self) -> usize {
        let on_gpu = |buffer: &wgpu::Buffer| (buffer.size() / 4) as usize;
        self.buffer.as_ref().map_or(self.points.len(), on_gpu)
    }

    /// One frame `[n, 2]` that does not change with time.
    pub fn still(points: Arc<[f32]>) -> Self {
        let n = points.len() / 2;
        Self::new(Arc::from([0.0]), points, n)
    }

    /// Whether the sizes agree: `times.len() * n * 2` numbers, with at least one point.
    pub fn is_valid(&self) -> bool {
        let floats = (self.times.len())
            .checked_mul(self.n)
            .and_then(|points| points.checked_mul(2));
        self.n > 0 && !self.times.is_empty() && floats == Some(self.floats())
    }

    /// The frames around `t` and the weight of the second one: x(t) = (1 - w) x_a + w x_b.
    ///
    /// Outside the stored times the nearest frame is taken. Where `t` falls on a stored frame,
    /// `a == b`, so that a neighbour which diverged cannot hide it.
    pub fn locate(&self, t: f32) -> Location {
        let times = &self.times;
        let last = times.len().saturating_sub(1);
        let descending = times.first() > times.last();
        let before = times.partition_point(|&s| if descending { s > t } else { s <= t });
        let b = before.min(last);
        let a = before.saturating_sub(1);
        let (start, end) = match (times.get(a), times.get(b)) {
            (Some(&start), Some(&end)) => (start, end),
            _ => return Location::at(0),
        };
        let weight = (t - start) / (end - start);
        if a == b || weight <= 0.0 || !weight.is_finite() {
            Location::at(a)
        } else if weight >= 1.0 {
            Location::at(b)
        } else {
            Location { a, b, weight }
        }
    }
}

/// Where a time lies among the stored frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// Frame before the time.
    pub a: usize,
    /// Frame after it.
    pub b: usize,
    /// Weight of `b`, in [0, 1).
    pub weight: f32,
}

impl Location {
    fn at(frame: usize) -> Self {
        Self {
            a: frame,
            b: frame,
            weight: 0.0,
        }
    }

    /// The place as a fractional frame number.
    pub fn position(self) -> f32 {
        self.a as f32 + self.weight
    }
}

/// Positions and velocities on a grid, uploaded once per `id`.
#[derive(Clone, Debug)]
pub struct Arrows {
    /// `[m, 4]`: x, y, vx, vy.
    pub data: Arc<[f32]>,
    /// Names the content: equal ids mean equal data.
    pub id: u64,
}

impl Arrows {
    /// Wraps `[m, 4]` numbers under a fresh id.
    pub fn new(data: Arc<[f32]>) -> Self {
        Self {
            data,
            id: fresh_id(),
        }
    }
}

/// An id no other content of this process has.
pub fn fresh_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// How many stored frames of `n` particles fit into one buffer (at least 1).
pub fn frame_budget(n: usize) -> usize {
    (MAX_FRAME_BYTES / (8 * n.max(1))).max(1)
}

/// The rectangle of the world that fills a rectangle of the screen; y points up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View2d {
    /// World coordinates of the middle.
    pub center: [f32; 2],
    /// Half of the width and of the height, in world units.
    pub half: [f32; 2],
}

impl View2d {
    /// The smallest view of `rect`'s shape that shows the square `center ± half`, so that one
    /// unit is as long in x as in y.
    pub fn fit(rect: Rect, center: [f32; 2], half: f32) -> Self {
        let shorter = rect.width().min(rect.height()).max(1e-6);
        let per_point = half / shorter;
        Self {
            center,
            half: [rect.width() * per_point, rect.height() * per_point],
        }
    }

    /// The view with the given corners.
    pub fn from_min_max(min: [f32; 2], max: [f32; 2]) -> Self {
        Self {
            center: [0.5 * (min[0] + max[0]), 0.5 * (min[1] + max[1])],
            half: [0.5 * (max[0] - min[0]), 0.5 * (max[1] - min[1])],
        }
    }

    /// Where a world point lies on the screen, in egui's points.
    pub fn to_screen(&self, rect: Rect, point: [f32; 2]) -> Pos2 {
        let x = (point[0] - self.center[0]) / self.half[0];
        let y = (point[1] - self.center[1]) / self.half[1];
        rect.center() + 0.5 * egui::vec2(x * rect.width(), -y * rect.height())
    }

    /// The world point under a screen position; inverse of [`View2d::to_screen`].
    pub fn from_screen(&self, rect: Rect, position: Pos2) -> [f32; 2] {
        let from_center = position - rect.center();
        [
            self.center[0] + 2.0 * from_center.x / rect.width() * self.half[0],
            self.center[1] - 2.0 * from_center.y / rect.height() * self.half[1],
        ]
    }

    /// Pixels (or points) of `rect` per world unit along x.
    pub fn scale(&self, rect: Rect) -> f32 {
        0.5 * rect.width() / self.half[0]
    }

    pub(super) fn is_valid(&self) -> bool {
        self.center.iter().all(|c| c.is_finite())
            && self.half.iter().all(|h| h.is_finite() && *h > 0.0)
    }
}
