//! What the writer, the readers and the ports have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::access_block::Standing;
use domain::collection::Collections;
use domain::id::TenantNo;
use domain::segment::Segments;
use domain::tenant::{Settings, Tenant};
use domain::time::Timestamp;
use ports::{Clock, Codes, StoreError};

use crate::access::Keys;
use crate::answers::Answers;
use crate::definitions::Definitions;
use crate::ids::Ids;
use crate::kept::Kept;
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
    pub blocks: Kept<Standing>,
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
        let floor_ms = self.floor_ms.load(Ordering::Relaxed);
        // Written once in a millisecond, not by every look: each would take it from the other cores.
        let floor_ms = if now_ms > floor_ms { self.floor_ms.fetch_max(now_ms, Ordering::Relaxed) } else { floor_ms };
        Timestamp::from_ms(now_ms.max(floor_ms))
    }
}
