//! Who may call.

use async_trait::async_trait;
use domain::event::Actor;
use domain::id::{ApiKeyId, TenantNo};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// A server's key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Small number, for events.
    pub no: u32,
    /// Its public id.
    pub id: ApiKeyId,
    /// The tenant it speaks for.
    pub tenant: TenantNo,
    /// What staff calls it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Keeps the keys. Secrets are kept as SHA-256 only: they are 256 random bits, so a slow hash would add nothing.
#[async_trait]
pub trait Access: Send + Sync {
    /// The key whose secret has this hash, revoked or not. Answered from memory: revocation acts at once.
    fn api_key(&self, secret_hash: &[u8; 32]) -> Option<ApiKey>;

    /// Keeps a new key, made by that actor, and returns it with its number. Its entry in the audit log is part of it.
    ///
    /// # Errors
    /// The store could not answer.
    async fn create_api_key(
        &self,
        tenant: TenantNo,
        actor: Actor,
        id: ApiKeyId,
        name: String,
        secret_hash: [u8; 32],
    ) -> Result<ApiKey, StoreError>;

    /// Revokes the keys of that name or id. Returns how many that were not revoked before; each has its entry in the
    /// audit log.
    ///
    /// # Errors
    /// The store could not answer.
    async fn revoke_api_key(&self, tenant: TenantNo, actor: Actor, name_or_id: String) -> Result<usize, StoreError>;

    /// All keys, revoked ones too, by number.
    ///
    /// # Errors
    /// The store could not answer.
    async fn api_keys(&self, tenant: TenantNo) -> Result<Vec<ApiKey>, StoreError>;
}
