//! Caps per day, per customer and per customer and day, and where days begin.

use domain::id::{CouponNo, CustomerNo};
use domain::ledger::Action;
use domain::period::Period;
use domain::time::Timestamp;
use domain::voucher::Voucher;

use super::crowd::{Told, check_refused, check_tally};
use super::orders::MINUTE_MS;
use super::specs::CouponSpec;
use super::world::{World, command};
use super::{Harness, check_sound};

/// Each of the customers claims so often, all at once.
async fn rush(world: &World, customers: &[CustomerNo], times: usize, coupon: CouponNo) -> Vec<Told<Voucher>> {
    let claim = |world: World, index: usize| {
        let customer = customers[index % customers.len()];
        async move { world.claim(customer, coupon).await }
    };
    world.all_at_once(customers.len() * times, claim).await
}

/// When the tenant's day ends.
async fn midnight(world: &World) -> Timestamp {
    let zone = world.settings().await.zone.clone();
    Period::Day.end(world.now(), &zone).expect("days end")
}

pub async fn tx_2_three_caps_hold_exactly_under_claims_of_the_same_and_of_many_customers(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().a_day(33).each_a_day(2).each(3)).await;
    let (regulars, guests) = (world.customers(12).await, world.customers(30).await);
    // The same customers run into their day's cap, then many into the day's cap of all.
    check_tally(&rush(&world, &regulars, 6, coupon).await, &[("granted", 24), ("customer_day_limit", 48)]);
    check_tally(&rush(&world, &guests, 1, coupon).await, &[("granted", 9), ("day_limit", 21)]);
    check_tally(&rush(&world, &regulars, 2, coupon).await, &[("day_limit", 24)]);
    // The next day the customers have one left of their total.
    world.wait_until(midnight(&world).await);
    check_tally(&rush(&world, &regulars, 6, coupon).await, &[("granted", 12), ("customer_limit", 60)]);
    for customer in regulars {
        assert_eq!(world.vouchers_of(customer).await.len(), 3);
    }
    assert_eq!(world.figures(coupon).await.issued, 24 + 9 + 12);
    check_sound(harness).await;
}

pub async fn tx_2_day_caps_begin_again_at_midnight_of_the_tenants_zone(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().a_day(2).each_a_day(1)).await;
    let customers = world.customers(3).await;
    let midnight = midnight(&world).await;
    for _ in 0..2 {
        for customer in &customers[..2] {
            world.claim(*customer, coupon).await.expect("the day has room");
        }
        check_refused(world.claim(customers[2], coupon).await, "day_limit");
        world.wait_until(midnight.saturating_add_ms(-1));
        let action = Action::Claim { customer: customers[2], coupons: vec![coupon] };
        let refusal = world.submit(command(None, action)).await.expect_err("it is the same day still");
        assert!(refusal.retry_at.is_some_and(|at| at >= midnight), "{refusal:?}");
        world.wait_until(midnight);
    }
    assert_eq!(world.figures(coupon).await.issued, 4);
    check_sound(harness).await;
}

pub async fn tx_2_a_hold_that_ends_gives_back_the_unit_but_not_the_days_allowance(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(1).each_a_day(1).hold("PT5M")).await;
    let customers = world.customers(2).await;
    let held = world.claim(customers[0], coupon).await.expect("there is a unit");
    check_refused(world.claim(customers[1], coupon).await, "out_of_stock");
    world.release(&held).await.expect("a hold can be released");
    check_refused(world.claim(customers[0], coupon).await, "customer_day_limit");
    world.claim(customers[1], coupon).await.expect("the unit is free");
    world.wait(5 * MINUTE_MS);
    world.wait_until(midnight(&world).await);
    world.claim(customers[0], coupon).await.expect("the unit is free and the day is new");
    check_sound(harness).await;
}
