use domain::benefit::Benefit;
use domain::coupon::{CouponStep, Definition};
use domain::ledger::{Action, RedeemRequest};
use domain::limit::{Counts, Per};
use domain::money::Rate;
use domain::period::Period;
use domain::redemption::RedemptionState;
use domain::rejection::Rejection;
use domain::validity::Validity;
use domain::voucher::VoucherState;

use crate::asking::{DAY_MS, definition, id, limit, order, refusal, stock};
use crate::world::World;

fn shared(code: &str) -> Definition {
    Definition { code: Some(code.to_owned()), ..definition() }
}

#[test]
fn an_order_uses_a_voucher_at_once_and_only_one_order() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    let voucher = world.claim(ann, coupon).unwrap();
    let code = world.code(voucher.key);
    let done = world.redeem("r", Some(ann), &[&code]).unwrap();
    assert_eq!((done.state, done.subtotal_minor, done.discount_minor), (RedemptionState::Succeeded, 10_000, 500));
    assert_eq!(world.rows.vouchers[&voucher.key].state, VoucherState::Redeemed);
    assert_eq!(refusal(world.redeem("s", Some(ann), &[&code])), Rejection::VoucherRedeemed);
}

#[test]
fn without_a_customer_the_vouchers_owner_stands_in() {
    let mut world = World::new();
    let uses = limit(Counts::Redemptions, Per::Customer, Period::Ever, 1);
    let (ann, coupon) = (world.customer(), world.limited(vec![uses.clone()]));
    let voucher = world.claim(ann, coupon).unwrap();
    let done = world.redeem("r", None, &[&world.code(voucher.key)]).unwrap();
    assert_eq!((done.customer, world.usage(coupon, &uses)), (Some(ann), (1, 0)));
}

#[test]
fn a_shared_code_counts_as_claimed_and_used() {
    let mut world = World::new();
    let uses = limit(Counts::Redemptions, Per::Everyone, Period::Ever, 5);
    let each = limit(Counts::Claims, Per::Customer, Period::Ever, 1);
    let coupon = world.coupon(Definition { limits: vec![stock(5), each.clone(), uses.clone()], ..shared("SAVE") });
    let ann = world.customer();
    assert_eq!(refusal(world.redeem("r", None, &["save"])), Rejection::CustomerRequired);
    world.redeem("r", Some(ann), &["save"]).unwrap();
    for limit in [&stock(0), &each, &uses] {
        assert_eq!(world.usage(coupon, limit), (1, 0));
    }
    assert_eq!(world.redeem("s", Some(ann), &["save"]).unwrap_err().rejection.code(), "customer_limit");
    world.give_back("r", None).unwrap();
    assert_eq!(world.usage(coupon, &stock(0)), (0, 0));
    world.redeem("s", Some(ann), &["SAVE"]).unwrap();
}

#[test]
fn who_holds_a_voucher_and_types_the_shared_code_uses_the_voucher() {
    let mut world = World::new();
    let uses = limit(Counts::Redemptions, Per::Everyone, Period::Ever, 5);
    let coupon = world.coupon(Definition { limits: vec![stock(2), uses.clone()], ..shared("SAVE") });
    let ann = world.customer();
    let vouchers = world.issue(coupon, &[ann, ann]).unwrap();
    for (name, voucher) in ["r", "s"].into_iter().zip(&vouchers) {
        assert_eq!(world.redeem(name, Some(ann), &["save"]).unwrap().parts[0].voucher, Some(voucher.key));
    }
    assert_eq!((world.usage(coupon, &stock(0)), world.usage(coupon, &uses)), ((2, 0), (2, 0)));
    assert_eq!(world.redeem("t", Some(ann), &["save"]).unwrap_err().rejection.code(), "out_of_stock");
}

#[test]
fn a_holder_uses_what_he_claimed_in_the_same_batch() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { limits: vec![stock(1)], ..shared("SAVE") });
    let ann = world.customer();
    let claim = crate::asking::command(Action::Claim { customer: ann, coupons: vec![coupon] });
    let redeem = crate::asking::command(Action::Redeem(Box::new(world.request("r", Some(ann), &["save"]))));
    assert!(world.batch(&[claim, redeem]).iter().all(Result::is_ok));
    assert_eq!(world.usage(coupon, &stock(0)), (1, 0));
}

#[test]
fn a_returned_voucher_is_used_first_again_also_within_the_batch_of_its_return() {
    let mut world = World::new();
    let coupon = world.coupon(shared("SAVE"));
    let ann = world.customer();
    let vouchers = world.issue(coupon, &[ann, ann]).unwrap();
    world.redeem("r", Some(ann), &[&world.code(vouchers[0].key)]).unwrap();
    let give_back = Action::Return { redemption: id("r"), lines: None };
    let redeem = |name: &str| Action::Redeem(Box::new(world.request(name, Some(ann), &["save"])));
    let batch = [give_back, redeem("s"), redeem("t")].map(crate::asking::command);
    assert!(world.batch(&batch).iter().all(Result::is_ok));
    let used = ["s", "t"].map(|name| world.rows.redemptions[&id(name)].parts[0].voucher.unwrap());
    assert_eq!(used, [vouchers[0].key, vouchers[1].key]);
}

#[test]
fn every_code_must_be_good_and_the_first_refusal_in_precedence_is_answered() {
    let mut world = World::new();
    let (good, paused) = (world.coupon(shared("GOOD")), world.coupon(shared("PAUSED")));
    world.step(paused, CouponStep::Pause).unwrap();
    let out = world.coupon(Definition { limits: vec![stock(0)], ..shared("OUT") });
    for (codes, rejection) in [
        (&["good", "nonsense"][..], Rejection::CodeUnknown),
        (&["paused", "nonsense"], Rejection::CodeUnknown),
        (&["out", "paused"], Rejection::CouponPaused),
        (&["good", "good"], Rejection::CouponRepeated),
    ] {
        assert_eq!(refusal(world.redeem("r", None, codes)), rejection);
    }
    assert!(world.rows.redemptions.is_empty());
    assert!(!world.rows.statistics.contains_key(&good) && !world.rows.statistics.contains_key(&out));
}

#[test]
fn a_total_other_than_expected_is_refused() {
    let mut world = World::new();
    world.coupon(shared("SAVE"));
    let request = world.request("r", None, &["save"]);
    let wrong = RedeemRequest { expected_total_minor: Some(9_501), ..request.clone() };
    assert_eq!(refusal(world.redeem_by(wrong)), Rejection::TotalDiffers);
    world.redeem_by(RedeemRequest { expected_total_minor: Some(9_500), ..request }).unwrap();
}

#[test]
fn an_order_has_one_live_redemption() {
    let mut world = World::new();
    world.coupon(shared("SAVE"));
    world.redeem("r", None, &["save"]).unwrap();
    let again = RedeemRequest { id: id("s"), ..world.request("r", None, &["save"]) };
    assert_eq!(refusal(world.redeem_by(again.clone())), Rejection::OrderAlreadyRedeemed);
    world.give_back("r", None).unwrap();
    world.redeem_by(again).unwrap();
}

#[test]
fn the_same_redemption_asked_again_is_answered_again_and_another_body_refused() {
    let mut world = World::new();
    world.coupon(shared("SAVE"));
    let first = world.redeem("r", None, &["save"]).unwrap();
    let events = world.rows.events.len();
    assert_eq!(world.redeem("r", None, &["save"]).unwrap(), first);
    assert_eq!(world.rows.events.len(), events);
    let request = world.request("r", None, &["save"]);
    let mut other = crate::asking::command(Action::Redeem(Box::new(request)));
    other.fingerprint = [9; 16];
    assert_eq!(refusal(world.batch(&[other]).remove(0)), Rejection::RedemptionIdReused);
}

#[test]
fn a_budget_is_spent_to_the_cent_and_never_shrinks_a_benefit() {
    let mut world = World::new();
    let budget = limit(Counts::Value, Per::Everyone, Period::Ever, 1_000);
    let benefit = Benefit::percent_off(Rate::from_bp(1_000).unwrap());
    let coupon = world.coupon(Definition { benefit, limits: vec![budget.clone()], ..shared("TEN") });
    let mut spend = |name: &str, minor: i64| {
        let request = RedeemRequest { order: order(name, &[minor]), ..world.request(name, None, &["ten"]) };
        let done = world.redeem_by(request).map(|done| done.discount_minor).map_err(|no| no.rejection.code());
        (done, world.usage(coupon, &budget).0)
    };
    assert_eq!(spend("a", 6_004), (Ok(600), 600));
    assert_eq!(spend("b", 4_005), (Err("budget_exhausted".into()), 600));
    assert_eq!(spend("c", 3_994), (Ok(399), 999));
    assert_eq!(spend("d", 16), (Err("budget_exhausted".into()), 999));
    assert_eq!(spend("e", 14), (Ok(1), 1_000));
}

#[test]
fn two_coupons_under_one_campaign_share_its_limit() {
    let mut world = World::new();
    let uses = limit(Counts::Redemptions, Per::Everyone, Period::Ever, 3);
    let campaign = Some(world.campaign(vec![uses.clone()]));
    let one = world.coupon(Definition { campaign, ..shared("ONE") });
    world.coupon(Definition { campaign, ..shared("TWO") });
    world.redeem("r", None, &["one", "two"]).unwrap();
    assert_eq!(world.redeem("s", None, &["one", "two"]).unwrap_err().rejection.code(), "redemption_limit");
    assert_eq!(world.usage(one, &uses), (2, 0));
    world.redeem("s", None, &["two"]).unwrap();
    assert_eq!(refusal(world.redeem("t", None, &["one"])).code(), "redemption_limit");
}

#[test]
fn a_voucher_is_used_within_the_validity_it_was_made_with() {
    let mut world = World::new();
    let validity = Validity { after_claim: Some("P1D".parse().unwrap()), ..Validity::default() };
    let coupon = world.coupon(Definition { validity, ..definition() });
    let ann = world.customer();
    let (one, two) = (world.claim(ann, coupon).unwrap(), world.claim(ann, coupon).unwrap());
    world.update(coupon, |definition| definition.validity = Validity::default()).unwrap();
    world.later_ms(DAY_MS - 1);
    world.redeem("r", Some(ann), &[&world.code(one.key)]).unwrap();
    world.later_ms(1);
    assert_eq!(refusal(world.redeem("s", Some(ann), &[&world.code(two.key)])), Rejection::VoucherExpired);
}

#[test]
fn a_redemption_needs_few_rounds_of_loading() {
    let mut world = World::new();
    let ann = world.customer();
    let all = || {
        vec![
            stock(99),
            limit(Counts::Redemptions, Per::Customer, Period::Day, 9),
            limit(Counts::Value, Per::Everyone, Period::Ever, 99_999),
        ]
    };
    let campaign = Some(world.campaign(vec![limit(Counts::Value, Per::Customer, Period::Month, 99_999)]));
    let one = world.coupon(Definition { limits: all(), ..definition() });
    let two = world.coupon(Definition { limits: all(), campaign, ..definition() });
    world.coupon(Definition { limits: all(), ..shared("SAVE") });
    let keys = [one, two].map(|coupon| world.claim(ann, coupon).unwrap().key);
    let codes = keys.map(|key| world.code(key));
    world.redeem("a", Some(ann), &[&codes[0]]).unwrap();
    assert_eq!(world.rounds, 2, "ids, code, row and coupon; counters");
    world.redeem("b", Some(ann), &[&codes[1], "save"]).unwrap();
    assert_eq!(world.rounds, 3, "the same; campaign, shared coupon, own vouchers; counters");
    let hold = Some("PT5M".parse().unwrap());
    let held = world.coupon(Definition { limits: all(), hold, ..definition() });
    let key = world.claim(ann, held).unwrap().key;
    world.redeem("h", Some(ann), &[&world.code(key)]).unwrap();
    assert_eq!(world.rounds, 2, "the hold's counters with the others");
    world.block(one, 1).unwrap();
    let bearer = domain::id::VoucherKey { kind: domain::id::VoucherKind::Bearer, ordinal: 0, ..keys[0] };
    world.redeem("c", Some(ann), &[&world.code(bearer)]).unwrap();
    assert_eq!(world.rounds, 3, "ids, code, cover and coupon; the block; counters");
}
