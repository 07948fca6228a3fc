use domain::coupon::{CouponStep, Definition};
use domain::id::{CouponNo, VoucherKey, VoucherKind};
use domain::ledger::{Action, Outcome};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::Rejection;
use domain::validity::Validity;
use domain::voucher::VoucherState;

use crate::asking::{DAY_MS, command, definition, limit, refusal, stock, vouchers};
use crate::world::World;

fn row(coupon: CouponNo, ordinal: u64) -> VoucherKey {
    VoucherKey { coupon, kind: VoucherKind::Row, ordinal }
}

#[test]
fn a_claim_makes_the_next_voucher_of_the_coupon() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    for ordinal in 0..3 {
        let voucher = world.claim(ann, coupon).unwrap();
        assert_eq!(
            (voucher.key, voucher.state, voucher.customer),
            (row(coupon, ordinal), VoucherState::Issued, Some(ann))
        );
    }
}

#[test]
fn a_coupon_without_limits_writes_no_counter() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    world.claim(ann, coupon).unwrap();
    world.redeem("r", Some(ann), &[&world.code(row(coupon, 0))]).unwrap();
    assert!(world.rows.usages.is_empty());
}

#[test]
fn claims_of_several_coupons_are_all_made_or_none() {
    let mut world = World::new();
    let ann = world.customer();
    let (plenty, one) = (world.limited(vec![stock(10)]), world.limited(vec![stock(1)]));
    let both = Action::Claim { customer: ann, coupons: vec![plenty, one] };
    assert_eq!(vouchers(world.ask(both.clone()).unwrap()).len(), 2);
    let events = world.rows.events.len();
    assert_eq!(
        refusal(world.ask(both)),
        Rejection::Limit { counts: Counts::Claims, per: Per::Everyone, period: Period::Ever }
    );
    assert_eq!((world.usage(plenty, &stock(0)), world.rows.events.len()), ((1, 0), events));
}

#[test]
fn of_several_refusals_of_one_claim_the_first_in_precedence_is_answered() {
    let mut world = World::new();
    let ann = world.customer();
    let (sold_out, paused) = (world.limited(vec![stock(0)]), world.coupon(definition()));
    world.step(paused, CouponStep::Pause).unwrap();
    for coupons in [vec![sold_out, paused], vec![paused, sold_out]] {
        assert_eq!(refusal(world.ask(Action::Claim { customer: ann, coupons })), Rejection::CouponPaused);
    }
    let coupons = vec![sold_out, paused, CouponNo(77)];
    assert_eq!(refusal(world.ask(Action::Claim { customer: ann, coupons })), Rejection::CouponNotFound);
}

#[test]
fn a_coupon_that_does_not_run_refuses_claims_by_its_state() {
    let mut world = World::new();
    let ann = world.customer();
    for (steps, rejection) in [
        (&[][..], Rejection::CouponNotActive),
        (&[CouponStep::Activate, CouponStep::Pause], Rejection::CouponPaused),
        (&[CouponStep::Activate, CouponStep::End], Rejection::CouponEnded),
        (&[CouponStep::Activate, CouponStep::Abort], Rejection::CouponAborted),
    ] {
        let coupon = world.create(definition()).unwrap();
        steps.iter().for_each(|step| drop(world.step(coupon, *step).unwrap()));
        assert_eq!(refusal(world.claim(ann, coupon)), rejection);
        assert_eq!(refusal(world.issue(coupon, &[ann])), rejection);
        assert_eq!(refusal(world.block(coupon, 1)), rejection);
    }
    assert_eq!(refusal(world.claim(ann, CouponNo(99))), Rejection::CouponNotFound);
}

#[test]
fn a_claim_after_the_validity_and_one_of_a_stranger_are_refused_in_order() {
    let mut world = World::new();
    let (ann, bob) = (world.customer(), world.customer());
    let until = Some(world.now.saturating_add_ms(DAY_MS));
    let validity = Validity { until, ..Validity::default() };
    let coupon = world.coupon(Definition { validity, customers: Some(vec![ann]), ..definition() });
    assert_eq!(refusal(world.claim(bob, coupon)), Rejection::CustomerNotEligible);
    world.claim(ann, coupon).unwrap();
    world.later_ms(DAY_MS);
    assert_eq!(refusal(world.claim(ann, coupon)), Rejection::Expired);
    assert_eq!(refusal(world.claim(bob, coupon)), Rejection::CustomerNotEligible);
}

#[test]
fn a_day_limit_begins_again_at_midnight_of_the_tenants_zone() {
    let mut world = World::new();
    let (ann, bob) = (world.customer(), world.customer());
    let coupon = world.limited(vec![limit(Counts::Claims, Per::Customer, Period::Day, 1)]);
    world.now = "2026-01-15T22:59:59.999Z".parse().unwrap();
    world.claim(ann, coupon).unwrap();
    world.claim(bob, coupon).unwrap();
    let refused = world.claim(ann, coupon).unwrap_err();
    assert_eq!(refused.rejection.code(), "customer_day_limit");
    let midnight = "2026-01-16T00:00:00+01:00".parse().unwrap();
    assert_eq!(refused.retry_at, Some(midnight));
    world.now = midnight;
    world.claim(ann, coupon).unwrap();
}

#[test]
fn all_claims_of_a_batch_see_those_before_them() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.limited(vec![stock(3)]));
    let claims = vec![command(Action::Claim { customer: ann, coupons: vec![coupon] }); 5];
    let answers = world.batch(&claims);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    assert_eq!(world.usage(coupon, &stock(0)), (3, 0));
}

#[test]
fn a_claim_needs_few_rounds_of_loading_however_many_coupons_and_limits() {
    let mut world = World::new();
    let ann = world.customer();
    let campaign = world.campaign(vec![limit(Counts::Claims, Per::Customer, Period::Week, 100)]);
    let limits = vec![stock(100), limit(Counts::Claims, Per::Customer, Period::Day, 100)];
    let with = Definition { campaign: Some(campaign), limits: limits.clone(), ..definition() };
    let coupons: Vec<_> = (0..5).map(|_| world.coupon(with.clone())).collect();
    let mut claim = command(Action::Claim { customer: ann, coupons });
    claim.key = Some([1; 16]);
    world.batch(&[claim]).remove(0).unwrap();
    assert_eq!(world.rounds, 3, "coupons; campaign and counters; the campaign's counters");
    let lone = world.limited(limits);
    world.claim(ann, lone).unwrap();
    assert_eq!(world.rounds, 2, "the coupon; its counters");
}

#[test]
fn a_claim_of_no_coupons_changes_nothing() {
    let mut world = World::new();
    let ann = world.customer();
    assert_eq!(world.ask(Action::Claim { customer: ann, coupons: vec![] }), Ok(Outcome::Vouchers(vec![])));
}
