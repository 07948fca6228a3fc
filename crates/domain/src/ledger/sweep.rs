//! Deadlines, written down. They act at their instant on every read; this only gives back what they took.

use super::command::Outcome;
use super::decide::Context;
use super::facts::{Due, Facts};
use super::hold::end_hold;
use super::{Stop, settle};
use crate::event::{Actor, VoucherStep};
use crate::id::{CouponNo, VoucherKey};
use crate::limit::{Cause, Taking, UsageKey};
use crate::redemption::{RedemptionId, RedemptionState};
use crate::voucher::VoucherState;

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

/// Before a limit refuses: what is due of the coupon (or its campaign) and gives back to these counters comes back.
/// Returns whether anything did. Nothing is done unless each of them gets something, as the command is refused then all
/// the same and what it did is forgotten: without this, every refusal would end, in vain, all that is due.
pub(super) fn take_back_due(
    facts: &mut Facts,
    context: Context,
    coupon: CouponNo,
    full: &[UsageKey],
) -> Result<bool, Stop> {
    let Some(due) = giving_back(facts, coupon, full)? else { return Ok(false) };
    let (vouchers, redemptions) = expire_all(facts, context, &due.vouchers, &due.redemptions)?;
    Ok(vouchers + redemptions > 0)
}

/// What is due and gives back to one of these counters; `None` if one of them would get nothing.
fn giving_back(facts: &Facts, coupon: CouponNo, full: &[UsageKey]) -> Result<Option<Due>, Stop> {
    let Some(due) = facts.due.get(&coupon)? else { return Ok(None) };
    for key in &due.vouchers {
        facts.vouchers.ask(key);
    }
    for id in &due.redemptions {
        facts.redemptions.ask(id);
    }
    let mut needy = Needy { full, helped: vec![false; full.len()] };
    let mut giving = Due::default();
    for key in &due.vouchers {
        if facts.vouchers.get(key)?.is_some_and(|voucher| needy.gets(&voucher.takings, Cause::HoldExpired)) {
            giving.vouchers.push(*key);
        }
    }
    for id in &due.redemptions {
        let Some(redemption) = facts.redemptions.get(id)? else { continue };
        let mut gives = false;
        for part in &redemption.parts {
            gives |= needy.gets(&part.takings, Cause::ReservationEnded);
            // The hold of its voucher may be over with it.
            if let Some(key) = part.voucher
                && let Some(voucher) = facts.vouchers.get(&key)?
            {
                gives |= needy.gets(&voucher.takings, Cause::HoldExpired);
            }
        }
        if gives {
            giving.redemptions.push(id.clone());
        }
    }
    Ok(needy.helped.iter().all(|helped| *helped).then_some(giving))
}

/// Counters without room, and whether something was found that gives back to each.
struct Needy<'a> {
    full: &'a [UsageKey],
    helped: Vec<bool>,
}

impl Needy<'_> {
    fn gets(&mut self, takings: &[Taking], cause: Cause) -> bool {
        let mut any = false;
        for taking in takings.iter().filter(|taking| taking.give_back.on(cause)) {
            if let Some(place) = self.full.iter().position(|key| *key == taking.key) {
                self.helped[place] = true;
                any = true;
            }
        }
        any
    }
}

fn expire_all(
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
