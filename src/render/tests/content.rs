//! What is uploaded, kept, refused and left out.

use egui::{Color32, Rect, Shape, pos2};

use super::*;

#[test]
fn what_is_not_finite_is_not_drawn() {
    let Some(gpu) = test_device() else { return };
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e30] {
        for point in [[bad, 0.0], [0.0, bad], [bad, bad]] {
            let line = frames(&[0.0, 1.0], &[0.0, 0.0, point[0], point[1]], 1);
            for software in [false, true] {
                gpu.set_software(software);
                let picture = gpu.draw(SIZE, vec![disc(&one(point), 0.0, 3.0)]);
                assert!(picture.is_blank(), "{point:?}");
                assert!(gpu.draw(SIZE, vec![disc(&line, 0.5, 3.0)]).is_blank());
                // At its own time the first frame is still good.
                assert!(!gpu.draw(SIZE, vec![disc(&line, 0.0, 3.0)]).is_blank());
            }
            assert!(gpu.draw(SIZE, vec![trail(&line, 1.0, 1.0)]).is_blank());
            let arrow = [point[0], point[1], 1.0, 0.0];
            assert!(gpu.draw(SIZE, vec![arrows(&arrow, 20.0, 0.0)]).is_blank());
            let sum = density(screen(), view(), &one(point), 0.0, tinted(1.0));
            assert!(gpu.draw(SIZE, vec![sum]).is_blank());
        }
        let arrow = [0.0, 0.0, bad, 0.0];
        let drawn = gpu.draw(SIZE, vec![arrows(&arrow, 20.0, 0.0)]);
        assert!(drawn.is_blank() || bad.is_finite());
    }
}

#[test]
fn frames_and_labels_of_the_wrong_size_draw_nothing() {
    let Some(gpu) = test_device() else { return };
    let wrong = [
        frames(&[0.0, 1.0], &[0.0, 0.0], 1),
        frames(&[0.0], &[0.0, 0.0, 0.0], 1),
        frames(&[], &[], 1),
        frames(&[0.0], &[], 0),
        frames(&[0.0, 1.0], &[0.0, 0.0], usize::MAX),
    ];
    for bad in wrong {
        let layers = [
            disc(&bad, 0.3, 5.0),
            trail(&bad, 0.3, 1.0),
            density(screen(), view(), &bad, 0.3, tinted(1.0)),
        ];
        assert!(layers.iter().all(|layer| *layer == Shape::Noop));
        let image = cpu_splat(&bad, 0.3, view(), [10, 10], Color32::WHITE);
        assert!(image.pixels.iter().all(|p| *p == Color32::TRANSPARENT));
    }
    assert_eq!(arrows(&[0.0; 6], 20.0, 0.0), Shape::Noop);
    let style = ParticleStyle {
        labels: Some(Labels::new([].into(), [Color32::RED].into())),
        ..ParticleStyle::new(3.0, Color32::WHITE)
    };
    let shape = particles(screen(), view(), &one([0.0, 0.0]), 0.0, style);
    assert_eq!(shape, Shape::Noop);
    let flat = View2d {
        center: [0.0, 0.0],
        half: [1.0, 0.0],
    };
    let style = ParticleStyle::new(3.0, Color32::WHITE);
    let shape = particles(screen(), flat, &one([0.0, 0.0]), 0.0, style);
    assert!(gpu.draw(SIZE, vec![shape]).is_blank());
}

#[test]
fn every_layer_keeps_its_own_uniforms() {
    let Some(gpu) = test_device() else { return };
    // More layers than the uniform buffer has slots at first; one of them off the screen.
    let still = one([0.0, 0.0]);
    let cells: Vec<_> = (0..96).map(|i| (i % 12 * 10, i / 12 * 10)).collect();
    let mut shapes = vec![particles(
        screen().translate(egui::vec2(500.0, 0.0)),
        view(),
        &still,
        0.0,
        ParticleStyle::new(2.0, Color32::WHITE),
    )];
    for (i, &(x, y)) in cells.iter().enumerate() {
        let min = pos2(x as f32, y as f32);
        let rect = Rect::from_min_size(min, egui::vec2(10.0, 10.0));
        let color = [Color32::RED, Color32::GREEN, Color32::BLUE][i % 3];
        let style = ParticleStyle::new(2.0, color);
        shapes.push(particles(rect, view(), &still, 0.0, style));
    }
    for software in [false, false, true, true, false] {
        gpu.set_software(software);
        let picture = gpu.draw(SIZE, shapes.clone());
        for (i, &(x, y)) in cells.iter().enumerate() {
            let mut expected = [0, 0, 0, 255];
            expected[i % 3] = 255;
            assert_eq!(picture.at(x + 5, y + 5), expected, "layer {i}");
        }
    }
}

#[test]
fn memory_stays_flat_while_frames_stream() {
    let Some(gpu) = test_device() else { return };
    let bytes = 1000 * 8;
    for step in 0..50 {
        let fresh = Frames::still([step as f32 / 50.0, 0.0].repeat(1000).into());
        let picture = gpu.draw(SIZE, vec![disc(&fresh, 0.0, 3.0)]);
        // Reused buffers hold the new points.
        assert_near(
            picture.centroid(),
            [60.0 + 40.0 * step as f32 / 50.0, 40.0],
            0.3,
        );
        assert!(stored_bytes(&gpu.state) <= 3 * bytes);
    }
    for _ in 0..10 {
        gpu.draw(SIZE, vec![disc(&one([0.0, 0.0]), 0.0, 3.0)]);
    }
    assert!(stored_bytes(&gpu.state) < bytes);
}

#[test]
fn frames_are_found_by_time_in_either_direction() {
    let points = [0.0; 6];
    let up = frames(&[0.0, 0.5, 1.0], &points, 1);
    let down = frames(&[1.0, 0.5, 0.0], &points, 1);
    for i in 0..=100 {
        let t = i as f32 / 100.0;
        assert!((up.locate(t).position() - 2.0 * t).abs() < 1e-6);
        assert!((down.locate(t).position() - (2.0 - 2.0 * t)).abs() < 1e-6);
    }
    assert_eq!(up.locate(f32::NAN).position(), 0.0);
    assert_eq!(up.locate(-3.0).position(), 0.0);
    assert_eq!(down.locate(-3.0).position(), 2.0);
    let doubled = frames(&[0.0, 0.5, 0.5, 1.0], &[0.0; 8], 1);
    assert!(doubled.locate(0.5).weight == 0.0);
}

#[test]
fn a_frame_budget_fills_one_binding() {
    assert_eq!(frame_budget(10_000), 1677);
    assert!(frame_budget(1_000_000) * 8_000_000 <= MAX_FRAME_BYTES);
    assert_eq!(frame_budget(0), MAX_FRAME_BYTES / 8);
    assert_eq!(frame_budget(usize::MAX / 16), 1);
}
