//! Helpers that several test files share.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::PathBuf;

use flowlab::data::Dataset;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Whether GPU tests run: there is an adapter, hardware or lavapipe. Without one the test is
/// skipped aloud, or fails where `FLOWLAB_REQUIRE_GPU=1` says that there must be one.
pub fn gpu_here() -> bool {
    let here = !flowlab::device::adapters().is_empty();
    if !here {
        let required = std::env::var("FLOWLAB_REQUIRE_GPU").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "FLOWLAB_REQUIRE_GPU=1, but there is no GPU adapter"
        );
        eprintln!("skipped, no GPU adapter");
    }
    here
}

/// A table of the reference data in `tests/data`.
pub fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// Points of a data set, `[n, 2]`.
pub fn points(dataset: &Dataset, n: usize, seed: u64) -> Vec<f32> {
    let mut out = vec![0.0; 2 * n];
    dataset.sample_into(&mut ChaCha8Rng::seed_from_u64(seed), &mut out);
    out
}
