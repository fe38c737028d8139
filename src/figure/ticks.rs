//! Round numbers along an axis.

use super::scene::Axis;
use super::text::Text;

/// The marks of an axis with room for at most `most` of them: values and labels.
pub fn ticks(axis: &Axis, most: usize) -> Vec<(f64, Text)> {
    if axis.log {
        logarithmic(axis.range, most)
    } else {
        linear(axis.range, most)
    }
}

fn linear([low, high]: [f64; 2], most: usize) -> Vec<(f64, Text)> {
    let rough = (high - low) / most.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * (1.0 - 1e-9))
        .unwrap_or(10.0 * power);
    let decimals = (-(step * (1.0 + 1e-9)).log10().floor()).max(0.0) as usize;
    let slack = 1e-9 * (high - low) / step.max(f64::MIN_POSITIVE);
    let (first, last) = ((low / step - slack).ceil(), (high / step + slack).floor());
    if !(first.is_finite() && last.is_finite() && last - first <= 1e3) {
        return Vec::new();
    }
    let marks = (0..=(last - first) as usize).map(|i| {
        // Adding 0 turns −0 into 0.
        let value = (first + i as f64) * step + 0.0;
        (value, number(value, decimals))
    });
    marks.collect()
}

fn logarithmic([low, high]: [f64; 2], most: usize) -> Vec<(f64, Text)> {
    let (first, last) = (low.log10().ceil() as i32, high.log10().floor() as i32);
    let decades = last - first + 1;
    if decades < 2 {
        let within = (first - 1..=last + 1)
            .flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10f64.powi(power)))
            .filter(|v| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(v));
        return within
            .map(|value| {
                let decimals = (-value.log10().floor()).max(0.0) as usize;
                (value, number(value, decimals))
            })
            .collect();
    }
    let every = (decades as usize).div_ceil(most.max(1)).max(1);
    (first..=last)
        .step_by(every)
        .map(|power| {
            let label = match power {
                -2..=3 => number(10f64.powi(power), (-power).max(0) as usize),
                _ => Text::from("10").and(&format!("^{{{power}}}")),
            };
            (10f64.powi(power), label)
        })
        .collect()
}

/// A number with a true minus sign; many digits are grouped by thin spaces.
fn number(value: f64, decimals: usize) -> Text {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    if value < 0.0 {
        grouped.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && whole.len() > 4 && (whole.len() - i).is_multiple_of(3) {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    grouped.push_str(rest);
    Text::from(grouped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis, most: usize) -> Vec<String> {
        let marks = ticks(&axis, most);
        marks.iter().map(|(_, text)| text.characters()).collect()
    }

    #[test]
    fn marks_are_round_and_inside() {
        assert_eq!(labels(Axis::linear(-3.0, 3.0), 3), ["−2", "0", "2"]);
        assert_eq!(
            labels(Axis::linear(0.0, 1.0), 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(Axis::linear(0.0, 25_000.0), 3),
            ["0", "10\u{2009}000", "20\u{2009}000"]
        );
        assert_eq!(
            labels(Axis::log(1e-4, 20.0), 6),
            ["10−4", "10−3", "0.01", "0.1", "1", "10"]
        );
        assert_eq!(labels(Axis::log(0.3, 0.9), 6), ["0.5"]);
    }

    #[test]
    fn axes_without_extent_have_finite_marks() {
        for axis in [
            Axis::linear(2.0, 2.0),
            Axis::linear(f64::NAN, 1.0),
            Axis::linear(1e300, 1.1e300),
            Axis::log(-1.0, 0.0),
            Axis::log(f64::NAN, f64::INFINITY),
        ] {
            let marks = ticks(&axis, 5);
            assert!(marks.len() < 20, "{axis:?}");
            assert!(marks.iter().all(|(value, _)| value.is_finite()));
        }
    }
}
