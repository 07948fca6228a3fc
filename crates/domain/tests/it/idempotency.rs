use domain::ledger::{Action, Command};
use domain::rejection::Rejection;

use crate::asking::{MINUTE_MS, command, refusal, stock};
use crate::world::World;

fn keyed(action: Action, key: u8, body: u8) -> Command {
    Command { key: Some([key; 16]), fingerprint: [body; 16], ..command(action) }
}

#[test]
fn a_second_claim_with_the_same_key_and_body_returns_the_first_answer() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.limited(vec![stock(9)]));
    let claim = keyed(Action::Claim { customer: ann, coupons: vec![coupon] }, 1, 1);
    let first = world.batch(std::slice::from_ref(&claim)).remove(0).unwrap();
    world.later_ms(MINUTE_MS);
    let second = world.batch(&[claim]).remove(0).unwrap();
    assert!(!first.replayed && second.replayed);
    assert_eq!(first.outcome, second.outcome);
    assert_eq!((second.at, world.usage(coupon, &stock(0))), (world.now, (1, 0)));
}

#[test]
fn a_key_with_another_body_is_refused() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.limited(vec![stock(9)]));
    let claim = Action::Claim { customer: ann, coupons: vec![coupon] };
    world.batch(&[keyed(claim.clone(), 1, 1)]).remove(0).unwrap();
    assert_eq!(refusal(world.batch(&[keyed(claim, 1, 2)]).remove(0)), Rejection::IdempotencyKeyReused);
    assert_eq!(world.usage(coupon, &stock(0)), (1, 0));
}

#[test]
fn twins_in_one_batch_have_one_effect() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.limited(vec![stock(9)]));
    let claim = Action::Claim { customer: ann, coupons: vec![coupon] };
    let batch =
        [keyed(claim.clone(), 1, 1), keyed(claim.clone(), 1, 1), keyed(claim.clone(), 1, 2), keyed(claim, 2, 1)];
    let answers = world.batch(&batch);
    assert_eq!(answers[0].as_ref().unwrap().outcome, answers[1].as_ref().unwrap().outcome);
    assert_eq!(refusal(answers[2].clone()), Rejection::IdempotencyKeyReused);
    assert_eq!(world.usage(coupon, &stock(0)), (2, 0));
}

#[test]
fn a_refusal_stores_nothing_and_the_key_can_be_used_when_the_reason_is_gone() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.limited(vec![stock(0)]));
    let claim = keyed(Action::Claim { customer: ann, coupons: vec![coupon] }, 1, 1);
    assert_eq!(refusal(world.batch(std::slice::from_ref(&claim)).remove(0)).code(), "out_of_stock");
    assert!(world.rows.answers.is_empty() && world.rows.usages.is_empty() && world.rows.series.is_empty());
    world.update(coupon, |definition| definition.limits[0].max = 1).unwrap();
    world.batch(&[claim]).remove(0).unwrap();
}

#[test]
fn a_refused_command_leaves_nothing_for_the_next_of_its_batch() {
    let mut world = World::new();
    let ann = world.customer();
    let (one, none) = (world.limited(vec![stock(1)]), world.limited(vec![stock(0)]));
    let both = command(Action::Claim { customer: ann, coupons: vec![one, none] });
    let single = command(Action::Claim { customer: ann, coupons: vec![one] });
    let answers = world.batch(&[both, single]);
    assert!(answers[0].is_err() && answers[1].is_ok());
    assert_eq!(world.usage(one, &stock(0)), (1, 0));
}
