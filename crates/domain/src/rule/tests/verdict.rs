use proptest::prelude::*;

use super::random::{any_rule, asked};
use super::*;
use crate::rule::compile::Part;
use crate::rule::verdict::Known;

fn said(json: Value) -> Vec<(String, Verdict)> {
    let today = NowOf::new(now(), &berlin());
    let found = condition(&json).findings(Known::default(), Some(today));
    found.into_iter().map(|finding| (finding.pointer, finding.verdict)).collect()
}

fn check(json: Value, expected: &[(&str, Verdict)]) {
    let found = said(json.clone());
    let found: Vec<_> = found.iter().map(|(pointer, verdict)| (pointer.as_str(), *verdict)).collect();
    assert_eq!(found, expected, "{json}");
}

fn test(field: &str, op: &str, value: impl Into<Value>) -> Value {
    json!({ "field": field, "op": op, "value": value.into() })
}

#[test]
fn what_no_field_can_have_never_holds_and_what_all_have_always_does() {
    for (json, verdict) in [
        (test("customer.age", "lt", 0), Verdict::Never),
        (test("order.quantity", "gte", 1), Verdict::Always),
        (test("customer.age", "gte", 0), Verdict::Idle(true)),
        (test("order.lines", "gt", 2_000), Verdict::Never),
        (test("now.date", "lt", "2026-11-28"), Verdict::Never),
        (test("now.weekday", "in", json!(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])), Verdict::Always),
        (json!({ "field": "order.currency", "op": "is_set" }), Verdict::Always),
        (json!({ "field": "line.sku", "op": "is_not_set" }), Verdict::Never),
    ] {
        let of_line = json["field"].as_str().unwrap().starts_with("line");
        let json = if of_line { json!({ "any_line": json }) } else { json };
        // An age may be unset, so that a lower bound of it is no certainty.
        let expected = if verdict == Verdict::Idle(true) { &[][..] } else { &[("", verdict)] };
        check(json, expected);
    }
}

#[test]
fn what_contradicts_itself_never_holds_and_what_covers_all_always_does() {
    let subtotal = |op: &str, value: i64| test("order.subtotal", op, value);
    check(json!({ "all": [subtotal("gte", 500), subtotal("lt", 500)] }), &[("", Verdict::Never)]);
    check(json!({ "any": [subtotal("gte", 500), subtotal("lt", 501)] }), &[("", Verdict::Always)]);
    check(json!({ "not": { "any": [subtotal("gte", 500), subtotal("lt", 501)] } }), &[("", Verdict::Never)]);
    let channels = [test("order.channel", "eq", "web"), test("order.channel", "in", json!(["app", "store"]))];
    check(json!({ "all": channels }), &[("", Verdict::Never)]);
    let shoes = test("line.category", "under", "shoes");
    check(
        json!({ "all": [{ "all_lines": test("line.category", "eq", "hats") }, { "any_line": shoes }] }),
        &[("", Verdict::Never)],
    );
    check(
        json!({ "count_lines": { "where": test("line.quantity", "lt", 1), "op": "gte", "value": 1 } }),
        &[("", Verdict::Never)],
    );
}

#[test]
fn what_is_said_beside_it_already_makes_no_difference() {
    let subtotal = |op: &str, value: i64| test("order.subtotal", op, value);
    let vip = test("customer.tags", "contains", "vip");
    check(json!({ "all": [subtotal("gte", 500), vip, subtotal("gte", 900)] }), &[("/all/0", Verdict::Idle(true))]);
    check(json!({ "any": [subtotal("gte", 500), vip, subtotal("gte", 900)] }), &[("/any/2", Verdict::Idle(false))]);
    check(json!({ "all": [subtotal("gte", 500), subtotal("gte", 500)] }), &[("/all/0", Verdict::Idle(true))]);
    check(
        json!({ "all": [vip, { "any": [test("customer.age", "lt", 0), subtotal("gte", 5)] }] }),
        &[("/all/1/any/0", Verdict::Never)],
    );
}

#[test]
fn what_is_known_of_the_orders_counts() {
    let json = json!({ "all": [test("order.currency", "eq", "USD"), test("customer.tags", "contains", "vip")] });
    let known = Known { currency: Some("EUR".parse().unwrap()), ..Known::default() };
    let found = condition(&json).findings(known, None);
    assert_eq!(found, [Finding { pointer: String::new(), verdict: Verdict::Idle(false) }]);
    let known = Known { subtotal_min: 1_000, ..Known::default() };
    let found = condition(&test("order.subtotal", "lt", 1_000)).findings(known, None);
    assert_eq!(found, [Finding { pointer: String::new(), verdict: Verdict::Idle(false) }]);
}

/// The part there.
fn part_at<'p>(part: &'p mut Part, pointer: &str) -> &'p mut Part {
    let Some(rest) = pointer.strip_prefix('/') else { return part };
    let (name, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    match part {
        Part::All(parts) | Part::Any(parts) => {
            let (_, rest) = (name, rest.strip_prefix('/').unwrap());
            let (place, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
            part_at(&mut parts[place.parse::<usize>().unwrap()], rest)
        }
        Part::Not(part) | Part::AnyLine(part) | Part::AllLines(part) => part_at(part, rest),
        Part::CountLines { filter, .. } | Part::SumLines { filter, .. } => {
            part_at(filter.as_mut().unwrap(), rest.strip_prefix("/where").unwrap())
        }
        Part::Field { .. } => panic!("nothing is within a test: {pointer}"),
    }
}

fn constant(holds: bool) -> Part {
    if holds { Part::All(Box::new([])) } else { Part::Any(Box::new([])) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn whatever_is_called_sure_is_so_of_every_order(json in any_rule(), asked in asked()) {
        let order: Order = serde_json::from_value(asked.order.clone()).unwrap();
        let inputs = Inputs { order: &order, customer_known: asked.known, now: asked.now, zone: &asked.zone };
        let condition = condition(&json);
        for finding in condition.findings(Known::default(), Some(NowOf::new(inputs.now, inputs.zone))) {
            let mut changed = condition.clone();
            let part = part_at(&mut changed.0, &finding.pointer);
            let (could, is_sure) = match finding.verdict {
                Verdict::Always => (true, true),
                Verdict::Never => (false, true),
                Verdict::Idle(could) => (could, false),
            };
            // What is below a rule over lines is asked of each.
            let of_line = ["_line/", "_lines/"].iter().any(|name| format!("{}/", finding.pointer).contains(name));
            let agrees = if of_line {
                order.lines.iter().all(|line| part.holds(&inputs, Some(line)) == could)
            } else {
                part.holds(&inputs, None) == could
            };
            prop_assert!(agrees || !is_sure, "{} {:?}: {json}", finding.pointer, finding.verdict);
            *part = constant(could);
            prop_assert_eq!(changed.holds(&inputs), condition.holds(&inputs), "{} could be {}: {}", finding.pointer, could, json);
        }
    }
}
