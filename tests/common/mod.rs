//! Helpers that several test files share.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::PathBuf;
use std::time::Duration;

use burn::cubecl::device::{Device as CubeDevice, WgpuDevice};
use burn::cubecl::ir::{ElemType, FloatKind};
use burn::cubecl::throughput::{
    MemoryAccess, MemorySpec, ThroughputKey, ThroughputMode, ThroughputValue, working_set_sweep,
};
use burn::tensor::Device;
use flowlab::data::Dataset;
use flowlab::device::{DeviceChoice, DeviceKind, open};
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

/// The GPU of tests that train on one; none where [`gpu_here`] says so.
pub fn training_gpu() -> Option<Device> {
    gpu_here().then(|| {
        let (device, info) = open(DeviceChoice::Gpu).unwrap();
        eprintln!("on {info}");
        if info.kind == DeviceKind::SoftwareGpu {
            take_the_first_kernel();
        }
        device
    })
}

/// Lets the autotuning of matrix products and sums stop at its first candidate. It stops at one
/// that comes near the peak of the device, which it measures once, and no kernel of so small a
/// tensor does: without this each shape compiles every candidate, of which the products of small
/// tiles, unrolled, take 4 to 6 seconds each on a software GPU, and a test takes minutes. A peak
/// that was already measured is not measured again, so that a slow enough one is written down
/// first. What a real GPU chooses is left to it.
fn take_the_first_kernel() {
    let client = CubeDevice::Wgpu(WgpuDevice::default()).client();
    let dtype = ElemType::Float(FloatKind::F32);
    let mut modes = vec![
        ThroughputMode::Launch,
        ThroughputMode::ComputeDirect { dtype },
    ];
    for bytes in working_set_sweep(1 << 24) {
        let accesses = [MemoryAccess::Copy, MemoryAccess::Read, MemoryAccess::Write];
        modes.extend(accesses.map(|access| ThroughputMode::Memory(MemorySpec::new(access, bytes))));
    }
    let one_a_second = ThroughputValue {
        ops_count: 1,
        duration: Duration::from_secs(1),
    };
    for mode in modes {
        let kept = client.measure_throughput(ThroughputKey { mode }, || Ok(one_a_second));
        assert_eq!(kept, Ok(one_a_second), "{mode:?}");
    }
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
