//! Groups of goods.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::collection::{Collection, CollectionOf, Collections, EntryKey};
use domain::event::Actor;
use domain::id::TenantNo;

use crate::{NotSaved, SavedOver, StoreError};

/// A collection that is to be saved.
#[derive(Clone, Debug)]
pub struct NewCollection {
    /// Its name; see [`domain::segment::check_name`].
    pub name: String,
    /// What it lists.
    pub of: CollectionOf,
    /// Over what.
    pub over: SavedOver,
}

/// What a collection is to list, and what no more. Whatever is in both is listed no more.
#[derive(Clone, Debug, Default)]
pub struct EntryChanges {
    /// To be listed; see [`domain::collection::check_entries`].
    pub add: Vec<String>,
    /// Not to be listed.
    pub remove: Vec<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntriesChanged {
    /// How many were not listed before.
    pub added: usize,
    /// How many were listed before.
    pub removed: usize,
    /// How many are listed now.
    pub entries: u64,
}

/// Why no entry was added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEntries {
    /// There is no such collection.
    Unknown,
    /// It would list more than [`domain::collection::COLLECTION_ENTRIES_MAX`].
    Full,
}

/// Keeps groups of goods. Like segments they are what decisions look at, not what they change: each is written by a task of
/// the store in a transaction of its own, with its entry of the audit log. Whatever is decided after the answer sees it.
#[async_trait]
pub trait CollectionStore: Send + Sync {
    /// All collections of a tenant, without their entries. Answered from memory.
    fn collections(&self, tenant: TenantNo) -> Arc<Collections>;

    /// Saves a collection. Returns it with its new version, which is 1 if it is new. What it lists never changes:
    /// [`NotSaved::OtherSort`].
    ///
    /// # Errors
    /// The store could not answer.
    async fn save_collection(
        &self,
        of: (TenantNo, Actor),
        collection: NewCollection,
    ) -> Result<Result<Arc<Collection>, NotSaved>, StoreError>;

    /// Deletes a collection with its entries, and returns it as it was. It lists nothing from the first moment on; a long list
    /// goes in bounded steps. `None`: there is none.
    ///
    /// # Errors
    /// The store could not answer.
    async fn delete_collection(
        &self,
        of: (TenantNo, Actor),
        name: String,
    ) -> Result<Option<Arc<Collection>>, StoreError>;

    /// Adds entries to a collection and removes others from it, all or none. To repeat it changes nothing.
    ///
    /// # Errors
    /// The store could not answer.
    async fn change_entries(
        &self,
        of: (TenantNo, Actor),
        name: String,
        changes: EntryChanges,
    ) -> Result<Result<EntriesChanged, NoEntries>, StoreError>;

    /// How many entries a collection has, as it is kept with it; `None`: there is no such collection.
    ///
    /// # Errors
    /// The store could not answer.
    async fn count_entries(&self, tenant: TenantNo, name: String) -> Result<Option<u64>, StoreError>;

    /// Those of these entries that are listed now.
    ///
    /// # Errors
    /// The store could not answer.
    async fn entries_of(&self, tenant: TenantNo, keys: BTreeSet<EntryKey>) -> Result<BTreeSet<EntryKey>, StoreError>;
}
