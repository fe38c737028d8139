//! The beats of the lessons in the plane.

use super::{Beat, at, to};

pub const CHECKERBOARD: &[Beat] = &[
    at(
        0.0,
        "Noise: particles drawn from a standard Gaussian. The squares are where the data lie.",
    ),
    to(
        1.0,
        "Each particle follows the learned velocity, dx/dt = v(x, t), from the noise to the data.",
    ),
    to(
        0.4,
        "This is all that is learned: one arrow for each place and each time.",
    )
    .with(r#"{"layers": {"arrows": true}}"#),
    to(
        1.0,
        "The exact field moves the same noise beside it. Pairs are joined by lines; the paths bend.",
    )
    .with(r#"{"layers": {"exact": true, "paths": true}}"#),
    at(
        1.0,
        "Now it trains. The loss soon meets its floor; the excess is what is still to be learned.",
    )
    .trains(),
];

pub const PATHS: &[Beat] = &[
    at(
        0.0,
        "One noise, five schedules of signal α and noise σ: the way will differ, not the ends.",
    ),
    to(
        0.5,
        "Half-way the linear path shows the board; VP diffusion is still nearly pure noise.",
    ),
    at(
        1.0,
        "Seven times, linear above VP diffusion: the data appear early or late, but the same data.",
    )
    .with(r#"{"view": "Sheet"}"#),
    to(
        1.0,
        "Two fields that differ at every time between carry each particle to the same end.",
    )
    .with(r#"{"view": "Ends"}"#),
];

pub const STEPS: &[Beat] = &[
    at(
        1.0,
        "One Euler step on the linear path: every particle lands on the mean of the data, E[x₁].",
    )
    .with(
        r#"{"table": {"solvers": [true, false, false, false],
                     "counts": [true, true, true, true, false, false, false, false]}}"#,
    ),
    to(
        1.0,
        "The last Euler step always lands on E[x₁ | x]: the rings show where it must.",
    )
    .with(
        r#"{"means": true,
            "table": {"solvers": [true, false, false, false],
                      "counts": [true, true, true, true, false, false, false, false]}}"#,
    ),
    at(
        1.0,
        "More steps to the right, other methods below: a higher order is not always better.",
    ),
    at(
        1.0,
        "Compare at equal cost: now each column has as many evaluations of the field in every row.",
    )
    .with(r#"{"table": {"across": "Nfe"}}"#),
    at(
        1.0,
        "Euler on other paths: how many steps are needed depends on the schedule, too.",
    )
    .with(r#"{"table": {"by": "Paths"}}"#),
];

pub const FIELD: &[Beat] = &[
    at(
        0.05,
        "Near the noise every arrow points to the mean of the data: nothing is decided yet.",
    )
    .with(r#"{"arrows": true, "lines": false}"#),
    to(
        0.9,
        "Near the data each arrow points to the closest square: the posterior has decided.",
    )
    .with(r#"{"arrows": true, "lines": false}"#),
    at(
        0.6,
        "The density of the particles: the excess loss counts an error only where they are.",
    )
    .with(r#"{"heat": "Density"}"#),
    at(
        0.6,
        "Where the divergence is negative, particles crowd together; that will give a likelihood.",
    )
    .with(r#"{"heat": "Divergence"}"#),
];

pub const CONDITIONAL: &[Beat] = &[
    at(
        0.4,
        "Many lines from noise to data pass through x; their weighted mean is the velocity there.",
    )
    .with(r#"{"shown": [true, false, false]}"#),
    to(
        0.95,
        "Follow x: near the noise the fan is wide, near the data one arrow is left.",
    )
    .with(r#"{"shown": [true, false, false]}"#),
    to(
        0.5,
        "The lines of the pairs cross. The flow along their mean, from the same noise, does not.",
    )
    .with(r#"{"shown": [false, true, true]}"#),
    at(
        0.4,
        "The spread of the fan is the floor of the loss: no network can predict it from x and t.",
    ),
];

pub const COUPLINGS: &[Beat] = &[
    at(
        0.0,
        "Independent pairs: noise and data do not know each other, and many lines cross.",
    )
    .with(r#"{"shown": [true, false, false], "curves": false}"#),
    at(
        0.0,
        "The same points, paired by exact optimal transport within the batch: shorter lines.",
    )
    .with(r#"{"shown": [true, true, false], "curves": false}"#),
    at(
        0.0,
        "Sinkhorn’s ε goes between them: near zero exact transport, large ε independent pairs.",
    ),
    to(
        0.5,
        "The larger the batch, the fewer lines meet on the way, and the lower is the floor.",
    )
    .with(r#"{"shown": [true, true, false], "batch": 256}"#),
];

pub const LEARNING: &[Beat] = &[
    at(
        1.0,
        "Two times: the iteration k changes the field, the time t follows it. This is k = 0.",
    )
    .with(r#"{"step": 0}"#),
    at(
        1.0,
        "After a hundred iterations the mass has gathered where the data are.",
    )
    .with(r#"{"step": 100}"#),
    at(
        1.0,
        "After a thousand it has parted into squares; the loss has been flat for long.",
    )
    .with(r#"{"step": 1000}"#),
    to(
        1.0,
        "Four stages beside one another: the edges come last, and the loss hardly sees them.",
    )
    .with(r#"{"figure": true}"#),
];

pub const LIKELIHOOD: &[Beat] = &[
    at(
        1.0,
        "A flow gives a density, too: follow x back to its noise and add up the divergence.",
    )
    .with(r#"{"shown": [true, true, false], "x": [0.6, 1.35]}"#),
    to(
        1.0,
        "The density of the Gaussian becomes that of the board; its integral stays one.",
    )
    .with(r#"{"shown": [true, true, false], "x": [0.6, 1.35]}"#),
    at(
        1.0,
        "The difference shows mass between the squares, which good-looking samples hide.",
    )
    .with(r#"{"x": [0.6, 1.35]}"#),
    at(
        1.0,
        "Hutchinson’s estimate of the divergence: its mean is exact, and noise is its price.",
    )
    .with(r#"{"hutchinson": true, "x": [0.6, 1.35]}"#),
];

pub const VARIATIONAL: &[Beat] = &[
    at(
        0.5,
        "Independent pairs: where their lines cross, the targets disagree and updates cancel.",
    )
    .with(r#"{"shown": [true, false, false]}"#),
    at(
        0.5,
        "A posterior q(z | x) gives each point noise of its own, and less is left to cancel.",
    )
    .with(r#"{"shown": [true, true, false]}"#),
    at(
        0.0,
        "The ellipses are q(z | x); the KL term draws them towards the prior.",
    )
    .with(r#"{"shown": [false, true, true]}"#),
    to(
        1.0,
        "Samples start where the z of all data lie: started from the prior they come out too wide.",
    )
    .with(r#"{"shown": [false, true, true]}"#),
];

pub const MISTAKES: &[Beat] = &[
    at(
        0.0,
        "Same weights, same batches, no complaint: with one sign turned the loss looks the same.",
    ),
    to(
        1.0,
        "Let both flows run: with the sign turned the loss is as good, and the particles flee.",
    ),
    to(
        1.0,
        "Fed x₁ in place of xₜ: the loss falls below the floor, and the samples are useless.",
    )
    .with(r#"{"mistake": "x1-for-xt"}"#),
    to(
        1.0,
        "Without t the network must answer with one velocity for all times.",
    )
    .with(r#"{"mistake": "no-time"}"#),
    to(
        1.0,
        "The path is bent, the target is that of the straight one: the field belongs to neither.",
    )
    .with(r#"{"mistake": "wrong-sigma"}"#),
];
