//! Decisions explain themselves, and a draft is tried on them.

use std::sync::Arc;

use domain::benefit::Benefit;
use domain::coupon::Definition;
use domain::id::CustomerNo;
use domain::ledger::{
    DecisionRecord, Draft, Figures, Kept, LineStanding, OfferOutcome, RedeemRequest, Replay, Simulation,
};
use domain::limit::{Counts, Per};
use domain::money::Rate;
use domain::period::Period;
use domain::rejection::Rejection;
use domain::rule::{Kind, Rule};
use domain::scope::{Listing, Scope};
use domain::stacking::{Lane, Mode, Pricing, Stacking};
use domain::tenant::Settings;
use serde_json::{Value, json};

use crate::asking::{definition, id, limit, order};
use crate::world::World;

fn coded(code: &str, amount_minor: i64) -> Definition {
    Definition { code: Some(code.to_owned()), benefit: Benefit::amount_off(amount_minor), ..definition() }
}

fn redeem(world: &mut World, name: &str, prices_minor: &[i64], codes: &[&str]) -> DecisionRecord {
    let request = RedeemRequest { order: order(name, prices_minor), ..world.request(name, None, codes) };
    world.redeem_by(request).unwrap();
    world.rows.decisions[&id(name)].clone()
}

/// Saves other settings; returns what was kept of those before.
fn set(world: &mut World, change: impl FnOnce(&mut Settings)) -> (u32, Arc<Settings>) {
    let before = (world.settings_version, Arc::clone(&world.settings));
    change(Arc::make_mut(&mut world.settings));
    world.settings_version += 1;
    before
}

fn floor(bp: u32) -> Pricing {
    Pricing { floor_bp: Some(Rate::from_bp(bp).unwrap()), ..Pricing::default() }
}

#[test]
fn a_decision_names_the_settings_and_replays_to_the_same_bytes_after_they_changed() {
    let mut world = World::new();
    world.coupon(coded("HALF", 1_500));
    set(&mut world, |settings| settings.pricing = floor(5_000));
    let record = redeem(&mut world, "r", &[2_000], &["half"]);
    assert_eq!((record.settings_version, record.quote.total_minor), (Some(2), 1_000));
    let written = serde_json::to_value(&record).unwrap();
    assert!(written.get("pricing").is_none() && written.get("attributes").is_none(), "{written}");
    let before = set(&mut world, |settings| settings.pricing = floor(9_000));
    let mut kept = world.kept();
    assert!(record.replay(&kept).is_none(), "the version it names is not there");
    kept.settings.extend([before]);
    let again = record.replay(&kept).unwrap();
    assert_eq!(serde_json::to_vec(&again).unwrap(), serde_json::to_vec(&record.quote).unwrap());
    assert_eq!(record.explain(&kept).replay, Replay::Same);
}

#[test]
fn a_decision_from_before_settings_were_kept_still_reads_and_replays() {
    let mut world = World::new();
    world.coupon(coded("HALF", 1_500));
    set(&mut world, |settings| settings.pricing = floor(5_000));
    let record = redeem(&mut world, "r", &[2_000], &["half"]);
    let mut written = serde_json::to_value(&record).unwrap();
    let fields = written.as_object_mut().unwrap();
    fields.remove("settings_version");
    fields.insert("pricing".to_owned(), json!({ "floor_bp": 5_000 }));
    let old: DecisionRecord = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&old).unwrap(), written, "it is written as it was");
    let kept = Kept { coupons: world.rows.versions.clone(), ..Kept::default() };
    assert_eq!(old.replay(&kept), Some(record.quote));
}

fn skus(skus: &[&str]) -> Listing {
    serde_json::from_value(json!({ "skus": skus })).unwrap()
}

fn rule(value: Value) -> Option<Rule> {
    Some(serde_json::from_value(value).unwrap())
}

#[test]
fn conditions_are_asked_under_the_attributes_that_the_settings_of_the_decision_declared() {
    let mut world = World::new();
    set(&mut world, |settings| settings.attributes.extend([("order.gift".to_owned(), Kind::Flag)]));
    let conditions = rule(json!({ "not": { "field": "order.attributes.gift", "op": "eq", "value": true } }));
    world.coupon(Definition { conditions, ..coded("PLAIN", 100) });
    let record = redeem(&mut world, "r", &[2_000], &["plain"]);
    let before = set(&mut world, |settings| settings.attributes.clear());
    let request = world.request("s", None, &["plain"]);
    let refused = world.redeem_by(request).unwrap_err();
    assert_eq!(refused.rejection, Rejection::ConditionUnmet, "the field means nothing any more");
    let mut kept = world.kept();
    kept.settings.extend([before]);
    assert_eq!(record.explain(&kept).replay, Replay::Same);
}

#[test]
fn every_offer_is_explained_with_its_conditions_scope_minimum_and_what_came_of_it() {
    let mut world = World::new();
    let lane = |name: &str, mode| Lane { name: name.to_owned(), mode, coupons_max: None };
    set(&mut world, |settings| {
        settings.pricing.lanes = vec![lane("goods", Mode::Best), lane("rest", Mode::All)];
        settings.pricing.exclusions = skus(&["cash"]);
    });
    let conditions = rule(json!({ "all": [
        { "field": "order.subtotal", "op": "gte", "value": 1_000 },
        { "any": [{ "field": "order.channel", "op": "eq", "value": "store" },
                  { "count_lines": { "where": { "field": "line.sku", "op": "eq", "value": "tea" },
                                     "op": "gte", "value": 2 } }] },
    ] }));
    let include = skus(&["tea", "cash"]);
    let scope = Scope { include, ..Scope::default() };
    let minimum_order_minor = Some(1_500);
    world.coupon(Definition { conditions, scope, minimum_order_minor, ..coded("TEA", 400) });
    let stacking = Stacking { lane: Some("rest".to_owned()), ..Stacking::default() };
    world.coupon(Definition { stacking, ..coded("MORE", 50) });
    let mut request = world.request("r", None, &["tea", "more"]);
    request.order = order("r", &[1_000, 1_000, 300, 700]);
    for (line, sku) in request.order.lines.iter_mut().zip(["tea", "tea", "cash", "cup"]) {
        line.sku = sku.to_owned();
    }
    world.redeem_by(request).unwrap();
    let record = &world.rows.decisions[&id("r")];
    let told = record.explain(&world.kept());
    let [tea, more] = &told.offers[..] else { panic!("two offers: {told:?}") };
    let asked = tea.condition.as_ref().unwrap();
    let lines = |asked: &domain::rule::Asked| (asked.asks.clone(), asked.holds, asked.found.clone());
    assert_eq!(lines(asked), ("all".to_owned(), true, None));
    assert_eq!(lines(&asked.parts[0]), ("order.subtotal gte 1000".to_owned(), true, Some("3000".to_owned())));
    let [store, count] = &asked.parts[1].parts[..] else { panic!("two of any: {asked:?}") };
    assert_eq!(lines(store), ("order.channel eq store".to_owned(), false, None));
    assert_eq!(lines(count), ("count_lines gte 2".to_owned(), true, Some("2".to_owned())));
    assert_eq!(
        (&*count.parts[0].pointer, &*count.parts[0].asks),
        ("/all/1/any/1/count_lines/where", "line.sku eq tea")
    );
    use LineStanding::{Excluded, InScope, NotNamed};
    assert_eq!(tea.scope, [InScope, InScope, Excluded, NotNamed]);
    assert_eq!((tea.goods_minor, tea.coupon.definition.minimum_order_minor), (2_000, Some(1_500)));
    assert_eq!((tea.lane.as_deref(), more.lane.as_deref()), (Some("goods"), Some("rest")));
    let steps = told.offers.iter().map(|offer| match &offer.outcome {
        OfferOutcome::Applied { step, applied } => Some((*step, applied.discount_minor)),
        OfferOutcome::Paid { .. } | OfferOutcome::Refused(_) | OfferOutcome::Unsaid => None,
    });
    assert_eq!(steps.collect::<Vec<_>>(), [Some((1, 400)), Some((2, 50))]);
}

#[test]
fn a_record_that_says_otherwise_than_deciding_again_is_told_where() {
    let mut world = World::new();
    world.coupon(coded("SAVE", 500));
    let mut record = redeem(&mut world, "r", &[2_000], &["save"]);
    record.quote.total_minor += 1;
    let Replay::Differs { differences } = record.explain(&world.kept()).replay else { panic!("it differs") };
    let told: Vec<_> =
        differences.iter().map(|one| (&*one.pointer, one.recorded.clone(), one.replayed.clone())).collect();
    assert_eq!(told, [("/total_minor", json!(1_501), json!(1_500))]);
    assert_eq!(record.explain(&Kept::default()).replay, Replay::Gone);
}

fn simulate(world: &World, definition: Definition, needs_code: bool, names: &[&str]) -> Figures {
    let mut simulation = Simulation::new(Draft::new(definition, needs_code));
    for name in names {
        simulation.take(&world.rows.decisions[&id(name)], &world.kept());
    }
    simulation.figures().clone()
}

fn amounts(figures: &Figures) -> (i64, i64, i64) {
    let amounts = figures.amounts.values().next().unwrap();
    (amounts.discount_before_minor, amounts.discount_after_minor, amounts.given_minor)
}

#[test]
fn a_draft_that_goes_with_others_makes_every_order_cheaper_and_costs_what_it_gives() {
    let mut world = World::new();
    world.coupon(coded("SAVE", 500));
    redeem(&mut world, "a", &[2_000], &["save"]);
    redeem(&mut world, "b", &[3_000], &[]);
    let figures = simulate(&world, Definition { code: None, ..coded("", 100) }, false, &["a", "b"]);
    assert_eq!((figures.replayed, figures.touched, figures.winners, figures.losers), (2, 2, 2, 0));
    assert_eq!(amounts(&figures), (500, 700, 200));
    assert_eq!(figures.amounts.values().next().unwrap().cost_minor(), 200);
}

#[test]
fn a_draft_that_keeps_out_a_better_one_has_losers_unless_it_needs_a_code() {
    let mut world = World::new();
    set(&mut world, |settings| {
        settings.pricing.lanes =
            ["first", "then"].map(|name| Lane { name: name.into(), mode: Mode::All, coupons_max: None }).into();
    });
    let then = Stacking { lane: Some("then".to_owned()), ..Stacking::default() };
    world.coupon(Definition { stacking: then, ..coded("SAVE", 500) });
    redeem(&mut world, "a", &[2_000], &["save"]);
    redeem(&mut world, "b", &[3_000], &[]);
    let stacking = Stacking { exclusive: true, ..Stacking::default() };
    let draft = Definition { stacking, benefit: Benefit::amount_off(100), ..definition() };
    let automatic = simulate(&world, draft.clone(), false, &["a", "b"]);
    assert_eq!((automatic.touched, automatic.winners, automatic.losers), (2, 1, 1));
    assert_eq!(amounts(&automatic), (500, 200, 200));
    let typed = simulate(&world, draft, true, &["a", "b"]);
    assert_eq!((typed.touched, typed.winners, typed.losers), (1, 1, 0));
    assert_eq!(amounts(&typed), (500, 600, 100));
}

#[test]
fn the_limits_of_a_draft_count_and_its_dates_do_not() {
    let mut world = World::new();
    for name in ["a", "b", "c"] {
        redeem(&mut world, name, &[2_000], &[]);
    }
    let limits = vec![limit(Counts::Value, Per::Everyone, Period::Ever, 250)];
    let mut draft = Definition { limits, benefit: Benefit::amount_off(100), ..definition() };
    draft.validity.from = Some("2096-01-01T00:00:00Z".parse().unwrap());
    let figures = simulate(&world, draft, false, &["a", "b", "c"]);
    assert_eq!((figures.touched, figures.limited, figures.winners), (2, 1, 2));
    assert_eq!(amounts(&figures), (0, 200, 200));
}

#[test]
fn a_draft_for_given_customers_or_of_an_age_touches_no_others() {
    let mut world = World::new();
    redeem(&mut world, "a", &[2_000], &[]);
    let draft = Definition { benefit: Benefit::amount_off(100), ..definition() };
    for draft in [
        Definition { customers: Some(vec![CustomerNo(7)]), ..draft.clone() },
        Definition { min_age: Some(18), ..draft },
    ] {
        let figures = simulate(&world, draft, false, &["a"]);
        assert_eq!((figures.replayed, figures.touched), (1, 0));
    }
}

#[test]
fn what_another_revision_of_the_pricing_decided_is_left_out_and_counted() {
    let mut world = World::new();
    let mut record = redeem(&mut world, "a", &[2_000], &[]);
    record.revision = 0;
    let mut simulation = Simulation::new(Draft::new(definition(), false));
    simulation.take(&record, &world.kept());
    assert_eq!((simulation.figures().replayed, simulation.figures().skipped), (0, 1));
}
