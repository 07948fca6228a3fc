//! Answers to idempotency keys, wherever their keys are: in memory, on their way into the index, in it.

use std::collections::BTreeSet;

use domain::id::{CouponNo, CustomerNo, FIRST_TENANT};
use domain::ledger::IdempotencyHash;
use domain::time::Timestamp;
use ports::{Clock as _, Ledger as _, Records as _};
use sqlite::{Options, SqliteStore};

use crate::support::{Shop, claim, keyed, new_id, options, ten_percent};

/// Keys in memory before the index takes them in.
const TAIL: usize = 8;

fn small(options: Options) -> Options {
    Options { answers_max: TAIL, ..options }
}

async fn shop() -> (Shop, CustomerNo, CouponNo) {
    let shop = Shop::open_with(small);
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    (shop, customer, coupon)
}

/// Keys whose hashes are in no order.
fn key(number: u8) -> IdempotencyHash {
    [number.wrapping_mul(167); 16]
}

async fn is_replayed(shop: &Shop, number: u8, (customer, coupon): (CustomerNo, CouponNo)) -> bool {
    let claimed = shop.store.submit(FIRST_TENANT, keyed(key(number), 1, claim(customer, coupon))).await;
    claimed.expect("the store answers").expect("not refused").replayed
}

async fn reopened(shop: Shop) -> Shop {
    shop.store.close().await;
    let store = SqliteStore::open(small(options(&shop.folder, &shop.clock))).expect("the folder opens again");
    Shop { store, ..shop }
}

async fn assert_clean(shop: &Shop) {
    let copy = shop.folder.path().join(format!("{}.db", new_id()));
    shop.store.backup(copy.clone()).await.expect("a backup can be made");
    let report = sqlite::check(&copy, Some(shop.store.codes())).expect("a backup can be checked");
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn an_answer_is_found_by_its_key_in_memory_on_its_way_into_the_index_and_in_it_before_and_after_a_restart() {
    let (mut shop, customer, coupon) = shop().await;
    for number in 0..60 {
        assert!(!is_replayed(&shop, number, (customer, coupon)).await, "{number} is new");
        if number % 9 == 8 {
            shop = reopened(shop).await;
        }
        for earlier in 0..=number {
            assert!(is_replayed(&shop, earlier, (customer, coupon)).await, "{earlier} of {number} is known");
        }
    }
    assert_eq!(shop.number("select count(*) from answer"), 60);
    assert_eq!(shop.number("select count(*) from voucher"), 60);
    let indexed = shop.number("select count(*) from answer_key");
    assert!((30..60).contains(&indexed), "{indexed} are in the index, the rest in memory");
    assert_clean(&shop).await;
}

#[tokio::test]
async fn an_old_answer_is_forgotten_wherever_its_key_is_and_its_key_is_new_again() {
    let (shop, customer, coupon) = shop().await;
    let mut forgotten = BTreeSet::new();
    for number in 0..60 {
        shop.clock.advance(1_000);
        assert!(!is_replayed(&shop, number, (customer, coupon)).await);
        // At first all but the last, so that a tail is emptied before it is in the index; then what is older than that.
        let age_ms = if number < 20 { 1_000 } else { 1_000 * i64::from(number / 2) };
        let before = Timestamp::from_ms(shop.clock.now().as_ms() - age_ms + 1);
        let old = (0..number).filter(|one| i64::from(number - one) * 1_000 >= age_ms);
        let old: Vec<u8> = old.filter(|one| !forgotten.contains(one)).collect();
        assert_eq!(shop.store.forget_answers(before, 100).await, Ok(old.len()), "{old:?} at {number}");
        forgotten.extend(old);
    }
    assert_eq!(shop.number("select count(*) from answer"), 60 - i64::try_from(forgotten.len()).unwrap());
    assert_clean(&shop).await;
    for number in 0..60 {
        let known = !forgotten.contains(&number);
        assert_eq!(is_replayed(&shop, number, (customer, coupon)).await, known, "{number}");
    }
    let shop = reopened(shop).await;
    assert_eq!(shop.number("select count(*) from answer"), 60);
    assert_clean(&shop).await;
}
