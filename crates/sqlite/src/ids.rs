//! Public ids and the numbers they stand for. The pair never changes, so what was read once is right for ever.

use domain::id::{CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, TenantNo};
use quick_cache::sync::Cache;

/// Pairs kept of each kind: some 10 MB when full.
const PAIRS_MAX: usize = 100_000;

#[derive(Debug)]
pub(crate) struct Ids {
    pub coupon_nos: Cache<(TenantNo, CouponId), CouponNo>,
    pub campaign_nos: Cache<(TenantNo, CampaignId), CampaignNo>,
    pub customer_nos: Cache<(TenantNo, CustomerId), CustomerNo>,
    pub customer_ids: Cache<(TenantNo, CustomerNo), CustomerId>,
}

impl Ids {
    pub fn new() -> Self {
        Self {
            coupon_nos: Cache::new(PAIRS_MAX),
            campaign_nos: Cache::new(PAIRS_MAX),
            customer_nos: Cache::new(PAIRS_MAX),
            customer_ids: Cache::new(PAIRS_MAX),
        }
    }
}
