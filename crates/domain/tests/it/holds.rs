use domain::coupon::Definition;
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::Rejection;
use domain::validity::Validity;
use domain::voucher::VoucherState;

use crate::asking::{MINUTE_MS, definition, limit, refusal, stock};
use crate::world::World;

const OUT_OF_STOCK: Rejection = Rejection::Limit { counts: Counts::Claims, per: Per::Everyone, period: Period::Ever };

/// Five minutes, for one customer at a time.
fn held() -> Definition {
    Definition { hold: Some("PT5M".parse().unwrap()), limits: vec![stock(1)], ..definition() }
}

#[test]
fn a_hold_counts_as_held_and_ends_at_its_instant() {
    let mut world = World::new();
    let (ann, bob, coupon) = (world.customer(), world.customer(), world.coupon(held()));
    let voucher = world.claim(ann, coupon).unwrap();
    assert_eq!(
        (voucher.state, voucher.held_until),
        (VoucherState::Held, Some(world.now.saturating_add_ms(5 * MINUTE_MS)))
    );
    assert_eq!(world.usage(coupon, &stock(0)), (0, 1));
    world.later_ms(5 * MINUTE_MS - 1);
    assert_eq!(refusal(world.claim(bob, coupon)), OUT_OF_STOCK);
    assert_eq!(world.sweep(), (0, 0));
    world.later_ms(1);
    assert_eq!(world.sweep(), (1, 0));
    assert_eq!(world.sweep(), (0, 0));
    assert_eq!(world.usage(coupon, &stock(0)), (0, 0));
}

#[test]
fn a_unit_whose_hold_is_over_goes_to_the_next_with_a_fresh_ordinal_before_stock_is_out() {
    let mut world = World::new();
    let (ann, bob, coupon) = (world.customer(), world.customer(), world.coupon(held()));
    let first = world.claim(ann, coupon).unwrap();
    world.later_ms(5 * MINUTE_MS);
    let second = world.claim(bob, coupon).unwrap();
    assert_eq!((first.key.ordinal, second.key.ordinal), (0, 1));
    assert_eq!(world.rows.vouchers[&first.key].state, VoucherState::Expired);
    assert_eq!(refusal(world.claim(ann, coupon)), OUT_OF_STOCK);
}

#[test]
fn only_as_many_holds_end_as_make_room() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { limits: vec![stock(3)], ..held() });
    let ann = world.customer();
    (0..3).for_each(|_| drop(world.claim(ann, coupon).unwrap()));
    world.later_ms(5 * MINUTE_MS);
    world.claim(ann, coupon).unwrap();
    assert_eq!(world.usage(coupon, &stock(0)), (0, 3));
    assert_eq!(world.sweep(), (2, 0));
}

#[test]
fn a_released_hold_frees_its_unit_at_once_and_only_once() {
    let mut world = World::new();
    let (ann, bob, coupon) = (world.customer(), world.customer(), world.coupon(held()));
    let voucher = world.claim(ann, coupon).unwrap();
    world.release(voucher.key).unwrap();
    assert_eq!(refusal(world.release(voucher.key)), Rejection::VoucherExpired);
    world.claim(bob, coupon).unwrap();
    assert_eq!(refusal(world.claim(ann, coupon)), OUT_OF_STOCK);
}

#[test]
fn a_voucher_owned_for_good_cannot_be_released() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    let voucher = world.claim(ann, coupon).unwrap();
    assert_eq!(refusal(world.release(voucher.key)), Rejection::VoucherNotHeld);
}

#[test]
fn an_expired_hold_does_not_restore_the_days_allowance() {
    let mut world = World::new();
    let day = limit(Counts::Claims, Per::Customer, Period::Day, 1);
    let ann = world.customer();
    let coupon = world.coupon(Definition { limits: vec![stock(1), day.clone()], ..held() });
    world.claim(ann, coupon).unwrap();
    world.later_ms(5 * MINUTE_MS);
    assert_eq!(world.claim(ann, coupon).unwrap_err().rejection.code(), "customer_day_limit");
    world.sweep();
    assert_eq!((world.usage(coupon, &stock(0)), world.usage(coupon, &day)), ((0, 0), (1, 0)));
    assert_eq!(world.claim(ann, coupon).unwrap_err().rejection.code(), "customer_day_limit");
}

#[test]
fn a_hold_never_outlives_the_validity() {
    let mut world = World::new();
    let until = Some(world.now.saturating_add_ms(MINUTE_MS));
    let coupon = world.coupon(Definition { validity: Validity { until, ..Validity::default() }, ..held() });
    let ann = world.customer();
    assert_eq!(world.claim(ann, coupon).unwrap().held_until, until);
}

#[test]
fn a_used_hold_counts_as_used() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(held()));
    let voucher = world.claim(ann, coupon).unwrap();
    world.redeem("r", Some(ann), &[&world.code(voucher.key)]).unwrap();
    assert_eq!(world.usage(coupon, &stock(0)), (1, 0));
    world.later_ms(5 * MINUTE_MS);
    assert_eq!(world.sweep(), (0, 0));
    world.give_back("r", None).unwrap();
    assert_eq!(world.rows.vouchers[&voucher.key].state, VoucherState::Issued);
    assert_eq!(world.sweep(), (0, 0));
}

#[test]
fn a_revoked_voucher_gives_back_what_its_limits_say() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(held()));
    let voucher = world.claim(ann, coupon).unwrap();
    world.revoke(voucher.key).unwrap();
    assert_eq!(world.usage(coupon, &stock(0)), (1, 0));
    assert_eq!(refusal(world.revoke(voucher.key)), Rejection::VoucherRevoked);
}

#[test]
fn a_voucher_whose_reservation_ran_out_is_free_before_a_sweep_writes_it_down() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    let voucher = world.claim(ann, coupon).unwrap();
    world.reserve("r", Some(ann), &[&world.code(voucher.key)]).unwrap();
    assert_eq!(refusal(world.revoke(voucher.key)), Rejection::VoucherLocked);
    world.later_ms(5 * MINUTE_MS);
    world.revoke(voucher.key).unwrap();
    assert_eq!(world.sweep(), (0, 0));
}

#[test]
fn a_held_voucher_whose_reservation_ran_out_can_be_released_and_a_bearers_assigned() {
    let mut world = World::new();
    let ann = world.customer();
    let long = world.coupon(Definition { hold: Some("PT1H".parse().unwrap()), ..definition() });
    let voucher = world.claim(ann, long).unwrap();
    world.reserve("r", Some(ann), &[&world.code(voucher.key)]).unwrap();
    world.later_ms(5 * MINUTE_MS);
    world.release(voucher.key).unwrap();
    let block = world.block(long, 1).unwrap();
    let key = domain::id::VoucherKey { kind: domain::id::VoucherKind::Bearer, ordinal: block.first, ..voucher.key };
    world.reserve("s", None, &[&world.code(key)]).unwrap();
    assert_eq!(refusal(world.assign(key, ann)), Rejection::VoucherLocked);
    world.later_ms(5 * MINUTE_MS);
    world.assign(key, ann).unwrap();
}
