//! What a lesson shows, as numbers that the file of a figure holds and that bring it back.

/// The two methods of a lesson that write its settings down by their names and take them over
/// again. After the semicolon stand numbers with their ranges: a file may hold anything.
macro_rules! view_of {
    ($($field:ident),* $(,)? $(; $($number:ident in $range:expr),+ $(,)?)?) => {
        fn view(&self) -> serde_json::Value {
            let mut view = serde_json::Map::new();
            $(view.insert(
                stringify!($field).to_owned(),
                serde_json::to_value(&self.$field).unwrap_or_default(),
            );)*
            $($(view.insert(
                stringify!($number).to_owned(),
                serde_json::to_value(&self.$number).unwrap_or_default(),
            );)+)?
            view.into()
        }

        fn set_view(&mut self, view: &serde_json::Value) {
            $(if let Some(value) = view.get(stringify!($field))
                && let Ok(value) = serde_json::from_value(value.clone())
            {
                self.$field = value;
            })*
            $($(if let Some(value) = view.get(stringify!($number))
                && let Ok(value) = serde_json::from_value(value.clone())
                && ($range).contains(&value)
            {
                self.$number = value;
            })+)?
        }
    };
}
pub(crate) use view_of;

/// Whole numbers that must all be below one: places in a list.
pub struct EachBelow(pub usize);

impl EachBelow {
    /// Whether they are.
    pub fn contains<T, N>(&self, values: &T) -> bool
    where
        for<'a> &'a T: IntoIterator<Item = &'a N>,
        N: Copy + TryInto<usize>,
    {
        let below = |value: &N| (*value).try_into().is_ok_and(|value: usize| value < self.0);
        values.into_iter().all(below)
    }
}

/// Places in the plane that a stage can show.
pub struct Near;

impl Near {
    /// Whether they are.
    pub fn contains<T, N>(&self, values: &T) -> bool
    where
        T: Clone + IntoPlace<N>,
        N: Into<f64>,
    {
        let place = values.clone().into_place();
        place.is_none_or(|place| place.map(Into::into).iter().all(|v: &f64| v.abs() <= 100.0))
    }
}

/// A place that may be left out.
pub trait IntoPlace<N> {
    /// The place, if there is one.
    fn into_place(self) -> Option<[N; 2]>;
}

impl<N> IntoPlace<N> for [N; 2] {
    fn into_place(self) -> Option<[N; 2]> {
        Some(self)
    }
}

impl<N> IntoPlace<N> for Option<[N; 2]> {
    fn into_place(self) -> Option<[N; 2]> {
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(Default)]
    struct Sample {
        on: bool,
        ends: [usize; 2],
        digit: Option<u8>,
        steps: usize,
    }

    impl Sample {
        view_of!(on; ends in EachBelow(4), digit in EachBelow(10), steps in 1..=9);
    }

    #[test]
    fn settings_come_back_and_those_out_of_range_do_not() {
        let mut one = Sample::default();
        let wanted = json!({ "on": true, "ends": [3, 0], "digit": 7, "steps": 9 });
        one.set_view(&wanted);
        assert_eq!(one.view(), wanted);
        one.set_view(&json!({ "on": 5, "ends": [4, 0], "digit": 10, "steps": 0, "more": [] }));
        assert_eq!(one.view(), wanted);
        one.set_view(&json!({ "digit": null, "ends": [1], "steps": "x" }));
        assert_eq!((one.digit, one.ends, one.steps), (None, [3, 0], 9));
        one.set_view(&Value::Null);
        assert!(one.on);
    }
}
