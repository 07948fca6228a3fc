//! What a tenant has a few of, by names, such as segments and collections: kept in memory without the rows that each lists.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::id::TenantNo;
use ports::{NotSaved, SavedOver};

/// Those of all tenants. Replaced as a whole by the writer, so that a decision has one state of them.
#[derive(Debug)]
pub(crate) struct Kept<T>(RwLock<HashMap<TenantNo, Arc<T>>>);

impl<T: Clone + Default> Kept<T> {
    pub fn new(all: HashMap<TenantNo, T>) -> Self {
        Self(RwLock::new(all.into_iter().map(|(tenant, named)| (tenant, Arc::new(named))).collect()))
    }

    pub fn of(&self, tenant: TenantNo) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned().unwrap_or_default()
    }

    pub fn change(&self, tenant: TenantNo, change: impl FnOnce(&mut T)) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(all.entry(tenant).or_default()));
    }
}

/// Why it cannot be saved over that. `before` is the version that there is, and whether it is of the same sort. Only the
/// writer's thread writes, so what is in memory is what is in the rows.
pub(crate) fn not_saved(over: SavedOver, before: Option<(u32, bool)>, is_full: bool) -> Option<NotSaved> {
    match (over, before) {
        (SavedOver::Any | SavedOver::Version(_), None) => Some(NotSaved::Stale),
        (SavedOver::Nothing, None) => is_full.then_some(NotSaved::TooMany),
        (SavedOver::Nothing, Some((version, _))) => Some(NotSaved::Exists(version)),
        (SavedOver::Version(version), Some((there, _))) if version != there => Some(NotSaved::Stale),
        (SavedOver::Any | SavedOver::Version(_), Some((_, is_same))) => (!is_same).then_some(NotSaved::OtherSort),
    }
}

/// A statement by key has found its row.
pub(crate) fn changes_one(changed: usize) -> rusqlite::Result<()> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}
