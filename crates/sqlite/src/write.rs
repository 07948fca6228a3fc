//! Writes what a batch changed. A row that was loaded absent is inserted; one that was loaded present is updated by a
//! statement that asserts what was loaded: so what was decided on something else cannot be written. Rows go in the order
//! of their keys, parents first.

pub(crate) mod customers;
mod definitions;
mod redemptions;
mod vouchers;
mod gifts;
mod record;
mod accounts;
mod audit;

pub(crate) use audit::append;

use std::hash::Hash;

use domain::id::TenantNo;
use domain::ledger::{Change, Facts, Table};
use domain::limit::Usage;
use domain::time::Timestamp;
use ports::Codes;
use rusqlite::{Connection, params};

use crate::rows;

/// Where the rows go.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    connection: &'a Connection,
    codes: &'a Codes,
    tenant: TenantNo,
    /// When the batch was decided.
    now: Timestamp,
}

/// Writes the changes of one tenant. The caller's transaction makes it all or nothing.
pub(crate) fn write(
    connection: &Connection,
    codes: &Codes,
    (tenant, now): (TenantNo, Timestamp),
    facts: &Facts,
) -> rusqlite::Result<()> {
    let target = Target::of(connection, codes, tenant, now);
    target.sequences(facts)?;
    target.customers(facts)?;
    target.persons(facts)?;
    target.accounts(facts)?;
    target.campaigns(facts)?;
    target.coupons(facts)?;
    target.contributions(facts)?;
    target.shared_codes(facts)?;
    target.series(facts)?;
    target.usages(facts)?;
    target.vouchers(facts)?;
    target.given_codes(facts)?;
    target.gifts(facts)?;
    target.blocks(facts)?;
    target.redemptions(facts)?;
    target.journal(facts)?;
    target.statistics(facts)?;
    target.settlements(facts)?;
    target.audits(facts)
}

const INSERT_SEQUENCE: &str = "insert into sequence (tenant, kind, next) values (?1, ?2, ?3)";
const UPDATE_SEQUENCE: &str = "update sequence set next = ?3 where tenant = ?1 and kind = ?2 and next = ?4";

const INSERT_SERIES: &str = "insert into series (tenant, coupon, kind, next) values (?1, ?2, ?3, ?4)";
const UPDATE_SERIES: &str = "update series set next = ?4 where tenant = ?1 and coupon = ?2 and kind = ?3 and next = ?5";

const INSERT_USAGE: &str = "insert into usage (tenant, usage_limit, subject, period, used, held, bound)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const UPDATE_USAGE: &str = "update usage
    set used = ?5, held = ?6, bound = ?7
    where tenant = ?1 and usage_limit = ?2 and subject = ?3 and period = ?4 and used = ?8 and held = ?9 and bound = ?10";

impl<'a> Target<'a> {
    pub(crate) fn of(connection: &'a Connection, codes: &'a Codes, tenant: TenantNo, now: Timestamp) -> Self {
        Self { connection, codes, tenant, now }
    }

    fn sequences(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (sequence, before, next) in sorted(&facts.sequences) {
            let number = rows::sequence_number(*sequence);
            match before {
                None => self.one(INSERT_SEQUENCE, params![self.tenant.0, number, next])?,
                Some(before) => self.one(UPDATE_SEQUENCE, params![self.tenant.0, number, next, before])?,
            }
        }
        Ok(())
    }

    fn series(&self, facts: &Facts) -> rusqlite::Result<()> {
        for ((coupon, kind), before, next) in sorted(&facts.series) {
            let (kind, next) = (kind.bits(), rows::ordinal_column(*next));
            match before {
                None => self.one(INSERT_SERIES, params![self.tenant.0, coupon.0, kind, next])?,
                Some(before) => {
                    let before = rows::ordinal_column(*before);
                    self.one(UPDATE_SERIES, params![self.tenant.0, coupon.0, kind, next, before])?;
                }
            }
        }
        Ok(())
    }

    fn usages(&self, facts: &Facts) -> rusqlite::Result<()> {
        let tenant = self.tenant.0;
        for (key, before, after) in sorted(&facts.usages) {
            let (limit, subject, period) = (key.limit.0, key.subject.0, key.period.0);
            let Usage { used, held, bound } = *after;
            match before {
                None => self.one(INSERT_USAGE, params![tenant, limit, subject, period, used, held, bound])?,
                // Taken and put back in one batch.
                Some(before) if before == after => {}
                Some(was) => self.one(
                    UPDATE_USAGE,
                    params![tenant, limit, subject, period, used, held, bound, was.used, was.held, was.bound],
                )?,
            }
        }
        Ok(())
    }

    /// Runs a statement that must change one row.
    fn one(&self, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<()> {
        one(self.connection, sql, values)
    }
}

/// Runs a statement that must change one row.
fn one(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<()> {
    match connection.prepare_cached(sql)?.execute(values)? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed)),
    }
}

/// A changed row: its key, as it was loaded, as it is to be.
type Row<'a, K, V> = (&'a K, Option<&'a V>, &'a V);

/// The changed rows of a table that is written, by key: neighbours share pages.
fn sorted<K: Ord + Hash + Clone, V>(table: &Table<K, V>) -> Vec<Row<'_, K, V>> {
    let row = |Change { key, before, after }| (key, before, after.expect("the ledger deletes no row that is written"));
    let mut rows: Vec<Row<'_, K, V>> = table.changes().map(row).collect();
    rows.sort_unstable_by(|one, other| one.0.cmp(other.0));
    rows
}
