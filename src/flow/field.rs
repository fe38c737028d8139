//! The interface that exact and learned fields share.

use super::real::Real;

/// A time-dependent velocity field of the plane.
pub trait VelocityField<T: Real>: Send + Sync {
    /// Writes v(t, x) into `out`; `x` and `out` are `[n, 2]`.
    ///
    /// Runs on the calling thread; callers split large slices.
    ///
    /// # Panics
    /// If `out` and `x` differ in length or the length is odd.
    fn velocity(&self, t: T, x: &[T], out: &mut [T]);

    /// Name for people.
    fn label(&self) -> &str;
}
