//! What is written into the audit log: changes made by hand, with what was and what is, and without anything personal.

use domain::codes::ComputedCode;
use domain::coupon::{CouponStep, Definition};
use domain::customer::CustomerProfile;
use domain::event::Actor;
use domain::id::{AccountNo, CustomerId, CustomerNo};
use domain::ledger::{Action, BlockKey, Command, IdempotencyHash};
use domain::rejection::Rejection;
use serde_json::{Value, json};

use crate::asking::{command, definition, refusal};
use crate::world::World;

const STAFF: Actor = Actor::Staff(AccountNo(3));

/// The latest entry: its action, the kind of its subject, what was, what is.
#[track_caller]
fn check(world: &World, action: &str, kind: &str, before: Value, after: Value) {
    let entry = world.rows.audits.last().expect("there is an entry");
    let read = |text: &Option<String>| text.as_deref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
    assert_eq!((entry.action.as_str(), entry.subject.kind.name()), (action, kind));
    assert_eq!((read(&entry.before), read(&entry.after)), (before, after));
    assert_eq!((entry.actor, entry.at), (Actor::Operator, world.now));
}

fn by(actor: Actor, action: Action) -> Command {
    Command { actor, ..command(action) }
}

#[test]
fn what_is_done_to_a_coupon_is_told_as_it_was_and_as_it_is() {
    let mut world = World::new();
    let coupon = world.create(definition()).unwrap();
    let entry = world.rows.audits[0].clone();
    assert_eq!(entry.subject.id, world.rows.coupons[&coupon].id.to_string());
    let after: Value = serde_json::from_str(entry.after.as_deref().unwrap()).unwrap();
    assert_eq!((&after["name"], &after["state"], &after["version"]), (&json!("a coupon"), &json!("draft"), &json!(1)));
    let moved = |from: &str, to: &str, version: u32| {
        (json!({"state": from, "version": version}), json!({"state": to, "version": version + 1}))
    };
    for (step, action, from, to, version) in [
        (CouponStep::Activate, "coupon.activate", "draft", "running", 1),
        (CouponStep::Pause, "coupon.pause", "running", "paused", 2),
    ] {
        world.step(coupon, step).unwrap();
        let (before, after) = moved(from, to, version);
        check(&world, action, "coupon", before, after);
    }
    world.update(coupon, |definition| definition.minimum_order_minor = Some(5_000)).unwrap();
    let (before, after) = (json!({"version": 3}), json!({"version": 4, "minimum_order_minor": 5_000}));
    check(&world, "coupon.update", "coupon", before, after);
    world.update(coupon, |definition| definition.name = "another".to_owned()).unwrap();
    let before = json!({"version": 4, "name": "a coupon"});
    check(&world, "coupon.update", "coupon", before, json!({"version": 5, "name": "another"}));
    world.step(coupon, CouponStep::End).unwrap();
    world.step(coupon, CouponStep::Abort).unwrap();
    let (before, after) = moved("ended", "aborted", 6);
    check(&world, "coupon.abort", "coupon", before, after);
    assert_eq!(world.rows.audits.len(), 7);
}

#[test]
fn a_long_list_of_customers_is_told_by_its_length() {
    let mut world = World::new();
    let all = (1..=101).map(CustomerNo).collect();
    let coupon = world.create(Definition { customers: Some(all), ..definition() }).unwrap();
    world.update(coupon, |definition| definition.customers = Some(vec![CustomerNo(7)])).unwrap();
    let before = json!({"version": 1, "customers": "101 of them"});
    check(&world, "coupon.update", "coupon", before, json!({"version": 2, "customers": [7]}));
}

#[test]
fn of_a_customer_only_the_names_of_fields_are_told() {
    let mut world = World::new();
    let email = Some("ann@shop.example".to_owned());
    let profile = Box::new(CustomerProfile { email, ..CustomerProfile::default() });
    let id = CustomerId(world.name());
    world.ask(Action::CreateCustomer { id, profile }).unwrap();
    check(
        &world,
        "customer.create",
        "customer",
        Value::Null,
        json!({"version": 1, "email": "set", "registered": "set"}),
    );
}

#[test]
fn what_is_done_to_vouchers_by_hand_is_told_and_no_code_is() {
    let mut world = World::new();
    let customer = world.customer();
    let coupon = world.coupon(definition());
    world.issue(coupon, &[customer, customer]).unwrap();
    let issued = json!({"first": 0, "count": 2, "customers": [customer.0, customer.0]});
    check(&world, "voucher.issue", "coupon", Value::Null, issued);
    let codes = vec![world.given("VOUCHER123", None)];
    let given = world.issue_given(coupon, codes).unwrap().remove(0);
    check(&world, "voucher.issue_given", "coupon", Value::Null, json!({"first": 0, "count": 1}));
    let candidate = ComputedCode { key_no: given.key_no, key: given.key };
    world.ask(Action::Assign { voucher: vec![candidate], customer }).unwrap();
    let (before, after) = (json!({"version": 1}), json!({"version": 2, "customer": customer.0}));
    check(&world, "voucher.assign", "voucher", before, after);
    assert_eq!(world.rows.audits.last().unwrap().subject.as_voucher(), Some(candidate));
    world.ask(Action::Revoke { voucher: vec![candidate] }).unwrap();
    let (before, after) = (json!({"state": "issued", "version": 2}), json!({"state": "revoked", "version": 3}));
    check(&world, "voucher.revoke", "voucher", before, after);
    let block = world.block(coupon, 50).unwrap();
    let made = json!({"coupon": coupon.0, "first": 0, "count": 50, "version": 1});
    check(&world, "block.create", "block", Value::Null, made);
    world.ask(Action::RevokeBlock { block: BlockKey { coupon, first: block.first } }).unwrap();
    let revoked = json!({"version": 2, "revoked_at": world.now});
    check(&world, "block.revoke", "block", json!({"version": 1}), revoked);
    let texts = world.rows.audits.iter().flat_map(|entry| [&entry.before, &entry.after]).flatten();
    assert!(texts.into_iter().all(|text| !text.contains("VOUCHER123")));
}

#[test]
fn what_customers_and_shops_do_in_the_course_of_business_is_not_audited() {
    let mut world = World::new();
    let customer = world.customer();
    let coupon = world.coupon(definition());
    let entries = world.rows.audits.len();
    let voucher = world.claim(customer, coupon).unwrap();
    let candidates = vec![ComputedCode { key_no: voucher.key_no, key: voucher.key }];
    world.batch(&[by(Actor::Customer(customer), Action::Revoke { voucher: candidates })]).remove(0).unwrap();
    assert_eq!(world.rows.audits.len(), entries);
    // Nor does it look where the log ends.
    world.claim(customer, coupon).unwrap();
    assert_eq!(world.rows.audits.len(), entries);
}

#[test]
fn a_refusal_and_a_repetition_leave_no_entry() {
    let mut world = World::new();
    let coupon = world.create(definition()).unwrap();
    assert_eq!(refusal(world.step(coupon, CouponStep::Pause)), Rejection::TransitionIllegal);
    assert_eq!(world.rows.audits.len(), 1);
    let key: IdempotencyHash = [7; 16];
    let activate = Command { key: Some(key), ..command(Action::MoveCoupon { coupon, step: CouponStep::Activate }) };
    let answers = world.batch(&[activate.clone(), activate.clone()]);
    assert!(answers[1].as_ref().unwrap().replayed);
    world.batch(&[activate]).remove(0).unwrap();
    assert_eq!(world.rows.audits.len(), 2);
}

#[test]
fn changes_of_one_batch_each_see_what_the_one_before_left() {
    let mut world = World::new();
    let coupon = world.create(definition()).unwrap();
    let step = |step| by(STAFF, Action::MoveCoupon { coupon, step });
    let all = [step(CouponStep::Activate), step(CouponStep::Activate), step(CouponStep::Pause), step(CouponStep::End)];
    let refused: Vec<bool> = world.batch(&all).iter().map(Result::is_err).collect();
    assert_eq!(refused, [false, true, false, false]);
    let told: Vec<_> = world.rows.audits[1..]
        .iter()
        .map(|entry| (entry.number, entry.actor, entry.before.as_deref().unwrap(), entry.after.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (2, STAFF, r#"{"state":"draft","version":1}"#, r#"{"state":"running","version":2}"#),
            (3, STAFF, r#"{"state":"running","version":2}"#, r#"{"state":"paused","version":3}"#),
            (4, STAFF, r#"{"state":"paused","version":3}"#, r#"{"state":"ended","version":4}"#),
        ]
    );
}
