//! Coupons that need no code.

use domain::coupon::CouponStep;
use domain::redemption::Redemption;

use super::crowd::granted;
use super::orders::order;
use super::specs::CouponSpec;
use super::world::World;
use super::{Harness, check_sound};

/// How many of these got something off.
fn with_discount(redemptions: &[Redemption]) -> usize {
    redemptions.iter().filter(|redemption| redemption.discount_minor > 0).count()
}

pub async fn race_13_an_automatic_coupon_with_a_limit_obeys_it(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().automatic().uses(30).budget(12_000)).await;
    let redeem = |world: World, _| async move { world.redeem(world.request_for(order(&[(1, 9_000)]), &[])).await };
    // Every order goes through; as many as the limits allow have the coupon. The budget is for 24 of them.
    let made = granted(world.all_at_once(100, redeem).await);
    assert_eq!((made.len(), with_discount(&made)), (100, 24));
    let figures = world.figures(coupon).await;
    assert_eq!((figures.redeemed, figures.value_given_minor), (24, 12_000));
    check_sound(harness).await;
}

pub async fn an_automatic_coupon_joins_codes_and_is_not_used_twice_by_its_own_code(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().automatic().percent(1_000).code("AUTO")).await;
    world.coupon(CouponSpec::new().percent(1_000).code("TYPED")).await;
    for (codes, discount_minor) in [(&[][..], 100), (&["TYPED"][..], 190), (&["AUTO", "TYPED"][..], 190)] {
        let made = world.redeem(world.request_for(order(&[(1, 1_000)]), codes)).await.expect("nothing is refused");
        assert_eq!(made.discount_minor, discount_minor, "{codes:?}");
    }
    check_sound(harness).await;
}

pub async fn an_automatic_coupon_applies_from_its_start_to_its_end_and_after_a_restart(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().automatic()).await;
    let redeemed = async |world: &World| {
        world.redeem(world.request_for(order(&[(1, 900)]), &[])).await.expect("an order goes through").discount_minor
    };
    assert_eq!(redeemed(&world).await, 500);
    harness.restart().await;
    let world = World::of(harness);
    assert_eq!(redeemed(&world).await, 500);
    world.step(coupon, CouponStep::Pause).await.expect("it runs");
    assert_eq!(redeemed(&world).await, 0);
    world.step(coupon, CouponStep::Activate).await.expect("it is paused");
    assert_eq!(redeemed(&world).await, 500);
    world.step(coupon, CouponStep::End).await.expect("it runs");
    assert_eq!(redeemed(&world).await, 0);
    check_sound(harness).await;
}
