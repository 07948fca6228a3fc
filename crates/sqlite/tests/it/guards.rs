//! The guards behind the decision: what a row may hold, and that it is what was decided on.

use domain::coupon::CouponStep;
use domain::ledger::Action;
use ports::StoreError;

use crate::activity::Busy;
use crate::support::{Shop, stocked, ten_percent};

#[tokio::test]
async fn no_counter_can_be_written_above_its_bound_or_below_zero() {
    let shop = Shop::open();
    let coupon = shop.coupon(stocked(5)).await;
    shop.claim(shop.customer().await, coupon).await;
    for change in ["used = bound + 1", "held = bound - used + 1", "used = -1", "held = -1"] {
        let written = shop.connection().execute(&format!("update usage set {change}"), []);
        let error = written.expect_err("the row cannot hold it").to_string();
        assert!(error.contains("usage_is_"), "{change}: {error}");
    }
    assert_eq!(shop.number("select sum(used) from usage"), 2);
}

#[tokio::test]
async fn no_balance_of_gift_value_can_be_written_below_zero_or_below_what_is_held() {
    let busy = Busy::open().await;
    busy.gifts().await;
    let connection = busy.shop.connection();
    for change in ["balance_minor = -1, held_minor = -2", "held_minor = -1", "held_minor = balance_minor + 1"] {
        let written = connection.execute(&format!("update gift_account set {change}"), []);
        let error = written.expect_err("the row cannot hold it").to_string();
        assert!(error.contains("gift_account_"), "{change}: {error}");
    }
    let entry = connection.execute("update gift_entry set balance_minor = -1", []);
    assert!(entry.expect_err("nor the entry").to_string().contains("gift_entry_is_not_negative"));
}

#[tokio::test]
async fn what_was_decided_on_a_row_that_is_another_by_now_is_not_written() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    // Somebody else at the file, whom the store's memory of definitions knows nothing of.
    let changed = shop.connection().execute("update coupon set version = version + 1 where coupon = ?1", [coupon.0]);
    assert_eq!(changed, Ok(1));
    let paused = shop.submit(Action::MoveCoupon { coupon, step: CouponStep::Pause }).await;
    assert!(matches!(paused, Err(StoreError::Corrupt(_))), "{paused:?}");
    shop.claim(customer, coupon).await;
}
