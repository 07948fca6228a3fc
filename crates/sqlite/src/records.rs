//! What is read back: ids and definitions from memory, the rest on the connections that only read. Each read is one
//! snapshot. Every statement finds its rows by an index, and no page looks at more than a bounded number of them.

pub(crate) mod pages;
pub(crate) mod coupons;
mod customers;
mod vouchers;
mod bearers;
mod blocks;
pub(crate) mod codes;
mod redemptions;
mod history;
#[cfg(test)]
mod plans;

use std::sync::Arc;

use async_trait::async_trait;
use domain::codes::ComputedCode;
use domain::coupon::Coupon;
use domain::customer::Customer;
use domain::event::Subject;
use domain::id::{BlockId, CouponId, CouponNo, CustomerId, CustomerNo, TenantNo, VoucherKey};
use domain::ledger::{DecisionRecord, Settings};
use domain::redemption::{Redemption, RedemptionId};
use domain::voucher::{Block, Voucher};
use ports::{
    BlockRecord, Codes, CouponFilter, Figures, HistoryEntry, Page, PageRequest, Records, RedemptionFilter, StoreError,
    VoucherFilter,
};
use rusqlite::Connection;

use crate::SqliteStore;

impl SqliteStore {
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.readers.run(read).await
    }
}

#[async_trait]
impl Records for SqliteStore {
    fn codes(&self) -> Arc<Codes> {
        Arc::clone(&self.shared.codes)
    }

    async fn settings(&self, tenant: TenantNo) -> Result<Settings, StoreError> {
        self.shared.settings(tenant).cloned()
    }

    async fn coupon_no(&self, tenant: TenantNo, id: CouponId) -> Result<Option<CouponNo>, StoreError> {
        let known = &self.shared.ids.coupon_nos;
        if let Some(no) = known.get(&(tenant, id)) {
            return Ok(Some(no));
        }
        let found = self.read(move |connection| coupons::number(connection, tenant, id)).await?;
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
        let found = self.read(move |connection| coupons::latest(connection, tenant, no)).await?;
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
        self.read(move |connection| coupons::version(connection, tenant, no, version)).await
    }

    async fn coupons(
        &self,
        tenant: TenantNo,
        filter: CouponFilter,
        page: PageRequest,
    ) -> Result<Page<Arc<Coupon>>, StoreError> {
        self.read(move |connection| coupons::page(connection, tenant, filter, &page)).await
    }

    async fn figures(&self, tenant: TenantNo, coupon: CouponNo) -> Result<Figures, StoreError> {
        self.read(move |connection| coupons::figures(connection, tenant, coupon)).await
    }

    async fn customer_no(&self, tenant: TenantNo, id: CustomerId) -> Result<Option<CustomerNo>, StoreError> {
        let known = &self.shared.ids.customer_nos;
        if let Some(no) = known.get(&(tenant, id)) {
            return Ok(Some(no));
        }
        let found = self.read(move |connection| customers::number(connection, tenant, id)).await?;
        if let Some(no) = found {
            known.insert((tenant, id), no);
        }
        Ok(found)
    }

    async fn customer_id(&self, tenant: TenantNo, no: CustomerNo) -> Result<Option<CustomerId>, StoreError> {
        let known = &self.shared.ids.customer_ids;
        if let Some(id) = known.get(&(tenant, no)) {
            return Ok(Some(id));
        }
        let found = self.customer(tenant, no).await?.map(|customer| customer.id);
        if let Some(id) = found {
            known.insert((tenant, no), id);
        }
        Ok(found)
    }

    async fn customer(&self, tenant: TenantNo, no: CustomerNo) -> Result<Option<Customer>, StoreError> {
        self.read(move |connection| customers::by_number(connection, tenant, no)).await
    }

    async fn customer_by_external_id(
        &self,
        tenant: TenantNo,
        external_id: &str,
    ) -> Result<Option<Customer>, StoreError> {
        let external_id = external_id.to_owned();
        self.read(move |connection| customers::by_external_id(connection, tenant, &external_id)).await
    }

    async fn voucher(&self, tenant: TenantNo, candidates: &[ComputedCode]) -> Result<Option<Voucher>, StoreError> {
        let zone = self.shared.settings(tenant)?.zone.clone();
        let candidates = candidates.to_vec();
        self.read(move |connection| vouchers::by_candidates(connection, tenant, &zone, &candidates)).await
    }

    async fn vouchers(
        &self,
        tenant: TenantNo,
        filter: VoucherFilter,
        page: PageRequest,
    ) -> Result<Page<Voucher>, StoreError> {
        let (now, zone) = (self.shared.now(), self.shared.settings(tenant)?.zone.clone());
        self.read(move |connection| vouchers::page(connection, tenant, filter, &page, (now, &zone))).await
    }

    async fn voucher_codes(&self, tenant: TenantNo, of: &[(VoucherKey, u32)]) -> Result<Vec<String>, StoreError> {
        codes::write(self, tenant, of).await
    }

    async fn block(&self, tenant: TenantNo, id: BlockId) -> Result<Option<BlockRecord>, StoreError> {
        self.read(move |connection| blocks::by_id(connection, tenant, id)).await
    }

    async fn blocks(&self, tenant: TenantNo, coupon: CouponNo, page: PageRequest) -> Result<Page<Block>, StoreError> {
        self.read(move |connection| blocks::page(connection, tenant, coupon, &page)).await
    }

    async fn history(&self, tenant: TenantNo, subject: Subject, max: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        self.read(move |connection| history::history(connection, tenant, &subject, max)).await
    }

    async fn redemption(&self, tenant: TenantNo, id: &RedemptionId) -> Result<Option<Redemption>, StoreError> {
        let id = id.clone();
        self.read(move |connection| redemptions::by_id(connection, tenant, &id)).await
    }

    async fn redemptions(
        &self,
        tenant: TenantNo,
        filter: RedemptionFilter,
        page: PageRequest,
    ) -> Result<Page<Redemption>, StoreError> {
        self.read(move |connection| redemptions::page(connection, tenant, filter, &page)).await
    }

    async fn decision(&self, tenant: TenantNo, id: &RedemptionId) -> Result<Option<DecisionRecord>, StoreError> {
        let id = id.clone();
        self.read(move |connection| redemptions::decision(connection, tenant, &id)).await
    }
}
