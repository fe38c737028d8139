//! Which way t is counted where it is shown.
//!
//! The mathematics always runs from the noise at 0 to the data at 1. Seeds 002 and 004 count from
//! the data; one switch relabels every number of t the lab shows, and nothing else. It belongs to
//! the whole program, like a locale, because figures are drawn on other threads, too.

use std::sync::atomic::{AtomicBool, Ordering};

static FROM_DATA: AtomicBool = AtomicBool::new(false);

/// Counts t from the data at 0 to the noise at 1, or as the mathematics does.
pub fn count_from_data(on: bool) {
    FROM_DATA.store(on, Ordering::Relaxed);
}

/// Whether t is counted from the data.
pub fn from_data() -> bool {
    FROM_DATA.load(Ordering::Relaxed)
}

/// The number that is shown for a time of the flow.
pub fn shown(t: f64) -> f64 {
    if from_data() { 1.0 - t } else { t }
}

/// With two decimals: `0.42`.
pub fn number(t: impl Into<f64>) -> String {
    format!("{:.2}", shown(t.into()))
}

/// As a reading: `t = 0.42`.
pub fn moment(t: impl Into<f64>) -> String {
    format!("t = {}", number(t))
}

/// Where there is pure noise: `t = 0`.
pub fn noise() -> &'static str {
    if from_data() { "t = 1" } else { "t = 0" }
}

/// Where there are data: `t = 1`.
pub fn data() -> &'static str {
    if from_data() { "t = 0" } else { "t = 1" }
}

/// What an axis from noise (0) to data (1) is called when its ticks keep their numbers.
pub fn axis() -> &'static str {
    if from_data() { "1 − t" } else { "t" }
}
