//! What Scrip itself knows of who buys: the segments that are stored, and the orders that were redeemed.

use domain::customer::CustomerProfile;
use domain::event::Actor;
use domain::id::{CustomerId, CustomerNo};
use domain::identity::IdentityKind;
use domain::ledger::{Action, Outcome, RedeemRequest};
use domain::order::Shopper;
use domain::pricing::{Offer, Terms, price};
use domain::redemption::Redemption;
use domain::rejection::Rejection;
use domain::rule::{FieldTest, Operator, Rule};

use super::crowd::{Told, granted};
use super::orders::{RESERVE_MS, order};
use super::specs::CouponSpec;
use super::world::{TENANT, World, fresh_uuid};
use super::{Harness, check_sound};
use crate::{MemberChanges, MembersChanged, NewSegment, NoMembers, NotSaved, SavedOver};

const STAFF: Actor = Actor::Key(1);
const UNMET: Rejection = Rejection::ConditionUnmet;

fn rule(field: &str, op: Operator, value: i64) -> Rule {
    Rule::Field(FieldTest { field: field.to_owned(), op, value: Some(value.into()) })
}

fn first_order() -> Rule {
    rule("customer.order_number", Operator::Eq, 1)
}

fn of_segment(name: &str) -> Rule {
    let field = "customer.segments".to_owned();
    Rule::Field(FieldTest { field, op: Operator::Contains, value: Some(name.into()) })
}

impl CouponSpec {
    fn only_if(mut self, rule: Rule) -> Self {
        self.definition.conditions = Some(rule);
        self
    }
}

impl World {
    async fn save(&self, name: &str, rule: Option<Rule>, over: SavedOver) -> Result<u32, NotSaved> {
        let segment = NewSegment { name: name.to_owned(), rule, over };
        let saved = self.store.save_segment((TENANT, STAFF), segment).await.expect("segments can be saved");
        saved.map(|segment| segment.version)
    }

    async fn change(&self, name: &str, add: &[CustomerNo], remove: &[CustomerNo]) -> Result<(usize, usize), NoMembers> {
        let changes = MemberChanges { add: add.to_vec(), remove: remove.to_vec() };
        let changed = self.store.change_members((TENANT, STAFF), name.to_owned(), changes).await;
        changed.expect("members can be changed").map(|MembersChanged { added, removed }| (added, removed))
    }

    async fn count(&self, name: &str) -> Option<u64> {
        self.store.count_members(TENANT, name.to_owned()).await.expect("members can be counted")
    }

    async fn segments_of(&self, customer: CustomerNo) -> Vec<String> {
        self.store.memberships(TENANT, customer).await.expect("memberships can be read")
    }

    /// By an order that says so much of who buys.
    async fn use_code_saying(&self, customer: CustomerNo, code: &str, says: Shopper) -> Told<Redemption> {
        let mut order = order(&[(1, 2_000)]);
        order.customer = Some(says);
        self.redeem(RedeemRequest { customer: Some(customer), ..self.request_for(order, &[code]) }).await
    }

    /// The order as it was recorded, which must come to the same when it is priced again.
    async fn recorded(&self, redemption: &Redemption) -> Option<Shopper> {
        let record = self.store.decision(TENANT, &redemption.id).await.expect("it is read").expect("it was recorded");
        let mut offers = Vec::new();
        for offer in &record.offers {
            let coupon = self.store.coupon(TENANT, offer.coupon).await.expect("it is read").expect("it is there");
            offers.push(Offer { code: offer.code, coupon, voucher: offer.voucher, refused: None });
        }
        let terms = Terms {
            zone: &record.zone,
            pricing: &record.pricing,
            attributes: &record.attributes,
            customer_known: record.customer.is_some(),
        };
        assert_eq!(price(&record.order, &offers, terms, record.at), record.quote, "a replay comes to the same");
        record.order.customer
    }
}

pub async fn hm_5_of_many_first_orders_at_once_one_has_the_coupon_for_first_orders(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("FIRST").only_if(first_order())).await;
    for customer in world.customers(5).await {
        let redeem = move |world: World, _| async move { world.use_code_as(customer, "FIRST").await };
        let told = world.all_at_once(20, redeem).await;
        let refused = told.iter().filter(|told| matches!(told, Err(rejection) if *rejection == UNMET)).count();
        assert_eq!((granted(told).len(), refused), (1, 19));
    }
    // Reservations too: each is a grant.
    let customer = world.customer().await;
    let reserve = move |world: World, _| async move { world.reserve_code_as(customer, "FIRST").await };
    assert_eq!(granted(world.all_at_once(20, reserve).await).len(), 1);
    check_sound(harness).await;
}

pub async fn orders_and_spending_are_those_redeemed_here_unless_the_order_says_otherwise(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("PLAIN").amount(500)).await;
    world.coupon(CouponSpec::new().code("FIRST").only_if(first_order())).await;
    let spent = rule("customer.spent", Operator::Gte, 3_000);
    world.coupon(CouponSpec::new().code("LOYAL").only_if(spent)).await;
    let ann = world.customer().await;
    let plain = world.use_code_as(ann, "PLAIN").await.expect("it asks for nothing");
    assert_eq!(world.recorded(&plain).await, None, "what nobody asks for is not looked up");
    assert_eq!(world.use_code_as(ann, "FIRST").await, Err(UNMET));
    let says = Shopper { orders: Some(0), ..Shopper::default() };
    let said = world.use_code_saying(ann, "FIRST", says.clone()).await.expect("the shop knows better");
    assert_eq!(world.recorded(&said).await, Some(says));
    let made = world.use_code_as(ann, "LOYAL").await.expect("twice 15.00 were spent");
    assert_eq!(world.recorded(&made).await.and_then(|shopper| shopper.spent_minor), Some(3_000));
    // An order of nobody in particular says nothing of orders.
    assert_eq!(world.use_code("FIRST").await, Err(UNMET));
    check_sound(harness).await;
}

pub async fn an_order_counts_while_it_is_reserved_and_until_it_is_wholly_returned(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("PLAIN")).await;
    world.coupon(CouponSpec::new().code("FIRST").only_if(first_order())).await;
    let ann = world.customer().await;
    let reserved = world.reserve_code_as(ann, "PLAIN").await.expect("it is free");
    assert_eq!(world.reserve_code_as(ann, "FIRST").await, Err(UNMET));
    world.cancel(&reserved.id).await.expect("it is pending");
    world.reserve_code_as(ann, "PLAIN").await.expect("it is free");
    world.wait(RESERVE_MS - 1);
    assert_eq!(world.use_code_as(ann, "FIRST").await, Err(UNMET), "until its last millisecond");
    world.wait(1);
    let first = world.use_code_as(ann, "FIRST").await.expect("the reservation has ended");
    world.give_back_line(&first.id, 0, 1).await.expect("one of two lines");
    assert_eq!(world.use_code_as(ann, "FIRST").await, Err(UNMET), "what is partly returned is an order");
    world.give_back(&first.id).await.expect("the rest");
    let first = world.use_code_as(ann, "FIRST").await.expect("what is wholly returned is none");
    let ring = world.store.codes();
    let amended = RedeemRequest { customer: Some(ann), ..world.request(&[]) };
    let amended = RedeemRequest { codes: vec![ring.read(TENANT, "FIRST")], ..amended };
    world.amend(&first.id, amended).await.expect("the order that is changed does not stand in its own way");
    check_sound(harness).await;
}

pub async fn who_is_one_person_has_one_first_order(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("FIRST").only_if(first_order())).await;
    let same = |_| CustomerProfile { email: Some("ann@x.example".to_owned()), ..CustomerProfile::default() };
    let mut customers = Vec::new();
    for profile in [1, 2].map(same) {
        let action = Action::CreateCustomer { id: CustomerId(fresh_uuid()), profile: Box::new(profile) };
        match world.ask(action).await {
            Ok(Outcome::Customer(no)) => customers.push(no),
            other => panic!("a customer is made: {other:?}"),
        }
    }
    world.use_code_as(customers[1], "FIRST").await.expect("the first of either");
    assert_eq!(world.use_code_as(customers[0], "FIRST").await, Err(UNMET));
    check_sound(harness).await;
}

pub async fn a_segment_is_asked_for_as_it_is_listed_at_once_and_over_a_restart(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("VIP").only_if(of_segment("vip"))).await;
    let customers = world.customers(3).await;
    let [ann, bob, eve] = [customers[0], customers[1], customers[2]];
    assert_eq!(world.change("vip", &[ann], &[]).await, Err(NoMembers::Unknown));
    assert_eq!(world.save("vip", None, SavedOver::Nothing).await, Ok(1));
    assert_eq!(world.use_code_as(ann, "VIP").await, Err(UNMET));
    assert_eq!(world.change("vip", &[ann, bob, ann], &[]).await, Ok((2, 0)));
    assert_eq!(world.change("vip", &[ann], &[bob, eve]).await, Ok((0, 1)), "to repeat it changes nothing");
    let used = world.use_code_as(ann, "VIP").await.expect("she is listed");
    assert_eq!(world.recorded(&used).await.map(|shopper| shopper.segments), Some(vec!["vip".to_owned()]));
    assert_eq!(world.use_code_as(bob, "VIP").await, Err(UNMET));
    let says = Shopper { segments: vec!["vip".to_owned()], ..Shopper::default() };
    world.use_code_saying(bob, "VIP", says).await.expect("what the order says counts beside");
    drop(world);
    harness.crash().await;
    let world = World::of(harness);
    world.use_code_as(ann, "VIP").await.expect("she is listed");
    assert_eq!((world.count("vip").await, world.segments_of(ann).await), (Some(1), vec!["vip".to_owned()]));
    world.store.delete_segment((TENANT, STAFF), "vip".to_owned()).await.expect("it answers").expect("it was there");
    assert_eq!(world.use_code_as(ann, "VIP").await, Err(UNMET));
    assert_eq!(world.save("vip", None, SavedOver::Nothing).await, Ok(1), "the name is free again");
    assert_eq!((world.count("vip").await, world.segments_of(ann).await), (Some(0), Vec::new()));
    check_sound(harness).await;
}

pub async fn a_segment_by_a_rule_has_whom_the_rule_holds_of(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("PLAIN")).await;
    world.coupon(CouponSpec::new().code("BACK").only_if(of_segment("regulars"))).await;
    let twice = rule("customer.orders", Operator::Gte, 2);
    assert_eq!(world.save("regulars", Some(twice.clone()), SavedOver::Nothing).await, Ok(1));
    let ann = world.customer().await;
    assert_eq!(world.change("regulars", &[ann], &[]).await, Err(NoMembers::ByRule));
    for _ in 0..2 {
        assert_eq!(world.use_code_as(ann, "BACK").await, Err(UNMET));
        world.use_code_as(ann, "PLAIN").await.expect("it asks for nothing");
    }
    let used = world.use_code_as(ann, "BACK").await.expect("the third order");
    let recorded = world.recorded(&used).await.expect("it was looked up");
    assert_eq!((recorded.orders, recorded.segments), (Some(2), vec!["regulars".to_owned()]));
    for (over, expected) in [
        (SavedOver::Nothing, Err(NotSaved::Exists(1))),
        (SavedOver::Version(2), Err(NotSaved::Stale)),
        (SavedOver::Version(1), Ok(2)),
        (SavedOver::Any, Ok(3)),
    ] {
        assert_eq!(world.save("regulars", Some(twice.clone()), over).await, expected, "{over:?}");
    }
    assert_eq!(world.save("regulars", None, SavedOver::Any).await, Err(NotSaved::OtherSort));
    assert_eq!(world.save("others", None, SavedOver::Any).await, Err(NotSaved::Stale));
    check_sound(harness).await;
}

pub async fn a_merge_hands_memberships_on_and_an_erasure_ends_them(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("VIP").only_if(of_segment("vip"))).await;
    world.save("vip", None, SavedOver::Nothing).await.expect("the name is free");
    let phone = |no: CustomerNo| Action::VerifyIdentity {
        customer: no,
        kind: IdentityKind::Phone,
        value: "+4930901820".to_owned(),
    };
    let guest = Action::EnsureCustomer {
        id: CustomerId(fresh_uuid()),
        kind: IdentityKind::Phone,
        value: "+4930901820".to_owned(),
    };
    let Ok(Outcome::Customer(guest)) = world.ask(guest).await else { panic!("a guest is made") };
    let ann = world.customer().await;
    assert_eq!(world.change("vip", &[guest], &[]).await, Ok((1, 0)));
    assert_eq!(world.use_code_as(ann, "VIP").await, Err(UNMET));
    world.ask(phone(ann)).await.expect("it is hers");
    world.use_code_as(ann, "VIP").await.expect("the guest was she");
    world.use_code_as(guest, "VIP").await.expect("the guest is she");
    assert_eq!((world.count("vip").await, world.segments_of(guest).await), (Some(1), vec!["vip".to_owned()]));
    assert_eq!(world.change("vip", &[guest], &[]).await, Ok((0, 0)), "she is listed already");
    world.ask(Action::EraseCustomer { customer: ann }).await.expect("she is there");
    assert_eq!((world.count("vip").await, world.segments_of(ann).await), (Some(0), Vec::new()));
    assert_eq!(world.change("vip", &[ann], &[]).await, Ok((0, 0)), "nobody who was erased is listed");
    check_sound(harness).await;
}
