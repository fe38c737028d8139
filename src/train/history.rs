//! The loss of a run over its steps.

/// The loss of one optimiser step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossPoint {
    /// Steps done after it, from 1.
    pub step: u64,
    /// The batch's mean squared error, mean over coordinates.
    pub loss: f32,
    /// The newest measured excess loss `E‖v_θ − v*‖²/2` against the exact field; none where the
    /// target has no exact field.
    pub excess: Option<f32>,
    /// Training time so far, in seconds.
    pub seconds: f64,
}
