//! The second step of a reservation: confirm, cancel, or the end of its time. Each is idempotent, in any order.

use super::decide::Context;
use super::facts::Facts;
use super::hold::end_hold;
use super::moves::{self, RedemptionMove};
use super::outcome::Outcome;
use super::takings::{End, need, settle, summed};
use super::{Stop, gifts, pool, refuse};
use crate::event::{Actor, CouponAmount, JournalNo, VoucherStep};
use crate::id::VoucherKey;
use crate::limit::Cause;
use crate::redemption::{Part, Redemption, RedemptionId, RedemptionState};
use crate::rejection::Rejection;
use crate::voucher::{Voucher, VoucherState};

pub(super) fn confirm(facts: &mut Facts, context: Context, id: &RedemptionId) -> Result<Outcome, Stop> {
    let Some(redemption) = facts.redemptions.get(id)?.cloned() else {
        return refuse(Rejection::RedemptionNotFound, "there is no such redemption");
    };
    match redemption.state_at(context.now) {
        RedemptionState::Pending => {}
        RedemptionState::Succeeded | RedemptionState::Returned => {
            return Ok(Outcome::Redemption(Box::new(redemption)));
        }
        RedemptionState::Cancelled => return refuse(Rejection::RedemptionCancelled, "the reservation was cancelled"),
        RedemptionState::Expired => {
            return refuse(Rejection::RedemptionExpired, "the reservation's deadline has passed");
        }
    }
    need_parts(facts, &redemption)?;
    let mut deltas = Vec::new();
    for part in &redemption.parts {
        deltas.extend(settle(facts, &part.takings, true, End::Used)?);
    }
    for part in &redemption.parts {
        if let Some(key) = part.voucher {
            use_voucher(facts, context, key, id)?;
        }
    }
    redemption.payments.iter().try_for_each(|paid| gifts::spend_held(facts, context, paid, id))?;
    let amounts = amounts(&redemption.parts);
    let after = Redemption { state: RedemptionState::Succeeded, deadline: None, ..redemption };
    let moved = RedemptionMove { from: Some(RedemptionState::Pending), amounts, usage: summed(deltas) };
    Ok(Outcome::Redemption(Box::new(moves::redemption(facts, context, after, moved))))
}

/// Ends a reservation, or leaves a mark that refuses it should it come late.
pub(super) fn cancel(facts: &mut Facts, context: Context, id: &RedemptionId) -> Result<Outcome, Stop> {
    let Some(redemption) = facts.redemptions.get(id)?.cloned() else {
        return Ok(Outcome::Redemption(Box::new(mark_cancelled(facts, context, id))));
    };
    let ended = match redemption.state_at(context.now) {
        RedemptionState::Pending => end_reservation(facts, context, redemption, RedemptionState::Cancelled)?,
        // Its time was over before the cancel came: that is what is written, and what was wanted has happened.
        RedemptionState::Expired if redemption.state == RedemptionState::Pending => {
            // The clock ended it, not who came too late.
            let context = Context { actor: Actor::System, ..context };
            end_reservation(facts, context, redemption, RedemptionState::Expired)?
        }
        RedemptionState::Cancelled | RedemptionState::Expired => redemption,
        RedemptionState::Succeeded | RedemptionState::Returned => {
            return refuse(Rejection::RedemptionSucceeded, "the redemption is done; return it instead");
        }
    };
    Ok(Outcome::Redemption(Box::new(ended)))
}

fn mark_cancelled(facts: &mut Facts, context: Context, id: &RedemptionId) -> Redemption {
    let mark = Redemption {
        id: id.clone(),
        version: 0,
        state: RedemptionState::Cancelled,
        fingerprint: [0; 16],
        customer: None,
        order: None,
        currency: None,
        subtotal_minor: 0,
        discount_minor: 0,
        total_minor: 0,
        parts: Vec::new(),
        payments: Vec::new(),
        lines: Vec::new(),
        made_at: context.now,
        deadline: None,
        journal: JournalNo::default(),
        shares: Some(Vec::new()),
    };
    moves::redemption(facts, context, mark, RedemptionMove { from: None, amounts: Vec::new(), usage: Vec::new() })
}

/// Gives back what a reservation took and restores its vouchers, or releases those whose time has passed.
pub(super) fn end_reservation(
    facts: &mut Facts,
    context: Context,
    redemption: Redemption,
    to: RedemptionState,
) -> Result<Redemption, Stop> {
    need_parts(facts, &redemption)?;
    let mut deltas = Vec::new();
    let mut parts = redemption.parts.clone();
    for part in &mut parts {
        deltas.extend(settle(facts, &part.takings, true, End::Undone(Cause::ReservationEnded))?);
        part.takings.clear();
    }
    for part in &parts {
        if let Some(key) = part.voucher {
            unlock(facts, context, key)?;
        }
    }
    redemption.payments.iter().try_for_each(|paid| gifts::release_held(facts, context, paid, &redemption.id))?;
    let after = Redemption { state: to, deadline: None, parts, ..redemption };
    let amounts = amounts(&after.parts);
    let moved = RedemptionMove { from: Some(RedemptionState::Pending), amounts, usage: summed(deltas) };
    Ok(moves::redemption(facts, context, after, moved))
}

fn unlock(facts: &mut Facts, context: Context, key: VoucherKey) -> Result<(), Stop> {
    let before = locked(facts, key)?;
    if before.hold_is_over(context.now) {
        end_hold(facts, context, &before, VoucherStep::Expired)?;
        return Ok(());
    }
    let after = Voucher { state: before.unlocked(), locked_until: None, redemption: None, ..before.clone() };
    moves::voucher(facts, context, Some(&before), after, (VoucherStep::Unlocked, Vec::new()));
    Ok(())
}

fn use_voucher(facts: &mut Facts, context: Context, key: VoucherKey, id: &RedemptionId) -> Result<(), Stop> {
    let before = locked(facts, key)?;
    redeem_voucher(facts, context, (Some(&before), before.clone()), id)
}

/// Moves a voucher to redeemed; a hold that was used counts as used.
pub(super) fn redeem_voucher(
    facts: &mut Facts,
    context: Context,
    (before, voucher): (Option<&Voucher>, Voucher),
    id: &RedemptionId,
) -> Result<(), Stop> {
    let deltas = settle(facts, &voucher.takings, voucher.held_until.is_some(), End::Used)?;
    let after = Voucher {
        state: VoucherState::Redeemed,
        held_until: None,
        locked_until: None,
        redemption: Some(id.clone()),
        ..voucher
    };
    moves::voucher(facts, context, before, after, (VoucherStep::Redeemed, deltas));
    Ok(())
}

fn locked(facts: &Facts, key: VoucherKey) -> Result<Voucher, Stop> {
    let voucher = facts.vouchers.get(&key)?.cloned();
    let voucher = voucher.expect("a reservation's voucher has a row");
    debug_assert_eq!(voucher.state, VoucherState::Locked, "only its reservation moves a locked voucher");
    Ok(voucher)
}

/// Sees to it that all that the parts touch is loaded: in few rounds, and before anything is changed.
pub(super) fn need_parts(facts: &Facts, redemption: &Redemption) -> Result<(), Stop> {
    let mut all = Ok(());
    for part in &redemption.parts {
        all = all.and(need(facts, &part.takings));
        let Some(key) = part.voucher else { continue };
        all = all.and(match facts.vouchers.get(&key) {
            Ok(Some(voucher)) if voucher.held_until.is_some() => {
                pool::unseen(facts, voucher).map(drop).and(need(facts, &voucher.takings))
            }
            Ok(_) => Ok(()),
            Err(missing) => Err(missing),
        });
    }
    for paid in &redemption.payments {
        all = all.and(facts.gifts.get(&paid.voucher).map(drop));
    }
    all
}

pub(super) fn amounts(parts: &[Part]) -> Vec<CouponAmount> {
    parts.iter().map(|part| CouponAmount { coupon: part.coupon, amount_minor: part.discount_minor }).collect()
}
