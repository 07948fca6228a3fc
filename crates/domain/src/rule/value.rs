//! What a field is compared with, read out of the JSON of a rule: of the field's kind, within bounds, lists in order.

use serde_json::Value;

use super::kind::{Kind, Operand, Operator};
use super::scale::{WEEKDAYS, number_of};
use crate::field::FieldError;

/// The most entries of a list.
pub const RULE_LIST_MAX: usize = 10_000;
/// The most characters of a text.
pub const RULE_TEXT_CHARS_MAX: usize = 128;
/// What is written in JSON is read in many languages, in which a larger number would not be exact (RFC 8259, section 6).
const NUMBER_MAX: i64 = (1 << 53) - 1;

/// A comparison that was checked, by what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Set,
    Unset,
    Number(NumberTest),
    Text(TextTest),
    Texts(TextsTest),
    /// The flag is this.
    Flag(bool),
}

/// Of numbers, and of what is kept as one. Lists are sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NumberTest {
    Eq(i64),
    Ne(i64),
    Lt(i64),
    Lte(i64),
    Gt(i64),
    Gte(i64),
    Between(i64, i64),
    In(Box<[i64]>),
    NotIn(Box<[i64]>),
}

/// Of texts and paths. Lists are sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextTest {
    Eq(Box<str>),
    Ne(Box<str>),
    In(Box<[Box<str>]>),
    NotIn(Box<[Box<str>]>),
    Contains(Box<str>),
    StartsWith(Box<str>),
    Under(Box<str>),
}

/// Of sets of texts. Lists are sorted and have no entry twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextsTest {
    Contains(Box<str>),
    Any(Box<[Box<str>]>),
    All(Box<[Box<str>]>),
}

/// What is compared: a kind, the only texts it has, if they are known, and how it may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared {
    pub kind: Kind,
    pub choices: &'static [&'static str],
    pub operators: &'static [Operator],
}

impl Compared {
    /// The comparison that the rule asks for.
    ///
    /// # Errors
    /// At `/op`, the operator is not for the kind; at `/value` or below it, the value is not for both.
    pub(super) fn test(self, op: Operator, value: Option<&Value>) -> Result<Test, FieldError> {
        if !self.operators.contains(&op) {
            return Err(self.not_for(op));
        }
        let value = match (op.operand(), value) {
            (Operand::Nothing, None) => return Ok(if op == Operator::IsSet { Test::Set } else { Test::Unset }),
            (Operand::Nothing, Some(_)) => {
                return Err(FieldError::new("/value", format!("must be left out: `{}` takes none", op.name())));
            }
            (Operand::One | Operand::Pair | Operand::Many, None) => {
                return Err(FieldError::new("/value", format!("must be given: `{}` takes one", op.name())));
            }
            (Operand::One | Operand::Pair | Operand::Many, Some(value)) => value,
        };
        match self.kind {
            Kind::Number | Kind::Money | Kind::Date | Kind::Instant | Kind::Weekday | Kind::Time => {
                self.number_test(op, value).map(Test::Number)
            }
            Kind::Text | Kind::Path => self.text_test(op, value).map(Test::Text),
            Kind::TextSet => self.texts_test(op, value).map(Test::Texts),
            Kind::Flag => self.flag_test(op, value),
        }
    }

    /// The same for what is always a number, such as a count.
    pub(super) fn number_test(self, op: Operator, value: &Value) -> Result<NumberTest, FieldError> {
        let one = || self.number(value).map_err(|error| error.under("/value"));
        match op {
            Operator::Eq => one().map(NumberTest::Eq),
            Operator::Ne => one().map(NumberTest::Ne),
            Operator::Lt => one().map(NumberTest::Lt),
            Operator::Lte => one().map(NumberTest::Lte),
            Operator::Gt => one().map(NumberTest::Gt),
            Operator::Gte => one().map(NumberTest::Gte),
            Operator::Between => self.pair(value).map(|(low, high)| NumberTest::Between(low, high)),
            Operator::In => self.numbers(value).map(NumberTest::In),
            Operator::NotIn => self.numbers(value).map(NumberTest::NotIn),
            Operator::Contains
            | Operator::ContainsAny
            | Operator::ContainsAll
            | Operator::StartsWith
            | Operator::Under
            | Operator::IsSet
            | Operator::IsNotSet => Err(self.not_for(op)),
        }
    }

    fn text_test(self, op: Operator, value: &Value) -> Result<TextTest, FieldError> {
        let one = || self.text(value).map_err(|error| error.under("/value"));
        match op {
            Operator::Eq => one().map(TextTest::Eq),
            Operator::Ne => one().map(TextTest::Ne),
            Operator::In => self.texts(value).map(TextTest::In),
            Operator::NotIn => self.texts(value).map(TextTest::NotIn),
            Operator::Contains => one().map(TextTest::Contains),
            Operator::StartsWith => one().map(TextTest::StartsWith),
            Operator::Under => path(one()?).map(TextTest::Under),
            Operator::Lt
            | Operator::Lte
            | Operator::Gt
            | Operator::Gte
            | Operator::Between
            | Operator::ContainsAny
            | Operator::ContainsAll
            | Operator::IsSet
            | Operator::IsNotSet => Err(self.not_for(op)),
        }
    }

    fn texts_test(self, op: Operator, value: &Value) -> Result<TextsTest, FieldError> {
        match op {
            Operator::Contains => self.text(value).map(TextsTest::Contains).map_err(|error| error.under("/value")),
            Operator::ContainsAny => self.texts(value).map(TextsTest::Any),
            Operator::ContainsAll => self.texts(value).map(TextsTest::All),
            Operator::Eq
            | Operator::Ne
            | Operator::Lt
            | Operator::Lte
            | Operator::Gt
            | Operator::Gte
            | Operator::Between
            | Operator::In
            | Operator::NotIn
            | Operator::StartsWith
            | Operator::Under
            | Operator::IsSet
            | Operator::IsNotSet => Err(self.not_for(op)),
        }
    }

    fn flag_test(self, op: Operator, value: &Value) -> Result<Test, FieldError> {
        let flag = value.as_bool().ok_or_else(|| FieldError::new("/value", "must be true or false"))?;
        Ok(Test::Flag(flag == (op == Operator::Eq)))
    }

    fn not_for(self, op: Operator) -> FieldError {
        let names: Vec<_> = self.operators.iter().map(|op| op.name()).collect();
        let detail = format!("`{}` does not compare a {}: must be one of {}", op.name(), self.kind, names.join(", "));
        FieldError::new("/op", detail)
    }

    fn pair(self, value: &Value) -> Result<(i64, i64), FieldError> {
        let Some([low, high]) = value.as_array().map(Vec::as_slice) else {
            return Err(FieldError::new("/value", "must be a list of two: the lowest and the highest"));
        };
        let low = self.number(low).map_err(|error| error.under("/value/0"))?;
        let high = self.number(high).map_err(|error| error.under("/value/1"))?;
        if low <= high { Ok((low, high)) } else { Err(FieldError::new("/value", "must begin with the lowest")) }
    }

    fn numbers(self, value: &Value) -> Result<Box<[i64]>, FieldError> {
        sorted(value, |entry| self.number(entry))
    }

    fn texts(self, value: &Value) -> Result<Box<[Box<str>]>, FieldError> {
        sorted(value, |entry| self.text(entry))
    }

    fn number(self, value: &Value) -> Result<i64, FieldError> {
        let of_text = || value.as_str().and_then(|text| number_of(self.kind, text));
        let (number, must) = match self.kind {
            Kind::Date => (of_text(), "must be a day such as 2026-11-28"),
            Kind::Instant => (of_text(), "must be a date and time with an offset, such as 2026-11-28T09:30:00Z"),
            Kind::Weekday => {
                return of_text().ok_or_else(|| FieldError::new("", format!("must be one of {}", WEEKDAYS.join(", "))));
            }
            Kind::Time => (of_text(), "must be a time of day from 00:00 to 23:59"),
            Kind::Number | Kind::Money | Kind::Text | Kind::Path | Kind::TextSet | Kind::Flag => {
                let number = value.as_i64().filter(|number| number.unsigned_abs() <= NUMBER_MAX.unsigned_abs());
                (number, "must be a whole number, at most 2^53 - 1 on either side of 0")
            }
        };
        number.ok_or_else(|| FieldError::new("", must))
    }

    /// An empty text is refused, too: it is part of every text, and nothing is ever equal to it.
    fn text(self, value: &Value) -> Result<Box<str>, FieldError> {
        let fits = |text: &&str| (1..=RULE_TEXT_CHARS_MAX).contains(&text.chars().count());
        let Some(text) = value.as_str().filter(fits) else {
            return Err(FieldError::new("", format!("must be a text of 1 to {RULE_TEXT_CHARS_MAX} characters")));
        };
        if self.choices.is_empty() || self.choices.contains(&text) {
            Ok(text.into())
        } else {
            Err(FieldError::new("", format!("must be one of {}", self.choices.join(", "))))
        }
    }
}

/// A slash at an end would make it a path that nothing is under.
fn path(text: Box<str>) -> Result<Box<str>, FieldError> {
    if text.starts_with('/') || text.ends_with('/') {
        Err(FieldError::new("/value", "must not begin or end with a slash"))
    } else {
        Ok(text)
    }
}

fn sorted<T: Ord>(value: &Value, read: impl Fn(&Value) -> Result<T, FieldError>) -> Result<Box<[T]>, FieldError> {
    let fits = |entries: &&Vec<Value>| (1..=RULE_LIST_MAX).contains(&entries.len());
    let Some(entries) = value.as_array().filter(fits) else {
        return Err(FieldError::new("/value", format!("must be a list of 1 to {RULE_LIST_MAX} entries")));
    };
    let read = |(index, entry)| read(entry).map_err(|error| error.under(&format!("/value/{index}")));
    let mut list = entries.iter().enumerate().map(read).collect::<Result<Vec<T>, FieldError>>()?;
    list.sort_unstable();
    list.dedup();
    Ok(list.into())
}
