//! The reader `dataset`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    flowlab::intake::read("dataset", bytes);
});
