//! Public ids, and shared codes, and the numbers they stand for. The pair never changes, so what was read once is right for
//! ever: also a shared code that was replaced stays its coupon's.

use domain::codes::Folded;
use domain::id::{CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, TenantNo};
use quick_cache::sync::Cache;

/// Pairs kept of each kind: some 10 MB when full.
const PAIRS_MAX: usize = 100_000;

/// Shared codes kept: some 2 MB when full.
const SHARED_CODES_MAX: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Ids {
    pub shared_codes: Cache<(TenantNo, Folded), CouponNo>,
    pub coupon_nos: Cache<(TenantNo, CouponId), CouponNo>,
    pub campaign_nos: Cache<(TenantNo, CampaignId), CampaignNo>,
    pub customer_nos: Cache<(TenantNo, CustomerId), CustomerNo>,
    pub customer_ids: Cache<(TenantNo, CustomerNo), CustomerId>,
}

impl Ids {
    pub fn new() -> Self {
        Self {
            shared_codes: Cache::new(SHARED_CODES_MAX),
            coupon_nos: Cache::new(PAIRS_MAX),
            campaign_nos: Cache::new(PAIRS_MAX),
            customer_nos: Cache::new(PAIRS_MAX),
            customer_ids: Cache::new(PAIRS_MAX),
        }
    }
}
