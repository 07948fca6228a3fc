//! Public ids, and shared codes, and the numbers they stand for. The pair never changes, so what was read once is right for
//! ever: also a shared code that was replaced stays its coupon's.

use std::sync::Arc;

use domain::codes::Folded;
use domain::id::{CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, TenantNo};
use quick_cache::sync::Cache;

use crate::near::Near;

/// Pairs kept of each kind: some 10 MB when full.
const PAIRS_MAX: usize = 100_000;

/// Shared codes kept: some 2 MB when full.
const SHARED_CODES_MAX: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Ids {
    shared_codes: Cache<(TenantNo, Folded), CouponNo>,
    shared_codes_near: Near<(TenantNo, Folded), CouponNo>,
    pub coupon_nos: Cache<(TenantNo, CouponId), CouponNo>,
    pub campaign_nos: Cache<(TenantNo, CampaignId), CampaignNo>,
    pub customer_nos: Cache<(TenantNo, CustomerId), CustomerNo>,
    pub customer_ids: Cache<(TenantNo, CustomerNo), CustomerId>,
}

impl Ids {
    pub fn new() -> Self {
        Self {
            shared_codes: Cache::new(SHARED_CODES_MAX),
            shared_codes_near: Near::new(CouponNo::clone),
            coupon_nos: Cache::new(PAIRS_MAX),
            campaign_nos: Cache::new(PAIRS_MAX),
            customer_nos: Cache::new(PAIRS_MAX),
            customer_ids: Cache::new(PAIRS_MAX),
        }
    }

    /// What a shared code stands for.
    pub fn shared_code(&self, tenant: TenantNo, folded: &Folded) -> Option<CouponNo> {
        let key = (tenant, folded.clone());
        // That it stands for nothing is not kept: it may for something later.
        self.shared_codes_near.get(&key, || self.shared_codes.get(&key).map(Arc::new)).map(|no| *no)
    }

    /// Keeps what a shared code stands for, once that is stored.
    pub fn put_shared_code(&self, tenant: TenantNo, folded: Folded, coupon: CouponNo) {
        self.shared_codes.insert((tenant, folded), coupon);
    }
}
