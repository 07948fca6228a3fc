use std::collections::BTreeSet;

use super::*;

/// A field of the kind that has `found`, null being not set, compares so with the first value and not so with the
/// second. The values are null where the operator takes none, and then `found` is for the first and `None` for the second.
struct Row(Kind, Operator, Value, Value, Value);

fn rows() -> Vec<Row> {
    let mut rows = [texts(), sets(), flags_and_days()].into_iter().flatten().collect::<Vec<_>>();
    let numbers = [json!(3), json!(5), json!(7), json!(9)];
    let dates = ["2025-12-31", "2026-01-05", "2026-01-06", "2026-02-01"].map(Value::from);
    let instants =
        ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+00:30", "2026-01-01T00:31:00Z", "2026-01-01T00:00:00-02:00"];
    let times = ["00:00", "09:59", "10:00", "23:59"].map(Value::from);
    for (kind, values) in [
        (Kind::Number, numbers.clone()),
        (Kind::Money, numbers),
        (Kind::Date, dates),
        (Kind::Instant, instants.map(Value::from)),
        (Kind::Time, times),
    ] {
        rows.extend(ordered(kind, &values));
    }
    for kind in Kind::ALL {
        let found = match kind {
            Kind::Number | Kind::Money => json!(0),
            Kind::Text | Kind::Path => json!("x"),
            Kind::TextSet => json!(["x"]),
            Kind::Flag => json!(false),
            Kind::Date => json!("2026-01-05"),
            Kind::Instant => json!("2026-01-05T00:00:00Z"),
            Kind::Weekday => json!("mon"),
            Kind::Time => json!("00:00"),
        };
        rows.push(Row(kind, Operator::IsSet, found.clone(), Value::Null, Value::Null));
        rows.push(Row(kind, Operator::IsNotSet, found, Value::Null, Value::Null));
    }
    rows
}

/// Of four values from the lowest, the second is found.
fn ordered(kind: Kind, values: &[Value; 4]) -> Vec<Row> {
    use Operator::{Between, Eq, Gt, Gte, In, Lt, Lte, Ne, NotIn};
    let [lowest, found, next, highest] = values.clone();
    let row = |op, yes: &Value, no: &Value| Row(kind, op, found.clone(), yes.clone(), no.clone());
    vec![
        row(Eq, &found, &next),
        row(Ne, &lowest, &found),
        row(Lt, &next, &found),
        row(Lte, &found, &lowest),
        row(Gt, &lowest, &found),
        row(Gte, &found, &next),
        row(Between, &json!([found, highest]), &json!([next, highest])),
        row(Between, &json!([lowest, found]), &json!([lowest, lowest])),
        row(In, &json!([highest, found, lowest]), &json!([highest, next, lowest])),
        row(NotIn, &json!([highest, next]), &json!([highest, found, lowest])),
    ]
}

fn texts() -> Vec<Row> {
    use Operator::{Contains, Eq, In, Ne, NotIn, StartsWith, Under};
    let mut rows = Vec::new();
    for kind in [Kind::Text, Kind::Path] {
        let row = |op, yes: Value, no: Value| Row(kind, op, json!("fashion/shoes"), yes, no);
        rows.extend([
            row(Eq, json!("fashion/shoes"), json!("Fashion/shoes")),
            row(Ne, json!("fashion"), json!("fashion/shoes")),
            row(In, json!(["z", "fashion/shoes", "a"]), json!(["z", "fashion", "a"])),
            row(NotIn, json!(["z", "fashion", "a"]), json!(["z", "fashion/shoes", "a"])),
            row(Contains, json!("on/sh"), json!("boots")),
            row(StartsWith, json!("fash"), json!("shoes")),
        ]);
    }
    let row = |found: &str, yes: &str, no: &str| Row(Kind::Path, Under, json!(found), json!(yes), json!(no));
    rows.extend([
        row("fashion/shoes", "fashion", "shoes"),
        row("fashion", "fashion", "fashion/shoes"),
        row("fashionable", "fashionable", "fashion"),
        row("fashion/shoes/boots", "fashion/shoes", "fashion/shoe"),
    ]);
    rows
}

fn sets() -> Vec<Row> {
    use Operator::{Contains, ContainsAll, ContainsAny};
    let row = |op, yes: Value, no: Value| Row(Kind::TextSet, op, json!(["b", "c", "a"]), yes, no);
    vec![
        row(Contains, json!("a"), json!("ab")),
        row(ContainsAny, json!(["z", "a"]), json!(["z", "ab"])),
        row(ContainsAll, json!(["a", "c", "a", "c"]), json!(["a", "z"])),
        row(ContainsAll, json!(["c", "b", "a"]), json!(["a", "b", "c", "d"])),
    ]
}

fn flags_and_days() -> Vec<Row> {
    use Operator::{Eq, In, Ne, NotIn};
    let flag = |op, found: bool, yes: bool| Row(Kind::Flag, op, json!(found), json!(yes), json!(!yes));
    let day = |op, yes: Value, no: Value| Row(Kind::Weekday, op, json!("tue"), yes, no);
    vec![
        flag(Eq, true, true),
        flag(Eq, false, false),
        flag(Ne, true, false),
        flag(Ne, false, true),
        day(Eq, json!("tue"), json!("mon")),
        day(Ne, json!("sun"), json!("tue")),
        day(In, json!(["sat", "tue"]), json!(["sat", "sun"])),
        day(NotIn, json!(["sat", "sun"]), json!(["sat", "tue"])),
    ]
}

fn test(kind: Kind, op: Operator, value: &Value) -> Value {
    let mut test = json!({"field": format!("order.attributes.{kind}"), "op": op});
    if op.operand() != Operand::Nothing {
        test["value"] = value.clone();
    }
    test
}

fn order_with(kind: Kind, found: &Value) -> Order {
    let attributes = serde_json::from_value(json!({kind.name(): found})).unwrap();
    Order { attributes, ..bare_order() }
}

#[test]
fn every_operator_of_every_kind_is_true_and_false_where_it_should_be() {
    let mut covered = BTreeSet::new();
    for Row(kind, op, found, yes, no) in rows() {
        let order = order_with(kind, &found);
        assert_eq!(holds(&test(kind, op, &yes), &order), op != Operator::IsNotSet, "{kind} {found} {op:?} {yes}");
        if op.operand() != Operand::Nothing {
            assert!(!holds(&test(kind, op, &no), &order), "{kind} {found} {op:?} {no}");
        }
        assert_eq!(holds(&test(kind, op, &yes), &bare_order()), op == Operator::IsNotSet, "unset {kind} {op:?} {yes}");
        covered.insert((kind, op));
    }
    let published: BTreeSet<_> =
        Kind::ALL.iter().flat_map(|kind| kind.operators().iter().map(|op| (*kind, *op))).collect();
    assert_eq!(covered, published);
}

#[test]
fn an_operator_that_is_not_for_a_kind_is_refused() {
    for kind in Kind::ALL {
        for op in Operator::ALL.into_iter().filter(|op| !kind.operators().contains(op)) {
            let error = rule(&test(kind, op, &json!("x"))).check(&catalogue()).unwrap_err();
            assert_eq!(error.pointer, "/op", "{kind} {op:?}: {error}");
        }
    }
}

#[test]
fn an_attribute_that_is_not_of_its_kind_is_not_set() {
    for (kind, found) in [
        (Kind::Number, json!("7")),
        (Kind::Money, json!(true)),
        (Kind::Text, json!(7)),
        (Kind::Path, json!(["a"])),
        (Kind::TextSet, json!("a")),
        (Kind::TextSet, json!([])),
        (Kind::Flag, json!("true")),
        (Kind::Date, json!("2026-02-29")),
        (Kind::Instant, json!("2026-02-28")),
        (Kind::Weekday, json!("monday")),
        (Kind::Time, json!("24:00")),
    ] {
        let order = order_with(kind, &found);
        assert!(holds(&test(kind, Operator::IsNotSet, &Value::Null), &order), "{kind} {found}");
        assert!(!holds(&test(kind, Operator::IsSet, &Value::Null), &order), "{kind} {found}");
    }
}
