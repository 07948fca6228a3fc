//! Redemptions, and what they were decided on.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::id::{CustomerNo, TenantNo};
use domain::ledger::DecisionRecord;
use domain::redemption::{Redemption, RedemptionId};
use ports::{Page, PageRequest, RedemptionFilter, StoreError};
use rusqlite::{Connection, Row};

use super::pages::List;
use crate::error::store_error;
use crate::query::{each, one};
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
    from redemption
    join decision using (redemption)
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

/// The newest of one customer's before that one.
pub(super) static NEWEST_OF_CUSTOMER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {REDEMPTION_COLUMNS}, redemption
         from redemption
         where tenant = ?1 and customer = ?2 and redemption < ?3
         order by redemption desc
         limit 1"
    )
});

/// Who redeemed stays written; whoever was merged into a customer is listed with it.
pub(super) const MERGED_INTO: &str = "
    select customer
    from person
    where tenant = ?1 and merged_into = ?2";

/// The customer, and whoever was merged into it.
pub(super) fn with_merged(
    connection: &Connection,
    tenant: TenantNo,
    customer: CustomerNo,
) -> Result<Vec<CustomerNo>, StoreError> {
    let mut customers = vec![customer];
    each(connection, MERGED_INTO, (tenant.0, customer.0), |row| {
        customers.push(CustomerNo(row.get(0)?));
        Ok(())
    })?;
    Ok(customers)
}

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    filter: RedemptionFilter,
    request: &PageRequest,
) -> Result<Page<Redemption>, StoreError> {
    let list = List::<1>('r');
    let [before] = list.after(request, [i64::MAX])?;
    if let Some(customer) = filter.customer {
        let newest = Newest::before(connection, (tenant, customer), before)?;
        return list.page_of(request, newest.map(|one| one.map(|(key, redemption)| ([key], Some(redemption)))));
    }
    let mut statement = connection.prepare_cached(&PAGE).map_err(store_error)?;
    list.page(request, &mut statement.query([before]).map_err(store_error)?, |row| listed(row, tenant))
}

fn listed(row: &Row<'_>, tenant: TenantNo) -> rusqlite::Result<([i64; 1], Option<Redemption>)> {
    let own = row.get::<_, u32>("tenant")? == tenant.0;
    Ok(([row.get("redemption")?], own.then(|| rows::redemption(row)).transpose()?))
}

/// The redemptions of a customer, and of those who were merged into it, newest first: of each of them the newest is at
/// hand.
pub(super) struct Newest<'c> {
    connection: &'c Connection,
    tenant: TenantNo,
    heads: BTreeMap<i64, (CustomerNo, Redemption)>,
}

impl<'c> Newest<'c> {
    pub(super) fn before(
        connection: &'c Connection,
        (tenant, customer): (TenantNo, CustomerNo),
        before: i64,
    ) -> Result<Self, StoreError> {
        let customers = with_merged(connection, tenant, customer)?;
        let mut newest = Self { connection, tenant, heads: BTreeMap::new() };
        customers.into_iter().try_for_each(|customer| newest.take_up(customer, before))?;
        Ok(newest)
    }

    fn take_up(&mut self, customer: CustomerNo, before: i64) -> Result<(), StoreError> {
        let key = (self.tenant.0, customer.0, before);
        let head = one(self.connection, &NEWEST_OF_CUSTOMER, key, |row| {
            Ok((row.get("redemption")?, (customer, rows::redemption(row)?)))
        })?;
        self.heads.extend(head);
        Ok(())
    }
}

impl Iterator for Newest<'_> {
    type Item = Result<(i64, Redemption), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (key, (customer, redemption)) = self.heads.pop_last()?;
        Some(self.take_up(customer, key).map(|()| (key, redemption)))
    }
}
