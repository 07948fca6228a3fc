//! Whether a condition holds. Nothing is allocated: this is asked for every coupon of every price.

use super::compile::{Condition, Part};
use super::found::{Found, Inputs};
use super::tree::LinesSum;
use super::value::{NumberTest, Test, TextTest, TextsTest};
use crate::order::Line;

impl Condition {
    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, inputs: &Inputs<'_>) -> bool {
        self.0.holds(inputs, None)
    }
}

impl Part {
    /// Whether it holds, of that line if it is below a rule over lines.
    pub(super) fn holds<'a>(&self, inputs: &Inputs<'a>, line: Option<&'a Line>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(inputs, line)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(inputs, line)),
            Self::Not(part) => !part.holds(inputs, line),
            Self::AnyLine(part) => inputs.order.lines.iter().any(|line| part.holds(inputs, Some(line))),
            Self::AllLines(part) => inputs.order.lines.iter().all(|line| part.holds(inputs, Some(line))),
            Self::CountLines { filter, test } => test.holds(count(filter.as_deref(), inputs)),
            Self::SumLines { of, filter, test } => test.holds(sum(*of, filter.as_deref(), inputs)),
            Self::Field { field, kind, test } => test.holds(field.find(*kind, inputs, line)),
        }
    }
}

/// How many lines pass the filter.
pub(super) fn count(filter: Option<&Part>, inputs: &Inputs<'_>) -> i64 {
    i64::try_from(passing(filter, inputs).count()).unwrap_or(i64::MAX)
}

/// What the lines that pass the filter have together; saturating for an order that was not checked.
pub(super) fn sum(of: LinesSum, filter: Option<&Part>, inputs: &Inputs<'_>) -> i64 {
    passing(filter, inputs).fold(0, |sum: i64, line| {
        sum.saturating_add(match of {
            LinesSum::Quantity => i64::from(line.quantity),
            LinesSum::Amount => line.amount_minor(),
        })
    })
}

/// The lines of which the filter holds; without one, all.
fn passing<'a>(filter: Option<&Part>, inputs: &Inputs<'a>) -> impl Iterator<Item = &'a Line> {
    let lines = inputs.order.lines.iter();
    lines.filter(move |line| filter.is_none_or(|filter| filter.holds(inputs, Some(line))))
}

impl Test {
    /// What is not set, or of another kind than was compiled for, compares with nothing.
    fn holds(&self, found: Option<Found<'_>>) -> bool {
        match self {
            Self::Set => found.is_some(),
            Self::Unset => found.is_none(),
            Self::Number(test) => matches!(found, Some(Found::Number(number)) if test.holds(number)),
            Self::Text(test) => found.is_some_and(|found| found.text().is_some_and(|text| test.holds(text))),
            Self::Texts(test) => matches!(found, Some(Found::Texts(texts)) if test.holds(texts)),
            Self::Flag(wanted) => found == Some(Found::Flag(*wanted)),
        }
    }
}

impl NumberTest {
    fn holds(&self, number: i64) -> bool {
        match self {
            Self::Eq(other) => number == *other,
            Self::Ne(other) => number != *other,
            Self::Lt(other) => number < *other,
            Self::Lte(other) => number <= *other,
            Self::Gt(other) => number > *other,
            Self::Gte(other) => number >= *other,
            Self::Between(low, high) => (*low..=*high).contains(&number),
            Self::In(list) => list.binary_search(&number).is_ok(),
            Self::NotIn(list) => list.binary_search(&number).is_err(),
        }
    }
}

impl TextTest {
    pub(super) fn holds(&self, text: &str) -> bool {
        match self {
            Self::Eq(other) => text == &**other,
            Self::Ne(other) => text != &**other,
            Self::In(list) => has(list, text),
            Self::NotIn(list) => !has(list, text),
            Self::Contains(part) => text.contains(&**part),
            Self::StartsWith(start) => text.starts_with(&**start),
            Self::Under(path) => {
                text.strip_prefix(&**path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }
}

impl TextsTest {
    fn holds(&self, texts: &[String]) -> bool {
        match self {
            Self::Contains(text) => texts.iter().any(|other| **other == **text),
            Self::Any(list) => texts.iter().any(|text| has(list, text)),
            // No entry of the list is there twice, so more of them than texts cannot all be found: without looking,
            // a list of ten thousand would cost a million comparisons.
            Self::All(list) => {
                list.len() <= texts.len() && list.iter().all(|text| texts.iter().any(|other| **other == **text))
            }
        }
    }
}

fn has(list: &[Box<str>], text: &str) -> bool {
    list.binary_search_by(|entry| (**entry).cmp(text)).is_ok()
}
