//! What a test reads back. A read that fails ends the test.

use std::sync::Arc;

use domain::coupon::Coupon;
use domain::event::{EventKind, Subject, VoucherStep};
use domain::id::{CouponNo, CustomerNo};
use domain::redemption::{Redemption, RedemptionId};
use domain::statistics::Statistics;
use domain::tenant::Settings;
use domain::voucher::{Voucher, VoucherState};

use super::world::{TENANT, World, named};
use crate::{HistoryEntry, PageRequest, RedemptionFilter, VoucherFilter};

/// Rows of a page in these tests: few, so that every list has several pages.
const PAGE_ROWS: usize = 97;
/// More events than any subject of these tests has.
pub(super) const EVENTS_MAX: usize = 1_000;

impl World {
    pub(super) async fn settings(&self) -> Arc<Settings> {
        self.store.settings(TENANT).await.expect("settings can be read")
    }

    pub(super) async fn coupon_now(&self, coupon: CouponNo) -> Arc<Coupon> {
        self.store.coupon(TENANT, coupon).await.expect("coupons can be read").expect("it is there")
    }

    pub(super) async fn figures(&self, coupon: CouponNo) -> Statistics {
        self.store.figures(TENANT, coupon).await.expect("figures can be read").statistics
    }

    /// The row of a voucher.
    pub(super) async fn voucher(&self, voucher: &Voucher) -> Voucher {
        let found = self.store.voucher(TENANT, &named(voucher)).await.expect("vouchers can be read");
        found.expect("it is there")
    }

    /// Where a voucher stands at this instant.
    pub(super) async fn state_of(&self, voucher: &Voucher) -> VoucherState {
        self.voucher(voucher).await.state_at(self.now())
    }

    pub(super) async fn redemption(&self, id: &RedemptionId) -> Redemption {
        self.store.redemption(TENANT, id).await.expect("redemptions can be read").expect("it is there")
    }

    pub(super) async fn code_of(&self, voucher: &Voucher) -> String {
        self.codes_of(std::slice::from_ref(voucher)).await.remove(0)
    }

    pub(super) async fn codes_of(&self, vouchers: &[Voucher]) -> Vec<String> {
        let keys: Vec<_> = vouchers.iter().map(|voucher| (voucher.key, voucher.key_no)).collect();
        let codes = self.store.voucher_codes(TENANT, &keys).await.expect("codes can be read");
        codes.into_iter().map(|code| code.expect("it has a code")).collect()
    }

    /// All vouchers of a list, page by page.
    pub(super) async fn vouchers(&self, filter: VoucherFilter) -> Vec<Voucher> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: PAGE_ROWS, after };
            let page = self.store.vouchers(TENANT, filter, page).await.expect("vouchers can be listed");
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    pub(super) async fn vouchers_of(&self, customer: CustomerNo) -> Vec<Voucher> {
        self.vouchers(VoucherFilter { customer: Some(customer), ..VoucherFilter::default() }).await
    }

    pub(super) async fn vouchers_from(&self, coupon: CouponNo) -> Vec<Voucher> {
        self.vouchers(VoucherFilter { coupon: Some(coupon), ..VoucherFilter::default() }).await
    }

    /// All redemptions, newest first, page by page.
    pub(super) async fn redemptions(&self, filter: RedemptionFilter) -> Vec<Redemption> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: PAGE_ROWS, after };
            let page = self.store.redemptions(TENANT, filter, page).await.expect("redemptions can be listed");
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    pub(super) async fn history(&self, subject: Subject) -> Vec<HistoryEntry> {
        self.store.history(TENANT, subject, EVENTS_MAX).await.expect("histories can be read")
    }

    /// What happened to a voucher, step by step.
    pub(super) async fn steps(&self, voucher: &Voucher) -> Vec<VoucherStep> {
        let history = self.history(Subject::Voucher(voucher.key)).await;
        history.iter().map(|entry| step_of(entry)).collect()
    }

    /// How many events a redemption has.
    pub(super) async fn events(&self, redemption: &RedemptionId) -> usize {
        self.history(Subject::Redemption(redemption.clone())).await.len()
    }

    /// Writes down all that is due.
    pub(super) async fn sweep_all(&self) -> usize {
        let mut swept = 0;
        loop {
            let now = self.store.sweep(PAGE_ROWS).await.expect("a sweep can be made");
            swept += now;
            if now < PAGE_ROWS {
                return swept;
            }
        }
    }
}

#[track_caller]
pub(super) fn step_of(entry: &HistoryEntry) -> VoucherStep {
    match &entry.event.kind {
        EventKind::Voucher { step, .. } => *step,
        other => panic!("a voucher's event is of a voucher: {other:?}"),
    }
}
