//! The ends of a voucher that no order uses: release, expiry of the hold, revocation.

use super::claim::face;
use super::decide::Context;
use super::facts::Facts;
use super::outcome::Outcome;
use super::takings::{End, settle, summed};
use super::{Stop, gifts, lookup, moves, pool, refuse, sweep};
use crate::codes::ComputedCode;
use crate::event::VoucherStep;
use crate::limit::Cause;
use crate::rejection::Rejection;
use crate::time::Timestamp;
use crate::voucher::{Voucher, VoucherState};

/// Ends a hold early: the unit is free for others at once.
pub(super) fn release(facts: &mut Facts, context: Context, candidates: &[ComputedCode]) -> Result<Outcome, Stop> {
    let Some(found) = sweep::find(facts, context, candidates)? else {
        return refuse(Rejection::VoucherNotFound, "there is no such voucher");
    };
    let Some(voucher) = found.row() else {
        return refuse(Rejection::VoucherNotHeld, "nobody holds the voucher; only a hold can be released");
    };
    usable(&voucher, context.now)?;
    if voucher.state != VoucherState::Held {
        return refuse(Rejection::VoucherNotHeld, "the voucher has an owner for good; only a hold can be released");
    }
    let written = end_hold(facts, context, &voucher, VoucherStep::Released)?;
    Ok(Outcome::Vouchers(vec![face(written)]))
}

/// Ends the hold of a voucher that is held (or was, before a reservation that just ended).
pub(super) fn end_hold(
    facts: &mut Facts,
    context: Context,
    before: &Voucher,
    step: VoucherStep,
) -> Result<Voucher, Stop> {
    let unseen = pool::unseen(facts, before)?;
    let deltas = settle(facts, &before.takings, before.held_until.is_some(), End::Undone(Cause::HoldExpired))?;
    let after = Voucher {
        state: VoucherState::Expired,
        held_until: None,
        locked_until: None,
        redemption: None,
        takings: Vec::new(),
        ..before.clone()
    };
    let written = moves::voucher(facts, context, Some(before), after, (step, summed(deltas)));
    pool::put_back(facts, context, unseen)?;
    Ok(written)
}

/// Takes a voucher away, with what its limits give back for that.
pub(super) fn revoke(facts: &mut Facts, context: Context, candidates: &[ComputedCode]) -> Result<Outcome, Stop> {
    let Some(found) = sweep::find(facts, context, candidates)? else {
        return refuse(Rejection::VoucherNotFound, "there is no such voucher");
    };
    let coupon = lookup::coupon(facts, found.key().coupon)?;
    let (before, voucher) = (found.row(), found.voucher(&coupon, &facts.settings.zone));
    if voucher.state != VoucherState::Pooled {
        usable(&voucher, context.now)?;
    }
    let account = gifts::account(facts, context, &coupon, voucher.key)?;
    gifts::check_free(account.as_ref())?;
    // Out of a hold it goes back; out of the pool it is taken for good.
    let unseen = if voucher.held_until.is_some() { pool::unseen(facts, &voucher)? } else { None };
    let deltas = settle(facts, &voucher.takings, voucher.held_until.is_some(), End::Undone(Cause::Revoked))?;
    let after = Voucher { state: VoucherState::Revoked, held_until: None, takings: Vec::new(), ..voucher };
    let written = moves::voucher(facts, context, before.as_ref(), after, (VoucherStep::Revoked, deltas));
    gifts::revoke(facts, context, account);
    pool::put_back(facts, context, unseen)?;
    Ok(Outcome::Vouchers(vec![face(written)]))
}

/// Refuses a voucher that is neither held nor issued at this instant.
pub(super) fn usable(voucher: &Voucher, now: Timestamp) -> Result<(), Stop> {
    match voucher.state_at(now) {
        VoucherState::Held | VoucherState::Issued => Ok(()),
        VoucherState::Locked => refuse(Rejection::VoucherLocked, "a pending redemption holds the voucher"),
        VoucherState::Redeemed => refuse(Rejection::VoucherRedeemed, "the voucher was used"),
        VoucherState::Expired => refuse(Rejection::VoucherExpired, "the voucher's time is over"),
        VoucherState::Revoked => refuse(Rejection::VoucherRevoked, "the voucher was revoked"),
        VoucherState::Pooled => refuse(Rejection::VoucherNotHeld, "nobody has the voucher yet: it waits in the pool"),
    }
}
