//! libFuzzer on `threadmap_fuzz::operations`; `node ci/fuzz.mjs` builds and runs it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| threadmap_fuzz::operations(data));
