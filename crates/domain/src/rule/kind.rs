//! Kinds of fields, operators, and which take which: published, so that a form offers only what will be accepted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What sort of value a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A whole number.
    Number,
    /// An amount in minor units of the order's currency, a whole number.
    Money,
    /// A text.
    Text,
    /// A text that is a way down a tree, from the widest, with slashes: `fashion/shoes`.
    Path,
    /// Several texts, in no order.
    TextSet,
    /// Yes or no.
    Flag,
    /// A day, as the text `2026-11-28`.
    Date,
    /// An instant, as a text with an offset (RFC 3339).
    Instant,
    /// `mon` to `sun`.
    Weekday,
    /// A time of day to the minute, as the text `09:30`.
    Time,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::Number,
        Self::Money,
        Self::Text,
        Self::Path,
        Self::TextSet,
        Self::Flag,
        Self::Date,
        Self::Instant,
        Self::Weekday,
        Self::Time,
    ];

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Money => "money",
            Self::Text => "text",
            Self::Path => "path",
            Self::TextSet => "text_set",
            Self::Flag => "flag",
            Self::Date => "date",
            Self::Instant => "instant",
            Self::Weekday => "weekday",
            Self::Time => "time",
        }
    }

    /// The operators that compare it. Days of the week are in no order: a week begins where one likes.
    #[must_use]
    pub fn operators(self) -> &'static [Operator] {
        use Operator::{
            Between, Contains, ContainsAll, ContainsAny, Eq, Gt, Gte, In, IsNotSet, IsSet, Lt, Lte, Ne, NotIn,
            StartsWith, Under,
        };
        match self {
            Self::Number | Self::Money | Self::Date | Self::Instant | Self::Time => {
                &[Eq, Ne, Lt, Lte, Gt, Gte, Between, In, NotIn, IsSet, IsNotSet]
            }
            Self::Text => &[Eq, Ne, In, NotIn, Contains, StartsWith, IsSet, IsNotSet],
            Self::Path => &[Eq, Ne, In, NotIn, Contains, StartsWith, Under, IsSet, IsNotSet],
            Self::TextSet => &[Contains, ContainsAny, ContainsAll, IsSet, IsNotSet],
            Self::Flag => &[Eq, Ne, IsSet, IsNotSet],
            Self::Weekday => &[Eq, Ne, In, NotIn, IsSet, IsNotSet],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a field is compared. A field that is not set compares with nothing: every operator but
/// [`Operator::IsNotSet`] is false of it, also [`Operator::Ne`] and [`Operator::NotIn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// The same.
    Eq,
    /// Another.
    Ne,
    /// Less; earlier.
    Lt,
    /// Less or the same.
    Lte,
    /// More; later.
    Gt,
    /// More or the same.
    Gte,
    /// From the first to the second, both included.
    Between,
    /// One of the list.
    In,
    /// None of the list.
    NotIn,
    /// A set has the text; a text has it as a part.
    Contains,
    /// A set has at least one of the list.
    ContainsAny,
    /// A set has all of the list.
    ContainsAll,
    /// A text begins with it.
    StartsWith,
    /// A path is it or below it: `fashion/shoes` is under `fashion`, `fashionable` is not.
    Under,
    /// It is there at all.
    IsSet,
    /// It is not there.
    IsNotSet,
}

/// How many values an operator compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operand {
    /// None.
    Nothing,
    /// One.
    One,
    /// The lowest and the highest, as a list of two.
    Pair,
    /// A list of at least one.
    Many,
}

impl Operator {
    /// All there are.
    pub const ALL: [Self; 16] = [
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Lte,
        Self::Gt,
        Self::Gte,
        Self::Between,
        Self::In,
        Self::NotIn,
        Self::Contains,
        Self::ContainsAny,
        Self::ContainsAll,
        Self::StartsWith,
        Self::Under,
        Self::IsSet,
        Self::IsNotSet,
    ];

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Between => "between",
            Self::In => "in",
            Self::NotIn => "not_in",
            Self::Contains => "contains",
            Self::ContainsAny => "contains_any",
            Self::ContainsAll => "contains_all",
            Self::StartsWith => "starts_with",
            Self::Under => "under",
            Self::IsSet => "is_set",
            Self::IsNotSet => "is_not_set",
        }
    }

    /// How many values it compares with.
    #[must_use]
    pub fn operand(self) -> Operand {
        match self {
            Self::IsSet | Self::IsNotSet => Operand::Nothing,
            Self::Between => Operand::Pair,
            Self::In | Self::NotIn | Self::ContainsAny | Self::ContainsAll => Operand::Many,
            Self::Eq
            | Self::Ne
            | Self::Lt
            | Self::Lte
            | Self::Gt
            | Self::Gte
            | Self::Contains
            | Self::StartsWith
            | Self::Under => Operand::One,
        }
    }
}
