//! What a shop says of an order, a line or a customer in words of its own.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{SKU_CHARS_MAX, check_text};
use crate::field::FieldError;

/// The most attributes of one thing.
pub const ATTRIBUTES_MAX: usize = 50;
/// The most texts of one attribute.
const TEXTS_MAX: usize = 100;
/// What is written in JSON is read in many languages, in which a larger number would not be exact (RFC 8259, section 6).
const NUMBER_MAX: i64 = (1 << 53) - 1;

/// Attributes by their names.
pub type Attributes = BTreeMap<String, Attribute>;

/// The value of an attribute, as its JSON says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Attribute {
    /// Yes or no.
    Flag(bool),
    /// A whole number, at most 2^53 - 1 on either side of 0.
    Number(i64),
    /// A text, also of a date such as `2026-11-28`.
    Text(String),
    /// Several texts, in no order.
    Texts(Vec<String>),
}

/// By hand, so that what is none of them is told in words.
impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OfAny)
    }
}

struct OfAny;

impl<'de> Visitor<'de> for OfAny {
    type Value = Attribute;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false, a whole number, a text or a list of texts")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Attribute, E> {
        Ok(Attribute::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Attribute, E> {
        Ok(Attribute::Number(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Attribute, E> {
        let small =
            i64::try_from(number).map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self))?;
        Ok(Attribute::Number(small))
    }

    fn visit_str<E>(self, text: &str) -> Result<Attribute, E> {
        Ok(Attribute::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Attribute, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(Attribute::Texts(texts))
    }
}

/// Whether all are within their bounds, or the first that is not.
pub(super) fn check(attributes: &Attributes) -> Result<(), FieldError> {
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(FieldError::new("", format!("must be at most {ATTRIBUTES_MAX} attributes")));
    }
    attributes.iter().try_for_each(|(name, value)| {
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        check_text(&pointer, name, SKU_CHARS_MAX)?;
        value.check(&pointer)
    })
}

impl Attribute {
    fn check(&self, pointer: &str) -> Result<(), FieldError> {
        match self {
            Self::Flag(_) => Ok(()),
            Self::Number(number) if number.unsigned_abs() <= NUMBER_MAX.unsigned_abs() => Ok(()),
            Self::Number(_) => Err(FieldError::new(pointer, format!("must be from -{NUMBER_MAX} to {NUMBER_MAX}"))),
            Self::Text(text) => check_text(pointer, text, SKU_CHARS_MAX),
            Self::Texts(texts) if texts.len() <= TEXTS_MAX => texts
                .iter()
                .enumerate()
                .try_for_each(|(index, text)| check_text(&format!("{pointer}/{index}"), text, SKU_CHARS_MAX)),
            Self::Texts(_) => Err(FieldError::new(pointer, format!("must be at most {TEXTS_MAX} texts"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_plain_json_and_within_bounds() {
        let read = |text: &str| serde_json::from_str::<Attributes>(text).unwrap();
        for (text, pointer) in [
            (r#"{"a":true,"b":7,"c":"x","d":["x","y"]}"#, None),
            (r#"{"b":9007199254740992}"#, Some("/b")),
            (r#"{"b":-9007199254740991}"#, None),
            (r#"{"c":""}"#, Some("/c")),
            (r#"{"d":["x",""]}"#, Some("/d/1")),
            (r#"{"a/b":""}"#, Some("/a~1b")),
            (r#"{"":1}"#, Some("/")),
        ] {
            let attributes = read(text);
            assert_eq!(check(&attributes).err().map(|error| error.pointer).as_deref(), pointer, "{text}");
            assert_eq!(serde_json::to_string(&attributes).unwrap(), text);
        }
        assert!(serde_json::from_str::<Attributes>(r#"{"a":1.5}"#).is_err());
        let many = (0..=ATTRIBUTES_MAX).map(|no| (no.to_string(), Attribute::Flag(true))).collect();
        assert_eq!(check(&many).unwrap_err().pointer, "");
        let texts = Attribute::Texts(vec!["x".into(); TEXTS_MAX + 1]);
        assert_eq!(check(&[("t".to_owned(), texts)].into()).unwrap_err().pointer, "/t");
    }
}
