//! Customers, who carries what, and who is one with whom.

use domain::customer::Carrier;
use domain::id::CustomerNo;
use domain::ledger::{COUNTERS_MAX, Facts, MEMBERS_MAX, MOVES_MAX};
use domain::limit::UsageKey;
use domain::period::PeriodStart;
use rusqlite::params;

use super::Loader;
use crate::records::customers;
use crate::rows;

impl Loader<'_> {
    pub(super) fn customers(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        let (connection, codes, tenant) = (self.connection, &self.shared.codes, self.tenant);
        let damaged = |error: ports::StoreError| rows::damaged(0, &error.to_string());
        for no in facts.customers.take_wanted() {
            let customer = customers::by_number(connection, codes, tenant, no).map_err(damaged)?;
            facts.customers.load(no, customer);
        }
        for key in facts.carriers.take_wanted() {
            let hash = codes.identity_hash(tenant, &key);
            let carriers: Vec<Carrier> = customers::carriers(connection, tenant, (key.kind, &hash)).map_err(damaged)?;
            facts.carriers.load(key, Some(carriers));
        }
        Ok(())
    }

    pub(super) fn persons(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        for no in facts.persons.take_wanted() {
            facts.persons.load(no, self.shared.persons.get(self.tenant, no));
        }
        let limit = MEMBERS_MAX as i64 + 1;
        for (table, sql) in [(&mut facts.members, MEMBERS), (&mut facts.merged, MERGED)] {
            self.each(table, sql, |statement, no| {
                let rows =
                    statement.query_map(params![self.tenant.0, no.0, limit], |row| row.get(0).map(CustomerNo))?;
                rows.collect::<rusqlite::Result<_>>().map(Some)
            })?;
        }
        self.each(&mut facts.wallets, WALLET, |statement, no| {
            let rows = statement.query_map(params![self.tenant.0, no.0, MOVES_MAX as i64], rows::voucher_key)?;
            rows.collect::<rusqlite::Result<_>>().map(Some)
        })?;
        self.each(&mut facts.counters, COUNTERS, |statement, subject| {
            let key = params![self.tenant.0, subject.0, COUNTERS_MAX as i64 + 1];
            let rows = statement.query_map(key, |row| {
                Ok(UsageKey {
                    limit: domain::id::LimitNo(row.get(0)?),
                    subject: *subject,
                    period: PeriodStart(row.get(1)?),
                })
            })?;
            rows.collect::<rusqlite::Result<_>>().map(Some)
        })
    }
}

const MEMBERS: &str = "select customer from person
    where tenant = ?1 and person = ?2 and customer <> ?2
    order by customer
    limit ?3";

const MERGED: &str = "select customer from person
    where tenant = ?1 and merged_into = ?2
    order by customer
    limit ?3";

const WALLET: &str = "select coupon, kind, ordinal from wallet
    where tenant = ?1 and customer = ?2
    order by coupon, kind, ordinal
    limit ?3";

/// One step of the counters' own key for each limit per customer that there is.
const COUNTERS: &str = "select usage.usage_limit, usage.period
    from usage_limit
    cross join usage on usage.tenant = usage_limit.tenant and usage.usage_limit = usage_limit.usage_limit
    where usage_limit.tenant = ?1 and usage_limit.per = 1 and usage.subject = ?2
    limit ?3";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;

    #[test]
    fn every_list_is_found_by_an_index() {
        for sql in [MEMBERS, MERGED, WALLET, COUNTERS] {
            let plan = plan("", sql);
            assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{sql}: {plan:?}");
        }
    }
}
