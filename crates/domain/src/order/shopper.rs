//! What a shop knows of who buys, as far as conditions ask for it.

use serde::{Deserialize, Serialize};

use super::attribute::{self, Attributes};
use super::{SKU_CHARS_MAX, check_text};
use crate::field::FieldError;
use crate::money::AMOUNT_MINOR_MAX;

/// The most tags, and the most segments, of a customer.
const TAGS_MAX: usize = 100;
/// Nobody is older.
const AGE_YEARS_MAX: u8 = 150;
/// The most orders that are counted.
const ORDERS_MAX: u32 = 100_000_000;

/// Who buys, as the shop says with the order. It is recorded with the decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shopper {
    /// In years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u8>,
    /// Words that the shop has put on the customer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Groups that the shop counts the customer to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// Orders before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<u32>,
    /// What those came to, in minor units of the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_minor: Option<i64>,
    /// What else the shop says.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

impl Shopper {
    pub(super) fn check(&self) -> Result<(), FieldError> {
        if self.age.is_some_and(|age| age > AGE_YEARS_MAX) {
            return Err(FieldError::new("/age", format!("must be at most {AGE_YEARS_MAX}")));
        }
        for (pointer, words) in [("/tags", &self.tags), ("/segments", &self.segments)] {
            if words.len() > TAGS_MAX {
                return Err(FieldError::new(pointer, format!("must be at most {TAGS_MAX}")));
            }
            for (index, word) in words.iter().enumerate() {
                check_text(&format!("{pointer}/{index}"), word, SKU_CHARS_MAX)?;
            }
        }
        if self.orders.is_some_and(|orders| orders > ORDERS_MAX) {
            return Err(FieldError::new("/orders", format!("must be at most {ORDERS_MAX}")));
        }
        if self.spent_minor.is_some_and(|minor| !(0..=AMOUNT_MINOR_MAX).contains(&minor)) {
            return Err(FieldError::new("/spent_minor", format!("must be from 0 to {AMOUNT_MINOR_MAX}")));
        }
        attribute::check(&self.attributes).map_err(|error| error.under("/attributes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_customer_is_within_bounds() {
        let check = |text: &str, pointer: Option<&str>| {
            let shopper: Shopper = serde_json::from_str(text).unwrap();
            assert_eq!(shopper.check().err().map(|error| error.pointer).as_deref(), pointer, "{text}");
        };
        check("{}", None);
        check(r#"{"age":30,"tags":["vip"],"segments":["new"],"orders":0,"spent_minor":0,"attributes":{"a":1}}"#, None);
        check(r#"{"age":151}"#, Some("/age"));
        check(r#"{"tags":["vip",""]}"#, Some("/tags/1"));
        check(r#"{"orders":100000001}"#, Some("/orders"));
        check(r#"{"spent_minor":-1}"#, Some("/spent_minor"));
        check(r#"{"attributes":{"a":""}}"#, Some("/attributes/a"));
    }
}
