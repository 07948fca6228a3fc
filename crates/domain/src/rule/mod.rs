//! The conditions of a coupon: a tree of tests over an order, who buys and the time, which staff writes as JSON.
//!
//! Reading order: `tree` (the rule as it is written), `kind` (what is compared, and how), `catalogue` (the fields there
//! are), `scale` (dates and times as numbers), `value` (what a test compares with), `asks` (what is worth looking up),
//! `compile` (a rule that was checked), `found` (what a field has in an order), `holds` (the answer), `explain` (the answer with
//! its reasons), `asked` (these as a tree), `region` and `verdict` (what is sure without an order).

mod tree;
mod kind;
mod catalogue;
mod scale;
mod value;
mod asks;
mod compile;
mod found;
mod holds;
mod explain;
mod asked;
mod region;
mod verdict;

pub use asked::Asked;
pub use asks::Asks;
pub(crate) use catalogue::Field;
pub use catalogue::{Catalogue, CatalogueField, Declared};
pub use compile::{Condition, RULE_DEPTH_MAX, RULE_NODES_MAX};
pub use explain::Held;
pub use found::{Inputs, NowOf};
pub use kind::{Kind, Operand, Operator};
pub use tree::{CountLines, FieldTest, LinesSum, Rule, SumLines};
pub use value::{RULE_LIST_MAX, RULE_TEXT_CHARS_MAX};
pub use verdict::{Finding, Known, Verdict};

#[cfg(test)]
mod tests;
