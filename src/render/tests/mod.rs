//! Pictures of every pass, read back pixel by pixel.

mod content;
mod discs;
mod paths;
mod sums;

use egui::{Color32, Rect, Shape, pos2};

use super::*;

const SIZE: [u32; 2] = [120, 80];

fn screen() -> Rect {
    Rect::from_min_max(pos2(0.0, 0.0), pos2(120.0, 80.0))
}

/// The square [-1, 1]² in the middle of the screen.
fn view() -> View2d {
    View2d::fit(screen(), [0.0, 0.0], 1.0)
}

fn frames(times: &[f32], points: &[f32], n: usize) -> Frames {
    Frames::new(times.into(), points.into(), n)
}

fn one(point: [f32; 2]) -> Frames {
    Frames::still(point.as_slice().into())
}

fn disc(frames: &Frames, t: f32, radius: f32) -> Shape {
    let style = ParticleStyle::new(radius, Color32::WHITE);
    particles(screen(), view(), frames, t, style)
}

fn assert_near(found: [f32; 2], expected: [f32; 2], tolerance: f32) {
    let off = (found[0] - expected[0]).hypot(found[1] - expected[1]);
    assert!(off < tolerance, "{found:?} is not {expected:?}");
}

fn trail(frames: &Frames, t: f32, ahead: f32) -> Shape {
    let style = TrailStyle {
        width_px: 3.0,
        color: Color32::WHITE,
        ahead,
        count: usize::MAX,
    };
    trails(screen(), view(), frames, t, style)
}

/// A tint that is opaque at the density `top`.
fn tinted(top: f32) -> DensityStyle {
    DensityStyle {
        kernel_px: 3.0,
        top,
        ramp: Ramp::Tint(Color32::WHITE),
        count: usize::MAX,
    }
}

fn arrows(data: &[f32], px_per_speed: f32, pivot: f32) -> Shape {
    let style = QuiverStyle {
        color: Color32::WHITE,
        width_px: 2.0,
        px_per_speed,
        max_px: 30.0,
        pivot,
    };
    quiver(screen(), view(), &Arrows::new(data.into()), style)
}
