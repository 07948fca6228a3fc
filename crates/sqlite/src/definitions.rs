//! Coupons, campaigns, accounts and sessions in memory, parsed. The writer puts in what it committed before it answers, so nobody sees a
//! definition older than the last answered command; what a reader loads meanwhile from an older snapshot is let go.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::account::Account;
use domain::campaign::Campaign;
use domain::coupon::Coupon;
use domain::id::{AccountNo, CampaignNo, CouponNo, SessionId, TenantNo};
use domain::pricing::Automatic;
use ports::{Session, StoreError};
use quick_cache::sync::Cache;
use rusqlite::Connection;

use crate::error::store_error;
use crate::kept::Kept;
use crate::near::Near;
use crate::rows;

/// Coupons kept: a few kilobytes each.
const COUPONS_MAX: usize = 20_000;
/// Campaigns kept.
const CAMPAIGNS_MAX: usize = 5_000;
/// Accounts kept: those that are signed in.
const ACCOUNTS_MAX: usize = 20_000;
/// Sessions kept: some 100 bytes each.
const SESSIONS_MAX: usize = 100_000;

/// One number for all changes: definitions change rarely, and a load that is let go is only loaded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

#[derive(Debug)]
pub(crate) struct Definitions {
    /// Locked while something is put in, so that a check of the generation and the putting in are one step.
    generation: Mutex<Generation>,
    automatic: Kept<Automatic>,
    coupons: Cache<(TenantNo, CouponNo), Arc<Coupon>>,
    coupons_near: Near<(TenantNo, CouponNo), Coupon>,
    campaigns: Cache<(TenantNo, CampaignNo), Arc<Campaign>>,
    accounts: Cache<(TenantNo, AccountNo), Arc<Account>>,
    sessions: Cache<(TenantNo, SessionId), Session>,
}

impl Definitions {
    /// With the coupons that need no code, of all tenants.
    pub fn load(connection: &Connection) -> Result<Self, StoreError> {
        let mut automatic: HashMap<TenantNo, Vec<Arc<Coupon>>> = HashMap::new();
        let mut statement = connection.prepare(AUTOMATIC).map_err(store_error)?;
        let rows = statement.query_map([], |row| Ok((TenantNo(row.get(0)?), rows::json::<Coupon>(row, 1)?)));
        for row in rows.map_err(store_error)? {
            let (tenant, coupon) = row.map_err(store_error)?;
            automatic.entry(tenant).or_default().push(Arc::new(coupon));
        }
        let automatic = automatic.into_iter().map(|(tenant, list)| (tenant, Automatic::new(list)));
        Ok(Self {
            generation: Mutex::new(Generation(0)),
            automatic: Kept::new(automatic, Automatic::apart),
            coupons: Cache::new(COUPONS_MAX),
            coupons_near: Near::new(Coupon::clone),
            campaigns: Cache::new(CAMPAIGNS_MAX),
            accounts: Cache::new(ACCOUNTS_MAX),
            sessions: Cache::new(SESSIONS_MAX),
        })
    }

    /// To be asked before the transaction begins from which something is loaded.
    pub fn generation(&self) -> Generation {
        *self.lock()
    }

    pub fn coupon(&self, tenant: TenantNo, no: CouponNo) -> Option<Arc<Coupon>> {
        self.coupons_near.get(&(tenant, no), || self.coupons.get(&(tenant, no)))
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
            self.coupons_near.changed();
            self.follow_automatic(tenant, coupon);
        }
        for campaign in campaigns {
            generation.0 += 1;
            self.campaigns.insert((tenant, campaign.no), Arc::clone(campaign));
        }
    }

    /// Lets go of all coupons, to be loaded again. Only for the writer.
    pub fn forget_coupons(&self) {
        let mut generation = self.lock();
        generation.0 += 1;
        self.coupons.clear();
        self.coupons_near.changed();
    }

    /// The coupons of a tenant that need no code, scheduled or running.
    pub fn automatic(&self, tenant: TenantNo) -> Arc<Automatic> {
        self.automatic.of(tenant)
    }

    fn follow_automatic(&self, tenant: TenantNo, coupon: &Arc<Coupon>) {
        // Not this thread's copy: that would be made anew for each coupon of a row of changes.
        let before = self.automatic.shared(tenant).unwrap_or_default();
        if before.has(coupon.no) || coupon.is_automatic() {
            self.automatic.put(tenant, Arc::new(before.with(coupon)));
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

    pub fn account(&self, tenant: TenantNo, no: AccountNo) -> Option<Arc<Account>> {
        self.accounts.get(&(tenant, no))
    }

    /// Keeps what was just committed. Only for the writer.
    pub fn put_accounts<'a>(&self, tenant: TenantNo, accounts: impl Iterator<Item = &'a Account>) {
        let mut generation = self.lock();
        for account in accounts {
            generation.0 += 1;
            self.accounts.insert((tenant, account.no), Arc::new(account.clone()));
        }
    }

    /// Keeps what was loaded, unless something was committed since `before`.
    pub fn put_loaded_account(&self, before: Generation, tenant: TenantNo, account: &Arc<Account>) {
        let generation = self.lock();
        if *generation == before {
            self.accounts.insert((tenant, account.no), Arc::clone(account));
        }
    }

    pub fn session(&self, tenant: TenantNo, id: SessionId) -> Option<Session> {
        self.sessions.get(&(tenant, id))
    }

    /// Keeps a session that was renewed. Only for the writer.
    pub fn put_session(&self, tenant: TenantNo, session: Session) {
        let mut generation = self.lock();
        generation.0 += 1;
        self.sessions.insert((tenant, session.id), session);
    }

    /// Forgets a session that was ended. Only for the writer.
    pub fn end_session(&self, tenant: TenantNo, id: SessionId) {
        let mut generation = self.lock();
        generation.0 += 1;
        self.sessions.remove(&(tenant, id));
    }

    /// Keeps what was loaded, unless something was committed since `before`.
    pub fn put_loaded_session(&self, before: Generation, tenant: TenantNo, session: Session) {
        let generation = self.lock();
        if *generation == before {
            self.sessions.insert((tenant, session.id), session);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generation> {
        self.generation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By the index `coupon_without_code`.
const AUTOMATIC: &str =
    "select tenant, document from coupon where automatic = 1 and state in (1, 5) order by tenant, coupon";
