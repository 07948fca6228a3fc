//! What the reference says of a body, turned into bodies that it does not allow, each with the place of what is wrong.

use serde_json::{Value, json};

/// A body that the reference does not allow.
pub struct Wrong {
    /// As it is sent: some of it no reader of JSON would write.
    pub text: String,
    /// The place of what is wrong.
    pub pointer: String,
}

/// Stands where the wrong value goes.
const PLACE: &str = "\u{e000}";

/// What a body is said to be, and a good one.
pub struct Bodies<'a> {
    document: &'a Value,
    good: &'a Value,
    wrong: Vec<Wrong>,
}

impl<'a> Bodies<'a> {
    /// Every field that the reference knows, of another type, and those of the good body out of their bounds.
    pub fn wrong(document: &'a Value, schema: &Value, good: &'a Value) -> Vec<Wrong> {
        let mut bodies = Self { document, good, wrong: Vec::new() };
        bodies.walk(schema, "", good);
        bodies.wrong
    }

    fn walk(&mut self, schema: &Value, at: &str, good: &Value) {
        let (schema, nullable) = self.resolved(schema, good);
        let is_null = nullable || types(schema).contains(&"null");
        let kinds = types(schema);
        // Where a text may stand beside a number, what is no text is no number either.
        let kind = kinds.iter().find(|kind| **kind == "string").or(kinds.first());
        let wrong_types: Vec<String> = kind.map_or_else(Vec::new, |kind| other_types(kind));
        wrong_types.iter().for_each(|raw| self.put(at, raw, at));
        // What is left out may mostly be `null` too; what is needed may not.
        if !is_null && at.is_empty() {
            self.put(at, "null", at);
        }
        if !good.is_null() {
            out_of_bounds(schema, at, good).iter().for_each(|raw| self.put(at, raw, at));
        }
        let known = schema["properties"].as_object();
        for (name, property) in known.into_iter().flatten() {
            self.walk(property, &format!("{at}/{name}"), &good[name]);
        }
        if known.is_some() && good.is_object() {
            let mut more = good.clone();
            more["colour"] = json!(1);
            self.put(at, &more.to_string(), &format!("{at}/colour"));
        }
        if let Some(first) = good.get(0) {
            self.walk(&schema["items"], &format!("{at}/0"), first);
        }
    }

    /// Without references, and of several shapes the one that the good value has; and whether it may be `null`.
    fn resolved<'s>(&self, schema: &'s Value, good: &Value) -> (&'s Value, bool)
    where
        'a: 's,
    {
        let (mut schema, mut nullable) = (schema, false);
        loop {
            if let Some(name) = schema["$ref"].as_str() {
                schema = self.document.pointer(name.trim_start_matches('#')).expect("it is in the document");
            } else if let Some(shapes) = schema["oneOf"].as_array() {
                nullable |= shapes.iter().any(|shape| shape["type"] == "null");
                let tag = |shape: &Value| shape.pointer("/properties/type/enum/0").cloned();
                let is_of_good = |shape: &&Value| tag(shape).is_some_and(|tag| good["type"] == tag);
                let plain = shapes.iter().find(|shape| shape["type"] != "null");
                schema = shapes.iter().find(is_of_good).or(plain).expect("it has a shape");
            } else {
                return (schema, nullable);
            }
        }
    }

    fn put(&mut self, at: &str, raw: &str, pointer: &str) {
        let mut body = self.good.clone();
        if set(&mut body, at) {
            let text = body.to_string().replacen(&format!("\"{PLACE}\""), raw, 1);
            self.wrong.push(Wrong { text, pointer: pointer.to_owned() });
        }
    }
}

/// Puts the mark at a place, unless what it is in is not there.
fn set(body: &mut Value, at: &str) -> bool {
    let Some((inside, last)) = at.rsplit_once('/') else {
        *body = json!(PLACE);
        return true;
    };
    match body.pointer_mut(inside) {
        Some(Value::Object(fields)) => drop(fields.insert(last.to_owned(), json!(PLACE))),
        Some(Value::Array(items)) => items[0] = json!(PLACE),
        _ => return false,
    }
    true
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        // Numbers are texts, too, where a person may have typed them.
        _ => Vec::new(),
    }
}

fn other_types(kind: &str) -> Vec<String> {
    let other: &[&str] = match kind {
        "string" => &["true", "[]", "{}", "[\"x\"]"],
        "integer" => &["\"x\"", "true", "[]", "{}", "1.5", "1e400", "-1e400", "18446744073709551616", "\"1\""],
        "number" => &["\"x\"", "true", "[]", "{}", "1e400", "-1e400", "-1", "1e300"],
        "boolean" => &["1", "\"true\"", "[]", "{}"],
        "array" => &["1", "\"x\"", "true", "{}"],
        "object" => &["1", "\"x\"", "true", "[]", "[{}]"],
        other => panic!("{other} is no type"),
    };
    other.iter().map(|&raw| raw.to_owned()).collect()
}

fn out_of_bounds(schema: &Value, at: &str, good: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let number = |name: &str| schema[name].as_i64();
    if let Some(minimum) = number("minimum") {
        wrong.push((i128::from(minimum) - 1).to_string());
        wrong.push(i64::MIN.to_string());
    }
    if let Some(maximum) = number("maximum") {
        wrong.push((i128::from(maximum) + 1).to_string());
        wrong.push(i64::MAX.to_string());
    }
    let text = |length: i64| json!("x".repeat(usize::try_from(length).expect("a length"))).to_string();
    wrong.extend(number("minLength").filter(|length| *length > 0).map(|length| text(length - 1)));
    wrong.extend(number("maxLength").map(|length| text(length + 1)));
    if let (Some(most), Some(first)) = (number("maxItems"), good.get(0)) {
        wrong.push(json!(vec![first; usize::try_from(most).expect("a length") + 1]).to_string());
    }
    wrong.extend(number("minItems").filter(|least| *least > 0).map(|_| "[]".to_owned()));
    if schema["enum"].is_array() {
        wrong.extend(["\"\"", "\"no_such\"", "\"\\u0000\"", "1"].map(str::to_owned));
    }
    wrong.extend(wrong_texts(schema, at).iter().map(|text| json!(text).to_string()));
    wrong
}

/// Days that no calendar has, hours that no day has, zones nobody lives in.
fn wrong_texts(schema: &Value, at: &str) -> &'static [&'static str] {
    let name = at.rsplit('/').next().unwrap_or_default();
    match (schema["format"].as_str().unwrap_or_default(), name) {
        ("date", _) => &["2026-02-30", "2026-13-01", "2025-02-29", "99999-01-01", "01.02.2026", "", "\u{0}"],
        ("date-time", _) => &[
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:01Z",
            "2026-01-01T25:00:00Z",
            "2026-01-01",
            "99999-01-01T00:00:00Z",
            "1767225600",
            "",
        ],
        ("duration", _) => &["five minutes", "PT-5M", "-PT5M", "P99999999999999D", "PT1e9S", "", "P"],
        (_, "zone" | "time_zone") => &["Mars/Olympus", "", "../../etc/passwd", "Europe/Berlin\u{0}", "UTC+25"],
        (_, "currency") => &["euro", "", "eur", "E\u{0}R", "€€€", "EURO"],
        ("", "customer_id" | "campaign_id" | "key_id") => &["x", "", "cus_", "cpn_0", "\u{0}", "cus_0198f0c2"],
        (_, "addresses") => &["x", "", "1.2.3", "1.2.3.4/33", "::/129", "0.0.0.0/0"],
        (_, "from" | "until") => &["24:30", "25:00", "7", "", "-1:00", "\u{0}"],
        (_, "email") => &["x", "", "@", "a@", "a b@c.d", "a\u{0}@b.c"],
        (_, "prefix") => &["!", "--"],
        (_, "name" | "sku" | "code" | "contributor") if schema["minLength"].is_u64() => {
            &["\u{0}", "a\u{0}b", "\u{1b}[2J"]
        }
        _ => &[],
    }
}
