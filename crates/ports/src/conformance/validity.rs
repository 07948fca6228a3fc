//! When vouchers begin and end.

use super::crowd::check_refused;
use super::orders::MINUTE_MS;
use super::specs::{CouponSpec, span};
use super::world::World;
use super::{Harness, check_sound};

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

pub async fn tx_8_a_fixed_validity_is_the_same_for_every_voucher(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let (from, until) = (world.now().saturating_add_ms(DAY_MS), world.now().saturating_add_ms(2 * DAY_MS));
    let coupon = world.coupon(CouponSpec::new().valid(Some(from), Some(until))).await;
    let customers = world.customers(3).await;
    let mut vouchers = Vec::new();
    for customer in customers {
        vouchers.push(world.claim(customer, coupon).await.expect("nothing is in the way"));
        world.wait(MINUTE_MS);
    }
    for voucher in &vouchers {
        let row = world.voucher(voucher).await;
        assert_eq!((row.valid_from, row.valid_until), (Some(from), Some(until)));
    }
    check_refused(world.use_voucher(&vouchers[0]).await, "not_yet_valid");
    world.wait_until(from);
    world.use_voucher(&vouchers[0]).await.expect("its time has come");
    world.wait_until(until.saturating_add_ms(-1));
    world.use_voucher(&vouchers[1]).await.expect("its time is not over");
    world.wait_until(until);
    check_refused(world.use_voucher(&vouchers[2]).await, "voucher_expired");
    check_refused(world.claim(world.customer().await, coupon).await, "expired");
    check_sound(harness).await;
}

pub async fn tx_8_a_validity_from_the_claim_is_each_vouchers_own(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let zone = world.settings().await.zone.clone();
    let last = world.now().saturating_add_ms(10 * DAY_MS);
    let coupon = world.coupon(CouponSpec::new().valid_after_claim("P7D").valid(None, Some(last))).await;
    let mut vouchers = Vec::new();
    for wait_days in [0, 2, 3] {
        world.wait(wait_days * DAY_MS);
        let (start, voucher) = (world.now(), world.claim(world.customer().await, coupon).await);
        let row = world.voucher(&voucher.expect("nothing is in the way")).await;
        let end = span("P7D").after(start, &zone).min(last);
        assert_eq!((row.valid_from, row.valid_until), (Some(start), Some(end)));
        vouchers.push((row, end));
    }
    // A later change of the definition moves nothing.
    world.rewrite(coupon, CouponSpec::new().valid_after_claim("PT1M")).await.expect("it may be changed");
    for (voucher, end) in vouchers {
        world.wait_until(end.saturating_add_ms(-1));
        let used = world.use_voucher(&voucher).await.expect("its time is not over");
        world.give_back(&used.id).await.expect("it was used");
        world.wait_until(end);
        check_refused(world.use_voucher(&voucher).await, "voucher_expired");
    }
    check_sound(harness).await;
}

pub async fn a_hold_never_outlives_the_validity(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let until = world.now().saturating_add_ms(MINUTE_MS);
    let coupon = world.coupon(CouponSpec::new().hold("PT5M").valid(None, Some(until)).stock(1)).await;
    let voucher = world.claim(world.customer().await, coupon).await.expect("there is a unit");
    assert_eq!(world.voucher(&voucher).await.held_until, Some(until));
    world.wait(MINUTE_MS);
    check_refused(world.use_voucher(&voucher).await, "voucher_expired");
    assert_eq!(world.sweep_all().await, 1);
    check_sound(harness).await;
}
