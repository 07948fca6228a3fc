//! What the conditions of the examples ask, what of it does not hold, and that each thing that can be asked is asked of both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use domain::coupon::Coupon;
use domain::order::Order;
use domain::rule::{Asked, Catalogue, Declared, Inputs, Kind, Operator};
use domain::time::{Timestamp, Zone};

use super::outcome;
use super::read::{Example, files, folder};

/// What is no field, as [`Asked`] calls it.
const WORDS: [&str; 8] =
    ["all", "any", "not", "any_line", "all_lines", "count_lines", "sum_lines quantity", "sum_lines amount"];

/// How the conditions of a coupon came out for the order of an example.
pub fn asked(example: &Example, order: &Order, coupon: &Coupon) -> Option<Asked> {
    let utc = Zone::utc();
    let inputs = Inputs {
        order,
        customer_known: example.customer_known,
        now: example.at.unwrap_or(Timestamp::from_ms(0)),
        zone: example.zone.as_ref().unwrap_or(&utc),
    };
    let condition = coupon.condition(&example.declared).expect("they were checked")?;
    let rule = coupon.definition.conditions.as_ref()?;
    Some(Asked::of(rule, condition.explain(&inputs)))
}

/// The tests that would have to come out otherwise: each with what was found.
pub fn unmet(asked: &Asked) -> Vec<String> {
    because(asked, true, "")
}

fn because(asked: &Asked, wanted: bool, before: &str) -> Vec<String> {
    if asked.holds == wanted {
        return Vec::new();
    }
    let (wanted, before) = match asked.asks.as_str() {
        "all" | "any" => (wanted, before.to_owned()),
        "not" => (!wanted, format!("{before}not ")),
        "any_line" | "all_lines" => (wanted, format!("{before}{} ", asked.asks)),
        test => return vec![format!("{before}{test}: {}", asked.found.as_deref().unwrap_or("not set"))],
    };
    asked.parts.iter().flat_map(|part| because(part, wanted, &before)).collect()
}

/// How often each thing was asked and held, and was asked and did not.
#[derive(Default)]
struct Tally(BTreeMap<String, [usize; 2]>);

impl Tally {
    fn count(&mut self, what: impl Into<String>, holds: bool) {
        self.0.entry(what.into()).or_default()[usize::from(!holds)] += 1;
    }

    fn of(&self, what: &str) -> [usize; 2] {
        self.0.get(what).copied().unwrap_or_default()
    }

    fn add(&mut self, asked: &Asked, catalogue: &Catalogue) {
        let mut words = asked.asks.split(' ');
        let (name, next) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match catalogue.find(name) {
            Some(field) => [name, next, field.kind.name()].into_iter().for_each(|what| self.count(what, asked.holds)),
            None if name == "sum_lines" => self.count(format!("{name} {next}"), asked.holds),
            None => self.count(name, asked.holds),
        }
        asked.parts.iter().for_each(|part| self.add(part, catalogue));
    }
}

fn tally() -> Tally {
    let (files, mut tally) = (files(), Tally::default());
    for (_, example) in files.iter().flat_map(|file| &file.examples) {
        let Ok(example) = example else { continue };
        let order = example.order().expect("it is priced elsewhere");
        let catalogue = Catalogue::new(&example.declared).expect("it was checked");
        for offer in outcome::offers(example).expect("they are priced elsewhere") {
            if let Some(asked) = asked(example, &order, &offer.coupon) {
                tally.add(&asked, &catalogue);
            }
        }
    }
    tally
}

#[test]
fn every_field_operator_and_word_of_conditions_holds_in_an_example_and_does_not_in_another() {
    let (tally, known) = (tally(), Catalogue::new(&Declared::new()).unwrap());
    let fields = known.fields().iter().map(|field| field.name.as_ref());
    let kinds = Kind::ALL.iter().map(|kind| kind.name());
    let all = fields.chain(Operator::ALL.iter().map(|op| op.name())).chain(kinds).chain(WORDS);
    let missing: BTreeSet<&str> = all.filter(|what| tally.of(what).contains(&0)).collect();
    assert!(missing.is_empty(), "without an example that holds, or without one that does not: {missing:?}");
}

#[test]
fn the_second_table_of_the_chapter_counts_what_conditions_ask() {
    let (tally, mut rows) = (tally(), String::new());
    for what in Kind::ALL.iter().map(|kind| kind.name()).chain(WORDS) {
        let [holds, fails] = tally.of(what);
        writeln!(rows, "| `{what}` | {holds} | {fails} |").expect("a text grows");
    }
    let chapter = fs::read_to_string(folder().join("README.md")).expect("the chapter is beside the examples");
    assert!(chapter.contains(&rows), "docs/examples/README.md should say\n{rows}");
}
