//! The oldest events, before they are removed, with the public ids of all that they name by number.

use std::collections::BTreeMap;

use domain::event::{Actor, Event, EventKind, JournalNo, Subject};
use domain::id::{AccountId, CampaignId, CouponId, CouponNo, CustomerNo, TenantNo, VoucherKey};
use domain::time::Timestamp;
use ports::{EventNames, JournalRow, OldEvents, StoreError};
use rusqlite::{Connection, Params};
use uuid::Uuid;

use super::customers;
use crate::error::store_error;
use crate::memory::Shared;
use crate::query::one;
use crate::rows::{instant, ordinal_column, unpack};

/// The last row stays, as it does when they are removed.
const OLDEST: &str = "
    select journal, tenant, at, events
    from journal
    where journal > ?1 and journal < (select max(journal) from journal)
    order by journal
    limit ?2";

pub(super) fn read(
    connection: &Connection,
    shared: &Shared,
    (after, before): (JournalNo, Timestamp),
    max: usize,
) -> Result<OldEvents, StoreError> {
    let mut statement = connection.prepare_cached(OLDEST).map_err(store_error)?;
    let limit = i64::try_from(max).unwrap_or(i64::MAX);
    let mut found = statement.query((after.0, limit)).map_err(store_error)?;
    let mut naming = Naming { connection, shared, names: EventNames::default() };
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(store_error)? {
        let at = instant(row, 2).map_err(store_error)?;
        if at >= before {
            break;
        }
        let (no, tenant, blob): (_, _, Vec<u8>) =
            (|| Ok((row.get(0)?, row.get(1)?, row.get(3)?)))().map_err(store_error)?;
        let (tenant, events): (_, Vec<Event>) = (TenantNo(tenant), unpack(&blob)?);
        for event in &events {
            naming.name_all(tenant, event)?;
        }
        rows.push(JournalRow { no: JournalNo(no), tenant, at, events });
    }
    Ok(OldEvents { rows, names: naming.names })
}

const COUPON_ID: &str = "select coupon_id from coupon where tenant = ?1 and coupon = ?2";
const CAMPAIGN_ID: &str = "select campaign_id from campaign where tenant = ?1 and campaign = ?2";
const ACCOUNT_ID: &str = "select account_id from account where tenant = ?1 and account = ?2";
const KEY_OF_VOUCHER: &str = "
    select key_no
    from voucher
    where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4";

/// Each name is looked up once. What has no row has no name; its number is still in the event.
struct Naming<'a> {
    connection: &'a Connection,
    shared: &'a Shared,
    names: EventNames,
}

impl Naming<'_> {
    fn name_all(&mut self, tenant: TenantNo, event: &Event) -> Result<(), StoreError> {
        self.name_subject(tenant, &event.subject)?;
        match event.actor {
            Actor::Customer(no) => self.customer(tenant, no)?,
            Actor::Key(no) => {
                if let Some(id) = self.shared.keys.id(no) {
                    self.names.keys.insert(no, id);
                }
            }
            Actor::Staff(no) => self.name_subject(tenant, &Subject::Account(no))?,
            Actor::System | Actor::Operator => {}
        }
        match &event.kind {
            EventKind::Voucher { customer, .. } => customer.iter().try_for_each(|no| self.customer(tenant, *no))?,
            EventKind::Redemption { customer, amounts, .. } => {
                customer.iter().try_for_each(|no| self.customer(tenant, *no))?;
                amounts.iter().try_for_each(|amount| self.coupon(tenant, amount.coupon))?;
            }
            EventKind::CustomerMerged { into } => self.customer(tenant, *into)?,
            EventKind::Coupon { .. }
            | EventKind::Customer
            | EventKind::Campaign { .. }
            | EventKind::BlockMade { .. }
            | EventKind::BlockRevoked
            | EventKind::Account
            | EventKind::CustomerErased
            | EventKind::Gift { .. } => {}
        }
        let mut persons = event.usage.iter().filter_map(|delta| delta.key.subject.person());
        persons.try_for_each(|no| self.customer(tenant, no))
    }

    fn name_subject(&mut self, tenant: TenantNo, subject: &Subject) -> Result<(), StoreError> {
        let Self { connection, names, .. } = self;
        match subject {
            Subject::Voucher(key) | Subject::Gift(key) => {
                self.coupon(tenant, key.coupon)?;
                self.voucher(tenant, *key)
            }
            Subject::Coupon(no) | Subject::Block(no, _) => self.coupon(tenant, *no),
            Subject::Customer(no) => self.customer(tenant, *no),
            Subject::Campaign(no) => {
                let find = || Ok(uuid(connection, CAMPAIGN_ID, (tenant.0, no.0))?.map(CampaignId));
                once(&mut names.campaigns, (tenant, *no), find)
            }
            Subject::Account(no) => {
                let find = || Ok(uuid(connection, ACCOUNT_ID, (tenant.0, no.0))?.map(AccountId));
                once(&mut names.accounts, (tenant, *no), find)
            }
            Subject::Redemption(_) => Ok(()),
        }
    }

    fn coupon(&mut self, tenant: TenantNo, no: CouponNo) -> Result<(), StoreError> {
        let find = || Ok(uuid(self.connection, COUPON_ID, (tenant.0, no.0))?.map(CouponId));
        once(&mut self.names.coupons, (tenant, no), find)
    }

    fn customer(&mut self, tenant: TenantNo, no: CustomerNo) -> Result<(), StoreError> {
        once(&mut self.names.customers, (tenant, no), || customers::id(self.connection, tenant, no))
    }

    fn voucher(&mut self, tenant: TenantNo, key: VoucherKey) -> Result<(), StoreError> {
        let Self { connection, shared, names } = self;
        once(&mut names.vouchers, (tenant, key), || {
            let place = (tenant.0, key.coupon.0, key.kind.bits(), ordinal_column(key.ordinal));
            let key_no = one(connection, KEY_OF_VOUCHER, place, |row| row.get(0))?;
            let id = key_no.map(|key_no| shared.codes.voucher_id(tenant, key, key_no)).transpose();
            id.map_err(|error| StoreError::Corrupt(format!("a voucher has no id: {error}")))
        })
    }
}

fn once<K: Ord, V>(
    known: &mut BTreeMap<K, V>,
    key: K,
    find: impl FnOnce() -> Result<Option<V>, StoreError>,
) -> Result<(), StoreError> {
    if !known.contains_key(&key)
        && let Some(found) = find()?
    {
        known.insert(key, found);
    }
    Ok(())
}

fn uuid(connection: &Connection, sql: &str, key: impl Params) -> Result<Option<Uuid>, StoreError> {
    Ok(one(connection, sql, key, |row| row.get(0))?.map(Uuid::from_bytes))
}
