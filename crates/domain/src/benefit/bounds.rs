//! Whether a benefit gives something, and its amounts are within bounds.

use super::{Benefit, PERIODS_MAX, STEPS_MAX, Step, TIMES_MAX};
use crate::field::FieldError;
use crate::money::{AMOUNT_MINOR_MAX, Rate};
use crate::order::{QUANTITY_MAX, SKU_CHARS_MAX};

impl Benefit {
    /// Whether it gives something and its amounts are within bounds.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        match self {
            Self::PercentOff { rate_bp, max_minor, .. } => {
                check_rate("/rate_bp", *rate_bp)?;
                max_minor.map_or(Ok(()), |max_minor| check_amount("/max_minor", max_minor))
            }
            Self::AmountOff { amount_minor, .. } | Self::GiftValue { amount_minor } => {
                check_amount("/amount_minor", *amount_minor)
            }
            Self::Ladder { steps, .. } => check_steps(steps),
            Self::EveryOff { every_minor, amount_minor, times_max } => {
                check_amount("/every_minor", *every_minor)?;
                check_amount("/amount_minor", *amount_minor)?;
                check_times(*times_max)
            }
            Self::FixedPrice { price_minor, set_of, times_max } => {
                if !(0..=AMOUNT_MINOR_MAX).contains(price_minor) {
                    return Err(FieldError::new("/price_minor", format!("must be from 0 to {AMOUNT_MINOR_MAX}")));
                }
                set_of.map_or(Ok(()), |units| check_range("/set_of", units, 1, QUANTITY_MAX))?;
                if times_max.is_some() && set_of.is_none() {
                    return Err(FieldError::new("/times_max", "is for sets; name `set_of`"));
                }
                check_times(*times_max)
            }
            Self::UnitsOff { buy, get, rate_bp, of, times_max, .. } => {
                check_range("/buy", *buy, 1, QUANTITY_MAX)?;
                check_range("/get", *get, 1, QUANTITY_MAX)?;
                check_rate("/rate_bp", *rate_bp)?;
                of.as_ref().map_or(Ok(()), |scope| scope.check()).map_err(|error| error.under("/of"))?;
                check_times(*times_max)
            }
            Self::Gift { sku, quantity } => {
                if !(1..=SKU_CHARS_MAX).contains(&sku.chars().count()) || sku.chars().any(char::is_control) {
                    let detail = format!("must be 1 to {SKU_CHARS_MAX} printable characters");
                    return Err(FieldError::new("/sku", detail));
                }
                check_range("/quantity", *quantity, 1, QUANTITY_MAX)
            }
            Self::FreePeriods { periods, .. } => check_range("/periods", *periods, 1, PERIODS_MAX),
            Self::RandomAmount { min_minor, max_minor } => {
                check_amount("/min_minor", *min_minor)?;
                check_amount("/max_minor", *max_minor)?;
                if max_minor < min_minor {
                    return Err(FieldError::new("/max_minor", "must not be below min_minor"));
                }
                Ok(())
            }
        }
    }
}

fn check_rate(pointer: &str, rate: Rate) -> Result<(), FieldError> {
    if rate.as_bp() == 0 {
        return Err(FieldError::new(pointer, "must be from 1 to 10000 (10000 is 100 %)"));
    }
    Ok(())
}

fn check_steps(steps: &[Step]) -> Result<(), FieldError> {
    if !(1..=STEPS_MAX).contains(&steps.len()) {
        return Err(FieldError::new("/steps", format!("must be 1 to {STEPS_MAX} steps")));
    }
    let mut before = 0;
    for (index, step) in steps.iter().enumerate() {
        let under = |error: FieldError| error.under(&format!("/steps/{index}"));
        check_amount("/from", step.from).map_err(under)?;
        if step.from <= before {
            return Err(under(FieldError::new("/from", "must be above that of the step before")));
        }
        before = step.from;
        match (step.rate_bp, step.amount_minor) {
            (Some(rate), None) => check_rate("/rate_bp", rate).map_err(under)?,
            (None, Some(amount_minor)) => check_amount("/amount_minor", amount_minor).map_err(under)?,
            (Some(_), Some(_)) => return Err(under(FieldError::new("/amount_minor", "must not stand beside a rate"))),
            (None, None) => return Err(under(FieldError::new("/rate_bp", "must be given, or an amount"))),
        }
    }
    Ok(())
}

fn check_times(times_max: Option<u32>) -> Result<(), FieldError> {
    times_max.map_or(Ok(()), |times| check_range("/times_max", times, 1, TIMES_MAX))
}

fn check_range(pointer: &str, number: u32, min: u32, max: u32) -> Result<(), FieldError> {
    if (min..=max).contains(&number) {
        Ok(())
    } else {
        Err(FieldError::new(pointer, format!("must be from {min} to {max}")))
    }
}

fn check_amount(pointer: &str, amount_minor: i64) -> Result<(), FieldError> {
    if (1..=AMOUNT_MINOR_MAX).contains(&amount_minor) {
        Ok(())
    } else {
        Err(FieldError::new(pointer, format!("must be from 1 to {AMOUNT_MINOR_MAX}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn benefit(text: &str) -> Benefit {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_benefit_must_give_something_within_bounds() {
        for (text, pointer) in [
            (r#"{"type":"percent_off","rate_bp":1,"max_minor":1}"#, None),
            (r#"{"type":"percent_off","rate_bp":0}"#, Some("/rate_bp")),
            (r#"{"type":"percent_off","rate_bp":1,"max_minor":0}"#, Some("/max_minor")),
            (r#"{"type":"amount_off","amount_minor":1000000000000000}"#, None),
            (r#"{"type":"amount_off","amount_minor":1000000000000001}"#, Some("/amount_minor")),
            (r#"{"type":"amount_off","amount_minor":-1}"#, Some("/amount_minor")),
            (r#"{"type":"ladder","steps":[]}"#, Some("/steps")),
            (r#"{"type":"ladder","steps":[{"from":1,"rate_bp":1},{"from":1,"rate_bp":2}]}"#, Some("/steps/1/from")),
            (r#"{"type":"ladder","steps":[{"from":1}]}"#, Some("/steps/0/rate_bp")),
            (r#"{"type":"ladder","steps":[{"from":1,"rate_bp":1,"amount_minor":1}]}"#, Some("/steps/0/amount_minor")),
            (r#"{"type":"every_off","every_minor":0,"amount_minor":1}"#, Some("/every_minor")),
            (r#"{"type":"every_off","every_minor":1,"amount_minor":1,"times_max":0}"#, Some("/times_max")),
            (r#"{"type":"fixed_price","price_minor":0}"#, None),
            (r#"{"type":"fixed_price","price_minor":-1}"#, Some("/price_minor")),
            (r#"{"type":"fixed_price","price_minor":1,"times_max":1}"#, Some("/times_max")),
            (r#"{"type":"fixed_price","price_minor":1,"set_of":0}"#, Some("/set_of")),
            (r#"{"type":"units_off","buy":2,"get":1,"rate_bp":10000}"#, None),
            (r#"{"type":"units_off","buy":0,"get":1,"rate_bp":10000}"#, Some("/buy")),
            (
                r#"{"type":"units_off","buy":1,"get":1,"rate_bp":1,"of":{"include":{"skus":[""]}}}"#,
                Some("/of/include/skus"),
            ),
            (r#"{"type":"gift","sku":"cap","quantity":1}"#, None),
            (r#"{"type":"gift","sku":"","quantity":1}"#, Some("/sku")),
            (r#"{"type":"free_periods","periods":0}"#, Some("/periods")),
            (r#"{"type":"random_amount","min_minor":1,"max_minor":1}"#, None),
            (r#"{"type":"random_amount","min_minor":0,"max_minor":1}"#, Some("/min_minor")),
            (r#"{"type":"random_amount","min_minor":2,"max_minor":1}"#, Some("/max_minor")),
            (r#"{"type":"random_amount","min_minor":1,"max_minor":1000000000000001}"#, Some("/max_minor")),
            (r#"{"type":"free_periods","periods":2,"unit":"night","manner":"spread"}"#, None),
        ] {
            let found = benefit(text).check().err().map(|error| error.pointer);
            assert_eq!(found.as_deref(), pointer, "{text}");
        }
    }
}
