//! Facts that are found by something else than the key of their row. A list that is empty is loaded as an empty list,
//! not as absent: the ledger adds to it what the same batch makes.

use std::sync::LazyLock;

use domain::codes::Pattern;
use domain::id::{CouponNo, CustomerNo, TenantNo, VoucherKey};
use domain::ledger::{DUE_MAX, Due, Facts, RESERVATIONS_MAX, SIBLINGS_MAX};
use domain::pricing::AutomaticFacts;
use domain::redemption::RedemptionId;
use domain::time::Timestamp;
use ports::StoreError;
use rusqlite::{Connection, Row, params};

use super::{Loader, one};
use crate::error::store_error;
use crate::rows;

/// Vouchers of one coupon looked at when its holder types the shared code.
const HOLDINGS_MAX: usize = 16;

/// Vouchers of a wallet that is looked through at once.
const SHORT_WALLET_MAX: usize = 64;

impl Loader<'_> {
    pub(super) fn derived(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.holdings(facts)?;
        self.orders(facts)?;
        self.reservations(facts)?;
        self.covering(facts)?;
        self.siblings(facts)?;
        self.automatic(facts)?;
        self.pools(facts)?;
        self.each(&mut facts.patterns, SELECT_PATTERNS, |_, ()| {
            select_patterns(self.connection, self.tenant).map(Some)
        })?;
        self.each(&mut facts.due, CAMPAIGN_OF, |statement, coupon| {
            let rows = statement.query_map(params![self.tenant.0, coupon.0], |row| row.get(0).map(CouponNo))?;
            let coupons: Vec<CouponNo> = rows.collect::<rusqlite::Result<_>>()?;
            self.due(&coupons).map(Some)
        })
    }

    pub(super) fn holdings(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        let wanted = facts.holdings.take_wanted();
        for of_one in wanted.chunk_by(|one, other| one.0 == other.0) {
            // Most customers hold none of what several shared codes stand for, and one look at the wallet tells.
            let held = if of_one.len() > 1 { self.short_wallet(of_one[0].0)? } else { None };
            for key in of_one {
                let may_hold = held.as_ref().is_none_or(|coupons| coupons.contains(&key.1));
                let found = if may_hold { self.held(*key)? } else { Vec::new() };
                facts.holdings.load(*key, Some(found));
            }
        }
        Ok(())
    }

    /// What the customer has of this coupon and can use.
    fn held(&self, (customer, coupon): (CustomerNo, CouponNo)) -> rusqlite::Result<Vec<VoucherKey>> {
        let mut statement = self.connection.prepare_cached(HOLDINGS)?;
        let key = params![self.tenant.0, customer.0, coupon.0, self.now.as_ms(), HOLDINGS_MAX as i64];
        statement.query_map(key, rows::voucher_key)?.collect()
    }

    /// The coupons of a wallet that is short; of a long one each coupon is better looked for by itself.
    fn short_wallet(&self, customer: CustomerNo) -> rusqlite::Result<Option<Vec<CouponNo>>> {
        let mut statement = self.connection.prepare_cached(SHORT_WALLET)?;
        let key = params![self.tenant.0, customer.0, SHORT_WALLET_MAX as i64 + 1];
        let coupons: Vec<CouponNo> =
            statement.query_map(key, |row| row.get(0).map(CouponNo))?.collect::<rusqlite::Result<_>>()?;
        Ok(Some(coupons).filter(|coupons| coupons.len() <= SHORT_WALLET_MAX))
    }

    fn orders(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.orders, ORDER, |statement, order| {
            one(statement, params![self.tenant.0, order], |row| redemption_id(row, 0))
        })
    }

    fn reservations(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.reservations, RESERVATIONS, |statement, coupon| {
            let key = params![self.tenant.0, coupon.0, RESERVATIONS_MAX as i64];
            let ids = statement.query_map(key, |row| redemption_id(row, 0))?;
            ids.collect::<rusqlite::Result<_>>().map(Some)
        })
    }

    fn siblings(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.siblings, SIBLINGS, |statement, campaign| {
            let key = params![self.tenant.0, campaign.0, SIBLINGS_MAX as i64];
            let coupons = statement.query_map(key, |row| row.get(0).map(CouponNo))?;
            coupons.collect::<rusqlite::Result<_>>().map(Some)
        })
    }

    /// From memory, where the writer keeps them.
    fn automatic(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        for () in facts.automatic.take_wanted() {
            let stored = self.shared.definitions.automatic(self.tenant);
            facts.automatic.load((), Some(AutomaticFacts { stored, ..AutomaticFacts::default() }));
        }
        Ok(())
    }

    /// A page of a pool brings its vouchers: whoever asked for it will ask for them next.
    fn pools(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.hashes, HASH, |statement, key| {
            let key = params![self.tenant.0, key.coupon.0, rows::ordinal_column(key.ordinal)];
            one(statement, key, |row| row.get(0))
        })?;
        let vouchers = &mut facts.vouchers;
        self.each(&mut facts.pool_pages, &POOL_PAGE, |statement, page| {
            let count = i64::try_from(page.count).unwrap_or(i64::MAX);
            let key = params![self.tenant.0, page.coupon.0, rows::ordinal_column(page.from), count];
            let mut ordinals = Vec::new();
            for voucher in statement.query_map(key, rows::voucher)? {
                let voucher = voucher?;
                ordinals.push(voucher.key.ordinal);
                vouchers.load(voucher.key, Some(voucher));
            }
            Ok(Some(ordinals))
        })
    }

    fn covering(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.covering, COVERING, |statement, (coupon, ordinal)| {
            let key = params![self.tenant.0, coupon.0, rows::ordinal_column(*ordinal)];
            let found = one(statement, key, |row| Ok((rows::ordinal(row, 0)?, rows::ordinal(row, 1)?)))?;
            Ok(found.filter(|(first, count)| ordinal - first < *count).map(|(first, _)| first))
        })
    }

    /// What is due of these coupons together, oldest first.
    fn due(&self, coupons: &[CouponNo]) -> rusqlite::Result<Due> {
        let mut vouchers: Vec<(Timestamp, VoucherKey)> = Vec::new();
        let mut redemptions: Vec<(Timestamp, RedemptionId)> = Vec::new();
        let mut holds = self.connection.prepare_cached(DUE_HOLDS)?;
        let mut reservations = self.connection.prepare_cached(DUE_RESERVATIONS)?;
        for coupon in coupons {
            let key = params![self.tenant.0, coupon.0, self.now.as_ms(), DUE_MAX as i64];
            let rows = holds.query_map(key, |row| Ok((rows::instant(row, 3)?, rows::voucher_key(row)?)))?;
            vouchers.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
            let rows = reservations.query_map(key, |row| Ok((rows::instant(row, 1)?, redemption_id(row, 0)?)))?;
            redemptions.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        Ok(Due { vouchers: oldest(vouchers), redemptions: oldest(redemptions) })
    }
}

fn oldest<T: Ord>(mut all: Vec<(Timestamp, T)>) -> Vec<T> {
    all.sort_unstable();
    // A reservation of two coupons of a campaign is found with each.
    all.dedup();
    all.truncate(DUE_MAX);
    all.into_iter().map(|(_, one)| one).collect()
}

fn redemption_id(row: &Row<'_>, column: usize) -> rusqlite::Result<RedemptionId> {
    rows::redemption_id(row, column)?.ok_or_else(|| rows::damaged(column, "no id"))
}

/// Only those that can still be used: what has ended must not push others out of the bound.
const HOLDINGS: &str = "select v.coupon, v.kind, v.ordinal
    from wallet w
    join voucher v on v.tenant = w.tenant and v.coupon = w.coupon and v.kind = w.kind and v.ordinal = w.ordinal
    where w.tenant = ?1 and w.customer = ?2 and w.coupon = ?3 and v.state in (0, 1, 2)
        and (v.held_until is null or v.held_until > ?4)
        and (v.valid_until is null or v.valid_until > ?4)
    order by w.kind, w.ordinal
    limit ?5";

const SHORT_WALLET: &str = "select coupon from wallet where tenant = ?1 and customer = ?2 limit ?3";

const ORDER: &str = "select redemption_id from redemption where tenant = ?1 and order_id = ?2 and state in (0, 1)";

const RESERVATIONS: &str =
    "select redemption_id from reservation where tenant = ?1 and coupon = ?2 order by deadline limit ?3";

const COVERING: &str = "select first, count from code_block
    where tenant = ?1 and coupon = ?2 and first <= ?3
    order by first desc
    limit 1";

const SIBLINGS: &str = "select coupon from coupon indexed by coupon_at_work_of_campaign
    where tenant = ?1 and campaign = ?2 and state <> 4
    order by coupon
    limit ?3";

const HASH: &str = "select hash from given_code where tenant = ?1 and coupon = ?2 and ordinal = ?3";

/// By the index `voucher_in_pool`.
static POOL_PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {} from voucher
         where tenant = ?1 and coupon = ?2 and state = 6 and ordinal >= ?3
         order by ordinal
         limit ?4",
        rows::VOUCHER_COLUMNS
    )
});

/// The coupon, with all others of its campaign.
const CAMPAIGN_OF: &str = "select ?2 as coupon
    union
    select other.coupon from coupon own
    join coupon other on other.tenant = own.tenant and other.campaign = own.campaign
    where own.tenant = ?1 and own.coupon = ?2 and other.campaign is not null";

const DUE_HOLDS: &str = "select coupon, kind, ordinal, held_until from voucher
    where tenant = ?1 and coupon = ?2 and state = 0 and held_until <= ?3
    order by held_until
    limit ?4";

const DUE_RESERVATIONS: &str = "select redemption_id, deadline from reservation
    where tenant = ?1 and coupon = ?2 and deadline <= ?3
    order by deadline
    limit ?4";

const SELECT_PATTERNS: &str = "select document, coupon from code_pattern where tenant = ?1";

/// The patterns with a prefix of a tenant, all that ever were.
pub(crate) fn patterns(connection: &Connection, tenant: TenantNo) -> Result<Vec<(Pattern, CouponNo)>, StoreError> {
    select_patterns(connection, tenant).map_err(store_error)
}

fn select_patterns(connection: &Connection, tenant: TenantNo) -> rusqlite::Result<Vec<(Pattern, CouponNo)>> {
    let mut statement = connection.prepare_cached(SELECT_PATTERNS)?;
    let rows = statement.query_map([tenant.0], |row| Ok((rows::json(row, 0)?, CouponNo(row.get(1)?))))?;
    rows.collect()
}
