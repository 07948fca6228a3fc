//! Random amounts: each voucher's is drawn when it is claimed or issued, and counted by limits on value from then on.
//!
//! A budget is over what was drawn, not over what orders come to have off by it: what was promised can be used in full. So a
//! use takes no value, an order that is returned gives none back, and what becomes of a voucher that ends unused is as the
//! limit's give-back says.

use super::Stop;
use super::decide::Context;
use super::facts::Facts;
use super::lookup::Source;
use super::takings::{Taken, Want, left, plan, room_for, take};
use crate::benefit::Benefit;
use crate::coupon::Coupon;
use crate::id::VoucherKey;
use crate::limit::{Counts, Limit};
use crate::period::Period;

/// Between which amounts a coupon draws.
fn bounds(coupon: &Coupon) -> Option<(i64, i64)> {
    match coupon.definition.benefit {
        Benefit::RandomAmount { min_minor, max_minor } => Some((min_minor, max_minor)),
        Benefit::PercentOff { .. }
        | Benefit::AmountOff { .. }
        | Benefit::Ladder { .. }
        | Benefit::EveryOff { .. }
        | Benefit::FixedPrice { .. }
        | Benefit::UnitsOff { .. }
        | Benefit::Gift { .. }
        | Benefit::FreePeriods { .. }
        | Benefit::GiftValue { .. } => None,
    }
}

/// Before anything is taken: of a coupon that draws, whether there is room for the voucher and for the least it can be drawn, so
/// that nothing is half done where the budget refuses.
pub(super) fn check_room(facts: &mut Facts, context: Context, source: &Source, claim: Want) -> Result<(), Stop> {
    let Some((least, _)) = bounds(&source.coupon) else { return Ok(()) };
    room_for(facts, context, source, &[claim, Want { counts: Counts::Value, amount: least, ..claim }]).map(drop)
}

/// Draws the amount of a voucher that took its claim just now, and takes it from the limits on value. None if the coupon does
/// not draw.
pub(super) fn draw(
    facts: &mut Facts,
    context: Context,
    source: &Source,
    (claim, voucher): (Want, VoucherKey),
) -> Result<(Option<i64>, Taken), Stop> {
    let Some((least, most)) = bounds(&source.coupon) else { return Ok((None, Taken::default())) };
    let value = Want { counts: Counts::Value, amount: least, ..claim };
    let (budgets, claims) = (plan(facts, context.now, source, value)?, plan(facts, context.now, source, claim)?);
    let mut most = most;
    for (budget, taking) in &budgets {
        let units = claims.iter().filter(|(limit, _)| binds(limit, budget)).map(|(limit, one)| left(facts, limit, one));
        let units = units.collect::<Result<Vec<i64>, _>>()?.into_iter().min().unwrap_or(0);
        // Enough for all that can still come.
        most = most.min(left(facts, budget, taking)?.saturating_sub(least.saturating_mul(units.max(0))));
    }
    // A budget that was never enough for the whole stock gives the least for as long as it lasts.
    let amount = facts.draw_key.draw(voucher, least, most);
    let taken = take(facts, context, source, Want { amount, ..value })?;
    Ok((Some(amount), taken))
}

/// Whether no more vouchers can draw from the budget than the limit on claims has left: it counts for the same, and over the
/// same period or for ever.
fn binds(claims: &Limit, budget: &Limit) -> bool {
    claims.per == budget.per && (claims.period == budget.period || claims.period == Period::Ever)
}
