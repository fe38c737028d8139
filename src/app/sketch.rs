//! From what the window draws to the scenes of figures: crowds, ways, fields, maps and digits.

use crate::app::time_label;
use crate::app::widgets::digit_grid::Pictures;
use crate::app::widgets::heat_map::{HeatMap, Scale};
use crate::data::mnist::SIDE;
use crate::figure::form::Map;
use crate::figure::{Form, Panel, Text, Tone};
use crate::render::{Arrows, Frames};

/// Width of a way, in points.
const WAY: f32 = 0.5;

/// The time of the flow, for a title.
pub fn time(t: f32) -> Text {
    Text::maths(&time_label::moment(t))
}

/// A square panel with the target behind.
pub fn over_target(target: Option<Form>, extent: f64) -> Panel {
    let panel = Panel::square(extent);
    match target {
        Some(form) => panel.with("target", Tone::Ghost, 1.0, form),
        None => panel,
    }
}

/// Who is drawn: particles with their name and colour.
#[derive(Clone, Copy)]
pub struct Who<'a> {
    /// In the CSV and NPZ.
    pub name: &'a str,
    /// Colour.
    pub tone: Tone,
    /// Where they are.
    pub frames: &'a Frames,
}

impl Who<'_> {
    /// Adds the particles at `t` to a panel of about `cm` centimetres, fainter behind `ways` of
    /// the first of them.
    pub fn add(self, panel: Panel, t: f32, cm: f64, ways: usize) -> Panel {
        let Self { name, tone, frames } = self;
        let at = (0..frames.n).map(|i| position(frames, t, i)).collect();
        let (form, alpha) = Form::cloud(at, cm);
        let quiet = if ways > 0 { 0.45 } else { 1.0 };
        let panel = panel.with(name, tone, alpha * quiet, form);
        if ways == 0 {
            return panel;
        }
        self.add_ways(panel, t, cm, ways)
    }

    /// Adds the ways of the first particles up to `t`, with their heads.
    pub fn add_ways(self, panel: Panel, t: f32, cm: f64, count: usize) -> Panel {
        let Self { name, tone, frames } = self;
        let count = frames.n.min(count);
        let size = (cm as f32 / 8.5).clamp(0.6, 1.0);
        let lines = (0..count).map(|i| way(frames, t, i)).collect();
        let heads = (0..count).map(|i| position(frames, t, i)).collect();
        let heads = Form::Points {
            at: heads,
            radius: 1.1 * size,
        };
        let form = Form::lines(lines, WAY * size, false);
        panel.with(format!("{name} ways"), tone, 0.8, form).with(
            format!("{name} heads"),
            tone,
            1.0,
            heads,
        )
    }
}

/// Where a particle is at a time.
pub fn position(frames: &Frames, t: f32, i: usize) -> [f32; 2] {
    let place = frames.locate(t);
    let at = |frame: usize, k: usize| {
        let index = 2 * (frame * frames.n + i) + k;
        frames.points.get(index).copied().unwrap_or(f32::NAN)
    };
    [0, 1].map(|k| match place.weight {
        0.0 => at(place.a, k),
        w => (1.0 - w) * at(place.a, k) + w * at(place.b, k),
    })
}

/// The way of a particle up to a time.
pub fn way(frames: &Frames, t: f32, i: usize) -> Vec<[f32; 2]> {
    let before = frames.times.iter().filter(|time| **time < t);
    let mut way: Vec<_> = before.map(|time| position(frames, *time, i)).collect();
    way.push(position(frames, t, i));
    way
}

/// Arrows in the middle of their places, `per_speed` long and at most `longest`, in units of the
/// plane.
pub fn arrows(arrows: &Arrows, per_speed: f32, longest: f32, width: f32) -> Form {
    let (mut at, mut vectors) = (Vec::new(), Vec::new());
    for arrow in arrows.data.as_chunks::<4>().0 {
        let [x, y, u, v] = *arrow;
        let length = (per_speed * u).hypot(per_speed * v);
        if !length.is_finite() || length == 0.0 {
            continue;
        }
        let factor = per_speed * (longest / length).min(1.0);
        let vector = [factor * u, factor * v];
        at.push([x - 0.5 * vector[0], y - 0.5 * vector[1]]);
        vectors.push(vector);
    }
    Form::Arrows { at, vectors, width }
}

/// A map of the plane, with its bar.
pub fn heat(panel: Panel, name: &str, map: &HeatMap, scale: Scale, label: &str) -> Panel {
    let (range, colours) = match scale {
        Scale::Sequential(top) => ([0.0, f64::from(top)], Map::Sequential),
        Scale::Diverging(top) => ([-f64::from(top), f64::from(top)], Map::Diverging),
    };
    let form = Form::heat(&map.values, map.side, range, colours);
    panel.heat(name, form, label)
}

/// Lines with small heads in their middle, for streamlines.
pub fn streamlines(panel: Panel, lines: &[Vec<[f32; 2]>], tone: Tone, alpha: f32) -> Panel {
    let (mut at, mut vectors) = (Vec::new(), Vec::new());
    for line in lines {
        let middle = line.len() / 2;
        if let Some(before) = middle.checked_sub(2) {
            let (tail, tip) = (line[before], line[middle]);
            at.push(tail);
            vectors.push([tip[0] - tail[0], tip[1] - tail[1]]);
        }
    }
    let heads = Form::Arrows {
        at,
        vectors,
        width: 0.7,
    };
    panel
        .with(
            "streamlines",
            tone,
            alpha,
            Form::lines(lines.to_vec(), 0.6, false),
        )
        .with("streamline heads", tone, alpha, heads)
}

/// A circle as a closed line.
pub fn ring(middle: [f64; 2], radius: f64) -> Vec<[f32; 2]> {
    let at = |i: usize| {
        let (sin, cos) = (std::f64::consts::TAU * i as f64 / 24.0).sin_cos();
        [middle[0] + radius * cos, middle[1] + radius * sin].map(|v| v as f32)
    };
    (0..=24).map(at).collect()
}

/// Digits in rows.
pub fn digits(pictures: &Pictures, columns: usize) -> Panel {
    Panel::images(pictures.grey.to_vec(), [SIDE, SIDE], columns)
}

/// Frames around some of the digits of such a panel.
pub fn framed(panel: Panel, indices: &[usize], columns: usize, tone: Tone) -> Panel {
    let frames = indices
        .iter()
        .map(|i| panel.around_image(*i, [SIDE, SIDE], columns));
    let form = Form::lines(frames.collect(), 1.0, false);
    panel.with("framed", tone, 1.0, form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_stand_between_their_frames_and_ways_end_at_them() {
        let points = [0.0, 0.0, 1.0, 2.0];
        let frames = Frames::new([0.0, 1.0].into(), points.into(), 1);
        assert_eq!(position(&frames, 0.25, 0), [0.25, 0.5]);
        assert_eq!(way(&frames, 0.25, 0), [[0.0, 0.0], [0.25, 0.5]]);
        assert_eq!(position(&frames, 1.0, 0), [1.0, 2.0]);
        let who = Who {
            name: "one",
            tone: Tone::Model,
            frames: &frames,
        };
        let panel = who.add(Panel::square(3.0), 0.5, 8.0, 1);
        let names: Vec<&str> = panel.marks.iter().map(|mark| &mark.name[..]).collect();
        assert_eq!(names, ["one", "one ways", "one heads"]);
    }

    #[test]
    fn arrows_stand_in_the_middle_and_have_a_longest() {
        let data = [
            0.0,
            0.0,
            3.0,
            4.0,
            1.0,
            1.0,
            f32::NAN,
            0.0,
            2.0,
            0.0,
            0.1,
            0.0,
        ];
        let Form::Arrows { at, vectors, .. } = arrows(&Arrows::new(data.into()), 1.0, 2.5, 1.0)
        else {
            panic!("arrows are arrows");
        };
        assert_eq!(vectors, [[1.5, 2.0], [0.1, 0.0]]);
        assert_eq!(at[0], [-0.75, -1.0]);
    }
}
