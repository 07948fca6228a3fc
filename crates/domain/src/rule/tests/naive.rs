//! The same answers, computed in another way: over the JSON of the rule and of the order, with copies of everything.

use std::cmp::Ordering;

use super::*;

/// What is asked, as JSON.
pub(super) struct Asked {
    pub order: Value,
    pub known: bool,
    pub now: Timestamp,
    pub zone: Zone,
}

pub(super) fn naive(rule: &Value, asked: &Asked, line: Option<&Value>) -> bool {
    let (name, body) = rule.as_object().unwrap().iter().find(|(name, _)| *name != "op" && *name != "value").unwrap();
    let each = || body.as_array().unwrap().iter().map(|rule| naive(rule, asked, line)).collect::<Vec<_>>();
    let lines = asked.order["lines"].as_array().unwrap().clone();
    let passing =
        |rule: &Value| lines.iter().filter(|line| naive(rule, asked, Some(line))).cloned().collect::<Vec<_>>();
    match name.as_str() {
        "all" => !each().contains(&false),
        "any" => each().contains(&true),
        "not" => !naive(body, asked, line),
        "any_line" => !passing(body).is_empty(),
        "all_lines" => passing(body).len() == lines.len(),
        "count_lines" | "sum_lines" => {
            let lines = body.get("where").map_or(lines.clone(), passing);
            let amounts = lines.iter().map(|line| match body.get("of").and_then(Value::as_str) {
                None => 1,
                Some("quantity") => int(&line["quantity"]),
                Some(_) => amount(line),
            });
            compares(Kind::Number, body, Some(json!(amounts.sum::<i64>())))
        }
        _ => {
            let name = body.as_str().unwrap();
            let kind = catalogue().find(name).unwrap().kind;
            compares(kind, rule, lookup(name, asked, line).filter(|found| is_of(kind, found)))
        }
    }
}

fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn amount(line: &Value) -> i64 {
    int(&line["quantity"]) * int(&line["unit_price_minor"]) - int(&line["reduced_minor"])
}

fn lookup(name: &str, asked: &Asked, line: Option<&Value>) -> Option<Value> {
    let order = &asked.order;
    let lines = order["lines"].as_array().unwrap();
    let sum = |of: fn(&Value) -> i64| lines.iter().map(of).sum::<i64>();
    let local = asked.now.to_jiff().to_zoned(asked.zone.as_jiff().clone());
    let fees: i64 = order["fees"].as_array().into_iter().flatten().map(|fee| int(&fee["amount_minor"])).sum();
    let (of, rest) = name.split_once('.').unwrap();
    let thing = match of {
        "order" => order,
        "customer" => &order["customer"],
        "now" => &Value::Null,
        _ => line.unwrap(),
    };
    let found = match (of, rest) {
        ("order", "subtotal") => json!(sum(amount)),
        ("order", "quantity") => json!(sum(|line| int(&line["quantity"]))),
        ("order", "lines") => json!(lines.len()),
        ("order", "shipping") => json!(int(&order["shipping_minor"])),
        ("order", "deposit") => json!(int(&order["deposit_minor"])),
        ("order", "total") => json!(sum(amount) + int(&order["shipping_minor"]) + int(&order["deposit_minor"]) + fees),
        ("customer", "known") => json!(asked.known),
        ("customer", "order_number") => thing["orders"].as_i64().map_or(Value::Null, |orders| json!(orders + 1)),
        ("customer", "spent") => thing["spent_minor"].clone(),
        ("now", "date") => json!(local.strftime("%Y-%m-%d").to_string()),
        ("now", "weekday") => json!(local.strftime("%a").to_string().to_lowercase()),
        ("now", _) => json!(local.strftime("%H:%M").to_string()),
        ("line", "unit_price") => thing["unit_price_minor"].clone(),
        ("line", "amount") => json!(amount(thing)),
        (_, rest) => match rest.strip_prefix("attributes.") {
            Some(name) => thing["attributes"][name].clone(),
            None => thing[rest].clone(),
        },
    };
    (!found.is_null()).then_some(found)
}

fn is_of(kind: Kind, found: &Value) -> bool {
    let text = found.as_str().unwrap_or_default();
    match kind {
        Kind::Number | Kind::Money => found.is_number(),
        Kind::Text | Kind::Path => found.is_string(),
        Kind::TextSet => found.as_array().is_some_and(|texts| !texts.is_empty()),
        Kind::Flag => found.is_boolean(),
        Kind::Date => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        Kind::Instant => text.parse::<jiff::Timestamp>().is_ok(),
        Kind::Weekday => ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(&text),
        Kind::Time => text.len() == 5 && text.parse::<jiff::civil::Time>().is_ok(),
    }
}

/// Days and times of day are in the order of their texts.
fn order_of(kind: Kind, one: &Value, other: &Value) -> Ordering {
    let instant = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    match (kind, one, other) {
        (Kind::Instant, one, other) => instant(one).cmp(&instant(other)),
        (_, Value::Number(_), Value::Number(_)) => int(one).cmp(&int(other)),
        (_, one, other) => one.to_string().cmp(&other.to_string()),
    }
}

fn compares(kind: Kind, test: &Value, found: Option<Value>) -> bool {
    let op = test["op"].as_str().unwrap();
    let Some(found) = found else { return op == "is_not_set" };
    let value = test["value"].clone();
    let list = value.as_array().cloned().unwrap_or_default();
    let to = |value: &Value| order_of(kind, &found, value);
    let is_in = |list: &[Value]| list.iter().any(|entry| to(entry).is_eq());
    let set = found.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match op {
        "eq" => to(&value).is_eq(),
        "ne" => to(&value).is_ne(),
        "lt" => to(&value).is_lt(),
        "lte" => to(&value).is_le(),
        "gt" => to(&value).is_gt(),
        "gte" => to(&value).is_ge(),
        "between" => to(&list[0]).is_ge() && to(&list[1]).is_le(),
        "in" => is_in(&list),
        "not_in" => !is_in(&list),
        "contains" if kind == Kind::TextSet => set.contains(&value),
        "contains" => text(&found).split(text(&value).as_str()).count() > 1,
        "contains_any" => list.iter().any(|entry| set.contains(entry)),
        "contains_all" => list.iter().all(|entry| set.contains(entry)),
        "starts_with" => text(&found).get(..text(&value).len()) == Some(text(&value).as_str()),
        "under" => {
            let steps = |path: String| path.split('/').map(str::to_owned).collect::<Vec<_>>();
            steps(text(&found)).starts_with(&steps(text(&value)))
        }
        "is_set" => true,
        _ => false,
    }
}
