//! What the writer, the readers and the ports have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::collection::Collections;
use domain::id::TenantNo;
use domain::segment::Segments;
use domain::tenant::{Settings, Tenant};
use domain::time::Timestamp;
use ports::{Clock, Codes, StoreError};

use crate::access::Keys;
use crate::access_blocks::Blocks;
use crate::answers::Answers;
use crate::definitions::Definitions;
use crate::ids::Ids;
use crate::named::Kept;
use crate::persons::Persons;
use crate::readers::Readers;
use crate::tenants::Known;

/// One per open store.
pub(crate) struct Shared {
    pub readers: Readers,
    pub codes: Arc<Codes>,
    pub definitions: Definitions,
    pub ids: Ids,
    pub persons: Persons,
    pub keys: Keys,
    pub blocks: Blocks,
    pub segments: Kept<Segments>,
    pub collections: Kept<Collections>,
    pub time: Time,
    pub answers: Answers,
    pub tenants: Known,
}

impl Shared {
    /// The tenant as it is now.
    pub fn tenant(&self, tenant: TenantNo) -> Result<Arc<Tenant>, StoreError> {
        let now = self.tenants.get(tenant);
        now.ok_or_else(|| StoreError::Unavailable(format!("there is no tenant {}", tenant.0)))
    }

    /// What the tenant has set.
    pub fn settings(&self, tenant: TenantNo) -> Result<Arc<Settings>, StoreError> {
        Ok(Arc::clone(&self.tenant(tenant)?.settings))
    }

    /// Now, for reads and decisions alike.
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }
}

/// The clock, kept from going backwards: not while running, and not behind what was decided before a restart.
#[derive(Debug)]
pub(crate) struct Time {
    clock: Arc<dyn Clock>,
    floor_ms: AtomicI64,
}

impl Time {
    pub fn new(clock: Arc<dyn Clock>, decided_last: Timestamp) -> Self {
        Self { clock, floor_ms: AtomicI64::new(decided_last.as_ms()) }
    }

    pub fn now(&self) -> Timestamp {
        let now_ms = self.clock.now().as_ms();
        let floor_ms = self.floor_ms.fetch_max(now_ms, Ordering::Relaxed);
        Timestamp::from_ms(now_ms.max(floor_ms))
    }
}
