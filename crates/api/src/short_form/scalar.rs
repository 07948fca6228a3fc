//! Numbers as people write them: decimals, as JSON numbers or texts, to whole minor units and back. Nothing is computed
//! with a float: one is only read as the text that stands for it.

use std::borrow::Cow;
use std::fmt;

use domain::field::FieldError;
use domain::money::{AMOUNT_MINOR_MAX, Currency};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Number;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// The decimals of a percentage: it becomes basis points.
const PERCENT_DECIMALS: u32 = 2;

/// A number or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub text: String,
    pub is_number: bool,
}

impl PartialSchema for Scalar {
    fn schema() -> RefOr<Schema> {
        let either = SchemaType::from_iter([Type::Number, Type::String]);
        ObjectBuilder::new().schema_type(either).description(Some("A number, or a text.")).into()
    }
}

impl ToSchema for Scalar {
    fn name() -> Cow<'static, str> {
        "ShortScalar".into()
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number or a string")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar { text: value.to_string(), is_number: true })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar { text: value.to_string(), is_number: true })
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        // The shortest text that reads as this float: what was written, up to fifteen digits.
        let number = Number::from_f64(value).ok_or_else(|| E::custom("must be a number"))?;
        Ok(Scalar { text: number.to_string(), is_number: true })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar { text: value.to_owned(), is_number: false })
    }
}

impl Scalar {
    /// An amount of that currency, in its minor units.
    pub(crate) fn minor(&self, currency: Currency, pointer: &str) -> Result<i64, FieldError> {
        let decimals = currency.decimals();
        scaled(&self.text, decimals).filter(|minor| *minor <= AMOUNT_MINOR_MAX).ok_or_else(|| {
            FieldError::new(pointer, format!("must be an amount in {currency} with at most {decimals} decimals"))
        })
    }

    /// A percentage, in basis points.
    pub(crate) fn basis_points(&self, pointer: &str) -> Result<u32, FieldError> {
        let rate_bp = scaled(&self.text, PERCENT_DECIMALS).and_then(|rate_bp| u32::try_from(rate_bp).ok());
        rate_bp
            .filter(|rate_bp| (1..=10_000).contains(rate_bp))
            .ok_or_else(|| FieldError::new(pointer, "must be a percentage from 0.01 to 100 with at most 2 decimals"))
    }
}

/// A decimal of at most so many decimals, times ten for each of them.
fn scaled(text: &str, decimals: u32) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = part.trim_end_matches('0');
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let width = usize::try_from(decimals).ok()?;
    if whole.is_empty() || !are_digits(whole) || !are_digits(part) || part.len() > width {
        return None;
    }
    format!("{whole}{part:0<width$}").parse().ok()
}

/// An amount in minor units as a decimal, without zeros at its end.
pub(crate) fn amount(minor: i64, currency: Currency) -> Number {
    decimal(minor, currency.decimals())
}

/// A rate in basis points as a percentage.
pub(crate) fn percentage(rate_bp: u32) -> Number {
    decimal(i64::from(rate_bp), PERCENT_DECIMALS)
}

fn decimal(value: i64, decimals: u32) -> Number {
    let unit = 10_i64.pow(decimals);
    let width = usize::try_from(decimals).unwrap_or(0);
    let text = format!("{}.{:0>width$}", value / unit, value % unit);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    serde_json::from_str(text).unwrap_or_else(|_| Number::from(value / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Scalar {
        crate::json::read::<[Scalar; 1]>(format!("[{json}]").as_bytes()).expect("a scalar")[0].clone()
    }

    #[test]
    fn decimals_become_minor_units_and_come_back() {
        for (letters, text, minor, shown) in [
            ("EUR", "50", Some(5_000), "50"),
            ("EUR", "19.99", Some(1_999), "19.99"),
            ("EUR", "\"19.90\"", Some(1_990), "19.9"),
            ("EUR", "0.07", Some(7), "0.07"),
            ("EUR", "10.0", Some(1_000), "10"),
            ("JPY", "500", Some(500), "500"),
            ("KWD", "1.234", Some(1_234), "1.234"),
            ("EUR", "9999999999999.99", Some(999_999_999_999_999), "9999999999999.99"),
            ("EUR", "1.005", None, ""),
            ("JPY", "1.5", None, ""),
            ("EUR", "-1", None, ""),
            ("EUR", "1e30", None, ""),
            ("EUR", "\"\"", None, ""),
            ("EUR", "\"1,5\"", None, ""),
        ] {
            let currency = letters.parse().expect("a currency");
            let found = read(text).minor(currency, "/x").ok();
            assert_eq!(found, minor, "{letters} {text}");
            found.into_iter().for_each(|minor| assert_eq!(amount(minor, currency).to_string(), shown));
        }
    }

    #[test]
    fn a_percentage_is_whole_basis_points() {
        for (text, rate_bp) in [
            ("10", Some(1_000)),
            ("12.5", Some(1_250)),
            ("100", Some(10_000)),
            ("0", None),
            ("100.01", None),
            ("0.001", None),
        ] {
            assert_eq!(read(text).basis_points("/x").ok(), rate_bp, "{text}");
        }
        assert_eq!(percentage(1_250).to_string(), "12.5");
    }
}
