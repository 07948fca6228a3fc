//! Coupons, their versions and their figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::coupon::Coupon;
use domain::id::{CouponId, CouponNo, TenantNo};
use domain::statistics::Statistics;
use ports::{CouponFilter, Figures, Page, PageRequest, StoreError};
use rusqlite::{Connection, Row};

use super::pages::List;
use crate::error::store_error;
use crate::query::one;
use crate::rows::json;

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
    select coupon, state, document
    from coupon
    where tenant = ?1 and coupon > ?2
    order by coupon";

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    filter: CouponFilter,
    request: &PageRequest,
) -> Result<Page<Arc<Coupon>>, StoreError> {
    let list = List::<1>('c');
    let [after] = list.after(request, [0])?;
    let mut statement = connection.prepare_cached(PAGE).map_err(store_error)?;
    let mut rows = statement.query((tenant.0, after)).map_err(store_error)?;
    list.page(request, &mut rows, |row| {
        let state: u8 = row.get(1)?;
        let wanted = filter.state.is_none_or(|wanted| wanted as u8 == state);
        Ok(([row.get(0)?], wanted.then(|| json(row, 2).map(Arc::new)).transpose()?))
    })
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

fn statistics(row: &Row<'_>) -> rusqlite::Result<Statistics> {
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
