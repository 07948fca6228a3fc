//! A text that reads as an id is written the same way however it was spelled, and no text brings the reader down.
#![no_main]

use domain::id::CouponId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(id) = text.parse::<CouponId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
});
