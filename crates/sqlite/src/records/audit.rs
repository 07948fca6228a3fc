//! The audit log, newest first. Numbers rise with time, so a time becomes a number first, and every page is a range of
//! numbers: of all entries, of one subject's or of one actor's.

use std::sync::LazyLock;

use domain::audit::{AuditEntry, AuditHead, actor_numbers};
use domain::id::TenantNo;
use domain::time::Timestamp;
use ports::{AuditFilter, AuditOf, Page, PageRequest, StoreError};
use rusqlite::{Connection, Params};

use super::pages::List;
use crate::error::store_error;
use crate::load::AUDIT_HEAD;
use crate::query::one;
use crate::rows::{self, AUDIT_COLUMNS};

const LIST: List<1> = List('a');

pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {AUDIT_COLUMNS}
         from audit
         where tenant = ?1 and audit < ?2 and audit >= ?3
         order by audit desc"
    )
});

/// `indexed by`: the planner takes a range of all numbers for narrower than one subject's.
pub(super) static PAGE_OF_SUBJECT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {AUDIT_COLUMNS}
         from audit indexed by audit_of_subject
         where tenant = ?1 and subject = ?4 and audit < ?2 and audit >= ?3
         order by audit desc"
    )
});

pub(super) static PAGE_OF_ACTOR: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {AUDIT_COLUMNS}
         from audit indexed by audit_of_actor
         where tenant = ?1 and actor_kind = ?4 and actor = ?5 and audit < ?2 and audit >= ?3
         order by audit desc"
    )
});

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    filter: &AuditFilter,
    request: &PageRequest,
) -> Result<Page<AuditEntry>, StoreError> {
    let [before] = LIST.after(request, [i64::MAX])?;
    let before = match filter.until {
        Some(until) => before.min(first_from(connection, tenant, until)?),
        None => before,
    };
    let from = match filter.from {
        Some(from) => first_from(connection, tenant, from)?,
        None => 0,
    };
    let tenant = tenant.0;
    match &filter.of {
        None => read(connection, &PAGE, (tenant, before, from), request),
        Some(AuditOf::Subject(id)) => read(connection, &PAGE_OF_SUBJECT, (tenant, before, from, id), request),
        Some(AuditOf::Actor(actor)) => {
            let (kind, no) = actor_numbers(*actor);
            read(connection, &PAGE_OF_ACTOR, (tenant, before, from, kind, no), request)
        }
    }
}

fn read(
    connection: &Connection,
    sql: &str,
    key: impl Params,
    request: &PageRequest,
) -> Result<Page<AuditEntry>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let mut rows = statement.query(key).map_err(store_error)?;
    LIST.page(request, &mut rows, |row| Ok(([row.get(0)?], Some(rows::audit_entry(row)?))))
}

pub(super) const FIRST_FROM: &str = "
    select audit
    from audit
    where tenant = ?1 and at >= ?2
    order by at, audit
    limit 1";

/// The number of the first entry of that instant or later; above all numbers if there is none.
fn first_from(connection: &Connection, tenant: TenantNo, at: Timestamp) -> Result<i64, StoreError> {
    Ok(one(connection, FIRST_FROM, (tenant.0, at.as_ms()), |row| row.get(0))?.unwrap_or(i64::MAX))
}

pub(super) fn head(connection: &Connection, tenant: TenantNo) -> Result<AuditHead, StoreError> {
    Ok(one(connection, AUDIT_HEAD, [tenant.0], rows::audit_head)?.unwrap_or_default())
}
