//! What a customer has been at: the events of all its vouchers and redemptions as one history. Each row names its latest
//! event and each event the one before, so the newest of all is found by going on, each time, where the latest is; no
//! more of the journal is read than is shown.

use std::collections::BTreeMap;

use domain::event::{Event, JournalNo, Subject};
use domain::id::{CustomerNo, TenantNo};
use ports::{HistoryEntry, StoreError};
use rusqlite::Connection;

use super::history::journal_row;
use super::redemptions::with_merged;
use crate::query::each;
use crate::rows;

/// Rows whose latest events are looked at, of each kind: some 20 ms of work.
const HEADS_MAX: i64 = 10_000;

/// `cross join` keeps the wallet outermost: its order is the order of the rows.
pub(super) const VOUCHERS: &str = "
    select coupon, kind, ordinal, version, journal
    from wallet
    cross join voucher using (tenant, customer, coupon, kind, ordinal)
    where tenant = ?1 and customer = ?2
    order by coupon, kind, ordinal
    limit ?3";

pub(super) const REDEMPTIONS: &str = "
    select redemption_id, version, journal
    from redemption
    where tenant = ?1 and customer = ?2
    order by redemption desc
    limit ?3";

/// The latest events that were not shown yet, by their place.
type Heads = BTreeMap<i64, Vec<(Subject, u32)>>;

/// The latest `max` events, newest first. Fewer when older ones have been removed.
pub(super) fn history(
    connection: &Connection,
    tenant: TenantNo,
    customer: CustomerNo,
    max: usize,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let mut heads = heads(connection, tenant, customer)?;
    let mut entries = Vec::new();
    while entries.len() < max
        && let Some((place, there)) = heads.pop_last()
    {
        let Some((at, events)) = journal_row(connection, tenant, JournalNo(place))? else { continue };
        let mut found: Vec<(usize, &Event)> = Vec::new();
        for (subject, version) in there {
            go_back(&events, (place, subject, version), &mut found, &mut heads)?;
        }
        found.sort_unstable_by_key(|(index, _)| std::cmp::Reverse(*index));
        entries.extend(found.into_iter().map(|(_, event)| HistoryEntry { at, event: event.clone() }));
    }
    entries.truncate(max);
    Ok(entries)
}

fn heads(connection: &Connection, tenant: TenantNo, customer: CustomerNo) -> Result<Heads, StoreError> {
    let mut heads = Heads::new();
    each(connection, VOUCHERS, (tenant.0, customer.0, HEADS_MAX), |row| {
        let head = (Subject::Voucher(rows::voucher_key(row)?), row.get(3)?);
        heads.entry(row.get(4)?).or_default().push(head);
        Ok(())
    })?;
    for customer in with_merged(connection, tenant, customer)? {
        each(connection, REDEMPTIONS, (tenant.0, customer.0, HEADS_MAX), |row| {
            let id = rows::redemption_id(row, 0)?.ok_or_else(|| rows::damaged(0, "no id"))?;
            heads.entry(row.get(2)?).or_default().push((Subject::Redemption(id), row.get(1)?));
            Ok(())
        })?;
    }
    Ok(heads)
}

/// Takes a subject's events in one row of the journal, from that version back; the one before them is a head again.
fn go_back<'e>(
    events: &'e [Event],
    (place, subject, mut version): (i64, Subject, u32),
    found: &mut Vec<(usize, &'e Event)>,
    heads: &mut Heads,
) -> Result<(), StoreError> {
    loop {
        let at = events.iter().position(|event| event.version == version && event.subject == subject);
        let Some(index) = at else {
            return Err(StoreError::Corrupt(format!("journal row {place} lacks version {version} of {subject:?}")));
        };
        let previous = events[index].previous.0;
        found.push((index, &events[index]));
        version = version.saturating_sub(1);
        if previous != place {
            if previous != 0 {
                heads.entry(previous).or_default().push((subject, version));
            }
            return Ok(());
        }
    }
}
