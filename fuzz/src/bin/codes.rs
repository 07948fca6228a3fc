//! No typed text brings the reader down, and a code that was made is read as the voucher it was made for.
#![no_main]

use std::sync::LazyLock;

use domain::codes::{KeyRing, Pattern, RingKey, Shape, encode, read};
use domain::id::{CouponNo, FIRST_TENANT, VoucherKey, VoucherKind};
use libfuzzer_sys::fuzz_target;

static RING: LazyLock<KeyRing> =
    LazyLock::new(|| KeyRing::new(vec![RingKey { no: 1, secret: [7; 32] }]).expect("one key makes a ring"));

fuzz_target!(|input: (&str, u32, u64)| {
    let (text, coupon, ordinal) = input;
    let reading = read(&RING, FIRST_TENANT, &[], text);
    assert_eq!(reading.shape == Shape::Computed, !reading.computed.is_empty());

    let key = VoucherKey { coupon: CouponNo(coupon), kind: VoucherKind::Row, ordinal };
    if let Ok(code) = encode(&RING, 1, FIRST_TENANT, &Pattern::default(), key) {
        let again = read(&RING, FIRST_TENANT, &[], &code.to_lowercase());
        assert!(again.computed.iter().any(|computed| computed.key == key));
    }
});
