//! The code space: voucher keys to codes. A code is a permutation of coupon (26 bits), kind (2), ordinal (34) and zeros
//! (13); under a coupon's own pattern, of kind and ordinal only, as the prefix says the coupon. What is left of the
//! space tells made codes from guesses.

use std::fmt;

use super::ff1::Ff1;
use super::pattern::Pattern;
use super::ring::{Entry, KeyRing, UnknownKey};
use crate::id::{COUPONS_MAX, CouponNo, ORDINALS_PER_KIND, TenantNo, VoucherKey, VoucherKind};

const ORDINAL_BITS: u32 = ORDINALS_PER_KIND.ilog2();
const ZERO_BITS: u32 = 13;

/// Kind and ordinal: what a code under a coupon's own pattern must hold.
pub(super) const OWNED_BITS: u32 = 2 + ORDINAL_BITS;

/// Why a voucher key has no code or id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The ring has no such key.
    #[error(transparent)]
    UnknownKey(#[from] UnknownKey),
    /// Coupon or ordinal is beyond its bits, or the code of this kind is given, not computed.
    #[error("coupon {}, ordinal {} has no computed form", .0.coupon, .0.ordinal)]
    NotComputed(VoucherKey),
}

/// A voucher key that a text stands for, and the key of the ring it was made under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ComputedCode {
    /// The ring key's number. It must be the one the voucher's row or block was made under, else this is a lucky
    /// guess.
    pub key_no: u32,
    /// The voucher. That it exists, or is worth something, is for its row or block to say.
    pub key: VoucherKey,
}

/// The code of a voucher as shown: the pattern's prefix and upper-case symbols. Under a pattern with a prefix, the
/// coupon must be the one that owns it. For many codes build one [`Encoder`].
///
/// # Errors
/// [`EncodeError`] for an unknown key, a number out of range, and a voucher whose code was given by people.
pub fn encode(
    ring: &KeyRing,
    key_no: u32,
    tenant: TenantNo,
    pattern: &Pattern,
    key: VoucherKey,
) -> Result<String, EncodeError> {
    let mut code = String::with_capacity(pattern.prefix().len() + usize::from(pattern.length()));
    Encoder::new(ring, key_no, tenant, pattern)?.append(key, &mut code)?;
    Ok(code)
}

/// Makes the codes of one tenant and pattern under one key: built once, for exports of millions.
pub struct Encoder<'r> {
    ff1: Ff1<'r>,
    pattern: &'r Pattern,
}

impl<'r> Encoder<'r> {
    /// An encoder under the ring key of this number.
    ///
    /// # Errors
    /// [`UnknownKey`] if the ring does not have it.
    pub fn new(ring: &'r KeyRing, key_no: u32, tenant: TenantNo, pattern: &'r Pattern) -> Result<Self, UnknownKey> {
        Ok(Self::under(ring.entry(key_no)?, tenant, pattern))
    }

    /// Appends the code of a voucher as shown; see [`encode`]. On an error nothing is appended.
    ///
    /// # Errors
    /// [`EncodeError::NotComputed`] for a number out of range and a voucher whose code was given by people.
    pub fn append(&self, key: VoucherKey, to: &mut String) -> Result<(), EncodeError> {
        if key.kind == VoucherKind::Given {
            return Err(EncodeError::NotComputed(key));
        }
        let packed = pack(key).ok_or(EncodeError::NotComputed(key))?;
        let plain = if self.pattern.is_default() { packed } else { owned(packed) };
        to.push_str(self.pattern.prefix());
        self.pattern.alphabet().append(self.ff1.encrypt(plain), self.pattern.numerals() as usize, to);
        Ok(())
    }

    pub(super) fn under(entry: &'r Entry, tenant: TenantNo, pattern: &'r Pattern) -> Self {
        let tweak = [&tenant.0.to_be_bytes(), pattern.folded_prefix().as_str().as_bytes()].concat();
        Self { ff1: Ff1::new(&entry.code, pattern.alphabet().radix(), pattern.numerals(), &tweak), pattern }
    }

    /// The voucher this body, read as a number, was made for; `owner` is the coupon of a pattern with a prefix.
    pub(super) fn decode(&self, body: u128, owner: Option<CouponNo>) -> Option<VoucherKey> {
        let plain = self.ff1.decrypt(body);
        let key = match owner {
            None => unpack(plain),
            Some(coupon) => unpack_owned(plain, coupon),
        };
        key.filter(|key| key.kind != VoucherKind::Given)
    }
}

impl fmt::Debug for Encoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("pattern", self.pattern).finish_non_exhaustive()
    }
}

/// All 75 bits of a voucher key, if its numbers are in range.
pub(super) fn pack(key: VoucherKey) -> Option<u128> {
    let in_range = key.coupon.0 < COUPONS_MAX && key.ordinal < ORDINALS_PER_KIND;
    let coupon = u128::from(key.coupon.0) << OWNED_BITS;
    let kind = u128::from(key.kind.bits()) << ORDINAL_BITS;
    in_range.then_some((coupon | kind | u128::from(key.ordinal)) << ZERO_BITS)
}

/// The voucher key of 75 bits, if the zeros are zero and the kind is one.
pub(super) fn unpack(packed: u128) -> Option<VoucherKey> {
    let bits = packed >> ZERO_BITS;
    let coupon = u32::try_from(bits >> OWNED_BITS).ok().filter(|&coupon| coupon < COUPONS_MAX)?;
    if bits << ZERO_BITS != packed {
        return None;
    }
    unpack_owned(bits & ((1 << OWNED_BITS) - 1), CouponNo(coupon))
}

fn owned(packed: u128) -> u128 {
    (packed >> ZERO_BITS) & ((1 << OWNED_BITS) - 1)
}

fn unpack_owned(plain: u128, coupon: CouponNo) -> Option<VoucherKey> {
    let kind = VoucherKind::from_bits(u8::try_from(plain >> ORDINAL_BITS).ok()?)?;
    let ordinal = u64::try_from(plain & u128::from(ORDINALS_PER_KIND - 1)).ok()?;
    Some(VoucherKey { coupon, kind, ordinal })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::collections::HashSet;

    use super::*;
    use crate::codes::ring::test_ring;

    fn key(coupon: u32, kind: VoucherKind, ordinal: u64) -> VoucherKey {
        VoucherKey { coupon: CouponNo(coupon), kind, ordinal }
    }

    #[test]
    fn two_hundred_thousand_ordinals_give_as_many_codes() {
        let (ring, pattern) = (test_ring(&[1]), Pattern::default());
        let encoder = Encoder::new(&ring, 1, TenantNo(1), &pattern).unwrap();
        let code = |ordinal| {
            let mut code = String::new();
            encoder.append(key(7, VoucherKind::Bearer, ordinal), &mut code).unwrap();
            code
        };
        let codes: HashSet<String> = (0..200_000).map(code).collect();
        assert_eq!(codes.len(), 200_000);
    }

    #[test]
    fn a_key_without_a_computed_form_is_refused_and_appends_nothing() {
        let (ring, pattern) = (test_ring(&[1]), Pattern::default());
        let encoder = Encoder::new(&ring, 1, TenantNo(1), &pattern).unwrap();
        for bad in [
            key(COUPONS_MAX, VoucherKind::Row, 0),
            key(1, VoucherKind::Row, ORDINALS_PER_KIND),
            key(1, VoucherKind::Given, 0),
        ] {
            let mut code = String::new();
            assert_eq!(encoder.append(bad, &mut code), Err(EncodeError::NotComputed(bad)));
            assert_eq!(code, "");
        }
        let unknown = encode(&ring, 2, TenantNo(1), &pattern, key(1, VoucherKind::Row, 0));
        assert_eq!(unknown, Err(UnknownKey { no: 2 }.into()));
    }

    /// A change of these breaks every code ever printed.
    #[test]
    fn codes_stay_as_they_are_from_release_to_release() {
        let code = |pattern: &Pattern| {
            encode(&test_ring(&[1]), 1, TenantNo(1), pattern, key(42, VoucherKind::Row, 4_711)).unwrap()
        };
        assert_eq!(code(&Pattern::default()), "RC6PD23TJH4G8GVM");
        assert_eq!(
            code(&Pattern::new("SUMMER-", crate::codes::Alphabet::Digits, 14).unwrap()),
            "SUMMER-27204665908944"
        );
    }

    #[test]
    fn kind_three_and_set_zero_bits_are_refused() {
        assert_eq!(unpack(3 << (ORDINAL_BITS + ZERO_BITS)), None);
        assert_eq!(unpack_owned(3 << ORDINAL_BITS, CouponNo(1)), None);
        assert_eq!(unpack_owned(1 << OWNED_BITS, CouponNo(1)), None);
        for bit in 0..ZERO_BITS {
            assert_eq!(unpack(1 << bit), None);
        }
    }

    proptest! {
        #[test]
        fn every_key_in_range_packs_into_75_bits_and_back(
            coupon in 0..COUPONS_MAX, bits in 0_u8..3, ordinal in 0..ORDINALS_PER_KIND,
        ) {
            let key = key(coupon, VoucherKind::from_bits(bits).unwrap(), ordinal);
            let packed = pack(key).unwrap();
            prop_assert!(packed < 1 << 75);
            prop_assert_eq!(unpack(packed), Some(key));
            prop_assert_eq!(unpack_owned(owned(packed), key.coupon), Some(key));
        }

        #[test]
        fn no_number_makes_unpacking_panic(number: u128) {
            let _ = (unpack(number), unpack_owned(number, CouponNo(1)));
        }
    }
}
