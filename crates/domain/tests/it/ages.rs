//! Coupons for customers of some age.

use domain::coupon::Definition;
use domain::customer::CustomerProfile;
use domain::id::{CouponNo, CustomerId, CustomerNo};
use domain::ledger::{Action, Outcome};
use domain::order::Shopper;
use domain::rejection::Rejection;
use domain::rule::{FieldTest, Operator, Rule};

use crate::asking::{definition, refusal};
use crate::world::World;

impl World {
    fn born(&mut self, birth_date: Option<&str>) -> CustomerNo {
        let birth_date = birth_date.map(str::to_owned);
        let profile = Box::new(CustomerProfile { birth_date, ..CustomerProfile::default() });
        let id = CustomerId(self.name());
        match self.ask(Action::CreateCustomer { id, profile }) {
            Ok(Outcome::Customer(no)) => no,
            other => panic!("{other:?}"),
        }
    }

    fn adults_only(&mut self) -> CouponNo {
        self.coupon(Definition { code: Some("WINE".to_owned()), min_age: Some(18), ..definition() })
    }
}

fn check(now: &str, birth_date: Option<&str>, is_old_enough: bool) {
    let mut world = World::new();
    let (coupon, customer) = (world.adults_only(), world.born(birth_date));
    world.now = now.parse().unwrap();
    let expected = (!is_old_enough).then_some(Rejection::UnderAge);
    let claimed = world.claim(customer, coupon).err().map(|refusal| refusal.rejection);
    assert_eq!(claimed, expected, "{birth_date:?} at {now}");
    let other = world.born(birth_date);
    let used = world.redeem("r", Some(other), &["wine"]).err().map(|refusal| refusal.rejection);
    assert_eq!(used, expected, "{birth_date:?} at {now}");
}

#[test]
fn a_condition_on_the_age_asks_for_the_date_of_birth_where_the_order_says_nothing() {
    let mut world = World::new();
    let rule = FieldTest { field: "customer.age".to_owned(), op: Operator::Gte, value: Some(18.into()) };
    world.coupon(Definition { code: Some("WINE".to_owned()), conditions: Some(Rule::Field(rule)), ..definition() });
    let (young, grown, unknown) = (world.born(Some("2008-01-16")), world.born(Some("2008-01-15")), world.born(None));
    world.now = "2026-01-15T12:00:00Z".parse().unwrap();
    for (name, customer) in [("r", young), ("s", unknown)] {
        let refused = world.redeem(name, Some(customer), &["WINE"]);
        assert_eq!(refusal(refused), Rejection::ConditionUnmet, "{name}");
    }
    let done = world.redeem("t", Some(grown), &["WINE"]).unwrap();
    let recorded = world.rows.decisions[&done.id].order.customer.clone().unwrap();
    assert_eq!(recorded.age, Some(18), "what counted is on record");
    let mut said = world.request("u", Some(young), &["WINE"]);
    said.order.customer = Some(Shopper { age: Some(30), ..Shopper::default() });
    world.redeem_by(said).unwrap();
}

#[test]
fn gfg_3_an_age_is_reached_on_the_birthday_in_the_tenants_zone() {
    // Berlin is an hour ahead of UTC in winter.
    check("2026-01-15T22:59:59Z", Some("2008-01-16"), false);
    check("2026-01-15T23:00:00Z", Some("2008-01-16"), true);
    check("2026-01-15T12:00:00Z", Some("1950-12-31"), true);
    check("2026-02-28T22:59:59Z", Some("2008-02-29"), false);
    check("2026-02-28T23:00:00Z", Some("2008-02-29"), true);
    check("2026-01-15T12:00:00Z", None, false);
    check("2026-01-15T12:00:00Z", Some("unknown"), false);
    check("2026-01-15T12:00:00Z", Some("2030-01-01"), false);
}

#[test]
fn gfg_3_a_refusal_for_age_writes_nothing_and_says_whether_a_date_of_birth_is_known() {
    let mut world = World::new();
    let (coupon, young, unknown) = (world.adults_only(), world.born(Some("2020-01-01")), world.born(None));
    let events = world.rows.events.len();
    let refused = world.claim(young, coupon).unwrap_err();
    assert_eq!(refused.detail, "coupon 1 is for customers of at least 18 years");
    let refused = world.claim(unknown, coupon).unwrap_err();
    assert_eq!(refused.detail, "coupon 1 is for customers of at least 18 years; no date of birth is known");
    assert_eq!((world.rows.events.len(), world.rows.vouchers.len()), (events, 0));
}

#[test]
fn nobody_uses_it_without_a_name_and_an_owner_stands_in() {
    let mut world = World::new();
    let (coupon, old) = (world.adults_only(), world.born(Some("1990-01-01")));
    assert_eq!(refusal(world.redeem("r", None, &["wine"])), Rejection::CustomerRequired);
    let quote = world.quote(&world.request("q", None, &["wine"]));
    assert_eq!(quote.refused[0].refusal.rejection, Rejection::CustomerRequired);
    let voucher = world.issue(coupon, &[old]).unwrap().remove(0);
    let code = world.code(voucher.key);
    world.redeem("r", None, &[&code]).unwrap();
}

#[test]
fn a_quote_lists_who_is_too_young() {
    let mut world = World::new();
    let young = world.born(Some("2020-01-01"));
    world.adults_only();
    let quote = world.quote(&world.request("q", Some(young), &["wine"]));
    assert_eq!(quote.refused[0].refusal.rejection, Rejection::UnderAge);
    assert_eq!(quote.discount_minor, 0);
}
