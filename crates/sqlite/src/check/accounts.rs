//! Accounts: their histories, and what points to them.

use domain::event::{EventKind, JournalNo, Subject};
use domain::id::{AccountNo, TenantNo};
use ports::StoreError;

use super::Run;
use super::histories::{Head, follow};
use super::names::name;
use super::report::Promise;
use crate::query::each;
use crate::rows;

pub(super) fn walk(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut number = 0;
    each(run.connection, &rows::ACCOUNTS, [], |row| {
        number += 1;
        let (tenant, no) = (TenantNo(row.get("tenant")?), AccountNo(row.get("account")?));
        let head = Head {
            tenant,
            subject: Subject::Account(no),
            version: row.get("version")?,
            journal: JournalNo(row.get("journal")?),
        };
        follow(run, &head, |kind| matches!(kind, EventKind::Account));
        if let Some(codes) = run.codes
            && let Err(error) = rows::account(row, codes, tenant)
        {
            run.findings.add(Promise::RowsReadable, || format!("{}: {error}", name(tenant, &head.subject)));
        }
        Ok(())
    })?;
    run.findings.counted("accounts", number);
    Ok(())
}
