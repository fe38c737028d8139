//! The density layer and the fallback without a GPU.

use egui::Color32;

use super::*;

#[test]
fn a_density_integrates_to_one_and_peaks_at_the_particles() {
    let Some(gpu) = test_device() else { return };
    // Three quarters of the particles in one place, one quarter in another.
    let mut points = [-0.7f32, 0.3].repeat(30);
    points.extend([0.6, -0.5].repeat(10));
    let crowd = Frames::still(points.into());
    for (kernel_px, software) in [(1.5, false), (3.0, true), (8.0, false)] {
        gpu.set_software(software);
        let peak = 1600.0 / (std::f32::consts::TAU * kernel_px * kernel_px);
        let style = DensityStyle {
            kernel_px,
            ..tinted(peak)
        };
        let picture = gpu.draw(SIZE, vec![density(screen(), view(), &crowd, 0.0, style)]);
        let mass = picture.mass() * peak / 1600.0;
        assert!((mass - 1.0).abs() < 0.06, "kernel {kernel_px}: {mass}");
        let [left, right] = [picture.alpha(32, 28), picture.alpha(84, 60)];
        let share = kernel_px / 1.25;
        if share > 2.0 {
            assert!((left - 0.75).abs() < 0.05, "{left}");
            assert!((right - 0.25).abs() < 0.03, "{right}");
        }
        assert_near(picture.centroid(), [60.0 - 15.0, 40.0 - 4.0], 0.3);
    }
}

#[test]
fn a_density_of_many_particles_takes_some_of_them() {
    let Some(gpu) = test_device() else { return };
    let crowd = Frames::still([0.25f32, -0.25].repeat(600_000).into());
    let peak = 1600.0 / (std::f32::consts::TAU * 9.0);
    let shape = density(screen(), view(), &crowd, 0.0, tinted(2.0 * peak));
    let middle = gpu.draw(SIZE, vec![shape]).alpha(69, 49);
    // All in one place is the hardest case for half floats: at least it must be bright.
    assert!(middle > 0.003, "{middle}");
}

#[test]
fn viridis_has_its_known_colours() {
    let Some(gpu) = test_device() else { return };
    let ramp = Ramp::Viridis {
        alpha: 1.0,
        fade: 0.0,
    };
    let still = one([0.0, 0.0]);
    let peak = 1600.0 / (std::f32::consts::TAU * 64.0);
    // Level at the centre of the particle → matplotlib's colour.
    for (level, expected) in [
        (0.0, [68, 1, 84]),
        (0.5, [33, 145, 140]),
        (2.0, [253, 231, 37]),
    ] {
        let style = DensityStyle {
            kernel_px: 8.0,
            top: if level > 0.0 { peak / level } else { 1e9 },
            ramp,
            count: usize::MAX,
        };
        let picture = gpu.draw(SIZE, vec![density(screen(), view(), &still, 0.0, style)]);
        let found = picture.at(60, 40);
        for channel in 0..3 {
            let off = i32::from(found[channel]) - expected[channel];
            assert!(off.abs() <= 8, "{level}: {found:?}");
        }
        assert_eq!(found[3], 255);
    }
}

#[test]
fn several_densities_do_not_share_a_texture() {
    let Some(gpu) = test_device() else { return };
    let layer = |x: f32| density(screen(), view(), &one([x, 0.0]), 0.0, tinted(30.0));
    let picture = gpu.draw(SIZE, vec![layer(-1.0), layer(1.0)]);
    let [left, middle, right] = [20, 60, 100].map(|x| picture.alpha(x, 40));
    assert!(left > 0.5 && right > 0.5 && middle < 0.01);
    assert!((left - right).abs() < 0.02, "{left} {right}");
}

#[test]
fn the_cpu_splat_puts_particles_where_the_gpu_does() {
    let path = frames(&[0.0, 1.0], &[-0.8, 0.6, 0.4, -0.2], 1);
    let image = cpu_splat(&path, 0.5, view(), [120, 80], Color32::WHITE);
    let (mut mass, mut center) = (0.0, [0.0; 2]);
    for (i, pixel) in image.pixels.iter().enumerate() {
        let alpha = f32::from(pixel.a()) / 255.0;
        mass += alpha;
        center[0] += alpha * ((i % 120) as f32 + 0.5);
        center[1] += alpha * ((i / 120) as f32 + 0.5);
    }
    // A disc of one pixel's radius.
    assert!((mass - std::f32::consts::PI).abs() < 0.15, "{mass}");
    assert_near(center.map(|c| c / mass), [60.0 - 8.0, 40.0 - 8.0], 0.02);
    let bad = one([f32::NAN, 0.0]);
    let blank = cpu_splat(&bad, 0.0, view(), [9, 9], Color32::WHITE);
    assert!(blank.pixels.iter().all(|p| *p == Color32::TRANSPARENT));
}

#[test]
fn plain_code_sums_the_same_density_as_the_gpu() {
    let Some(gpu) = test_device() else { return };
    // A low-discrepancy crowd in the unit square, twice as dense on the right, and one lost point.
    let mut points: Vec<f32> = (0..20_000u32)
        .flat_map(|i| {
            let [u, v] = [0.754_877_7, 0.569_840_3].map(|step| (f64::from(i) * step).fract());
            let x = if u < 1.0 / 3.0 {
                1.5 * u
            } else {
                0.75 * u + 0.25
            };
            [(2.0 * x - 1.0) as f32 * 0.8, (1.6 * v - 0.8) as f32]
        })
        .collect();
    points[7] = f32::NAN;
    let crowd = Frames::still(points.into());
    let style = DensityStyle {
        kernel_px: 1.5,
        ..tinted(0.8)
    };
    let shape = density(screen(), view(), &crowd, 0.0, style);
    let drawn = gpu.draw(SIZE, vec![shape]);
    let size = SIZE.map(|side| side as usize);
    let image = cpu_density(&crowd, 0.0, view(), size, &style);
    assert_eq!(image.size, size);
    let (mut worst, mut mass) = (0.0_f32, 0.0);
    for (i, pixel) in image.pixels.iter().enumerate() {
        let alpha = f32::from(pixel.a()) / 255.0;
        let [x, y] = [i % size[0], i / size[0]].map(|v| v as u32);
        worst = worst.max((alpha - drawn.alpha(x, y)).abs());
        mass += alpha;
    }
    // Counting in whole texels moves a particle by up to half of one.
    assert!(worst < 0.1, "{worst}");
    // All of the crowd, 1600 pixels to a unit of area; the GPU's half floats lose a little.
    assert!((mass * 0.8 / 1600.0 - 1.0).abs() < 0.005, "{mass}");
    assert!((drawn.mass() / mass - 1.0).abs() < 0.06, "{}", drawn.mass());
}
