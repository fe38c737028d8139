//! The lines of the pictures: the track through a point, conditional paths, pairs.

use egui::{Color32, Painter, Pos2, Shape, Stroke};

use crate::app::widgets::stage::Stage;
use crate::flow::{MarginalField, Scheduler, Solver, VelocityField, integrate_fixed};
use crate::kernel::Trajectories;

/// Steps of a track over the whole of time.
const STEPS: usize = 160;

/// The marginal flow through one point.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Ascending times.
    times: Vec<f64>,
    points: Vec<[f64; 2]>,
}

/// Follows the exact field from (t, x) to both ends of time.
pub fn track_through(field: &MarginalField, t: f64, x: [f64; 2], last: f64) -> Track {
    let half = |end: f64| {
        let steps = ((STEPS as f64 * (end - t).abs()).ceil() as usize).max(1);
        let times: Vec<f64> = (0..=steps)
            .map(|i| t + (end - t) * i as f64 / steps as f64)
            .collect();
        let solution = integrate_fixed(
            Solver::Rk4,
            steps,
            t,
            end,
            x.to_vec(),
            &times,
            |t, x: &Vec<f64>| {
                let mut v = vec![0.0; 2];
                field.velocity(t, x, &mut v);
                v
            },
        );
        let points = solution.states.into_iter().map(|x| [x[0], x[1]]);
        times.into_iter().zip(points).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = if t > 0.0 { half(0.0) } else { Vec::new() };
    all.reverse();
    // The point itself ends the first half and begins the second.
    all.pop();
    if t < last {
        all.extend(half(last));
    } else {
        all.push((t, x));
    }
    let (times, points) = all.into_iter().unzip();
    Track { times, points }
}

impl Track {
    /// Where it is at a time.
    pub fn at(&self, t: f64) -> [f64; 2] {
        let last = self.times.len() - 1;
        let b = self
            .times
            .partition_point(|s| *s <= t)
            .clamp(1, last.max(1))
            .min(last);
        let a = b.saturating_sub(1);
        let span = self.times[b] - self.times[a];
        let w = if span > 0.0 {
            ((t - self.times[a]) / span).clamp(0.0, 1.0)
        } else {
            0.0
        };
        [0, 1].map(|i| self.points[a][i] + w * (self.points[b][i] - self.points[a][i]))
    }

    /// Its points before and from a time on.
    pub fn around(&self, t: f64) -> [Vec<[f64; 2]>; 2] {
        let now = self.at(t);
        let known = self.times.iter().zip(&self.points);
        let before = known.clone().filter(|(s, _)| **s < t).map(|(_, x)| *x);
        let after = known.filter(|(s, _)| **s > t).map(|(_, x)| *x);
        let mut before: Vec<_> = before.collect();
        before.push(now);
        let mut later = vec![now];
        later.extend(after);
        [before, later]
    }

    /// The same as they lie on a stage.
    pub fn on_stage(&self, stage: &Stage, t: f64) -> [Vec<Pos2>; 2] {
        self.around(t)
            .map(|way| way.into_iter().map(|x| on_stage(stage, x)).collect())
    }
}

/// A point of the plane on the screen.
pub fn on_stage(stage: &Stage, x: [f64; 2]) -> Pos2 {
    stage.view.to_screen(stage.rect, x.map(|v| v as f32))
}

/// Where the conditional path through x at t towards x1 goes from t on.
pub fn path_ahead(path: Scheduler, t: f64, x: [f64; 2], x1: [f64; 2]) -> Vec<[f64; 2]> {
    let c = path.at(t);
    let x0 = [0, 1].map(|i| (x[i] - c.alpha * x1[i]) / c.sigma);
    let pieces = match path {
        Scheduler::CondOt | Scheduler::SigmaMin(_) | Scheduler::Poly(_) => 1,
        _ => 16,
    };
    let mut points = vec![x];
    for i in 1..pieces {
        let c = path.at(t + (1.0 - t) * f64::from(i) / f64::from(pieces));
        points.push([0, 1].map(|k| c.alpha * x1[k] + c.sigma * x0[k]));
    }
    points.push(x1);
    points
}

/// Draws the paths up to `t` strongly and the rest faintly, with a dot at `t`.
pub fn paths(
    painter: &Painter,
    stage: &Stage,
    paths: &Trajectories,
    t: f32,
    [width, radius]: [f32; 2],
    color: impl Fn(usize) -> Color32,
) {
    let last = paths.times.len() - 1;
    let position = t.clamp(0.0, 1.0) * last as f32;
    let (whole, part) = ((position as usize).min(last), position.fract());
    let at = |k: usize, i: usize| {
        let frame = paths.frame(k);
        stage
            .view
            .to_screen(stage.rect, [frame[2 * i], frame[2 * i + 1]])
    };
    let now = |i: usize| {
        let (a, b) = (at(whole, i), at((whole + 1).min(last), i));
        a + part * (b - a)
    };
    for i in 0..paths.n {
        let mut ahead = vec![now(i)];
        ahead.extend((whole + 1..=last).map(|k| at(k, i)));
        let faint = color(i).gamma_multiply(0.22);
        painter.add(Shape::line(ahead, Stroke::new(0.8 * width, faint)));
    }
    for i in 0..paths.n {
        let mut behind: Vec<Pos2> = (0..=whole).map(|k| at(k, i)).collect();
        behind.push(now(i));
        let strong = color(i).gamma_multiply(0.85);
        painter.add(Shape::line(behind, Stroke::new(width, strong)));
    }
    for i in 0..paths.n {
        painter.circle_filled(now(i), radius, color(i));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::toy::Dataset;

    #[test]
    fn a_track_passes_its_point_and_comes_back_to_it() {
        let boxes = Dataset::CHECKERBOARD.boxes().expect("a board");
        let field = MarginalField::new(&boxes, Scheduler::CondOt);
        let x = [0.36, 0.6];
        let track = track_through(&field, 0.5, x, 0.995);
        assert_eq!(track.at(0.5), x);
        let again = track_through(&field, 0.9, track.at(0.9), 0.995);
        for t in [0.0, 0.3, 0.7] {
            let (a, b) = (track.at(t), again.at(t));
            assert!((a[0] - b[0]).hypot(a[1] - b[1]) < 2e-3, "{t}: {a:?} {b:?}");
        }
        assert!(boxes.contains(track.at(1.0)), "{:?}", track.at(1.0));
        for t in [0.0, 0.995] {
            let track = track_through(&field, t, x, 0.995);
            assert_eq!(track.at(t), x);
        }
    }

    #[test]
    fn a_conditional_path_leads_from_x_to_x1() {
        for path in Scheduler::ALL {
            let points = path_ahead(path, 0.4, [0.3, -0.4], [1.5, 0.5]);
            assert_eq!(points[0], [0.3, -0.4]);
            assert_eq!(points[points.len() - 1], [1.5, 0.5]);
            assert!(points.iter().flatten().all(|v| v.is_finite()), "{path:?}");
        }
    }
}
