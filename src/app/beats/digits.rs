//! The beats of the image lab, and of the bound that ends the lecture.

use super::{Beat, at, to};
use crate::app::keys::Action;

pub const VAE: &[Beat] = &[
    at(
        0.5,
        "784 pixels become 64 numbers and come back: what is lost here, no flow can draw.",
    ),
    at(
        0.5,
        "The difference: edges and thin strokes are what the code forgets.",
    )
    .with(r#"{"difference": true}"#),
    to(
        1.0,
        "A straight walk between two codes: half-way the picture is often neither digit.",
    )
    .with(r#"{"view": "Walk"}"#),
];

pub const LATENT: &[Beat] = &[
    at(
        0.0,
        "Noise of 64 numbers. The end predicted from here is a blur of all that may come.",
    ),
    to(
        1.0,
        "The decision falls on the way: when can you read the digit in the predicted end?",
    ),
    at(
        1.0,
        "The same noise after each epoch of training: judge by the film, not by the loss.",
    )
    .with(r#"{"view": "Film"}"#),
    at(
        1.0,
        "The same noise with more and more solver steps: what they still change becomes small.",
    )
    .with(r#"{"view": "Steps"}"#),
    to(
        1.0,
        "The codes on two principal components: each path ends among the codes of its digit.",
    )
    .with(r#"{"view": "Map"}"#),
];

pub const GUIDANCE: &[Beat] = &[
    at(
        1.0,
        "γ = 0: the class is not heard, and each noise becomes whatever digit it likes.",
    )
    .with(r#"{"gamma": 0.0}"#),
    at(
        1.0,
        "γ = 1: the conditional flow as it was learned; nearly all are read as asked.",
    )
    .with(r#"{"gamma": 1.0}"#),
    at(
        1.0,
        "γ = 4: further along the difference than was ever learned; certain, and all alike.",
    )
    .with(r#"{"gamma": 4.0}"#),
];

pub const INPAINT: &[Beat] = &[
    at(
        1.0,
        "The centre is hidden: eight noises, eight answers, and all of them fit what is seen.",
    ),
    at(
        1.0,
        "Half of it is hidden: less is determined, and the answers differ more.",
    )
    .press(&[Action::Layer(4)]),
    at(
        1.0,
        "The class first: another network reads it from the pixels, and the flow fills the rest.",
    )
    .with(r#"{"class": "likeliest"}"#),
    at(
        1.0,
        "Told the digit as well, the network gives answers that agree more.",
    )
    .with(r#"{"class": "truth"}"#)
    .press(&[Action::Layer(4)]),
    at(
        1.0,
        "The network draws the whole digit; only afterwards are the known pixels put back.",
    )
    .with(r#"{"keep": false}"#),
];

pub const SEMANTIC: &[Beat] = &[
    at(
        1.0,
        "A coarse map of four labels, from paper to core of the ink: nine digits that fit it.",
    ),
    to(
        1.0,
        "The map says where the ink is; how the pen went is left to the noise.",
    ),
    at(
        1.0,
        "Map and class can contradict each other: told another digit, the flow must compromise.",
    )
    .with(r#"{"class": 1, "gamma": 3.0}"#),
];

pub const EDITING: &[Beat] = &[
    at(
        0.0,
        "Backwards along the flow each digit becomes the noise that it would be made from.",
    ),
    to(
        1.0,
        "Forwards again with every label: in the green frames the digit should come back.",
    ),
    at(
        1.0,
        "With four steps the way back misses: the equation can be inverted, a solver only nearly.",
    )
    .with(r#"{"steps": 4}"#),
    at(
        1.0,
        "All of them as sevens: slant and thickness often stay, for no label speaks of them.",
    )
    .with(r#"{"target": 7}"#),
];

pub const VARIATIONAL_DIGITS: &[Beat] = &[
    at(
        0.0,
        "A prior learned pixel by pixel: its mean is the mean digit, its noise small on paper.",
    ),
    to(
        1.0,
        "From there the flow draws digits in 784 pixels; beside it a plain flow, trained as long.",
    ),
    at(
        1.0,
        "Be honest about results: after so little training the plain flow is still the better.",
    )
    .with(r#"{"histogram": false}"#),
];

pub const BOUND: &[Beat] = &[
    at(
        1.0,
        "Three things can go wrong: the autoencoder, the field, and how errors grow on the way.",
    ),
    to(
        1.0,
        "Both flows from the same noise: they drift apart on the way, and so do the bounds.",
    ),
    at(
        1.0,
        "A decoder that learned for 20 steps: the part of the reconstruction grows, no other.",
    )
    .with(r#"{"steps": 20}"#),
    at(
        1.0,
        "The bound is true and very loose: it takes the worst growth of errors everywhere.",
    ),
];
