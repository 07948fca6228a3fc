//! The worked examples of `docs/examples`: each is priced and held against what was worked out by hand.

mod read;
mod outcome;
mod amounts;
mod conditions;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use domain::benefit::{Benefit, Target};

use outcome::{Rows, both, denied};
use read::{Example, File, files, folder};

const EXAMPLES_MIN: usize = 200;

/// A file each.
const KINDS: [&str; 14] = [
    "percent_off",
    "amount_off",
    "ladder",
    "every_off",
    "fixed_price",
    "fixed_price_sets",
    "units_off",
    "units_off_other",
    "gift",
    "free_periods",
    "random_amount",
    "shipping_off",
    "deposit_off",
    "gift_value",
];

/// At least one example each, of every kind.
const CASES: [&str; 8] =
    ["plain", "threshold_below", "threshold_at", "threshold_above", "half_rounding", "cap", "remainder", "rejections"];

/// What concerns every kind.
const TOPICS: [&str; 9] = [
    "scope",
    "stacking",
    "validity",
    "currency",
    "conditions",
    "conditions_order",
    "conditions_customer",
    "conditions_lines",
    "conditions_attributes",
];

/// What a file's examples are about.
fn kind(benefit: &Benefit) -> &'static str {
    match benefit {
        Benefit::PercentOff { on: Target::Shipping, .. } | Benefit::AmountOff { on: Target::Shipping, .. } => {
            "shipping_off"
        }
        Benefit::PercentOff { on: Target::Deposit, .. } | Benefit::AmountOff { on: Target::Deposit, .. } => {
            "deposit_off"
        }
        Benefit::FixedPrice { set_of: Some(_), .. } => "fixed_price_sets",
        Benefit::UnitsOff { of: Some(_), .. } => "units_off_other",
        other => other.kind(),
    }
}

/// By what a coupon of that kind can be refused on its own.
fn rejections(kind: &str) -> BTreeSet<&'static str> {
    let mut codes = BTreeSet::from(["currency_mismatch", "none_in_scope", "below_minimum"]);
    // It pays for what no discount may touch.
    codes.insert(if kind == "gift_value" { "balance_empty" } else { "excluded" });
    if kind != "gift" {
        codes.insert("nothing_to_discount");
    }
    if ["ladder", "fixed_price_sets", "units_off", "units_off_other"].contains(&kind) {
        codes.insert("too_few_units");
    }
    codes
}

fn readable(file: &File) -> impl Iterator<Item = &Example> {
    file.examples.iter().filter_map(|(_, example)| example.as_ref().ok())
}

fn of_case<'a>(file: &'a File, case: &'a str) -> impl Iterator<Item = &'a Example> {
    readable(file).filter(move |example| example.case.as_deref() == Some(case))
}

#[test]
fn every_worked_example_is_priced_as_worked_out() {
    let files = files();
    let count: usize = files.iter().map(|file| file.examples.len()).sum();
    let mut failures = Vec::new();
    for file in &files {
        for (says, example) in &file.examples {
            let rows = example.as_ref().map_err(Clone::clone).and_then(both);
            let wrong = match rows {
                Err(why) => why,
                Ok((expected, found)) if expected == found => continue,
                Ok((expected, found)) => side_by_side(&expected, &found),
            };
            failures.push(format!("{}.toml: {says}\n{wrong}", file.name));
        }
    }
    assert!(failures.is_empty(), "{} of {count} examples differ\n\n{}", failures.len(), failures.join("\n\n"));
    assert!(count >= EXAMPLES_MIN, "there are {count} examples, and should be {EXAMPLES_MIN}");
}

#[test]
fn nothing_is_said_to_be_impossible_of_a_coupon_that_gives_something_in_an_example() {
    for file in &files() {
        for example in readable(file) {
            assert_eq!(denied(example), Ok(Vec::new()), "{}: {}", file.name, example.says);
        }
    }
}

fn side_by_side(expected: &Rows, found: &Rows) -> String {
    let text = |rows: &Rows, name: &str| {
        rows.iter().find(|(one, _)| one == name).map_or("(nothing said)".to_owned(), |(_, text)| text.clone())
    };
    let names: BTreeSet<&String> = expected.iter().chain(found).map(|(name, _)| name).collect();
    let mut table = format!("    {:<10} {:<44} {}", "", "expected", "found");
    for name in names {
        let (expected, found) = (text(expected, name), text(found, name));
        let mark = if expected == found { "  " } else { "=>" };
        write!(table, "\n {mark} {name:<10} {expected:<44} {found}").expect("a text grows");
    }
    table
}

#[test]
fn no_cell_of_the_matrix_is_empty() {
    let files = files();
    let mut empty = Vec::new();
    for kind in KINDS {
        let file = files.iter().find(|file| file.name == kind);
        let is_empty = |case: &&str| file.is_none_or(|file| of_case(file, case).next().is_none());
        empty.extend(CASES.into_iter().filter(is_empty).map(|case| format!("{kind}: {case}")));
    }
    assert!(empty.is_empty(), "without an example:\n{}", empty.join("\n"));
}

#[test]
fn every_file_is_of_its_kind_and_every_case_is_known() {
    let mut wrong = Vec::new();
    for file in &files() {
        let is_kind = KINDS.contains(&file.name.as_str());
        assert!(is_kind || TOPICS.contains(&file.name.as_str()), "{}.toml is in no table of the test", file.name);
        for example in readable(file) {
            let is_case = example.case.as_ref().map(|case| CASES.contains(&case.as_str()));
            let of_kind = |coupon: &read::Offered| kind(&coupon.benefit) == file.name;
            // Gift value pays after discounts, which its examples need.
            let is_alike = !is_kind
                || example.coupons.values().all(of_kind)
                || file.name == "gift_value" && example.coupons.values().any(of_kind);
            if is_case != is_kind.then_some(true) || !is_alike {
                wrong.push(format!("{}.toml: {}", file.name, example.says));
            }
        }
    }
    assert!(wrong.is_empty(), "of another kind, or of no case:\n{}", wrong.join("\n"));
}

#[test]
fn every_rejection_of_a_benefit_has_an_example() {
    let mut missing = Vec::new();
    for file in files().iter().filter(|file| KINDS.contains(&file.name.as_str())) {
        let given = of_case(file, "rejections").flat_map(|example| example.gives.values());
        let seen: BTreeSet<&str> = given.filter_map(|gives| gives.0.rejection.as_deref()).collect();
        let expected = rejections(&file.name);
        missing.extend(expected.difference(&seen).map(|code| format!("{}: {code}", file.name)));
    }
    assert!(missing.is_empty(), "without an example:\n{}", missing.join("\n"));
}

#[test]
fn no_two_examples_of_a_file_say_the_same() {
    for file in files() {
        let says: BTreeSet<&String> = file.examples.iter().map(|(says, _)| says).collect();
        assert_eq!(says.len(), file.examples.len(), "{}.toml says something twice", file.name);
    }
}

#[test]
fn the_table_of_the_chapter_counts_the_examples() {
    let (files, mut rows) = (files(), String::new());
    for name in KINDS {
        let file = files.iter().find(|file| file.name == name).expect("each kind has a file");
        let cells: Vec<String> = CASES.iter().map(|case| of_case(file, case).count().to_string()).collect();
        writeln!(rows, "| [{name}]({name}.toml) | {} |", cells.join(" | ")).expect("a text grows");
    }
    let chapter = fs::read_to_string(folder().join("README.md")).expect("the chapter is beside the examples");
    assert!(chapter.contains(&rows), "docs/examples/README.md should say\n{rows}");
}
