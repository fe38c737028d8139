//! Discs as small pictures, made once for each place within a pixel where a centre can be.

use egui::Color32;

/// Places of a centre within a pixel, along each axis. A disc is off by half of one at most, a
/// sixty-fourth of a pixel, which changes a pixel of its rim by six levels of 255 at most.
const PLACES: i32 = 32;

/// Pixels that are blended at a time: as many bytes as a vector register has everywhere.
const GROUP: usize = 4;

/// Marks a picture that was not made yet.
const NONE: u32 = u32::MAX;

/// Neighbouring premultiplied pixels, and how much of each byte below shows through, of 255.
#[derive(Clone, Copy)]
struct Cells {
    over: [u8; 4 * GROUP],
    through: [u8; 4 * GROUP],
}

const CLEAR: Cells = Cells {
    over: [0; 4 * GROUP],
    through: [255; 4 * GROUP],
};

/// The discs of one radius in a few colours, each made when it is first drawn and kept until
/// another radius or other colours are asked for.
#[derive(Default)]
pub struct Stamps {
    radius: f32,
    colors: Vec<Color32>,
    /// Pixels of a disc along each axis, and groups of pixels in a row.
    side: usize,
    groups: usize,
    /// Where the cells of `[colour, place y, place x]` begin, in discs.
    index: Vec<u32>,
    /// `[disc, row, group]`.
    cells: Vec<Cells>,
}

impl Stamps {
    /// Begins discs of `radius` pixels with a soft edge of one pixel.
    pub fn begin(&mut self, radius: f32, colors: &[Color32]) {
        if self.radius == radius && self.colors == colors && self.side > 0 {
            return;
        }
        self.radius = radius;
        self.colors = colors.to_vec();
        // The middles of so many pixels on either side of the centre's own can be within reach.
        self.side = 2 * ((radius + 1.0).ceil() as usize - 1) + 1;
        self.groups = self.side.div_ceil(GROUP);
        self.cells.clear();
        self.index.clear();
        self.index
            .resize(colors.len() * (PLACES * PLACES) as usize, NONE);
    }

    /// Draws a disc of one of the colours over `pixels`, rows of `width`; what lies outside is
    /// cut off.
    pub fn draw(&mut self, pixels: &mut [[u8; 4]], width: usize, center: [f32; 2], color: usize) {
        // `as` saturates: a hidden particle stays far outside.
        let fine = center.map(|x| (x * PLACES as f32 + 0.5).floor() as i32);
        let half = (self.side / 2) as i32;
        let [left, top] = fine.map(|x| x.div_euclid(PLACES) - half);
        let rows = visible(top, self.side, pixels.len() / width);
        let columns = visible(left, self.side, width);
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let groups = self.groups;
        let skipped = (rows.start as i32 - top) as usize;
        let stamp = &self.stamp(color, fine.map(|x| x.rem_euclid(PLACES)))[skipped * groups..];
        let whole = left >= 0 && left as usize + GROUP * groups <= width;
        for (row, line) in rows.zip(stamp.chunks_exact(groups)) {
            let below = &mut pixels[row * width..][..width];
            if whole {
                let below = below[left as usize..][..GROUP * groups].as_flattened_mut();
                for (below, cells) in below.as_chunks_mut().0.iter_mut().zip(line) {
                    blend(below, &cells.over, &cells.through);
                }
                continue;
            }
            for column in columns.clone() {
                let at = (column as i32 - left) as usize;
                let (cells, first) = (&line[at / GROUP], 4 * (at % GROUP));
                let part = |bytes: &[u8; 4 * GROUP]| std::array::from_fn(|i| bytes[first + i]);
                blend(
                    &mut below[column],
                    &part(&cells.over),
                    &part(&cells.through),
                );
            }
        }
    }

    fn stamp(&mut self, color: usize, place: [i32; 2]) -> &[Cells] {
        let [x, y] = place.map(|place| place as usize);
        let places = PLACES as usize;
        let area = self.side * self.groups;
        let slot = (color * places + y) * places + x;
        if self.index[slot] == NONE {
            self.index[slot] = (self.cells.len() / area) as u32;
            self.make(color, place.map(|place| place as f32 / PLACES as f32));
        }
        &self.cells[self.index[slot] as usize * area..][..area]
    }

    #[cold]
    fn make(&mut self, color: usize, [x, y]: [f32; 2]) {
        let first = self.cells.len();
        let added = first + self.side * self.groups;
        self.cells.resize(added, CLEAR);
        let middle = (self.side / 2) as f32 - 0.5;
        for (row, line) in self.cells[first..]
            .chunks_exact_mut(self.groups)
            .enumerate()
        {
            for column in 0..self.side {
                let distance = f32::hypot(column as f32 - middle - x, row as f32 - middle - y);
                let cover = (self.radius + 0.5 - distance).clamp(0.0, 1.0);
                let [r, g, b, a] = self.colors[color].to_array();
                let pixel = [r, g, b, a].map(|c| (f32::from(c) * cover).round() as u8);
                let (cells, first) = (&mut line[column / GROUP], 4 * (column % GROUP));
                cells.over[first..first + 4].copy_from_slice(&pixel);
                cells.through[first..first + 4].fill(255 - pixel[3]);
            }
        }
    }
}

/// Premultiplied bytes over others, `over + below · through / 255`, rounded; egui's additive
/// colours saturate. Written so that a compiler does all bytes at once.
fn blend<const N: usize>(below: &mut [u8; N], over: &[u8; N], through: &[u8; N]) {
    for ((below, over), through) in below.iter_mut().zip(over).zip(through) {
        let product = u16::from(*below) * u16::from(*through) + 128;
        let shown = (product + (product >> 8)) >> 8;
        *below = over.saturating_add(shown as u8);
    }
}

/// The pixels of `0..limit` among `side` from `low` on.
fn visible(low: i32, side: usize, limit: usize) -> std::ops::Range<usize> {
    let limit = limit as i32;
    let end = low.saturating_add(side as i32).clamp(0, limit);
    low.clamp(0, limit) as usize..end as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blending_rounds_and_never_overflows() {
        for alpha in 0..=255u8 {
            for below in 0..=255u8 {
                let mut sum = [below];
                blend(&mut sum, &[alpha], &[255 - alpha]);
                let exact = f64::from(alpha) + f64::from(below) * f64::from(255 - alpha) / 255.0;
                assert_eq!(f64::from(sum[0]), exact.round(), "{alpha} over {below}");
            }
        }
        // An additive colour lets all through, and ends at white.
        let mut sum = [200; 4];
        blend(&mut sum, &[100, 20, 0, 0], &[255; 4]);
        assert_eq!(sum, [255, 220, 200, 200]);
    }

    #[test]
    fn a_disc_that_is_cut_off_is_the_rest_of_a_whole_one() {
        let (width, height) = (40, 30);
        let color = [Color32::LIGHT_BLUE.gamma_multiply(0.8)];
        for radius in [0.5, 1.0, 2.3, 6.0] {
            let mut stamps = Stamps::default();
            stamps.begin(radius, &color);
            let mut large = vec![[7; 4]; width * height];
            stamps.draw(&mut large, width, [20.3, 14.6], 0);
            for [dx, dy] in [[0, 0], [17, 3], [21, 12], [24, 17]] {
                // A window on the picture that begins at (dx, dy) and is ten pixels wide.
                let (w, h) = (10, 8);
                let mut small = vec![[7; 4]; w * h];
                let center = [20.3 - dx as f32, 14.6 - dy as f32];
                stamps.draw(&mut small, w, center, 0);
                for (i, pixel) in small.iter().enumerate() {
                    let (x, y) = (dx + i % w, dy + i / w);
                    let whole = large.get(y * width + x).filter(|_| y < height);
                    assert_eq!(Some(pixel), whole, "radius {radius} at {x} {y}");
                }
            }
            let before = large.clone();
            for hidden in [[-1e9, -1e9], [5.0, 1e30], [-9.0, 5.0]] {
                stamps.draw(&mut large, width, hidden, 0);
            }
            assert_eq!(large, before);
        }
    }
}
