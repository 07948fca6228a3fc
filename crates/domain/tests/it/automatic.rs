use std::collections::BTreeSet;

use domain::benefit::Benefit;
use domain::coupon::{CouponStep, Definition};
use domain::id::CouponNo;
use domain::ledger::RedeemRequest;
use domain::order::{Line, Order};
use domain::pricing::{Automatic, Help, Quote};
use domain::rejection::Rejection;
use domain::rule::Rule;
use domain::scope::{Listing, Scope};
use domain::stacking::Pricing;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use crate::any::{offers, priced};
use crate::asking::{definition, order, stock};
use crate::world::World;

fn automatic(amount_minor: i64) -> Definition {
    Definition { automatic: true, benefit: Benefit::amount_off(amount_minor), ..definition() }
}

fn quote(world: &mut World, prices_minor: &[i64], codes: &[&str]) -> Quote {
    world.quote(&RedeemRequest { order: order("o", prices_minor), ..world.request("r", None, codes) })
}

#[test]
fn what_needs_no_code_applies_to_every_order() {
    let mut world = World::new();
    world.coupon(automatic(500));
    assert_eq!(quote(&mut world, &[2_000], &[]).discount_minor, 500);
}

#[test]
fn what_does_not_apply_is_not_mentioned_unless_something_would_help() {
    let mut world = World::new();
    world.coupon(Definition { minimum_order_minor: Some(3_000), ..automatic(500) });
    world.coupon(Definition { currency: Some("USD".parse().unwrap()), ..automatic(500) });
    let quote = quote(&mut world, &[2_000], &[]);
    let told: Vec<_> = quote.refused.iter().map(|one| (one.refusal.rejection, one.help)).collect();
    assert_eq!(told, [(Rejection::BelowMinimum, Some(Help::AddMinor(1_000)))]);
    assert_eq!(quote.discount_minor, 0);
}

#[test]
fn of_many_that_would_help_ten_are_told() {
    let mut world = World::new();
    for _ in 0..12 {
        world.coupon(Definition { minimum_order_minor: Some(3_000), ..automatic(500) });
    }
    assert_eq!(quote(&mut world, &[2_000], &[]).refused.len(), 10);
}

#[test]
fn one_that_does_not_apply_stands_in_the_way_of_no_redemption() {
    let mut world = World::new();
    world.coupon(Definition { limits: vec![stock(1)], ..automatic(500) });
    for (id, discount_minor) in [("first", 500), ("second", 0)] {
        let done = world.redeem_by(world.request(id, None, &[])).unwrap();
        assert_eq!(done.discount_minor, discount_minor, "{id}");
    }
}

#[test]
fn a_code_that_is_refused_still_refuses_the_redemption() {
    let mut world = World::new();
    world.coupon(automatic(500));
    let refused = world.redeem_by(world.request("r", None, &["nonsense"]));
    assert_eq!(refused.unwrap_err().rejection, Rejection::CodeUnknown);
}

#[test]
fn a_coupon_that_is_paused_is_not_used_until_it_runs_again() {
    let mut world = World::new();
    let coupon = world.coupon(automatic(500));
    world.step(coupon, CouponStep::Pause).unwrap();
    assert_eq!(quote(&mut world, &[2_000], &[]).discount_minor, 0);
    world.step(coupon, CouponStep::Activate).unwrap();
    assert_eq!(quote(&mut world, &[2_000], &[]).discount_minor, 500);
}

const TEXTS: [&str; 3] = ["a", "a/b", "c"];

fn texts() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(TEXTS.to_vec(), 0..=2)
}

fn rule() -> impl Strategy<Value = Rule> {
    let field = select(vec!["order.channel", "order.platform", "order.place"]);
    let test =
        (field, select(TEXTS.to_vec()), select(vec!["eq", "ne", "in", "not_in"])).prop_map(|(field, text, op)| {
            let value = if op.ends_with("in") { json!([text, "d"]) } else { json!(text) };
            json!({"field": field, "op": op, "value": value})
        });
    let tree = test.prop_recursive(2, 6, 3, |inner| {
        (select(vec!["all", "any"]), prop::collection::vec(inner, 1..3)).prop_map(|(name, rules)| json!({name: rules}))
    });
    let negated =
        (tree, prop::bool::weighted(0.2)).prop_map(|(rule, not)| if not { json!({"not": rule}) } else { rule });
    negated.prop_map(|rule| serde_json::from_value(rule).unwrap())
}

fn asking() -> impl Strategy<Value = Definition> {
    let listing = (texts(), texts(), texts(), texts()).prop_map(|(products, skus, categories, merchants)| Listing {
        products: products.into_iter().collect(),
        skus: skus.into_iter().collect(),
        categories: categories.into_iter().collect(),
        merchants: merchants.into_iter().collect(),
        ..Listing::default()
    });
    let include = prop_oneof![Just(Listing::default()), listing];
    (include, prop::option::of(rule()), prop::option::of(1i64..5_000)).prop_map(|(include, conditions, minimum)| {
        let scope = Scope { include, ..Scope::default() };
        Definition { scope, conditions, minimum_order_minor: minimum, ..automatic(100) }
    })
}

fn saying() -> impl Strategy<Value = Order> {
    let text = || option::of(select(TEXTS.to_vec()).prop_map(str::to_owned));
    let line = (select(TEXTS.to_vec()), text(), text(), text()).prop_map(|(sku, product, category, merchant)| Line {
        product,
        category,
        merchant,
        ..Line::new(sku, 1, 1_000)
    });
    (prop::collection::vec(line, 1..4), text(), text(), text()).prop_map(|(lines, channel, platform, place)| Order {
        channel,
        platform,
        place,
        ..Order::new("EUR".parse().unwrap(), lines)
    })
}

proptest! {
    #[test]
    fn an_order_meets_every_coupon_without_a_code_that_it_would_have_or_be_told_of(
        definitions in prop::collection::vec(asking(), 1..8), order in saying(),
    ) {
        let coupons = || offers(&definitions).into_iter().map(|offer| offer.coupon);
        let automatic = Automatic::new(coupons());
        let met: BTreeSet<CouponNo> = automatic.for_order(&order).map(|coupon| coupon.no).collect();
        let quote = priced(&order, &offers(&definitions), &Pricing::default());
        let refused = |no| quote.refused.iter().find(|one| one.coupon == Some(no));
        for coupon in coupons().filter(|coupon| !met.contains(&coupon.no)) {
            let refused = refused(coupon.no).expect("it does not apply");
            prop_assert!(refused.help.is_none());
            let rejection = refused.refusal.rejection;
            prop_assert!(matches!(rejection, Rejection::ConditionUnmet | Rejection::NoneInScope), "{rejection:?}");
        }
        // One by one as all at once.
        let grown = coupons().fold(Automatic::default(), |all, coupon| all.with(&coupon));
        prop_assert_eq!(grown, automatic);
    }
}

#[test]
fn an_order_meets_only_what_is_for_its_channel_or_its_goods() {
    let by_channel = |name: &str| Definition {
        conditions: Some(serde_json::from_value(json!({"field": "order.channel", "op": "eq", "value": name})).unwrap()),
        ..automatic(100)
    };
    let by_category = |name: &str| Definition {
        scope: Scope {
            include: Listing { categories: [name].into_iter().collect(), ..Listing::default() },
            ..Scope::default()
        },
        ..automatic(100)
    };
    let all = [by_channel("web"), by_channel("store"), by_category("a"), by_category("b"), automatic(100)];
    let met = Automatic::new(offers(&all).into_iter().map(|offer| offer.coupon));
    let line = Line { category: Some("a/x".to_owned()), ..Line::new("tea", 1, 1_000) };
    let order = Order { channel: Some("web".to_owned()), ..Order::new("EUR".parse().unwrap(), vec![line]) };
    let numbers: Vec<_> = met.for_order(&order).map(|coupon| coupon.no.0).collect();
    assert_eq!(numbers, [1, 3, 5]);
}
