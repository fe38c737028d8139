//! The times of a flow at which a lesson keeps its pictures.

/// As many times as it says, equally far apart, with both ends; a grid of one is t = 0 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeGrid(pub usize);

impl TimeGrid {
    /// The times, 0 to 1.
    pub fn times(self) -> Vec<f64> {
        let last = self.last();
        (0..=last).map(|i| i as f64 / last.max(1) as f64).collect()
    }

    /// All but the last: where a flow is asked for its states on the way, its end comes anyway.
    pub fn before_the_end(self) -> Vec<f64> {
        let mut times = self.times();
        times.pop();
        times
    }

    /// Which one lies nearest to t.
    pub fn nearest(self, t: f32) -> usize {
        (self.place(t).round() as usize).min(self.last())
    }

    /// The time before t, and the share of the way from it to the next.
    pub fn around(self, t: f32) -> (usize, f32) {
        let at = self.place(t);
        let before = (at.floor() as usize).min(self.last().saturating_sub(1));
        (before, (at - before as f32).min(1.0))
    }

    /// Index of the last time.
    pub fn last(self) -> usize {
        self.0 - 1
    }

    fn place(self, t: f32) -> f32 {
        t.max(0.0) * self.last() as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_its_place() {
        let grid = TimeGrid(5);
        assert_eq!(grid.times(), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(grid.before_the_end(), [0.0, 0.25, 0.5, 0.75]);
        assert!(TimeGrid(1).before_the_end().is_empty());
        for (t, nearest) in [
            (-1.0, 0),
            (0.12, 0),
            (0.13, 1),
            (0.5, 2),
            (1.0, 4),
            (2.0, 4),
        ] {
            assert_eq!(grid.nearest(t), nearest, "{t}");
        }
        for (t, around) in [
            (-1.0, (0, 0.0)),
            (0.25, (1, 0.0)),
            (0.375, (1, 0.5)),
            (1.0, (3, 1.0)),
            (2.0, (3, 1.0)),
        ] {
            assert_eq!(grid.around(t), around, "{t}");
        }
    }
}
