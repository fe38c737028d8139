//! The reader `image-config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    flowlab::intake::read("image-config", bytes);
});
