//! What is read back. Every call sees one committed state, no older than the caller's last answered command.

use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::{AuditEntry, AuditHead};
use domain::campaign::Campaign;
use domain::codes::ComputedCode;
use domain::coupon::Coupon;
use domain::customer::Customer;
use domain::event::{JournalNo, Subject};
use domain::gift::{GiftAccount, GiftEntry};
use domain::id::{BlockId, CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, TenantNo, VoucherKey};
use domain::identity::{IdentityKey, IdentityKind};
use domain::ledger::DecisionRecord;
use domain::redemption::{Redemption, RedemptionId};
use domain::tenant::Settings;
use domain::time::Timestamp;
use domain::voucher::{Block, Voucher};

use crate::lists::{
    AuditFilter, BlockRecord, CampaignFigures, CampaignFilter, Contribution, CouponFilter, DecisionFilter, Figures,
    HistoryEntry, OldEvents, Page, PageRequest, RedemptionFilter, Settlement, SettlementFilter, VoucherFilter,
    WalletCounts,
};
use crate::{Codes, StoreError};

/// The read side of a store.
#[async_trait]
pub trait Records: Send + Sync {
    /// The texts and ids of codes, with the key ring.
    fn codes(&self) -> &Arc<Codes>;

    /// What the tenant has set.
    ///
    /// # Errors
    /// The store could not answer.
    async fn settings(&self, tenant: TenantNo) -> Result<Arc<Settings>, StoreError>;

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

    /// What the tenant had set in that version. None of a version before these were kept.
    ///
    /// # Errors
    /// The store could not answer.
    async fn settings_version(&self, tenant: TenantNo, version: u32) -> Result<Option<Arc<Settings>>, StoreError>;

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

    /// How much has been put into the limits of a coupon, by contributor in the order of their names.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn contributions(
        &self,
        tenant: TenantNo,
        coupon: CouponNo,
        page: PageRequest,
    ) -> Result<Page<Contribution>, StoreError>;

    /// The number of a campaign. It never changes, so this is answered from memory when asked again.
    ///
    /// # Errors
    /// The store could not answer.
    async fn campaign_no(&self, tenant: TenantNo, id: CampaignId) -> Result<Option<CampaignNo>, StoreError>;

    /// A campaign as it is now. Answered from memory.
    ///
    /// # Errors
    /// The store could not answer.
    async fn campaign(&self, tenant: TenantNo, no: CampaignNo) -> Result<Option<Arc<Campaign>>, StoreError>;

    /// A campaign as it was in that version.
    ///
    /// # Errors
    /// The store could not answer.
    async fn campaign_version(
        &self,
        tenant: TenantNo,
        no: CampaignNo,
        version: u32,
    ) -> Result<Option<Arc<Campaign>>, StoreError>;

    /// A page of campaigns.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn campaigns(
        &self,
        tenant: TenantNo,
        filter: CampaignFilter,
        page: PageRequest,
    ) -> Result<Page<Arc<Campaign>>, StoreError>;

    /// A campaign's figures.
    ///
    /// # Errors
    /// The store could not answer.
    async fn campaign_figures(&self, tenant: TenantNo, campaign: CampaignNo) -> Result<CampaignFigures, StoreError>;

    /// The number of a customer: of the one that stands for it, once it was merged. Answered from memory when asked
    /// again.
    ///
    /// # Errors
    /// The store could not answer.
    async fn customer_no(&self, tenant: TenantNo, id: CustomerId) -> Result<Option<CustomerNo>, StoreError>;

    /// The customer that stands for this one: itself, unless it was merged into another. Answered from memory.
    fn standing(&self, tenant: TenantNo, no: CustomerNo) -> CustomerNo;

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
    ) -> Result<Option<Customer>, StoreError> {
        let key = IdentityKey::of(IdentityKind::ExternalId, external_id);
        Ok(self.customers_by_identity(tenant, key).await?.into_iter().next())
    }

    /// Who carries an identity: who has proven it first, then by number; at most `domain::ledger::CARRIERS_MAX`.
    ///
    /// # Errors
    /// The store could not answer.
    async fn customers_by_identity(&self, tenant: TenantNo, key: IdentityKey) -> Result<Vec<Customer>, StoreError>;

    /// A customer; the one that stands for it, once it was merged.
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

    /// How a customer's vouchers stand at the instant of reading, by coupon: of the first
    /// [`WALLET_COUNTED_MAX`] in the order of a list.
    ///
    /// # Errors
    /// The store could not answer.
    async fn wallet_counts(&self, tenant: TenantNo, customer: CustomerNo) -> Result<WalletCounts, StoreError>;

    /// What these vouchers are worth, in their order. None: the voucher is no gift value, or its code was only in print until
    /// now; then it is worth what its coupon gives.
    ///
    /// # Errors
    /// The store could not answer.
    async fn gift_accounts(
        &self,
        tenant: TenantNo,
        vouchers: &[VoucherKey],
    ) -> Result<Vec<Option<GiftAccount>>, StoreError>;

    /// A page of the changes of a voucher's balance, newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn gift_entries(
        &self,
        tenant: TenantNo,
        voucher: VoucherKey,
        page: PageRequest,
    ) -> Result<Page<GiftEntry>, StoreError>;

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

    /// The oldest events made before that instant, of all tenants: at most `max` rows of the journal after the row
    /// `after`, and never the last. What [`Ledger::forget_events`](crate::Ledger::forget_events) would remove.
    ///
    /// # Errors
    /// The store could not answer.
    async fn oldest_events(&self, after: JournalNo, before: Timestamp, max: usize) -> Result<OldEvents, StoreError>;

    /// What has happened to a customer's vouchers and redemptions, and to those of whoever was merged into it, newest
    /// first: at most `max` events. Of a customer with more than 10,000 vouchers or redemptions, those of the first
    /// 10,000 by key, or of the latest 10,000.
    ///
    /// # Errors
    /// The store could not answer.
    async fn customer_history(
        &self,
        tenant: TenantNo,
        customer: CustomerNo,
        max: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError>;

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

    /// A page of the settlements. They are written in the transaction of what they count.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn settlements(
        &self,
        tenant: TenantNo,
        filter: SettlementFilter,
        page: PageRequest,
    ) -> Result<Page<Settlement>, StoreError>;

    /// A page of what orders were decided on, oldest first: of those that are reserved, or succeeded and did not wholly
    /// come back. A page may be short.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn decisions(
        &self,
        tenant: TenantNo,
        filter: DecisionFilter,
        page: PageRequest,
    ) -> Result<Page<DecisionRecord>, StoreError>;

    /// A page of the audit log.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn audit(
        &self,
        tenant: TenantNo,
        filter: AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError>;

    /// Where the audit log ends. Whoever keeps it elsewhere can tell later whether entries up to it were touched.
    ///
    /// # Errors
    /// The store could not answer.
    async fn audit_head(&self, tenant: TenantNo) -> Result<AuditHead, StoreError>;
}
