//! What the tests of rules share: a catalogue with an attribute of every kind, and an order to ask.

mod reading;
mod operators;
mod errors;
mod fields;
mod explain;
mod naive;
mod random;
mod verdict;

use serde_json::{Value, json};

use super::*;
use crate::order::{Line, Order};
use crate::time::{Timestamp, Zone};

/// An attribute of every kind, called as the kind, of the order, of a line and of a customer.
fn declared() -> Declared {
    let owners = ["order", "line", "customer"];
    owners.into_iter().flat_map(|of| Kind::ALL.map(|kind| (format!("{of}.{kind}"), kind))).collect()
}

fn catalogue() -> Catalogue {
    Catalogue::new(&declared()).unwrap()
}

fn rule(json: &Value) -> Rule {
    serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{error}: {json}"))
}

fn condition(json: &Value) -> Condition {
    Condition::compile(&rule(json), &catalogue()).unwrap_or_else(|error| panic!("{error}: {json}"))
}

fn berlin() -> Zone {
    "Europe/Berlin".parse().unwrap()
}

/// Everything set, so that each field can be asked; in Berlin it is Saturday the 28th, half past midnight.
fn full_order() -> Order {
    let order = json!({
        "currency": "EUR", "shipping_minor": 490, "deposit_minor": 100,
        "fees": [{"name": "gift wrap", "amount_minor": 10}],
        "channel": "web", "platform": "ios", "place": "Bonn", "node": "payment",
        "lines": [
            {"sku": "boot", "product": "boots", "category": "fashion/shoes", "merchant": "anna", "quantity": 2,
             "unit_price_minor": 1_000, "reduced_minor": 100, "collections": ["outlet", "sale"]},
            {"sku": "room", "quantity": 3, "unit_price_minor": 5_000, "period": "night", "attributes": {"flag": true}},
        ],
        "customer": {"age": 30, "tags": ["vip", "staff"], "segments": ["new"], "orders": 4, "spent_minor": 9_900,
                     "attributes": {"date": "2020-02-29"}},
        "attributes": {"text": "blue"},
    });
    let order: Order = serde_json::from_value(order).unwrap();
    order.check().unwrap();
    order
}

fn bare_order() -> Order {
    Order::new("EUR".parse().unwrap(), vec![Line::new("boot", 1, 500)])
}

fn now() -> Timestamp {
    "2026-11-27T23:30:00Z".parse().unwrap()
}

fn holds(json: &Value, order: &Order) -> bool {
    condition(json).holds(&Inputs { order, customer_known: true, now: now(), zone: &berlin() })
}
