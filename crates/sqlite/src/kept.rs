//! What a tenant has one of and every request looks at, such as its settings: in memory, replaced as a whole by the writer.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::id::TenantNo;

use crate::near::Near;

/// That of all tenants. Who looks has one state of it.
#[derive(Debug)]
pub(crate) struct Kept<T: Send + Sync> {
    all: RwLock<BTreeMap<TenantNo, Arc<T>>>,
    near: Near<TenantNo, T>,
}

impl<T: Send + Sync> Kept<T> {
    /// `copy` makes one that has no count in common with what it is of.
    pub fn new(all: impl IntoIterator<Item = (TenantNo, T)>, copy: fn(&T) -> T) -> Self {
        let all = all.into_iter().map(|(tenant, one)| (tenant, Arc::new(one))).collect();
        Self { all: RwLock::new(all), near: Near::new(copy) }
    }

    pub fn get(&self, tenant: TenantNo) -> Option<Arc<T>> {
        self.near.get(&tenant, || self.shared(tenant))
    }

    /// That of all tenants which have it, by number.
    pub fn all(&self) -> Vec<Arc<T>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub fn put(&self, tenant: TenantNo, one: Arc<T>) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).insert(tenant, one);
        self.near.changed();
    }

    /// What all threads share; for the writer, who changes it.
    pub fn shared(&self, tenant: TenantNo) -> Option<Arc<T>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned()
    }
}

impl<T: Send + Sync + Clone + Default> Kept<T> {
    /// That of a tenant, or what a tenant begins with.
    pub fn of(&self, tenant: TenantNo) -> Arc<T> {
        let found = self.near.get(&tenant, || Some(self.shared(tenant).unwrap_or_default()));
        found.expect("there is always one")
    }

    pub fn change(&self, tenant: TenantNo, change: impl FnOnce(&mut T)) {
        let mut changed = self.shared(tenant).map(|one| (*one).clone()).unwrap_or_default();
        change(&mut changed);
        self.put(tenant, Arc::new(changed));
    }
}
