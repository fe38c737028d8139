//! Trails and arrows.

use egui::Color32;

use super::*;

#[test]
fn a_trail_is_solid_up_to_t_and_faint_beyond() {
    let Some(gpu) = test_device() else { return };
    let line = frames(&[0.0, 1.0, 2.0], &[-1.0, 0.5, 0.0, 0.5, 1.0, 0.5], 1);
    let picture = gpu.draw(SIZE, vec![trail(&line, 1.25, 0.2)]);
    // y = 0.5 is row 20; t = 1.25 is x = 0.25, column 70.
    for x in 22..120 {
        let expected = match x {
            ..70 => 1.0,
            70..100 => 0.2,
            _ => 0.0,
        };
        assert!((picture.alpha(x, 20) - expected).abs() < 0.01, "column {x}");
        assert_eq!(picture.alpha(x, 26), 0.0);
    }
    // A width of 3 pixels.
    let across: f32 = (0..80).map(|y| picture.alpha(45, y)).sum();
    assert!((across - 3.0).abs() < 0.05, "{across}");
    let hidden = gpu.draw(SIZE, vec![trail(&line, 1.25, 0.0)]);
    assert!(hidden.alpha(68, 20) > 0.99 && hidden.alpha(72, 20) == 0.0);
    assert!(gpu.draw(SIZE, vec![trail(&line, -1.0, 0.0)]).is_blank());
}

#[test]
fn a_trail_that_bends_covers_no_pixel_twice() {
    let Some(gpu) = test_device() else { return };
    let steps = 24;
    let circle: Vec<f32> = (0..=steps)
        .flat_map(|i| {
            let angle = 5.0 * i as f32 / steps as f32;
            [0.7 * angle.cos(), 0.7 * angle.sin()]
        })
        .collect();
    let times: Vec<f32> = (0..=steps).map(|i| i as f32).collect();
    let half = Color32::WHITE.gamma_multiply(0.5);
    let style = TrailStyle {
        width_px: 5.0,
        color: half,
        ahead: 1.0,
        count: 1,
    };
    let shape = trails(screen(), view(), &frames(&times, &circle, 1), 0.0, style);
    let picture = gpu.draw(SIZE, vec![shape]);
    let most = picture.pixels.iter().map(|p| p[3]).max();
    assert!(most.is_some_and(|a| (127..=130).contains(&a)), "{most:?}");
    // The inscribed polygon's length times the width.
    let length = 24.0 * 2.0 * 28.0 * (2.5f32 / 24.0).sin();
    assert!((picture.mass() / (0.5 * 5.0 * length) - 1.0).abs() < 0.02);
}

#[test]
fn trails_belong_to_the_first_particles() {
    let Some(gpu) = test_device() else { return };
    let points = [-1.0, 0.5, -1.0, -0.5, 1.0, 0.5, 1.0, -0.5];
    let style = TrailStyle {
        width_px: 2.0,
        color: Color32::GREEN,
        ahead: 1.0,
        count: 1,
    };
    let pair = frames(&[0.0, 1.0], &points, 2);
    let picture = gpu.draw(SIZE, vec![trails(screen(), view(), &pair, 1.0, style)]);
    assert_eq!(picture.at(60, 20), [0, 255, 0, 255]);
    assert_eq!(picture.at(60, 60), [0; 4]);
}

#[test]
fn an_arrow_points_along_its_velocity() {
    let Some(gpu) = test_device() else { return };
    let up = gpu.draw(SIZE, vec![arrows(&[0.0, 0.0, 0.0, 1.0], 20.0, 0.0)]);
    // From (60, 40) twenty pixels up, with a head that is wider than the shaft.
    let column: f32 = (0..80)
        .map(|y| 0.5 * (up.alpha(59, y) + up.alpha(60, y)))
        .sum();
    // The pointed tip covers its last pixels only in part.
    assert!((column - 19.3).abs() < 0.7, "{column}");
    assert_eq!(up.alpha(60, 41), 0.0);
    assert_eq!(up.alpha(60, 18), 0.0);
    let row = |y: u32| (0..120).map(|x| up.alpha(x, y)).sum::<f32>();
    assert!((row(35) - 2.0).abs() < 0.1, "{}", row(35));
    assert!(row(27) > 4.0, "{}", row(27));
    let middle = gpu.draw(SIZE, vec![arrows(&[0.0, 0.0, 0.0, 1.0], 20.0, 0.5)]);
    assert!(middle.alpha(60, 49) > 0.5 && middle.alpha(60, 51) == 0.0);
}

#[test]
fn arrows_are_cut_at_their_longest_and_vanish_at_rest() {
    let Some(gpu) = test_device() else { return };
    let long = gpu.draw(SIZE, vec![arrows(&[-1.0, 0.0, 500.0, 0.0], 20.0, 0.0)]);
    assert!(long.alpha(45, 40) > 0.9);
    assert_eq!(long.alpha(51, 40), 0.0);
    let rest = gpu.draw(SIZE, vec![arrows(&[0.0, 0.0, 0.0, 0.0], 20.0, 0.0)]);
    assert!(rest.is_blank());
}
