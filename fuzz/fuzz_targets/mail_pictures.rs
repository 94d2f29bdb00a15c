#![no_main]
#![expect(missing_docs, reason = "the function says what it does")]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fernamt_fuzz::mail_pictures(data));
