use domain::codes::{Alphabet, Pattern};
use domain::coupon::{CouponState, CouponStep, Definition};
use domain::customer::CustomerProfile;
use domain::id::{CampaignNo, CouponId, CustomerId};
use domain::ledger::{Action, Command, Outcome, RESERVATIONS_MAX, Start};
use domain::limit::{Counts, GiveBack, Per};
use domain::period::Period;
use domain::redemption::RedemptionState;
use domain::rejection::Rejection;

use crate::asking::{command, definition, id, limit, refusal, stock};
use crate::world::World;

fn shared(code: &str) -> Definition {
    Definition { code: Some(code.to_owned()), ..definition() }
}

fn create(world: &mut World, definition: Definition) -> Command {
    let code = definition.code.as_ref().map(|code| world.read(code));
    let id = CouponId(world.name());
    command(Action::CreateCoupon { id, definition: Box::new(definition), code, start: Start::Draft })
}

#[test]
fn a_coupon_moves_by_the_steps_its_state_allows() {
    use CouponStep::{Abort, Activate, End, Pause};
    for (steps, last) in [
        (&[Activate, Pause, Activate, End, Abort][..], CouponState::Aborted),
        (&[Activate, Pause, End], CouponState::Ended),
        (&[Abort], CouponState::Aborted),
    ] {
        let mut world = World::new();
        let coupon = world.create(definition()).unwrap();
        steps.iter().for_each(|step| drop(world.step(coupon, *step).unwrap()));
        assert_eq!(world.rows.coupons[&coupon].state, last);
        assert_eq!(refusal(world.step(coupon, Activate)), Rejection::TransitionIllegal);
        assert_eq!(refusal(world.update(coupon, |_| {})), Rejection::TransitionIllegal);
    }
}

#[test]
fn an_update_needs_the_version_that_was_edited() {
    let mut world = World::new();
    let coupon = world.coupon(definition());
    world.update(coupon, |definition| definition.name = "new".to_owned()).unwrap();
    let stale = Action::UpdateCoupon { coupon, if_version: 2, definition: Box::new(definition()), code: None };
    assert_eq!(refusal(world.ask(stale)), Rejection::VersionStale);
    assert_eq!((world.rows.coupons[&coupon].version, world.rows.versions.len()), (3, 3));
}

#[test]
fn every_version_is_kept_also_of_several_in_one_batch() {
    let mut world = World::new();
    let coupon = world.create(shared("SAVE")).unwrap();
    let step = |step| command(Action::MoveCoupon { coupon, step });
    let redeem = command(Action::Redeem(Box::new(world.request("r", None, &["save"]))));
    let batch = [step(CouponStep::Activate), redeem, step(CouponStep::Pause)];
    assert!(world.batch(&batch).iter().all(Result::is_ok));
    let record = &world.rows.decisions[&id("r")];
    assert_eq!(record.offers[0].version, 2);
    assert_eq!(world.rows.versions[&(coupon, 2)].state, CouponState::Running);
}

#[test]
fn a_limit_that_comes_back_goes_on_with_its_usage() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.limited(vec![stock(2)]));
    world.claim(ann, coupon).unwrap();
    let no = world.rows.coupons[&coupon].limits[0].no;
    world.update(coupon, |definition| definition.limits.clear()).unwrap();
    world.claim(ann, coupon).unwrap();
    world.update(coupon, |definition| definition.limits = vec![stock(2)]).unwrap();
    assert_eq!(world.rows.coupons[&coupon].limits[0].no, no);
    world.claim(ann, coupon).unwrap();
    assert_eq!(world.usage(coupon, &stock(0)), (2, 0));
    assert_eq!(refusal(world.claim(ann, coupon)).code(), "out_of_stock");
}

#[test]
fn a_limit_may_change_its_maximum_and_give_back_and_nothing_else() {
    let mut world = World::new();
    let coupon = world.limited(vec![stock(2)]);
    let back = GiveBack { hold_expired: false, reservation_ended: false, returned: false, revoked: true };
    world
        .update(coupon, |definition| {
            definition.limits[0].max = 9;
            definition.limits[0].give_back = Some(back);
        })
        .unwrap();
    for removed in [false, true] {
        if removed {
            world.update(coupon, |definition| definition.limits.clear()).unwrap();
        }
        let mut other = limit(Counts::Claims, Per::Everyone, Period::Day, 9);
        other.id = stock(0).id;
        let changed = world.update(coupon, |definition| definition.limits = vec![other]);
        assert_eq!(refusal(changed), Rejection::LimitChanged);
    }
}

#[test]
fn a_maximum_lowered_below_its_use_refuses_grants_and_breaks_nothing() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { limits: vec![stock(5)], ..shared("SAVE") });
    for name in ["a", "b", "c", "d"] {
        world.redeem(name, None, &["save"]).unwrap();
    }
    world.update(coupon, |definition| definition.limits[0].max = 2).unwrap();
    assert_eq!(refusal(world.redeem("e", None, &["save"])).code(), "out_of_stock");
    for name in ["a", "b"] {
        world.give_back(name, None).unwrap();
        assert_eq!(refusal(world.redeem("e", None, &["save"])).code(), "out_of_stock");
    }
    world.give_back("c", None).unwrap();
    world.redeem("e", None, &["save"]).unwrap();
    assert_eq!(world.usage(coupon, &stock(0)), (2, 0));
}

#[test]
fn a_limit_at_the_end_of_the_numbers_is_no_overflow() {
    let mut world = World::new();
    let value = limit(Counts::Value, Per::Everyone, Period::Ever, i64::MAX);
    world.coupon(Definition { limits: vec![value, stock(i64::MAX)], ..shared("SAVE") });
    world.redeem("r", None, &["save"]).unwrap();
    world.redeem("s", None, &["save"]).unwrap();
}

#[test]
fn an_abort_cancels_the_reservations_and_gives_back() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { limits: vec![stock(9)], ..shared("SAVE") });
    let other = world.coupon(Definition { limits: vec![stock(9)], ..shared("OTHER") });
    world.reserve("r", None, &["save", "other"]).unwrap();
    world.redeem("s", None, &["save"]).unwrap();
    world.step(coupon, CouponStep::Abort).unwrap();
    assert_eq!(world.rows.redemptions[&id("r")].state, RedemptionState::Cancelled);
    assert_eq!((world.usage(coupon, &stock(0)), world.usage(other, &stock(0))), ((1, 0), (0, 0)));
    assert_eq!(refusal(world.confirm("r")), Rejection::RedemptionCancelled);
    world.give_back("s", None).unwrap();
}

#[test]
fn the_currency_of_a_coupon_that_was_active_cannot_change() {
    let mut world = World::new();
    let coupon = world.coupon(shared("SAVE"));
    let changed = world.update(coupon, |definition| definition.currency = Some("JPY".parse().unwrap()));
    assert_eq!(refusal(changed), Rejection::TransitionIllegal);
}

#[test]
fn an_abort_finds_a_reservation_that_ran_out_expired_and_not_cancelled() {
    let mut world = World::new();
    let coupon = world.coupon(shared("SAVE"));
    world.reserve("r", None, &["save"]).unwrap();
    world.later_ms(24 * 60 * 60 * 1000);
    world.step(coupon, CouponStep::Abort).unwrap();
    assert_eq!(world.rows.redemptions[&id("r")].state, RedemptionState::Expired);
}

/// A coupon with more reservations than one step of an abort cancels.
fn crowded(world: &mut World) -> domain::id::CouponNo {
    let coupon = world.coupon(shared("SAVE"));
    let reserve = |number: usize| {
        let request = world.request(&format!("r{number}"), None, &["save"]);
        let request = domain::ledger::RedeemRequest { reserve_ms: Some(60_000), ..request };
        command(Action::Redeem(Box::new(request)))
    };
    let batch: Vec<Command> = (0..=RESERVATIONS_MAX).map(reserve).collect();
    assert!(world.batch(&batch).iter().all(Result::is_ok));
    coupon
}

fn pending(world: &World) -> usize {
    world.rows.redemptions.values().filter(|one| one.state == RedemptionState::Pending).count()
}

#[test]
fn an_abort_of_more_reservations_than_fit_pauses_first() {
    let mut world = World::new();
    let coupon = crowded(&mut world);
    world.step(coupon, CouponStep::Abort).unwrap();
    assert_eq!((world.rows.coupons[&coupon].state, pending(&world)), (CouponState::Paused, 1));
    world.step(coupon, CouponStep::Abort).unwrap();
    assert_eq!((world.rows.coupons[&coupon].state, pending(&world)), (CouponState::Aborted, 0));
}

#[test]
fn two_aborts_in_one_batch_do_not_forget_what_was_not_loaded() {
    let mut world = World::new();
    let coupon = crowded(&mut world);
    let abort = command(Action::MoveCoupon { coupon, step: CouponStep::Abort });
    assert!(world.batch(&[abort.clone(), abort]).iter().all(Result::is_ok));
    assert_eq!((world.rows.coupons[&coupon].state, pending(&world)), (CouponState::Paused, 1));
}

#[test]
fn an_ended_coupon_stays_ended_while_an_abort_goes_on() {
    let mut world = World::new();
    let coupon = crowded(&mut world);
    world.step(coupon, CouponStep::End).unwrap();
    world.step(coupon, CouponStep::Abort).unwrap();
    assert_eq!(world.rows.coupons[&coupon].state, CouponState::Ended);
    world.step(coupon, CouponStep::Abort).unwrap();
    assert_eq!(world.rows.coupons[&coupon].state, CouponState::Aborted);
}

#[test]
fn prefixes_are_never_shared_not_even_within_a_batch() {
    let mut world = World::new();
    let with = |prefix: &str| {
        let pattern = Pattern::new(prefix, Alphabet::Base32, 12).unwrap();
        Definition { pattern: Some(pattern), ..definition() }
    };
    let batch = [create(&mut world, with("SUN-")), create(&mut world, with("SUNNY")), create(&mut world, with("RAIN"))];
    let answers = world.batch(&batch);
    assert_eq!(refusal(answers[1].clone()), Rejection::PrefixTaken);
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert_eq!(refusal(world.create(with("S.U"))), Rejection::PrefixTaken);
    assert_eq!(world.rows.coupons.keys().map(|no| no.0).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_shared_code_is_one_coupons_also_within_a_batch_and_after_a_change() {
    let mut world = World::new();
    let batch = [create(&mut world, shared("SAVE10")), create(&mut world, shared("save-1o"))];
    let answers = world.batch(&batch);
    assert!(answers[0].is_ok());
    assert_eq!(refusal(answers[1].clone()), Rejection::CodeTaken);
    let coupon = *world.rows.coupons.keys().next().unwrap();
    world.update(coupon, |definition| definition.code = Some("SAVE20".to_owned())).unwrap();
    assert_eq!(refusal(world.create(shared("SAVE10"))), Rejection::CodeTaken);
    world.update(coupon, |definition| definition.code = Some("SAVE10".to_owned())).unwrap();
}

#[test]
fn pattern_and_campaign_of_a_coupon_stay() {
    let mut world = World::new();
    let coupon = world.coupon(definition());
    let campaign = world.campaign(vec![]);
    let moved = world.update(coupon, |definition| definition.campaign = Some(campaign));
    assert_eq!(refusal(moved), Rejection::TransitionIllegal);
    let pattern = Some(Pattern::new("SUN", Alphabet::Base32, 12).unwrap());
    let changed = world.update(coupon, |definition| definition.pattern = pattern);
    assert_eq!(refusal(changed), Rejection::TransitionIllegal);
    let lost = world.create(Definition { campaign: Some(CampaignNo(9)), ..definition() });
    assert_eq!(refusal(lost), Rejection::CampaignNotFound);
}

#[test]
fn limits_are_numbered_over_coupons_and_campaigns_of_a_batch() {
    let mut world = World::new();
    let definition =
        Definition { limits: vec![stock(1), limit(Counts::Value, Per::Everyone, Period::Ever, 1)], ..definition() };
    let batch = [create(&mut world, definition.clone()), create(&mut world, definition)];
    assert!(world.batch(&batch).iter().all(Result::is_ok));
    let numbers: Vec<u32> = world.rows.coupons.values().flat_map(|one| &one.limits).map(|one| one.no.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn an_external_id_is_one_customers_also_within_a_batch() {
    let mut world = World::new();
    let mut customer = || {
        let profile = CustomerProfile { external_id: Some("shop-7".to_owned()), ..CustomerProfile::default() };
        command(Action::CreateCustomer { id: CustomerId(world.name()), profile: Box::new(profile) })
    };
    let batch = [customer(), customer()];
    let answers = world.batch(&batch);
    assert!(matches!(answers[0].as_ref().unwrap().outcome, Outcome::Customer(no) if no.0 == 1));
    assert_eq!(refusal(answers[1].clone()), Rejection::IdentityTaken);
}

#[test]
fn what_an_action_writes_weighs_at_least_one() {
    let mut world = World::new();
    let ann = world.customer();
    let coupon = world.coupon(shared("SAVE"));
    let request = Box::new(world.request("r", None, &["save", "save"]));
    for (action, weight) in [
        (Action::Claim { customer: ann, coupons: vec![] }, 1),
        (Action::Issue { coupon, customers: vec![ann; 7] }, 7),
        (Action::Redeem(request.clone()), 3),
        (Action::Amend { redemption: id("r"), request }, 6),
        (Action::MoveCoupon { coupon, step: CouponStep::Pause }, 1),
        (Action::MoveCoupon { coupon, step: CouponStep::Abort }, RESERVATIONS_MAX),
    ] {
        assert_eq!(action.weight(), weight, "{action:?}");
    }
}
