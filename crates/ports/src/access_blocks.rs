//! Who is kept out.

use std::sync::Arc;

use async_trait::async_trait;
use domain::access_block::{AccessBlock, BlockReason, BlockState, BlockTarget, Standing};
use domain::event::Actor;
use domain::id::{AccessBlockId, TenantNo};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Page, PageRequest, StoreError};

/// A block that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccessBlock {
    /// Its public id.
    pub id: AccessBlockId,
    /// Who is to be kept out. A customer or a key is the tenant's own.
    pub target: BlockTarget,
    /// Why.
    pub reason: BlockReason,
    /// What staff notes.
    pub note: Option<String>,
    /// Who makes it.
    pub made_by: Actor,
    /// Its end.
    pub until: Option<Timestamp>,
}

/// Why a block was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotBlocked {
    /// This one keeps exactly the same target out already.
    Already(AccessBlockId),
    /// As many stand as may: [`domain::access_block::STANDING_MAX`].
    TooMany,
}

/// Which blocks; newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessBlockFilter {
    /// Only those that are in this state at the instant of reading.
    pub state: Option<BlockState>,
}

/// Keeps who is kept out. Blocks decide nothing of value and have no events: they are kept by tasks of the store, each
/// in a transaction of its own.
#[async_trait]
pub trait AccessBlocks: Send + Sync {
    /// All that stand. Answered from memory: what was made or removed is in it before its caller is answered.
    fn standing_blocks(&self, tenant: TenantNo) -> Arc<Standing>;

    /// Keeps a target out from now on. At most one block of a target stands: this makes repeating it harmless.
    ///
    /// # Errors
    /// The store could not answer.
    async fn create_access_block(
        &self,
        tenant: TenantNo,
        block: NewAccessBlock,
    ) -> Result<Result<AccessBlock, NotBlocked>, StoreError>;

    /// Lets its target in again, at once. Returns the block as it is then; one that has ended or was removed before is
    /// left as it is. `None`: there is no such block.
    ///
    /// # Errors
    /// The store could not answer.
    async fn remove_access_block(
        &self,
        tenant: TenantNo,
        id: AccessBlockId,
        by: Actor,
    ) -> Result<Option<AccessBlock>, StoreError>;

    /// A block, whether or not it stands.
    ///
    /// # Errors
    /// The store could not answer.
    async fn access_block(&self, tenant: TenantNo, id: AccessBlockId) -> Result<Option<AccessBlock>, StoreError>;

    /// Blocks, newest first.
    ///
    /// # Errors
    /// The store could not answer; [`StoreError::Cursor`].
    async fn access_blocks(
        &self,
        tenant: TenantNo,
        filter: AccessBlockFilter,
        page: PageRequest,
    ) -> Result<Page<AccessBlock>, StoreError>;
}
