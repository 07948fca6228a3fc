//! Coupons and campaigns in memory, parsed. The writer puts in what it committed before it answers, so nobody sees a
//! definition older than the last answered command; what a reader loads meanwhile from an older snapshot is let go.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::campaign::Campaign;
use domain::coupon::Coupon;
use domain::id::{CampaignNo, CouponNo, TenantNo};
use quick_cache::sync::Cache;

/// Coupons kept: a few kilobytes each.
const COUPONS_MAX: usize = 20_000;
/// Campaigns kept.
const CAMPAIGNS_MAX: usize = 5_000;

/// One number for all changes: definitions change rarely, and a load that is let go is only loaded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

#[derive(Debug)]
pub(crate) struct Definitions {
    /// Locked while something is put in, so that a check of the generation and the putting in are one step.
    generation: Mutex<Generation>,
    coupons: Cache<(TenantNo, CouponNo), Arc<Coupon>>,
    campaigns: Cache<(TenantNo, CampaignNo), Arc<Campaign>>,
}

impl Definitions {
    pub fn new() -> Self {
        Self {
            generation: Mutex::new(Generation(0)),
            coupons: Cache::new(COUPONS_MAX),
            campaigns: Cache::new(CAMPAIGNS_MAX),
        }
    }

    /// To be asked before the transaction begins from which something is loaded.
    pub fn generation(&self) -> Generation {
        *self.lock()
    }

    pub fn coupon(&self, tenant: TenantNo, no: CouponNo) -> Option<Arc<Coupon>> {
        self.coupons.get(&(tenant, no))
    }

    pub fn campaign(&self, tenant: TenantNo, no: CampaignNo) -> Option<Arc<Campaign>> {
        self.campaigns.get(&(tenant, no))
    }

    /// Keeps what was just committed. Only for the writer.
    pub fn put<'a>(
        &self,
        tenant: TenantNo,
        coupons: impl Iterator<Item = &'a Arc<Coupon>>,
        campaigns: impl Iterator<Item = &'a Arc<Campaign>>,
    ) {
        let mut generation = self.lock();
        for coupon in coupons {
            generation.0 += 1;
            self.coupons.insert((tenant, coupon.no), Arc::clone(coupon));
        }
        for campaign in campaigns {
            generation.0 += 1;
            self.campaigns.insert((tenant, campaign.no), Arc::clone(campaign));
        }
    }

    /// Keeps what was loaded, unless something was committed since `before`.
    pub fn put_loaded(&self, before: Generation, tenant: TenantNo, coupon: &Arc<Coupon>) {
        let generation = self.lock();
        if *generation == before {
            self.coupons.insert((tenant, coupon.no), Arc::clone(coupon));
        }
    }

    /// The same, of a campaign.
    pub fn put_loaded_campaign(&self, before: Generation, tenant: TenantNo, campaign: &Arc<Campaign>) {
        let generation = self.lock();
        if *generation == before {
            self.campaigns.insert((tenant, campaign.no), Arc::clone(campaign));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generation> {
        self.generation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
