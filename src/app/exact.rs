//! What a flow runs between, and the one place where the window asks for its exact field.

use crate::data::Source;
use crate::data::toy::Dataset;
use crate::flow::{BoxUnion, ExactField, Scheduler, VelocityField};
use crate::train::ToyConfig;

/// The exact field of a bounded target is singular at t = 1; it is read no later than this.
pub const LAST_TIME: f32 = 1.0 - 1e-4;

/// From a source along a path to a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Where particles start.
    pub source: Source,
    /// How noise turns into data.
    pub path: Scheduler,
    /// Where they end.
    pub dataset: Dataset,
}

impl Route {
    /// The exact marginal field: of targets with a closed form, from a Gaussian source.
    pub fn exact(&self) -> Option<ExactField> {
        let gaussian = self.source.is_gaussian();
        gaussian.then(|| self.dataset.exact(self.path)).flatten()
    }

    /// Whether there is an exact field.
    pub fn has_exact(&self) -> bool {
        self.source.is_gaussian() && self.dataset.has_exact()
    }

    /// Why there is no exact field, as the first half of a sentence; none where there is one.
    pub fn why_not_exact(&self) -> Option<String> {
        if !self.source.is_gaussian() {
            return Some("The exact field needs a Gaussian source".to_owned());
        }
        let target = self.dataset.label();
        (!self.dataset.has_exact()).then(|| format!("{target} has no exact field"))
    }
}

impl From<&ToyConfig> for Route {
    fn from(config: &ToyConfig) -> Self {
        Self {
            source: config.source.clone(),
            path: config.path,
            dataset: config.dataset.clone(),
        }
    }
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
