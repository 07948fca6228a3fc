use domain::benefit::Benefit;
use domain::coupon::{CouponStep, Definition};
use domain::ledger::RedeemRequest;
use domain::pricing::{Help, Quote};
use domain::rejection::Rejection;

use crate::asking::{definition, order, stock};
use crate::world::World;

fn automatic(amount_minor: i64) -> Definition {
    Definition { automatic: true, benefit: Benefit::amount_off(amount_minor), ..definition() }
}

fn quote(world: &mut World, prices_minor: &[i64], codes: &[&str]) -> Quote {
    world.quote(&RedeemRequest { order: order("o", prices_minor), ..world.request("r", None, codes) })
}

#[test]
fn what_needs_no_code_applies_to_every_order() {
    let mut world = World::new();
    world.coupon(automatic(500));
    assert_eq!(quote(&mut world, &[2_000], &[]).discount_minor, 500);
}

#[test]
fn what_does_not_apply_is_not_mentioned_unless_something_would_help() {
    let mut world = World::new();
    world.coupon(Definition { minimum_order_minor: Some(3_000), ..automatic(500) });
    world.coupon(Definition { currency: Some("USD".parse().unwrap()), ..automatic(500) });
    let quote = quote(&mut world, &[2_000], &[]);
    let told: Vec<_> = quote.refused.iter().map(|one| (one.refusal.rejection, one.help)).collect();
    assert_eq!(told, [(Rejection::BelowMinimum, Some(Help::AddMinor(1_000)))]);
    assert_eq!(quote.discount_minor, 0);
}

#[test]
fn of_many_that_would_help_ten_are_told() {
    let mut world = World::new();
    for _ in 0..12 {
        world.coupon(Definition { minimum_order_minor: Some(3_000), ..automatic(500) });
    }
    assert_eq!(quote(&mut world, &[2_000], &[]).refused.len(), 10);
}

#[test]
fn one_that_does_not_apply_stands_in_the_way_of_no_redemption() {
    let mut world = World::new();
    world.coupon(Definition { limits: vec![stock(1)], ..automatic(500) });
    for (id, discount_minor) in [("first", 500), ("second", 0)] {
        let done = world.redeem_by(world.request(id, None, &[])).unwrap();
        assert_eq!(done.discount_minor, discount_minor, "{id}");
    }
}

#[test]
fn a_code_that_is_refused_still_refuses_the_redemption() {
    let mut world = World::new();
    world.coupon(automatic(500));
    let refused = world.redeem_by(world.request("r", None, &["nonsense"]));
    assert_eq!(refused.unwrap_err().rejection, Rejection::CodeUnknown);
}

#[test]
fn a_coupon_that_is_paused_is_not_used_until_it_runs_again() {
    let mut world = World::new();
    let coupon = world.coupon(automatic(500));
    world.step(coupon, CouponStep::Pause).unwrap();
    assert_eq!(quote(&mut world, &[2_000], &[]).discount_minor, 0);
    world.step(coupon, CouponStep::Activate).unwrap();
    assert_eq!(quote(&mut world, &[2_000], &[]).discount_minor, 500);
}
