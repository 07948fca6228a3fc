//! What is read back: ids and definitions from memory, the rest on the connections that only read. Each read is one
//! snapshot. Every statement finds its rows by an index, and no page looks at more than a bounded number of them.

pub(crate) mod pages;
pub(crate) mod coupons;
mod campaigns;
pub(crate) mod customers;
mod vouchers;
pub(crate) mod gifts;
mod bearers;
mod blocks;
pub(crate) mod codes;
mod redemptions;
pub(crate) mod settlements;
pub(crate) mod decisions;
pub(crate) mod imports;
mod history;
mod old_events;
mod audit;
mod whereabouts;
#[cfg(test)]
mod plans;

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
use domain::identity::IdentityKey;
use domain::ledger::DecisionRecord;
use domain::redemption::{Redemption, RedemptionId};
use domain::tenant::Settings;
use domain::time::Timestamp;
use domain::voucher::{Block, Voucher};
use ports::{
    AuditFilter, BlockRecord, CampaignFigures, CampaignFilter, Codes, Contribution, CouponFilter, DecisionFilter,
    Figures, HistoryEntry, OldEvents, Page, PageRequest, Records, RedemptionFilter, Settlement, SettlementFilter,
    StoreError, VoucherFilter, WalletCounts,
};
use rusqlite::Connection;

use crate::SqliteStore;
use crate::ids::Ids;

impl SqliteStore {
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.readers.run(read).await
    }

    /// Some rows by their keys.
    async fn point<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.readers.point(read).await
    }
}

#[async_trait]
impl Records for SqliteStore {
    fn codes(&self) -> &Arc<Codes> {
        &self.shared.codes
    }

    async fn settings(&self, tenant: TenantNo) -> Result<Arc<Settings>, StoreError> {
        self.shared.settings(tenant)
    }

    async fn coupon_no(&self, tenant: TenantNo, id: CouponId) -> Result<Option<CouponNo>, StoreError> {
        let known = &self.shared.ids.coupon_nos;
        if let Some(no) = known.get(&(tenant, id)) {
            return Ok(Some(no));
        }
        let found = self.point(move |connection| coupons::number(connection, tenant, id)).await?;
        if let Some(no) = found {
            known.insert((tenant, id), no);
        }
        Ok(found)
    }

    async fn coupon(&self, tenant: TenantNo, no: CouponNo) -> Result<Option<Arc<Coupon>>, StoreError> {
        let definitions = &self.shared.definitions;
        if let Some(coupon) = definitions.coupon(tenant, no) {
            return Ok(Some(coupon));
        }
        let before = definitions.generation();
        let found = self.point(move |connection| coupons::latest(connection, tenant, no)).await?;
        if let Some(coupon) = &found {
            definitions.put_loaded(before, tenant, coupon);
        }
        Ok(found)
    }

    async fn coupon_version(
        &self,
        tenant: TenantNo,
        no: CouponNo,
        version: u32,
    ) -> Result<Option<Arc<Coupon>>, StoreError> {
        self.point(move |connection| coupons::version(connection, tenant, no, version)).await
    }

    async fn settings_version(&self, tenant: TenantNo, version: u32) -> Result<Option<Arc<Settings>>, StoreError> {
        self.point(move |connection| decisions::settings(connection, tenant, version)).await
    }

    async fn coupons(
        &self,
        tenant: TenantNo,
        filter: CouponFilter,
        page: PageRequest,
    ) -> Result<Page<Arc<Coupon>>, StoreError> {
        let now = self.shared.now();
        self.read(move |connection| coupons::page(connection, tenant, filter, &page, now)).await
    }

    async fn figures(&self, tenant: TenantNo, coupon: CouponNo) -> Result<Figures, StoreError> {
        self.read(move |connection| coupons::figures(connection, tenant, coupon)).await
    }

    async fn contributions(
        &self,
        tenant: TenantNo,
        coupon: CouponNo,
        page: PageRequest,
    ) -> Result<Page<Contribution>, StoreError> {
        self.read(move |connection| coupons::contributions(connection, tenant, coupon, &page)).await
    }

    async fn campaign_no(&self, tenant: TenantNo, id: CampaignId) -> Result<Option<CampaignNo>, StoreError> {
        let known = &self.shared.ids.campaign_nos;
        if let Some(no) = known.get(&(tenant, id)) {
            return Ok(Some(no));
        }
        let found = self.point(move |connection| campaigns::number(connection, tenant, id)).await?;
        if let Some(no) = found {
            known.insert((tenant, id), no);
        }
        Ok(found)
    }

    async fn campaign(&self, tenant: TenantNo, no: CampaignNo) -> Result<Option<Arc<Campaign>>, StoreError> {
        let definitions = &self.shared.definitions;
        if let Some(campaign) = definitions.campaign(tenant, no) {
            return Ok(Some(campaign));
        }
        let before = definitions.generation();
        let found = self.point(move |connection| campaigns::latest(connection, tenant, no)).await?;
        if let Some(campaign) = &found {
            definitions.put_loaded_campaign(before, tenant, campaign);
        }
        Ok(found)
    }

    async fn campaign_version(
        &self,
        tenant: TenantNo,
        no: CampaignNo,
        version: u32,
    ) -> Result<Option<Arc<Campaign>>, StoreError> {
        self.point(move |connection| campaigns::version(connection, tenant, no, version)).await
    }

    async fn campaigns(
        &self,
        tenant: TenantNo,
        filter: CampaignFilter,
        page: PageRequest,
    ) -> Result<Page<Arc<Campaign>>, StoreError> {
        let now = self.shared.now();
        self.read(move |connection| campaigns::page(connection, tenant, filter, &page, now)).await
    }

    async fn campaign_figures(&self, tenant: TenantNo, campaign: CampaignNo) -> Result<CampaignFigures, StoreError> {
        self.read(move |connection| campaigns::figures(connection, tenant, campaign)).await
    }

    async fn customer_no(&self, tenant: TenantNo, id: CustomerId) -> Result<Option<CustomerNo>, StoreError> {
        let Ids { customer_nos, customer_ids, .. } = &self.shared.ids;
        let mut found = customer_nos.get(&(tenant, id));
        if found.is_none() {
            found = self.point(move |connection| customers::number(connection, tenant, id)).await?;
            if let Some(no) = found {
                customer_nos.insert((tenant, id), no);
            }
        }
        let Some(no) = found else { return Ok(None) };
        // Whoever asks with an id is answered with it.
        if !customer_ids.contains_key(&(tenant, no)) {
            customer_ids.insert((tenant, no), id);
        }
        // The pair is for ever; who stands for whom is not.
        Ok(Some(self.shared.persons.standing(tenant, no)))
    }

    fn standing(&self, tenant: TenantNo, no: CustomerNo) -> CustomerNo {
        self.shared.persons.standing(tenant, no)
    }

    async fn customer_id(&self, tenant: TenantNo, no: CustomerNo) -> Result<Option<CustomerId>, StoreError> {
        let known = &self.shared.ids.customer_ids;
        if let Some(id) = known.get(&(tenant, no)) {
            return Ok(Some(id));
        }
        let found = self.point(move |connection| customers::id(connection, tenant, no)).await?;
        if let Some(id) = found {
            known.insert((tenant, no), id);
        }
        Ok(found)
    }

    async fn customer(&self, tenant: TenantNo, no: CustomerNo) -> Result<Option<Customer>, StoreError> {
        let (codes, no) = (Arc::clone(self.codes()), self.shared.persons.standing(tenant, no));
        self.point(move |connection| customers::by_number(connection, &codes, tenant, no)).await
    }

    async fn customers_by_identity(&self, tenant: TenantNo, key: IdentityKey) -> Result<Vec<Customer>, StoreError> {
        let codes = Arc::clone(self.codes());
        self.read(move |connection| customers::by_identity(connection, &codes, tenant, &key)).await
    }

    async fn voucher(&self, tenant: TenantNo, candidates: &[ComputedCode]) -> Result<Option<Voucher>, StoreError> {
        let zone = self.shared.settings(tenant)?.zone.clone();
        let candidates = candidates.to_vec();
        self.point(move |connection| vouchers::by_candidates(connection, tenant, &zone, &candidates)).await
    }

    async fn vouchers(
        &self,
        tenant: TenantNo,
        filter: VoucherFilter,
        page: PageRequest,
    ) -> Result<Page<Voucher>, StoreError> {
        let (now, zone) = (self.shared.now(), self.shared.settings(tenant)?.zone.clone());
        let customer = filter.customer.map(|no| self.shared.persons.standing(tenant, no));
        let filter = VoucherFilter { customer, ..filter };
        self.read(move |connection| vouchers::page(connection, tenant, filter, &page, (now, &zone))).await
    }

    async fn wallet_counts(&self, tenant: TenantNo, customer: CustomerNo) -> Result<WalletCounts, StoreError> {
        let (now, customer) = (self.shared.now(), self.shared.persons.standing(tenant, customer));
        self.read(move |connection| vouchers::counts(connection, tenant, customer, now)).await
    }

    async fn gift_accounts(
        &self,
        tenant: TenantNo,
        vouchers: &[VoucherKey],
    ) -> Result<Vec<Option<GiftAccount>>, StoreError> {
        let vouchers = vouchers.to_vec();
        self.read(move |connection| gifts::accounts(connection, tenant, &vouchers)).await
    }

    async fn gift_entries(
        &self,
        tenant: TenantNo,
        voucher: VoucherKey,
        page: PageRequest,
    ) -> Result<Page<GiftEntry>, StoreError> {
        self.read(move |connection| gifts::entries(connection, tenant, voucher, &page)).await
    }

    async fn voucher_codes(
        &self,
        tenant: TenantNo,
        of: &[(VoucherKey, u32)],
    ) -> Result<Vec<Option<String>>, StoreError> {
        codes::write(self, tenant, of).await
    }

    async fn block(&self, tenant: TenantNo, id: BlockId) -> Result<Option<BlockRecord>, StoreError> {
        self.point(move |connection| blocks::by_id(connection, tenant, id)).await
    }

    async fn blocks(&self, tenant: TenantNo, coupon: CouponNo, page: PageRequest) -> Result<Page<Block>, StoreError> {
        self.read(move |connection| blocks::page(connection, tenant, coupon, &page)).await
    }

    async fn history(&self, tenant: TenantNo, subject: Subject, max: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        self.read(move |connection| history::history(connection, tenant, &subject, max)).await
    }

    async fn oldest_events(&self, after: JournalNo, before: Timestamp, max: usize) -> Result<OldEvents, StoreError> {
        let shared = Arc::clone(&self.shared);
        self.read(move |connection| old_events::read(connection, &shared, (after, before), max)).await
    }

    async fn customer_history(
        &self,
        tenant: TenantNo,
        customer: CustomerNo,
        max: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let customer = self.shared.persons.standing(tenant, customer);
        self.read(move |connection| whereabouts::history(connection, tenant, customer, max)).await
    }

    async fn redemption(&self, tenant: TenantNo, id: &RedemptionId) -> Result<Option<Redemption>, StoreError> {
        let id = id.clone();
        self.point(move |connection| redemptions::by_id(connection, tenant, &id)).await
    }

    async fn redemptions(
        &self,
        tenant: TenantNo,
        filter: RedemptionFilter,
        page: PageRequest,
    ) -> Result<Page<Redemption>, StoreError> {
        let filter = RedemptionFilter { customer: filter.customer.map(|no| self.shared.persons.standing(tenant, no)) };
        self.read(move |connection| redemptions::page(connection, tenant, filter, &page)).await
    }

    async fn decision(&self, tenant: TenantNo, id: &RedemptionId) -> Result<Option<DecisionRecord>, StoreError> {
        let id = id.clone();
        self.read(move |connection| redemptions::decision(connection, tenant, &id)).await
    }

    async fn settlements(
        &self,
        tenant: TenantNo,
        filter: SettlementFilter,
        page: PageRequest,
    ) -> Result<Page<Settlement>, StoreError> {
        self.read(move |connection| settlements::page(connection, tenant, &filter, &page)).await
    }

    async fn decisions(
        &self,
        tenant: TenantNo,
        filter: DecisionFilter,
        page: PageRequest,
    ) -> Result<Page<DecisionRecord>, StoreError> {
        self.read(move |connection| decisions::page(connection, tenant, filter, &page)).await
    }

    async fn audit(
        &self,
        tenant: TenantNo,
        filter: AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        self.read(move |connection| audit::page(connection, tenant, &filter, &page)).await
    }

    async fn audit_head(&self, tenant: TenantNo) -> Result<AuditHead, StoreError> {
        self.read(move |connection| audit::head(connection, tenant)).await
    }
}
