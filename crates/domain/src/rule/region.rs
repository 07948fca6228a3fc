//! What a field may have: never less than it can, so that nothing left means that it cannot be.

use super::catalogue::{CustomerField, Field, LineField, NODES, NowField, OrderField, Owner, PERIODS};
use super::kind::Kind;
use super::value::{NumberTest, Test, TextTest};
use crate::money::AMOUNT_MINOR_MAX;
use crate::order::{LINES_MAX, QUANTITY_MAX, UNIT_PRICE_MINOR_MAX};

/// A longer list is not looked into.
const LIST_MAX: usize = 100;

/// Values that a field may have, and whether it may be unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    values: Values,
    unset: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    /// In these ranges, both ends included; rising and apart.
    Numbers(Vec<(i64, i64)>),
    /// One of these.
    Texts(Vec<Box<str>>),
    /// Any text but these.
    TextsBut(Vec<Box<str>>),
    /// Whether it may be false, whether true.
    Flags(bool, bool),
    /// Any set of texts; none is left if it is false.
    Sets(bool),
}

/// What a field may have in an order that was checked.
pub(super) fn domain(field: &Field, kind: Kind) -> Region {
    let numbers = |low: i64, high: i64| Region::numbers((low, high));
    let lines_max = i64::try_from(LINES_MAX).unwrap_or(i64::MAX);
    match field {
        Field::Order(OrderField::Lines) => numbers(1, lines_max),
        Field::Order(OrderField::Quantity) => numbers(1, i64::from(QUANTITY_MAX) * lines_max),
        Field::Order(OrderField::Subtotal) => numbers(0, AMOUNT_MINOR_MAX),
        Field::Order(OrderField::Shipping | OrderField::Deposit | OrderField::Total) => numbers(0, i64::MAX),
        Field::Order(OrderField::Currency) => any_of(kind),
        Field::Order(OrderField::Node) => one_of(NODES),
        Field::Order(OrderField::Channel | OrderField::Platform | OrderField::Place) => any_of(kind).or_unset(),
        Field::Customer(CustomerField::Known) => any_of(kind),
        Field::Customer(CustomerField::Age) => numbers(0, i64::from(u8::MAX)).or_unset(),
        Field::Customer(CustomerField::Orders | CustomerField::Spent) => numbers(0, i64::MAX).or_unset(),
        Field::Customer(CustomerField::OrderNumber) => numbers(1, i64::MAX).or_unset(),
        Field::Customer(CustomerField::Tags | CustomerField::Segments) => any_of(kind).or_unset(),
        Field::Now(NowField::Date | NowField::Weekday | NowField::Time) => any_of(kind),
        Field::Line(LineField::Sku) => any_of(kind),
        Field::Line(LineField::Quantity) => numbers(1, i64::from(QUANTITY_MAX)),
        Field::Line(LineField::UnitPrice) => numbers(0, UNIT_PRICE_MINOR_MAX),
        Field::Line(LineField::Amount) => numbers(0, AMOUNT_MINOR_MAX),
        Field::Line(LineField::Period) => one_of(PERIODS),
        Field::Line(LineField::Product | LineField::Category | LineField::Merchant | LineField::Collections) => {
            any_of(kind).or_unset()
        }
        Field::Attribute(Owner::Order | Owner::Line | Owner::Customer, _) => any_of(kind).or_unset(),
    }
}

/// Whatever there is of that kind.
fn any_of(kind: Kind) -> Region {
    let values = match kind {
        Kind::Weekday => Values::Numbers(vec![(0, 6)]),
        Kind::Time => Values::Numbers(vec![(0, 24 * 60 - 1)]),
        Kind::Number | Kind::Money | Kind::Date | Kind::Instant => Values::Numbers(vec![(i64::MIN, i64::MAX)]),
        Kind::Text | Kind::Path => Values::TextsBut(Vec::new()),
        Kind::TextSet => Values::Sets(true),
        Kind::Flag => Values::Flags(true, true),
    };
    Region { values, unset: false }
}

fn one_of(texts: &[&str]) -> Region {
    Region { values: Values::Texts(texts.iter().map(|text| Box::from(*text)).collect()), unset: true }
}

impl Region {
    pub fn numbers(range: (i64, i64)) -> Self {
        Self { values: Values::Numbers(vec![range]), unset: false }
    }

    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self { values: Values::Texts(vec![text.into()]), unset: false }
    }

    fn or_unset(self) -> Self {
        Self { unset: true, ..self }
    }

    pub fn is_empty(&self) -> bool {
        !self.unset && self.values.is_empty()
    }

    /// The least and the most number.
    pub fn range(&self) -> Option<(i64, i64)> {
        match &self.values {
            Values::Numbers(ranges) => Some((ranges.first()?.0, ranges.last()?.1)),
            Values::Texts(_) | Values::TextsBut(_) | Values::Flags(..) | Values::Sets(_) => None,
        }
    }

    /// What either has.
    pub fn or(self, other: &Self) -> Self {
        Self { unset: self.unset || other.unset, values: self.values.or(&other.values) }
    }
}

impl Values {
    fn is_empty(&self) -> bool {
        match self {
            Self::Numbers(ranges) => ranges.is_empty(),
            Self::Texts(texts) => texts.is_empty(),
            Self::TextsBut(_) => false,
            Self::Flags(no, yes) => !no && !yes,
            Self::Sets(any) => !any,
        }
    }

    fn none_of(&self) -> Self {
        match self {
            Self::Numbers(_) => Self::Numbers(Vec::new()),
            Self::Texts(_) | Self::TextsBut(_) => Self::Texts(Vec::new()),
            Self::Flags(..) => Self::Flags(false, false),
            Self::Sets(_) => Self::Sets(false),
        }
    }

    fn or(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Numbers(mut one), Self::Numbers(other)) => {
                one.extend(other);
                Self::Numbers(joined(one))
            }
            (Self::Texts(mut one), Self::Texts(other)) => {
                one.extend(other.iter().cloned());
                one.sort_unstable();
                one.dedup();
                Self::Texts(one)
            }
            (Self::Texts(some), Self::TextsBut(but)) => Self::TextsBut(without(but, &some)),
            (Self::TextsBut(but), Self::Texts(some)) => Self::TextsBut(without(&but, some)),
            (Self::TextsBut(one), Self::TextsBut(other)) => {
                Self::TextsBut(one.into_iter().filter(|text| other.contains(text)).collect())
            }
            (Self::Flags(no, yes), Self::Flags(other_no, other_yes)) => Self::Flags(no || *other_no, yes || *other_yes),
            (Self::Sets(one), Self::Sets(other)) => Self::Sets(one || *other),
            (one, _) => unreachable!("a field has one kind: {one:?}"),
        }
    }
}

fn without(texts: &[Box<str>], taken: &[Box<str>]) -> Vec<Box<str>> {
    texts.iter().filter(|text| !taken.contains(text)).cloned().collect()
}

fn joined(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.sort_unstable();
    let mut apart: Vec<(i64, i64)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match apart.last_mut() {
            Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
            Some(_) | None => apart.push((low, high)),
        }
    }
    apart
}

/// What passes the test, and what does not. What may do either is in both.
pub(super) fn split(region: Region, test: &Test) -> (Region, Region) {
    let Region { values, unset } = region;
    let (yes, no) = match (test, values) {
        (Test::Set, values) => (values.clone(), values.none_of()),
        (Test::Unset, values) => {
            let none = values.none_of();
            return (Region { values: none, unset }, Region { values, unset: false });
        }
        (Test::Number(test), Values::Numbers(ranges)) => {
            let (yes, no) = split_numbers(&ranges, test);
            (Values::Numbers(yes), Values::Numbers(no))
        }
        (Test::Text(test), Values::Texts(texts)) => {
            let (yes, no) = texts.into_iter().partition(|text| test.holds(text));
            (Values::Texts(yes), Values::Texts(no))
        }
        (Test::Text(test), Values::TextsBut(but)) => split_texts(but, test),
        (Test::Flag(true), Values::Flags(no, yes)) => (Values::Flags(false, yes), Values::Flags(no, false)),
        (Test::Flag(false), Values::Flags(no, yes)) => (Values::Flags(no, false), Values::Flags(false, yes)),
        // Which texts are in a set is not looked into.
        (_, values) => (values.clone(), values),
    };
    (Region { values: yes, unset: false }, Region { values: no, unset })
}

fn split_texts(but: Vec<Box<str>>, test: &TextTest) -> (Values, Values) {
    let listed = |list: &[Box<str>]| {
        let yes = Values::Texts(without(list, &but));
        let mut rest: Vec<Box<str>> = but.iter().chain(list).cloned().collect();
        rest.sort_unstable();
        rest.dedup();
        (yes, Values::TextsBut(rest))
    };
    let swapped = |(yes, no): (Values, Values)| (no, yes);
    match test {
        TextTest::Eq(text) => listed(std::slice::from_ref(text)),
        TextTest::Ne(text) => swapped(listed(std::slice::from_ref(text))),
        TextTest::In(list) if list.len() <= LIST_MAX => listed(list),
        TextTest::NotIn(list) if list.len() <= LIST_MAX => swapped(listed(list)),
        TextTest::In(_) | TextTest::NotIn(_) | TextTest::Contains(_) | TextTest::StartsWith(_) | TextTest::Under(_) => {
            (Values::TextsBut(but.clone()), Values::TextsBut(but))
        }
    }
}

type Ranges = Vec<(i64, i64)>;

fn split_numbers(ranges: &[(i64, i64)], test: &NumberTest) -> (Ranges, Ranges) {
    let cut = |passing: &[(i64, i64)]| (within(ranges, passing), within(ranges, &outside(passing)));
    let swapped = |(yes, no): (Ranges, Ranges)| (no, yes);
    let from = |low: Option<i64>| low.map(|low| (low, i64::MAX)).into_iter().collect::<Ranges>();
    let points = |list: &[i64]| joined(list.iter().map(|number| (*number, *number)).collect());
    match test {
        NumberTest::Eq(number) => cut(&[(*number, *number)]),
        NumberTest::Ne(number) => swapped(cut(&[(*number, *number)])),
        NumberTest::Gte(low) => cut(&from(Some(*low))),
        NumberTest::Gt(low) => cut(&from(low.checked_add(1))),
        NumberTest::Lt(high) => swapped(cut(&from(Some(*high)))),
        NumberTest::Lte(high) => swapped(cut(&from(high.checked_add(1)))),
        NumberTest::Between(low, high) => cut(&[(*low, *high)]),
        NumberTest::In(list) if list.len() <= LIST_MAX => cut(&points(list)),
        NumberTest::NotIn(list) if list.len() <= LIST_MAX => swapped(cut(&points(list))),
        NumberTest::In(_) | NumberTest::NotIn(_) => (ranges.to_vec(), ranges.to_vec()),
    }
}

fn within(ranges: &[(i64, i64)], others: &[(i64, i64)]) -> Ranges {
    let common = |one: &(i64, i64), other: &(i64, i64)| (one.0.max(other.0), one.1.min(other.1));
    let pairs = ranges.iter().flat_map(|one| others.iter().map(move |other| common(one, other)));
    pairs.filter(|(low, high)| low <= high).collect()
}

/// What lies between ranges that rise and are apart.
fn outside(ranges: &[(i64, i64)]) -> Ranges {
    let mut gaps = Vec::with_capacity(ranges.len() + 1);
    let mut next = Some(i64::MIN);
    for (low, high) in ranges {
        if let (Some(start), Some(end)) = (next, low.checked_sub(1))
            && start <= end
        {
            gaps.push((start, end));
        }
        next = high.checked_add(1);
    }
    gaps.extend(next.map(|start| (start, i64::MAX)));
    gaps
}
