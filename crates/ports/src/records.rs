//! What is read back. Every call sees one committed state, no older than the caller's last answered command.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::codes::ComputedCode;
use domain::coupon::{Coupon, CouponState};
use domain::customer::Customer;
use domain::event::{Event, Subject};
use domain::id::{BlockId, CouponId, CouponNo, CustomerId, CustomerNo, TenantNo, VoucherKey};
use domain::ledger::{DecisionRecord, Settings};
use domain::redemption::{Redemption, RedemptionId};
use domain::statistics::Statistics;
use domain::time::Timestamp;
use domain::voucher::{Block, Voucher, VoucherState};

use crate::{Codes, StoreError};

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many; 1 to 1000.
    pub limit: usize,
    /// What the page before gave as `next`; none for the first.
    pub after: Option<String>,
}

/// A part of a list, in the list's own order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows. A filtered page may hold fewer than asked for and still have a next one.
    pub items: Vec<T>,
    /// Asks for the page after this; none when there is none.
    pub next: Option<String>,
}

/// Which coupons; by rising number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CouponFilter {
    /// Only those in this state.
    pub state: Option<CouponState>,
}

/// Which vouchers, by coupon, kind and ordinal. Of one coupon, and not of one customer, all there are: also those of
/// blocks that have no row. Else only those with rows: nobody owns the others, and a tenant's blocks would bury its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoucherFilter {
    /// Only this customer's.
    pub customer: Option<CustomerNo>,
    /// Only of this coupon.
    pub coupon: Option<CouponNo>,
    /// Only those that are in this state at the instant of reading, deadlines acting.
    pub state: Option<VoucherState>,
}

/// Which redemptions; newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedemptionFilter {
    /// Only this customer's.
    pub customer: Option<CustomerNo>,
}

/// A block with the coupon it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecord {
    /// The coupon.
    pub coupon: CouponNo,
    /// The block.
    pub block: Block,
}

/// An event with its instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When it was committed.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// A coupon's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Tallied from events, as of the last commit.
    pub statistics: Statistics,
    /// How often each rejection was answered for the coupon, by code. Counted in memory and written down about every
    /// second: a crash may lose the last of them.
    pub refusals: BTreeMap<String, i64>,
}

/// The read side of a store.
#[async_trait]
pub trait Records: Send + Sync {
    /// The texts and ids of codes, with the key ring.
    fn codes(&self) -> Arc<Codes>;

    /// What the tenant has set.
    ///
    /// # Errors
    /// The store could not answer.
    async fn settings(&self, tenant: TenantNo) -> Result<Settings, StoreError>;

    /// The number of a coupon. It never changes, so this is answered from memory when asked again.
    ///
    /// # Errors
    /// The store could not answer.
    async fn coupon_no(&self, tenant: TenantNo, id: CouponId) -> Result<Option<CouponNo>, StoreError>;

    /// A coupon as it is now. Answered from memory.
    ///
    /// # Errors
    /// The store could not answer.
    async fn coupon(&self, tenant: TenantNo, no: CouponNo) -> Result<Option<Arc<Coupon>>, StoreError>;

    /// A coupon as it was in that version.
    ///
    /// # Errors
    /// The store could not answer.
    async fn coupon_version(
        &self,
        tenant: TenantNo,
        no: CouponNo,
        version: u32,
    ) -> Result<Option<Arc<Coupon>>, StoreError>;

    /// A page of coupons.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn coupons(
        &self,
        tenant: TenantNo,
        filter: CouponFilter,
        page: PageRequest,
    ) -> Result<Page<Arc<Coupon>>, StoreError>;

    /// A coupon's figures.
    ///
    /// # Errors
    /// The store could not answer.
    async fn figures(&self, tenant: TenantNo, coupon: CouponNo) -> Result<Figures, StoreError>;

    /// The number of a customer. It never changes, so this is answered from memory when asked again.
    ///
    /// # Errors
    /// The store could not answer.
    async fn customer_no(&self, tenant: TenantNo, id: CustomerId) -> Result<Option<CustomerNo>, StoreError>;

    /// The id of a customer. It never changes, so this is answered from memory when asked again.
    ///
    /// # Errors
    /// The store could not answer.
    async fn customer_id(&self, tenant: TenantNo, no: CustomerNo) -> Result<Option<CustomerId>, StoreError>;

    /// A customer by the shop's own id.
    ///
    /// # Errors
    /// The store could not answer.
    async fn customer_by_external_id(
        &self,
        tenant: TenantNo,
        external_id: &str,
    ) -> Result<Option<Customer>, StoreError>;

    /// A customer.
    ///
    /// # Errors
    /// The store could not answer.
    async fn customer(&self, tenant: TenantNo, no: CustomerNo) -> Result<Option<Customer>, StoreError>;

    /// The voucher one of the candidates stands for (its row made under the same ring key). A bearer code without a
    /// row is shown as issued, or revoked if its block is; so is one whose row says that it is issued, without an owner.
    ///
    /// # Errors
    /// The store could not answer.
    async fn voucher(&self, tenant: TenantNo, candidates: &[ComputedCode]) -> Result<Option<Voucher>, StoreError>;

    /// A page of vouchers, each as [`Records::voucher`] shows it.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn vouchers(
        &self,
        tenant: TenantNo,
        filter: VoucherFilter,
        page: PageRequest,
    ) -> Result<Page<Voucher>, StoreError>;

    /// The codes of these vouchers, in their order: computed, or as given. None: the voucher was held and has ended, and
    /// its code went back to the pool. Whether a code may be shown is another matter: see
    /// [`Voucher::hides_code`](domain::voucher::Voucher::hides_code).
    ///
    /// # Errors
    /// The store could not answer.
    async fn voucher_codes(
        &self,
        tenant: TenantNo,
        of: &[(VoucherKey, u32)],
    ) -> Result<Vec<Option<String>>, StoreError>;

    /// A block of bearer codes.
    ///
    /// # Errors
    /// The store could not answer.
    async fn block(&self, tenant: TenantNo, id: BlockId) -> Result<Option<BlockRecord>, StoreError>;

    /// A page of a coupon's blocks, by first ordinal.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn blocks(&self, tenant: TenantNo, coupon: CouponNo, page: PageRequest) -> Result<Page<Block>, StoreError>;

    /// The history of a subject, oldest first: at most the latest `max` events.
    ///
    /// # Errors
    /// The store could not answer.
    async fn history(&self, tenant: TenantNo, subject: Subject, max: usize) -> Result<Vec<HistoryEntry>, StoreError>;

    /// A redemption.
    ///
    /// # Errors
    /// The store could not answer.
    async fn redemption(&self, tenant: TenantNo, id: &RedemptionId) -> Result<Option<Redemption>, StoreError>;

    /// A page of redemptions.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn redemptions(
        &self,
        tenant: TenantNo,
        filter: RedemptionFilter,
        page: PageRequest,
    ) -> Result<Page<Redemption>, StoreError>;

    /// What a redemption was decided on.
    ///
    /// # Errors
    /// The store could not answer.
    async fn decision(&self, tenant: TenantNo, id: &RedemptionId) -> Result<Option<DecisionRecord>, StoreError>;
}
