//! Deadlines, written down. They act at their instant on every read; this only gives back what they took.

use super::decide::Context;
use super::facts::Facts;
use super::hold::end_hold;
use super::lookup::{self, Found};
use super::outcome::Outcome;
use super::{Stop, settle};
use crate::codes::ComputedCode;
use crate::event::{Actor, VoucherStep};
use crate::id::VoucherKey;
use crate::redemption::{RedemptionId, RedemptionState};
use crate::voucher::{Voucher, VoucherState};

/// Writes down what is due among these; the rest has ended otherwise and is left alone.
pub(super) fn expire(
    facts: &mut Facts,
    context: Context,
    vouchers: &[VoucherKey],
    redemptions: &[RedemptionId],
) -> Result<Outcome, Stop> {
    let (vouchers, redemptions) = expire_all(facts, context, vouchers, redemptions)?;
    Ok(Outcome::Expired { vouchers, redemptions })
}

/// The same; returns how many holds and reservations ended.
pub(super) fn expire_all(
    facts: &mut Facts,
    context: Context,
    vouchers: &[VoucherKey],
    redemptions: &[RedemptionId],
) -> Result<(u32, u32), Stop> {
    let context = Context { actor: Actor::System, ..context };
    for key in vouchers {
        facts.vouchers.ask(key);
    }
    for id in redemptions {
        facts.redemptions.ask(id);
    }
    let (mut holds, mut reservations, mut missing) = (0, 0, false);
    for key in vouchers {
        match expire_hold(facts, context, *key) {
            Ok(ended) => holds += u32::from(ended),
            Err(_) => missing = true,
        }
    }
    for id in redemptions {
        match expire_reservation(facts, context, id) {
            Ok(ended) => reservations += u32::from(ended),
            Err(_) => missing = true,
        }
    }
    if missing { Err(Stop::Missing) } else { Ok((holds, reservations)) }
}

fn expire_hold(facts: &mut Facts, context: Context, key: VoucherKey) -> Result<bool, Stop> {
    let Some(voucher) = facts.vouchers.get(&key)?.cloned() else { return Ok(false) };
    if voucher.state != VoucherState::Held || !voucher.hold_is_over(context.now) {
        return Ok(false);
    }
    end_hold(facts, context, &voucher, VoucherStep::Expired)?;
    Ok(true)
}

/// Ends a reservation whose deadline has passed. Returns whether it was one.
pub(super) fn expire_reservation(facts: &mut Facts, context: Context, id: &RedemptionId) -> Result<bool, Stop> {
    let Some(redemption) = facts.redemptions.get(id)?.cloned() else { return Ok(false) };
    let due =
        redemption.state == RedemptionState::Pending && redemption.state_at(context.now) == RedemptionState::Expired;
    if due {
        let context = Context { actor: Actor::System, ..context };
        settle::end_reservation(facts, context, redemption, RedemptionState::Expired)?;
    }
    Ok(due)
}

/// The voucher of these candidates, if there is one; free again if a reservation whose time is over still locks it.
pub(super) fn find(facts: &mut Facts, context: Context, candidates: &[ComputedCode]) -> Result<Option<Found>, Stop> {
    let found = lookup::voucher(facts, candidates)?;
    let Some(row) = found.as_ref().and_then(Found::row) else { return Ok(found) };
    if unlock_due(facts, context, &row)? { lookup::voucher(facts, candidates) } else { Ok(found) }
}

/// Frees a voucher that a reservation whose time is over still locks. Returns whether it did.
pub(super) fn unlock_due(facts: &mut Facts, context: Context, voucher: &Voucher) -> Result<bool, Stop> {
    match voucher.redemption.clone().filter(|_| voucher.state == VoucherState::Locked) {
        Some(redemption) => expire_reservation(facts, context, &redemption),
        None => Ok(false),
    }
}
