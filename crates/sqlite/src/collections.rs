//! Groups of goods: kept in rows, in memory without their entries.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::{AuditChange, AuditKind, AuditSubject};
use domain::collection::{
    COLLECTION_ENTRIES_MAX, COLLECTIONS_MAX, Collection, CollectionNo, CollectionOf, Collections, EntryKey,
};
use domain::event::Actor;
use domain::id::TenantNo;
use ports::{CollectionStore, EntriesChanged, EntryChanges, NewCollection, NoEntries, NotSaved, StoreError};
use rusqlite::types::Type;
use rusqlite::{Connection, Transaction, params};
use serde_json::{Value, json};

use crate::SqliteStore;
use crate::error::store_error;
use crate::kept::Kept;
use crate::named::{changes_one, not_saved};
use crate::query::one;
use crate::rows;
use crate::write::append;
use crate::writer::Writer;

/// Entries that are deleted in one transaction.
const DELETED_MAX: usize = 10_000;

const SELECT: &str = "select tenant, collection, version, name, lists, saved_at from collection where name is not null";

pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Kept<Collections>> {
    let mut all: HashMap<TenantNo, Collections> = HashMap::new();
    let mut statement = connection.prepare(SELECT)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let lists: String = row.get(4)?;
        let unknown = || rusqlite::Error::FromSqlConversionFailure(4, Type::Text, lists.clone().into());
        let collection = Collection {
            no: CollectionNo(row.get(1)?),
            name: row.get(3)?,
            of: CollectionOf::from_name(&lists).ok_or_else(unknown)?,
            version: row.get(2)?,
            saved_at: rows::instant(row, 5)?,
        };
        all.entry(TenantNo(row.get(0)?)).or_default().put(Arc::new(collection));
    }
    Ok(Kept::new(all, Collections::clone))
}

#[async_trait]
impl CollectionStore for SqliteStore {
    fn collections(&self, tenant: TenantNo) -> Arc<Collections> {
        self.shared.collections.of(tenant)
    }

    async fn save_collection(
        &self,
        of: (TenantNo, Actor),
        collection: NewCollection,
    ) -> Result<Result<Arc<Collection>, NotSaved>, StoreError> {
        self.queue.run(move |writer| writer.save_collection(of, collection)).await
    }

    async fn delete_collection(
        &self,
        of: (TenantNo, Actor),
        name: String,
    ) -> Result<Option<Arc<Collection>>, StoreError> {
        let Some(deleted) = self.queue.run(move |writer| writer.delete_collection(of, &name)).await? else {
            return Ok(None);
        };
        // What an earlier one did not come to the end of goes too.
        while self.queue.run(move |writer| writer.delete_entries(of.0)).await? {}
        Ok(Some(deleted))
    }

    async fn change_entries(
        &self,
        of: (TenantNo, Actor),
        name: String,
        changes: EntryChanges,
    ) -> Result<Result<EntriesChanged, NoEntries>, StoreError> {
        self.queue.run(move |writer| writer.change_entries(of, &name, &changes)).await
    }

    async fn count_entries(&self, tenant: TenantNo, name: String) -> Result<Option<u64>, StoreError> {
        let Some(collection) = self.shared.collections.of(tenant).get(&name).cloned() else { return Ok(None) };
        let key = (tenant.0, collection.no.0);
        let count = move |connection: &Connection| one(connection, ENTRIES, key, |row| row.get::<_, i64>(0));
        Ok(self.shared.readers.run(count).await?.and_then(|count| u64::try_from(count).ok()))
    }

    async fn entries_of(&self, tenant: TenantNo, keys: BTreeSet<EntryKey>) -> Result<BTreeSet<EntryKey>, StoreError> {
        let look = move |connection: &Connection| {
            let mut listed = BTreeSet::new();
            for key in keys {
                if one(connection, ENTRY, params![tenant.0, key.0.0, key.1], |_| Ok(()))?.is_some() {
                    listed.insert(key);
                }
            }
            Ok(listed)
        };
        self.shared.readers.run(look).await
    }
}

pub(crate) const ENTRY: &str = "select 1 from collection_entry where tenant = ?1 and collection = ?2 and entry = ?3";

const ENTRIES: &str = "select entries from collection where tenant = ?1 and collection = ?2";

const INSERT: &str = "
    insert into collection (tenant, collection, name, version, lists, saved_at)
    values (?1, ?2, ?3, ?4, ?5, ?6)";
const NEXT: &str = "select ifnull(max(collection), 0) + 1 from collection where tenant = ?1";
const UPDATE: &str = "
    update collection
    set version = ?3, saved_at = ?4
    where tenant = ?1 and collection = ?2 and version = ?3 - 1";

const FORGET_NAME: &str =
    "update collection set name = null where tenant = ?1 and collection = ?2 and name is not null";
const NAMELESS: &str = "select collection from collection where tenant = ?1 and name is null limit 1";
const DELETE_ENTRIES: &str = "
    delete from collection_entry
    where tenant = ?1 and collection = ?2 and entry in (
        select entry from collection_entry where tenant = ?1 and collection = ?2 order by entry limit ?3)";
const DELETE: &str = "delete from collection where tenant = ?1 and collection = ?2 and name is null";

const ADD_ENTRY: &str = "insert or ignore into collection_entry (tenant, collection, entry) values (?1, ?2, ?3)";
const REMOVE_ENTRY: &str = "delete from collection_entry where tenant = ?1 and collection = ?2 and entry = ?3";
const SET_ENTRIES: &str = "update collection set entries = ?3 where tenant = ?1 and collection = ?2";

impl Writer<'_> {
    fn save_collection(
        &mut self,
        (tenant, actor): (TenantNo, Actor),
        collection: NewCollection,
    ) -> Result<Result<Arc<Collection>, NotSaved>, StoreError> {
        self.shared.settings(tenant)?;
        let all = self.shared.collections.of(tenant);
        let before = all.get(&collection.name);
        let there = before.map(|before| (before.version, before.of == collection.of));
        if let Some(why) = not_saved(collection.over, there, all.all().len() >= COLLECTIONS_MAX) {
            return Ok(Err(why));
        }
        let NewCollection { name, of, .. } = collection;
        let now = self.shared.now();
        let write = || {
            let transaction = self.connection.unchecked_transaction()?;
            let no = match before {
                Some(before) => before.no.0,
                None => transaction.prepare_cached(NEXT)?.query_row([tenant.0], |row| row.get(0))?,
            };
            let version = before.map_or(0, |before| before.version) + 1;
            let saved = Collection { no: CollectionNo(no), name, of, version, saved_at: now };
            write_row(&transaction, tenant, &saved)?;
            append(&transaction, tenant, now, save_entry(actor, before.map(AsRef::as_ref), &saved))?;
            transaction.commit()?;
            Ok(Arc::new(saved))
        };
        let saved = write().map_err(store_error)?;
        self.shared.collections.change(tenant, |collections| collections.put(Arc::clone(&saved)));
        Ok(Ok(saved))
    }

    fn delete_collection(
        &mut self,
        (tenant, actor): (TenantNo, Actor),
        name: &str,
    ) -> Result<Option<Arc<Collection>>, StoreError> {
        let Some(collection) = self.shared.collections.of(tenant).get(name).cloned() else { return Ok(None) };
        let write = || {
            let transaction = self.connection.unchecked_transaction()?;
            changes_one(transaction.prepare_cached(FORGET_NAME)?.execute((tenant.0, collection.no.0))?)?;
            let entry = entry(actor, "collection.delete", name, (Some(told(&collection)), None));
            append(&transaction, tenant, self.shared.now(), entry)?;
            transaction.commit()
        };
        write().map_err(store_error)?;
        self.shared.collections.change(tenant, |collections| collections.remove(name));
        Ok(Some(collection))
    }

    /// Some entries of one deleted collection, and itself with the last. Returns whether there may be more to delete.
    fn delete_entries(&mut self, tenant: TenantNo) -> Result<bool, StoreError> {
        let Some(no) = one(self.connection, NAMELESS, [tenant.0], |row| row.get::<_, u32>(0))? else {
            return Ok(false);
        };
        let delete = || {
            let transaction = self.connection.unchecked_transaction()?;
            let deleted = transaction.prepare_cached(DELETE_ENTRIES)?.execute((tenant.0, no, DELETED_MAX as i64))?;
            if deleted < DELETED_MAX {
                changes_one(transaction.prepare_cached(DELETE)?.execute((tenant.0, no))?)?;
            }
            transaction.commit()
        };
        delete().map_err(store_error)?;
        Ok(true)
    }

    fn change_entries(
        &mut self,
        (tenant, actor): (TenantNo, Actor),
        name: &str,
        changes: &EntryChanges,
    ) -> Result<Result<EntriesChanged, NoEntries>, StoreError> {
        let Some(collection) = self.shared.collections.of(tenant).get(name).cloned() else {
            return Ok(Err(NoEntries::Unknown));
        };
        let write = || {
            let transaction = self.connection.unchecked_transaction()?;
            let key = (tenant, collection.no);
            let (added, removed) = (
                run(&transaction, key, (ADD_ENTRY, &changes.add))?,
                run(&transaction, key, (REMOVE_ENTRY, &changes.remove))?,
            );
            let before: i64 =
                transaction.prepare_cached(ENTRIES)?.query_row((tenant.0, collection.no.0), |row| row.get(0))?;
            let entries = before + added as i64 - removed as i64;
            if entries > COLLECTION_ENTRIES_MAX as i64 {
                // Dropped without a commit, it has never been.
                return Ok(Err(NoEntries::Full));
            }
            if added + removed > 0 {
                changes_one(transaction.prepare_cached(SET_ENTRIES)?.execute((tenant.0, collection.no.0, entries))?)?;
                let after = json!({ "added": added, "removed": removed });
                let entry = entry(actor, "collection.entries", name, (None, Some(after)));
                append(&transaction, tenant, self.shared.now(), entry)?;
            }
            transaction.commit()?;
            Ok(Ok(EntriesChanged { added, removed, entries: entries.unsigned_abs() }))
        };
        write().map_err(store_error)
    }
}

/// Runs a statement for each entry, and says for how many it changed anything.
fn run(
    transaction: &Transaction<'_>,
    (tenant, no): (TenantNo, CollectionNo),
    (sql, entries): (&str, &[String]),
) -> rusqlite::Result<usize> {
    let mut statement = transaction.prepare_cached(sql)?;
    entries.iter().try_fold(0, |changed, entry| Ok(changed + statement.execute((tenant.0, no.0, entry))?))
}

fn write_row(transaction: &Transaction<'_>, tenant: TenantNo, collection: &Collection) -> rusqlite::Result<()> {
    let Collection { no, name, of, version, saved_at } = collection;
    let changed = if *version == 1 {
        transaction.execute(INSERT, params![tenant.0, no.0, name, version, of.name(), saved_at.as_ms()])?
    } else {
        transaction.execute(UPDATE, params![tenant.0, no.0, version, saved_at.as_ms()])?
    };
    changes_one(changed)
}

fn save_entry(actor: Actor, before: Option<&Collection>, after: &Collection) -> AuditChange {
    let action = if before.is_some() { "collection.update" } else { "collection.create" };
    entry(actor, action, &after.name, (before.map(told), Some(told(after))))
}

fn told(collection: &Collection) -> Value {
    json!({ "version": collection.version, "of": collection.of })
}

fn entry(
    actor: Actor,
    action: &'static str,
    name: &str,
    (before, after): (Option<Value>, Option<Value>),
) -> AuditChange {
    AuditChange { actor, action, subject: AuditSubject::new(AuditKind::Collection, name), before, after }
}
