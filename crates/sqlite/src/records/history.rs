//! The history of a subject: its row names the journal row of its latest event, and every event that of the one before.

use domain::event::{Event, JournalNo, Subject};
use domain::id::TenantNo;
use domain::time::Timestamp;
use ports::{HistoryEntry, StoreError};
use rusqlite::Connection;

use crate::query::one;
use crate::rows::{instant, ordinal_column, unpack};

pub(super) const VOUCHER: &str = "
    select version, journal
    from voucher
    where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4";

pub(super) const REDEMPTION: &str = "
    select version, journal
    from redemption
    where tenant = ?1 and redemption_id = ?2";

pub(super) const COUPON: &str = "
    select version, journal
    from coupon
    where tenant = ?1 and coupon = ?2";

pub(super) const CUSTOMER: &str = "
    select version, journal
    from customer
    where tenant = ?1 and customer = ?2";

pub(super) const BLOCK: &str = "
    select version, journal
    from code_block
    where tenant = ?1 and block_id = ?2";

pub(super) const CAMPAIGN: &str = "
    select version, journal
    from campaign
    where tenant = ?1 and campaign = ?2";

pub(super) const ACCOUNT: &str = "
    select version, journal
    from account
    where tenant = ?1 and account = ?2";

pub(super) const GIFT: &str = "
    select version, journal
    from gift_account
    where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4";

/// Where the subject's latest event is: its version and its place.
fn latest(connection: &Connection, tenant: TenantNo, subject: &Subject) -> Result<Option<(u32, i64)>, StoreError> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let tenant = tenant.0;
    match subject {
        Subject::Voucher(key) => {
            let ordinal = ordinal_column(key.ordinal);
            one(connection, VOUCHER, (tenant, key.coupon.0, key.kind.bits(), ordinal), read)
        }
        Subject::Redemption(id) => one(connection, REDEMPTION, (tenant, id.as_str()), read),
        Subject::Coupon(no) => one(connection, COUPON, (tenant, no.0), read),
        Subject::Customer(no) => one(connection, CUSTOMER, (tenant, no.0), read),
        Subject::Block(_, id) => one(connection, BLOCK, (tenant, id.0.as_bytes()), read),
        Subject::Campaign(no) => one(connection, CAMPAIGN, (tenant, no.0), read),
        Subject::Account(no) => one(connection, ACCOUNT, (tenant, no.0), read),
        Subject::Gift(key) => {
            one(connection, GIFT, (tenant, key.coupon.0, key.kind.bits(), ordinal_column(key.ordinal)), read)
        }
    }
}

/// The latest `max` events, oldest first. Fewer when older ones have been removed.
pub(super) fn history(
    connection: &Connection,
    tenant: TenantNo,
    subject: &Subject,
    max: usize,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let mut entries = Vec::new();
    let Some((mut version, mut place)) = latest(connection, tenant, subject)? else { return Ok(entries) };
    while entries.len() < max && place != 0 {
        let Some((at, events)) = journal_row(connection, tenant, JournalNo(place))? else { break };
        let event = events.into_iter().find(|event| event.version == version && event.subject == *subject);
        let Some(event) = event else {
            return Err(StoreError::Corrupt(format!("journal row {place} lacks version {version} of {subject:?}")));
        };
        (version, place) = (version.saturating_sub(1), event.previous.0);
        entries.push(HistoryEntry { at, event });
    }
    entries.reverse();
    Ok(entries)
}

pub(super) const JOURNAL_ROW: &str = "
    select at, events
    from journal
    where journal = ?1 and tenant = ?2";

pub(super) fn journal_row(
    connection: &Connection,
    tenant: TenantNo,
    place: JournalNo,
) -> Result<Option<(Timestamp, Vec<Event>)>, StoreError> {
    let row =
        one(connection, JOURNAL_ROW, (place.0, tenant.0), |row| Ok((instant(row, 0)?, row.get::<_, Vec<u8>>(1)?)))?;
    row.map(|(at, blob)| Ok((at, unpack(&blob)?))).transpose()
}
