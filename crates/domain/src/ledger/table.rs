//! One kind of fact: what was loaded, what this batch changed, and what the command under decision wants to change.

use std::cell::RefCell;
use std::hash::Hash;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Stop;

/// Facts of one kind by key. A key that was never loaded is *missing*, which is not the same as loaded and absent.
#[derive(Debug)]
pub struct Table<K, V> {
    /// From the first on: most decisions touch few kinds, and three empty maps of each would be made and dropped for them.
    rows: Option<Box<Rows<K, V>>>,
    wanted: RefCell<Vec<K>>,
}

#[derive(Debug)]
struct Rows<K, V> {
    loaded: FxHashMap<K, Option<V>>,
    changed: FxHashMap<K, Option<V>>,
    staged: FxHashMap<K, Option<V>>,
}

/// Room for the rows of one order, so that its map does not grow while they are loaded.
const FEW: usize = 7;

/// A row this batch changes.
#[derive(Debug)]
pub struct Change<'a, K, V> {
    /// Which row.
    pub key: &'a K,
    /// As it was loaded; `None`: it was absent and is to be inserted.
    pub before: Option<&'a V>,
    /// As it is to be; `None`: it is to be deleted.
    pub after: Option<&'a V>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: None, wanted: RefCell::default() }
    }
}

impl<K, V> Default for Rows<K, V> {
    fn default() -> Self {
        let loaded = FxHashMap::with_capacity_and_hasher(FEW, FxBuildHasher);
        Self { loaded, changed: FxHashMap::default(), staged: FxHashMap::default() }
    }
}

impl<K: Eq + Hash + Clone, V> Table<K, V> {
    /// The row as this command sees it.
    ///
    /// # Errors
    /// [`Stop::Missing`] if it was never loaded; the key is then among the wanted.
    pub fn get(&self, key: &K) -> Result<Option<&V>, Stop> {
        match self.known(key) {
            Some(row) => Ok(row.as_ref()),
            None => {
                self.wanted.borrow_mut().push(key.clone());
                Err(Stop::Missing)
            }
        }
    }

    /// Asks for a row without reading it, so that one round of loading brings all that a command needs.
    pub fn ask(&self, key: &K) {
        let _ = self.get(key);
    }

    /// Writes a row, if the command succeeds.
    pub fn put(&mut self, key: K, row: V) {
        self.rows().staged.insert(key, Some(row));
    }

    /// Deletes a row, if the command succeeds.
    pub fn delete(&mut self, key: K) {
        self.rows().staged.insert(key, None);
    }

    /// Changes a list only if it is known, an absent one being empty; for what is derived from other rows and is loaded
    /// on demand.
    pub fn amend(&mut self, key: &K, change: impl FnOnce(&mut V))
    where
        V: Clone + Default,
    {
        if let Some(row) = self.known(key) {
            let mut row = row.clone().unwrap_or_default();
            change(&mut row);
            self.rows().staged.insert(key.clone(), Some(row));
        }
    }

    /// The row as this command sees it, or its absence; `None` if it was never loaded, and it is not asked for.
    pub(super) fn known(&self, key: &K) -> Option<&Option<V>> {
        let Rows { loaded, changed, staged } = &**self.rows.as_ref()?;
        staged.get(key).or_else(|| changed.get(key)).or_else(|| loaded.get(key))
    }

    /// The row as it was loaded, whatever the batch has made of it since.
    pub(super) fn loaded(&self, key: &K) -> Option<&V> {
        self.rows.as_ref()?.loaded.get(key)?.as_ref()
    }

    /// The row as it was before this command.
    pub(super) fn before(&self, key: &K) -> Option<&V> {
        let Rows { loaded, changed, .. } = &**self.rows.as_ref()?;
        changed.get(key).or_else(|| loaded.get(key))?.as_ref()
    }

    /// The rows that commands of this batch before this one wrote, in no order.
    pub(super) fn written(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter().flat_map(|rows| &rows.changed).filter_map(|(key, row)| Some((key, row.as_ref()?)))
    }

    /// Hands in a row, or its absence, as the store has it.
    pub fn load(&mut self, key: K, row: Option<V>) {
        self.rows().loaded.insert(key, row);
    }

    /// Hands in a row that nobody asked for yet.
    pub fn load_if_missing(&mut self, key: K, row: V) {
        self.rows().loaded.entry(key).or_insert(Some(row));
    }

    /// Takes the keys that were asked for and not there, each once.
    pub fn take_wanted(&mut self) -> Vec<K>
    where
        K: Ord,
    {
        let mut keys = std::mem::take(self.wanted.get_mut());
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// What the batch changes, in no order.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_, K, V>> {
        self.rows.iter().flat_map(|rows| {
            let before = |key| rows.loaded.get(key).and_then(Option::as_ref);
            rows.changed.iter().map(move |(key, after)| Change { key, before: before(key), after: after.as_ref() })
        })
    }

    pub(super) fn keep(&mut self) {
        if let Some(rows) = &mut self.rows
            && !rows.staged.is_empty()
        {
            rows.changed.extend(rows.staged.drain());
        }
    }

    pub(super) fn discard(&mut self) {
        if let Some(rows) = &mut self.rows {
            rows.staged.clear();
        }
    }

    pub(super) fn restart(&mut self) {
        if let Some(rows) = &mut self.rows {
            rows.staged.clear();
            rows.changed.clear();
        }
    }

    fn rows(&mut self) -> &mut Rows<K, V> {
        self.rows.get_or_insert_default()
    }
}
