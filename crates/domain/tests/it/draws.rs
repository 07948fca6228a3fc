//! Random amounts: drawn within bounds, counted by budgets from then on, and what comes of them.

use domain::benefit::Benefit;
use domain::coupon::{ClaimsFrom, CouponStep, Definition, LimitDefinition};
use domain::ledger::{Action, Command, NotImported, Outcome};
use domain::limit::{Counts, GiveBack, Per};
use domain::period::Period;
use domain::pricing::VoucherWindow;
use domain::rejection::Rejection;
use domain::voucher::{Voucher, VoucherState};
use proptest::prelude::*;

use crate::asking::{MINUTE_MS, command, definition, id, limit, refusal, stock, vouchers};
use crate::world::{World, through_json};

const EXHAUSTED: Rejection = Rejection::Limit { counts: Counts::Value, per: Per::Everyone, period: Period::Ever };

fn random(min_minor: i64, max_minor: i64, limits: Vec<LimitDefinition>) -> Definition {
    Definition { benefit: Benefit::RandomAmount { min_minor, max_minor }, limits, ..definition() }
}

fn budget(max: i64) -> LimitDefinition {
    limit(Counts::Value, Per::Everyone, Period::Ever, max)
}

fn drawn(voucher: &Voucher) -> i64 {
    voucher.amount_minor.expect("it was drawn")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn amounts_stay_within_bounds_and_the_budget_and_every_unit_gets_its_least(
        min in 1_i64..500,
        more in 0_i64..2_000,
        units in 1_usize..10,
        spare in 0_i64..5_000,
        ends in prop::collection::vec((0_u8..3, any::<prop::sample::Index>()), 0..10),
    ) {
        let max = budget(min * units as i64 + spare);
        let mut world = World::new();
        let ann = world.customer();
        let definition = random(min, min + more, vec![stock(units as i64), max.clone()]);
        let coupon = world.coupon(Definition { hold: Some("PT5M".parse().unwrap()), ..definition });
        let mut live: Vec<Voucher> = Vec::new();
        for (end, which) in ends {
            live.extend(world.claim(ann, coupon).ok());
            match end {
                0 => drop(world.release(live.swap_remove(which.index(live.len())).key).unwrap()),
                1 => {
                    world.later_ms(5 * MINUTE_MS);
                    live.clear();
                }
                _ => {}
            }
        }
        while live.len() < units {
            live.push(world.claim(ann, coupon).unwrap());
        }
        prop_assert!(live.iter().all(|voucher| (min..=min + more).contains(&drawn(voucher))));
        let sum: i64 = live.iter().map(drawn).sum();
        prop_assert!(sum <= max.max, "{} of {}", sum, max.max);
        world.sweep();
        prop_assert_eq!(world.usage(coupon, &max), (0, sum));
    }
}

#[test]
fn a_budget_that_has_less_than_the_least_refuses_and_leaves_nothing_behind() {
    let mut world = World::new();
    let (units, money) = (stock(10), budget(650));
    let coupon = world.coupon(random(300, 900, vec![units.clone(), money.clone()]));
    let codes = ["one", "two", "three"].map(|text| Ok(world.given(text, None))).to_vec();
    let told = world.ask(Action::ImportGiven { coupon, codes });
    // Never enough for ten: each gets the least.
    let refused = vec![NotImported { place: 2, reason: "budget_exhausted".to_owned() }];
    assert_eq!(told, Ok(Outcome::Imported { accepted: 2, refused }));
    assert_eq!((world.usage(coupon, &units), world.usage(coupon, &money)), ((2, 0), (600, 0)));
    let ann = world.customer();
    assert_eq!(refusal(world.claim(ann, coupon)), EXHAUSTED);
    // Of both, what comes first in precedence is told.
    world.update(coupon, |definition| definition.limits[0].max = 2).unwrap();
    assert_ne!(refusal(world.claim(ann, coupon)), EXHAUSTED);
}

#[test]
fn what_was_drawn_is_an_amount_off_and_is_counted_once() {
    let mut world = World::new();
    let ann = world.customer();
    let money = budget(5_000);
    let coupon = world.coupon(random(700, 900, vec![money.clone()]));
    let voucher = world.claim(ann, coupon).unwrap();
    let amount = drawn(&voucher);
    assert_eq!(world.usage(coupon, &money), (amount, 0));
    let code = world.code(voucher.key);
    assert_eq!(world.redeem("r", Some(ann), &[&code]).unwrap().discount_minor, amount);
    assert_eq!(world.usage(coupon, &money), (amount, 0));
    // The decision names the amount, and decides the same again whatever is defined since.
    world.update(coupon, |one| one.benefit = Benefit::RandomAmount { min_minor: 1, max_minor: 2 }).unwrap();
    let record = through_json(&world.rows.decisions[&id("r")]);
    assert_eq!(record.offers[0].voucher.unwrap().amount_minor, Some(amount));
    assert_eq!(record.replay(&world.kept()), Some(record.quote.clone()));
    world.give_back("r", None).unwrap();
    assert_eq!(world.usage(coupon, &money), (amount, 0));
    assert_eq!(world.redeem("s", Some(ann), &[&code]).unwrap().discount_minor, amount);
}

#[test]
fn a_window_that_was_recorded_before_there_were_amounts_still_reads() {
    let mut world = World::new();
    let ann = world.customer();
    let coupon = world.coupon(definition());
    let voucher = world.claim(ann, coupon).unwrap();
    let window = serde_json::to_string(&VoucherWindow::of(&voucher)).unwrap();
    assert!(!window.contains("amount_minor"), "{window}");
    assert_eq!(serde_json::from_str::<VoucherWindow>(&window).unwrap(), VoucherWindow::of(&voucher));
}

#[test]
fn an_answer_that_is_given_again_names_the_same_amount() {
    let mut world = World::new();
    let ann = world.customer();
    let coupon = world.coupon(random(1, 1_000_000, Vec::new()));
    let claim = Command { key: Some([7; 16]), ..command(Action::Claim { customer: ann, coupons: vec![coupon] }) };
    let answers: Vec<_> = (0..2).map(|_| world.batch(std::slice::from_ref(&claim)).remove(0).unwrap()).collect();
    assert!(answers[1].replayed);
    assert_eq!(answers[0].outcome, answers[1].outcome);
    assert_eq!(
        vouchers(answers[1].outcome.clone())[0].amount_minor,
        world.rows.vouchers.values().next().unwrap().amount_minor
    );
}

#[test]
fn what_ends_unused_gives_its_amount_back_as_the_budget_says() {
    let back = |hold_expired, revoked| GiveBack { hold_expired, revoked, ..GiveBack::default_for(Period::Day) };
    for (give_back, revoke, left) in [
        (None, false, (0, 0)),
        (None, true, (500, 0)),
        (Some(back(false, true)), false, (500, 0)),
        (Some(back(false, true)), true, (0, 0)),
    ] {
        let mut world = World::new();
        let ann = world.customer();
        let money = LimitDefinition { give_back, ..budget(5_000) };
        let definition = random(500, 500, vec![money.clone()]);
        let coupon = world.coupon(Definition { hold: Some("PT5M".parse().unwrap()), ..definition });
        let voucher = world.claim(ann, coupon).unwrap();
        assert_eq!(world.usage(coupon, &money), (0, 500));
        if revoke {
            world.revoke(voucher.key).unwrap()
        } else {
            world.release(voucher.key).unwrap()
        };
        assert_eq!(world.usage(coupon, &money), left, "{give_back:?} {revoke}");
    }
}

#[test]
fn a_customers_share_is_counted_for_whoever_gets_the_voucher() {
    let mut world = World::new();
    let (ann, bob) = (world.customer(), world.customer());
    let own = limit(Counts::Value, Per::Customer, Period::Ever, 1_000);
    let coupon = world.coupon(random(600, 600, vec![own.clone()]));
    let codes = ["one", "two"].map(|text| world.given(text, None)).to_vec();
    let made = world.issue_given(coupon, codes).unwrap();
    assert_eq!(world.usage(coupon, &own), (0, 0));
    world.assign(made[0].key, ann).unwrap();
    assert_eq!(world.usage(coupon, &own), (600, 0));
    assert_ne!(refusal(world.assign(made[1].key, ann)), EXHAUSTED);
    assert_eq!(world.usage(coupon, &own), (600, 0));
    assert_eq!(world.redeem("r", Some(bob), &["two"]).unwrap().discount_minor, 600);
    assert_eq!(world.usage(coupon, &own), (1_200, 0));
}

#[test]
fn a_code_of_a_pool_has_an_amount_once_it_is_handed_out() {
    let mut world = World::new();
    let ann = world.customer();
    let pool = Definition { claims_from: ClaimsFrom::Pool, ..random(5, 50, Vec::new()) };
    let coupon = world.coupon(pool);
    let waiting = world.given("waiting", None);
    let waits = world.issue_given(coupon, vec![waiting]).unwrap().remove(0);
    assert_eq!((waits.state, waits.amount_minor), (VoucherState::Pooled, None));
    let claimed = world.claim(ann, coupon).unwrap();
    assert!((5..=50).contains(&drawn(&claimed)));
}

#[test]
fn no_amount_is_drawn_where_there_is_no_voucher_for_it() {
    let mut world = World::new();
    let pointer = |definition: Definition| definition.check_drawn().err().map(|error| error.pointer);
    assert_eq!(pointer(random(1, 2, Vec::new())), None);
    assert_eq!(
        pointer(Definition { code: Some("LUCK".to_owned()), ..random(1, 2, Vec::new()) }).as_deref(),
        Some("/code")
    );
    assert_eq!(pointer(Definition { automatic: true, ..random(1, 2, Vec::new()) }).as_deref(), Some("/automatic"));
    assert_eq!(pointer(Definition { automatic: true, ..definition() }), None);
    let coupon = world.coupon(random(1, 2, Vec::new()));
    assert_eq!(refusal(world.block(coupon, 3)), Rejection::TransitionIllegal);
    // What was drawn counts when it is drawn, and anything else when it is used.
    let fixed = |one: &mut Definition| one.benefit = Benefit::amount_off(500);
    assert_eq!(refusal(world.update(coupon, fixed)), Rejection::TransitionIllegal);
    let draft = world.create(random(1, 2, Vec::new())).unwrap();
    world.update(draft, fixed).unwrap();
    world.step(draft, CouponStep::Activate).unwrap();
}
