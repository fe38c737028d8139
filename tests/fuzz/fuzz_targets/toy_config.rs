//! The reader `toy-config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    flowlab::intake::read("toy-config", bytes);
});
