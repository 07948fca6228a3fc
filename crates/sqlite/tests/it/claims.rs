//! Claims, alone and together.

use domain::coupon::CouponStep;
use domain::event::Event;
use domain::id::FIRST_TENANT;
use domain::ledger::{Action, Outcome};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::Rejection;
use domain::voucher::VoucherState;
use ports::Ledger;

use crate::support::{Shop, claim, keyed, stocked, ten_percent};

const OUT_OF_STOCK: Rejection = Rejection::Limit { counts: Counts::Claims, per: Per::Everyone, period: Period::Ever };

#[tokio::test]
async fn a_claim_writes_its_voucher_wallet_usages_events_and_figures() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(stocked(5)).await);
    let voucher = shop.claim(customer, coupon).await;
    assert_eq!((voucher.state, voucher.customer, voucher.version), (VoucherState::Issued, Some(customer), 1));

    assert_eq!(shop.number("select count(*) from voucher where state = 1 and customer = 1 and ordinal = 0"), 1);
    assert_eq!(shop.number("select count(*) from wallet where customer = 1 and coupon = 1"), 1);
    assert_eq!(shop.number("select sum(used) from usage where subject = 0"), 1);
    assert_eq!(shop.number("select sum(used) from usage where subject = 1"), 1);
    assert_eq!(shop.number("select next from series"), 1);
    assert_eq!(shop.number("select issued from coupon_statistics"), 1);
    assert_eq!(shop.number("select count(*) from coupon_version"), 2);
    let blob: Vec<u8> = shop
        .connection()
        .query_row("select events from journal order by journal desc limit 1", [], |row| row.get(0))
        .expect("a row of the journal");
    let events: Vec<Event> = postcard::from_bytes(&blob[1..]).expect("events");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].usage.len(), 2);
}

#[tokio::test]
async fn a_multi_coupon_claim_is_one_batch_of_events() {
    let shop = Shop::open();
    let customer = shop.customer().await;
    let mut coupons = Vec::new();
    for _ in 0..4 {
        coupons.push(shop.coupon(stocked(5)).await);
    }
    let before = shop.number("select max(journal) from journal");
    shop.done(Action::Claim { customer, coupons }).await;
    assert_eq!(shop.number("select max(journal) from journal"), before + 1, "one row of the journal, one commit");
    assert_eq!(shop.number("select count(distinct journal) from voucher"), 1);
    assert_eq!(shop.number("select count(*) from voucher"), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_claims_at_once_take_no_more_than_the_stock() {
    let shop = Shop::open();
    let coupon = shop.coupon(stocked(70)).await;
    let mut tasks = Vec::new();
    for _ in 0..200 {
        let (store, customer) = (shop.store.clone(), shop.customer().await);
        tasks.push(tokio::spawn(async move {
            store.submit(FIRST_TENANT, crate::support::command(claim(customer, coupon))).await
        }));
    }
    let (mut taken, mut refused) = (0, 0);
    for task in tasks {
        match task.await.expect("no panic").expect("the store answers") {
            Ok(_) => taken += 1,
            Err(refusal) => {
                assert_eq!(refusal.rejection, OUT_OF_STOCK);
                refused += 1;
            }
        }
    }
    assert_eq!((taken, refused), (70, 130));
    assert_eq!(shop.number("select count(*) from voucher"), 70);
    assert_eq!(shop.number("select used from usage where subject = 0"), 70);
    assert_eq!(shop.number("select count(*) from usage where subject <> 0 and used = 1"), 70);
    assert_eq!(shop.number("select issued from coupon_statistics"), 70);
    shop.store.close().await;
    assert_eq!(shop.number("select count from refusal_count where rejection = 'out_of_stock'"), 130);
}

#[tokio::test]
async fn a_second_claim_with_the_same_key_returns_the_first_answer() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    let submit = || shop.store.submit(FIRST_TENANT, keyed([1; 16], 1, claim(customer, coupon)));
    // Both in one batch, most likely, and one after the other.
    let (one, two) = tokio::join!(submit(), submit());
    let three = submit().await;
    let [one, two, three] = [one, two, three].map(|answer| answer.expect("the store answers").expect("not refused"));
    assert_eq!([one.replayed, two.replayed, three.replayed], [false, true, true]);
    assert!(one.outcome == two.outcome && two.outcome == three.outcome);
    assert_eq!(shop.number("select count(*) from voucher"), 1);
    assert_eq!(shop.number("select count(*) from answer"), 1);
}

#[tokio::test]
async fn a_key_used_with_another_body_is_refused() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    let submit = |body| shop.store.submit(FIRST_TENANT, keyed([1; 16], body, claim(customer, coupon)));
    let (one, two) = tokio::join!(submit(1), submit(2));
    one.expect("the store answers").expect("the first is not refused");
    let refusal = two.expect("the store answers").expect_err("the second is refused");
    assert_eq!(refusal.rejection, Rejection::IdempotencyKeyReused);
    assert_eq!(shop.number("select count(*) from voucher"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn once_a_pause_is_acknowledged_no_claim_succeeds() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    let claims: Vec<_> = (0..8)
        .map(|_| {
            let store = shop.store.clone();
            tokio::spawn(async move {
                loop {
                    let answer = store.submit(FIRST_TENANT, crate::support::command(claim(customer, coupon))).await;
                    if let Err(refusal) = answer.expect("the store answers") {
                        return refusal.rejection;
                    }
                }
            })
        })
        .collect();
    shop.step(coupon, CouponStep::Pause).await;
    let made = shop.number("select count(*) from voucher");
    for claim in claims {
        assert_eq!(claim.await.expect("no panic"), Rejection::CouponPaused);
    }
    assert_eq!(shop.number("select count(*) from voucher"), made);
}

#[tokio::test]
async fn a_claim_of_several_coupons_is_whole_or_not_at_all() {
    let shop = Shop::open();
    let (customer, plenty, none) =
        (shop.customer().await, shop.coupon(ten_percent()).await, shop.coupon(stocked(0)).await);
    let both = domain::ledger::Action::Claim { customer, coupons: vec![plenty, none] };
    assert_eq!(shop.refused(both).await, OUT_OF_STOCK);
    assert_eq!(shop.number("select count(*) from voucher"), 0);
    let Outcome::Vouchers(vouchers) = shop.done(claim(customer, plenty)).await else { panic!("not vouchers") };
    assert_eq!(vouchers[0].key.ordinal, 0);
}
