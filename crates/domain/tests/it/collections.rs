use std::sync::Arc;

use domain::benefit::Benefit;
use domain::collection::{Collection, CollectionNo, CollectionOf, Collections};
use domain::coupon::Definition;
use domain::ledger::RedeemRequest;
use domain::money::Rate;
use domain::order::Line;
use domain::rejection::Rejection;
use domain::rule::{Catalogue, Declared};
use domain::scope::{Listing, Scope};
use serde_json::json;

use crate::asking::{definition, refusal};
use crate::world::World;

/// A world with a collection of SKUs, one of categories, and one without entries.
fn world() -> World {
    let mut world = World::new();
    let mut collections = Collections::default();
    for (no, name, of) in
        [(1, "sale", CollectionOf::Skus), (2, "books", CollectionOf::Categories), (3, "none", CollectionOf::Skus)]
    {
        let name = name.to_owned();
        collections.put(Collection { no: CollectionNo(no), name, of, version: 1, saved_at: world.now }.into());
    }
    world.collections = collections.into();
    world.rows.entries.extend([(CollectionNo(1), "tea".into()), (CollectionNo(2), "media/books".into())]);
    world
}

fn of_collections<const N: usize>(names: [&str; N]) -> Listing {
    Listing { collections: names.into_iter().collect(), ..Listing::default() }
}

/// Ten percent off what a collection lists.
fn off(code: Option<&str>, scope: Scope) -> Definition {
    let benefit = Benefit::percent_off(Rate::from_bp(1_000).unwrap());
    Definition { code: code.map(str::to_owned), benefit, scope, ..definition() }
}

fn including(name: &str) -> Scope {
    Scope { include: of_collections([name]), ..Scope::default() }
}

/// A tea of ten and a novel of twenty euros.
fn request(world: &World, name: &str, codes: &[&str]) -> RedeemRequest {
    let mut request = world.request(name, None, codes);
    let novel = Line { category: Some("media/books/novels".to_owned()), ..Line::new("novel", 1, 2_000) };
    request.order.lines = vec![Line::new("tea", 1, 1_000), novel];
    request
}

fn asking(world: &mut World, code: &str, conditions: &serde_json::Value) {
    let conditions = Some(serde_json::from_value(conditions.clone()).unwrap());
    world.coupon(Definition { code: Some(code.to_owned()), conditions, ..definition() });
}

#[test]
fn a_scope_by_a_collection_holds_of_what_it_lists_and_replays_as_it_counted() {
    let mut world = world();
    world.coupon(off(Some("SALE"), including("sale")));
    world.coupon(off(Some("BOOKS"), including("books")));
    world.coupon(off(Some("OTHERS"), Scope { exclude: of_collections(["sale", "gone"]), ..Scope::default() }));
    for (code, discount_minor, lists) in [("SALE", 100, [1, 0]), ("BOOKS", 200, [0, 1]), ("OTHERS", 200, [1, 0])] {
        let request = request(&world, code, &[code]);
        let done = world.redeem_by(request).unwrap();
        assert_eq!(done.discount_minor, discount_minor, "{code}");
        let lines = &world.rows.decisions[&done.id].order.lines;
        assert_eq!([0, 1].map(|line: usize| lines[line].collections.len()), lists, "{code}");
    }
    world.rows.entries.clear();
    let kept = world.kept();
    for record in world.rows.decisions.values() {
        assert_eq!(record.replay(&kept).as_ref(), Some(&record.quote));
    }
    let request = request(&world, "late", &["SALE"]);
    assert_eq!(world.quote(&request).refused[0].refusal.rejection, Rejection::NoneInScope);
}

#[test]
fn all_entries_of_an_order_are_looked_up_in_one_round_and_what_nobody_asks_for_in_none() {
    let mut world = world();
    world.coupon(off(Some("PLAIN"), Scope::default()));
    world.coupon(off(Some("SALE"), including("sale")));
    world.coupon(off(
        Some("BOTH"),
        Scope { include: of_collections(["books", "none"]), exclude: of_collections(["sale"]) },
    ));
    let mut rounds = |code: &str| {
        let mut request = request(&world, code, &[code]);
        request.order.lines[0].collections = vec!["books".to_owned()];
        let quote = world.quote(&request);
        (world.rounds, quote.discount_minor)
    };
    let (plain, _) = rounds("PLAIN");
    assert_eq!(rounds("SALE"), (plain + 1, 100));
    assert_eq!(rounds("BOTH"), (plain + 1, 200), "what the order itself says is not heard");
    let request = request(&world, "r", &["PLAIN"]);
    let done = world.redeem_by(request).unwrap();
    assert!(world.rows.decisions[&done.id].order.lines.iter().all(|line| line.collections.is_empty()));
}

#[test]
fn a_collection_that_the_tenant_excludes_beats_a_coupon_and_one_without_a_code_is_met_by_any_order() {
    let mut world = world();
    let include = Listing { skus: ["other"].into_iter().collect(), ..of_collections(["sale"]) };
    world.coupon(Definition { automatic: true, ..off(None, Scope { include, ..Scope::default() }) });
    let asked = request(&world, "q", &[]);
    assert_eq!(world.quote(&asked).discount_minor, 100);
    let mut settings = (*world.settings).clone();
    settings.pricing.exclusions = of_collections(["sale"]);
    world.settings = Arc::new(settings);
    assert_eq!(world.quote(&asked).discount_minor, 0);
}

#[test]
fn who_buys_of_one_collection_is_given_of_another() {
    let mut world = world();
    let of = Some(Box::new(including("sale")));
    let benefit = Benefit::UnitsOff {
        buy: 1,
        get: 1,
        rate_bp: Rate::from_bp(10_000).unwrap(),
        pick: domain::benefit::Pick::default(),
        of,
        times_max: None,
    };
    world.coupon(Definition { benefit, ..off(Some("ADD"), including("books")) });
    let request = request(&world, "q", &["ADD"]);
    assert_eq!(world.quote(&request).discount_minor, 1_000);
}

#[test]
fn a_condition_asks_for_the_collections_that_it_names() {
    let mut world = world();
    let contains = |op: &str, value: serde_json::Value| json!({"field": "line.collections", "op": op, "value": value});
    asking(&mut world, "ANY", &json!({"any_line": contains("contains", json!("sale"))}));
    asking(&mut world, "EACH", &json!({"all_lines": contains("contains_any", json!(["sale", "books"]))}));
    asking(&mut world, "BOTH", &json!({"any_line": contains("contains_all", json!(["sale", "books"]))}));
    asking(&mut world, "GONE", &json!({"any_line": contains("contains", json!("gone"))}));
    for (code, holds) in [("ANY", true), ("EACH", true), ("BOTH", false), ("GONE", false)] {
        let request = request(&world, code, &[code]);
        let done = world.redeem_by(request);
        match holds {
            true => assert_eq!(done.unwrap().discount_minor, 500, "{code}"),
            false => assert_eq!(refusal(done), Rejection::ConditionUnmet, "{code}"),
        }
    }
    let set = json!({"any_line": {"field": "line.collections", "op": "is_set"}});
    let set: domain::rule::Rule = serde_json::from_value(set).unwrap();
    let refused = set.check(&Catalogue::new(&Declared::new()).unwrap()).unwrap_err();
    assert_eq!(refused.pointer, "/any_line/op", "nothing is named that could be looked up");
}
