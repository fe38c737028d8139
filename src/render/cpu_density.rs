//! The density layer by plain code: for adapters that are a CPU anyway, and for those without
//! storage buffers.
//!
//! Particles are counted in texels and the counts smoothed along both axes, so a million of them
//! cost some milliseconds, where a software rasteriser would spend a second on their kernels.

use egui::ColorImage;

use super::density::{DensityStyle, Ramp, grid_of};
use super::frames::{Frames, View2d};
use super::uniforms::Placement;

/// The density of the particles at `t`, as [`super::density`] draws it, in an image that covers
/// `view` and is stretched to `size_px`: it is as coarse as the kernel allows.
///
/// Particles that are not finite are left out, and so are positions that only the GPU has.
pub fn cpu_density(
    frames: &Frames,
    t: f32,
    view: View2d,
    size_px: [usize; 2],
    style: &DensityStyle,
) -> ColorImage {
    let size = size_px.map(|side| side.max(1) as f32);
    let (size, kernel) = grid_of(size, style.kernel_px);
    let [width, height] = size.map(|side| side as usize);
    let shown = frames.n.min(style.count);
    let usable = frames.is_valid() && view.is_valid() && style.top > 0.0 && shown > 0;
    if !usable || frames.points.is_empty() {
        return ColorImage::from_rgba_premultiplied([1, 1], &[0; 4]);
    }
    let placement = Placement::covering(&view, size);
    let mut sums = vec![0.0; width * height];
    count(frames, t, shown, &placement, &mut sums);
    smooth(&mut sums, width, kernel);
    let [unit_x, unit_y] = [0, 1].map(|i| placement.ndc_per_px[i] / placement.scale[i]);
    let per_sum = 1.0 / (unit_x * unit_y * shown as f32 * style.top);
    let mut pixels = Vec::with_capacity(4 * sums.len());
    for sum in sums {
        pixels.extend(color(style.ramp, (sum * per_sum).min(1.0)));
    }
    ColorImage::from_rgba_premultiplied([width, height], &pixels)
}

/// Counts particles in the texels they lie in.
fn count(frames: &Frames, t: f32, shown: usize, place: &Placement, sums: &mut [f32]) {
    let at = frames.locate(t);
    let frame = |frame: usize| &frames.points[2 * frame * frames.n..][..2 * shown];
    let (a, b) = (frame(at.a), frame(at.b));
    let [width, height] = place.size_px;
    let scale = [place.scale[0] * 0.5 * width, place.scale[1] * -0.5 * height];
    let offset = [
        (1.0 + place.offset[0]) * 0.5 * width,
        (1.0 - place.offset[1]) * 0.5 * height,
    ];
    let (weight, rest) = (at.weight, 1.0 - at.weight);
    for i in 0..shown {
        let x = (a[2 * i] * rest + b[2 * i] * weight) * scale[0] + offset[0];
        let y = (a[2 * i + 1] * rest + b[2 * i + 1] * weight) * scale[1] + offset[1];
        // NaN fails every comparison.
        if x >= 0.0 && x < width && y >= 0.0 && y < height {
            sums[y as usize * width as usize + x as usize] += 1.0;
        }
    }
}

/// Convolves rows, then columns, with a Gaussian of this standard deviation in texels, cut at
/// three of them and of sum 1.
fn smooth(sums: &mut [f32], width: usize, kernel: f32) {
    // A texel's own square adds a variance of 1/12.
    let variance = (kernel * kernel - 1.0 / 12.0).max(0.1);
    let reach = (3.0 * kernel).ceil() as usize;
    let mut taps: Vec<f32> = (0..=reach)
        .map(|i| (-0.5 * (i * i) as f32 / variance).exp())
        .collect();
    let total = taps[0] + 2.0 * taps[1..].iter().sum::<f32>();
    taps.iter_mut().for_each(|tap| *tap /= total);
    let height = sums.len() / width;
    let mut rows = vec![0.0; sums.len()];
    for (row, out) in sums.chunks_exact(width).zip(rows.chunks_exact_mut(width)) {
        add_shifted(out, row, taps[0]);
        for (shift, &tap) in taps
            .iter()
            .enumerate()
            .skip(1)
            .take(width.saturating_sub(1))
        {
            add_shifted(&mut out[shift..], &row[..width - shift], tap);
            add_shifted(&mut out[..width - shift], &row[shift..], tap);
        }
    }
    sums.fill(0.0);
    for (y, row) in rows.chunks_exact(width).enumerate() {
        add_shifted(&mut sums[y * width..][..width], row, taps[0]);
        for (shift, &tap) in taps.iter().enumerate().skip(1) {
            if y >= shift {
                add_shifted(&mut sums[(y - shift) * width..][..width], row, tap);
            }
            if y + shift < height {
                add_shifted(&mut sums[(y + shift) * width..][..width], row, tap);
            }
        }
    }
}

/// `out += factor * values`.
fn add_shifted(out: &mut [f32], values: &[f32], factor: f32) {
    let n = out.len().min(values.len());
    let (out, values) = (&mut out[..n], &values[..n]);
    for i in 0..n {
        out[i] += factor * values[i];
    }
}

/// A premultiplied colour for a density between 0 and 1 of the top.
fn color(ramp: Ramp, value: f32) -> [u8; 4] {
    match ramp {
        Ramp::Tint(color) => (color.to_array()).map(|c| (f32::from(c) * value + 0.5) as u8),
        Ramp::Viridis { alpha, fade } => {
            let faded = if fade > 0.0 {
                (value / fade).min(1.0)
            } else {
                1.0
            };
            let alpha = alpha.clamp(0.0, 1.0) * faded;
            let at = colorous::VIRIDIS.eval_continuous(f64::from(value));
            let [r, g, b] = [at.r, at.g, at.b].map(|c| (f32::from(c) * alpha + 0.5) as u8);
            [r, g, b, (255.0 * alpha + 0.5) as u8]
        }
    }
}
