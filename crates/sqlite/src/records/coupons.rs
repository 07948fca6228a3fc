//! Coupons, their versions and their figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::coupon::{Coupon, CouponState};
use domain::id::{CouponId, CouponNo, TenantNo};
use domain::statistics::Statistics;
use domain::time::Timestamp;
use ports::{Contribution, CouponFilter, Figures, Page, PageRequest, StoreError};
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

use super::pages::{ITEMS_MAX, List};
use crate::error::store_error;
use crate::query::one;
use crate::rows::{instant_or_none, json};

pub(super) const NUMBER: &str = "
    select coupon
    from coupon
    where coupon_id = ?1 and tenant = ?2";

pub(super) fn number(connection: &Connection, tenant: TenantNo, id: CouponId) -> Result<Option<CouponNo>, StoreError> {
    one(connection, NUMBER, (id.0.as_bytes(), tenant.0), |row| Ok(CouponNo(row.get(0)?)))
}

pub(super) const LATEST: &str = "
    select document
    from coupon
    where tenant = ?1 and coupon = ?2";

pub(super) fn latest(
    connection: &Connection,
    tenant: TenantNo,
    no: CouponNo,
) -> Result<Option<Arc<Coupon>>, StoreError> {
    one(connection, LATEST, (tenant.0, no.0), |row| json(row, 0).map(Arc::new))
}

pub(super) const VERSION: &str = "
    select document
    from coupon_version
    where tenant = ?1 and coupon = ?2 and version = ?3";

pub(crate) fn version(
    connection: &Connection,
    tenant: TenantNo,
    no: CouponNo,
    version: u32,
) -> Result<Option<Arc<Coupon>>, StoreError> {
    one(connection, VERSION, (tenant.0, no.0, version), |row| json(row, 0).map(Arc::new))
}

pub(super) const PAGE: &str = "
    select coupon, state, due_at, document
    from coupon
    where tenant = ?1 and coupon > ?2
    order by coupon";

pub(super) const PAGE_OF_CAMPAIGN: &str = "
    select coupon, state, due_at, document
    from coupon indexed by coupon_of_campaign
    where tenant = ?1 and campaign = ?3 and coupon > ?2
    order by coupon";

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    filter: CouponFilter,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<Arc<Coupon>>, StoreError> {
    let list = List::<1>('c');
    let [after] = list.after(request, [0])?;
    let sql = if filter.campaign.is_some() { PAGE_OF_CAMPAIGN } else { PAGE };
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let rows = match filter.campaign {
        Some(campaign) => statement.query((tenant.0, after, campaign.0)),
        None => statement.query((tenant.0, after)),
    };
    list.page(request, &mut rows.map_err(store_error)?, |row| {
        Ok(([row.get(0)?], of_state(row, filter.state, now, Coupon::state_at)?.map(Arc::new)))
    })
}

/// The definition of a row `.., state, due_at, document`, if it is in the wanted state at that instant. Most rows say so
/// in a column; only one that is due must be read for it.
pub(super) fn of_state<T: DeserializeOwned>(
    row: &Row<'_>,
    wanted: Option<CouponState>,
    now: Timestamp,
    state_at: impl Fn(&T, Timestamp) -> CouponState,
) -> rusqlite::Result<Option<T>> {
    let Some(wanted) = wanted else { return json(row, 3).map(Some) };
    if instant_or_none(row, 2)?.is_none_or(|due_at| due_at > now) && row.get::<_, u8>(1)? != wanted as u8 {
        return Ok(None);
    }
    let definition = json(row, 3)?;
    Ok((state_at(&definition, now) == wanted).then_some(definition))
}

pub(super) const CONTRIBUTIONS: &str = "
    select contributor, units
    from contribution
    where tenant = ?1 and coupon = ?2 and contributor > ?3
    order by contributor
    limit ?4";

/// What the cursors of contributions begin with, before the name of the last.
const CONTRIBUTION_CURSOR: char = 'n';

pub(super) fn contributions(
    connection: &Connection,
    tenant: TenantNo,
    coupon: CouponNo,
    request: &PageRequest,
) -> Result<Page<Contribution>, StoreError> {
    let after = match request.after.as_deref() {
        None => "",
        Some(text) => text.strip_prefix(CONTRIBUTION_CURSOR).ok_or(StoreError::Cursor)?,
    };
    let limit = request.limit.clamp(1, ITEMS_MAX);
    let mut statement = connection.prepare_cached(CONTRIBUTIONS).map_err(store_error)?;
    // One more, to learn whether there is one.
    let mut items = statement
        .query_map((tenant.0, coupon.0, after, limit as i64 + 1), |row| {
            Ok(Contribution { contributor: row.get(0)?, units: row.get(1)? })
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(store_error)?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| format!("{CONTRIBUTION_CURSOR}{}", last.contributor));
    Ok(Page { items, next })
}

pub(super) const STATISTICS: &str = "
    select issued, held, locked, redeemed, returned, expired, revoked, value_given_minor, pooled
    from coupon_statistics
    where tenant = ?1 and coupon = ?2";

pub(super) const REFUSALS: &str = "
    select rejection, count
    from refusal_count
    where tenant = ?1 and coupon = ?2";

pub(super) fn figures(connection: &Connection, tenant: TenantNo, coupon: CouponNo) -> Result<Figures, StoreError> {
    let statistics = one(connection, STATISTICS, (tenant.0, coupon.0), statistics)?.unwrap_or_default();
    let mut statement = connection.prepare_cached(REFUSALS).map_err(store_error)?;
    let refusals = statement
        .query_map((tenant.0, coupon.0), |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect::<rusqlite::Result<BTreeMap<String, i64>>>)
        .map_err(store_error)?;
    Ok(Figures { statistics, refusals })
}

pub(super) fn statistics(row: &Row<'_>) -> rusqlite::Result<Statistics> {
    Ok(Statistics {
        issued: row.get(0)?,
        held: row.get(1)?,
        locked: row.get(2)?,
        redeemed: row.get(3)?,
        returned: row.get(4)?,
        expired: row.get(5)?,
        revoked: row.get(6)?,
        value_given_minor: row.get(7)?,
        pooled: row.get(8)?,
    })
}
