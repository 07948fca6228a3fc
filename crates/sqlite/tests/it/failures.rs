//! What goes wrong stays with who it concerns.

use domain::id::FIRST_TENANT;
use ports::{Ledger, StoreError};

use crate::support::{Shop, claim, command, ten_percent};

/// Commands that are handed in while somebody else holds the write lock are in one batch: the writer has the first and
/// waits, the rest gathers behind it.
struct Held(rusqlite::Connection);

impl Held {
    fn take(shop: &Shop) -> Self {
        let connection = shop.connection();
        connection.execute_batch("begin immediate").expect("nobody writes");
        Self(connection)
    }

    fn release(self) {
        self.0.execute_batch("rollback").expect("it was begun");
    }
}

#[tokio::test]
async fn a_command_that_breaks_a_constraint_fails_alone() {
    let shop = Shop::open();
    let customer = shop.customer().await;
    let (good, bad) = (shop.coupon(ten_percent()).await, shop.coupon(ten_percent()).await);
    shop.claim(customer, bad).await;
    // The next ordinal is one that is there: the insert of the voucher will fail.
    shop.connection().execute("update series set next = 0 where coupon = ?1", [bad.0]).expect("a row");
    let events = shop.number("select max(journal) from journal");

    let held = Held::take(&shop);
    let submit = |coupon| shop.store.submit(FIRST_TENANT, command(claim(customer, coupon)));
    let release = async {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        held.release();
    };
    let (first, poisoned, last, ()) = tokio::join!(submit(good), submit(bad), submit(good), release);

    first.expect("the first succeeds").expect("not refused");
    assert!(matches!(poisoned, Err(StoreError::Corrupt(_))), "{poisoned:?}");
    last.expect("the last succeeds").expect("not refused");
    assert_eq!(shop.number("select count(*) from voucher where coupon = 1"), 2);
    assert_eq!(shop.number("select max(journal) from journal"), events + 2);
    shop.claim(customer, good).await;
}

#[tokio::test]
async fn a_full_queue_tells_callers_to_come_again() {
    let shop = Shop::open_with(|options| sqlite::Options { queue_max: 2, batch_max: 1, ..options });
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    let held = Held::take(&shop);
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let store = shop.store.clone();
            tokio::spawn(async move { store.submit(FIRST_TENANT, command(claim(customer, coupon))).await })
        })
        .collect();
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    held.release();
    let (mut done, mut busy) = (0, 0);
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(answer) => {
                answer.expect("not refused");
                done += 1;
            }
            Err(StoreError::Busy { retry_after_ms }) => {
                assert!(retry_after_ms > 0);
                busy += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    // Two in the queue, one with the writer, one taken for the next batch.
    assert!((2..=4).contains(&done) && done + busy == 10, "{done} done, {busy} busy");
    assert_eq!(shop.number("select count(*) from voucher"), done);
}

#[tokio::test]
async fn a_command_for_no_tenant_is_not_taken() {
    let shop = Shop::open();
    let customer = shop.customer().await;
    let answer = shop.store.submit(domain::id::TenantNo(9), command(claim(customer, domain::id::CouponNo(1)))).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn after_close_commands_are_refused_and_what_waited_is_done() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    let (claimed, ()) = tokio::join!(shop.submit(claim(customer, coupon)), shop.store.close());
    claimed.expect("it was handed in before").expect("not refused");
    assert!(matches!(shop.submit(claim(customer, coupon)).await, Err(StoreError::Unavailable(_))));
    assert_eq!(shop.number("select count(*) from voucher"), 1);
}
