//! The reader `figure-settings`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    flowlab::intake::read("figure-settings", bytes);
});
