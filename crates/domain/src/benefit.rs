//! What a coupon gives.

mod bounds;

use serde::{Deserialize, Serialize};

use crate::money::Rate;
use crate::order::UsePeriod;
use crate::scope::Scope;

/// The most steps of a ladder.
pub const STEPS_MAX: usize = 20;
/// The most times a benefit repeats within one order.
pub const TIMES_MAX: u32 = 1_000;
/// The most periods that are free.
pub const PERIODS_MAX: u32 = 1_000;

/// What a benefit is taken off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The lines in scope.
    #[default]
    Goods,
    /// What sending costs.
    Shipping,
    /// What is left as a security.
    Deposit,
}

impl Target {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Goods, Self::Shipping, Self::Deposit];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_goods(&self) -> bool {
        *self == Self::Goods
    }
}

/// What the steps of a ladder are measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// What the goods in scope cost before coupons, in minor units.
    #[default]
    Amount,
    /// How many units are in scope.
    Quantity,
}

/// One step of a ladder: from so much on it gives a share, or an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// From so much on.
    pub from: i64,
    /// A share of what is left of the goods in scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_bp: Option<Rate>,
    /// An amount in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
}

/// Which units are given first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// Those that cost least.
    #[default]
    Cheapest,
    /// Those that cost most.
    Dearest,
}

/// From which periods free ones are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// From the first ones, until nothing is left of them.
    #[default]
    First,
    /// From all of them alike.
    Spread,
}

/// The most that a benefit gives to one order, by one of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    /// A share.
    RateBp(Rate),
    /// An amount in minor units.
    Minor(i64),
}

/// What a coupon gives. Kept as JSON: `{"type":"percent_off","rate_bp":1000,"max_minor":5000}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Benefit {
    /// A share of what is left.
    PercentOff {
        /// The share, 1 to 10 000 basis points.
        rate_bp: Rate,
        /// The most it gives to one order, in minor units; without it there is no cap.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_minor: Option<i64>,
        /// Of what.
        #[serde(default, skip_serializing_if = "Target::is_goods")]
        on: Target,
    },
    /// A fixed amount, or all that is left where that is less.
    AmountOff {
        /// The amount in minor units of the coupon's currency.
        amount_minor: i64,
        /// Off what.
        #[serde(default, skip_serializing_if = "Target::is_goods")]
        on: Target,
    },
    /// The more there is in scope, the more it gives: the highest step that is reached counts, alone.
    Ladder {
        /// Measured by what.
        #[serde(default)]
        by: Measure,
        /// In rising order.
        steps: Vec<Step>,
    },
    /// An amount off for each full amount of goods in scope.
    EveryOff {
        /// Each full so many minor units of goods, before coupons.
        every_minor: i64,
        /// Give so many minor units.
        amount_minor: i64,
        /// At most so often.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times_max: Option<u32>,
    },
    /// Units in scope at a price of their own, each or as a set. Whatever costs less already stays as it is.
    FixedPrice {
        /// What they cost instead, in minor units.
        price_minor: i64,
        /// So many units of the lines in scope are a set at that price, the dearest first; absent: each unit has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        set_of: Option<u32>,
        /// At most so many sets; only with sets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times_max: Option<u32>,
    },
    /// Who buys some gets others for less, or for nothing.
    UnitsOff {
        /// For each so many units bought.
        buy: u32,
        /// So many are given.
        get: u32,
        /// At this share off; 10 000 is free.
        rate_bp: Rate,
        /// Which units are given.
        #[serde(default)]
        pick: Pick,
        /// Given of these lines; absent: of those in scope, bought and given together.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Box<Scope>>,
        /// At most so often.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times_max: Option<u32>,
    },
    /// Something on top that costs nothing: the shop adds it to the order.
    Gift {
        /// What.
        sku: String,
        /// How many units.
        quantity: u32,
    },
    /// Periods of use that cost nothing.
    FreePeriods {
        /// So many of each line in scope that is used by periods.
        periods: u32,
        /// Only lines of such periods; absent: of any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UsePeriod>,
        /// From which periods it is taken.
        #[serde(default)]
        manner: Manner,
    },
    /// Value that orders are paid with, until it is used up: payment, not discount.
    GiftValue {
        /// What each voucher is given at its issue, in minor units.
        amount_minor: i64,
    },
    /// An amount off the goods that is another for each voucher, drawn when it is claimed or issued.
    RandomAmount {
        /// At least so many minor units of the coupon's currency.
        min_minor: i64,
        /// At most so many.
        max_minor: i64,
    },
}

impl Benefit {
    /// That share of the goods, without a cap.
    #[must_use]
    pub fn percent_off(rate_bp: Rate) -> Self {
        Self::PercentOff { rate_bp, max_minor: None, on: Target::Goods }
    }

    /// That amount off the goods.
    #[must_use]
    pub fn amount_off(amount_minor: i64) -> Self {
        Self::AmountOff { amount_minor, on: Target::Goods }
    }

    /// What kind it is, as its JSON says: what people group their wallets by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PercentOff { .. } => "percent_off",
            Self::AmountOff { .. } => "amount_off",
            Self::Ladder { .. } => "ladder",
            Self::EveryOff { .. } => "every_off",
            Self::FixedPrice { .. } => "fixed_price",
            Self::UnitsOff { .. } => "units_off",
            Self::Gift { .. } => "gift",
            Self::FreePeriods { .. } => "free_periods",
            Self::GiftValue { .. } => "gift_value",
            Self::RandomAmount { .. } => "random_amount",
        }
    }

    /// The lines that it gives units of, if those are others than the coupon's.
    #[must_use]
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::UnitsOff { of, .. } => of.as_deref(),
            Self::PercentOff { .. }
            | Self::AmountOff { .. }
            | Self::Ladder { .. }
            | Self::EveryOff { .. }
            | Self::FixedPrice { .. }
            | Self::Gift { .. }
            | Self::FreePeriods { .. }
            | Self::GiftValue { .. }
            | Self::RandomAmount { .. } => None,
        }
    }

    /// For how much goods it gives anything, at the least, in minor units; 0 if it does not ask.
    #[must_use]
    pub fn least_goods_minor(&self) -> i64 {
        match self {
            Self::Ladder { by: Measure::Amount, steps } => steps.first().map_or(0, |step| step.from),
            Self::EveryOff { every_minor, .. } => *every_minor,
            Self::Ladder { by: Measure::Quantity, .. }
            | Self::PercentOff { .. }
            | Self::AmountOff { .. }
            | Self::FixedPrice { .. }
            | Self::UnitsOff { .. }
            | Self::Gift { .. }
            | Self::FreePeriods { .. }
            | Self::RandomAmount { .. }
            | Self::GiftValue { .. } => 0,
        }
    }

    /// Whether it names amounts, so that a currency must be named with it.
    #[must_use]
    pub fn needs_currency(&self) -> bool {
        match self {
            Self::PercentOff { max_minor, .. } => max_minor.is_some(),
            Self::AmountOff { .. }
            | Self::EveryOff { .. }
            | Self::FixedPrice { .. }
            | Self::GiftValue { .. }
            | Self::RandomAmount { .. } => true,
            Self::Ladder { by, steps } => {
                *by == Measure::Amount || steps.iter().any(|step| step.amount_minor.is_some())
            }
            Self::UnitsOff { .. } | Self::Gift { .. } | Self::FreePeriods { .. } => false,
        }
    }

    /// What of it a tenant may have set a ceiling for, with its field: shares of the goods, and amounts as often as they
    /// may be given.
    #[must_use]
    pub fn most(&self) -> Vec<(String, Most)> {
        match self {
            Self::PercentOff { rate_bp, .. } => vec![("/rate_bp".to_owned(), Most::RateBp(*rate_bp))],
            Self::AmountOff { amount_minor, .. } | Self::GiftValue { amount_minor } => {
                vec![("/amount_minor".to_owned(), Most::Minor(*amount_minor))]
            }
            Self::Ladder { steps, .. } => {
                let rates = |(no, step): (usize, &Step)| {
                    let rate = step.rate_bp.map(|rate| (format!("/steps/{no}/rate_bp"), Most::RateBp(rate)));
                    rate.or_else(|| Some((format!("/steps/{no}/amount_minor"), Most::Minor(step.amount_minor?))))
                };
                steps.iter().enumerate().filter_map(rates).collect()
            }
            Self::EveryOff { amount_minor, times_max, .. } => {
                let times = i64::from(times_max.unwrap_or(TIMES_MAX));
                vec![("/amount_minor".to_owned(), Most::Minor(amount_minor.saturating_mul(times)))]
            }
            Self::RandomAmount { max_minor, .. } => vec![("/max_minor".to_owned(), Most::Minor(*max_minor))],
            Self::FixedPrice { .. } | Self::UnitsOff { .. } | Self::Gift { .. } | Self::FreePeriods { .. } => vec![],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn benefit(text: &str) -> Benefit {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_benefit_is_tagged_json_and_refuses_unknown_fields() {
        for text in [
            r#"{"type":"percent_off","rate_bp":1000}"#,
            r#"{"type":"percent_off","rate_bp":1000,"max_minor":5000,"on":"shipping"}"#,
            r#"{"type":"amount_off","amount_minor":500}"#,
            r#"{"type":"ladder","by":"amount","steps":[{"from":100,"amount_minor":10},{"from":200,"rate_bp":1500}]}"#,
        ] {
            let read = benefit(text);
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
            assert!(text.contains(&format!("\"{}\"", read.kind())));
        }
        for text in [
            r#"{"type":"percent_off","rate_bp":10001}"#,
            r#"{"type":"amount_off","amount_minor":500,"max_minor":5}"#,
            r#"{"type":"free"}"#,
        ] {
            assert!(serde_json::from_str::<Benefit>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_names_an_amount_needs_a_currency() {
        for (text, needs) in [
            (r#"{"type":"percent_off","rate_bp":1}"#, false),
            (r#"{"type":"percent_off","rate_bp":1,"max_minor":1}"#, true),
            (r#"{"type":"amount_off","amount_minor":1}"#, true),
            (r#"{"type":"ladder","by":"quantity","steps":[{"from":2,"rate_bp":1}]}"#, false),
            (r#"{"type":"ladder","by":"quantity","steps":[{"from":2,"amount_minor":1}]}"#, true),
            (r#"{"type":"ladder","steps":[{"from":2,"rate_bp":1}]}"#, true),
            (r#"{"type":"units_off","buy":2,"get":1,"rate_bp":10000}"#, false),
            (r#"{"type":"random_amount","min_minor":1,"max_minor":2}"#, true),
        ] {
            assert_eq!(benefit(text).needs_currency(), needs, "{text}");
        }
    }
}
