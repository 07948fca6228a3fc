use domain::benefit::Benefit;
use domain::coupon::Definition;
use domain::ledger::{Action, RedeemRequest};
use domain::limit::{Counts, Per};
use domain::order::{Line, Order};
use domain::period::Period;
use domain::redemption::RedemptionState;
use domain::rejection::Rejection;
use domain::voucher::VoucherState;

use crate::asking::{definition, id, limit, order, redemption, refusal, stock};
use crate::world::World;

/// 10.01 off, with all kinds of limits.
fn save() -> Definition {
    let benefit = Benefit::amount_off(1_001);
    let limits = vec![
        stock(9),
        limit(Counts::Redemptions, Per::Everyone, Period::Ever, 9),
        limit(Counts::Value, Per::Everyone, Period::Ever, 9_999),
        limit(Counts::Value, Per::Everyone, Period::Day, 9_999),
    ];
    Definition { code: Some("SAVE".to_owned()), benefit, limits, ..definition() }
}

fn usages(world: &World, coupon: domain::id::CouponNo) -> Vec<i64> {
    save().limits.iter().map(|limit| world.usage(coupon, limit).0).collect()
}

/// Three lines of 3, 2 and 7 units.
fn three_lines() -> Order {
    let line = |quantity, unit_price_minor| Line { quantity, unit_price_minor, ..order("", &[0]).lines.remove(0) };
    Order { lines: vec![line(3, 333), line(2, 1_999), line(7, 10)], ..order("r", &[]) }
}

#[test]
fn parts_returned_in_any_order_sum_to_the_whole_and_uses_come_back_with_it() {
    for steps in [
        &[(0, 1), (1, 1), (2, 5), (0, 2), (1, 1), (2, 2)][..],
        &[(2, 7), (1, 2), (0, 3)],
        &[(0, 3), (2, 1), (2, 1), (2, 1), (2, 4), (1, 2)],
    ] {
        let mut world = World::new();
        let coupon = world.coupon(save());
        let request = RedeemRequest { order: three_lines(), ..world.request("r", None, &["save"]) };
        world.redeem_by(request).unwrap();
        for (done, step) in steps.iter().enumerate() {
            let after = world.give_back("r", Some(&[*step])).unwrap();
            let last = done + 1 == steps.len();
            assert_eq!(after.state, if last { RedemptionState::Returned } else { RedemptionState::Succeeded });
            let (uses, left) = (i64::from(!last), 1_001 - after.returned_minor());
            assert_eq!(usages(&world, coupon), [uses, uses, left, 1_001]);
        }
        assert_eq!(world.rows.redemptions[&id("r")].returned_minor(), 1_001);
        assert_eq!(refusal(world.give_back("r", Some(&[(0, 1)]))), Rejection::RedemptionReturned);
    }
}

#[test]
fn a_whole_return_reissues_the_voucher_and_happens_once() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(save()));
    let voucher = world.claim(ann, coupon).unwrap();
    let code = world.code(voucher.key);
    world.redeem("r", Some(ann), &[&code]).unwrap();
    world.give_back("r", None).unwrap();
    assert_eq!(world.rows.vouchers[&voucher.key].state, VoucherState::Issued);
    assert_eq!(usages(&world, coupon), [1, 0, 0, 1_001]);
    let events = world.rows.events.len();
    assert_eq!(world.give_back("r", None).unwrap().state, RedemptionState::Returned);
    assert_eq!(world.rows.events.len(), events);
    world.redeem("s", Some(ann), &[&code]).unwrap();
}

#[test]
fn what_is_not_there_cannot_be_returned() {
    let mut world = World::new();
    world.coupon(save());
    assert_eq!(refusal(world.give_back("r", None)), Rejection::RedemptionNotFound);
    world.reserve("r", None, &["save"]).unwrap();
    assert_eq!(refusal(world.give_back("r", None)), Rejection::RedemptionPending);
    world.confirm("r").unwrap();
    for lines in [&[(0, 2)][..], &[(1, 1)], &[(0, 1), (0, 1)], &[(0, u32::MAX), (0, u32::MAX)], &[(usize::MAX, 1)]] {
        assert_eq!(refusal(world.give_back("r", Some(lines))), Rejection::ReturnExceedsRest, "{lines:?}");
    }
}

#[test]
fn a_return_of_nothing_changes_nothing() {
    let mut world = World::new();
    world.coupon(save());
    world.redeem("r", None, &["save"]).unwrap();
    let events = world.rows.events.len();
    for lines in [&[][..], &[(0, 0)]] {
        assert_eq!(world.give_back("r", Some(lines)).unwrap().version, 1);
    }
    assert_eq!(world.rows.events.len(), events);
}

#[test]
fn a_return_reads_what_was_recorded_not_what_the_definition_says_today() {
    let mut world = World::new();
    let coupon = world.coupon(save());
    world.redeem("r", None, &["save"]).unwrap();
    world
        .update(coupon, |definition| {
            definition.limits.clear();
            definition.benefit = Benefit::amount_off(1);
        })
        .unwrap();
    world.give_back("r", None).unwrap();
    assert_eq!(usages(&world, coupon), [0, 0, 0, 1_001]);
}

fn amend(world: &mut World, old: &str, request: RedeemRequest) -> Result<domain::redemption::Redemption, Rejection> {
    let action = Action::Amend { redemption: id(old), request: Box::new(request) };
    world.ask(action).map(redemption).map_err(|refusal| refusal.rejection)
}

#[test]
fn an_amended_redemption_is_returned_and_made_anew_for_the_same_order() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(save()));
    let voucher = world.claim(ann, coupon).unwrap();
    let code = world.code(voucher.key);
    world.redeem("r", Some(ann), &[&code]).unwrap();
    let request = RedeemRequest { order: order("r", &[800]), ..world.request("s", Some(ann), &[&code]) };
    let new = amend(&mut world, "r", request.clone()).unwrap();
    assert_eq!((new.discount_minor, new.state), (800, RedemptionState::Succeeded));
    assert_eq!(world.rows.redemptions[&id("r")].state, RedemptionState::Returned);
    assert_eq!(usages(&world, coupon), [1, 1, 800, 1_801]);
    let events = world.rows.events.len();
    assert_eq!(amend(&mut world, "r", request), Ok(new));
    assert_eq!(world.rows.events.len(), events);
}

#[test]
fn an_amendment_that_is_refused_returns_nothing() {
    let mut world = World::new();
    let coupon = world.coupon(save());
    world.redeem("r", None, &["save"]).unwrap();
    let events = world.rows.events.len();
    let request = world.request("s", None, &["save", "nonsense"]);
    assert_eq!(amend(&mut world, "r", request), Err(Rejection::CodeUnknown));
    let same = world.request("r", None, &["save"]);
    assert_eq!(amend(&mut world, "r", same), Err(Rejection::RedemptionIdReused));
    let request = world.request("s", None, &["save"]);
    assert_eq!(amend(&mut world, "q", request), Err(Rejection::RedemptionNotFound));
    assert_eq!((world.rows.events.len(), usages(&world, coupon)), (events, vec![1, 1, 1_001, 1_001]));
}

#[test]
fn the_last_unit_can_be_amended() {
    let mut world = World::new();
    let budget = limit(Counts::Value, Per::Everyone, Period::Ever, 1_001);
    let coupon = world.coupon(Definition { limits: vec![stock(1), budget.clone()], ..save() });
    world.redeem("r", None, &["save"]).unwrap();
    let request = RedeemRequest { order: order("r", &[1_000]), ..world.request("s", None, &["save"]) };
    amend(&mut world, "r", request).unwrap();
    assert_eq!((world.usage(coupon, &stock(0)), world.usage(coupon, &budget)), ((1, 0), (1_000, 0)));
}
