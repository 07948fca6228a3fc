//! Amounts that are drawn for vouchers: by chance as far as anybody outside can tell, and the same whenever they are drawn again.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::id::VoucherKey;

/// What amounts of one tenant's vouchers are drawn with: derived from the newest key of the ring, so that nobody without the
/// ring can tell what the next voucher gets, and a restored installation, which goes on under a new key, draws anew for the
/// ordinals that somebody may have seen the amounts of. Its `Debug` hides it.
///
/// The choice: a keyed hash of the voucher's key instead of random bytes with each command. An ordinal is never given twice, so
/// no two draws share their chance; a batch that is decided again, after loading more or after a failed commit, draws the
/// same; and no caller can bring the bytes that suit him.
#[derive(Clone)]
pub struct DrawKey(pub(super) Hmac<Sha256>);

impl DrawKey {
    /// A whole number from `least` to `most`, each as likely as the others (to 1 in 2^13 at the widest range there is); `least`
    /// if `most` is not above it. Always the same for one voucher and range.
    #[must_use]
    pub fn draw(&self, voucher: VoucherKey, least: i64, most: i64) -> i64 {
        let VoucherKey { coupon, kind, ordinal } = voucher;
        let mac = self.0.clone().chain_update(coupon.0.to_be_bytes()).chain_update([kind.bits()]);
        let bytes: [u8; 32] = mac.chain_update(ordinal.to_be_bytes()).finalize().into_bytes().into();
        let chance = u64::from_be_bytes(*bytes.first_chunk().expect("32 bytes begin with 8"));
        let span = i128::from(most).saturating_sub(i128::from(least)).max(0) + 1;
        // Below `span`, as the chance is a fraction of one.
        let above = (i128::from(chance) * span) >> 64;
        least.saturating_add(i64::try_from(above).unwrap_or(i64::MAX))
    }
}

impl fmt::Debug for DrawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DrawKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::codes::ring::test_ring;
    use crate::id::{CouponNo, TenantNo, VoucherKey, VoucherKind};

    fn voucher(coupon: u32, ordinal: u64) -> VoucherKey {
        VoucherKey { coupon: CouponNo(coupon), kind: VoucherKind::Row, ordinal }
    }

    #[test]
    fn a_draw_stays_within_its_range_and_reaches_both_ends() {
        let key = test_ring(&[1]).draw_key(TenantNo(1));
        let drawn: BTreeSet<i64> = (0..200).map(|ordinal| key.draw(voucher(1, ordinal), 5, 9)).collect();
        assert_eq!(drawn, (5..=9).collect());
        assert_eq!(key.draw(voucher(1, 0), 5, 5), 5);
        assert_eq!(key.draw(voucher(1, 0), 5, 4), 5);
        assert!(key.draw(voucher(1, 0), 1, 1_000_000_000_000_000) > 0);
    }

    #[test]
    fn a_draw_is_the_same_again_and_another_for_another_voucher_tenant_and_key() {
        let draw = |numbers: &[u32], tenant, coupon, ordinal| {
            test_ring(numbers).draw_key(TenantNo(tenant)).draw(voucher(coupon, ordinal), 0, 1_000_000_000)
        };
        let one = draw(&[1], 1, 1, 7);
        assert_eq!(one, draw(&[1], 1, 1, 7));
        for other in [draw(&[1], 2, 1, 7), draw(&[1], 1, 2, 7), draw(&[1], 1, 1, 8), draw(&[1, 2], 1, 1, 7)] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn each_amount_is_as_likely_as_the_others() {
        let key = test_ring(&[1]).draw_key(TenantNo(1));
        let mut counts = [0_u32; 10];
        for ordinal in 0..20_000 {
            counts[usize::try_from(key.draw(voucher(1, ordinal), 0, 9)).expect("it is within")] += 1;
        }
        // 2,000 each; four standard deviations are 170.
        assert!(counts.iter().all(|count| (1_830..=2_170).contains(count)), "{counts:?}");
    }
}
