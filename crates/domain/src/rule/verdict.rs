//! What can be said of a condition without an order: which parts always hold, never hold, or make no difference. Only what
//! is sure is said. A supposition is carried through the tree (`suppose`); if nothing is left that a field could have, it
//! cannot be.

use super::catalogue::Field;
use super::compile::{Condition, Part};
use super::found::NowOf;
use super::region::{Region, domain, split};
use super::tree::LinesSum;
use super::value::{NumberTest, Test};
use crate::money::{AMOUNT_MINOR_MAX, Currency};
use crate::order::{LINES_MAX, QUANTITY_MAX};

/// What is sure of a part of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It holds of every order.
    Always,
    /// It holds of no order.
    Never,
    /// What is beside it decides already: it could as well hold always (`true`) or never (`false`).
    Idle(bool),
}

/// A part of a condition of which something is sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where in the rule, as a JSON pointer.
    pub pointer: String,
    /// What is sure.
    pub verdict: Verdict,
}

/// What is known of the orders that come to a condition at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// They are in this currency.
    pub currency: Option<Currency>,
    /// Their lines come to at least so much.
    pub subtotal_min: i64,
    /// They have at least so many units.
    pub quantity_min: i64,
}

/// What fields may still have: of lines, what each of them may have.
#[derive(Clone, Debug, Default)]
pub(super) struct Supposed(Vec<(Field, Region)>);

impl Supposed {
    fn of(&self, part: &Part) -> Option<Region> {
        let Part::Field { field, kind, .. } = part else { return None };
        let known = self.0.iter().find(|(known, _)| known == field).map(|(_, region)| region.clone());
        Some(known.unwrap_or_else(|| domain(field, *kind)))
    }

    fn with(mut self, field: &Field, region: Region) -> Self {
        self.0.retain(|(known, _)| known != field);
        self.0.push((field.clone(), region));
        self
    }

    /// What holds whichever of both is so.
    fn or(self, other: &Self) -> Self {
        let both = |(field, region): (Field, Region)| {
            let (_, of_other) = other.0.iter().find(|(known, _)| *known == field)?;
            Some((field, region.or(of_other)))
        };
        Self(self.0.into_iter().filter_map(both).collect())
    }

    /// What is known of the order from something that is known of one line only.
    fn of_order_from(self, one: Self) -> Self {
        let lines = self.0.into_iter().filter(|(field, _)| field.is_of_line());
        Self(lines.chain(one.0.into_iter().filter(|(field, _)| !field.is_of_line())).collect())
    }
}

/// What is left when the part holds, or does not; `None`: that cannot be. An order has at least one line.
fn suppose(part: &Part, holds: bool, so: Supposed) -> Option<Supposed> {
    match (part, holds) {
        (Part::All(parts), true) | (Part::Any(parts), false) => all(parts.iter(), holds, so),
        (Part::All(parts), false) | (Part::Any(parts), true) => {
            let ways = parts.iter().filter_map(|part| suppose(part, holds, so.clone()));
            ways.reduce(|one, other| one.or(&other))
        }
        (Part::Not(part), _) => suppose(part, !holds, so),
        (Part::AnyLine(part), true) | (Part::AllLines(part), false) => {
            let one = suppose(part, holds, so.clone())?;
            Some(so.of_order_from(one))
        }
        (Part::AllLines(part), true) | (Part::AnyLine(part), false) => suppose(part, holds, so),
        (Part::CountLines { filter, test }, _) => {
            let lines = i64::try_from(LINES_MAX).unwrap_or(i64::MAX);
            counted(filter.as_deref(), test, (1, lines), holds, so)
        }
        (Part::SumLines { of, filter, test }, _) => {
            let most = match of {
                LinesSum::Quantity => (1, i64::from(QUANTITY_MAX) * i64::try_from(LINES_MAX).unwrap_or(i64::MAX)),
                LinesSum::Amount => (0, AMOUNT_MINOR_MAX),
            };
            counted(filter.as_deref(), test, most, holds, so)
        }
        (Part::Field { field, test, .. }, _) => {
            let (yes, no) = split(so.of(part)?, test);
            let left = if holds { yes } else { no };
            (!left.is_empty()).then(|| so.with(field, left))
        }
    }
}

/// All of them; what is simple first, as it tells most about the rest.
fn all<'p>(parts: impl Iterator<Item = &'p Part> + Clone, holds: bool, so: Supposed) -> Option<Supposed> {
    let is_simple = |part: &&Part| matches!(part, Part::Field { .. });
    let ordered = parts.clone().filter(is_simple).chain(parts.filter(move |part| !is_simple(part)));
    ordered.into_iter().try_fold(so, |so, part| suppose(part, holds, so))
}

/// A number over the lines that pass a filter: nothing if none can, and all of them if every one must.
fn counted(
    filter: Option<&Part>,
    test: &NumberTest,
    (least, most): (i64, i64),
    holds: bool,
    so: Supposed,
) -> Option<Supposed> {
    let can = |passes: bool| filter.is_none_or(|filter| suppose(filter, passes, so.clone()).is_some());
    let range = match (can(true), filter.is_some() && can(false)) {
        (false, _) => (0, 0),
        (true, false) => (least, most),
        (true, true) => (0, most),
    };
    let (yes, no) = split(Region::numbers(range), &Test::Number(test.clone()));
    let left = if holds { yes } else { no };
    (!left.is_empty()).then_some(so)
}

/// What is sure of the part among orders of which that is known.
fn sure(part: &Part, so: &Supposed) -> Option<bool> {
    match (suppose(part, true, so.clone()), suppose(part, false, so.clone())) {
        (None, _) => Some(false),
        (_, None) => Some(true),
        (Some(_), Some(_)) => None,
    }
}

impl Condition {
    /// The parts of which something is sure, from the widest down; nothing is said of what is within one of them. `today`
    /// is the day in the number of its kind: no order comes on an earlier one.
    #[must_use]
    pub fn findings(&self, known: Known, today: Option<NowOf>) -> Vec<Finding> {
        let mut found = Vec::new();
        let of_day = Supposed::default().since(today);
        look(&self.0, String::new(), (&of_day, &of_day.clone().among(known)), &mut found);
        found
    }

    /// The least and the most that a number of the order may be where the condition holds; `None`: it never holds.
    pub(crate) fn range(&self, field: &Field, known: Known, today: Option<NowOf>) -> Option<(i64, i64)> {
        let so = suppose(&self.0, true, Supposed::default().since(today).among(known))?;
        let region = so.0.into_iter().find(|(known, _)| known == field).map(|(_, region)| region);
        Some(region.and_then(|region| region.range()).unwrap_or((0, i64::MAX)))
    }
}

impl Supposed {
    fn since(self, today: Option<NowOf>) -> Self {
        match today {
            Some(NowOf { date }) => self.with(&Field::TODAY, Region::numbers((date, i64::MAX))),
            None => self,
        }
    }

    fn among(self, known: Known) -> Self {
        let Known { currency, subtotal_min, quantity_min } = known;
        let so = match currency {
            Some(currency) => self.with(&Field::CURRENCY, Region::text(currency.to_string())),
            None => self,
        };
        let subtotal = Region::numbers((subtotal_min.max(0), AMOUNT_MINOR_MAX.max(subtotal_min)));
        let quantity = Region::numbers((quantity_min.max(1), i64::MAX));
        so.with(&Field::SUBTOTAL, subtotal).with(&Field::QUANTITY, quantity)
    }
}

/// `alone` is what holds of every order, `beside` what holds of those of which this part still decides.
fn look(part: &Part, pointer: String, (alone, beside): (&Supposed, &Supposed), found: &mut Vec<Finding>) {
    let verdict = match (sure(part, alone), sure(part, beside)) {
        (Some(true), _) => Verdict::Always,
        (Some(false), _) => Verdict::Never,
        (None, Some(could)) => Verdict::Idle(could),
        (None, None) => return look_within(part, &pointer, (alone, beside), found),
    };
    found.push(Finding { pointer, verdict });
}

fn look_within(part: &Part, pointer: &str, so: (&Supposed, &Supposed), found: &mut Vec<Finding>) {
    let at = |name: &str| format!("{pointer}/{name}");
    match part {
        Part::All(parts) => among(parts, (true, &at("all")), so, found),
        Part::Any(parts) => among(parts, (false, &at("any")), so, found),
        Part::Not(part) => look(part, at("not"), so, found),
        Part::AnyLine(part) => look(part, at("any_line"), so, found),
        Part::AllLines(part) => look(part, at("all_lines"), so, found),
        Part::CountLines { filter: Some(part), .. } => look(part, at("count_lines/where"), so, found),
        Part::SumLines { filter: Some(part), .. } => look(part, at("sum_lines/where"), so, found),
        Part::CountLines { filter: None, .. } | Part::SumLines { filter: None, .. } | Part::Field { .. } => {}
    }
}

/// Each of them decides only where the others leave it open: of `all` where they hold, of `any` where they do not. What
/// was found to be idle is left out from then on, so that of two that say the same one stays.
fn among(parts: &[Part], (holds, pointer): (bool, &str), so: (&Supposed, &Supposed), found: &mut Vec<Finding>) {
    let mut stays = vec![true; parts.len()];
    for (place, part) in parts.iter().enumerate() {
        let others = parts.iter().enumerate().filter(|(other, _)| *other != place && stays[*other]);
        let others: Vec<&Part> = others.map(|(_, part)| part).collect();
        let before = found.len();
        // Where the others cannot be so together, that is said of the whole.
        let Some(beside) = all(others.into_iter(), holds, so.1.clone()) else { continue };
        let pointer = format!("{pointer}/{place}");
        look(part, pointer.clone(), (so.0, &beside), found);
        stays[place] = !found[before..].iter().any(|finding| finding.pointer == pointer);
    }
}
