//! What orders were decided on, one after the other, and the settings that decisions name.

use std::sync::Arc;

use domain::id::TenantNo;
use domain::ledger::DecisionRecord;
use domain::redemption::RedemptionState;
use domain::tenant::Settings;
use domain::time::Timestamp;
use ports::{DecisionFilter, Page, PageRequest, StoreError};
use rusqlite::{Connection, Row};

use super::pages::List;
use crate::error::store_error;
use crate::query::one;
use crate::rows::{instant, json};

pub(super) const SETTINGS: &str = "
    select settings
    from tenant_version
    where tenant = ?1 and version = ?2";

pub(crate) fn settings(
    connection: &Connection,
    tenant: TenantNo,
    version: u32,
) -> Result<Option<Arc<Settings>>, StoreError> {
    one(connection, SETTINGS, (tenant.0, version), |row| json(row, 0).map(Arc::new))
}

/// Redemptions lie in the order in which they were made, those of all tenants together. An order that was cancelled, ran out
/// or came back wholly counts no more.
pub(super) const PAGE: &str = "
    select redemption.redemption, redemption.tenant, redemption.made_at, redemption.state, decision.document
    from redemption
    left join decision using (redemption)
    where redemption.redemption > ?1
    order by redemption.redemption";

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    filter: DecisionFilter,
    request: &PageRequest,
) -> Result<Page<DecisionRecord>, StoreError> {
    let list = List::<1>('d');
    let first = match (&request.after, filter.from) {
        (None, Some(from)) => before(connection, from)?,
        (Some(_), _) | (None, None) => 0,
    };
    let [after] = list.after(request, [first])?;
    let mut statement = connection.prepare_cached(PAGE).map_err(store_error)?;
    let mut rows = statement.query([after]).map_err(store_error)?;
    let next = || match rows.next() {
        Ok(Some(row)) => listed(row, tenant, filter.until).map_err(store_error).transpose(),
        Ok(None) => None,
        Err(error) => Some(Err(store_error(error))),
    };
    list.page_of(request, std::iter::from_fn(next))
}

/// `None`: all from here on are too young.
fn listed(
    row: &Row<'_>,
    tenant: TenantNo,
    until: Option<Timestamp>,
) -> rusqlite::Result<Option<([i64; 1], Option<DecisionRecord>)>> {
    if until.is_some_and(|until| instant(row, 2).is_ok_and(|at| at >= until)) {
        return Ok(None);
    }
    let stands = [RedemptionState::Pending as u8, RedemptionState::Succeeded as u8].contains(&row.get(3)?);
    let is_wanted = stands && row.get::<_, u32>(1)? == tenant.0 && row.get_ref(4)? != rusqlite::types::ValueRef::Null;
    Ok(Some(([row.get(0)?], is_wanted.then(|| json(row, 4)).transpose()?)))
}

const LAST: &str = "select ifnull(max(redemption), 0) from redemption";
const MADE_AT: &str = "
    select redemption, made_at
    from redemption
    where redemption >= ?1
    order by redemption
    limit 1";

/// The last number that is surely before what was made from then on: time never goes back from one to the next.
fn before(connection: &Connection, from: Timestamp) -> Result<i64, StoreError> {
    let (mut low, mut high) = (0, one(connection, LAST, [], |row| row.get(0))?.unwrap_or(0) + 1);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        match one(connection, MADE_AT, [middle], |row| Ok((row.get::<_, i64>(0)?, instant(row, 1)?)))? {
            Some((no, at)) if at < from => low = no,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}
