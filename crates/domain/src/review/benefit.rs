//! Benefits that give nothing, and those that give all.

use super::{Beside, Warning, WarningCode, most_of};
use crate::benefit::{Benefit, Measure, Step, Target};
use crate::coupon::Definition;
use crate::limit::Counts;
use crate::order::UNIT_PRICE_MINOR_MAX;
use crate::rule::{Condition, Field};
use crate::tenant::Settings;

const WHOLE_BP: u32 = 10_000;

pub(super) fn review(
    definition: &Definition,
    condition: Option<&Condition>,
    beside: Beside<'_>,
    found: &mut Vec<Warning>,
) {
    let goods_max = most_of(&Field::SUBTOTAL, definition, condition, beside);
    let units_max = most_of(&Field::QUANTITY, definition, condition, beside);
    if let Some(why) = never(definition, condition, beside, goods_max) {
        found.push(Warning::new(WarningCode::BenefitNever, "/benefit", why));
    }
    if let Benefit::Ladder { by, steps } = &definition.benefit {
        let most = match by {
            Measure::Amount => goods_max,
            Measure::Quantity => units_max,
        };
        let least = definition.minimum_order_minor.filter(|_| *by == Measure::Amount);
        ladder(steps, (least, most), found);
    }
    limits(definition, found);
    if is_zero_possible(definition) && !has_floor(beside.settings) {
        let detail = "an order may come to nothing: there is no floor, and no minimum above what it takes off";
        found.push(Warning::new(WarningCode::PriceZero, "/benefit", detail));
    }
}

/// Units without which it gives nothing.
pub(super) fn units_min(benefit: &Benefit) -> i64 {
    match benefit {
        Benefit::Ladder { by: Measure::Quantity, steps } => steps.first().map_or(1, |step| step.from),
        Benefit::UnitsOff { buy, .. } => i64::from(*buy) + 1,
        Benefit::FixedPrice { set_of: Some(units), .. } => i64::from(*units),
        Benefit::Ladder { by: Measure::Amount, .. }
        | Benefit::FixedPrice { set_of: None, .. }
        | Benefit::PercentOff { .. }
        | Benefit::AmountOff { .. }
        | Benefit::EveryOff { .. }
        | Benefit::Gift { .. }
        | Benefit::GiftValue { .. }
        | Benefit::RandomAmount { .. }
        | Benefit::FreePeriods { .. } => 1,
    }
}

fn target(benefit: &Benefit) -> Option<Target> {
    match benefit {
        Benefit::PercentOff { on, .. } | Benefit::AmountOff { on, .. } => Some(*on),
        Benefit::Gift { .. } | Benefit::GiftValue { .. } => None,
        Benefit::Ladder { .. }
        | Benefit::EveryOff { .. }
        | Benefit::FixedPrice { .. }
        | Benefit::UnitsOff { .. }
        | Benefit::RandomAmount { .. }
        | Benefit::FreePeriods { .. } => Some(Target::Goods),
    }
}

fn never(
    definition: &Definition,
    condition: Option<&Condition>,
    beside: Beside<'_>,
    goods_max: Option<i64>,
) -> Option<&'static str> {
    let most = |field: &Field| most_of(field, definition, condition, beside);
    let benefit = &definition.benefit;
    match target(benefit)? {
        Target::Shipping if most(&Field::SHIPPING) == Some(0) => Some("its conditions leave no shipping to take off"),
        Target::Deposit if most(&Field::DEPOSIT) == Some(0) => Some("its conditions leave no deposit to take off"),
        Target::Goods if goods_max == Some(0) => Some("its conditions leave nothing to take off"),
        Target::Goods if is_floor_whole(beside.settings) => Some("the tenant's floor leaves nothing to take off goods"),
        Target::Goods | Target::Shipping | Target::Deposit => match benefit {
            Benefit::FixedPrice { price_minor, set_of, .. }
                if *price_minor >= UNIT_PRICE_MINOR_MAX.saturating_mul(i64::from(set_of.unwrap_or(1))) =>
            {
                Some("nothing costs more than that price")
            }
            _ => None,
        },
    }
}

fn ladder(steps: &[Step], (least, most): (Option<i64>, Option<i64>), found: &mut Vec<Warning>) {
    for (place, step) in steps.iter().enumerate() {
        let next = steps.get(place + 1);
        let is_passed = least.zip(next).is_some_and(|(least, next)| next.from <= least);
        let detail = if is_passed {
            "who reaches the minimum of the coupon reaches the next step too"
        } else if most.is_some_and(|most| step.from > most) {
            "the conditions of the coupon do not hold of so much"
        } else {
            continue;
        };
        found.push(Warning::new(WarningCode::StepNever, format!("/benefit/steps/{place}"), detail));
    }
}

fn limits(definition: &Definition, found: &mut Vec<Warning>) {
    for (place, limit) in definition.limits.iter().enumerate() {
        let pointer = format!("/limits/{place}/max");
        if limit.max == 0 {
            found.push(Warning::new(WarningCode::LimitZero, pointer, "nothing can be taken of it"));
        } else if let Benefit::AmountOff { amount_minor, .. } = definition.benefit
            && limit.counts == Counts::Value
            && limit.max < amount_minor
        {
            let detail = format!("an order that would get all {amount_minor} is refused");
            found.push(Warning::new(WarningCode::LimitBelowBenefit, pointer, detail));
        }
    }
}

fn has_floor(settings: &Settings) -> bool {
    settings.pricing.floor_bp.is_some_and(|floor| floor.as_bp() > 0)
}

pub(super) fn is_floor_whole(settings: &Settings) -> bool {
    settings.pricing.floor_bp.is_some_and(|floor| floor.as_bp() == WHOLE_BP)
}

/// Whether it may take off all goods of an order.
fn is_zero_possible(definition: &Definition) -> bool {
    let minimum = definition.minimum_order_minor.unwrap_or(0);
    match &definition.benefit {
        Benefit::PercentOff { rate_bp, max_minor, on: Target::Goods } => {
            rate_bp.as_bp() == WHOLE_BP && max_minor.is_none_or(|max| minimum <= max)
        }
        Benefit::AmountOff { amount_minor, on: Target::Goods } => minimum <= *amount_minor,
        Benefit::RandomAmount { max_minor, .. } => minimum <= *max_minor,
        Benefit::Ladder { by: Measure::Amount, steps } => {
            let is_all = |step: &Step| {
                step.rate_bp.is_some_and(|rate| rate.as_bp() == WHOLE_BP)
                    || step.amount_minor.is_some_and(|amount| amount >= step.from.max(minimum))
            };
            steps.iter().any(is_all)
        }
        Benefit::EveryOff { every_minor, amount_minor, .. } => amount_minor >= every_minor && minimum <= *amount_minor,
        Benefit::FixedPrice { price_minor: 0, set_of: None, .. } => true,
        Benefit::PercentOff { .. }
        | Benefit::AmountOff { .. }
        | Benefit::Ladder { by: Measure::Quantity, .. }
        | Benefit::FixedPrice { .. }
        | Benefit::UnitsOff { .. }
        | Benefit::Gift { .. }
        | Benefit::GiftValue { .. }
        | Benefit::FreePeriods { .. } => false,
    }
}
