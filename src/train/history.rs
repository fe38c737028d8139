//! The loss of a run over its steps.

/// The loss of one optimiser step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossPoint {
    /// Steps done after it, from 1.
    pub step: u64,
    /// The batch's mean squared error, mean over coordinates.
    pub loss: f32,
    /// The newest measured excess loss `E‖v_θ − v*‖²/2` against the exact field; none where the
    /// target has no exact field.
    pub excess: Option<f32>,
    /// Training time so far, in seconds.
    pub seconds: f64,
}

/// The rows of a `log.csv`; what cannot be read is left out, such as half a line at the end.
pub fn parse_log(text: &str) -> Vec<LossPoint> {
    let row = |line: &str| {
        let mut cells = line.split(',');
        let step = cells.next()?.parse().ok()?;
        let mut number = || cells.next()?.parse::<f64>().ok();
        let (loss, excess, seconds) = (number()?, number()?, number()?);
        Some(LossPoint {
            step,
            loss: loss as f32,
            excess: (!excess.is_nan()).then_some(excess as f32),
            seconds,
        })
    };
    text.lines().skip(1).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_row_is_left_out() {
        let log = parse_log("step,loss,excess,seconds\n1,2.5,nan,0.1\n2,2,0.25,0.2\n3,1.9");
        assert_eq!(log.len(), 2);
        assert_eq!((log[0].excess, log[1].excess), (None, Some(0.25)));
        assert_eq!((log[1].step, log[1].loss), (2, 2.0));
    }
}
