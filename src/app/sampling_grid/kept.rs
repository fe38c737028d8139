//! Which moments of a panel are kept: all that somebody may want to see, or as many of them as
//! memory has room for.

use super::{Moved, Request};
use crate::app::sampler::moving::Plan;
use crate::render::{Frames, frame_budget};

/// Bytes of the positions of all panels together. What is drawn lies in the GPU's memory, too, and
/// while panels are made anew the old ones are still there: more would crowd out a small machine.
const ALL_PANELS: usize = 1 << 30;
/// Moments that no panel goes without: both ends, and the start of the last step.
const LEAST: usize = 3;

/// Times of the moments that each panel of a request keeps. A panel fits into one binding of the
/// GPU, and all of them into [`ALL_PANELS`]; those with most moments lose some first.
pub fn times(request: &Request) -> Vec<Vec<f32>> {
    let particles = request.particles.max(1);
    let room = ALL_PANELS / (8 * particles);
    let mut most = frame_budget(particles).min(request.frames + 2);
    loop {
        let cells = request.cells.iter();
        let times: Vec<Vec<f32>> = cells
            .map(|cell| at_most(&cell.plan, request.frames, most))
            .collect();
        if most <= LEAST || times.iter().map(Vec::len).sum::<usize>() <= room {
            return times;
        }
        most -= 1;
    }
}

/// Whether a panel of a request would keep more moments if there was room.
pub fn is_thinned(request: &Request, times: &[Vec<f32>]) -> bool {
    let mut cells = request.cells.iter().zip(times);
    cells.any(|(cell, times)| times.len() < every(&cell.plan, request.frames, 1).len())
}

/// At most so many times: every one, every second, every fourth and so on. Fewer are then always
/// some of more, and a panel can be thinned without being made anew.
fn at_most(plan: &Plan, frames: usize, most: usize) -> Vec<f32> {
    let mut stride = 1;
    loop {
        let times = every(plan, frames, stride);
        if times.len() <= most.max(LEAST) || stride > frames {
            return times;
        }
        stride *= 2;
    }
}

/// Every step where there is room for `frames`, or only every n-th; both ends and the start of the
/// last step always.
pub(super) fn every(plan: &Plan, frames: usize, stride: usize) -> Vec<f32> {
    let k = if plan.solver.is_adaptive() {
        frames
    } else {
        plan.steps.min(frames)
    };
    let mut times: Vec<f32> = (0..k)
        .step_by(stride)
        .map(|i| i as f32 / k as f32)
        .collect();
    times.push(1.0);
    let last = plan.last_start();
    let at = times.partition_point(|t| *t < last);
    if times[at] != last {
        times.insert(at, last);
    }
    times
}

/// The stored frame at which the last step begins.
pub fn before_last(plan: &Plan, times: &[f32]) -> usize {
    let last = plan.last_start();
    times.iter().rposition(|t| *t <= last).unwrap_or_default()
}

/// A panel with only these of its moments; none where it lacks one of them.
pub fn only(moved: &Moved, times: &[f32]) -> Option<Moved> {
    let (frames, size) = (&moved.frames, 2 * moved.frames.n);
    let place = |time: &f32| frames.times.iter().position(|known| known == time);
    let places: Vec<usize> = times.iter().map(place).collect::<Option<_>>()?;
    let mut points = Vec::with_capacity(size * places.len());
    for at in places {
        points.extend_from_slice(frames.points.get(size * at..size * (at + 1))?);
    }
    Some(Moved {
        before_last: before_last(&moved.cell.plan, times),
        frames: Frames::new(times.into(), points.into(), frames.n),
        ..moved.clone()
    })
}
