//! Particles at the right place, size and colour.

use egui::{Color32, Rect, pos2};

use super::*;

#[test]
fn a_particle_moves_between_its_frames() {
    let Some(gpu) = test_device() else { return };
    let path = frames(&[0.0, 0.5, 1.0], &[-0.8, 0.6, 0.0, 0.0, 0.3, -0.9], 1);
    let cases = [
        (-1.0, [-0.8, 0.6]),
        (0.0, [-0.8, 0.6]),
        (0.25, [-0.4, 0.3]),
        (0.5, [0.0, 0.0]),
        (0.9, [0.24, -0.72]),
        (1.0, [0.3, -0.9]),
        (7.0, [0.3, -0.9]),
    ];
    for (t, [x, y]) in cases {
        for software in [false, true] {
            gpu.set_software(software);
            let picture = gpu.draw(SIZE, vec![disc(&path, t, 3.0)]);
            // 40 pixels are one unit, y points up.
            assert_near(picture.centroid(), [60.0 + 40.0 * x, 40.0 - 40.0 * y], 0.06);
        }
    }
}

#[test]
fn a_disc_has_its_area_at_any_radius() {
    let Some(gpu) = test_device() else { return };
    for radius in [0.25f32, 0.7, 1.5, 4.0, 10.0] {
        let picture = gpu.draw(SIZE, vec![disc(&one([0.013, 0.021]), 0.0, radius)]);
        let area = std::f32::consts::PI * radius * radius;
        let ratio = picture.mass() / area;
        // Below a pixel the soft edge makes up much of the disc.
        let tolerance = if radius < 1.0 { 0.4 } else { 0.06 };
        assert!((ratio - 1.0).abs() < tolerance, "radius {radius}: {ratio}");
        let [x, y] = picture.centroid();
        assert_near([x, y], [60.52, 39.16], 0.15);
    }
}

#[test]
fn the_layer_stays_aligned_on_scaled_and_cut_rectangles() {
    let Some(gpu) = test_device() else { return };
    let per_point = 1.5;
    let rect = Rect::from_min_max(pos2(-17.3, 11.2), pos2(60.1, 70.9));
    let view = View2d::from_min_max([-3.0, 2.0], [5.0, 9.0]);
    for point in [[0.5, 5.0], [3.0, 8.2], [-0.3, 6.5]] {
        let style = ParticleStyle::new(3.0, Color32::WHITE);
        let shape = particles(rect, view, &one(point), 0.0, style);
        let expected = view.to_screen(rect, point);
        let expected = [expected.x * per_point, expected.y * per_point];
        for software in [false, true] {
            gpu.set_software(software);
            let picture = gpu.draw_scaled(SIZE, per_point, vec![shape.clone()]);
            assert_near(picture.centroid(), expected, 0.06);
        }
        assert_near(
            view.from_screen(rect, view.to_screen(rect, point)),
            point,
            1e-5,
        );
    }
}

#[test]
fn labels_colour_and_count_limits() {
    let Some(gpu) = test_device() else { return };
    let row = Frames::still([-1.0, 0.0, 0.0, 0.0, 1.0, 0.0].into());
    let palette = [Color32::RED, Color32::BLUE];
    let style = ParticleStyle {
        count: 2,
        labels: Some(Labels::new([1, 2, 0].into(), palette.into())),
        ..ParticleStyle::new(4.0, Color32::WHITE)
    };
    let shape = particles(screen(), view(), &row, 0.0, style);
    let picture = gpu.draw(SIZE, vec![shape]);
    assert_eq!(picture.at(20, 40), [0, 0, 255, 255]);
    assert_eq!(picture.at(60, 40), [255, 0, 0, 255]);
    assert_eq!(picture.at(100, 40), [0; 4]);
}

#[test]
fn an_srgb_target_shows_the_same_colours() {
    let Some(mut gpu) = test_device() else { return };
    gpu.retarget(wgpu::TextureFormat::Rgba8UnormSrgb);
    let color = Color32::GRAY;
    let style = ParticleStyle::new(4.0, color);
    let shape = particles(screen(), view(), &one([0.0, 0.0]), 0.0, style);
    assert_eq!(gpu.draw(SIZE, vec![shape]).at(60, 40), color.to_array());
}

#[test]
fn plain_code_draws_what_the_gpu_draws() {
    let Some(gpu) = test_device() else { return };
    // A crowd that overlaps, leaves the screen and is partly not finite.
    let mut state = 7u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let n = 700;
    let mut points: Vec<f32> = (0..4 * n).map(|_| 4.0 * random() - 2.0).collect();
    points[10] = f32::NAN;
    points[2 * n + 31] = f32::INFINITY;
    let crowd = frames(&[0.0, 1.0], &points, n);
    let index: Vec<u32> = (0..n as u32).collect();
    let palette = [Color32::RED, Color32::GREEN, Color32::LIGHT_BLUE];
    let palette = palette.map(|color| color.gamma_multiply(0.6));
    let labels = Labels::new(index.into(), palette.into());
    for (radius_px, labels) in [(0.3, None), (1.5, None), (3.2, Some(labels)), (9.0, None)] {
        let style = ParticleStyle {
            labels,
            ..ParticleStyle::new(radius_px, Color32::WHITE.gamma_multiply(0.5))
        };
        let shape = particles(screen(), view(), &crowd, 0.4, style);
        let [one, other] = [false, true].map(|software| {
            gpu.set_software(software);
            gpu.draw(SIZE, vec![shape.clone()])
        });
        assert!(one.mass() > 50.0);
        let pairs = one
            .pixels
            .as_flattened()
            .iter()
            .zip(other.pixels.as_flattened());
        let off: Vec<_> = pairs.map(|(a, b)| a.abs_diff(*b)).collect();
        let mean = off.iter().map(|d| f32::from(*d)).sum::<f32>() / off.len() as f32;
        let most = off.iter().max().copied().unwrap_or(0);
        assert!(
            most <= 12 && mean < 1.5,
            "radius {radius_px}: {most} {mean}"
        );
    }
}
