//! The short texts of the lesson.

use crate::app::widgets::notes::Note;

/// What there is to see, each with its formula.
pub const NOTES: [Note; 4] = [
    Note {
        title: "One Euler step sends all to the mean",
        formula: r#"x_0+v(x_0,0)="E"[x_1]"#,
        text: "In the noise nothing is known of the data. Straight conditional paths do not make one \
               step enough.",
    },
    Note {
        title: "The last Euler step lands on E[x₁|x]",
        formula: r#"x+h~v(x,1-h)="E"[x_1|x]"#,
        text: "On the linear path. A ring (key 3) marks the place. The mean lies inside a cell \
               once the cell is known, so late steps repair a lot.",
    },
    Note {
        title: "A higher order is not always better",
        formula: r#"σ_t→0:~~|v(x,t)|→∞"#,
        text: "Outside the cells the exact field has no bound at the end, where Heun and Runge–Kutta \
               evaluate it. Take the last step with Euler (key 6) and compare.",
    },
    Note {
        title: "Bars",
        formula: r#""P"(x_1∈C_k)=ω_k"#,
        text: "Share of the particles in each cell; the line is the true share.",
    },
];

/// Why there are no rows of paths.
pub const NO_PATHS: &str = "The rows of paths follow exact fields, which are not known here.";
