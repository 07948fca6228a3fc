//! What ends by itself: holds, reservations, and answers kept for idempotency.

use domain::id::FIRST_TENANT;
use domain::time::Timestamp;
use ports::{Clock, Ledger};

use crate::support::{Shop, claim, held, keyed, stocked, ten_percent};

#[tokio::test]
async fn a_sweep_ends_what_is_due_and_nothing_else() {
    let shop = Shop::open();
    let (one, two) = (shop.coupon(held(stocked(10))).await, shop.coupon(held(ten_percent())).await);
    for _ in 0..3 {
        shop.claim(shop.customer().await, one).await;
    }
    shop.clock.advance(30_000);
    shop.claim(shop.customer().await, two).await;
    assert_eq!(shop.store.sweep(100).await, Ok(0));
    shop.clock.advance(30_000);
    assert_eq!(shop.store.sweep(2).await, Ok(2));
    assert_eq!(shop.store.sweep(100).await, Ok(1));
    assert_eq!(shop.number("select count(*) from voucher where state = 4"), 3);
    assert_eq!(shop.number("select held from usage where subject = 0"), 0);
    shop.clock.advance(30_000);
    assert_eq!(shop.store.sweep(100).await, Ok(1));
    assert_eq!(shop.number("select expired from coupon_statistics where coupon = 2"), 1);
}

#[tokio::test]
async fn a_due_hold_makes_room_before_the_stock_is_said_to_be_out() {
    let shop = Shop::open();
    let coupon = shop.coupon(held(stocked(1))).await;
    shop.claim(shop.customer().await, coupon).await;
    shop.clock.advance(60_000);
    shop.claim(shop.customer().await, coupon).await;
    assert_eq!(shop.number("select count(*) from voucher where state = 4"), 1);
    assert_eq!(shop.number("select held from usage where subject = 0"), 1);
}

#[tokio::test]
async fn what_is_due_of_others_is_left_alone_when_a_customers_own_limit_refuses() {
    let shop = Shop::open();
    let (one, two, coupon) = (shop.customer().await, shop.customer().await, shop.coupon(held(stocked(2))).await);
    shop.claim(one, coupon).await;
    shop.clock.advance(30_000);
    shop.claim(two, coupon).await;
    shop.clock.advance(30_000);
    // Stock and the customer's own limit are full: what is due of the other frees only the stock.
    shop.refused(claim(two, coupon)).await;
    assert_eq!(shop.number("select count(*) from voucher where state = 0"), 2);
    shop.claim(one, coupon).await;
    assert_eq!(shop.number("select count(*) from voucher where state = 4"), 1);
}

#[tokio::test]
async fn old_answers_are_forgotten_and_young_ones_kept() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    for key in 0..10 {
        shop.clock.advance(1_000);
        let claimed = shop.store.submit(FIRST_TENANT, keyed([key; 16], 1, claim(customer, coupon))).await;
        claimed.expect("the store answers").expect("not refused");
    }
    let before = Timestamp::from_ms(shop.clock.now().as_ms() - 2_500);
    assert_eq!(shop.store.forget_answers(before, 4).await, Ok(4));
    assert_eq!(shop.store.forget_answers(before, 100).await, Ok(3));
    assert_eq!(shop.store.forget_answers(before, 100).await, Ok(0));
    assert_eq!(shop.number("select count(*) from answer"), 3);
}
