//! What was written is read back.

use domain::coupon::CouponState;
use domain::event::{EventKind, Subject, VoucherStep};
use domain::id::{CouponNo, CustomerNo, FIRST_TENANT, VoucherKey, VoucherKind};
use domain::redemption::RedemptionState;
use domain::voucher::{Voucher, VoucherState};
use ports::{Clock, CouponFilter, Page, PageRequest, Records, RedemptionFilter, StoreError, VoucherFilter};

use crate::activity::{Busy, candidate, id};

fn first(limit: usize) -> PageRequest {
    PageRequest { limit, after: None }
}

/// All pages of a list, by asking for so many at a time.
async fn all<T, F: Future<Output = Result<Page<T>, StoreError>>>(
    limit: usize,
    page: impl Fn(PageRequest) -> F,
) -> Vec<T> {
    let (mut items, mut request) = (Vec::new(), first(limit));
    loop {
        let page = page(request).await.expect("the store answers");
        assert!(page.items.len() <= limit);
        items.extend(page.items);
        let Some(next) = page.next else { return items };
        request = PageRequest { limit, after: Some(next) };
    }
}

impl Busy {
    async fn vouchers(&self, limit: usize, filter: VoucherFilter) -> Vec<Voucher> {
        all(limit, |page| self.shop.store.vouchers(FIRST_TENANT, filter, page)).await
    }

    async fn voucher(&self, coupon: CouponNo, kind: VoucherKind, ordinal: u64) -> Voucher {
        let candidates = [candidate(VoucherKey { coupon, kind, ordinal })];
        self.shop.store.voucher(FIRST_TENANT, &candidates).await.expect("the store answers").expect("it is there")
    }
}

#[tokio::test]
async fn a_list_of_vouchers_is_the_same_whatever_the_size_of_its_pages() {
    let busy = Busy::open().await;
    let everything = busy.vouchers(1_000, VoucherFilter::default()).await;
    assert_eq!(i64::try_from(everything.len()), Ok(busy.shop.number("select count(*) from voucher")));
    assert!(everything.is_sorted_by_key(|voucher| voucher.key));
    let filters = [
        VoucherFilter::default(),
        VoucherFilter { customer: Some(busy.customers[0]), ..VoucherFilter::default() },
        VoucherFilter { coupon: Some(busy.tea), ..VoucherFilter::default() },
        VoucherFilter { coupon: Some(busy.spring), customer: Some(busy.customers[4]), ..VoucherFilter::default() },
        VoucherFilter { state: Some(VoucherState::Issued), ..VoucherFilter::default() },
    ];
    for filter in filters {
        let wanted = |voucher: &&Voucher| {
            filter.customer.is_none_or(|customer| voucher.customer == Some(customer))
                && filter.coupon.is_none_or(|coupon| voucher.key.coupon == coupon)
                && filter.state.is_none_or(|state| voucher.state == state)
        };
        let wanted: Vec<Voucher> = everything.iter().filter(wanted).cloned().collect();
        assert!(!wanted.is_empty(), "{filter:?}");
        for limit in [1, 2, 7] {
            assert_eq!(busy.vouchers(limit, filter).await, wanted, "{filter:?} by {limit}");
        }
    }
}

#[tokio::test]
async fn a_deadline_acts_on_a_list_before_a_row_is_written() {
    let busy = Busy::open().await;
    let (customer, coupon) = (busy.shop.customer().await, busy.tea);
    busy.shop.claim(customer, coupon).await;
    let filter = |state| VoucherFilter { customer: Some(customer), coupon: None, state: Some(state) };
    assert_eq!(busy.vouchers(10, filter(VoucherState::Held)).await.len(), 1);
    busy.shop.clock.advance(60_000);
    assert_eq!(busy.vouchers(10, filter(VoucherState::Held)).await.len(), 0);
    assert_eq!(busy.vouchers(10, filter(VoucherState::Expired)).await.len(), 1);
    assert_eq!(busy.shop.number("select count(*) from voucher where state = 0"), 1);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let busy = Busy::open().await;
    let store = &busy.shop.store;
    let vouchers = store.vouchers(FIRST_TENANT, VoucherFilter::default(), first(1)).await.expect("a page");
    let after = |text: &str| PageRequest { limit: 1, after: Some(text.to_owned()) };
    let next = vouchers.next.expect("there are more");
    for page in [after(&next), after("nonsense")] {
        let coupons = store.coupons(FIRST_TENANT, CouponFilter::default(), page.clone()).await;
        assert_eq!(coupons.unwrap_err(), StoreError::Cursor);
        let redemptions = store.redemptions(FIRST_TENANT, RedemptionFilter::default(), page).await;
        assert_eq!(redemptions.unwrap_err(), StoreError::Cursor);
    }
    let other = VoucherFilter { coupon: Some(busy.spring), ..VoucherFilter::default() };
    assert_eq!(store.vouchers(FIRST_TENANT, other, after(&next)).await.unwrap_err(), StoreError::Cursor);
}

#[tokio::test]
async fn a_bearer_code_without_a_row_is_shown_as_its_block_says() {
    let busy = Busy::open().await;
    let bearer = |ordinal| busy.voucher(busy.spring, VoucherKind::Bearer, ordinal);
    let unused = bearer(20).await;
    assert_eq!((unused.version, unused.state, unused.made_at), (0, VoucherState::Issued, busy.block.made_at));
    assert_eq!(bearer(5).await.state, VoucherState::Redeemed);
    assert_eq!(bearer(100).await.state, VoucherState::Revoked);
    let beyond = [candidate(VoucherKey { coupon: busy.spring, kind: VoucherKind::Bearer, ordinal: 150 })];
    assert_eq!(busy.shop.store.voucher(FIRST_TENANT, &beyond).await, Ok(None));
    let mut guessed = candidate(unused.key);
    guessed.key_no = 2;
    assert_eq!(busy.shop.store.voucher(FIRST_TENANT, &[guessed]).await, Ok(None));
    assert_eq!(busy.shop.store.voucher(FIRST_TENANT, &[guessed, candidate(unused.key)]).await, Ok(Some(unused)));
}

#[tokio::test]
async fn codes_are_written_in_the_order_they_are_asked_for() {
    let busy = Busy::open().await;
    let key = |coupon, kind, ordinal| (VoucherKey { coupon, kind, ordinal }, 1);
    let of = [
        key(busy.partner, VoucherKind::Given, 1),
        key(busy.spring, VoucherKind::Row, 0),
        key(busy.tea, VoucherKind::Row, 0),
        key(busy.partner, VoucherKind::Given, 0),
    ];
    let codes = busy.shop.store.voucher_codes(FIRST_TENANT, &of).await.expect("they are kept");
    let codes: Vec<String> = codes.into_iter().map(|code| code.expect("it has a code")).collect();
    assert_eq!((codes[0].as_str(), codes[3].as_str()), ("FRIEND-7", "VOUCHER123"));
    assert!(codes[1].starts_with("SPRING-") && codes[2].len() == 16);
    let unknown = [key(busy.partner, VoucherKind::Given, 99)];
    assert!(matches!(busy.shop.store.voucher_codes(FIRST_TENANT, &unknown).await, Err(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn a_history_is_told_from_the_oldest_of_the_latest_events() {
    let busy = Busy::open().await;
    let returned = Subject::Voucher(VoucherKey { coupon: busy.spring, kind: VoucherKind::Row, ordinal: 2 });
    let history = |subject: &Subject, max| busy.shop.store.history(FIRST_TENANT, subject.clone(), max);
    let steps = |entries: Vec<ports::HistoryEntry>| -> Vec<VoucherStep> {
        let step = |entry: &ports::HistoryEntry| match entry.event.kind {
            EventKind::Voucher { step, .. } => step,
            _ => panic!("not of a voucher"),
        };
        entries.iter().map(step).collect()
    };
    use VoucherStep::{Issued, Redeemed, Returned};
    assert_eq!(steps(history(&returned, 10).await.expect("it reads")), [Issued, Redeemed, Returned]);
    assert_eq!(steps(history(&returned, 2).await.expect("it reads")), [Redeemed, Returned]);
    let subjects = [
        (Subject::Coupon(busy.tea), 3),
        (Subject::Coupon(busy.gone), 3),
        (Subject::Customer(busy.customers[0]), 1),
        (Subject::Campaign(domain::id::CampaignNo(1)), 1),
        (Subject::Block(busy.spring, busy.block.id), 1),
        (Subject::Redemption(id("t-part")), 2),
        (Subject::Redemption(id("nobody")), 0),
        (Subject::Customer(CustomerNo(99)), 0),
    ];
    for (subject, events) in subjects {
        let history = history(&subject, 10).await.expect("it reads");
        assert_eq!(history.len(), events, "{subject:?}");
        assert!(history.iter().zip(1..).all(|(entry, version)| entry.event.version == version), "{subject:?}");
    }
}

#[tokio::test]
async fn a_history_ends_quietly_where_old_events_were_removed() {
    let busy = Busy::open().await;
    let subject = Subject::Redemption(id("t-part"));
    let whole = busy.shop.store.history(FIRST_TENANT, subject.clone(), 10).await.expect("it reads");
    assert_eq!(whole.len(), 2);
    let journal =
        busy.shop.store.redemption(FIRST_TENANT, &id("t-part")).await.expect("it reads").expect("it is there").journal;
    busy.shop.connection().execute("delete from journal where journal < ?1", [journal.0]).expect("they are removed");
    let busy = busy.reopened().await;
    assert_eq!(busy.shop.store.history(FIRST_TENANT, subject, 10).await, Ok(whole[1..].to_vec()));
}

#[tokio::test]
async fn redemptions_are_listed_newest_first() {
    let busy = Busy::open().await;
    let list = async |limit, customer| {
        let filter = RedemptionFilter { customer };
        all(limit, |page| busy.shop.store.redemptions(FIRST_TENANT, filter, page)).await
    };
    let everything = list(1_000, None).await;
    assert_eq!(everything.first().map(|redemption| redemption.id.clone()), Some(id("x-never")));
    assert!(everything.is_sorted_by(|one, two| one.made_at >= two.made_at));
    assert_eq!(list(3, None).await, everything);
    let of_customer: Vec<_> =
        everything.iter().filter(|redemption| redemption.customer == Some(busy.customers[2])).cloned().collect();
    assert_eq!(of_customer.len(), 4);
    assert_eq!(list(1, Some(busy.customers[2])).await, of_customer);
}

#[tokio::test]
async fn coupons_are_listed_by_number_and_state_and_kept_in_every_version() {
    let busy = Busy::open().await;
    let store = &busy.shop.store;
    let filter = |state| CouponFilter { state, ..CouponFilter::default() };
    let list = async |limit, state| all(limit, |page| store.coupons(FIRST_TENANT, filter(state), page)).await;
    let numbers: Vec<CouponNo> = list(3, None).await.iter().map(|coupon| coupon.no).collect();
    assert_eq!(numbers, [busy.tea, busy.spring, busy.partner, busy.gone]);
    assert_eq!(list(1, Some(CouponState::Aborted)).await[0].no, busy.gone);
    let now = store.coupon(FIRST_TENANT, busy.tea).await.expect("it reads").expect("it is there");
    assert_eq!((now.version, now.limits.len()), (3, 1));
    let before = store.coupon_version(FIRST_TENANT, busy.tea, 1).await.expect("it reads").expect("it is there");
    assert_eq!((before.version, before.limits.len(), before.state), (1, 3, CouponState::Draft));
    assert_eq!(store.coupon_no(FIRST_TENANT, now.id).await, Ok(Some(busy.tea)));
    assert_eq!(store.coupon(FIRST_TENANT, CouponNo(99)).await, Ok(None));
}

#[tokio::test]
async fn everything_is_read_back_after_a_restart() {
    let busy = Busy::open().await;
    let busy = busy.reopened().await;
    let store = &busy.shop.store;
    let coupon = store.coupon(FIRST_TENANT, busy.tea).await.expect("it reads").expect("it is there");
    assert_eq!(store.coupon_no(FIRST_TENANT, coupon.id).await, Ok(Some(busy.tea)));
    let customer = store.customer(FIRST_TENANT, busy.customers[0]).await.expect("it reads").expect("it is there");
    for _ in 0..2 {
        assert_eq!(store.customer_no(FIRST_TENANT, customer.id).await, Ok(Some(customer.no)));
        assert_eq!(store.customer_id(FIRST_TENANT, customer.no).await, Ok(Some(customer.id)));
    }
    let block = store.block(FIRST_TENANT, busy.block.id).await.expect("it reads").expect("it is there");
    assert_eq!((block.coupon, block.block), (busy.spring, busy.block.clone()));
    let two = store.redemption(FIRST_TENANT, &id("s-two")).await.expect("it reads").expect("it is there");
    assert_eq!((two.state, two.parts.len()), (RedemptionState::Succeeded, 2));
    let decision = store.decision(FIRST_TENANT, &two.id).await.expect("it reads").expect("it is there");
    assert_eq!(decision.quote.discount_minor, two.discount_minor);
    let figures = store.figures(FIRST_TENANT, busy.tea).await.expect("they read").statistics;
    assert_eq!((figures.issued, figures.expired, figures.redeemed, figures.returned), (6, 3, 4, 1));
}
