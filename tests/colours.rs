//! Colours that tell things apart do so for colour-blind eyes, too.
//!
//! The three kinds of dichromacy are simulated by the matrices of Machado, Oliveira and Fernandes,
//! "A physiologically-based model for simulation of color vision deficiency" (IEEE TVCG 15, 2009),
//! at full severity, on linear RGB. Distances are those of CIELAB (1976, white D65), where 2.3 is
//! just seen by a trained eye side by side.

use egui::Color32;
use flowlab::app::theme::{self, Theme};
use flowlab::figure::Sequential;

/// Least distance of two colours that mean different things.
const APART: f64 = 10.0;

/// Eyes, with what they make of linear red, green and blue.
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    (
        "full colour vision",
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ),
    (
        "protanopia",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ),
];

fn times(matrix: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|i| (0..3).map(|k| matrix[i][k] * v[k]).sum())
}

/// CIELAB of a colour as an eye sees it.
fn seen(matrix: &[[f64; 3]; 3], [r, g, b]: [u8; 3]) -> [f64; 3] {
    let linear = [r, g, b].map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    let rgb = times(matrix, linear).map(|value| value.clamp(0.0, 1.0));
    let to_xyz = [
        [0.412_456_4, 0.357_576_1, 0.180_437_5],
        [0.212_672_9, 0.715_152_2, 0.072_175_0],
        [0.019_333_9, 0.119_192_0, 0.950_304_1],
    ];
    let [x, y, z] = times(&to_xyz, rgb);
    let root = |t: f64| {
        if t > 216.0 / 24389.0 {
            t.cbrt()
        } else {
            (24389.0 / 27.0 * t + 16.0) / 116.0
        }
    };
    let [x, y, z] = [root(x / 0.95047), root(y), root(z / 1.08883)];
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

fn rgb(color: Color32) -> [u8; 3] {
    let [r, g, b, _] = color.to_array();
    [r, g, b]
}

#[test]
fn colours_of_different_things_stay_apart_for_all_eyes() {
    for theme in [Theme::Light, Theme::Dark] {
        let p = theme.palette();
        let sets: [(&str, Vec<Color32>); 5] = [
            ("roles", vec![p.source, p.model, p.exact, p.error]),
            ("series", (0..6).map(|i| theme::series(p, i)).collect()),
            ("cells", p.categories.to_vec()),
            ("runs", p.runs.to_vec()),
            ("classes", (0..10).map(|i| theme::class(p, i)).collect()),
        ];
        for (set, colours) in sets {
            for (eye, matrix) in &EYES {
                for (i, a) in colours.iter().enumerate() {
                    for (j, b) in colours.iter().enumerate().skip(i + 1) {
                        let [one, two] = [a, b].map(|c| seen(matrix, rgb(*c)));
                        let apart = distance(one, two);
                        assert!(
                            apart >= APART,
                            "{theme:?} {set} {i} and {j} with {eye}: {apart:.1}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_simulation_knows_what_cannot_be_told_apart() {
    // A red and a green of equal lightness, which deuteranopes confuse.
    let (red, green) = ([0xC0, 0x50, 0x40], [0x79, 0x79, 0x36]);
    let apart = |eye: usize| distance(seen(&EYES[eye].1, red), seen(&EYES[eye].1, green));
    assert!(apart(0) > 50.0, "{}", apart(0));
    assert!(apart(2) < 0.3 * apart(0), "{} of {}", apart(2), apart(0));
    // White is white to every eye.
    for (eye, matrix) in &EYES {
        let white = seen(matrix, [255; 3]);
        assert!(distance(white, [100.0, 0.0, 0.0]) < 0.5, "{eye}: {white:?}");
    }
}

#[test]
fn both_maps_grow_lighter_for_all_eyes_and_cividis_looks_alike_to_most() {
    for map in Sequential::ALL {
        for (eye, matrix) in &EYES {
            let lightness = |i: u32| seen(matrix, map.colour(f64::from(i) / 20.0))[0];
            for i in 0..20 {
                let (a, b) = (lightness(i), lightness(i + 1));
                assert!(b > a, "{map:?} with {eye} at {i}: {a} {b}");
            }
        }
    }
    // Made so that deuteranopes see it nearly as everybody does.
    let change = |map: Sequential| {
        let at = |i: u32| map.colour(f64::from(i) / 20.0);
        let moved = (0..=20).map(|i| distance(seen(&EYES[0].1, at(i)), seen(&EYES[2].1, at(i))));
        moved.sum::<f64>() / 21.0
    };
    let [viridis, cividis] = Sequential::ALL.map(change);
    assert!(cividis < 0.5 * viridis, "{cividis} of {viridis}");
    assert_eq!(Sequential::Cividis.colour(f64::NAN), [0x80; 3]);
}
