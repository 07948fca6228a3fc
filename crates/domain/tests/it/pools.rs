use std::collections::BTreeSet;

use domain::coupon::{ClaimsFrom, CouponStep, Definition, LimitDefinition};
use domain::id::{CouponNo, CustomerNo, VoucherKey};
use domain::ledger::{Action, NotImported, Outcome};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::Rejection;
use domain::voucher::{Voucher, VoucherState};

use crate::asking::{DAY_MS, MINUTE_MS, command, definition, limit, refusal, stock, vouchers};
use crate::world::World;

/// Held for five minutes.
fn pool(limits: Vec<LimitDefinition>) -> Definition {
    let hold = Some("PT5M".parse().unwrap());
    Definition { hold, limits, claims_from: ClaimsFrom::Pool, ..definition() }
}

fn import(world: &mut World, coupon: CouponNo, texts: &[&str]) -> (u32, Vec<NotImported>) {
    let codes = texts.iter().map(|text| Ok(world.given(text, None))).collect();
    match world.ask(Action::ImportGiven { coupon, codes }) {
        Ok(Outcome::Imported { accepted, refused }) => (accepted, refused),
        other => panic!("{other:?}"),
    }
}

fn check_import(world: &mut World, coupon: CouponNo, texts: &[&str], refused: &[(u32, &str)]) {
    let (accepted, found) = import(world, coupon, texts);
    let found: Vec<(u32, &str)> = found.iter().map(|one| (one.place, one.reason.as_str())).collect();
    assert_eq!((usize::try_from(accepted).unwrap(), &found[..]), (texts.len() - refused.len(), refused));
}

/// What the code of a voucher is, whoever may see it.
fn code_of(world: &World, key: VoucherKey) -> Option<String> {
    let (hash, given) = world.rows.given_codes.iter().find(|(_, given)| given.voucher == key)?;
    Some(world.ring.open_text(crate::world::TENANT, hash, &given.sealed).unwrap())
}

#[test]
fn claims_are_handed_the_codes_of_the_pool_in_the_order_in_which_they_came() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(pool(vec![])));
    check_import(&mut world, coupon, &["P-1", "P-2", "P-3"], &[]);
    for text in ["P-1", "P-2", "P-3"] {
        let voucher = world.claim(ann, coupon).unwrap();
        assert_eq!((voucher.state, voucher.customer), (VoucherState::Held, Some(ann)));
        assert!(voucher.hides_code());
        assert_eq!(code_of(&world, voucher.key).as_deref(), Some(text));
    }
    assert_eq!(refusal(world.claim(ann, coupon)), Rejection::PoolEmpty);
    check_import(&mut world, coupon, &["P-4"], &[]);
    let issued = world.issue(coupon, &[ann]).unwrap().remove(0);
    assert_eq!((issued.state, issued.hides_code()), (VoucherState::Issued, false));
    assert_eq!(code_of(&world, issued.key).as_deref(), Some("P-4"));
}

#[test]
fn one_batch_of_claims_needs_few_rounds_and_hands_out_each_code_once() {
    let mut world = World::new();
    let coupon = world.coupon(pool(vec![]));
    let texts: Vec<String> = (0..600).map(|no| format!("P-{no}")).collect();
    import(&mut world, coupon, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    let customers: Vec<CustomerNo> = (0..20).map(|_| world.customer()).collect();
    let claim = |index: usize| Action::Claim { customer: customers[index % 20], coupons: vec![coupon] };
    let commands: Vec<_> = (0..601).map(|index| command(claim(index))).collect();
    let mut answers = world.batch(&commands);
    assert!(world.rounds <= 6, "{}", world.rounds);
    assert_eq!(answers.pop().unwrap().unwrap_err().rejection, Rejection::PoolEmpty);
    let keys: BTreeSet<VoucherKey> =
        answers.into_iter().flat_map(|answer| vouchers(answer.unwrap().outcome)).map(|voucher| voucher.key).collect();
    assert_eq!(keys.len(), 600);
}

#[test]
fn an_import_takes_what_is_free_and_tells_of_each_other_code_why_not() {
    let mut world = World::new();
    let coupon = world.coupon(pool(vec![]));
    world.coupon(Definition { code: Some("SAVE10".to_owned()), ..definition() });
    check_import(&mut world, coupon, &["A-1", "a 1", "B-1", "save1O"], &[(1, "code_taken"), (3, "code_taken")]);
    check_import(&mut world, coupon, &["b1", "C-1"], &[(0, "code_taken")]);
    let other = world.coupon(pool(vec![]));
    check_import(&mut world, other, &["C-1", "D-1"], &[(0, "code_taken")]);
}

#[test]
fn a_place_without_a_code_is_refused_as_it_was_read() {
    let mut world = World::new();
    let coupon = world.coupon(pool(vec![]));
    let codes = vec![Err("customer_not_found".to_owned()), Ok(world.given("A", None))];
    let refused = vec![NotImported { place: 0, reason: "customer_not_found".to_owned() }];
    assert_eq!(world.ask(Action::ImportGiven { coupon, codes }), Ok(Outcome::Imported { accepted: 1, refused }));
}

#[test]
fn an_import_into_a_pool_takes_from_no_limit_and_a_claim_does() {
    let mut world = World::new();
    let (ann, bob) = (world.customer(), world.customer());
    let once = limit(Counts::Claims, Per::Customer, Period::Ever, 1);
    let coupon = world.coupon(pool(vec![stock(2), once.clone()]));
    check_import(&mut world, coupon, &["A", "B", "C"], &[]);
    assert_eq!(world.usage(coupon, &stock(2)), (0, 0));
    world.claim(ann, coupon).unwrap();
    assert_eq!((world.usage(coupon, &stock(2)), world.usage(coupon, &once)), ((0, 1), (0, 1)));
    let Rejection::Limit { per: Per::Customer, .. } = refusal(world.claim(ann, coupon)) else { panic!("once each") };
    world.claim(bob, coupon).unwrap();
    let carl = world.customer();
    let Rejection::Limit { per: Per::Everyone, .. } = refusal(world.claim(carl, coupon)) else { panic!("stock is 2") };
}

#[test]
fn an_import_into_any_other_coupon_takes_from_its_limits_code_by_code() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { limits: vec![stock(2)], ..definition() });
    check_import(&mut world, coupon, &["A", "A", "B", "C"], &[(1, "code_taken"), (3, "out_of_stock")]);
    world.redeem("r", None, &["b"]).unwrap();
}

#[test]
fn a_limit_refuses_before_the_pool_is_empty() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(pool(vec![stock(0)])));
    assert!(matches!(refusal(world.claim(ann, coupon)), Rejection::Limit { .. }));
    assert!(
        Rejection::Limit { counts: Counts::Value, per: Per::Customer, period: Period::Month } < Rejection::PoolEmpty
            && Rejection::PoolEmpty < Rejection::CodeSpaceExhausted
    );
}

#[test]
fn a_code_that_nobody_has_is_no_code() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(pool(vec![])));
    check_import(&mut world, coupon, &["A"], &[]);
    assert_eq!(refusal(world.redeem("r", None, &["A"])), Rejection::CodeUnknown);
    let held = world.claim(ann, coupon).unwrap();
    assert_eq!(refusal(world.redeem("r", None, &[&world.id(held.key)])), Rejection::CustomerRequired);
    world.redeem("r", Some(ann), &[&world.id(held.key)]).unwrap();
    let used = &world.rows.vouchers[&held.key];
    assert_eq!((used.state, used.hides_code()), (VoucherState::Redeemed, false));
}

#[test]
fn an_id_is_good_only_for_its_owner() {
    let mut world = World::new();
    let (ann, bob, coupon) = (world.customer(), world.customer(), world.coupon(definition()));
    let voucher = world.claim(ann, coupon).unwrap();
    assert_eq!(refusal(world.redeem("r", Some(bob), &[&world.id(voucher.key)])), Rejection::VoucherForeign);
    assert_eq!(refusal(world.redeem("r", None, &[&world.id(voucher.key)])), Rejection::CustomerRequired);
    let entry = world.given("ANYBODYS", None);
    let bearers = world.issue_given(coupon, vec![entry]).unwrap().remove(0);
    assert_eq!(refusal(world.redeem("r", Some(bob), &[&world.id(bearers.key)])), Rejection::VoucherForeign);
    world.redeem("r", Some(ann), &[&world.id(voucher.key)]).unwrap();
}

#[test]
fn an_id_is_no_code_that_can_be_given() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    let voucher = world.claim(ann, coupon).unwrap();
    let text = world.id(voucher.key);
    check_import(&mut world, coupon, &[&text], &[(0, "code_taken")]);
}

/// The voucher stays its holder's, expired and without a code; the code is at the end of the pool under a new one.
fn check_went_back(world: &World, held: &Voucher, text: &str) {
    assert_eq!(code_of(world, held.key), None);
    let row = &world.rows.vouchers[&held.key];
    assert!(row.customer == held.customer && matches!(row.state, VoucherState::Expired | VoucherState::Revoked));
    let (_, given) = world.rows.given_codes.iter().find(|(_, given)| given.voucher > held.key).unwrap();
    assert_eq!(world.rows.vouchers[&given.voucher].state, VoucherState::Pooled);
    assert_eq!(code_of(world, given.voucher).as_deref(), Some(text));
}

#[test]
fn a_code_goes_back_unseen_however_its_hold_ends() {
    let mut world = World::new();
    let (ann, bob, coupon) = (world.customer(), world.customer(), world.coupon(pool(vec![stock(1)])));
    check_import(&mut world, coupon, &["A"], &[]);
    let released = world.claim(ann, coupon).unwrap();
    world.release(released.key).unwrap();
    check_went_back(&world, &released, "A");
    let swept = world.claim(ann, coupon).unwrap();
    world.later_ms(5 * MINUTE_MS);
    assert_eq!(world.sweep(), (1, 0));
    check_went_back(&world, &swept, "A");
    let late = world.claim(ann, coupon).unwrap();
    world.reserve("r", Some(ann), &[&world.id(late.key)]).unwrap();
    world.later_ms(DAY_MS);
    assert_eq!(world.sweep(), (0, 1));
    check_went_back(&world, &late, "A");
    let again = world.claim(bob, coupon).unwrap();
    assert_eq!(code_of(&world, again.key).as_deref(), Some("A"));
    assert_eq!(refusal(world.redeem("s", Some(ann), &[&world.id(late.key)])), Rejection::VoucherExpired);
    assert_eq!(refusal(world.redeem("s", Some(ann), &["A"])), Rejection::VoucherForeign);
    world.redeem("s", Some(bob), &[&world.id(again.key)]).unwrap();
}

#[test]
fn before_a_pool_is_empty_what_is_due_is_taken_back() {
    for locked in [false, true] {
        let mut world = World::new();
        let (ann, bob, coupon) = (world.customer(), world.customer(), world.coupon(pool(vec![])));
        check_import(&mut world, coupon, &["A"], &[]);
        let held = world.claim(ann, coupon).unwrap();
        if locked {
            world.reserve("r", Some(ann), &[&world.id(held.key)]).unwrap();
        }
        world.later_ms(5 * MINUTE_MS - 1);
        assert_eq!(refusal(world.claim(bob, coupon)), Rejection::PoolEmpty);
        world.later_ms(1);
        let next = world.claim(bob, coupon).unwrap();
        assert_eq!(code_of(&world, next.key).as_deref(), Some("A"));
        check_went_back_to_another(&world, &held);
    }
}

fn check_went_back_to_another(world: &World, held: &Voucher) {
    assert_eq!((world.rows.vouchers[&held.key].state, code_of(world, held.key)), (VoucherState::Expired, None));
}

#[test]
fn a_used_or_issued_code_is_never_anothers() {
    let mut world = World::new();
    let (ann, bob, coupon) = (world.customer(), world.customer(), world.coupon(pool(vec![])));
    check_import(&mut world, coupon, &["A"], &[]);
    let held = world.claim(ann, coupon).unwrap();
    world.redeem("r", Some(ann), &[&world.id(held.key)]).unwrap();
    world.give_back("r", None).unwrap();
    let back = &world.rows.vouchers[&held.key];
    assert_eq!((back.state, back.customer, back.hides_code()), (VoucherState::Issued, Some(ann), false));
    world.revoke(held.key).unwrap();
    assert_eq!(code_of(&world, held.key).as_deref(), Some("A"));
    assert_eq!(refusal(world.claim(bob, coupon)), Rejection::PoolEmpty);
}

#[test]
fn staff_takes_one_voucher_out_of_the_pool_by_its_id() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(pool(vec![stock(1)])));
    check_import(&mut world, coupon, &["A", "B", "C"], &[]);
    let waiting: Vec<VoucherKey> = world.rows.vouchers.keys().copied().collect();
    assert_eq!(refusal(world.release(waiting[0])), Rejection::VoucherNotHeld);
    world.revoke(waiting[0]).unwrap();
    world.assign(waiting[1], ann).unwrap();
    assert_eq!(world.usage(coupon, &stock(1)), (1, 0));
    assert!(matches!(refusal(world.assign(waiting[2], ann)), Rejection::Limit { .. }));
    assert_eq!(world.rows.statistics[&coupon].pooled, 1);
}

#[test]
fn a_pool_is_filled_before_its_coupon_runs_and_an_ended_one_is_not() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.create(pool(vec![])).unwrap());
    check_import(&mut world, coupon, &["A"], &[]);
    assert_eq!(refusal(world.claim(ann, coupon)), Rejection::CouponNotActive);
    let owned = world.given("B", Some(ann));
    assert_eq!(refusal(world.issue_given(coupon, vec![owned])), Rejection::CouponNotActive);
    world.step(coupon, CouponStep::Activate).unwrap();
    world.step(coupon, CouponStep::Pause).unwrap();
    check_import(&mut world, coupon, &["B"], &[]);
    world.step(coupon, CouponStep::End).unwrap();
    let codes = vec![Ok(world.given("C", None))];
    assert_eq!(refusal(world.ask(Action::ImportGiven { coupon, codes })), Rejection::CouponEnded);
}

#[test]
fn where_claims_come_from_cannot_change() {
    let mut world = World::new();
    let coupon = world.coupon(pool(vec![]));
    let changed = world.update(coupon, |definition| definition.claims_from = ClaimsFrom::Computed);
    assert_eq!(refusal(changed), Rejection::TransitionIllegal);
}

#[test]
fn the_validity_of_a_code_begins_when_it_is_handed_out() {
    let mut world = World::new();
    let ann = world.customer();
    let mut week = pool(vec![]);
    week.validity.after_claim = Some("P7D".parse().unwrap());
    let coupon = world.coupon(week);
    check_import(&mut world, coupon, &["A"], &[]);
    world.later_ms(30 * DAY_MS);
    let voucher = world.issue(coupon, &[ann]).unwrap().remove(0);
    assert_eq!((voucher.made_at, voucher.state_at(world.now)), (world.now, VoucherState::Issued));
    assert!(voucher.valid_until.is_some_and(|until| until > world.now));
}
