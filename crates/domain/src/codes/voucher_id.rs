//! Voucher ids: what the outside calls a voucher. Another permutation of the same 75 bits as its code, under another
//! key: an id gives away neither the code nor how many vouchers there are, and needs no index.

use super::alphabet::Alphabet;
use super::ff1::Ff1;
use super::ring::{Entry, KeyRing};
use super::space::{ComputedCode, EncodeError, pack, unpack};
use crate::id::{TenantNo, VoucherKey};

/// What a voucher id begins with.
pub const VOUCHER_ID_PREFIX: &str = "vch_";

const NUMERALS: u32 = 15;

/// The id of a voucher of any kind: `vch_` and 16 lower-case characters. The same voucher has another id under another
/// key of the ring, so the key's number is stored with the voucher or follows from its ordinal.
///
/// # Errors
/// [`EncodeError`] for an unknown key and a number out of range.
pub fn encode_id(ring: &KeyRing, key_no: u32, tenant: TenantNo, key: VoucherKey) -> Result<String, EncodeError> {
    let packed = pack(key).ok_or(EncodeError::NotComputed(key))?;
    let value = permutation(ring.entry(key_no)?, tenant).encrypt(packed);
    let mut id = String::with_capacity(VOUCHER_ID_PREFIX.len() + NUMERALS as usize + 1);
    id.push_str(VOUCHER_ID_PREFIX);
    Alphabet::Base32.append(value, NUMERALS as usize, &mut id);
    id.make_ascii_lowercase();
    Ok(id)
}

/// The vouchers an id can stand for, newest ring key first; none if it is not exactly as [`encode_id`] writes ids of
/// this tenant. More than one only by chance, at most once in 2^13 per further
/// key: the row or block decides, as it knows the key it was made under.
#[must_use]
pub fn decode_id(ring: &KeyRing, tenant: TenantNo, text: &str) -> Vec<ComputedCode> {
    let Some(value) = parse(text) else { return Vec::new() };
    let decode = |entry: &Entry| {
        let key = unpack(permutation(entry, tenant).decrypt(value))?;
        Some(ComputedCode { key_no: entry.no, key })
    };
    ring.entries().iter().filter_map(decode).collect()
}

fn permutation(entry: &Entry, tenant: TenantNo) -> Ff1<'_> {
    Ff1::new(&entry.id, Alphabet::Base32.radix(), NUMERALS, &tenant.0.to_be_bytes())
}

fn parse(text: &str) -> Option<u128> {
    let body = text.strip_prefix(VOUCHER_ID_PREFIX)?;
    // One voucher has one spelling of its id, so that ids can be compared as texts.
    if body.len() != NUMERALS as usize + 1 || body.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    Alphabet::Base32.parse(&body.to_ascii_uppercase()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codes::ring::{UnknownKey, test_ring};
    use crate::codes::{Pattern, encode};
    use crate::id::{COUPONS_MAX, CouponNo, ORDINALS_PER_KIND, VoucherKind};

    const KEY: VoucherKey = VoucherKey { coupon: CouponNo(42), kind: VoucherKind::Row, ordinal: 4_711 };

    /// A change of this breaks every id that callers have stored.
    #[test]
    fn ids_stay_as_they_are_from_release_to_release() {
        assert_eq!(encode_id(&test_ring(&[1]), 1, TenantNo(1), KEY).as_deref(), Ok("vch_yn6rbaggk8jqefbq"));
    }

    #[test]
    fn an_id_is_not_its_code() {
        let ring = test_ring(&[1]);
        let code = encode(&ring, 1, TenantNo(1), &Pattern::default(), KEY).unwrap();
        let id = encode_id(&ring, 1, TenantNo(1), KEY).unwrap();
        assert_ne!(id.strip_prefix("vch_").unwrap().to_uppercase(), code);
        assert_eq!(decode_id(&ring, TenantNo(1), &format!("vch_{}", code.to_lowercase())), []);
    }

    #[test]
    fn an_id_reads_back_in_its_tenant_only_and_after_a_rotation() {
        let id = encode_id(&test_ring(&[1]), 1, TenantNo(1), KEY).unwrap();
        let rotated = test_ring(&[1, 2]);
        assert_eq!(decode_id(&rotated, TenantNo(1), &id), [ComputedCode { key_no: 1, key: KEY }]);
        assert_eq!(decode_id(&rotated, TenantNo(2), &id), []);
        assert_eq!(decode_id(&test_ring(&[2]), TenantNo(1), &id), []);
        assert_eq!(encode_id(&rotated, 3, TenantNo(1), KEY), Err(UnknownKey { no: 3 }.into()));
    }

    #[test]
    fn another_spelling_is_no_id() {
        let (ring, tenant) = (test_ring(&[1]), TenantNo(1));
        let id = encode_id(&ring, 1, tenant, KEY).unwrap();
        for bad in ["", "vch_", &id[4..], &id.to_uppercase(), &id.replace("vch_", "vch-"), &format!("{id}0"), &id[..19]]
        {
            assert_eq!(decode_id(&ring, tenant, bad), [], "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_id_reads_back_to_its_voucher(
            coupon in 0..COUPONS_MAX, bits in 0_u8..3, ordinal in 0..ORDINALS_PER_KIND, tenant: u32,
        ) {
            let key = VoucherKey { coupon: CouponNo(coupon), kind: VoucherKind::from_bits(bits).unwrap(), ordinal };
            let ring = test_ring(&[1]);
            let id = encode_id(&ring, 1, TenantNo(tenant), key).unwrap();
            prop_assert_eq!(decode_id(&ring, TenantNo(tenant), &id), [ComputedCode { key_no: 1, key }]);
        }

        #[test]
        fn no_text_makes_decoding_panic(text: String, tail in "\\PC{14,18}") {
            let ring = test_ring(&[1]);
            prop_assert_eq!(decode_id(&ring, TenantNo(1), &text), []);
            let like_an_id = decode_id(&ring, TenantNo(1), &format!("vch_{tail}"));
            prop_assert!(like_an_id.len() <= 1);
        }
    }
}
