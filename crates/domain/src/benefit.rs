//! What a coupon gives.

use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::money::{AMOUNT_MINOR_MAX, Rate};

/// What a coupon gives. Kept as JSON: `{"type":"percent_off","rate_bp":1000,"max_minor":5000}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Benefit {
    /// A share of the base.
    PercentOff {
        /// The share, 1 to 10 000 basis points.
        rate_bp: Rate,
        /// The most it gives to one order, in minor units; without it there is no cap.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_minor: Option<i64>,
    },
    /// A fixed amount, or the whole base where that is less.
    AmountOff {
        /// The amount in minor units of the coupon's currency.
        amount_minor: i64,
    },
}

impl Benefit {
    /// What kind it is, as its JSON says: what people group their wallets by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PercentOff { .. } => "percent_off",
            Self::AmountOff { .. } => "amount_off",
        }
    }

    /// Whether it gives something and its amounts are within bounds.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        match self {
            Self::PercentOff { rate_bp, max_minor } => {
                if rate_bp.as_bp() == 0 {
                    return Err(FieldError::new("/rate_bp", "must be from 1 to 10000 (10000 is 100 %)"));
                }
                max_minor.map_or(Ok(()), |max_minor| check_amount("/max_minor", max_minor))
            }
            Self::AmountOff { amount_minor } => check_amount("/amount_minor", *amount_minor),
        }
    }

    /// What it gives on a base, in minor units: rounded half up, then capped, once; from 0 to the base.
    #[must_use]
    pub fn gives_minor(&self, base_minor: i64) -> i64 {
        let base_minor = base_minor.max(0);
        let gives_minor = match self {
            Self::PercentOff { rate_bp, max_minor } => rate_bp.of(base_minor).min(max_minor.unwrap_or(base_minor)),
            Self::AmountOff { amount_minor } => *amount_minor,
        };
        gives_minor.clamp(0, base_minor)
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
    use proptest::prelude::*;

    use super::*;

    fn percent(rate_bp: u32, max_minor: Option<i64>) -> Benefit {
        Benefit::PercentOff { rate_bp: Rate::from_bp(rate_bp).unwrap(), max_minor }
    }

    #[test]
    fn a_benefit_is_rounded_half_up_and_capped_once() {
        for (benefit, base_minor, gives_minor) in [
            (percent(1_000, None), 1_005, 101),
            (percent(1_000, Some(100)), 1_005, 100),
            (percent(10_000, None), 1_005, 1_005),
            (percent(1_000, None), -1_005, 0),
            (Benefit::AmountOff { amount_minor: 500 }, 1_005, 500),
            (Benefit::AmountOff { amount_minor: 5_000 }, 1_005, 1_005),
        ] {
            assert_eq!(benefit.gives_minor(base_minor), gives_minor, "{benefit:?} on {base_minor}");
        }
    }

    #[test]
    fn a_benefit_must_give_something_within_bounds() {
        for (benefit, pointer) in [
            (percent(1, Some(1)), None),
            (percent(0, None), Some("/rate_bp")),
            (percent(1, Some(0)), Some("/max_minor")),
            (Benefit::AmountOff { amount_minor: AMOUNT_MINOR_MAX }, None),
            (Benefit::AmountOff { amount_minor: AMOUNT_MINOR_MAX + 1 }, Some("/amount_minor")),
            (Benefit::AmountOff { amount_minor: -1 }, Some("/amount_minor")),
        ] {
            let found = benefit.check().err().map(|error| error.pointer);
            assert_eq!(found.as_deref(), pointer, "{benefit:?}");
        }
    }

    #[test]
    fn a_benefit_is_tagged_json_and_refuses_unknown_fields() {
        for text in [
            r#"{"type":"percent_off","rate_bp":1000}"#,
            r#"{"type":"percent_off","rate_bp":1000,"max_minor":5000}"#,
            r#"{"type":"amount_off","amount_minor":500}"#,
        ] {
            let benefit: Benefit = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&benefit).unwrap(), text);
        }
        for text in [
            r#"{"type":"percent_off","rate_bp":10001}"#,
            r#"{"type":"amount_off","amount_minor":500,"max_minor":5}"#,
            r#"{"type":"free"}"#,
        ] {
            assert!(serde_json::from_str::<Benefit>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_benefit_gives_from_nothing_to_the_base(base_minor: i64, amount_minor: i64, rate_bp in 0u32..=10_000, max_minor: Option<i64>) {
            for benefit in [percent(rate_bp, max_minor), Benefit::AmountOff { amount_minor }] {
                prop_assert!((0..=base_minor.max(0)).contains(&benefit.gives_minor(base_minor)));
            }
        }
    }
}
