//! Customers, one after the other: their history, and that what is personal opens.

use domain::codes::IdentityHash;
use domain::event::{EventKind, JournalNo, Subject};
use domain::id::{CustomerNo, TenantNo};
use domain::identity::IdentityKind;
use ports::{Codes, StoreError};
use rusqlite::Row;

use super::Run;
use super::histories::{Head, follow};
use super::names::name;
use super::report::Promise;
use crate::query::each;
use crate::records::customers::by_number;
use crate::rows;

const ALL: &str = "
    select tenant, customer, version, journal, erased_at is not null
    from customer
    order by tenant, customer";

pub(super) fn walk(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut number = 0;
    each(run.connection, ALL, [], |row| {
        number += 1;
        check_one(run, row)
    })?;
    run.findings.counted("customers", number);
    Ok(())
}

fn check_one(run: &mut Run<'_>, row: &Row<'_>) -> rusqlite::Result<()> {
    let (tenant, no) = (TenantNo(row.get(0)?), CustomerNo(row.get(1)?));
    let head = Head { tenant, subject: Subject::Customer(no), version: row.get(2)?, journal: JournalNo(row.get(3)?) };
    let is_erased: bool = row.get(4)?;
    let is_merged = run.persons.standing(tenant, no) != no;
    follow(run, &head, |kind| match kind {
        EventKind::Customer => !is_erased && !is_merged,
        EventKind::CustomerMerged { .. } => is_merged,
        EventKind::CustomerErased => is_erased,
        EventKind::Voucher { .. }
        | EventKind::Redemption { .. }
        | EventKind::Coupon { .. }
        | EventKind::Campaign { .. }
        | EventKind::BlockMade { .. }
        | EventKind::BlockRevoked
        | EventKind::Account
        | EventKind::Gift { .. } => false,
    });
    if let Some(codes) = run.codes
        && let Some(why) = closed(run, codes, (tenant, no))?
    {
        run.findings.add(Promise::PersonalFieldsOpen, || format!("{}: {why}", name(tenant, &head.subject)));
    }
    Ok(())
}

const HASHES: &str = "
    select kind, hash
    from identity
    where tenant = ?1 and customer = ?2
    order by added_at, kind, hash";

/// What of it does not open, or is not found by what it says.
fn closed(run: &Run<'_>, codes: &Codes, (tenant, no): (TenantNo, CustomerNo)) -> rusqlite::Result<Option<String>> {
    let customer = match by_number(run.connection, codes, tenant, no) {
        Ok(customer) => customer,
        Err(error) => return Ok(Some(error.to_string())),
    };
    let identities = customer.map(|customer| customer.identities).unwrap_or_default();
    let said = identities.iter().map(|identity| (identity.key.kind, codes.identity_hash(tenant, &identity.key)));
    let mut statement = run.connection.prepare_cached(HASHES)?;
    let read = |row: &Row<'_>| Ok((rows::identity_kind(row, 0)?, row.get::<_, IdentityHash>(1)?));
    let found: Vec<(IdentityKind, IdentityHash)> =
        statement.query_map((tenant.0, no.0), read)?.collect::<rusqlite::Result<_>>()?;
    let is_whole = said.eq(found);
    Ok((!is_whole).then(|| "an identity is not found by what it says".to_owned()))
}
