//! The journal: counted through once, then looked up row by row for the histories.

use std::rc::Rc;

use domain::coupon::CouponState;
use domain::event::{EVENTS_PER_ROW, Event, EventKind, JournalNo, Subject};
use domain::id::TenantNo;
use domain::redemption::RedemptionState;
use domain::statistics::tally;
use domain::voucher::VoucherState;
use ports::StoreError;
use quick_cache::unsync::Cache;
use rusqlite::{Connection, Row};

use super::names::{name, owner};
use super::report::Promise;
use super::{Run, audit};
use crate::query::{each, one};
use crate::rows::unpack;

const ALL: &str = "
    select journal, tenant, at, events
    from journal
    order by journal";

/// Counts every event: usage, figures, and how many each owner has.
pub(super) fn count(run: &mut Run<'_>) -> Result<(), StoreError> {
    let (mut rows, mut events, mut latest) = (0, 0, i64::MIN);
    each(run.connection, ALL, [], |row| {
        let (place, at): (i64, i64) = (row.get(0)?, row.get(2)?);
        let tenant = TenantNo(row.get(1)?);
        rows += 1;
        if at < latest {
            run.findings.add(Promise::JournalReadableAndOrdered, || {
                format!("journal row {place} is from before its predecessor")
            });
        }
        latest = latest.max(at);
        match read(row) {
            Ok(batch) => {
                events += batch.len() as u64;
                for event in &batch {
                    count_one(run, tenant, event)?;
                    audit::find_entry(run, tenant, (place, at), event)?;
                }
            }
            Err(why) => run.findings.add(Promise::JournalReadableAndOrdered, || format!("journal row {place}: {why}")),
        }
        Ok(())
    })?;
    run.findings.counted("journal rows", rows);
    run.findings.counted("events", events);
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Vec<Event>, String> {
    let blob = row.get_ref(3).map_err(|error| error.to_string())?;
    let events: Vec<Event> =
        unpack(blob.as_blob().map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    if events.is_empty() || events.len() > EVENTS_PER_ROW {
        return Err(format!("it has {} events", events.len()));
    }
    Ok(events)
}

fn count_one(run: &mut Run<'_>, tenant: TenantNo, event: &Event) -> rusqlite::Result<()> {
    tally(event, run.figures_of_events.entry(tenant).or_default());
    *run.strays.entry((tenant, owner(&event.subject))).or_default() += 1;
    let illegal = match event.kind {
        EventKind::Voucher { step, from, to, .. } => {
            (!VoucherState::may_step(from, to, step)).then_some(Promise::VoucherTransitionsLegal)
        }
        EventKind::Redemption { from, to, .. } => {
            (!RedemptionState::may_become(from, to)).then_some(Promise::RedemptionTransitionsLegal)
        }
        EventKind::Coupon { from, to } | EventKind::Campaign { from, to } => {
            (!CouponState::may_become(from, to)).then_some(Promise::DefinitionTransitionsLegal)
        }
        EventKind::Customer
        | EventKind::BlockMade { .. }
        | EventKind::BlockRevoked
        | EventKind::Account
        | EventKind::CustomerMerged { .. }
        | EventKind::CustomerErased
        | EventKind::Gift { .. } => None,
    };
    if let Some(promise) = illegal {
        run.findings.add(promise, || {
            format!("{} at version {}: {:?}", name(tenant, &event.subject), event.version, event.kind)
        });
    }
    run.usage_of_events.add(tenant, event.usage.iter().copied())
}

/// Journal rows kept while histories are followed: vouchers next to each other have their events in the same rows.
const ROWS_MAX: usize = 2_000;

type Batch = (TenantNo, Rc<[Event]>);

/// The journal, looked up by place.
pub(super) struct Journal<'a> {
    connection: &'a Connection,
    first: i64,
    rows: Cache<i64, Batch>,
}

const FIRST: &str = "
    select min(journal)
    from journal";

const BY_PLACE: &str = "
    select journal, tenant, at, events
    from journal
    where journal = ?1";

impl<'a> Journal<'a> {
    pub(super) fn new(connection: &'a Connection) -> Result<Self, StoreError> {
        let first: Option<i64> = one(connection, FIRST, [], |row| row.get(0))?.flatten();
        Ok(Self { connection, first: first.unwrap_or(1), rows: Cache::new(ROWS_MAX) })
    }

    /// Whether old events have been removed: the journal of an installation begins at 1.
    pub(super) fn is_cut(&self) -> bool {
        self.first > 1
    }

    /// Whether the events of that place have been removed for their age.
    pub(super) fn is_before_cut(&self, place: JournalNo) -> bool {
        place.0 > 0 && place.0 < self.first
    }

    /// The event that made this version of the subject, which must be at that place.
    pub(super) fn event(
        &mut self,
        tenant: TenantNo,
        place: JournalNo,
        (subject, version): (&Subject, u32),
    ) -> Result<(Rc<[Event]>, usize), String> {
        let (owner, events) = self.batch(place.0)?;
        events
            .iter()
            .position(|event| event.version == version && event.subject == *subject)
            .filter(|_| owner == tenant)
            .map(|index| (events, index))
            .ok_or_else(|| format!("journal row {} does not hold its version {version}", place.0))
    }

    fn batch(&mut self, place: i64) -> Result<Batch, String> {
        if let Some(batch) = self.rows.get(&place) {
            return Ok(batch.clone());
        }
        let found = one(self.connection, BY_PLACE, [place], |row| Ok((TenantNo(row.get(1)?), read(row))));
        let (tenant, events) =
            found.map_err(|error| error.to_string())?.ok_or_else(|| format!("journal row {place} is gone"))?;
        let batch: Batch = (tenant, events.map_err(|_| format!("journal row {place} does not read"))?.into());
        self.rows.insert(place, batch.clone());
        Ok(batch)
    }
}
