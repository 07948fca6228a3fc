//! Usages, counted again: from the events, and from what the rows say they took. The sums are kept in temporary tables,
//! so that ten million counters need no memory.

use std::collections::BTreeMap;

use domain::id::{LimitNo, TenantNo};
use domain::limit::{Taking, UsageDelta, UsageKey, UsageSubject};
use ports::StoreError;
use rusqlite::{Connection, params};

use super::Run;
use super::report::Promise;
use crate::error::store_error;
use crate::persons::Persons;
use crate::query::each;

/// What one thing took, by counter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts(BTreeMap<UsageKey, (i64, i64)>);

impl Amounts {
    /// What a row says it took.
    pub(super) fn of<'a>(takings: impl Iterator<Item = &'a Taking>, held: bool) -> Self {
        let mut amounts = Self::default();
        for taking in takings {
            let used = if held { 0 } else { taking.amount };
            amounts.add_delta(&UsageDelta { key: taking.key, used, held: taking.amount - used });
        }
        amounts
    }

    /// The same in the counters of whom they count for by now.
    pub(super) fn counted_now(self, persons: &Persons, tenant: TenantNo) -> Self {
        let mut now = Self::default();
        for delta in self.deltas() {
            let person = delta.key.subject.person().and_then(|no| persons.get(tenant, no));
            let subject = person.map_or(delta.key.subject, |person| UsageSubject::customer(person.person));
            now.add_delta(&UsageDelta { key: UsageKey { subject, ..delta.key }, ..delta });
        }
        now
    }

    /// Adds what one event says; what sums to nothing is left out.
    pub(super) fn add_delta(&mut self, delta: &UsageDelta) {
        let sum = self.0.entry(delta.key).or_default();
        *sum = (sum.0.saturating_add(delta.used), sum.1.saturating_add(delta.held));
        if *sum == (0, 0) {
            self.0.remove(&delta.key);
        }
    }

    pub(super) fn deltas(&self) -> impl Iterator<Item = UsageDelta> {
        self.0.iter().map(|(key, (used, held))| UsageDelta { key: *key, used: *used, held: *held })
    }

    /// Whether these takings are what the events say. What has ended may have `kept` some: its limits do not give
    /// everything back, and the row does not say what.
    pub(super) fn match_told(&self, told: &Self, kept: bool) -> bool {
        if !kept {
            return self == told;
        }
        let of = |amounts: &Self, key| amounts.0.get(key).copied().unwrap_or_default();
        let within = |key| {
            let ((used, held), (used_told, held_told)) = (of(self, key), of(told, key));
            held == held_told && used <= used_told
        };
        self.0.keys().chain(told.0.keys()).all(within)
    }
}

/// Sums kept in memory before they are added to their table.
const PENDING_MAX: usize = 200_000;

/// Sums by counter, in a temporary table.
pub(super) struct Sums<'a> {
    connection: &'a Connection,
    add: &'static str,
    pending: BTreeMap<(TenantNo, UsageKey), (i64, i64)>,
}

pub(crate) const TABLES: &str = "
    create temp table usage_of_events (
        tenant integer not null,
        usage_limit integer not null,
        subject integer not null,
        period integer not null,
        used integer not null,
        held integer not null,
        primary key (tenant, usage_limit, subject, period)
    ) strict, without rowid;
    create temp table usage_of_takings (
        tenant integer not null,
        usage_limit integer not null,
        subject integer not null,
        period integer not null,
        used integer not null,
        held integer not null,
        primary key (tenant, usage_limit, subject, period)
    ) strict, without rowid;";

/// Makes the tables.
pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(TABLES).map_err(store_error)
}

const ADD_OF_EVENTS: &str = "
    insert into usage_of_events (tenant, usage_limit, subject, period, used, held)
    values (?1, ?2, ?3, ?4, ?5, ?6)
    on conflict do update set used = used + excluded.used, held = held + excluded.held";

const ADD_OF_TAKINGS: &str = "
    insert into usage_of_takings (tenant, usage_limit, subject, period, used, held)
    values (?1, ?2, ?3, ?4, ?5, ?6)
    on conflict do update set used = used + excluded.used, held = held + excluded.held";

impl<'a> Sums<'a> {
    pub(super) fn of_events(connection: &'a Connection) -> Self {
        Self { connection, add: ADD_OF_EVENTS, pending: BTreeMap::new() }
    }

    pub(super) fn of_takings(connection: &'a Connection) -> Self {
        Self { connection, add: ADD_OF_TAKINGS, pending: BTreeMap::new() }
    }

    pub(super) fn add(
        &mut self,
        tenant: TenantNo,
        deltas: impl IntoIterator<Item = UsageDelta>,
    ) -> rusqlite::Result<()> {
        for delta in deltas {
            let sum = self.pending.entry((tenant, delta.key)).or_default();
            *sum = (sum.0.saturating_add(delta.used), sum.1.saturating_add(delta.held));
        }
        if self.pending.len() < PENDING_MAX { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(self.add)?;
        for ((TenantNo(tenant), key), (used, held)) in std::mem::take(&mut self.pending) {
            let UsageKey { limit: LimitNo(limit), subject, period } = key;
            statement.execute(params![tenant, limit, subject.0, period.0, used, held])?;
        }
        Ok(())
    }
}

pub(super) const UNLIKE_EVENTS: &str = "
    select tenant, usage_limit, subject, period, usage.used, usage.held, ifnull(told.used, 0), ifnull(told.held, 0)
    from usage
    left join usage_of_events as told using (tenant, usage_limit, subject, period)
    where usage.used <> ifnull(told.used, 0) or usage.held <> ifnull(told.held, 0)
    union all
    select tenant, usage_limit, subject, period, 0, 0, told.used, told.held
    from usage_of_events as told
    left join usage using (tenant, usage_limit, subject, period)
    where usage.used is null and (told.used <> 0 or told.held <> 0)";

/// What is held is exact. What is used may be more than what is still on record as taken: limits that give nothing back
/// keep what an ended hold or a returned order took.
pub(super) const UNLIKE_TAKINGS: &str = "
    select tenant, usage_limit, subject, period, usage.used, usage.held, ifnull(told.used, 0), ifnull(told.held, 0)
    from usage
    left join usage_of_takings as told using (tenant, usage_limit, subject, period)
    where usage.used < ifnull(told.used, 0) or usage.held <> ifnull(told.held, 0)
    union all
    select tenant, usage_limit, subject, period, 0, 0, told.used, told.held
    from usage_of_takings as told
    left join usage using (tenant, usage_limit, subject, period)
    where usage.used is null and (told.used <> 0 or told.held <> 0)";

/// Compares, after everything was counted.
pub(super) fn compare(run: &mut Run<'_>) -> Result<(), StoreError> {
    run.usage_of_events.flush().and_then(|()| run.usage_of_takings.flush()).map_err(store_error)?;
    if run.journal.is_cut() {
        run.findings.skip(Promise::UsageEqualsEvents, "old events have been removed");
    } else {
        compare_with(run, UNLIKE_EVENTS, (Promise::UsageEqualsEvents, "events"))?;
    }
    compare_with(run, UNLIKE_TAKINGS, (Promise::UsageEqualsTakings, "takings"))
}

fn compare_with(run: &mut Run<'_>, sql: &str, (promise, what): (Promise, &str)) -> Result<(), StoreError> {
    each(run.connection, sql, [], |row| {
        let number = |column| row.get::<_, i64>(column);
        let (tenant, limit, subject, period) = (number(0)?, number(1)?, number(2)?, number(3)?);
        let (used, held, used_told, held_told) = (number(4)?, number(5)?, number(6)?, number(7)?);
        run.findings.add(promise, || {
            format!(
                "limit {limit} of tenant {tenant}, subject {subject}, period {period}: \
                 {used} used and {held} held, but {used_told} and {held_told} by its {what}"
            )
        });
        Ok(())
    })
}
