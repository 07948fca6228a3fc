//! The list of a coupon's vouchers: rows, and codes of blocks without rows between them.

use domain::id::{CouponNo, FIRST_TENANT, VoucherKey, VoucherKind};
use domain::ledger::{Action, BlockKey, GivenEntry};
use domain::voucher::{Voucher, VoucherState};
use ports::{Page, PageRequest, Records, StoreError, VoucherFilter};

use crate::activity::{Busy, candidate};

/// A page of a coupon's vouchers.
async fn page(busy: &Busy, state: Option<VoucherState>, request: PageRequest) -> Result<Page<Voucher>, StoreError> {
    let filter = VoucherFilter { customer: None, coupon: Some(busy.spring), state };
    busy.shop.store.vouchers(FIRST_TENANT, filter, request).await
}

/// The vouchers of a coupon, read in pages of so many.
async fn listed(busy: &Busy, limit: usize, state: Option<VoucherState>) -> Vec<Voucher> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = page(busy, state, PageRequest { limit, after }).await.expect("a page");
        assert!(page.items.len() <= limit);
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

fn keys(coupon: CouponNo) -> Vec<VoucherKey> {
    let key = |kind| move |ordinal| VoucherKey { coupon, kind, ordinal };
    let rows = (0..4).map(key(VoucherKind::Row));
    let bearers = (0..100).chain(200..250).map(key(VoucherKind::Bearer));
    rows.chain(bearers).chain((0..2).map(key(VoucherKind::Given))).collect()
}

/// Four rows, a block from 0 to 99 of which some codes have rows, a revoked one from 200 to 249, two given codes.
async fn mixed() -> Busy {
    let busy = Busy::open().await;
    let shop = &busy.shop;
    let given = |text: &str| {
        let reading = shop.store.codes().read(FIRST_TENANT, text);
        let sealed = shop.store.codes().seal(FIRST_TENANT, &reading, text);
        GivenEntry { reading, sealed, customer: None }
    };
    shop.done(Action::IssueGiven { coupon: busy.spring, codes: vec![given("GARDEN-1"), given("GARDEN-2")] }).await;
    let moved = shop.connection().execute("update code_block set first = 200 where revoked_at is not null", []);
    assert_eq!(moved, Ok(1));
    busy.reopened().await
}

#[tokio::test]
async fn every_voucher_of_a_coupon_is_listed_once_and_in_order_whether_or_not_it_has_a_row() {
    let busy = mixed().await;
    let everything = listed(&busy, 1_000, None).await;
    assert_eq!(everything.iter().map(|voucher| voucher.key).collect::<Vec<_>>(), keys(busy.spring));
    for voucher in &everything {
        let alone = busy.shop.store.voucher(FIRST_TENANT, &[candidate(voucher.key)]).await;
        assert_eq!(alone.as_ref(), Ok(&Some(voucher.clone())));
    }
    for limit in [1, 3] {
        assert_eq!(listed(&busy, limit, None).await, everything, "by {limit}");
    }
}

#[tokio::test]
async fn a_list_of_one_state_holds_the_codes_without_rows_that_are_in_it() {
    let busy = mixed().await;
    let everything = listed(&busy, 1_000, None).await;
    for (state, bearers) in [
        (VoucherState::Issued, 97),
        (VoucherState::Revoked, 51),
        (VoucherState::Redeemed, 1),
        (VoucherState::Locked, 1),
    ] {
        let wanted: Vec<Voucher> = everything.iter().filter(|voucher| voucher.state == state).cloned().collect();
        assert_eq!(wanted.iter().filter(|voucher| voucher.key.kind == VoucherKind::Bearer).count(), bearers);
        for limit in [1, 3, 1_000] {
            assert_eq!(listed(&busy, limit, Some(state)).await, wanted, "{state:?} by {limit}");
        }
    }
}

#[tokio::test]
async fn a_use_that_was_undone_leaves_nothing_of_a_block_that_is_revoked() {
    let busy = mixed().await;
    let block = BlockKey { coupon: busy.spring, first: busy.block.first };
    busy.shop.done(Action::RevokeBlock { block }).await;
    let undone = VoucherKey { coupon: busy.spring, kind: VoucherKind::Bearer, ordinal: 8 };
    let alone = busy.shop.store.voucher(FIRST_TENANT, &[candidate(undone)]).await.expect("it reads").expect("a row");
    assert_eq!((alone.state, alone.version > 0), (VoucherState::Revoked, true));
    let issued = listed(&busy, 3, Some(VoucherState::Issued)).await;
    let bearers = issued.iter().filter(|voucher| voucher.key.kind == VoucherKind::Bearer);
    // It belongs to a customer, who keeps it.
    assert_eq!(bearers.map(|voucher| voucher.key.ordinal).collect::<Vec<_>>(), [6]);
    assert!(listed(&busy, 3, Some(VoucherState::Revoked)).await.contains(&alone));
    let rows = VoucherFilter { state: Some(VoucherState::Revoked), ..VoucherFilter::default() };
    let rows = busy.shop.store.vouchers(FIRST_TENANT, rows, PageRequest { limit: 1_000, after: None }).await;
    assert!(rows.expect("a page").items.contains(&alone));
}

/// Nothing but laziness reads either list in the time of a test: the second state is no code's.
#[tokio::test]
async fn a_block_of_a_hundred_million_codes_is_listed_page_by_page() {
    let busy = mixed().await;
    busy.shop.connection().execute("update code_block set count = 100000000 where first = 200", []).expect("it grows");
    let busy = busy.reopened().await;
    let after = |ordinal| PageRequest { limit: 1_000, after: Some(format!("v{}.1.{ordinal}", busy.spring.0)) };
    let middle = page(&busy, None, after(60_000_000)).await.expect("a page");
    assert_eq!((middle.items.len(), middle.items[0].key.ordinal), (1_000, 60_000_001));
    assert_eq!(middle.next, after(60_001_000).after);
    let end = page(&busy, Some(VoucherState::Revoked), after(100_000_198)).await.expect("a page");
    assert_eq!((end.items.len(), end.next), (1, None));
    let sparse = page(&busy, Some(VoucherState::Redeemed), PageRequest { limit: 1_000, after: None }).await;
    let sparse = sparse.expect("a page");
    assert!(!sparse.items.is_empty() && sparse.next.is_none());
}

#[tokio::test]
async fn the_blocks_of_a_coupon_are_listed_by_their_first_ordinal() {
    let busy = mixed().await;
    let blocks = |coupon, after| busy.shop.store.blocks(FIRST_TENANT, coupon, PageRequest { limit: 1, after });
    let one = blocks(busy.spring, None).await.expect("a page");
    assert_eq!(one.items.iter().collect::<Vec<_>>(), [&busy.block]);
    let two = blocks(busy.spring, one.next.clone()).await.expect("a page");
    assert_eq!((two.items[0].first, two.items[0].revoked_at.is_some(), two.next), (200, true, None));
    assert_eq!(blocks(busy.tea, None).await, Ok(Page { items: Vec::new(), next: None }));
    assert_eq!(blocks(busy.tea, one.next).await, Err(StoreError::Cursor));
}

#[tokio::test]
async fn a_customer_is_found_by_the_shops_own_id() {
    let busy = Busy::open().await;
    let profile = domain::customer::CustomerProfile { external_id: Some("13047".to_owned()), ..Default::default() };
    let id = domain::id::CustomerId(crate::support::new_id());
    busy.shop.done(Action::CreateCustomer { id, profile: Box::new(profile) }).await;
    let found = busy.shop.store.customer_by_external_id(FIRST_TENANT, "13047").await.expect("it reads");
    assert_eq!(found.map(|customer| customer.id), Some(id));
    assert_eq!(busy.shop.store.customer_by_external_id(FIRST_TENANT, "13048").await, Ok(None));
}
