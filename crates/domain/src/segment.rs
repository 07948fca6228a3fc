//! Segments: groups of a tenant's customers, by a list of members or by a rule over who buys. Conditions ask for them by
//! name as `customer.segments`, beside those that the order names.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::field::FieldError;
use crate::rule::{Asks, Catalogue, Condition, Declared, Inputs, Rule};
use crate::time::Timestamp;

/// The most segments of a tenant: all of them are in memory, without their members.
pub const SEGMENTS_MAX: usize = 500;
/// The most characters of a segment's name, and of a collection's.
pub const SEGMENT_NAME_CHARS_MAX: usize = 64;
/// The most members that one request adds, and the most that it removes.
pub const SEGMENT_CHANGES_MAX: usize = 10_000;

/// A segment's number within its tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentNo(pub u32);

/// A group of customers.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its number.
    pub no: SegmentNo,
    /// What conditions call it; see [`check_name`].
    pub name: String,
    /// Counts what was saved of it, from 1. Members do not count.
    pub version: u32,
    /// Who belongs to it, by a rule; `None`: who is listed.
    pub rule: Option<Rule>,
    /// When it was saved last.
    pub saved_at: Timestamp,
    compiled: OnceLock<Option<Condition>>,
}

impl Segment {
    /// A segment as it is saved.
    #[must_use]
    pub fn new((no, version): (SegmentNo, u32), name: String, rule: Option<Rule>, saved_at: Timestamp) -> Self {
        Self { no, name, version, rule, saved_at, compiled: OnceLock::new() }
    }

    /// Its rule, to be asked; none if it has none, or if that means nothing any more: then nobody belongs to it.
    fn condition(&self, attributes: &Declared) -> Option<&Condition> {
        let rule = self.rule.as_ref()?;
        let compile = || Catalogue::new(attributes).and_then(|known| Condition::compile(rule, &known)).ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

/// Whether a segment, or a collection, may be called so: 1 to 64 of `A-Z a-z 0-9 _ - . :`, so that it stands in a path as it is.
#[must_use]
pub fn check_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    (1..=SEGMENT_NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(is_plain) && !matches!(name, "." | "..")
}

/// Whether a segment may be made by this rule: it means something, and asks for nothing but who buys. Segments ask for
/// no segments, so that none depends on itself.
///
/// # Errors
/// The first thing that is wrong, by its place in the rule.
pub fn check_rule(rule: &Rule, attributes: &Declared) -> Result<(), FieldError> {
    rule.check(&Catalogue::new(attributes)?)?;
    check_fields(rule)
}

fn check_fields(rule: &Rule) -> Result<(), FieldError> {
    let each = |name: &str, rules: &[Rule]| {
        let check = |(index, rule)| check_fields(rule).map_err(|error| error.under(&format!("/{name}/{index}")));
        rules.iter().enumerate().try_for_each(check)
    };
    let of_lines = |name: &str| Err(FieldError::new(format!("/{name}"), "must not look at an order's lines"));
    match rule {
        Rule::All(rules) => each("all", rules),
        Rule::Any(rules) => each("any", rules),
        Rule::Not(rule) => check_fields(rule).map_err(|error| error.under("/not")),
        Rule::AnyLine(_) => of_lines("any_line"),
        Rule::AllLines(_) => of_lines("all_lines"),
        Rule::CountLines(_) => of_lines("count_lines"),
        Rule::SumLines(_) => of_lines("sum_lines"),
        Rule::Field(test) if test.field.starts_with("customer.") && test.field != "customer.segments" => Ok(()),
        Rule::Field(_) => Err(FieldError::new("/field", "must be of the customer, and not `customer.segments`")),
    }
}

/// The segments of a tenant, without their members: few, and in memory.
#[derive(Clone, Debug, Default)]
pub struct Segments(BTreeMap<String, Arc<Segment>>);

impl Segments {
    /// By name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Segment>> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &Arc<Segment>> {
        self.0.values()
    }

    /// Puts one in, in place of the one of its name.
    pub fn put(&mut self, segment: Arc<Segment>) {
        self.0.insert(segment.name.clone(), segment);
    }

    /// Takes one out.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The names of those of these numbers, by name.
    pub fn listed<'a>(&'a self, numbers: &'a [SegmentNo]) -> impl Iterator<Item = &'a str> {
        self.0.values().filter(|segment| segment.rule.is_none() && numbers.contains(&segment.no)).map(|one| &*one.name)
    }

    /// The names of those whose rule holds of who buys, by name.
    pub fn by_rule<'a>(&'a self, inputs: &'a Inputs<'a>, attributes: &'a Declared) -> impl Iterator<Item = &'a str> {
        let holds = |segment: &&Arc<Segment>| segment.condition(attributes).is_some_and(|rule| rule.holds(inputs));
        self.0.values().filter(holds).map(|segment| &*segment.name)
    }

    /// What their rules ask for.
    #[must_use]
    pub fn asks(&self, attributes: &Declared) -> Asks {
        let conditions = self.0.values().filter_map(|segment| segment.condition(attributes));
        conditions.fold(Asks::default(), |asks, condition| asks.or(condition.asks()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_and_stands_in_a_path_as_it_is() {
        for (name, fits) in [
            ("vip", true),
            ("Black-List_2.0:eu", true),
            (&"a".repeat(64), true),
            (&"a".repeat(65), false),
            ("", false),
            ("..", false),
            ("a b", false),
            ("a/b", false),
            ("größe", false),
        ] {
            assert_eq!(check_name(name), fits, "{name:?}");
        }
    }

    #[test]
    fn a_rule_asks_for_who_buys_and_nothing_else_and_what_is_wrong_is_named_by_its_place() {
        let check = |text: &str, pointer: Option<&str>| {
            let rule: Rule = serde_json::from_str(text).unwrap();
            let found = check_rule(&rule, &Declared::new()).err().map(|error| error.pointer);
            assert_eq!(found.as_deref(), pointer, "{text}");
        };
        check(r#"{"field":"customer.age","op":"gte","value":18}"#, None);
        check(r#"{"all":[{"not":{"field":"customer.orders","op":"gte","value":1}}]}"#, None);
        check(r#"{"all":[{"field":"customer.age","op":"gte","value":"old"}]}"#, Some("/all/0/value"));
        check(
            r#"{"any":[{"field":"customer.known","op":"eq","value":true},{"field":"order.total","op":"gte","value":1}]}"#,
            Some("/any/1/field"),
        );
        check(r#"{"not":{"field":"customer.segments","op":"contains","value":"vip"}}"#, Some("/not/field"));
        check(r#"{"all":[{"count_lines":{"op":"gte","value":2}}]}"#, Some("/all/0/count_lines"));
    }
}
