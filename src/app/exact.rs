//! The one place where the window asks for the exact field of a target and a path.

use crate::data::toy::Dataset;
use crate::flow::{BoxUnion, ExactField, Scheduler, VelocityField};

/// The exact field of a bounded target is singular at t = 1; it is read no later than this.
pub const LAST_TIME: f32 = 1.0 - 1e-4;

/// The exact marginal field, for targets that have one.
pub fn exact_field(dataset: &Dataset, path: Scheduler) -> Option<ExactField> {
    dataset.exact(path)
}

/// The cells of a target's support, for targets that have them.
pub fn support(dataset: &Dataset) -> Option<BoxUnion> {
    dataset.boxes()
}

/// The exact field, read no later than [`LAST_TIME`]: what solvers follow.
pub struct UpTo(pub ExactField);

impl VelocityField<f32> for UpTo {
    fn velocity(&self, t: f32, x: &[f32], out: &mut [f32]) {
        self.0.velocity(t.min(LAST_TIME), x, out);
    }

    fn label(&self) -> &str {
        VelocityField::<f32>::label(&self.0)
    }
}
