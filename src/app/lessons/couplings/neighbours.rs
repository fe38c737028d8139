//! The nearest point of another group, by buckets of a grid.

/// Points of the plane sorted into square buckets.
pub struct Buckets<'a> {
    points: &'a [[f64; 2]],
    /// Group of each point.
    group: &'a [u32],
    lo: [f64; 2],
    side: f64,
    size: [usize; 2],
    /// Where each bucket's points begin in `order`; one more at the end.
    start: Vec<usize>,
    order: Vec<usize>,
}

impl<'a> Buckets<'a> {
    /// Sorts points that belong to groups, about two into each bucket where they lie evenly.
    pub fn new(points: &'a [[f64; 2]], group: &'a [u32]) -> Self {
        let (mut lo, mut hi) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for x in points {
            for i in 0..2 {
                lo[i] = lo[i].min(x[i]);
                hi[i] = hi[i].max(x[i]);
            }
        }
        let span = [0, 1].map(|i| (hi[i] - lo[i]).max(1e-9));
        let side = (2.0 * span[0] * span[1] / points.len().max(1) as f64).sqrt();
        let size = span.map(|s| (s / side) as usize + 1);
        let mut buckets = Self {
            points,
            group,
            lo,
            side,
            size,
            start: vec![0; size[0] * size[1] + 1],
            order: vec![0; points.len()],
        };
        let home: Vec<usize> = points.iter().map(|x| buckets.home(*x)).collect();
        for &bucket in &home {
            buckets.start[bucket + 1] += 1;
        }
        for bucket in 1..buckets.start.len() {
            buckets.start[bucket] += buckets.start[bucket - 1];
        }
        let mut next = buckets.start.clone();
        for (point, &bucket) in home.iter().enumerate() {
            buckets.order[next[bucket]] = point;
            next[bucket] += 1;
        }
        buckets
    }

    fn cell(&self, x: [f64; 2]) -> [usize; 2] {
        [0, 1].map(|i| (((x[i] - self.lo[i]) / self.side) as usize).min(self.size[i] - 1))
    }

    fn home(&self, x: [f64; 2]) -> usize {
        let [i, j] = self.cell(x);
        j * self.size[0] + i
    }

    /// The point nearest to point `of` among those of other groups; none where there is none.
    pub fn nearest_of_another_group(&self, of: usize) -> Option<usize> {
        let (x, group) = (self.points[of], self.group[of]);
        let [ci, cj] = self.cell(x);
        let mut best = (f64::INFINITY, None);
        for ring in 0..self.size[0].max(self.size[1]) {
            // Nothing in this ring or beyond is nearer than the ring's inner edge.
            let inner = (ring as f64 - 1.0).max(0.0) * self.side;
            if inner * inner > best.0 {
                break;
            }
            let rows = cj.saturating_sub(ring)..=(cj + ring).min(self.size[1] - 1);
            for j in rows {
                let edge = j.abs_diff(cj) == ring;
                let step = if edge || ring == 0 { 1 } else { 2 * ring };
                let mut i = ci as isize - ring as isize;
                while i <= (ci + ring) as isize {
                    if i >= 0 && (i as usize) < self.size[0] {
                        self.search(j * self.size[0] + i as usize, x, group, &mut best);
                    }
                    i += step as isize;
                }
            }
        }
        best.1
    }

    fn search(&self, bucket: usize, x: [f64; 2], group: u32, best: &mut (f64, Option<usize>)) {
        for &other in &self.order[self.start[bucket]..self.start[bucket + 1]] {
            if self.group[other] == group {
                continue;
            }
            let y = self.points[other];
            let d = (x[0] - y[0]).powi(2) + (x[1] - y[1]).powi(2);
            if d < best.0 {
                *best = (d, Some(other));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn buckets_find_what_a_look_at_all_points_finds() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for n in [2, 3, 40, 700] {
            let points: Vec<[f64; 2]> = (0..n)
                .map(|_| [0, 1].map(|_| rng.random::<f64>().powi(3)))
                .collect();
            let group: Vec<u32> = (0..n).map(|i| (i % 5 / 2) as u32).collect();
            let buckets = Buckets::new(&points, &group);
            for i in 0..n {
                let distance =
                    |j: usize| (points[i][0] - points[j][0]).hypot(points[i][1] - points[j][1]);
                let others = (0..n).filter(|j| group[*j] != group[i]);
                let nearest = others.map(distance).fold(f64::INFINITY, f64::min);
                match buckets.nearest_of_another_group(i) {
                    Some(found) => assert_eq!(distance(found), nearest),
                    None => assert!(nearest.is_infinite()),
                }
            }
        }
    }
}
