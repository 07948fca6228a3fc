use domain::coupon::{CouponStep, Definition, LimitDefinition};
use domain::id::CustomerNo;
use domain::ledger::RedeemRequest;
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::validity::Validity;

use crate::asking::{DAY_MS, MINUTE_MS, definition, id, limit, order, refusal, stock};
use crate::world::World;

/// One full limit of every sort.
fn all_limits() -> Vec<LimitDefinition> {
    let mut limits = Vec::new();
    for counts in [Counts::Value, Counts::Redemptions, Counts::Claims] {
        for per in [Per::Customer, Per::Everyone] {
            for period in [Period::Month, Period::Week, Period::Day, Period::Hour, Period::Ever] {
                limits.push(limit(counts, per, period, 0));
            }
        }
    }
    limits
}

#[test]
fn of_all_limits_that_are_full_the_first_in_precedence_refuses() {
    let mut world = World::new();
    let ann = world.customer();
    let code = Some("SAVE".to_owned());
    let coupon = world.coupon(Definition { limits: all_limits(), code, ..definition() });
    let mut refusals = Vec::new();
    for _ in 0..30 {
        let refused = world.redeem("r", Some(ann), &["save"]).unwrap_err();
        let Rejection::Limit { counts, per, period } = refused.rejection else { panic!("{refused:?}") };
        assert_eq!(refused.retry_at, period.end(world.now, &world.settings.zone));
        refusals.push(refused.rejection);
        let full = limit(counts, per, period, 0).id;
        let open = |one: &mut LimitDefinition| {
            if one.id == full {
                one.max = 9_999
            }
        };
        world.update(coupon, |definition| definition.limits.iter_mut().for_each(open)).unwrap();
    }
    assert!(refusals.is_sorted_by(|one, next| one < next), "{refusals:?}");
    world.redeem("r", Some(ann), &["save"]).unwrap();
}

/// Codes that are refused, each for one reason, with the reason, in its precedence.
fn refused_codes(world: &mut World, ann: CustomerNo, bob: CustomerNo) -> Vec<(String, Rejection)> {
    let mut codes = vec![("nonsense".to_owned(), Rejection::CodeUnknown)];
    codes.extend(refused_vouchers(world, ann, bob));
    for (steps, rejection) in [
        (&[][..], Rejection::CouponNotActive),
        (&[CouponStep::Activate, CouponStep::Pause], Rejection::CouponPaused),
        (&[CouponStep::Activate, CouponStep::End], Rejection::CouponEnded),
        (&[CouponStep::Abort], Rejection::CouponAborted),
    ] {
        let coupon = world.create(shared(&rejection)).unwrap();
        steps.iter().for_each(|step| drop(world.step(coupon, *step).unwrap()));
        codes.push((rejection.code().into_owned(), rejection));
    }
    for (coupon, rejection) in refused_definitions(world.now, bob) {
        world.coupon(Definition { code: Some(rejection.code().into_owned()), ..coupon });
        codes.push((rejection.code().into_owned(), rejection));
    }
    codes
}

fn shared(rejection: &Rejection) -> Definition {
    Definition { code: Some(rejection.code().into_owned()), ..definition() }
}

fn refused_vouchers(world: &mut World, ann: CustomerNo, bob: CustomerNo) -> Vec<(String, Rejection)> {
    let mut voucher = |owner: CustomerNo, after_claim: Option<&str>| {
        let after_claim = after_claim.map(|span| span.parse().unwrap());
        let validity = Validity { after_claim, ..Validity::default() };
        let coupon = world.coupon(Definition { validity, ..definition() });
        world.claim(owner, coupon).unwrap().key
    };
    let keys =
        [voucher(bob, None), voucher(ann, None), voucher(ann, None), voucher(ann, None), voucher(ann, Some("PT1M"))];
    let codes = keys.map(|key| world.code(key));
    world.revoke(keys[1]).unwrap();
    world.redeem("used", Some(ann), &[&codes[2]]).unwrap();
    let request = world.request("pending", Some(ann), &[&codes[3]]);
    world.redeem_by(RedeemRequest { reserve_ms: Some(DAY_MS), ..request }).unwrap();
    world.later_ms(MINUTE_MS);
    let rejections = [
        Rejection::VoucherForeign,
        Rejection::VoucherRevoked,
        Rejection::VoucherRedeemed,
        Rejection::VoucherLocked,
        Rejection::VoucherExpired,
    ];
    codes.into_iter().zip(rejections).collect()
}

fn refused_definitions(now: Timestamp, bob: CustomerNo) -> Vec<(Definition, Rejection)> {
    let at = |ms: i64| Some(now.saturating_add_ms(ms));
    let valid = |validity: Validity| Definition { validity, ..definition() };
    let hours = serde_json::from_str(r#"{"hours":[{"from":"03:00","until":"04:00"}]}"#).unwrap();
    vec![
        (Definition { customers: Some(vec![bob]), ..definition() }, Rejection::CustomerNotEligible),
        (valid(Validity { from: at(1), ..Validity::default() }), Rejection::NotYetValid),
        (valid(Validity { until: at(0), ..Validity::default() }), Rejection::Expired),
        (valid(hours), Rejection::OutsideHours),
        (Definition { currency: Some("USD".parse().unwrap()), ..definition() }, Rejection::CurrencyMismatch),
        (Definition { minimum_order_minor: Some(10_001), ..definition() }, Rejection::BelowMinimum),
        (
            Definition { limits: vec![stock(0)], ..definition() },
            Rejection::Limit { counts: Counts::Claims, per: Per::Everyone, period: Period::Ever },
        ),
    ]
}

#[test]
fn of_all_reasons_to_refuse_a_redemption_the_first_in_precedence_is_answered() {
    let mut world = World::new();
    let (ann, bob) = (world.customer(), world.customer());
    let codes = refused_codes(&mut world, ann, bob);
    assert!(codes.is_sorted_by(|one, next| one.1 < next.1), "{codes:?}");
    for first in 0..codes.len() {
        let typed: Vec<&str> = codes[first..].iter().rev().map(|(code, _)| code.as_str()).collect();
        let request = RedeemRequest { expected_total_minor: Some(1), ..world.request("r", Some(ann), &typed) };
        assert_eq!(refusal(world.redeem_by(request)), codes[first].1, "{typed:?}");
    }
    let again = RedeemRequest { order: order("used", &[1]), ..world.request("r", Some(ann), &["nonsense"]) };
    assert_eq!(refusal(world.redeem_by(again)), Rejection::OrderAlreadyRedeemed);
    assert!(Rejection::OrderAlreadyRedeemed < Rejection::CodeUnknown);
    assert!(!world.rows.redemptions.contains_key(&id("r")));
}
