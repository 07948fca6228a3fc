//! Redemptions, and what they were decided on.

use std::sync::LazyLock;

use domain::id::TenantNo;
use domain::ledger::DecisionRecord;
use domain::redemption::{Redemption, RedemptionId};
use ports::{Page, PageRequest, RedemptionFilter, StoreError};
use rusqlite::{Connection, Row};

use super::pages::List;
use crate::error::store_error;
use crate::query::one;
use crate::rows::{self, REDEMPTION_COLUMNS, json};

pub(super) static BY_ID: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {REDEMPTION_COLUMNS}
         from redemption
         where tenant = ?1 and redemption_id = ?2"
    )
});

pub(super) fn by_id(
    connection: &Connection,
    tenant: TenantNo,
    id: &RedemptionId,
) -> Result<Option<Redemption>, StoreError> {
    one(connection, &BY_ID, (tenant.0, id.as_str()), rows::redemption)
}

pub(super) const DECISION: &str = "
    select document
    from decision
    where tenant = ?1 and redemption_id = ?2";

pub(super) fn decision(
    connection: &Connection,
    tenant: TenantNo,
    id: &RedemptionId,
) -> Result<Option<DecisionRecord>, StoreError> {
    one(connection, DECISION, (tenant.0, id.as_str()), |row| json(row, 0))
}

/// Rows of other tenants are looked at and passed over: all tenants number their redemptions together.
pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {REDEMPTION_COLUMNS}, redemption, tenant
         from redemption
         where redemption < ?1
         order by redemption desc"
    )
});

pub(super) static PAGE_OF_CUSTOMER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {REDEMPTION_COLUMNS}, redemption, tenant
         from redemption
         where tenant = ?1 and customer = ?2 and redemption < ?3
         order by redemption desc"
    )
});

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    filter: RedemptionFilter,
    request: &PageRequest,
) -> Result<Page<Redemption>, StoreError> {
    let list = List::<1>('r');
    let [before] = list.after(request, [i64::MAX])?;
    let sql = if filter.customer.is_some() { &PAGE_OF_CUSTOMER } else { &PAGE };
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let rows = match filter.customer {
        Some(customer) => statement.query((tenant.0, customer.0, before)),
        None => statement.query([before]),
    };
    list.page(request, &mut rows.map_err(store_error)?, |row| listed(row, tenant))
}

fn listed(row: &Row<'_>, tenant: TenantNo) -> rusqlite::Result<([i64; 1], Option<Redemption>)> {
    let own = row.get::<_, u32>("tenant")? == tenant.0;
    Ok(([row.get("redemption")?], own.then(|| rows::redemption(row)).transpose()?))
}
