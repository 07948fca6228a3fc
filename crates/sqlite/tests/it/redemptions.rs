//! Redemptions, reservations and quotes.

use domain::codes::Reading;
use domain::coupon::CouponStep;
use domain::id::{CustomerNo, FIRST_TENANT};
use domain::ledger::{Action, Outcome, RedeemRequest};
use domain::redemption::{RedemptionId, RedemptionState};
use domain::rejection::Rejection;
use domain::voucher::Voucher;
use ports::{Ledger, Records, StoreError};

use crate::support::{Shop, order, stocked, ten_percent};

fn id(text: &str) -> RedemptionId {
    RedemptionId::parse(text).expect("an id")
}

fn request(redemption: &str, customer: CustomerNo, code: Reading) -> RedeemRequest {
    RedeemRequest {
        id: id(redemption),
        customer: Some(customer),
        order: order("order-1"),
        codes: vec![code],
        expected_total_minor: None,
        reserve_ms: None,
    }
}

impl Shop {
    /// The voucher's code, as typed.
    fn reading(&self, voucher: &Voucher) -> Reading {
        let codes = self.store.codes();
        let code = codes.code(FIRST_TENANT, &domain::codes::Pattern::default(), voucher.key, voucher.key_no);
        codes.read(FIRST_TENANT, &code.expect("a computed code"))
    }

    async fn redeemed(&self, action: Action) -> RedemptionState {
        let outcome = self.done(action).await;
        let Outcome::Redemption(redemption) = outcome else { panic!("not a redemption: {outcome:?}") };
        redemption.state
    }
}

#[tokio::test]
async fn a_voucher_is_quoted_redeemed_and_returned() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(stocked(1)).await);
    let code = shop.reading(&shop.claim(customer, coupon).await);
    let request = request("r-1", customer, code);

    let quote = shop.store.quote(FIRST_TENANT, request.clone()).await.expect("the store answers");
    assert_eq!((quote.discount_minor, quote.total_minor), (100, 900));
    assert_eq!(shop.redeemed(Action::Redeem(Box::new(request.clone()))).await, RedemptionState::Succeeded);
    assert_eq!(shop.redeemed(Action::Redeem(Box::new(request))).await, RedemptionState::Succeeded);
    assert_eq!(shop.number("select count(*) from redemption"), 1);
    assert_eq!(
        shop.number("select count(*) from decision join redemption using (redemption) where redemption_id = 'r-1'"),
        1
    );
    assert_eq!(shop.number("select value_given_minor from coupon_statistics"), 100);

    let back = Action::Return { redemption: id("r-1"), lines: None };
    assert_eq!(shop.redeemed(back).await, RedemptionState::Returned);
    assert_eq!(shop.number("select state from voucher"), 1);
    assert_eq!(shop.number("select value_given_minor from coupon_statistics"), 0);
}

#[tokio::test]
async fn an_amended_order_has_its_new_redemption_in_the_same_batch() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    let code = shop.reading(&shop.claim(customer, coupon).await);
    let first = request("r-9", customer, code.clone());
    shop.done(Action::Redeem(Box::new(first))).await;
    // An id before the old one, so that its row would come first.
    let amended = Action::Amend { redemption: id("r-9"), request: Box::new(request("r-1", customer, code)) };
    assert_eq!(shop.redeemed(amended).await, RedemptionState::Succeeded);
    assert_eq!(shop.number("select count(*) from redemption where state = 1 and redemption_id = 'r-1'"), 1);
    assert_eq!(shop.number("select count(*) from redemption where state = 4 and redemption_id = 'r-9'"), 1);
}

#[tokio::test]
async fn an_abort_cancels_what_is_reserved() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    let code = shop.reading(&shop.claim(customer, coupon).await);
    let reserve = RedeemRequest { reserve_ms: Some(60_000), ..request("r-1", customer, code) };
    assert_eq!(shop.redeemed(Action::Redeem(Box::new(reserve))).await, RedemptionState::Pending);
    assert_eq!(shop.number("select count(*) from reservation"), 1);
    shop.step(coupon, CouponStep::Abort).await;
    assert_eq!(shop.number("select count(*) from reservation"), 0);
    assert_eq!(shop.number("select state from redemption"), 2);
    let confirm = shop.refused(Action::Confirm { redemption: id("r-1") }).await;
    assert_eq!(confirm, Rejection::RedemptionCancelled);
}

#[tokio::test]
async fn a_cancel_that_comes_first_makes_the_reservation_fail() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    let code = shop.reading(&shop.claim(customer, coupon).await);
    assert_eq!(shop.redeemed(Action::Cancel { redemption: id("r-1") }).await, RedemptionState::Cancelled);
    let reserve = RedeemRequest { reserve_ms: Some(60_000), ..request("r-1", customer, code) };
    assert_eq!(shop.refused(Action::Redeem(Box::new(reserve))).await, Rejection::RedemptionCancelled);
}

#[tokio::test]
async fn a_command_whose_decision_panics_fails_and_the_store_goes_on() {
    let shop = Shop::open();
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    let code = shop.reading(&shop.claim(customer, coupon).await);
    let reserve = RedeemRequest { reserve_ms: Some(60_000), ..request("r-1", customer, code) };
    shop.done(Action::Redeem(Box::new(reserve))).await;
    // A reservation without its voucher: no decision can be made on that.
    shop.connection().execute("delete from voucher", []).expect("a row");
    let (confirmed, claimed) = tokio::join!(
        shop.submit(Action::Confirm { redemption: id("r-1") }),
        shop.submit(crate::support::claim(customer, coupon))
    );
    assert!(matches!(confirmed, Err(StoreError::Corrupt(_))), "{confirmed:?}");
    claimed.expect("the neighbour succeeds").expect("not refused");
    assert_eq!(shop.number("select state from redemption"), 0);
}
