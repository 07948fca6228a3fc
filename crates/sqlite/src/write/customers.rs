//! Customers with what they are known by, sealed; and who is one with whom. A customer has a key as long as anything
//! personal is kept of it.

use domain::codes::CustomerKey;
use domain::customer::{Customer, CustomerProfile, Person};
use domain::id::{CustomerNo, TenantNo};
use domain::identity::{Identity, IdentityKey};
use domain::ledger::Facts;
use domain::time::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Target, sorted};
use crate::rows;

const INSERT_CUSTOMER: &str =
    "insert into customer (tenant, customer, customer_id, version, profile, guest, created_at,
        erased_at, journal)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const UPDATE_CUSTOMER: &str = "update customer
    set version = ?3, profile = ?4, guest = ?5, erased_at = ?6, journal = ?7
    where tenant = ?1 and customer = ?2 and version = ?8";

const SELECT_KEY: &str = "select sealed from customer_key where tenant = ?1 and customer = ?2";
const INSERT_KEY: &str = "insert into customer_key (tenant, customer, sealed) values (?1, ?2, ?3)";
const DELETE_KEY: &str = "delete from customer_key where tenant = ?1 and customer = ?2";

const INSERT_IDENTITY: &str = "insert into identity (tenant, kind, hash, customer, sealed, verified_at, added_at)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const UPDATE_IDENTITY: &str = "update identity
    set verified_at = ?5
    where tenant = ?1 and kind = ?2 and hash = ?3 and customer = ?4";
const DELETE_IDENTITY: &str = "delete from identity where tenant = ?1 and kind = ?2 and hash = ?3 and customer = ?4";

const INSERT_PERSON: &str = "insert into person (tenant, customer, person, merged_into) values (?1, ?2, ?3, ?4)";
const UPDATE_PERSON: &str = "update person
    set person = ?3, merged_into = ?4
    where tenant = ?1 and customer = ?2 and person = ?5 and merged_into is ?6";

const LEAVE_SEGMENTS: &str = "delete from segment_member where tenant = ?1 and customer = ?2";
/// The list that named who was merged names who stands for it.
const HAND_ON_SEGMENTS: &str = "insert or ignore into segment_member (tenant, segment, customer)
    select tenant, segment, ?3
    from segment_member
    where tenant = ?1 and customer = ?2";

/// A changed customer with the key of what is personal.
struct Written<'a> {
    before: &'a [Identity],
    after: &'a Customer,
    key: Option<CustomerKey>,
}

impl Target<'_> {
    pub(super) fn customers(&self, facts: &Facts) -> rusqlite::Result<()> {
        let mut written = Vec::new();
        for (no, before, after) in sorted(&facts.customers) {
            let key = self.customer(*no, before, after)?;
            written.push(Written { before: before.map_or(&[], |before| &before.identities), after, key });
        }
        // What leaves one before it comes to another: proven to be one's it is only once.
        for Written { before, after, .. } in &written {
            for gone in before.iter().filter(|identity| after.identity(&identity.key).is_none()) {
                self.delete_identity(after.no, &gone.key)?;
            }
        }
        written.iter().try_for_each(|written| self.identities(written))
    }

    fn customer(
        &self,
        no: CustomerNo,
        before: Option<&Customer>,
        after: &Customer,
    ) -> rusqlite::Result<Option<CustomerKey>> {
        let (had_key, needs_key) = (before.is_some_and(|before| !before.is_nameless()), !after.is_nameless());
        let key = match (had_key, needs_key) {
            (_, false) => None,
            (true, true) => Some(self.key(no)?),
            (false, true) => Some(fresh_key()?),
        };
        let profile = key.as_ref().and_then(|key| self.sealed(no, key, &after.profile));
        let (version, guest, journal) = (after.version, after.guest, after.journal.0);
        let erased_at = after.erased_at.map(Timestamp::as_ms);
        let (tenant, created_at) = (self.tenant.0, after.created_at.as_ms());
        match before {
            None => {
                let id = after.id.0.as_bytes();
                let row = params![tenant, no.0, id, version, profile, guest, created_at, erased_at, journal];
                self.one(INSERT_CUSTOMER, row)?;
            }
            Some(before) => {
                let row = params![tenant, no.0, version, profile, guest, erased_at, journal, before.version];
                self.one(UPDATE_CUSTOMER, row)?;
            }
        }
        match &key {
            Some(key) if !had_key => {
                let sealed = self.codes.seal_customer_key(self.tenant, no, key);
                self.one(INSERT_KEY, params![tenant, no.0, sealed])?;
            }
            None if had_key => self.one(DELETE_KEY, params![tenant, no.0])?,
            Some(_) | None => {}
        }
        if erased_at.is_some() && before.is_some_and(|before| before.erased_at.is_none()) {
            self.connection.prepare_cached(LEAVE_SEGMENTS)?.execute((tenant, no.0))?;
        }
        Ok(key)
    }

    fn key(&self, no: CustomerNo) -> rusqlite::Result<CustomerKey> {
        let mut statement = self.connection.prepare_cached(SELECT_KEY)?;
        let sealed: Option<Vec<u8>> = statement.query_row((self.tenant.0, no.0), |row| row.get(0)).optional()?;
        let key = sealed.and_then(|sealed| self.codes.open_customer_key(self.tenant, no, &sealed).ok());
        key.ok_or_else(|| rows::damaged(0, "a customer's key does not open"))
    }

    fn sealed(&self, no: CustomerNo, key: &CustomerKey, profile: &CustomerProfile) -> Option<Vec<u8>> {
        let is_said = *profile != CustomerProfile::default();
        is_said.then(|| sealed_profile(key, (self.tenant, no), profile))
    }

    fn identities(&self, Written { before, after, key }: &Written<'_>) -> rusqlite::Result<()> {
        let Some(key) = key else { return Ok(()) };
        for identity in &after.identities {
            match before.iter().find(|old| old.key == identity.key) {
                None => self.insert_identity(after.no, key, identity)?,
                Some(old) if old.verified_at == identity.verified_at => {}
                Some(_) => {
                    let (kind, hash) = self.hashed(&identity.key);
                    let verified_at = identity.verified_at.map(Timestamp::as_ms);
                    self.one(UPDATE_IDENTITY, params![self.tenant.0, kind, hash, after.no.0, verified_at])?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn insert_identity(
        &self,
        no: CustomerNo,
        key: &CustomerKey,
        identity: &Identity,
    ) -> rusqlite::Result<()> {
        let (kind, hash) = self.hashed(&identity.key);
        let sealed = key.seal_identity((self.tenant, no), (identity.key.kind, &hash), &identity.value);
        let verified_at = identity.verified_at.map(Timestamp::as_ms);
        let added_at = identity.added_at.as_ms();
        self.one(INSERT_IDENTITY, params![self.tenant.0, kind, hash, no.0, sealed, verified_at, added_at])
    }

    fn delete_identity(&self, no: CustomerNo, key: &IdentityKey) -> rusqlite::Result<()> {
        let (kind, hash) = self.hashed(key);
        self.one(DELETE_IDENTITY, params![self.tenant.0, kind, hash, no.0])
    }

    fn hashed(&self, key: &IdentityKey) -> (u8, domain::codes::IdentityHash) {
        (key.kind as u8, self.codes.identity_hash(self.tenant, key))
    }

    pub(super) fn persons(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (no, before, after) in sorted(&facts.persons) {
            let Person { person, merged_into } = after;
            let (tenant, into) = (self.tenant.0, merged_into.map(|no| no.0));
            match before {
                None => self.one(INSERT_PERSON, params![tenant, no.0, person.0, into])?,
                Some(was) => {
                    let into_before = was.merged_into.map(|no| no.0);
                    self.one(UPDATE_PERSON, params![tenant, no.0, person.0, into, was.person.0, into_before])?;
                }
            }
            if let Some(into) = into.filter(|into| before.and_then(|was| was.merged_into) != Some(CustomerNo(*into))) {
                self.connection.prepare_cached(HAND_ON_SEGMENTS)?.execute((tenant, no.0, into))?;
                self.connection.prepare_cached(LEAVE_SEGMENTS)?.execute((tenant, no.0))?;
            }
        }
        Ok(())
    }
}

pub(crate) fn sealed_profile(key: &CustomerKey, who: (TenantNo, CustomerNo), profile: &CustomerProfile) -> Vec<u8> {
    key.seal_profile(who, &serde_json::to_string(profile).expect("domain values serialise"))
}

pub(crate) fn fresh_key() -> rusqlite::Result<CustomerKey> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    Ok(CustomerKey::new(bytes))
}
