//! The derivation, in the notes beside the picture.

use crate::app::widgets::notes::Note;

pub const NOTES: [Note; 6] = [
    Note {
        title: "1 · Two flows, one noise",
        formula: r#"δ=z-z_θ"#,
        text: "The true flow of the codes and the learned one start from the same noise. Then δ′ = \
               e + [vθ(z) − vθ(zθ)] with the network’s error e = v(z) − vθ(z) on the true way; \
               what the learned field makes of a distance that is there already is at most L|δ|.",
    },
    Note {
        title: "2 · Young",
        formula: r#"(|δ|^2)'≤(1+2L)|δ|^2+|e|^2"#,
        text: "By 2a·b ≤ |a|² + |b|². In place of L the one-sided constant μ may stand, the \
               largest eigenvalue of the symmetric part of the Jacobian: a field that draws \
               together has a negative one.",
    },
    Note {
        title: "3 · Grönwall",
        formula: r#"E|δ|^2≤e^{1+2∫L}∫E|e|^2"#,
        text: "With max L for all times this is the paper’s factor; with L(t) along the way it is \
               tighter; Grönwall’s integral with μ(t), before anything is taken out of it, is \
               the tightest of the three. E|e|² is d times the excess loss at t.",
    },
    Note {
        title: "4 · Triangle",
        formula: r#"W_2≤(E|r|^2)^{1/2}+L_g(E|δ|^2)^{1/2}"#,
        text: "With r = x − g(f(x)): from x over its reconstruction g(z) to what is made, g(zθ). \
               Equal noise is one way to pair them, and W2 is the best one.",
    },
    Note {
        title: "What is proved, what is measured",
        formula: r#"L≥"max"_i|J_i|"#,
        text: "The four steps hold for every finite set of particles. L and L_g, however, must \
               hold on the whole way between the two flows, and here they are the largest of \
               samples: estimates from below. Integrals are upper sums over the measured times. \
               So the numbers on the right are estimates of the bound, not certificates.",
    },
    Note {
        title: "Where it is measured",
        formula: r#"p="law of"~x,~~z=f(x)"#,
        text: "In the plane the data are the target, bent by two shears. The encoder f undoes \
               the bend, so that the codes have the law the network was trained on; the decoder \
               g is a small network that learns the bend here. For digits the data are 1000 \
               training digits, whose exact flow is a softmax over their codes: near the end it \
               knows them by heart, and the network does not. That is why the bound is so large.",
    },
];
