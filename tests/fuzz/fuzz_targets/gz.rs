//! The reader `gz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    flowlab::intake::read("gz", bytes);
});
