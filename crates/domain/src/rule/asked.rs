//! A condition with how it came out, as a tree again, for those who read it.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::Value;

use super::explain::Held;
use super::tree::Rule;

/// A rule of a condition, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// RFC 6901 pointer to it, from the root of the condition, e.g. `/all/1`.
    pub pointer: String,
    /// What it asks: `order.subtotal gte 1000`, or the word that joins others, such as `all`.
    pub asks: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was found: the value of the field, the count or the sum; none for what is not set, and for what joins others.
    pub found: Option<String>,
    /// What it joins; of a rule over lines, as the one line shows it that tells why.
    pub parts: Vec<Self>,
}

impl Asked {
    /// The tree of what [`super::Condition::explain`] says of a rule.
    #[must_use]
    pub fn of(rule: &Rule, held: Vec<Held>) -> Self {
        let written = serde_json::to_value(rule).expect("domain values serialise");
        nest(&mut held.into_iter().peekable(), &written).unwrap_or_else(Self::without_meaning)
    }

    /// Of a condition whose fields mean nothing: it does not hold.
    #[must_use]
    pub fn without_meaning() -> Self {
        let asks = "fields that mean nothing".to_owned();
        Self { pointer: String::new(), asks, holds: false, found: None, parts: Vec::new() }
    }
}

/// The next one, with all that is below it.
fn nest(held: &mut Peekable<IntoIter<Held>>, written: &Value) -> Option<Asked> {
    let Held { pointer, holds, found } = held.next()?;
    let (below, mut parts) = (format!("{pointer}/"), Vec::new());
    while held.peek().is_some_and(|next| next.pointer.starts_with(&below)) {
        parts.extend(nest(held, written));
    }
    let asks = written.pointer(&pointer).map(asks).unwrap_or_default();
    Some(Asked { pointer, asks, holds, found, parts })
}

fn asks(rule: &Value) -> String {
    let Some((word, inner)) = rule.as_object().and_then(|rule| rule.iter().next()) else { return rule.to_string() };
    let of = |rule: &Value, names: &[&str]| {
        let texts = names.iter().filter_map(|name| rule.get(name)).map(text);
        texts.collect::<Vec<_>>().join(" ")
    };
    // What joins others may hold a test alone, which is told below it.
    let is_number = word == "count_lines" || word == "sum_lines";
    match rule.get("field") {
        Some(_) => of(rule, &["field", "op", "value"]),
        None if is_number => format!("{word} {}", of(inner, &["of", "op", "value"])),
        None => word.clone(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
