//! Customers, opened: what is personal lies sealed in their rows.

use domain::codes::{CustomerKey, IdentityHash};
use domain::customer::{Carrier, Customer, CustomerProfile};
use domain::event::JournalNo;
use domain::id::{CustomerId, CustomerNo, TenantNo};
use domain::identity::{Identity, IdentityKey, IdentityKind};
use domain::ledger::CARRIERS_MAX;
use ports::{Codes, StoreError};
use rusqlite::{Connection, Row};
use uuid::Uuid;

use crate::query::{each, one};
use crate::rows;

pub(super) const NUMBER: &str = "
    select customer
    from customer
    where customer_id = ?1 and tenant = ?2";

pub(super) fn number(
    connection: &Connection,
    tenant: TenantNo,
    id: CustomerId,
) -> Result<Option<CustomerNo>, StoreError> {
    one(connection, NUMBER, (id.0.as_bytes(), tenant.0), |row| Ok(CustomerNo(row.get(0)?)))
}

pub(super) const ID: &str = "
    select customer_id
    from customer
    where tenant = ?1 and customer = ?2";

pub(super) fn id(connection: &Connection, tenant: TenantNo, no: CustomerNo) -> Result<Option<CustomerId>, StoreError> {
    one(connection, ID, (tenant.0, no.0), |row| Ok(CustomerId(Uuid::from_bytes(row.get(0)?))))
}

/// A customer's row before it is opened.
struct Sealed {
    customer: Customer,
    profile: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
}

pub(super) const BY_NUMBER: &str = "
    select customer_id, version, profile, guest, created_at, erased_at, journal, sealed
    from customer
    left join customer_key using (tenant, customer)
    where customer.tenant = ?1 and customer.customer = ?2";

pub(super) const IDENTITIES: &str = "
    select kind, hash, sealed, verified_at, added_at
    from identity
    where tenant = ?1 and customer = ?2
    order by added_at, kind, hash";

/// The customer of that number itself, also if another stands for it.
pub(crate) fn by_number(
    connection: &Connection,
    codes: &Codes,
    tenant: TenantNo,
    no: CustomerNo,
) -> Result<Option<Customer>, StoreError> {
    let Some(found) = one(connection, BY_NUMBER, (tenant.0, no.0), |row| sealed(row, no))? else { return Ok(None) };
    let Sealed { mut customer, profile, key } = found;
    let who = (tenant, no);
    let closed =
        |what: &str| StoreError::Corrupt(format!("{what} of customer {no} of tenant {} does not open", tenant.0));
    // Nameless: there is nothing to open.
    let Some(key) = key else { return Ok(Some(customer)) };
    let key = codes.open_customer_key(tenant, no, &key).map_err(|_| closed("the key"))?;
    if let Some(profile) = profile {
        let text = key.open_profile(who, &profile).map_err(|_| closed("the profile"))?;
        customer.profile = serde_json::from_str(&text).map_err(|_| closed("the profile"))?;
    }
    customer.identities = identities(connection, &key, who)?.ok_or_else(|| closed("an identity"))?;
    Ok(Some(customer))
}

fn sealed(row: &Row<'_>, no: CustomerNo) -> rusqlite::Result<Sealed> {
    let customer = Customer {
        no,
        id: CustomerId(Uuid::from_bytes(row.get(0)?)),
        version: row.get(1)?,
        profile: CustomerProfile::default(),
        guest: row.get(3)?,
        identities: Vec::new(),
        created_at: rows::instant(row, 4)?,
        erased_at: rows::instant_or_none(row, 5)?,
        journal: JournalNo(row.get(6)?),
    };
    Ok(Sealed { customer, profile: row.get(2)?, key: row.get(7)? })
}

/// `None` if one does not open.
fn identities(
    connection: &Connection,
    key: &CustomerKey,
    (tenant, no): (TenantNo, CustomerNo),
) -> Result<Option<Vec<Identity>>, StoreError> {
    let (mut all, mut is_whole) = (Vec::new(), true);
    each(connection, IDENTITIES, (tenant.0, no.0), |row| {
        let kind = rows::identity_kind(row, 0)?;
        let (hash, sealed): (IdentityHash, Vec<u8>) = (row.get(1)?, row.get(2)?);
        let Ok(value) = key.open_identity((tenant, no), (kind, &hash), &sealed) else {
            is_whole = false;
            return Ok(());
        };
        let (verified_at, added_at) = (rows::instant_or_none(row, 3)?, rows::instant(row, 4)?);
        all.push(Identity { key: IdentityKey::of(kind, &value), value, verified_at, added_at });
        Ok(())
    })?;
    Ok(is_whole.then_some(all))
}

pub(super) const HOLDER: &str = "
    select customer
    from identity
    where tenant = ?1 and kind = ?2 and hash = ?3 and verified_at is not null";

pub(super) const CARRIERS: &str = "
    select customer
    from identity
    where tenant = ?1 and kind = ?2 and hash = ?3
    order by customer
    limit ?4";

/// Who carries an identity: who has proven it first, then by number, no more than are looked at.
pub(crate) fn carriers(
    connection: &Connection,
    tenant: TenantNo,
    (kind, hash): (IdentityKind, &IdentityHash),
) -> Result<Vec<Carrier>, StoreError> {
    let key = (tenant.0, kind as u8, hash);
    let holder: Option<u32> = one(connection, HOLDER, key, |row| row.get(0))?;
    let mut all: Vec<Carrier> =
        holder.iter().map(|no| Carrier { customer: CustomerNo(*no), is_verified: true }).collect();
    each(connection, CARRIERS, (key.0, key.1, key.2, CARRIERS_MAX as i64), |row| {
        let no: u32 = row.get(0)?;
        if holder != Some(no) && all.len() < CARRIERS_MAX {
            all.push(Carrier { customer: CustomerNo(no), is_verified: false });
        }
        Ok(())
    })?;
    Ok(all)
}

pub(super) fn by_identity(
    connection: &Connection,
    codes: &Codes,
    tenant: TenantNo,
    key: &IdentityKey,
) -> Result<Vec<Customer>, StoreError> {
    let hash = codes.identity_hash(tenant, key);
    let mut all = Vec::new();
    for carrier in carriers(connection, tenant, (key.kind, &hash))? {
        all.extend(by_number(connection, codes, tenant, carrier.customer)?);
    }
    Ok(all)
}
