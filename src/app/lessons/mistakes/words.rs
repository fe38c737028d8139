//! What is said of each mistake.

use crate::train::mistake::Mistake;

/// The name in the row of choices.
pub fn name(mistake: Mistake) -> &'static str {
    match mistake {
        Mistake::X1ForXt => "x₁ for x at t",
        other => other.label(),
    }
}

/// What the right run minimises, or the path it takes.
pub fn right_formula(mistake: Mistake) -> &'static str {
    match mistake {
        Mistake::WrongSigma => "x_t=(1-t)~x_0+t~x_1",
        Mistake::SummedLoss => r#""mean"~‖v_θ-(x_1-x_0)‖^2"#,
        _ => "‖v_θ(x_t,t)-(x_1-x_0)‖^2",
    }
}

/// The same with the mistake.
pub fn wrong_formula(mistake: Mistake) -> &'static str {
    match mistake {
        Mistake::None => "‖v_θ(x_t,t)-(x_1-x_0)‖^2",
        Mistake::X1ForXt => "‖v_θ(x_1,t)-(x_1-x_0)‖^2",
        Mistake::SignFlip => "‖v_θ(x_t,t)-(x_0-x_1)‖^2",
        Mistake::NoTime => "‖v_θ(x_t)-(x_1-x_0)‖^2",
        Mistake::WrongSigma => "x_t=(1-t^2)~x_0+t~x_1",
        Mistake::SummedLoss => r#""sum"~‖v_θ-(x_1-x_0)‖^2"#,
    }
}

/// Why the loss may look well.
pub fn told(mistake: Mistake) -> &'static str {
    match mistake {
        Mistake::None => "It falls to its floor, and the excess goes on falling.",
        Mistake::X1ForXt => {
            "It falls below the floor, to 1, the variance of x₀: given x₁ the target is easier to \
             guess than given x at time t. A lower loss is not a better one. The excess stays high."
        }
        Mistake::SignFlip => {
            "Nothing: −v has the same error against −u as v against u, so both curves end at the \
             same floor. The excess is four times the mean square of the velocity."
        }
        Mistake::NoTime => {
            "It stays a little above the floor, as if the network were only too small. The excess \
             stops falling early: that gap is what t would tell."
        }
        Mistake::WrongSigma => {
            "It settles at a floor of its own, which nobody knows without the exact field, and \
             looks well. The excess shows that it is another field."
        }
        Mistake::SummedLoss => {
            "It is 2048 times larger, for 1024 points of two coordinates, and that is all: Adam \
             divides the scale out. Beside a second, averaged term, or with plain gradient \
             descent, the scale would decide everything."
        }
    }
}

/// Where to read on.
pub fn met(mistake: Mistake) -> &'static str {
    match mistake {
        Mistake::None => "In the seeds.",
        Mistake::X1ForXt => "TorchCFM issues 126 and 156: inputs that are wrong train silently.",
        Mistake::SignFlip => {
            "Half of the literature puts the data at t = 0: LFM issue 19, \
             rectified-flow-pytorch issue 18."
        }
        Mistake::NoTime => {
            "A network of x alone is quickly written; seed 003 joins t to x for this reason."
        }
        Mistake::WrongSigma => {
            "The text of seed 001 writes the variance of the path as (1 − t²)² and has it right \
             three equations later."
        }
        Mistake::SummedLoss => {
            "The code of seed 002 averages one term and sums two: the sums outweigh it by the \
             number of pixels times the batch."
        }
    }
}
