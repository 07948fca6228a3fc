//! The audit log. Its head is a row of its own that asserts what it was: two writers cannot both append to one end.

use domain::audit::{AuditChange, AuditEntry, AuditHead, actor_numbers};
use domain::id::TenantNo;
use domain::ledger::Facts;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Target, one, sorted};
use crate::load::AUDIT_HEAD;
use crate::rows;

const INSERT_ENTRY: &str = "insert into audit (tenant, audit, at, actor_kind, actor, action, subject_kind, subject,
        before, after, hash)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

const INSERT_HEAD: &str = "insert into audit_head (tenant, number, hash) values (?1, ?2, ?3)";
const UPDATE_HEAD: &str = "update audit_head
    set number = ?2, hash = ?3
    where tenant = ?1 and number = ?4 and hash = ?5";

/// Appends a change that is no command of the ledger to a tenant's log. The caller's transaction has the change too, and
/// runs on the writer: nobody else appends meanwhile.
pub(crate) fn append(
    connection: &Connection,
    tenant: TenantNo,
    now: Timestamp,
    change: AuditChange,
) -> rusqlite::Result<()> {
    let before = connection.prepare_cached(AUDIT_HEAD)?.query_row([tenant.0], rows::audit_head).optional()?;
    let entry = before.unwrap_or_default().next(now, change);
    insert(connection, tenant, &entry)?;
    advance(connection, tenant, before.as_ref(), &entry.head())
}

impl Target<'_> {
    pub(super) fn audits(&self, facts: &Facts) -> rusqlite::Result<()> {
        for entry in facts.audits() {
            insert(self.connection, self.tenant, entry)?;
        }
        for ((), before, after) in sorted(&facts.audit_head) {
            advance(self.connection, self.tenant, before, after)?;
        }
        Ok(())
    }
}

fn insert(connection: &Connection, tenant: TenantNo, entry: &AuditEntry) -> rusqlite::Result<()> {
    let AuditEntry { number, at, actor, action, subject, before, after, hash } = entry;
    let (actor_kind, actor) = actor_numbers(*actor);
    one(
        connection,
        INSERT_ENTRY,
        params![
            tenant.0,
            rows::ordinal_column(*number),
            at.as_ms(),
            actor_kind,
            actor,
            action,
            subject.kind.name(),
            subject.id,
            before,
            after,
            hash,
        ],
    )
}

fn advance(
    connection: &Connection,
    tenant: TenantNo,
    before: Option<&AuditHead>,
    after: &AuditHead,
) -> rusqlite::Result<()> {
    let (tenant, number) = (tenant.0, rows::ordinal_column(after.number));
    match before {
        None => one(connection, INSERT_HEAD, params![tenant, number, after.hash]),
        Some(before) => {
            let before_number = rows::ordinal_column(before.number);
            one(connection, UPDATE_HEAD, params![tenant, number, after.hash, before_number, before.hash])
        }
    }
}
