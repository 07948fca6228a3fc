//! API keys: kept in rows, answered from memory.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use domain::audit::{AuditChange, AuditKind, AuditSubject};
use domain::event::Actor;
use domain::id::{ApiKeyId, TenantNo};
use domain::time::Timestamp;
use ports::{Access, ApiKey, Scope, Scopes, StoreError};
use rusqlite::{Connection, Row, params};
use serde_json::json;
use uuid::Uuid;

use crate::SqliteStore;
use crate::error::store_error;
use crate::near::Near;
use crate::rows;
use crate::write::append;
use crate::writer::Writer;

/// All keys by the hash of their secret. There are few.
#[derive(Debug)]
pub(crate) struct Keys {
    all: RwLock<HashMap<[u8; 32], Arc<ApiKey>>>,
    near: Near<[u8; 32], ApiKey>,
}

const SELECT: &str = "select secret_hash, key_no, api_key_id, tenant, name, created_at, revoked_at, scopes
    from api_key";

impl Keys {
    pub fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare(SELECT)?;
        let keys = statement.query_map([], |row| Ok((row.get(0)?, Arc::new(api_key(row)?))))?;
        Ok(Self { all: RwLock::new(keys.collect::<rusqlite::Result<_>>()?), near: Near::new(ApiKey::clone) })
    }

    fn get(&self, secret_hash: &[u8; 32]) -> Option<Arc<ApiKey>> {
        self.near.get(secret_hash, || self.read().get(secret_hash).cloned())
    }

    /// The public id of the key of that number.
    pub fn id(&self, no: u32) -> Option<ApiKeyId> {
        self.read().values().find(|key| key.no == no).map(|key| key.id)
    }

    fn put(&self, secret_hash: [u8; 32], key: ApiKey) {
        self.write().insert(secret_hash, Arc::new(key));
        self.near.changed();
    }

    fn revoke(&self, revoked: impl Fn(&ApiKey) -> bool, at: Timestamp) {
        for key in self.write().values_mut().filter(|key| key.revoked_at.is_none() && revoked(key)) {
            *key = Arc::new(ApiKey { revoked_at: Some(at), ..ApiKey::clone(key) });
        }
        self.near.changed();
    }

    fn of(&self, tenant: TenantNo) -> Vec<ApiKey> {
        let mut own: Vec<ApiKey> =
            self.read().values().filter(|key| key.tenant == tenant).map(|key| ApiKey::clone(key)).collect();
        own.sort_unstable_by_key(|key| key.no);
        own
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<[u8; 32], Arc<ApiKey>>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<[u8; 32], Arc<ApiKey>>> {
        self.all.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn api_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        no: row.get(1)?,
        id: ApiKeyId(Uuid::from_bytes(row.get(2)?)),
        tenant: TenantNo(row.get(3)?),
        name: row.get(4)?,
        created_at: rows::instant(row, 5)?,
        revoked_at: rows::instant_or_none(row, 6)?,
        scopes: Scopes(row.get(7)?),
    })
}

#[async_trait]
impl Access for SqliteStore {
    fn api_key(&self, secret_hash: &[u8; 32]) -> Option<Arc<ApiKey>> {
        self.shared.keys.get(secret_hash)
    }

    async fn create_api_key(
        &self,
        by: (TenantNo, Actor),
        id: ApiKeyId,
        named: (String, Scopes),
        secret_hash: [u8; 32],
    ) -> Result<ApiKey, StoreError> {
        self.queue.run(move |writer| writer.create_api_key(by, id, named, secret_hash)).await
    }

    async fn revoke_api_key(&self, by: (TenantNo, Actor), name_or_id: String) -> Result<usize, StoreError> {
        self.queue.run(move |writer| writer.revoke_api_key(by, &name_or_id)).await
    }

    async fn api_keys(&self, tenant: TenantNo) -> Result<Vec<ApiKey>, StoreError> {
        Ok(self.shared.keys.of(tenant))
    }
}

const INSERT: &str = "insert into api_key (api_key_id, tenant, name, secret_hash, created_at, scopes)
    values (?1, ?2, ?3, ?4, ?5, ?6)
    returning key_no";

const REVOKE: &str = "update api_key set revoked_at = ?4
    where tenant = ?1 and (name = ?2 or api_key_id = ?3) and revoked_at is null
    returning api_key_id";

impl Writer<'_> {
    fn create_api_key(
        &mut self,
        (tenant, actor): (TenantNo, Actor),
        id: ApiKeyId,
        (name, scopes): (String, Scopes),
        secret_hash: [u8; 32],
    ) -> Result<ApiKey, StoreError> {
        self.shared.settings(tenant)?;
        let created_at = self.shared.now();
        let subject = AuditSubject::new(AuditKind::Key, id);
        let scoped: Vec<&str> = scopes.iter().map(Scope::name).collect();
        let after = Some(json!({ "name": name, "scopes": scoped }));
        let change = AuditChange { actor, action: "key.create", subject, before: None, after };
        let create = || {
            let transaction = self.connection.unchecked_transaction()?;
            let row = params![id.0.as_bytes(), tenant.0, name, secret_hash, created_at.as_ms(), scopes.0];
            let no = transaction.query_row(INSERT, row, |row| row.get(0))?;
            append(&transaction, tenant, created_at, change)?;
            transaction.commit()?;
            Ok(no)
        };
        let no = create().map_err(store_error)?;
        let key = ApiKey { no, id, tenant, name, scopes, created_at, revoked_at: None };
        self.shared.keys.put(secret_hash, key.clone());
        Ok(key)
    }

    fn revoke_api_key(&mut self, (tenant, actor): (TenantNo, Actor), name_or_id: &str) -> Result<usize, StoreError> {
        let (id, now) = (name_or_id.parse::<ApiKeyId>().ok(), self.shared.now());
        let id_bytes = id.map(|id| *id.0.as_bytes());
        let revoke = || {
            let transaction = self.connection.unchecked_transaction()?;
            let revoked: Vec<ApiKeyId> = transaction
                .prepare_cached(REVOKE)?
                .query_map(params![tenant.0, name_or_id, id_bytes, now.as_ms()], |row| {
                    Ok(ApiKeyId(Uuid::from_bytes(row.get(0)?)))
                })?
                .collect::<rusqlite::Result<_>>()?;
            for id in &revoked {
                let subject = AuditSubject::new(AuditKind::Key, id);
                let after = Some(json!({ "revoked_at": now }));
                let change = AuditChange { actor, action: "key.revoke", subject, before: None, after };
                append(&transaction, tenant, now, change)?;
            }
            transaction.commit()?;
            Ok(revoked.len())
        };
        let revoked = revoke().map_err(store_error)?;
        let named = |key: &ApiKey| key.tenant == tenant && (key.name == name_or_id || Some(key.id) == id);
        self.shared.keys.revoke(named, now);
        Ok(revoked)
    }
}
