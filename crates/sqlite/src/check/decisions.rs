//! What redemptions were decided on, decided again.

use std::sync::Arc;

use domain::coupon::Coupon;
use domain::id::{CouponNo, TenantNo};
use domain::ledger::{DecisionRecord, Versions};
use domain::tenant::Settings;
use ports::StoreError;
use quick_cache::sync::Cache;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::Run;
use super::report::Promise;
use crate::query::each;
use crate::records::{coupons, decisions};
use crate::rows::json;

/// Versions of coupons, and of settings, kept while decisions are replayed.
const VERSIONS_MAX: usize = 1_000;

/// The mark of a cancel that came first was not decided on anything: it has no currency. And the oldest decisions may
/// have been removed for their age, up to a redemption that is written down.
const ALL: &str = "
    select tenant, redemption_id, subtotal_minor, discount_minor, total_minor, order_id, decision.document
    from redemption
    left join decision using (redemption)
    where currency is not null and (decision.document is not null or redemption > ifnull((
        select cast(value as integer)
        from meta
        where name = 'decisions_forgotten'
    ), 0))
    order by redemption";

pub(super) fn walk(run: &mut Run<'_>) -> Result<(), StoreError> {
    let versions =
        Kept { connection: run.connection, coupons: Cache::new(VERSIONS_MAX), settings: Cache::new(VERSIONS_MAX) };
    each(run.connection, ALL, [], |row| {
        let (tenant, id): (u32, String) = (row.get(0)?, row.get(1)?);
        if let Err(why) = check_one(&versions, TenantNo(tenant), row)? {
            run.findings.add(Promise::DecisionReplays, || format!("redemption {id} of tenant {tenant}: {why}"));
        }
        Ok(())
    })
}

fn check_one(versions: &Kept<'_>, tenant: TenantNo, row: &Row<'_>) -> rusqlite::Result<Result<(), &'static str>> {
    if row.get_ref(6)? == ValueRef::Null {
        return Ok(Err("what it was decided on is gone"));
    }
    let Ok(record) = json::<DecisionRecord>(row, 6) else { return Ok(Err("what it was decided on does not read")) };
    let quote = &record.quote;
    // Of a redemption the subtotal is all that is discounted from, shipping, deposit and fees with the goods.
    let sums = (quote.undiscounted_minor(), quote.discount_minor, quote.total_minor);
    let decided = (record.redemption.as_str(), sums, &record.order.id);
    if decided != (&row.get::<_, String>(1)?, (row.get(2)?, row.get(3)?, row.get(4)?), &row.get(5)?) {
        return Ok(Err("it is not what was decided"));
    }
    if !record.is_of_this_revision() {
        return Ok(Ok(()));
    }
    Ok(match record.replay(&OfTenant { all: versions, tenant }) {
        Some(again) if again == record.quote => Ok(()),
        Some(_) => Err("deciding again says something else"),
        None => Err("a version of a coupon or of the settings it was decided on is gone"),
    })
}

struct Kept<'a> {
    connection: &'a Connection,
    coupons: Cache<(TenantNo, CouponNo, u32), Arc<Coupon>>,
    settings: Cache<(TenantNo, u32), Arc<Settings>>,
}

/// What is kept of one tenant.
struct OfTenant<'a> {
    all: &'a Kept<'a>,
    tenant: TenantNo,
}

impl Versions for OfTenant<'_> {
    fn coupon(&self, no: CouponNo, version: u32) -> Option<Arc<Coupon>> {
        let key = (self.tenant, no, version);
        let load = || coupons::version(self.all.connection, self.tenant, no, version).ok().flatten().ok_or(());
        self.all.coupons.get_or_insert_with(&key, load).ok()
    }

    fn settings(&self, version: u32) -> Option<Arc<Settings>> {
        let key = (self.tenant, version);
        let load = || decisions::settings(self.all.connection, self.tenant, version).ok().flatten().ok_or(());
        self.all.settings.get_or_insert_with(&key, load).ok()
    }
}
