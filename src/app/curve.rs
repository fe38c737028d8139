//! The loss of a run, kept short enough to draw at every frame, however long the run is.

use crate::train::LossPoint;

/// Points a curve keeps at most; beyond that every second one is dropped.
const CAPACITY: usize = 1200;
/// Share of the steps so far that the smoothed curve looks back over.
const MEMORY: f64 = 0.04;

/// Raw, smoothed and excess loss over the steps.
#[derive(Clone, Debug, Default)]
pub struct LossCurve {
    raw: Thinned,
    smooth: Thinned,
    excess: Thinned,
    seen: f64,
    mean: f64,
    last_excess: Option<f32>,
}

impl LossCurve {
    /// Takes the next point; a loss that is not a number leaves a gap.
    pub fn push(&mut self, point: &LossPoint) {
        let (step, loss) = (point.step as f64, f64::from(point.loss));
        if loss.is_finite() {
            self.seen += 1.0;
            // An average whose memory grows with the run: quick at the start, calm later.
            self.mean += (loss - self.mean) / (MEMORY * self.seen).max(1.0);
            self.raw.push([step, loss]);
            self.smooth.push([step, self.mean]);
        }
        if let Some(excess) = point.excess.filter(|e| e.is_finite() && *e > 0.0)
            && self.last_excess != Some(excess)
        {
            self.last_excess = Some(excess);
            self.excess.push([step, f64::from(excess)]);
        }
    }

    /// The loss of single batches, `[step, loss]`.
    pub fn raw(&self) -> &[[f64; 2]] {
        &self.raw.points
    }

    /// The smoothed loss, `[step, loss]`.
    pub fn smooth(&self) -> &[[f64; 2]] {
        &self.smooth.points
    }

    /// The measured excess loss, `[step, excess]`.
    pub fn excess(&self) -> &[[f64; 2]] {
        &self.excess.points
    }

    /// The newest smoothed loss.
    pub fn loss(&self) -> Option<f64> {
        (self.seen > 0.0).then_some(self.mean)
    }

    /// The newest measured excess.
    pub fn last_excess(&self) -> Option<f64> {
        self.last_excess.map(f64::from)
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.raw.points.is_empty()
    }
}

/// A list that halves itself when it is full, and from then on takes every second point.
#[derive(Clone, Debug)]
struct Thinned {
    points: Vec<[f64; 2]>,
    stride: u64,
    count: u64,
}

impl Default for Thinned {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            stride: 1,
            count: 0,
        }
    }
}

impl Thinned {
    fn push(&mut self, point: [f64; 2]) {
        if self.count.is_multiple_of(self.stride) {
            self.points.push(point);
            if self.points.len() > CAPACITY {
                let mut index = 0;
                self.points.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride *= 2;
            }
        }
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(step: u64, loss: f32) -> LossPoint {
        LossPoint {
            step,
            loss,
            excess: Some(1.0 / step as f32),
            seconds: step as f64,
        }
    }

    #[test]
    fn a_long_run_stays_short_and_evenly_spaced() {
        let mut curve = LossCurve::default();
        (1..=100_000).for_each(|step| curve.push(&point(step, 2.0)));
        for points in [curve.raw(), curve.smooth(), curve.excess()] {
            assert!((CAPACITY / 2..=CAPACITY).contains(&points.len()));
            let gap = points[1][0] - points[0][0];
            assert!(points.windows(2).all(|pair| pair[1][0] - pair[0][0] == gap));
        }
        assert_eq!(curve.loss(), Some(2.0));
    }

    #[test]
    fn smoothing_follows_and_calms() {
        let mut curve = LossCurve::default();
        (1..=2000).for_each(|step| curve.push(&point(step, 1.7 + 0.1 * (-1f32).powi(step as i32))));
        assert!((curve.loss().unwrap() - 1.7).abs() < 0.01);
    }

    #[test]
    fn what_is_not_a_number_is_left_out() {
        let mut curve = LossCurve::default();
        for loss in [2.0, f32::NAN, f32::INFINITY, 1.9] {
            let excess = Some(f32::NAN);
            curve.push(&LossPoint {
                step: 1,
                loss,
                excess,
                seconds: 0.0,
            });
        }
        assert_eq!(curve.raw().len(), 2);
        assert!(curve.excess().is_empty());
        assert!(curve.loss().unwrap().is_finite());
    }
}
