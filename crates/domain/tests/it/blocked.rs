use std::sync::Arc;

use domain::access_block::{Bar, BlockReason, BlockTarget};
use domain::coupon::Definition;
use domain::id::{AccessBlockId, CustomerNo};
use domain::ledger::Action;
use domain::rejection::Rejection;
use domain::time::Timestamp;

use crate::asking::{MINUTE_MS, definition, refusal};
use crate::world::World;

const BLOCKED: Rejection = Rejection::Blocked { reason: BlockReason::Resale };

fn block(world: &mut World, customer: CustomerNo, until: Option<Timestamp>) {
    let bar = Bar { id: AccessBlockId(world.name()), reason: BlockReason::Resale, until };
    Arc::make_mut(&mut world.standing).put(BlockTarget::Customer(customer), bar);
}

#[test]
fn whoever_is_blocked_is_told_so_before_anything_else() {
    let mut world = World::new();
    let (eve, draft) = (world.customer(), world.create(definition()).unwrap());
    assert_eq!(refusal(world.claim(eve, draft)), Rejection::CouponNotActive);
    block(&mut world, eve, None);
    assert_eq!(refusal(world.claim(eve, draft)), BLOCKED);
    assert_eq!(refusal(world.redeem("r", Some(eve), &["nonsense"])), BLOCKED);
}

#[test]
fn a_block_acts_until_its_last_millisecond_and_not_on_others() {
    let mut world = World::new();
    let (eve, ann) = (world.customer(), world.customer());
    let coupon = world.coupon(Definition { code: Some("SAVE10".to_owned()), ..definition() });
    let until = world.now.saturating_add_ms(MINUTE_MS);
    block(&mut world, eve, Some(until));
    assert_eq!(refusal(world.claim(eve, coupon)), BLOCKED);
    world.claim(ann, coupon).unwrap();
    world.redeem("anonymous", None, &["SAVE10"]).unwrap();
    world.later_ms(MINUTE_MS - 1);
    assert_eq!(refusal(world.redeem("last", Some(eve), &["SAVE10"])), BLOCKED);
    world.later_ms(1);
    world.claim(eve, coupon).unwrap();
}

#[test]
fn a_voucher_of_a_blocked_owner_is_worth_nothing_to_whoever_types_its_code() {
    let mut world = World::new();
    let (eve, coupon) = (world.customer(), world.coupon(definition()));
    let kept = world.claim(eve, coupon).unwrap();
    let reserved = world.claim(eve, coupon).unwrap();
    let [kept, reserved] = [kept, reserved].map(|voucher| world.code(voucher.key));
    world.reserve("before", None, &[&reserved]).unwrap();
    block(&mut world, eve, None);
    assert_eq!(refusal(world.redeem("alone", None, &[&kept])), BLOCKED);
    assert_eq!(refusal(world.reserve("reserve", None, &[&kept])), BLOCKED);
    let quote = world.quote(&world.request("quote", None, &[&kept]));
    assert_eq!(quote.refused[0].refusal.rejection, BLOCKED);
    let amend = world.request("after", None, &[&kept]);
    let amend = Action::Amend { redemption: crate::asking::id("before"), request: Box::new(amend) };
    assert!(world.ask(amend).is_err());
    world.confirm("before").expect("a reservation is a grant");
}

#[test]
fn a_code_that_looks_mistyped_is_told_from_what_is_none() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    let code = {
        let voucher = world.claim(ann, coupon).unwrap();
        world.code(voucher.key)
    };
    let last = if code.ends_with('2') { '3' } else { '2' };
    let typo = format!("{}{last}", &code[..code.len() - 1]);
    let quote = world.quote(&world.request("r", Some(ann), &[&typo, "nonsense"]));
    let details: Vec<&str> = quote.refused.iter().map(|refused| &*refused.refusal.detail).collect();
    assert_eq!(details, ["this is not a code; it looks mistyped", "this is not a code"]);
}

#[test]
fn whoever_was_merged_into_somebody_blocked_takes_nothing_under_the_old_number() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { code: Some("SAVE10".to_owned()), ..definition() });
    let (guest, eve) = (world.guest("eve@x.example"), world.account("eve", "eve@x.example"));
    assert!(world.verify(eve, "eve@x.example"));
    block(&mut world, eve, None);
    for customer in [eve, guest] {
        assert_eq!(refusal(world.claim(customer, coupon)), BLOCKED);
        assert_eq!(refusal(world.redeem("r", Some(customer), &["SAVE10"])), BLOCKED);
    }
}
