use std::collections::BTreeSet;

use super::*;
use crate::order::{Node, UsePeriod};

/// What every built-in field has in the full order; of a line, in its first or second.
const FOUND: [(&str, &str); 30] = [
    ("order.subtotal", "16900"),
    ("order.quantity", "5"),
    ("order.lines", "2"),
    ("order.shipping", "490"),
    ("order.deposit", "100"),
    ("order.total", "17500"),
    ("order.currency", "EUR"),
    ("order.channel", "web"),
    ("order.platform", "ios"),
    ("order.place", "Bonn"),
    ("order.node", "payment"),
    ("customer.known", "true"),
    ("customer.age", "30"),
    ("customer.tags", "vip, staff"),
    ("customer.segments", "new"),
    ("customer.orders", "4"),
    ("customer.order_number", "5"),
    ("customer.spent", "9900"),
    ("now.date", "2026-11-28"),
    ("now.weekday", "sat"),
    ("now.time", "00:30"),
    ("line.sku", "boot"),
    ("line.product", "boots"),
    ("line.category", "fashion/shoes"),
    ("line.merchant", "anna"),
    ("line.quantity", "2"),
    ("line.unit_price", "1000"),
    ("line.amount", "1900"),
    ("line.period", "night"),
    ("line.collections", "outlet, sale"),
];

/// What a field has, in the first line that has it.
fn found(field: &str, order: &Order) -> Option<String> {
    let set = match field {
        "line.collections" => json!({"field": field, "op": "contains", "value": "sale"}),
        _ => json!({"field": field, "op": "is_set"}),
    };
    let json = json!({"any_line": set});
    let inputs = Inputs { order, customer_known: true, now: now(), zone: &berlin() };
    condition(&json).explain(&inputs).pop().and_then(|held| held.found)
}

#[test]
fn every_field_is_found_in_an_order_that_has_it() {
    for (field, has) in FOUND {
        assert_eq!(found(field, &full_order()).as_deref(), Some(has), "{field}");
    }
    for (field, has) in [
        ("order.attributes.text", "blue"),
        ("line.attributes.flag", "true"),
        ("customer.attributes.date", "2020-02-29"),
    ] {
        assert_eq!(found(field, &full_order()).as_deref(), Some(has), "{field}");
    }
    let listed: BTreeSet<_> =
        Catalogue::new(&Declared::new()).unwrap().fields().iter().map(|field| field.name.to_string()).collect();
    assert_eq!(listed, FOUND.iter().map(|(field, _)| (*field).to_owned()).collect());
}

#[test]
fn exactly_the_optional_fields_are_missing_in_an_order_that_says_nothing() {
    for field in catalogue().fields() {
        assert_eq!(found(&field.name, &bare_order()).is_none(), field.optional, "{}", field.name);
    }
}

#[test]
fn a_field_has_one_line_about_it() {
    for field in catalogue().fields() {
        assert!(field.about.ends_with('.') && !field.about.contains('\n') && field.about.len() <= 80, "{}", field.name);
    }
}

#[test]
fn choices_are_the_texts_that_an_order_is_written_with() {
    let of = |name: &str| json!(catalogue().find(name).unwrap().choices);
    assert_eq!(of("order.node"), json!(Node::ALL));
    assert_eq!(of("line.period"), json!(UsePeriod::ALL));
    for node in Node::ALL {
        let order = Order { node: Some(node), ..bare_order() };
        assert_eq!(found("order.node", &order).map(Value::from), Some(json!(node)));
    }
    for period in UsePeriod::ALL {
        let order = Order { lines: vec![Line { period: Some(period), ..Line::new("a", 1, 1) }], ..bare_order() };
        assert_eq!(found("line.period", &order).map(Value::from), Some(json!(period)));
    }
}

#[test]
fn whether_a_customer_is_known_is_not_what_the_shop_says() {
    let known = condition(&json!({"field": "customer.known", "op": "eq", "value": true}));
    let (full, bare, zone) = (full_order(), bare_order(), berlin());
    for (order, customer_known) in [(&full, true), (&full, false), (&bare, true), (&bare, false)] {
        assert_eq!(known.holds(&Inputs { order, customer_known, now: now(), zone: &zone }), customer_known);
    }
}

#[test]
fn an_order_out_of_bounds_is_asked_without_a_panic() {
    let mut order = Order { shipping_minor: i64::MAX, ..bare_order() };
    order.lines = vec![Line { unit_price_minor: i64::MAX, quantity: u32::MAX, ..order.lines[0].clone() }; 3];
    assert_eq!(found("order.total", &order), Some(i64::MAX.to_string()));
    assert!(holds(&json!({"sum_lines": {"of": "amount", "op": "gt", "value": 0}}), &order));
}
