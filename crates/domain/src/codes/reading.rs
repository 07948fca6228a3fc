//! Reading a typed text: what it can be, before any store is asked.

use super::alphabet::BodyError;
use super::fold::{Folded, fold};
use super::pattern::Pattern;
use super::ring::KeyRing;
use super::space::{ComputedCode, Encoder};
use super::voucher_id::decode_id;
use crate::id::{CouponNo, TenantNo};

/// What a typed text looks like, from the least to the most like a computed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Not of the form of a computed code: shared, given, or nonsense. So is a code with a character missing or
    /// foreign.
    Other,
    /// Of the form of a computed code, but the check character is wrong: most likely mistyped.
    Typo,
    /// The check character is right, and no key made it: most likely made up.
    Guess,
    /// Some key made it, or would have.
    Computed,
    /// The id of a voucher, which stands for the voucher where a code is asked for.
    VoucherId,
}

/// A typed text as read. Cheap to clone; its `Debug` does not show the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The text, folded; empty if it cannot be a code of any sort.
    pub folded: Folded,
    /// [`KeyRing::lookup_hash`] of it, to find given codes.
    pub hash: [u8; 16],
    /// The vouchers it can be the computed code or the id of: those of a coupon's own pattern first, then by newest key.
    /// More than one only by chance; which exists is for rows and blocks to say.
    pub computed: Vec<ComputedCode>,
    /// What it looks like. [`Shape::Computed`] or [`Shape::VoucherId`] exactly if `computed` is not empty.
    pub shape: Shape,
}

/// Reads a typed text of a tenant by the default pattern and those of coupons with their own; a default pattern among
/// `patterns` is passed over. Texts of patterns that are missing here are read as [`Shape::Other`] or as a poor
/// guess at the default pattern.
#[must_use]
pub fn read(ring: &KeyRing, tenant: TenantNo, patterns: &[(Pattern, CouponNo)], text: &str) -> Reading {
    let folded = fold(text);
    let hash = ring.lookup_hash(tenant, &folded);
    let named = decode_id(ring, tenant, text);
    if !named.is_empty() {
        return Reading { folded, hash, computed: named, shape: Shape::VoucherId };
    }
    let default = Pattern::default();
    let own = patterns.iter().filter(|(pattern, _)| !pattern.is_default());
    let forms = own.map(|(pattern, owner)| (pattern, Some(*owner))).chain([(&default, None)]);
    let mut computed = Vec::new();
    let mut shape = Shape::Other;
    for (pattern, owner) in forms {
        let seen = match body(pattern, &folded) {
            Err(BodyError::Foreign) => Shape::Other,
            Err(BodyError::Check) => Shape::Typo,
            Ok(value) => {
                let before = computed.len();
                computed.extend(ring.entries().iter().filter_map(|entry| {
                    let key = Encoder::under(entry, tenant, pattern).decode(value, owner)?;
                    Some(ComputedCode { key_no: entry.no, key })
                }));
                if computed.len() > before { Shape::Computed } else { Shape::Guess }
            }
        };
        shape = shape.max(seen);
    }
    Reading { folded, hash, computed, shape }
}

/// What follows the prefix, as a number.
fn body(pattern: &Pattern, folded: &Folded) -> Result<u128, BodyError> {
    let body = folded.as_str().strip_prefix(pattern.folded_prefix().as_str()).ok_or(BodyError::Foreign)?;
    if body.len() != usize::from(pattern.length()) {
        return Err(BodyError::Foreign);
    }
    pattern.alphabet().parse(body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codes::ring::test_ring;
    use crate::codes::{Alphabet, encode};
    use crate::id::{COUPONS_MAX, ORDINALS_PER_KIND, VoucherKey, VoucherKind};

    const TENANT: TenantNo = TenantNo(1);
    const KEY: VoucherKey = VoucherKey { coupon: CouponNo(42), kind: VoucherKind::Bearer, ordinal: 4_711 };

    fn own_patterns() -> Vec<(Pattern, CouponNo)> {
        [("SUMMER-", Alphabet::Base32, 12), ("Göld.", Alphabet::Digits, 14), ("新年", Alphabet::Letters, 26)]
            .into_iter()
            .zip(50..)
            .map(|((prefix, alphabet, length), no)| (Pattern::new(prefix, alphabet, length).unwrap(), CouponNo(no)))
            .collect()
    }

    fn code(numbers: &[u32], pattern: &Pattern, key: VoucherKey) -> String {
        let ring = test_ring(numbers);
        encode(&ring, ring.current_no(), TENANT, pattern, key).unwrap()
    }

    #[track_caller]
    fn check(numbers: &[u32], tenant: TenantNo, typed: &str, shape: Shape, computed: &[ComputedCode]) {
        let reading = read(&test_ring(numbers), tenant, &own_patterns(), typed);
        assert_eq!((reading.shape, &*reading.computed), (shape, computed), "{typed}");
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let made = [ComputedCode { key_no: 1, key: KEY }];
        let code = code(&[1], &Pattern::default(), KEY);
        let grouped = [&code[..4], &code[4..8], &code[8..12], &code[12..]].join(" - ");
        for typed in [code.clone(), code.to_lowercase(), grouped, code.replace('0', "o").replace('1', "l")] {
            check(&[1], TENANT, &typed, Shape::Computed, &made);
        }
    }

    #[test]
    fn a_code_of_another_tenant_or_ring_is_a_guess() {
        let code = code(&[1], &Pattern::default(), KEY);
        check(&[1], TenantNo(2), &code, Shape::Guess, &[]);
        check(&[2], TENANT, &code, Shape::Guess, &[]);
    }

    #[test]
    fn a_code_under_a_retired_key_still_reads() {
        let code = code(&[1], &Pattern::default(), KEY);
        check(&[1, 2, 3], TENANT, &code, Shape::Computed, &[ComputedCode { key_no: 1, key: KEY }]);
    }

    #[test]
    fn a_code_under_a_coupons_own_pattern_reads_as_that_coupons() {
        for (pattern, owner) in own_patterns() {
            let key = VoucherKey { coupon: owner, ..KEY };
            let code = code(&[1], &pattern, key);
            check(&[1], TENANT, &code.to_lowercase(), Shape::Computed, &[ComputedCode { key_no: 1, key }]);
            let without = read(&test_ring(&[1]), TENANT, &[], &code);
            assert_eq!(without.shape, Shape::Other);
        }
    }

    #[test]
    fn every_single_wrong_symbol_is_a_typo() {
        let code = code(&[1], &Pattern::default(), KEY);
        for at in 0..code.len() {
            for symbol in Alphabet::Base32.symbols().chars().filter(|&symbol| !code[at..].starts_with(symbol)) {
                let typed = format!("{}{symbol}{}", &code[..at], &code[at + 1..]);
                check(&[1], TENANT, &typed, Shape::Typo, &[]);
            }
        }
    }

    #[test]
    fn words_and_codes_of_another_length_are_of_another_form() {
        let code = code(&[1], &Pattern::default(), KEY);
        for typed in
            ["", "SAVE10", "VOUCHER123", "新年快乐", "SUMMER", "UUUUUUUUUUUUUUUU", &code[1..], &format!("{code}0")]
        {
            check(&[1], TENANT, typed, Shape::Other, &[]);
        }
    }

    #[test]
    fn two_hundred_thousand_guesses_with_the_right_check_hit_none_of_ten_thousand_live_codes() {
        let (ring, pattern) = (test_ring(&[1]), Pattern::default());
        let live = |key: VoucherKey| key.coupon == KEY.coupon && key.kind == KEY.kind && key.ordinal < 10_000;
        let mut computed = 0;
        let mut guess = String::new();
        for seed in 0..200_000_u128 {
            guess.clear();
            // An odd multiplier permutes the 75 bits: all guesses differ and none follows a pattern of ours.
            let value = (seed + 1) * 0x9E37_79B9_7F4A_7C15_F39C % pattern.space();
            pattern.alphabet().append(value, 15, &mut guess);
            let reading = read(&ring, TENANT, &[], &guess);
            assert!(!reading.computed.iter().any(|code| live(code.key)), "{guess}");
            computed += reading.computed.len();
        }
        // 13 zero bits, and two kinds of four: about one guess in 2^14 decodes, 12 of these.
        assert!((1..40).contains(&computed), "{computed}");
    }

    #[test]
    fn debug_shows_nothing_of_the_code() {
        let code = code(&[1], &Pattern::default(), KEY);
        let shown = format!("{:?}", read(&test_ring(&[1]), TENANT, &[], &code));
        assert!(!shown.contains(&code) && shown.contains("Folded(..)"), "{shown}");
    }

    proptest! {
        #[test]
        fn every_code_reads_back_to_its_voucher(
            coupon in 0..COUPONS_MAX, kind in 0_u8..2, ordinal in 0..ORDINALS_PER_KIND, tenant: u32, form in 0_usize..4,
        ) {
            let patterns = own_patterns();
            let default = (Pattern::default(), CouponNo(coupon));
            let (pattern, coupon) = patterns.get(form).unwrap_or(&default);
            let key = VoucherKey { coupon: *coupon, kind: VoucherKind::from_bits(kind).unwrap(), ordinal };
            let ring = test_ring(&[1]);
            let code = encode(&ring, 1, TenantNo(tenant), pattern, key).unwrap();
            prop_assert_eq!(code.chars().count(), pattern.prefix().chars().count() + usize::from(pattern.length()));
            let reading = read(&ring, TenantNo(tenant), &patterns, &code);
            prop_assert_eq!(&*reading.computed, &[ComputedCode { key_no: 1, key }]);
        }

        #[test]
        fn no_text_makes_reading_panic(text: String, body in "[0-9A-Z]{9,26}") {
            let ring = test_ring(&[1, 2]);
            for typed in [text, format!("SUMMER{body}"), format!("新年{body}"), body] {
                let reading = read(&ring, TENANT, &own_patterns(), &typed);
                prop_assert_eq!(reading.shape == Shape::Computed, !reading.computed.is_empty());
            }
        }
    }
}
