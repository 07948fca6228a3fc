//! What a coupon gives, as requests bring it and answers show it.

use domain::benefit::{Benefit, Manner, Measure, Pick, Step, Target};
use domain::field::FieldError;
use domain::money::Rate;
use domain::order::UsePeriod;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schemas;
use crate::scope_body::ScopeBody;

/// What a coupon gives.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", try_from = "RawBenefit")]
#[schema(as = Benefit)]
pub(crate) enum BenefitBody {
    /// A share of what is left.
    PercentOff {
        /// In basis points: 1000 is 10 %.
        #[schema(value_type = u32, minimum = 1, maximum = 10_000, example = 1000)]
        rate_bp: Rate,
        /// The most it gives to one order; needs a `currency`.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1)]
        max_minor: Option<i64>,
        /// Of the goods in scope, of shipping or of the deposit; `goods` unless given.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schemas::Target>)]
        on: Option<Target>,
    },
    /// An amount, or all that is left where that is less; needs a `currency`.
    AmountOff {
        #[schema(minimum = 1, example = 500)]
        amount_minor: i64,
        /// Off the goods in scope, shipping or the deposit; `goods` unless given.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schemas::Target>)]
        on: Option<Target>,
    },
    /// The more there is in scope, the more it gives: the highest step that is reached counts, alone.
    Ladder {
        /// Whether steps begin at an amount of goods, before coupons, or at a number of units; `amount` unless given.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schemas::Measure>)]
        by: Option<Measure>,
        /// In rising order.
        #[schema(min_items = 1, max_items = 20)]
        steps: Vec<StepBody>,
    },
    /// An amount off for each full amount of goods in scope, before coupons; needs a `currency`.
    EveryOff {
        #[schema(minimum = 1, example = 10000)]
        every_minor: i64,
        #[schema(minimum = 1, example = 1000)]
        amount_minor: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1, maximum = 1000)]
        times_max: Option<u32>,
    },
    /// Units in scope at a price of their own; what costs less already stays as it is. Needs a `currency`.
    FixedPrice {
        /// Of each unit, or of a set.
        #[schema(minimum = 0, example = 999)]
        price_minor: i64,
        /// So many units in scope are a set at that price, the dearest first.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1, maximum = 1_000_000)]
        set_of: Option<u32>,
        /// At most so many sets.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1, maximum = 1000)]
        times_max: Option<u32>,
    },
    /// Who buys some units gets others for less, or for nothing.
    UnitsOff {
        /// For each so many units bought.
        #[schema(minimum = 1, maximum = 1_000_000, example = 2)]
        buy: u32,
        /// So many are given.
        #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
        get: u32,
        /// At this share off: 10000 is free.
        #[schema(value_type = u32, minimum = 1, maximum = 10_000, example = 10000)]
        rate_bp: Rate,
        /// Which units are given; the `cheapest` unless said.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schemas::Pick>)]
        pick: Option<Pick>,
        /// Given of these lines; without it, of those in scope, bought and given together.
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<Box<ScopeBody>>,
        /// At most so often.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1, maximum = 1000)]
        times_max: Option<u32>,
    },
    /// Something on top that costs nothing: the shop adds it to the order.
    Gift {
        #[schema(min_length = 1, max_length = 128)]
        sku: String,
        #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
        quantity: u32,
    },
    /// Periods of use that cost nothing, of each line in scope that is used by periods.
    FreePeriods {
        #[schema(minimum = 1, maximum = 1000, example = 2)]
        periods: u32,
        /// Only of lines with such periods.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schemas::UsePeriod>)]
        unit: Option<UsePeriod>,
        /// Whether the `first` periods are free, or the discount is `spread` over all; `first` unless given.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schemas::Manner>)]
        manner: Option<Manner>,
    },
    /// Value that orders are paid with after all discounts, until it is used up; needs a `currency` and codes of 20
    /// characters.
    GiftValue {
        /// What each voucher is given at its issue.
        #[schema(minimum = 1, example = 5000)]
        amount_minor: i64,
    },
    /// An amount off the goods in scope that is another for each voucher, drawn when it is claimed or issued and counted by
    /// limits on `value` then; needs a `currency`.
    RandomAmount {
        /// At least so much.
        #[schema(minimum = 1, example = 100)]
        min_minor: i64,
        /// At most so much; not below `min_minor`.
        #[schema(minimum = 1, example = 1000)]
        max_minor: i64,
    },
}

/// One step of a ladder: from so much on it gives a share or an amount, not both.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Step)]
pub(crate) struct StepBody {
    /// In minor units, or units.
    #[schema(minimum = 1, example = 10000)]
    from: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000)]
    rate_bp: Option<Rate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    amount_minor: Option<i64>,
}

impl BenefitBody {
    /// The benefit within its bounds, or which field is not.
    pub(crate) fn parse(self) -> Result<Benefit, FieldError> {
        let benefit = Benefit::from(self);
        benefit.check()?;
        Ok(benefit)
    }
}

/// The fields of every benefit, so that each is read in its place and an error in it names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBenefit {
    r#type: BenefitType,
    rate_bp: Option<Rate>,
    min_minor: Option<i64>,
    max_minor: Option<i64>,
    amount_minor: Option<i64>,
    on: Option<Target>,
    by: Option<Measure>,
    steps: Option<Vec<StepBody>>,
    every_minor: Option<i64>,
    times_max: Option<u32>,
    price_minor: Option<i64>,
    set_of: Option<u32>,
    buy: Option<u32>,
    get: Option<u32>,
    pick: Option<Pick>,
    of: Option<Box<ScopeBody>>,
    sku: Option<String>,
    quantity: Option<u32>,
    periods: Option<u32>,
    unit: Option<UsePeriod>,
    manner: Option<Manner>,
}

type ShapeError = serde::de::value::Error;

/// For each kind its fields, those that must be given first: from one list the enum of kinds, what each of them takes, and
/// both conversions.
macro_rules! benefits {
    ($($kind:ident: [$($must:ident),*], [$($may:ident),*];)*) => {
        #[derive(Clone, Copy, Debug, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum BenefitType {
            $($kind,)*
        }

        impl TryFrom<RawBenefit> for BenefitBody {
            type Error = ShapeError;

            fn try_from(raw: RawBenefit) -> Result<Self, ShapeError> {
                match raw.r#type {
                    $(BenefitType::$kind => {
                        raw.only(&["type", $(stringify!($must),)* $(stringify!($may),)*])?;
                        Ok(Self::$kind {
                            $($must: raw.$must.ok_or_else(|| ShapeError::missing_field(stringify!($must)))?,)*
                            $($may: raw.$may,)*
                        })
                    })*
                }
            }
        }
    };
}

benefits! {
    PercentOff: [rate_bp], [max_minor, on];
    AmountOff: [amount_minor], [on];
    Ladder: [steps], [by];
    EveryOff: [every_minor, amount_minor], [times_max];
    FixedPrice: [price_minor], [set_of, times_max];
    UnitsOff: [buy, get, rate_bp], [pick, of, times_max];
    Gift: [sku, quantity], [];
    FreePeriods: [periods], [unit, manner];
    GiftValue: [amount_minor], [];
    RandomAmount: [min_minor, max_minor], [];
}

impl BenefitBody {
    /// The lines that it gives units of, if those are others than the coupon's.
    pub(crate) fn scope(&self) -> Option<&ScopeBody> {
        match self {
            Self::UnitsOff { of, .. } => of.as_deref(),
            _ => None,
        }
    }
}

impl RawBenefit {
    /// The first field that is given and is none of these.
    fn only(&self, fields: &'static [&'static str]) -> Result<(), ShapeError> {
        let given = [
            ("rate_bp", self.rate_bp.is_some()),
            ("min_minor", self.min_minor.is_some()),
            ("max_minor", self.max_minor.is_some()),
            ("amount_minor", self.amount_minor.is_some()),
            ("on", self.on.is_some()),
            ("by", self.by.is_some()),
            ("steps", self.steps.is_some()),
            ("every_minor", self.every_minor.is_some()),
            ("times_max", self.times_max.is_some()),
            ("price_minor", self.price_minor.is_some()),
            ("set_of", self.set_of.is_some()),
            ("buy", self.buy.is_some()),
            ("get", self.get.is_some()),
            ("pick", self.pick.is_some()),
            ("of", self.of.is_some()),
            ("sku", self.sku.is_some()),
            ("quantity", self.quantity.is_some()),
            ("periods", self.periods.is_some()),
            ("unit", self.unit.is_some()),
            ("manner", self.manner.is_some()),
        ];
        let unknown = given.into_iter().find(|(name, is_there)| *is_there && !fields.contains(name));
        unknown.map_or(Ok(()), |(name, _)| Err(ShapeError::unknown_field(name, fields)))
    }
}

impl From<BenefitBody> for Benefit {
    fn from(body: BenefitBody) -> Self {
        match body {
            BenefitBody::PercentOff { rate_bp, max_minor, on } => {
                Self::PercentOff { rate_bp, max_minor, on: on.unwrap_or_default() }
            }
            BenefitBody::AmountOff { amount_minor, on } => Self::AmountOff { amount_minor, on: on.unwrap_or_default() },
            BenefitBody::Ladder { by, steps } => {
                let step = |StepBody { from, rate_bp, amount_minor }| Step { from, rate_bp, amount_minor };
                Self::Ladder { by: by.unwrap_or_default(), steps: steps.into_iter().map(step).collect() }
            }
            BenefitBody::EveryOff { every_minor, amount_minor, times_max } => {
                Self::EveryOff { every_minor, amount_minor, times_max }
            }
            BenefitBody::FixedPrice { price_minor, set_of, times_max } => {
                Self::FixedPrice { price_minor, set_of, times_max }
            }
            BenefitBody::UnitsOff { buy, get, rate_bp, pick, of, times_max } => {
                let (pick, of) = (pick.unwrap_or_default(), of.map(|scope| Box::new((*scope).into())));
                Self::UnitsOff { buy, get, rate_bp, pick, of, times_max }
            }
            BenefitBody::Gift { sku, quantity } => Self::Gift { sku, quantity },
            BenefitBody::GiftValue { amount_minor } => Self::GiftValue { amount_minor },
            BenefitBody::FreePeriods { periods, unit, manner } => {
                Self::FreePeriods { periods, unit, manner: manner.unwrap_or_default() }
            }
            BenefitBody::RandomAmount { min_minor, max_minor } => Self::RandomAmount { min_minor, max_minor },
        }
    }
}

impl From<&Benefit> for BenefitBody {
    fn from(benefit: &Benefit) -> Self {
        match benefit.clone() {
            Benefit::PercentOff { rate_bp, max_minor, on } => Self::PercentOff { rate_bp, max_minor, on: unusual(on) },
            Benefit::AmountOff { amount_minor, on } => Self::AmountOff { amount_minor, on: unusual(on) },
            Benefit::Ladder { by, steps } => {
                let step = |Step { from, rate_bp, amount_minor }| StepBody { from, rate_bp, amount_minor };
                Self::Ladder { by: Some(by), steps: steps.into_iter().map(step).collect() }
            }
            Benefit::EveryOff { every_minor, amount_minor, times_max } => {
                Self::EveryOff { every_minor, amount_minor, times_max }
            }
            Benefit::FixedPrice { price_minor, set_of, times_max } => {
                Self::FixedPrice { price_minor, set_of, times_max }
            }
            Benefit::UnitsOff { buy, get, rate_bp, pick, of, times_max } => {
                let of = of.as_deref().map(|of| Box::new(of.into()));
                Self::UnitsOff { buy, get, rate_bp, pick: Some(pick), of, times_max }
            }
            Benefit::Gift { sku, quantity } => Self::Gift { sku, quantity },
            Benefit::GiftValue { amount_minor } => Self::GiftValue { amount_minor },
            Benefit::FreePeriods { periods, unit, manner } => Self::FreePeriods { periods, unit, manner: Some(manner) },
            Benefit::RandomAmount { min_minor, max_minor } => Self::RandomAmount { min_minor, max_minor },
        }
    }
}

/// Most benefits are on goods, and say nothing of it.
fn unusual(on: Target) -> Option<Target> {
    Some(on).filter(|on| *on != Target::Goods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_and_shown_as_it_was_given() {
        for text in [
            r#"{"type":"percent_off","rate_bp":1000,"max_minor":5}"#,
            r#"{"type":"percent_off","rate_bp":10000,"on":"shipping"}"#,
            r#"{"type":"amount_off","amount_minor":500,"on":"deposit"}"#,
            r#"{"type":"ladder","by":"quantity","steps":[{"from":2,"rate_bp":1000},{"from":3,"amount_minor":500}]}"#,
            r#"{"type":"every_off","every_minor":10000,"amount_minor":1000,"times_max":3}"#,
            r#"{"type":"fixed_price","price_minor":999,"set_of":3,"times_max":1}"#,
            r#"{"type":"units_off","buy":2,"get":1,"rate_bp":10000,"pick":"dearest","times_max":1}"#,
            r#"{"type":"gift","sku":"cap","quantity":1}"#,
            r#"{"type":"free_periods","periods":2,"unit":"night","manner":"spread"}"#,
            r#"{"type":"gift_value","amount_minor":5000}"#,
            r#"{"type":"random_amount","min_minor":100,"max_minor":1000}"#,
        ] {
            let read = crate::json::read::<BenefitBody>(text.as_bytes()).expect(text);
            let benefit = read.parse().expect(text);
            assert_eq!(serde_json::to_string(&BenefitBody::from(&benefit)).expect("JSON"), text);
            assert!(text.contains(benefit.kind()));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            (r#"{"type":"ladder"}"#, "/steps missing"),
            (r#"{"type":"ladder","steps":[{"from":"x"}]}"#, "/steps/0/from invalid"),
            (r#"{"type":"ladder","steps":[{"from":1,"rate":1}]}"#, "/steps/0/rate unknown"),
            (r#"{"type":"gift","sku":"cap","quantity":1,"rate_bp":1}"#, "/rate_bp unknown"),
            (r#"{"type":"units_off","buy":2,"get":1}"#, "/rate_bp missing"),
            (
                r#"{"type":"units_off","buy":2,"get":1,"rate_bp":1,"of":{"include":{"sku":[]}}}"#,
                "/of/include/sku unknown",
            ),
            (r#"{"type":"percent_off","rate_bp":10001}"#, "/rate_bp invalid"),
            (r#"{"type":"random_amount","max_minor":2}"#, "/min_minor missing"),
            (r#"{"type":"percent_off","rate_bp":1,"on":"tips"}"#, "/on invalid"),
        ] {
            let error = crate::json::read::<BenefitBody>(text.as_bytes()).expect_err(text).errors()[0].clone();
            assert_eq!(format!("{} {}", error.pointer, error.code), expected, "{text}: {}", error.detail);
        }
    }
}
