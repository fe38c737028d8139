//! Pairs of noise and data: the lines between them, and where the marginal flow takes the noise.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::app::exact::{Route, UpTo};
use crate::app::sampler::moving;
use crate::flow::{ExactField, MarginalField, Solver, VelocityField};
use crate::kernel::{Mlp, MlpWeights, Trajectories, sample_or_cancel};

/// Stored times of the flow and of the conditional paths.
pub const FRAMES: usize = 49;
/// Steps of the flow.
const STEPS: usize = 192;

/// The field that the noise flows through.
#[derive(Clone)]
pub enum Through {
    /// The exact field.
    Exact(Arc<MarginalField>),
    /// A trained network, where there is no exact field.
    Network(Arc<MlpWeights>),
}

/// Pairs and flows.
pub struct Crossing {
    /// The conditional paths, from noise to data.
    pub lines: Trajectories,
    /// The marginal flow from the same noise.
    pub flow: Option<Trajectories>,
    /// How many pairs of drawn paths meet: lines, flow.
    pub meetings: [usize; 2],
}

/// Draws `pairs` and follows both kinds of path; none when it was cancelled.
pub fn cross(
    route: &Route,
    through: Option<&Through>,
    pairs: usize,
    seed: u64,
    cancel: &AtomicBool,
) -> Option<Crossing> {
    let x0 = moving::start(&route.source, seed, pairs);
    let x1 = moving::data(&route.dataset, seed, pairs);
    let times: Vec<f32> = (0..FRAMES)
        .map(|i| i as f32 / (FRAMES - 1) as f32)
        .collect();
    let lines = moving::conditional(route.path, &times, &x0, &x1);
    let flow = match through {
        None => None,
        Some(Through::Exact(field)) => {
            let field = UpTo(ExactField::Boxes(MarginalField::clone(field)));
            Some(follow(&field, &x0, &times, cancel)?)
        }
        Some(Through::Network(weights)) => match Mlp::try_new(weights) {
            Ok(mlp) => Some(follow(&mlp, &x0, &times, cancel)?),
            Err(error) => {
                log::warn!("weights that cannot be drawn: {error}");
                None
            }
        },
    };
    let meetings = [meetings(&lines), flow.as_ref().map_or(0, meetings)];
    Some(Crossing {
        lines,
        flow,
        meetings,
    })
}

fn follow(
    field: &dyn VelocityField<f32>,
    x0: &[f32],
    times: &[f32],
    cancel: &AtomicBool,
) -> Option<Trajectories> {
    sample_or_cancel(field, Solver::Midpoint, STEPS, 0.0, 1.0, x0, times, cancel)
}

/// Pairs of paths whose drawings meet somewhere in the plane, at equal or at different times.
pub fn meetings(paths: &Trajectories) -> usize {
    let n = paths.n;
    let at = |k: usize, i: usize| {
        let place = 2 * (k * n + i);
        [paths.points[place], paths.points[place + 1]].map(f64::from)
    };
    let bounds: Vec<[f64; 4]> = (0..n)
        .map(|i| {
            let mut b = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
            for k in 0..paths.times.len() {
                let [x, y] = at(k, i);
                b = [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)];
            }
            b
        })
        .collect();
    let meet = |i: usize, j: usize| {
        let (a, b) = (bounds[i], bounds[j]);
        if a[0] > b[2] || b[0] > a[2] || a[1] > b[3] || b[1] > a[3] {
            return false;
        }
        let last = paths.times.len() - 1;
        (0..last).any(|k| {
            let first = [at(k, i), at(k + 1, i)];
            (0..last).any(|l| segments_meet(first, [at(l, j), at(l + 1, j)]))
        })
    };
    (0..n).map(|i| (0..i).filter(|j| meet(i, *j)).count()).sum()
}

/// Whether two segments have a point in common, neither being an end.
fn segments_meet(a: [[f64; 2]; 2], b: [[f64; 2]; 2]) -> bool {
    let side = |line: [[f64; 2]; 2], p: [f64; 2]| {
        let along = [line[1][0] - line[0][0], line[1][1] - line[0][1]];
        along[0] * (p[1] - line[0][1]) - along[1] * (p[0] - line[0][0])
    };
    side(a, b[0]) * side(a, b[1]) < 0.0 && side(b, a[0]) * side(b, a[1]) < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Source};
    use crate::flow::Scheduler;

    fn crossing(pairs: usize) -> Crossing {
        let boxes = Dataset::CHECKERBOARD.boxes().expect("a board");
        let field = Through::Exact(Arc::new(MarginalField::new(&boxes, Scheduler::CondOt)));
        let never = AtomicBool::new(false);
        let route = Route {
            source: Source::Gaussian,
            path: Scheduler::CondOt,
            dataset: Dataset::CHECKERBOARD,
        };
        cross(&route, Some(&field), pairs, 1, &never).expect("a result")
    }

    #[test]
    fn two_diagonals_meet_and_two_sides_do_not() {
        let segments = [[[0.0, 0.0], [1.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]];
        assert!(segments_meet(segments[0], segments[1]));
        assert!(!segments_meet(segments[0], [[0.0, 0.5], [0.0, 1.0]]));
    }

    #[test]
    fn lines_cross_far_more_often_than_the_flow_and_both_start_alike() {
        let crossing = crossing(48);
        let flow = crossing.flow.as_ref().expect("a flow");
        assert_eq!(crossing.lines.frame(0), flow.frame(0));
        assert_ne!(crossing.lines.frame(FRAMES - 1), flow.frame(FRAMES - 1));
        let [lines, flows] = crossing.meetings;
        assert!(lines > 200 && 4 * flows < lines, "{lines} {flows}");
    }

    #[test]
    fn the_flow_ends_on_the_board_and_never_puts_two_in_one_place() {
        let crossing = crossing(64);
        let flow = crossing.flow.as_ref().expect("a flow");
        let boxes = Dataset::CHECKERBOARD.boxes().expect("a board");
        let ends = flow.frame(FRAMES - 1);
        assert_eq!(crate::flow::metric::off_support(&boxes, ends), 0.0);
        for k in 0..FRAMES {
            let frame = flow.frame(k);
            for i in 0..64 {
                for j in 0..i {
                    let gap =
                        (frame[2 * i] - frame[2 * j]).hypot(frame[2 * i + 1] - frame[2 * j + 1]);
                    assert!(gap > 0.0, "{i} and {j} meet at frame {k}");
                }
            }
        }
    }

    #[test]
    fn fewer_pairs_are_the_first_of_more() {
        let (few, many) = (crossing(8), crossing(16));
        for k in [0, FRAMES - 1] {
            assert_eq!(few.lines.frame(k), &many.lines.frame(k)[..16]);
        }
    }
}
