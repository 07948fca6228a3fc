//! The tenants of an installation.

use std::sync::Arc;

use async_trait::async_trait;
use domain::event::Actor;
use domain::id::TenantNo;
use domain::rejection::Refusal;
use domain::tenant::Tenant;

use crate::StoreError;

/// Keeps the tenants. They are few and asked for by every request, so all reads are answered from memory; a change is
/// seen by whoever asks after it was answered.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// A tenant.
    fn tenant(&self, no: TenantNo) -> Option<Arc<Tenant>>;

    /// All tenants, by number.
    fn tenants(&self) -> Vec<Arc<Tenant>>;

    /// The tenant of that host name, in lower case and without a port.
    fn tenant_of_host(&self, host: &str) -> Option<TenantNo>;

    /// Makes a tenant; its number is given here, and its version is 1. Refused when another has its name or one of its
    /// hosts.
    ///
    /// # Errors
    /// The store could not answer.
    async fn create_tenant(&self, actor: Actor, tenant: Tenant) -> Result<Result<Arc<Tenant>, Refusal>, StoreError>;

    /// Writes a tenant anew, if it still has the version that is given. The zone cannot change: what was counted per day
    /// was counted in it.
    ///
    /// # Errors
    /// The store could not answer.
    async fn update_tenant(&self, actor: Actor, tenant: Tenant) -> Result<Result<Arc<Tenant>, Refusal>, StoreError>;
}
