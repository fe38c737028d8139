//! The short texts of the lesson.

use crate::app::widgets::notes::Note;

/// What there is to see, each with its formula.
pub const NOTES: [Note; 6] = [
    Note {
        title: "Linear (conditional OT)",
        formula: r#"α_t=t~~~σ_t=1-t"#,
        text: "Each pair travels on a line at constant speed.",
    },
    Note {
        title: "Sigma-min",
        formula: r#"α_t=t~~~σ_t=1-(1-σ_{"min"})t"#,
        text: "Ends at data blurred by a little noise, so the field stays bounded.",
    },
    Note {
        title: "VP diffusion",
        formula: r#"α_t=e^{-T(1-t)/2}~~~σ_t="√"(1-α_t^2)"#,
        text: "Nearly pure noise for half of the time; the data appear late.",
    },
    Note {
        title: "Cosine",
        formula: r#"α_t="sin"{πt|2}~~~σ_t="cos"{πt|2}"#,
        text: "Keeps α² + σ² = 1: a quarter of a circle.",
    },
    Note {
        title: "Polynomial",
        formula: r#"α_t=t^n~~~σ_t=1-t^n"#,
        text: "The linear path, travelled slowly at first.",
    },
    Note {
        title: "Why the ends agree",
        formula: r#"{α'_t|σ'_t}={α_s|σ_s}~→~x'_t={σ'_t|σ_s}x_s"#,
        text: "At equal signal-to-noise ratio two paths differ by a scale alone. Both reach scale \
               1 at the data, so every path carries a particle to the same end.",
    },
];

/// What stands in the panels of paths without an exact field.
pub const PAIRS: &str = "each path shows random pairs instead, which at every t are distributed as the \
                     flow’s particles.";
/// Why two fields cannot be compared.
pub const NO_ENDS: &str = "This view follows two exact fields, which are not known here.";
