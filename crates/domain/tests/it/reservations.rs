use domain::coupon::{CouponStep, Definition};
use domain::ledger::RedeemRequest;
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::redemption::RedemptionState;
use domain::rejection::Rejection;
use domain::voucher::VoucherState;

use crate::asking::{MINUTE_MS, definition, id, limit, refusal, stock};
use crate::world::World;

fn save() -> Definition {
    Definition { code: Some("SAVE".to_owned()), limits: vec![stock(1)], ..definition() }
}

#[test]
fn a_reservation_is_confirmed_once_however_often_it_is_asked() {
    let mut world = World::new();
    let coupon = world.coupon(save());
    assert_eq!(world.reserve("r", None, &["save"]).unwrap().state, RedemptionState::Pending);
    assert_eq!(world.usage(coupon, &stock(0)), (0, 1));
    let mut events = world.rows.events.len();
    for _ in 0..10 {
        assert_eq!(world.reserve("r", None, &["save"]).unwrap().state, RedemptionState::Pending);
    }
    assert_eq!(world.rows.events.len(), events);
    events += 1;
    for _ in 0..10 {
        assert_eq!(world.confirm("r").unwrap().state, RedemptionState::Succeeded);
        assert_eq!(world.reserve("r", None, &["save"]).unwrap().state, RedemptionState::Succeeded);
        assert_eq!(refusal(world.cancel("r")), Rejection::RedemptionSucceeded);
    }
    assert_eq!((world.rows.events.len(), world.usage(coupon, &stock(0))), (events, (1, 0)));
}

#[test]
fn a_cancelled_reservation_frees_its_unit_once_and_stays_cancelled() {
    let mut world = World::new();
    let coupon = world.coupon(save());
    world.reserve("r", None, &["save"]).unwrap();
    let events = world.rows.events.len() + 1;
    for _ in 0..10 {
        assert_eq!(world.cancel("r").unwrap().state, RedemptionState::Cancelled);
        assert_eq!(refusal(world.confirm("r")), Rejection::RedemptionCancelled);
        assert_eq!(refusal(world.reserve("r", None, &["save"])), Rejection::RedemptionCancelled);
    }
    assert_eq!((world.rows.events.len(), world.usage(coupon, &stock(0))), (events, (0, 0)));
    world.reserve("s", None, &["save"]).unwrap();
}

#[test]
fn a_cancel_that_comes_first_refuses_the_late_reserve() {
    let mut world = World::new();
    world.coupon(save());
    assert_eq!(refusal(world.confirm("r")), Rejection::RedemptionNotFound);
    for _ in 0..10 {
        assert_eq!(world.cancel("r").unwrap().state, RedemptionState::Cancelled);
    }
    assert_eq!(world.rows.redemptions[&id("r")].version, 1);
    assert_eq!(refusal(world.reserve("r", None, &["save"])), Rejection::RedemptionCancelled);
    assert_eq!(refusal(world.give_back("r", None)), Rejection::RedemptionCancelled);
}

#[test]
fn a_reservation_ends_exactly_at_its_deadline() {
    let mut world = World::new();
    let coupon = world.coupon(save());
    world.reserve("r", None, &["save"]).unwrap();
    world.later_ms(5 * MINUTE_MS - 1);
    assert_eq!(world.sweep(), (0, 0));
    assert_eq!(refusal(world.reserve("s", None, &["save"])).code(), "out_of_stock");
    world.later_ms(1);
    for _ in 0..2 {
        assert_eq!(refusal(world.confirm("r")), Rejection::RedemptionExpired);
        assert_eq!(refusal(world.reserve("r", None, &["save"])), Rejection::RedemptionExpired);
        assert_eq!(refusal(world.give_back("r", None)), Rejection::RedemptionExpired);
        world.sweep();
    }
    assert_eq!(world.usage(coupon, &stock(0)), (0, 0));
    assert_eq!(world.cancel("r").unwrap().state, RedemptionState::Expired);
}

#[test]
fn a_locked_voucher_reads_as_free_from_the_instant_its_reservation_ends() {
    let mut world = World::new();
    let ann = world.customer();
    let coupon = world.coupon(definition());
    let voucher = world.claim(ann, coupon).unwrap();
    let code = world.code(voucher.key);
    world.reserve("r", Some(ann), &[&code]).unwrap();
    let row = world.rows.vouchers[&voucher.key].clone();
    let until = row.locked_until.unwrap();
    assert_eq!(row.state_at(until.saturating_add_ms(-1)), VoucherState::Locked);
    assert_eq!(row.state_at(until), VoucherState::Issued, "though no row was written");
}

#[test]
fn a_reservation_confirmed_just_before_its_deadline_holds() {
    let mut world = World::new();
    let coupon = world.coupon(save());
    world.reserve("r", None, &["save"]).unwrap();
    world.later_ms(5 * MINUTE_MS - 1);
    world.confirm("r").unwrap();
    world.later_ms(MINUTE_MS);
    assert_eq!((world.sweep(), world.usage(coupon, &stock(0))), ((0, 0), (1, 0)));
}

#[test]
fn what_an_ended_reservation_took_is_free_before_a_sweep_writes_it_down() {
    let mut world = World::new();
    world.coupon(save());
    world.reserve("r", None, &["save"]).unwrap();
    world.later_ms(5 * MINUTE_MS);
    world.reserve("s", None, &["save"]).unwrap();
    assert_eq!(world.rows.redemptions[&id("r")].state, RedemptionState::Expired);
}

#[test]
fn a_cancel_after_the_deadline_answers_expired() {
    let mut world = World::new();
    world.coupon(save());
    world.reserve("r", None, &["save"]).unwrap();
    world.later_ms(5 * MINUTE_MS);
    assert_eq!(world.cancel("r").unwrap().state, RedemptionState::Expired);
    assert_eq!(world.cancel("r").unwrap().version, 2);
}

#[test]
fn an_order_is_free_again_when_its_reservation_ran_out() {
    let mut world = World::new();
    world.coupon(save());
    world.reserve("r", None, &["save"]).unwrap();
    let again = RedeemRequest { id: id("s"), ..world.request("r", None, &["save"]) };
    assert_eq!(refusal(world.redeem_by(again.clone())), Rejection::OrderAlreadyRedeemed);
    world.later_ms(5 * MINUTE_MS);
    world.redeem_by(again).unwrap();
}

#[test]
fn a_lock_suspends_the_hold_and_its_end_restores_or_releases_it() {
    for (wait_ms, state, usage) in
        [(4 * MINUTE_MS, VoucherState::Held, (0, 1)), (5 * MINUTE_MS, VoucherState::Expired, (0, 0))]
    {
        let mut world = World::new();
        let coupon = world.coupon(Definition { hold: Some("PT5M".parse().unwrap()), ..save() });
        let ann = world.customer();
        let voucher = world.claim(ann, coupon).unwrap();
        let request = world.request("r", Some(ann), &[&world.code(voucher.key)]);
        world.redeem_by(RedeemRequest { reserve_ms: Some(10 * MINUTE_MS), ..request }).unwrap();
        assert_eq!(world.rows.vouchers[&voucher.key].state, VoucherState::Locked);
        world.later_ms(wait_ms);
        assert_eq!(world.sweep(), (0, 0));
        assert_eq!(refusal(world.redeem("s", Some(ann), &[&world.code(voucher.key)])), Rejection::VoucherLocked);
        world.cancel("r").unwrap();
        assert_eq!((world.rows.vouchers[&voucher.key].state, world.usage(coupon, &stock(0))), (state, usage));
    }
}

#[test]
fn a_locked_hold_is_confirmed_after_the_holds_own_deadline() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { hold: Some("PT1M".parse().unwrap()), ..save() });
    let ann = world.customer();
    let voucher = world.claim(ann, coupon).unwrap();
    world.reserve("r", Some(ann), &[&world.code(voucher.key)]).unwrap();
    world.later_ms(2 * MINUTE_MS);
    world.confirm("r").unwrap();
    assert_eq!(world.usage(coupon, &stock(0)), (1, 0));
}

#[test]
fn stock_comes_back_from_a_hold_that_ran_out_under_a_reservation_that_ran_out() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { hold: Some("PT1M".parse().unwrap()), ..save() });
    let (ann, bob) = (world.customer(), world.customer());
    let voucher = world.claim(ann, coupon).unwrap();
    world.reserve("r", Some(ann), &[&world.code(voucher.key)]).unwrap();
    world.later_ms(5 * MINUTE_MS);
    world.claim(bob, coupon).unwrap();
}

#[test]
fn a_reservation_is_a_grant_that_pausing_or_ending_the_coupon_leaves() {
    for step in [CouponStep::Pause, CouponStep::End] {
        let mut world = World::new();
        let coupon = world.coupon(save());
        world.reserve("r", None, &["save"]).unwrap();
        world.step(coupon, step).unwrap();
        world.confirm("r").unwrap();
    }
}

#[test]
fn limits_that_count_per_period_keep_what_a_cancelled_reservation_took() {
    let mut world = World::new();
    let day = limit(Counts::Redemptions, Per::Everyone, Period::Day, 2);
    let coupon = world.coupon(Definition { limits: vec![stock(9), day.clone()], ..save() });
    world.reserve("r", None, &["save"]).unwrap();
    world.cancel("r").unwrap();
    assert_eq!((world.usage(coupon, &stock(0)), world.usage(coupon, &day)), ((0, 0), (1, 0)));
}

#[test]
fn a_bearers_reservation_leaves_an_unowned_row_that_can_be_used_again() {
    let mut world = World::new();
    let coupon = world.coupon(definition());
    world.block(coupon, 1).unwrap();
    let key = domain::id::VoucherKey { coupon, kind: domain::id::VoucherKind::Bearer, ordinal: 0 };
    let code = world.code(key);
    world.reserve("r", None, &[&code]).unwrap();
    world.cancel("r").unwrap();
    assert_eq!(world.rows.vouchers[&key].state, VoucherState::Issued);
    world.redeem("s", None, &[&code]).unwrap();
}

#[test]
fn two_reservations_by_one_order_leave_one() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { limits: vec![stock(9)], ..save() });
    world.reserve("r", None, &["save"]).unwrap();
    let request = world.request("r", None, &["save"]);
    let other = RedeemRequest { id: id("s"), reserve_ms: Some(MINUTE_MS), ..request };
    assert_eq!(refusal(world.redeem_by(other)), Rejection::OrderAlreadyRedeemed);
    world.confirm("r").unwrap();
    assert_eq!(world.usage(coupon, &stock(0)), (1, 0));
}
