//! Evenly spread streamlines of a field that is known on a grid (after Jobard and Lefer 1997).

/// Velocities on a square grid over [−extent, extent]², between which lines are drawn.
pub struct Sampled<'a> {
    /// Values along one side, at the middles of cells.
    pub side: usize,
    /// `[side, side, 2]`, rows from the bottom.
    pub velocity: &'a [f32],
    /// Half of the side of the square.
    pub extent: f32,
}

impl Sampled<'_> {
    /// The bilinear velocity at a point; none outside the square.
    pub fn at(&self, x: [f32; 2]) -> Option<[f32; 2]> {
        let n = self.side as f32;
        if x.iter().any(|v| v.is_nan() || v.abs() > self.extent) {
            return None;
        }
        let place = x.map(|v| ((v / self.extent + 1.0) * 0.5 * n - 0.5).clamp(0.0, n - 1.0));
        let low = place.map(|v| (v as usize).min(self.side.saturating_sub(2)));
        let share = [0, 1].map(|i| place[i] - low[i] as f32);
        let get = |dx: usize, dy: usize, axis: usize| {
            let [column, row] = [low[0] + dx, low[1] + dy].map(|v| v.min(self.side - 1));
            self.velocity[2 * (row * self.side + column) + axis]
        };
        let v = [0, 1].map(|axis| {
            let below = get(0, 0, axis) + share[0] * (get(1, 0, axis) - get(0, 0, axis));
            let above = get(0, 1, axis) + share[0] * (get(1, 1, axis) - get(0, 1, axis));
            below + share[1] * (above - below)
        });
        v.iter().all(|v| v.is_finite()).then_some(v)
    }

    /// The unit direction at a point; none where the field stands still or ends.
    fn direction(&self, x: [f32; 2]) -> Option<[f32; 2]> {
        let v = self.at(x)?;
        let speed = v[0].hypot(v[1]);
        (speed > 1e-6).then(|| v.map(|v| v / speed))
    }
}

/// Lines that stay about `apart` from one another, each a list of points along the flow.
pub fn streamlines(field: &Sampled<'_>, apart: f32) -> Vec<Vec<[f32; 2]>> {
    let mut lines = Lines::new(field.extent, apart);
    // A coarse lattice first, a finer one for the gaps.
    for spacing in [2.0 * apart, apart] {
        let count = (2.0 * field.extent / spacing) as usize;
        let at = |i: usize| (i as f32 + 0.5) * 2.0 * field.extent / count as f32 - field.extent;
        for seed in 0..count * count {
            lines.grow(field, [at(seed % count), at(seed / count)]);
        }
    }
    lines.done
}

struct Lines {
    done: Vec<Vec<[f32; 2]>>,
    /// Points of all lines, by cells of side `apart`.
    cells: Vec<Vec<[f32; 2]>>,
    across: usize,
    extent: f32,
    apart: f32,
}

impl Lines {
    fn new(extent: f32, apart: f32) -> Self {
        let across = (2.0 * extent / apart).ceil().max(1.0) as usize;
        Self {
            done: Vec::new(),
            cells: vec![Vec::new(); across * across],
            across,
            extent,
            apart,
        }
    }

    fn cell(&self, x: [f32; 2]) -> [usize; 2] {
        x.map(|v| (((v + self.extent) / self.apart) as usize).min(self.across - 1))
    }

    /// Whether another line comes closer than `distance`, which is at most `apart`.
    fn is_near(&self, x: [f32; 2], distance: f32) -> bool {
        let [column, row] = self.cell(x);
        let around = |v: usize| v.saturating_sub(1)..=(v + 1).min(self.across - 1);
        around(row).any(|row| {
            around(column).any(|column| {
                let points = &self.cells[row * self.across + column];
                points
                    .iter()
                    .any(|p| (p[0] - x[0]).hypot(p[1] - x[1]) < distance)
            })
        })
    }

    /// Draws the line through a seed, unless it would be short or too near to others.
    fn grow(&mut self, field: &Sampled<'_>, seed: [f32; 2]) {
        if self.is_near(seed, self.apart) {
            return;
        }
        let mut line = self.walk(field, seed, -1.0);
        line.reverse();
        line.push(seed);
        line.extend(self.walk(field, seed, 1.0));
        let length = STEP * self.apart * (line.len() - 1) as f32;
        if length < 1.6 * self.apart {
            return;
        }
        for &point in &line {
            let [column, row] = self.cell(point);
            self.cells[row * self.across + column].push(point);
        }
        self.done.push(line);
    }

    /// Points from the seed, forwards or backwards, up to the edge, a standstill, another line
    /// or itself.
    fn walk(&self, field: &Sampled<'_>, seed: [f32; 2], sign: f32) -> Vec<[f32; 2]> {
        let h = sign * STEP * self.apart;
        let longest = (6.0 * self.extent / (STEP * self.apart)) as usize;
        let mut line: Vec<[f32; 2]> = Vec::new();
        let mut x = seed;
        while line.len() < longest {
            let Some(d) = field.direction(x) else {
                break;
            };
            let middle = [0, 1].map(|i| x[i] + 0.5 * h * d[i]);
            let Some(m) = field.direction(middle) else {
                break;
            };
            // Where the field turns back within a step there is a line of rest or a sink.
            if d[0] * m[0] + d[1] * m[1] < 0.3 {
                break;
            }
            let next = [0, 1].map(|i| x[i] + h * m[i]);
            if field.at(next).is_none() || self.is_near(next, 0.55 * self.apart) {
                break;
            }
            // Around in a circle: near the seed again after having left it.
            let back = (next[0] - seed[0]).hypot(next[1] - seed[1]) < 0.5 * h.abs();
            if back && line.len() > 8 {
                break;
            }
            line.push(next);
            x = next;
        }
        line
    }
}

/// Length of a step in units of the distance between lines.
const STEP: f32 = 0.2;

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 64;

    /// A field on the grid, from its formula.
    fn on_grid(field: impl Fn([f32; 2]) -> [f32; 2], extent: f32) -> Vec<f32> {
        let at = |i: usize| ((i as f32 + 0.5) / SIDE as f32 * 2.0 - 1.0) * extent;
        (0..SIDE * SIDE)
            .flat_map(|i| field([at(i % SIDE), at(i / SIDE)]))
            .collect()
    }

    #[test]
    fn lines_stay_tangent_to_the_field() {
        for swirl in [0.0, 0.8] {
            let field = |x: [f32; 2]| [1.0 + swirl * x[1], 0.5 - swirl * x[0]];
            let velocity = on_grid(field, 3.0);
            let sampled = Sampled {
                side: SIDE,
                velocity: &velocity,
                extent: 3.0,
            };
            let lines = streamlines(&sampled, 0.4);
            assert!(lines.len() > 5);
            for line in &lines {
                for pair in line.windows(2) {
                    let along = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
                    let v = field([0, 1].map(|i| 0.5 * (pair[0][i] + pair[1][i])));
                    let lengths = along[0].hypot(along[1]) * v[0].hypot(v[1]);
                    let cosine = (along[0] * v[0] + along[1] * v[1]) / lengths;
                    // Around the centre of the swirl a step turns by a visible angle.
                    let least = if v[0].hypot(v[1]) < 0.3 { 0.9 } else { 0.995 };
                    assert!(cosine > least, "{pair:?} {v:?}: {cosine}");
                }
            }
        }
    }

    #[test]
    fn lines_keep_their_distance_and_leave_no_large_gap() {
        let velocity = on_grid(|_| [1.0, 0.3], 2.0);
        let sampled = Sampled {
            side: SIDE,
            velocity: &velocity,
            extent: 2.0,
        };
        let lines = streamlines(&sampled, 0.3);
        let distance = |a: &[f32; 2], b: &[f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        for (i, a) in lines.iter().enumerate() {
            for b in &lines[..i] {
                let nearest = a.iter().flat_map(|p| b.iter().map(move |q| distance(p, q)));
                let nearest = nearest.fold(f32::INFINITY, f32::min);
                assert!(nearest > 0.15, "{nearest}");
            }
        }
        for probe in [[0.0, 0.0], [1.2, -1.2], [-1.0, 1.4]] {
            let nearest = lines.iter().flatten().map(|p| distance(p, &probe));
            let nearest = nearest.fold(f32::INFINITY, f32::min);
            assert!(nearest < 0.45, "{probe:?} {nearest}");
        }
    }

    #[test]
    fn a_field_at_rest_has_no_lines() {
        let velocity = vec![0.0; 2 * SIDE * SIDE];
        let sampled = Sampled {
            side: SIDE,
            velocity: &velocity,
            extent: 1.0,
        };
        assert!(streamlines(&sampled, 0.2).is_empty());
    }
}
