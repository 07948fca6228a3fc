//! Orders as shops send them.

use serde_json::{Value, json};

/// An order of so many lines, two units each.
pub fn order(lines: usize) -> Value {
    let lines: Vec<Value> = (0..lines).map(line).collect();
    json!({ "currency": "EUR", "lines": lines })
}

/// The same with an id of its own, as only one redemption of it may live.
pub fn order_of(number: u64, lines: usize) -> Value {
    let mut order = order(lines);
    order["id"] = json!(format!("order-{number}"));
    order
}

fn line(index: usize) -> Value {
    json!({ "sku": format!("SKU-{index:03}"), "category": "goods", "quantity": 2, "unit_price_minor": 1_250 + 10 * index })
}

/// A coupon without limits.
pub fn amount_off(name: &str, amount_minor: u64) -> Value {
    json!({ "name": name, "currency": "EUR", "benefit": { "type": "amount_off", "amount_minor": amount_minor } })
}

/// A coupon that everybody may type.
pub fn percent_off(code: &str, rate_bp: u64) -> Value {
    json!({
        "name": code,
        "code": code,
        "currency": "EUR",
        "minimum_order_minor": 1_000,
        "benefit": { "type": "percent_off", "rate_bp": rate_bp },
    })
}
