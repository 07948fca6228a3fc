//! A rule as staff writes it. Only its shape is sure; whether it means something, [`Rule::check`] says.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kind::Operator;

/// A condition, as a tree. Kept as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "Written")]
pub enum Rule {
    /// Every one holds.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// It holds of at least one line of the order.
    AnyLine(Box<Self>),
    /// It holds of every line of the order.
    AllLines(Box<Self>),
    /// So many lines.
    CountLines(CountLines),
    /// So much on the lines together.
    SumLines(SumLines),
    /// A field compares so.
    #[serde(untagged)]
    Field(FieldTest),
}

/// A test of one field: `{"field":"order.subtotal","op":"gte","value":1000}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldTest {
    /// Its name in the catalogue.
    pub field: String,
    /// How it is compared.
    pub op: Operator,
    /// What it is compared with; none for an operator that takes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// How many lines there are, compared as a number is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountLines {
    /// Only lines of which this holds; without it, all.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Box<Rule>>,
    /// How it is compared.
    pub op: Operator,
    /// What it is compared with.
    pub value: Value,
}

/// What the lines have together, compared as a number is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumLines {
    /// What is added up.
    pub of: LinesSum,
    /// Only lines of which this holds; without it, all.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Box<Rule>>,
    /// How it is compared.
    pub op: Operator,
    /// What it is compared with.
    pub value: Value,
}

/// What can be added up over lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinesSum {
    /// Units.
    Quantity,
    /// Prices before any coupon, in minor units.
    Amount,
}

/// Everything that a rule may say, before it is known which of them it is: an untagged enum would only tell that no
/// variant fits, and not which member is wrong.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a rule, such as {\"field\":\"order.subtotal\",\"op\":\"gte\",\"value\":1000}"
)]
struct Written {
    all: Option<Vec<Rule>>,
    any: Option<Vec<Rule>>,
    not: Option<Box<Rule>>,
    any_line: Option<Box<Rule>>,
    all_lines: Option<Box<Rule>>,
    count_lines: Option<CountLines>,
    sum_lines: Option<SumLines>,
    field: Option<String>,
    op: Option<Operator>,
    value: Option<Value>,
}

/// Why an object is not a rule.
#[derive(Debug, thiserror::Error)]
enum ShapeError {
    #[error(
        "a rule must have exactly one of `all`, `any`, `not`, `field`, `any_line`, `all_lines`, `count_lines` and `sum_lines`"
    )]
    NotOne,
    #[error("a rule with `field` must have `op`")]
    WithoutOp,
    #[error("`op` and `value` belong beside `field`")]
    WithoutField,
}

impl TryFrom<Written> for Rule {
    type Error = ShapeError;

    fn try_from(written: Written) -> Result<Self, ShapeError> {
        let Written { all, any, not, any_line, all_lines, count_lines, sum_lines, field, op, value } = written;
        let bare = op.is_none() && value.is_none();
        let trees = [
            all.map(Self::All),
            any.map(Self::Any),
            not.map(Self::Not),
            any_line.map(Self::AnyLine),
            all_lines.map(Self::AllLines),
            count_lines.map(Self::CountLines),
            sum_lines.map(Self::SumLines),
        ];
        let mut trees = trees.into_iter().flatten();
        match (trees.next(), trees.next(), field) {
            (None, None, Some(field)) => {
                let op = op.ok_or(ShapeError::WithoutOp)?;
                Ok(Self::Field(FieldTest { field, op, value }))
            }
            (Some(tree), None, None) if bare => Ok(tree),
            (Some(_), None, None) => Err(ShapeError::WithoutField),
            (None, None, None) if !bare => Err(ShapeError::WithoutField),
            (None, _, None) | (_, _, Some(_)) | (Some(_), Some(_), None) => Err(ShapeError::NotOne),
        }
    }
}
