//! Who may call.

use std::sync::Arc;

use async_trait::async_trait;
use domain::event::Actor;
use domain::id::{ApiKeyId, TenantNo};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// What a key may do, by area. The numbers are the bits that stores keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Scope {
    /// Read definitions and figures.
    Read = 0,
    /// Write coupons and campaigns.
    Definitions = 1,
    /// Make, import, assign and take away vouchers; see their codes.
    Vouchers = 2,
    /// Claim for customers.
    Claims = 3,
    /// Price, redeem and return orders.
    Redemptions = 4,
    /// Keep customers and what is known of them.
    Customers = 5,
    /// Move the test clock.
    TestData = 6,
    /// Accounts, keys, settings, blocks and the audit log.
    Admin = 7,
}

impl Scope {
    /// All scopes, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Definitions,
        Self::Vouchers,
        Self::Claims,
        Self::Redemptions,
        Self::Customers,
        Self::TestData,
        Self::Admin,
    ];

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Definitions => "definitions",
            Self::Vouchers => "vouchers",
            Self::Claims => "claims",
            Self::Redemptions => "redemptions",
            Self::Customers => "customers",
            Self::TestData => "test_data",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// Some scopes, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(pub u8);

impl Scopes {
    /// All but [`Scope::Admin`]: what a shop's server needs.
    pub const SERVER: Self = Self(0b0111_1111);

    /// These.
    #[must_use]
    pub fn of(scopes: &[Scope]) -> Self {
        Self(scopes.iter().fold(0, |bits, scope| bits | 1 << *scope as u8))
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn has(self, scope: Scope) -> bool {
        self.0 >> (scope as u8) & 1 == 1
    }

    /// Those among them, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

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
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Keeps the keys. Secrets are kept as SHA-256 only: they are 256 random bits, so a slow hash would add nothing.
#[async_trait]
pub trait Access: Send + Sync {
    /// The key whose secret has this hash, revoked or not. Answered from memory: revocation acts at once.
    fn api_key(&self, secret_hash: &[u8; 32]) -> Option<Arc<ApiKey>>;

    /// Keeps a new key of a tenant, made by that actor, and returns it with its number. Its entry in the audit log is part of it.
    ///
    /// # Errors
    /// The store could not answer.
    async fn create_api_key(
        &self,
        by: (TenantNo, Actor),
        id: ApiKeyId,
        (name, scopes): (String, Scopes),
        secret_hash: [u8; 32],
    ) -> Result<ApiKey, StoreError>;

    /// Revokes the keys of that name or id. Returns how many that were not revoked before; each has its entry in the
    /// audit log.
    ///
    /// # Errors
    /// The store could not answer.
    async fn revoke_api_key(&self, by: (TenantNo, Actor), name_or_id: String) -> Result<usize, StoreError>;

    /// All keys, revoked ones too, by number.
    ///
    /// # Errors
    /// The store could not answer.
    async fn api_keys(&self, tenant: TenantNo) -> Result<Vec<ApiKey>, StoreError>;
}
