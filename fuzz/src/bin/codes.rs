//! No typed text brings the reader down, a text that was folded folds to itself, and a code that was made is read as the
//! voucher it was made for, however it is spelled.
#![no_main]

use std::sync::LazyLock;

use domain::codes::{Alphabet, KeyRing, Pattern, RingKey, Shape, encode, fold, read};
use domain::id::{CouponNo, FIRST_TENANT, VoucherKey, VoucherKind};
use libfuzzer_sys::fuzz_target;

static RING: LazyLock<KeyRing> =
    LazyLock::new(|| KeyRing::new(vec![RingKey { no: 1, secret: [7; 32] }]).expect("one key makes a ring"));

/// One of each alphabet, and whose they are.
static PATTERNS: LazyLock<Vec<(Pattern, CouponNo)>> = LazyLock::new(|| {
    let of = |no: u32, prefix: &str, alphabet, length| {
        (Pattern::new(prefix, alphabet, length).expect("it can work"), CouponNo(no))
    };
    vec![of(1, "SUMMER-", Alphabet::Base32, 12), of(2, "7", Alphabet::Digits, 20), of(3, "Z", Alphabet::Letters, 26)]
});

fuzz_target!(|input: (&str, u32, u64)| {
    let (text, coupon, ordinal) = input;
    let folded = fold(text);
    assert_eq!(fold(folded.as_str()), folded, "{text:?}");
    for patterns in [&[][..], &PATTERNS[..]] {
        let reading = read(&RING, FIRST_TENANT, patterns, text);
        assert_eq!(reading.shape == Shape::Computed, !reading.computed.is_empty());
        assert_eq!(read(&RING, FIRST_TENANT, patterns, folded.as_str()).computed, reading.computed, "{text:?}");
    }
    reads_back(&Pattern::default(), &[], CouponNo(coupon), ordinal);
    for (pattern, no) in PATTERNS.iter() {
        reads_back(pattern, &PATTERNS, *no, ordinal);
    }
});

fn reads_back(pattern: &Pattern, patterns: &[(Pattern, CouponNo)], coupon: CouponNo, ordinal: u64) {
    let key = VoucherKey { coupon, kind: VoucherKind::Row, ordinal };
    if let Ok(code) = encode(&RING, 1, FIRST_TENANT, pattern, key) {
        let again = read(&RING, FIRST_TENANT, patterns, &code.to_lowercase());
        assert!(again.computed.iter().any(|computed| computed.key == key), "{code}");
    }
}
