use super::*;

fn check(json: &Value, pointer: Option<&str>) {
    let found = rule(json).check(&catalogue()).err().map(|error| error.pointer);
    assert_eq!(found.as_deref(), pointer, "{json}");
}

/// Of a test of one field.
fn check_test(field: &str, op: &str, value: Value, pointer: Option<&str>) {
    check(&json!({"field": field, "op": op, "value": value}), pointer);
}

fn yes() -> Value {
    json!({"field": "customer.known", "op": "eq", "value": true})
}

#[test]
fn a_test_is_refused_at_the_member_that_is_wrong() {
    check_test("order.sum", "eq", json!(1), Some("/field"));
    check_test("order.attributes.size", "eq", json!(1), Some("/field"));
    check_test("line.sku", "eq", json!("a"), Some("/field"));
    check_test("line.attributes.text", "eq", json!("a"), Some("/field"));
    check_test("order.subtotal", "contains", json!(1), Some("/op"));
    check_test("order.subtotal", "gte", json!("1"), Some("/value"));
    check_test("order.subtotal", "gte", json!(1.5), Some("/value"));
    check_test("order.subtotal", "gte", json!([1]), Some("/value"));
    check_test("order.subtotal", "gte", json!(9_007_199_254_740_991i64), None);
    check_test("order.subtotal", "gte", json!(9_007_199_254_740_992i64), Some("/value"));
    check_test("order.subtotal", "gte", json!(-9_007_199_254_740_992i64), Some("/value"));
    check_test("order.subtotal", "gte", json!(u64::MAX), Some("/value"));
    check_test("order.subtotal", "gte", Value::Null, Some("/value"));
    check_test("order.subtotal", "is_set", json!(true), Some("/value"));
    check_test("order.subtotal", "is_set", Value::Null, None);
    check_test("customer.known", "eq", json!("true"), Some("/value"));
    check_test("order.place", "eq", json!(1), Some("/value"));
    check_test("order.place", "eq", json!(""), Some("/value"));
    check_test("order.place", "eq", json!("é".repeat(RULE_TEXT_CHARS_MAX)), None);
    check_test("order.place", "eq", json!("x".repeat(RULE_TEXT_CHARS_MAX + 1)), Some("/value"));
    check_test("order.node", "eq", json!("pay"), Some("/value"));
    check_test("order.node", "in", json!(["cart", "payment"]), None);
    check_test("order.node", "in", json!(["cart", "pay"]), Some("/value/1"));
    check_test("order.attributes.path", "under", json!("a/"), Some("/value"));
    check_test("order.attributes.path", "under", json!("/a"), Some("/value"));
}

#[test]
fn a_list_is_refused_at_its_entry_and_a_pair_out_of_order_as_a_whole() {
    check_test("order.place", "in", json!([]), Some("/value"));
    check_test("order.place", "in", json!("a"), Some("/value"));
    check_test("order.place", "not_in", json!(["a", 1]), Some("/value/1"));
    check_test("order.quantity", "in", json!([1, 2, null]), Some("/value/2"));
    check_test("customer.tags", "contains_any", json!([]), Some("/value"));
    check_test("customer.tags", "contains_all", json!(["a", ""]), Some("/value/1"));
    check_test("customer.tags", "contains", json!(["a"]), Some("/value"));
    check_test("order.quantity", "between", json!([2, 2]), None);
    check_test("order.quantity", "between", json!([3, 2]), Some("/value"));
    check_test("order.quantity", "between", json!([2]), Some("/value"));
    check_test("order.quantity", "between", json!([1, 2, 3]), Some("/value"));
    check_test("order.quantity", "between", json!([1, "2"]), Some("/value/1"));
    check_test("order.quantity", "between", json!([true, 2]), Some("/value/0"));
    check_test("now.time", "between", json!(["22:00", "02:00"]), Some("/value"));
    check_test("order.quantity", "in", json!(vec![1; RULE_LIST_MAX]), None);
    check_test("order.quantity", "in", json!(vec![1; RULE_LIST_MAX + 1]), Some("/value"));
}

#[test]
fn a_day_or_time_that_does_not_exist_is_refused() {
    for (field, good, bad) in [
        (
            "now.date",
            vec!["2024-02-29", "0001-01-01", "9999-12-31"],
            vec![
                "2026-02-29",
                "2026-13-01",
                "2026-00-01",
                "2026-01-00",
                "20260101",
                "2026-1-1",
                "+026-01-01",
                "2026-01-01T00:00",
                "today",
            ],
        ),
        ("now.time", vec!["00:00", "23:59"], vec!["24:00", "9:00", "09:60", "09:00:00"]),
        ("now.weekday", vec!["mon", "sun"], vec!["Mon", "monday", ""]),
        (
            "order.attributes.instant",
            vec!["2026-01-01T00:00:00+14:00"],
            vec!["2026-01-01", "2026-01-01T00:00:00", "10000-01-01T00:00:00Z"],
        ),
    ] {
        good.iter().for_each(|text| check_test(field, "eq", json!(text), None));
        bad.iter().for_each(|text| check_test(field, "eq", json!(text), Some("/value")));
        check_test(field, "eq", json!(1), Some("/value"));
    }
}

#[test]
fn the_pointer_leads_through_the_tree() {
    let wrong = json!({"field": "customer.age", "op": "gte", "value": "old"});
    check(&json!({"all": [yes(), wrong]}), Some("/all/1/value"));
    check(&json!({"any": [{"not": wrong}]}), Some("/any/0/not/value"));
    check(&json!({"any_line": {"all": [wrong]}}), Some("/any_line/all/0/value"));
    check(&json!({"all_lines": wrong}), Some("/all_lines/value"));
    check(&json!({"count_lines": {"where": wrong, "op": "eq", "value": 1}}), Some("/count_lines/where/value"));
    check(&json!({"count_lines": {"op": "eq", "value": "1"}}), Some("/count_lines/value"));
    check(&json!({"count_lines": {"op": "is_set", "value": 1}}), Some("/count_lines/op"));
    check(&json!({"count_lines": {"op": "under", "value": 1}}), Some("/count_lines/op"));
    let sum = |op: &str, value: Value| json!({"all": [{"sum_lines": {"of": "amount", "op": op, "value": value}}]});
    check(&sum("starts_with", json!(1)), Some("/all/0/sum_lines/op"));
    check(&sum("in", json!([])), Some("/all/0/sum_lines/value"));
    check(&sum("in", json!([1, "a"])), Some("/all/0/sum_lines/value/1"));
    check(
        &json!({"sum_lines": {"of": "amount", "where": wrong, "op": "eq", "value": 1}}),
        Some("/sum_lines/where/value"),
    );
    check(&json!({"all": []}), Some("/all"));
    check(&json!({"not": {"any": []}}), Some("/not/any"));
}

#[test]
fn a_rule_over_lines_is_not_in_another_one() {
    let count = json!({"count_lines": {"op": "eq", "value": 1}});
    let sum = json!({"sum_lines": {"of": "amount", "op": "eq", "value": 1}});
    check(&json!({"all": [{"any_line": yes()}, {"not": count}, sum]}), None);
    check(&json!({"any_line": {"all_lines": yes()}}), Some("/any_line/all_lines"));
    check(&json!({"all_lines": {"all": [{"any_line": yes()}]}}), Some("/all_lines/all/0/any_line"));
    check(&json!({"count_lines": {"where": count, "op": "eq", "value": 1}}), Some("/count_lines/where/count_lines"));
    let sum = json!({"sum_lines": {"of": "amount", "where": {"not": sum}, "op": "eq", "value": 1}});
    check(&sum, Some("/sum_lines/where/not/sum_lines"));
}

#[test]
fn a_rule_over_the_bounds_is_refused() {
    let deep = |depth: usize| (1..depth).fold(yes(), |rule, _| json!({"not": rule}));
    check(&deep(RULE_DEPTH_MAX), None);
    check(&deep(RULE_DEPTH_MAX + 1), Some(&"/not".repeat(RULE_DEPTH_MAX)));
    let deep_in_line = json!({"count_lines": {"where": deep(RULE_DEPTH_MAX), "op": "eq", "value": 1}});
    let pointer = format!("/count_lines/where{}", "/not".repeat(RULE_DEPTH_MAX - 1));
    check(&deep_in_line, Some(&pointer));
    let wide = |nodes: usize| json!({"any": vec![yes(); nodes - 1]});
    check(&wide(RULE_NODES_MAX), None);
    check(&wide(RULE_NODES_MAX + 1), Some(&format!("/any/{}", RULE_NODES_MAX - 1)));
}

#[test]
fn an_attribute_is_declared_of_the_order_of_lines_or_of_customers() {
    let check = |name: &str, pointer: Option<&str>| {
        let found = Catalogue::new(&[(name.to_owned(), Kind::Text)].into()).err().map(|error| error.pointer);
        assert_eq!(found.as_deref(), pointer, "{name}");
    };
    check("order.a.b", None);
    check("line.x", None);
    check(&format!("customer.{}", "é".repeat(128)), None);
    check(&format!("order.{}", "x".repeat(129)), Some(&format!("/order.{}", "x".repeat(129))));
    check("order.", Some("/order."));
    check("x", Some("/x"));
    check("cart.a/b~", Some("/cart.a~1b~0"));
}
