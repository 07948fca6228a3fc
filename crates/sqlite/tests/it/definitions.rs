//! Coupons, campaigns and customers.

use domain::codes::{Alphabet, Pattern};
use domain::coupon::{CouponStep, Definition};
use domain::customer::CustomerProfile;
use domain::id::{CouponId, CustomerId, FIRST_TENANT};
use domain::ledger::{Action, Start};
use domain::limit::Per;
use domain::rejection::Rejection;
use ports::Ledger;

use crate::support::{Shop, claim, command, limit, new_id, stocked, ten_percent};

#[tokio::test]
async fn every_version_is_kept_though_two_changes_come_at_once() {
    let shop = Shop::open();
    let coupon = shop.coupon(ten_percent()).await;
    let step = |step| shop.store.submit(FIRST_TENANT, command(Action::MoveCoupon { coupon, step }));
    let (pause, resume) = tokio::join!(step(CouponStep::Pause), step(CouponStep::Activate));
    pause.expect("the store answers").expect("not refused");
    resume.expect("the store answers").expect("not refused");
    assert_eq!(shop.number("select count(*) from coupon_version where coupon = 1"), 4);
    assert_eq!(shop.number("select version from coupon"), 4);
}

#[tokio::test]
async fn a_limit_keeps_its_count_when_its_maximum_changes() {
    let shop = Shop::open();
    let (one, two) = (shop.customer().await, shop.customer().await);
    let coupon = shop.coupon(stocked(1)).await;
    shop.claim(one, coupon).await;
    let definition = Box::new(stocked(2));
    shop.done(Action::UpdateCoupon { coupon, if_version: 2, definition, code: None }).await;
    shop.claim(two, coupon).await;
    assert_eq!(shop.number("select used from usage where subject = 0 and bound = 2"), 2);
    assert_eq!(shop.number("select count(*) from usage_limit"), 2);
}

#[tokio::test]
async fn a_campaigns_limit_counts_over_its_coupons() {
    let shop = Shop::open();
    let campaign = shop.campaign(vec![limit("all", Per::Everyone, 1)]).await;
    let definition = Definition { campaign: Some(campaign), ..ten_percent() };
    let (one, two) = (shop.coupon(definition.clone()).await, shop.coupon(definition).await);
    let customer = shop.customer().await;
    shop.claim(customer, one).await;
    assert!(matches!(shop.refused(claim(customer, two)).await, Rejection::Limit { .. }));
}

#[tokio::test]
async fn a_pattern_reads_codes_as_soon_as_its_coupon_is_answered_and_after_a_restart() {
    let shop = Shop::open();
    let pattern = Pattern::new("TEA-", Alphabet::Base32, 16).expect("a pattern");
    let definition = Definition { pattern: Some(pattern), ..ten_percent() };
    shop.coupon(definition.clone()).await;
    let again = Action::CreateCoupon {
        id: CouponId(new_id()),
        definition: Box::new(definition),
        code: None,
        start: Start::Draft,
    };
    assert_eq!(shop.refused(again.clone()).await, Rejection::PrefixTaken);
    let shop = shop.reopened().await;
    assert_eq!(shop.refused(again).await, Rejection::PrefixTaken);
}

#[tokio::test]
async fn an_external_id_belongs_to_one_customer() {
    let shop = Shop::open();
    let profile = CustomerProfile { external_id: Some("c-1".to_owned()), ..CustomerProfile::default() };
    let make = || Action::CreateCustomer { id: CustomerId(new_id()), profile: Box::new(profile.clone()) };
    let (one, two) = tokio::join!(shop.submit(make()), shop.submit(make()));
    one.expect("the store answers").expect("not refused");
    let refusal = two.expect("the store answers").expect_err("refused");
    assert_eq!(refusal.rejection, Rejection::IdentityTaken);
}
