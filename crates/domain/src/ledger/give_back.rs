//! Return: an order comes back, wholly or in part. Reads what the redemption recorded, never today's definition.

use super::command::Fingerprint;
use super::decide::Context;
use super::facts::Facts;
use super::moves::{self, RedemptionMove};
use super::outcome::Outcome;
use super::requests::{RedeemRequest, ReturnLine};
use super::settle::need_parts;
use super::takings::{End, give_back_part, settle, summed};
use super::{Stop, gifts, redeem, refuse};
use crate::bearing;
use crate::event::{CouponAmount, VoucherStep};
use crate::id::VoucherKey;
use crate::limit::{Cause, Counts, Taking, UsageDelta};
use crate::redemption::{Part, RedeemedLine, Redemption, RedemptionId, RedemptionState};
use crate::rejection::Rejection;
use crate::voucher::{Voucher, VoucherState};

/// Gives back these lines, or all that is left. Uses come back when the whole is returned, values in proportion.
pub(super) fn give_back(
    facts: &mut Facts,
    context: Context,
    id: &RedemptionId,
    lines: Option<&[ReturnLine]>,
) -> Result<Outcome, Stop> {
    let before = returnable(facts, context, id)?;
    if before.state == RedemptionState::Returned {
        // To return all of what is all returned has happened already.
        return match lines {
            None => Ok(Outcome::Redemption(Box::new(before))),
            Some(_) => refuse(Rejection::RedemptionReturned, "the whole redemption was returned"),
        };
    }
    let after_lines = count_lines(&before.lines, lines)?;
    if after_lines == before.lines {
        return Ok(Outcome::Redemption(Box::new(before)));
    }
    need_parts(facts, &before)?;
    let whole = after_lines.iter().all(|line| line.returned == line.quantity);
    let (mut parts, mut amounts, mut deltas) = (before.parts.clone(), Vec::new(), Vec::new());
    let mut shares = before.shares.clone();
    for (place, part) in (0..).zip(&mut parts) {
        let left_minor = part.discount_minor - part.returned_minor;
        let (amount_minor, changed) = give_back_one(facts, part, &after_lines, whole)?;
        if let Some(shares) = &mut shares {
            bearing::give_back(shares, place, left_minor, amount_minor);
        }
        amounts.push(CouponAmount { coupon: part.coupon, amount_minor });
        deltas.extend(changed);
    }
    if whole {
        for key in parts.iter().filter_map(|part| part.voucher) {
            reissue(facts, context, key)?;
        }
    }
    let mut payments = before.payments.clone();
    for paid in &mut payments {
        let returned = if whole { paid.amount_minor } else { paid.share_of(&after_lines) };
        gifts::give_back(facts, context, (paid.voucher, returned - paid.returned_minor), id)?;
        paid.returned_minor = returned;
    }
    let state = if whole { RedemptionState::Returned } else { RedemptionState::Succeeded };
    let after = Redemption { state, parts, payments, lines: after_lines, shares, ..before };
    let moved = RedemptionMove { from: Some(RedemptionState::Succeeded), amounts, usage: summed(deltas) };
    Ok(Outcome::Redemption(Box::new(moves::redemption(facts, context, after, moved))))
}

/// Returns the old redemption wholly and redeems anew, both or neither.
pub(super) fn amend(
    facts: &mut Facts,
    context: Context,
    id: &RedemptionId,
    request: &RedeemRequest,
    fingerprint: Fingerprint,
) -> Result<Outcome, Stop> {
    if request.id == *id {
        return refuse(Rejection::RedemptionIdReused, "the amended redemption needs an id of its own");
    }
    // A repetition finds the new redemption made and the old one returned.
    if facts.redemptions.get(&request.id)?.is_none() {
        if returnable(facts, context, id)?.state == RedemptionState::Returned {
            return refuse(Rejection::RedemptionReturned, "the whole redemption was returned; redeem anew");
        }
        give_back(facts, context, id, None)?;
    }
    redeem::redeem(facts, context, request, fingerprint)
}

fn returnable(facts: &Facts, context: Context, id: &RedemptionId) -> Result<Redemption, Stop> {
    let Some(redemption) = facts.redemptions.get(id)?.cloned() else {
        return refuse(Rejection::RedemptionNotFound, "there is no such redemption");
    };
    match redemption.state_at(context.now) {
        RedemptionState::Succeeded | RedemptionState::Returned => Ok(redemption),
        RedemptionState::Pending => {
            refuse(Rejection::RedemptionPending, "the redemption is not confirmed; cancel it instead")
        }
        RedemptionState::Cancelled => refuse(Rejection::RedemptionCancelled, "the redemption was cancelled"),
        RedemptionState::Expired => refuse(Rejection::RedemptionExpired, "the reservation's deadline has passed"),
    }
}

fn count_lines(lines: &[RedeemedLine], wanted: Option<&[ReturnLine]>) -> Result<Vec<RedeemedLine>, Stop> {
    let Some(wanted) = wanted else {
        return Ok(lines.iter().map(|line| RedeemedLine { returned: line.quantity, ..*line }).collect());
    };
    let mut after = lines.to_vec();
    for item in wanted {
        let Some(line) = after.get_mut(item.line) else {
            return refuse(Rejection::ReturnExceedsRest, format!("the order has no line {}", item.line));
        };
        let left = line.quantity - line.returned;
        if item.quantity > left {
            return refuse(
                Rejection::ReturnExceedsRest,
                format!("line {} has {left} left to return, not {}", item.line, item.quantity),
            );
        }
        line.returned += item.quantity;
    }
    Ok(after)
}

/// One coupon's share: what of its discount comes back now, and what its limits get back.
fn give_back_one(
    facts: &mut Facts,
    part: &mut Part,
    lines: &[RedeemedLine],
    whole: bool,
) -> Result<(i64, Vec<UsageDelta>), Stop> {
    let returned = if whole { part.discount_minor } else { part.share_of(lines) };
    let now_minor = returned - part.returned_minor;
    part.returned_minor = returned;
    let (values, counts): (Vec<Taking>, Vec<Taking>) =
        part.takings.drain(..).partition(|taking| taking.counts == Counts::Value);
    let mut deltas = Vec::new();
    for taking in values {
        if now_minor != 0 && taking.give_back.on(Cause::Returned) {
            deltas.push(give_back_part(facts, taking.key, now_minor)?);
        }
        part.takings.push(Taking { amount: taking.amount - now_minor, ..taking });
    }
    if whole {
        deltas.extend(settle(facts, &counts, false, End::Undone(Cause::Returned))?);
        part.takings.clear();
    } else {
        part.takings.extend(counts);
    }
    Ok((now_minor, deltas))
}

fn reissue(facts: &mut Facts, context: Context, key: VoucherKey) -> Result<(), Stop> {
    let before = facts.vouchers.get(&key)?.cloned().expect("a redeemed voucher has a row");
    let after = Voucher { state: VoucherState::Issued, redemption: None, ..before.clone() };
    moves::voucher(facts, context, Some(&before), after, (VoucherStep::Returned, Vec::new()));
    Ok(())
}
