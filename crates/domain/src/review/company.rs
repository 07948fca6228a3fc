//! Coupons beside others that run at the same time.

use std::sync::Arc;

use super::{Beside, Warning, WarningCode};
use crate::benefit::{Benefit, Measure, Target};
use crate::coupon::{Coupon, Definition};
use crate::stacking::{Mode, Pricing};
use crate::window::Window;

const WHOLE_BP: i64 = 10_000;
/// More coupons than this are not put on one order.
const TOGETHER_MAX: usize = 20;

pub(super) fn review(coupon: &Coupon, beside: Beside<'_>, found: &mut Vec<Warning>) {
    let others: Vec<&Arc<Coupon>> =
        beside.others.iter().filter(|other| other.no != coupon.no && overlap(coupon, other)).collect();
    if is_bare_exclusive(&coupon.definition) {
        for other in others.iter().filter(|other| is_bare_exclusive(&other.definition)) {
            let detail =
                format!("coupon {} is exclusive and without conditions too: an order has one of them", other.no);
            found.push(Warning::new(WarningCode::ExclusiveClash, "/stacking/exclusive", detail));
        }
    }
    let mut others: Vec<&Coupon> = others.into_iter().map(AsRef::as_ref).collect();
    found.extend(together(coupon, &mut others, beside));
}

/// The running coupons that take most together, if that is too much.
pub(super) fn most_together(beside: Beside<'_>) -> Option<Warning> {
    beside.others.iter().find_map(|coupon| {
        let mut others: Vec<&Coupon> = beside.others.iter().map(AsRef::as_ref).collect();
        others.retain(|other| other.no != coupon.no && overlap(coupon, other));
        together(coupon, &mut others, beside)
    })
}

fn overlap(one: &Coupon, other: &Coupon) -> bool {
    let before =
        |one: &Window, other: &Window| one.ends_at.zip(other.starts_at).is_some_and(|(end, start)| end <= start);
    let (one, other) = (&one.definition.window, &other.definition.window);
    !before(one, other) && !before(other, one)
}

fn is_bare_exclusive(definition: &Definition) -> bool {
    definition.stacking.exclusive && definition.conditions.is_none()
}

/// A share of all goods that it takes off some order, in basis points; 0 where none is sure.
fn share_bp(definition: &Definition) -> i64 {
    // What is for some goods, or some orders, only need not meet the other on any.
    if !definition.scope.is_all() || definition.conditions.is_some() || definition.customers.is_some() {
        return 0;
    }
    let of = |amount: i64, least: i64| {
        let share = i128::from(amount) * i128::from(WHOLE_BP) / i128::from(least.max(amount).max(1));
        i64::try_from(share).unwrap_or(WHOLE_BP)
    };
    let minimum = definition.minimum_order_minor.unwrap_or(0);
    match &definition.benefit {
        // With a cap the share is whole only of orders that are small enough.
        Benefit::PercentOff { rate_bp, max_minor, on: Target::Goods } => {
            let capped = max_minor.map_or(WHOLE_BP, |max| of(max, minimum));
            i64::from(rate_bp.as_bp()).min(capped)
        }
        Benefit::AmountOff { amount_minor, on: Target::Goods } => of(*amount_minor, minimum),
        Benefit::RandomAmount { min_minor, .. } => of(*min_minor, minimum),
        Benefit::Ladder { by: Measure::Amount, steps } => {
            let last = steps.last();
            let amount = last.and_then(|step| Some(of(step.amount_minor?, minimum.max(step.from))));
            amount.or_else(|| Some(i64::from(last?.rate_bp?.as_bp()))).unwrap_or(0)
        }
        Benefit::PercentOff { .. }
        | Benefit::AmountOff { .. }
        | Benefit::Ladder { by: Measure::Quantity, .. }
        | Benefit::EveryOff { .. }
        | Benefit::FixedPrice { .. }
        | Benefit::UnitsOff { .. }
        | Benefit::Gift { .. }
        | Benefit::GiftValue { .. }
        | Benefit::FreePeriods { .. } => 0,
    }
}

/// Adds the others, those that take most first, as far as lanes let them join, and says so if they take too much.
fn together(coupon: &Coupon, others: &mut [&Coupon], beside: Beside<'_>) -> Option<Warning> {
    let pricing = &beside.settings.pricing;
    if share_bp(&coupon.definition) == 0 {
        return None;
    }
    others.sort_by_key(|other| (-share_bp(&other.definition), other.no));
    let mut chosen = vec![coupon];
    for other in others.iter().filter(|other| share_bp(&other.definition) > 0) {
        if chosen.len() < TOGETHER_MAX && joins(other, &chosen, pricing) {
            chosen.push(other);
        }
    }
    let left = |left: i64, coupon: &&Coupon| left * (WHOLE_BP - share_bp(&coupon.definition)) / WHOLE_BP;
    let floor = pricing.floor_bp.map_or(0, |floor| i64::from(floor.as_bp()));
    let taken = WHOLE_BP - chosen.iter().fold(WHOLE_BP, left).max(floor);
    if chosen.len() < 2 || taken <= i64::from(beside.settings.warn_above_bp) {
        return None;
    }
    let names: Vec<String> = chosen.iter().map(|coupon| coupon.no.to_string()).collect();
    let detail =
        format!("coupons {} may take {}.{:02} % of an order together", names.join(", "), taken / 100, taken % 100);
    Some(Warning::new(WarningCode::StacksAbove, "/stacking", detail))
}

fn joins(other: &Coupon, chosen: &[&Coupon], pricing: &Pricing) -> bool {
    let lane = |coupon: &Coupon| pricing.lane_of(&coupon.definition.stacking);
    let of_lane = chosen.iter().filter(|one| lane(one) == lane(other)).count();
    let (mode, lane_max) =
        pricing.lanes.get(lane(other)).map_or((Mode::All, None), |lane| (lane.mode, lane.coupons_max));
    let has_room = |count: usize, max: Option<u32>| max.is_none_or(|max| count < max as usize);
    (mode == Mode::All || of_lane == 0)
        && has_room(of_lane, lane_max)
        && has_room(chosen.len(), pricing.coupons_max)
        && chosen.iter().all(|one| bears(one, other) && bears(other, one))
}

fn bears(one: &Coupon, other: &Coupon) -> bool {
    let (said, merchant) = (&one.definition.stacking, other.definition.merchant.as_ref());
    !said.exclusive
        && !said.excludes_coupons.contains(&other.no)
        && !said.excludes_merchants.iter().any(|excluded| merchant == Some(excluded))
}
