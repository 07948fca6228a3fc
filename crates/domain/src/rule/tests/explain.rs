use super::*;

fn check(json: &Value, order: &Order, told: &[(&str, bool, Option<&str>)]) {
    let inputs = Inputs { order, customer_known: false, now: now(), zone: &berlin() };
    let found = condition(json).explain(&inputs);
    let found: Vec<_> = found.iter().map(|held| (held.pointer.as_str(), held.holds, held.found.as_deref())).collect();
    assert_eq!(found, told, "{json}");
}

#[test]
fn every_rule_of_the_tree_is_told_in_the_order_in_which_it_is_written() {
    let json = json!({"any": [
        {"all": [
            {"field": "order.subtotal", "op": "gte", "value": 99_999},
            {"not": {"field": "now.weekday", "op": "in", "value": ["sat", "sun"]}},
        ]},
        {"field": "order.place", "op": "eq", "value": "Bonn"},
    ]});
    check(
        &json,
        &full_order(),
        &[
            ("", true, None),
            ("/any/0", false, None),
            ("/any/0/all/0", false, Some("16900")),
            ("/any/0/all/1", false, None),
            ("/any/0/all/1/not", true, Some("sat")),
            ("/any/1", true, Some("Bonn")),
        ],
    );
    let place = json!({"field": "order.place", "op": "ne", "value": "Bonn"});
    check(&place, &bare_order(), &[("", false, None)]);
}

#[test]
fn below_a_rule_over_lines_the_line_is_told_that_shows_why() {
    let sku = |sku: &str| json!({"field": "line.sku", "op": "eq", "value": sku});
    let (any, pointer) = (|of: &str| json!({"any_line": sku(of)}), "/any_line");
    check(&any("room"), &full_order(), &[("", true, None), (pointer, true, Some("room"))]);
    check(&any("hat"), &full_order(), &[("", false, None), (pointer, false, Some("boot"))]);
    let (all, pointer) = (|of: &str| json!({"all_lines": sku(of)}), "/all_lines");
    check(&all("boot"), &full_order(), &[("", false, None), (pointer, false, Some("room"))]);
    check(&all("boot"), &bare_order(), &[("", true, None), (pointer, true, Some("boot"))]);
}

#[test]
fn a_count_and_a_sum_are_told_with_what_was_counted() {
    let room = json!({"field": "line.sku", "op": "eq", "value": "room"});
    let count = |rule: Value| json!({"count_lines": {"where": rule, "op": "gte", "value": 2}});
    check(&count(room.clone()), &full_order(), &[("", false, Some("1")), ("/count_lines/where", true, Some("room"))]);
    check(&json!({"count_lines": {"op": "gte", "value": 2}}), &full_order(), &[("", true, Some("2"))]);
    let sum = |of: &str, value: i64| json!({"sum_lines": {"of": of, "where": room, "op": "eq", "value": value}});
    let line = ("/sum_lines/where", true, Some("room"));
    check(&sum("quantity", 3), &full_order(), &[("", true, Some("3")), line]);
    check(&sum("amount", 15_000), &full_order(), &[("", true, Some("15000")), line]);
    check(
        &json!({"sum_lines": {"of": "amount", "op": "eq", "value": 1}}),
        &full_order(),
        &[("", false, Some("16900"))],
    );
}

#[test]
fn what_holds_one_test_is_called_by_its_word_and_the_test_is_told_below() {
    let test = json!({"field": "line.sku", "op": "eq", "value": "boot"});
    let of_order = json!({"field": "order.place", "op": "eq", "value": "Bonn"});
    for (word, test, below) in [
        ("any_line", &test, "line.sku eq boot"),
        ("all_lines", &test, "line.sku eq boot"),
        ("not", &of_order, "order.place eq Bonn"),
    ] {
        let (json, order) = (json!({ word: test }), full_order());
        let inputs = Inputs { order: &order, customer_known: false, now: now(), zone: &berlin() };
        let told = Asked::of(&rule(&json), condition(&json).explain(&inputs));
        assert_eq!((told.asks.as_str(), told.parts[0].asks.as_str()), (word, below));
    }
}
