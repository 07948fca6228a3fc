use domain::benefit::Benefit;
use domain::coupon::{CouponStep, Definition};
use domain::ledger::{Kept, RedeemRequest};
use domain::limit::{Counts, Per};
use domain::money::Rate;
use domain::period::Period;
use domain::rejection::Rejection;
use domain::validity::Validity;

use crate::asking::{DAY_MS, MINUTE_MS, definition, id, limit, order, refusal, stock};
use crate::world::World;

fn ten_percent(code: &str) -> Definition {
    let benefit = Benefit::percent_off(Rate::from_bp(1_000).unwrap());
    Definition { code: Some(code.to_owned()), benefit, currency: None, ..definition() }
}

#[test]
fn a_quote_is_what_the_redemption_comes_to() {
    let mut world = World::new();
    let ann = world.customer();
    let coupon = world.coupon(Definition { limits: vec![stock(1)], ..ten_percent("ONE") });
    world.coupon(ten_percent("TWO"));
    let voucher = world.claim(ann, coupon).unwrap();
    let code = world.code(voucher.key);
    let request =
        RedeemRequest { order: order("r", &[1_999, 5_001]), ..world.request("r", Some(ann), &["two", &code]) };
    let quote = world.quote(&request);
    let done = world.redeem_by(request).unwrap();
    assert_eq!((quote.total_minor, quote.discount_minor), (done.total_minor, done.discount_minor));
    assert_eq!((quote.discount_minor, &world.rows.decisions[&id("r")].quote), (700 + 630, &quote));
}

#[test]
fn a_quote_lists_every_refused_code_with_its_reason() {
    let mut world = World::new();
    let ann = world.customer();
    world.coupon(ten_percent("GOOD"));
    let paused = world.coupon(ten_percent("PAUSED"));
    world.step(paused, CouponStep::Pause).unwrap();
    world.coupon(Definition { limits: vec![stock(0)], ..ten_percent("OUT") });
    world.coupon(Definition { minimum_order_minor: Some(99_999), ..ten_percent("MUCH") });
    let codes = ["nonsense", "out", "good", "paused", "much", "good"];
    let quote = world.quote(&world.request("r", Some(ann), &codes));
    let refused: Vec<_> =
        quote.refused.iter().map(|one| (one.code, one.refusal.rejection.code().into_owned())).collect();
    let expected =
        [(0, "code_unknown"), (1, "out_of_stock"), (3, "coupon_paused"), (4, "below_minimum"), (5, "coupon_repeated")];
    assert_eq!(refused, expected.map(|(code, reason)| (code, reason.to_owned())));
    assert_eq!((quote.applied.len(), quote.total_minor), (1, 9_000));
}

#[test]
fn a_code_that_one_of_its_limits_refuses_takes_nothing_from_the_others() {
    let mut world = World::new();
    let ann = world.customer();
    let campaign = Some(world.campaign(vec![stock(1)]));
    let none = limit(Counts::Redemptions, Per::Everyone, Period::Ever, 0);
    world.coupon(Definition { campaign, limits: vec![none], ..ten_percent("FIRST") });
    world.coupon(Definition { campaign, ..ten_percent("SECOND") });
    let quote = world.quote(&world.request("r", Some(ann), &["first", "second"]));
    assert_eq!(quote.refused.iter().map(|one| one.code).collect::<Vec<_>>(), [0]);
    assert_eq!(quote.applied.iter().map(|one| one.code).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_code_that_a_limit_refuses_leaves_the_others_what_it_would_have_taken_off() {
    let mut world = World::new();
    let budget = limit(Counts::Value, Per::Everyone, Period::Ever, 999);
    world.coupon(Definition { limits: vec![budget], ..ten_percent("FIRST") });
    world.coupon(ten_percent("SECOND"));
    let quote = world.quote(&world.request("r", None, &["first", "second"]));
    assert_eq!((quote.applied.len(), quote.discount_minor), (1, 1_000));
}

#[test]
fn a_refused_voucher_does_not_make_another_of_its_coupon_a_repetition() {
    let mut world = World::new();
    let ann = world.customer();
    let coupon = world.coupon(definition());
    let keys = world.issue(coupon, &[ann, ann, ann]).unwrap();
    let codes: Vec<String> = keys.iter().map(|voucher| world.code(voucher.key)).collect();
    world.redeem("r", Some(ann), &[&codes[0]]).unwrap();
    let quote = world.quote(&world.request("s", Some(ann), &[&codes[0], &codes[1], &codes[2]]));
    let refused: Vec<_> = quote.refused.iter().map(|one| one.refusal.rejection).collect();
    assert_eq!(refused, [Rejection::VoucherRedeemed, Rejection::CouponRepeated]);
    assert_eq!(quote.applied[0].code, 1);
}

#[test]
fn a_quote_sees_deadlines_that_nobody_wrote_down() {
    let mut world = World::new();
    world.coupon(Definition { limits: vec![stock(1)], ..ten_percent("SAVE") });
    world.reserve("r", None, &["save"]).unwrap();
    let request = world.request("s", None, &["save"]);
    assert_eq!(world.quote(&request).refused.len(), 1);
    world.later_ms(5 * MINUTE_MS);
    assert_eq!(world.quote(&request).applied.len(), 1);
}

#[test]
fn a_decision_is_replayed_to_the_same_bytes_after_the_definition_changed() {
    let mut world = World::new();
    let ann = world.customer();
    let one = world.coupon(Definition { limits: vec![stock(5)], ..ten_percent("ONE") });
    let validity = Validity { after_claim: Some("P7D".parse().unwrap()), ..Validity::default() };
    let two = world.coupon(Definition { validity, ..ten_percent("TWO") });
    let voucher = world.claim(ann, two).unwrap();
    let code = world.code(voucher.key);
    let request =
        RedeemRequest { order: order("r", &[333, 1, 77_777]), ..world.request("r", Some(ann), &["one", &code]) };
    world.redeem_by(request).unwrap();
    for coupon in [one, two] {
        world.update(coupon, |definition| definition.benefit = Benefit::amount_off(1)).unwrap();
        world.step(coupon, CouponStep::End).unwrap();
    }
    world.later_ms(400 * DAY_MS);
    let record = &world.rows.decisions[&id("r")];
    let replayed = record.replay(&world.kept()).unwrap();
    assert!(record.is_of_this_revision());
    assert_eq!(serde_json::to_vec(&replayed).unwrap(), serde_json::to_vec(&record.quote).unwrap());
    assert!(record.replay(&Kept::default()).is_none());
}

#[test]
fn order_and_time_refuse_in_order_of_precedence() {
    let mut world = World::new();
    let at = |ms: i64| Some(world.now.saturating_add_ms(ms));
    let (later, over) = (at(DAY_MS), at(2 * DAY_MS));
    let dollars = Definition { currency: Some("USD".parse().unwrap()), ..ten_percent("USD") };
    let dear = Definition { minimum_order_minor: Some(10_001), ..dollars.clone() };
    let window = Validity { from: later, until: over, ..Validity::default() };
    world.coupon(dollars);
    world.coupon(Definition { code: Some("DEAR".to_owned()), currency: None, ..dear.clone() });
    world.coupon(Definition { code: Some("WINDOW".to_owned()), validity: window, ..dear });
    let quote = world.quote(&world.request("r", None, &["usd", "dear", "window"]));
    let refused: Vec<_> = quote.refused.iter().map(|one| one.refusal.rejection).collect();
    assert_eq!(refused, [Rejection::CurrencyMismatch, Rejection::BelowMinimum, Rejection::NotYetValid]);
    assert_eq!(quote.refused[2].refusal.retry_at, later);
    world.now = over.unwrap();
    assert_eq!(refusal(world.redeem("r", None, &["window"])), Rejection::Expired);
    let nothing = RedeemRequest { order: order("s", &[0]), ..world.request("s", None, &["dear"]) };
    assert_eq!(refusal(world.redeem_by(nothing)), Rejection::BelowMinimum);
}

#[test]
fn a_coupon_with_nothing_left_to_discount_is_refused() {
    let mut world = World::new();
    let whole = Benefit::amount_off(99_999);
    world.coupon(Definition { benefit: whole, ..ten_percent("ALL") });
    world.coupon(ten_percent("TEN"));
    let quote = world.quote(&world.request("r", None, &["ten", "all"]));
    assert_eq!(quote.refused[0].refusal.rejection, Rejection::NothingToDiscount);
    assert_eq!((quote.refused[0].code, quote.total_minor), (0, 0));
}
