use domain::coupon::Definition;
use domain::identity::IdentityKind;
use domain::ledger::{Action, RedeemRequest};
use domain::order::Shopper;
use domain::rejection::Rejection;
use domain::rule::{FieldTest, Operator, Rule};
use domain::segment::{Segment, SegmentNo, Segments};

use crate::asking::{MINUTE_MS, command, definition, id, refusal};
use crate::world::World;

fn asks(code: &str, field: &str, op: Operator, value: impl Into<serde_json::Value>) -> Definition {
    let rule = Rule::Field(FieldTest { field: field.to_owned(), op, value: Some(value.into()) });
    Definition { code: Some(code.to_owned()), conditions: Some(rule), ..definition() }
}

#[test]
fn of_two_first_orders_of_one_batch_the_first_is_the_first() {
    let mut world = World::new();
    world.coupon(asks("FIRST", "customer.order_number", Operator::Eq, 1));
    let ann = world.customer();
    let redeem = |name: &str| command(Action::Redeem(Box::new(world.request(name, Some(ann), &["FIRST"]))));
    let decided = world.batch(&[redeem("r"), redeem("s")]);
    let rejections: Vec<_> = decided.iter().map(|one| one.as_ref().err().map(|refusal| refusal.rejection)).collect();
    assert_eq!(rejections, [None, Some(Rejection::ConditionUnmet)]);
    world.give_back("r", None).unwrap();
    world.redeem("t", Some(ann), &["FIRST"]).unwrap();
}

#[test]
fn an_order_that_ends_in_a_batch_does_not_count_for_those_after_it() {
    for gives_back in [false, true] {
        let mut world = World::new();
        world.coupon(asks("FIRST", "customer.order_number", Operator::Eq, 1));
        let ann = world.customer();
        let redeem = |name: &str, reserve_ms| {
            let request = RedeemRequest { reserve_ms, ..world.request(name, Some(ann), &["FIRST"]) };
            command(Action::Redeem(Box::new(request)))
        };
        let (first, end) = if gives_back {
            (redeem("r", None), Action::Return { redemption: id("r"), lines: None })
        } else {
            (redeem("r", Some(MINUTE_MS)), Action::Cancel { redemption: id("r") })
        };
        let batch = [first, command(end), redeem("s", None), redeem("t", None)];
        let decided = world.batch(&batch);
        let rejections: Vec<_> =
            decided.iter().map(|one| one.as_ref().err().map(|refusal| refusal.rejection)).collect();
        assert_eq!(rejections, [None, None, None, Some(Rejection::ConditionUnmet)], "{gives_back}");
    }
}

#[test]
fn what_no_coupon_in_play_asks_for_is_neither_looked_up_nor_recorded() {
    let mut world = World::new();
    world.coupon(Definition { code: Some("PLAIN".to_owned()), ..definition() });
    world.coupon(asks("FIRST", "customer.order_number", Operator::Eq, 1));
    let ann = world.customer();
    let plain = world.redeem("r", Some(ann), &["PLAIN"]).unwrap();
    assert_eq!(world.rows.decisions[&plain.id].order.customer, None);
    let request = world.request("q", Some(ann), &["FIRST", "PLAIN"]);
    assert_eq!(world.quote(&request).refused[0].refusal.rejection, Rejection::ConditionUnmet);
}

#[test]
fn segments_are_those_of_the_order_of_the_list_and_of_the_rules_together() {
    let mut world = World::new();
    world.coupon(asks("VIP", "customer.segments", Operator::ContainsAll, vec!["named", "listed", "grown"]));
    let ann = world.customer();
    let grown = FieldTest { field: "customer.age".to_owned(), op: Operator::Gte, value: Some(18.into()) };
    let mut segments = Segments::default();
    for (no, name, rule) in [(1, "listed", None), (2, "grown", Some(Rule::Field(grown))), (3, "other", None)] {
        segments.put(Segment::new((SegmentNo(no), 1), name.to_owned(), rule, world.now).into());
    }
    world.segments = segments.into();
    world.rows.memberships.insert(ann, vec![SegmentNo(1), SegmentNo(2), SegmentNo(9)]);
    let by = |world: &World, name: &str, age| {
        let mut request = world.request(name, Some(ann), &["VIP"]);
        let segments = vec!["named".to_owned()];
        request.order.customer = Some(Shopper { age: Some(age), segments, ..Shopper::default() });
        request
    };
    let (young, old): (RedeemRequest, RedeemRequest) = (by(&world, "r", 17), by(&world, "s", 18));
    assert_eq!(refusal(world.redeem_by(young)), Rejection::ConditionUnmet, "a list does not make a rule hold");
    let done = world.redeem_by(old).unwrap();
    let recorded = world.rows.decisions[&done.id].order.customer.clone().unwrap();
    assert_eq!((recorded.segments, recorded.orders), (vec!["grown".into(), "listed".into(), "named".into()], None));
}

#[test]
fn in_one_batch_who_is_merged_hands_memberships_on_and_who_is_erased_has_none() {
    const EMAIL: &str = "ann@x.example";
    let mut world = World::new();
    world.coupon(asks("VIP", "customer.segments", Operator::Contains, "listed"));
    let mut segments = Segments::default();
    segments.put(Segment::new((SegmentNo(1), 1), "listed".to_owned(), None, world.now).into());
    world.segments = segments.into();
    let (guest, ann) = (world.guest(EMAIL), world.customer());
    world.rows.memberships.insert(guest, vec![SegmentNo(1)]);
    let redeem = |name: &str| command(Action::Redeem(Box::new(world.request(name, Some(ann), &["VIP"]))));
    let verify = Action::VerifyIdentity { customer: ann, kind: IdentityKind::Email, value: EMAIL.to_owned() };
    let erase = Action::EraseCustomer { customer: ann };
    let batch = [redeem("r"), command(verify), redeem("s"), command(erase), redeem("t")];
    let decided = world.batch(&batch);
    let rejections: Vec<_> = decided.iter().map(|one| one.as_ref().err().map(|refusal| refusal.rejection)).collect();
    let unmet = Some(Rejection::ConditionUnmet);
    assert_eq!(rejections, [unmet, None, None, None, unmet]);
}
