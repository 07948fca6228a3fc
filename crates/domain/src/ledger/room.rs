//! Whether limits have room; and, before one refuses, taking back what is already due: only as much as makes the room,
//! and nothing where that cannot be enough.

use super::decide::Context;
use super::facts::Facts;
use super::keys::Due;
use super::lookup::Source;
use super::persons::counter_now;
use super::{Stop, sweep};
use crate::id::VoucherKey;
use crate::limit::{Cause, Counts, Limit, Per, Taking, UsageKey};
use crate::period::Period;
use crate::redemption::{Redemption, RedemptionId, RedemptionState};
use crate::rejection::Refusal;
use crate::time::Timestamp;
use crate::voucher::{Voucher, VoucherState};

/// Sees to it that all these takings have room.
pub(super) fn make_room(
    facts: &mut Facts,
    context: Context,
    source: &Source,
    takings: &[(&Limit, Taking)],
) -> Result<(), Stop> {
    let short = shortages(facts, takings)?;
    if short.is_empty() {
        return Ok(());
    }
    let due = match enough_due(facts, context.now, source, short)? {
        Ok(due) => due,
        Err(short) => return Err(refusal(facts, context.now, source, &short).into()),
    };
    sweep::expire_all(facts, context, &due.vouchers, &due.redemptions)?;
    let short = shortages(facts, takings)?;
    if short.is_empty() { Ok(()) } else { Err(refusal(facts, context.now, source, &short).into()) }
}

/// A limit that lacks room.
#[derive(Clone, Copy)]
struct Shortage<'a> {
    limit: &'a Limit,
    key: UsageKey,
    lacks: i128,
}

fn shortages<'a>(facts: &Facts, takings: &[(&'a Limit, Taking)]) -> Result<Vec<Shortage<'a>>, Stop> {
    let mut short = Vec::new();
    for (limit, taking) in takings {
        let usage = facts.usages.get(&taking.key)?.copied().unwrap_or_default();
        // Wider than the counters, so that a maximum near their end is no overflow.
        let after = i128::from(usage.used) + i128::from(usage.held) + i128::from(taking.amount);
        let lacks = after - i128::from(limit.max);
        if lacks > 0 {
            short.push(Shortage { limit, key: taking.key, lacks });
        }
    }
    Ok(short)
}

/// The refusal of the limit whose rejection comes first.
fn refusal(facts: &Facts, now: Timestamp, source: &Source, short: &[Shortage]) -> Refusal {
    let first = short.iter().min_by_key(|shortage| shortage.limit.rejection()).expect("something is short");
    let retry_at = first.limit.period.end(now, &facts.settings.zone);
    Refusal::new(first.limit.rejection(), sentence(first.limit, source)).retry_at(retry_at)
}

fn sentence(limit: &Limit, source: &Source) -> String {
    let what = match limit.counts {
        Counts::Claims => "claims",
        Counts::Redemptions => "uses",
        Counts::Value => "minor units of value",
    };
    let who = match limit.per {
        Per::Everyone => "",
        Per::Customer => " for this customer",
    };
    let when = match limit.period {
        Period::Ever => "",
        Period::Hour => " in this hour",
        Period::Day => " on this day",
        Period::Week => " in this week",
        Period::Month => " in this month",
    };
    format!("coupon {}: no room left among {} {what}{who}{when}", source.coupon.no, limit.max)
}

/// The oldest of what is due that together give back what is lacking; or, if all of it is not enough, what is still
/// short: a limit whose due units would do is not what refuses.
fn enough_due<'a>(
    facts: &Facts,
    now: Timestamp,
    source: &Source,
    mut short: Vec<Shortage<'a>>,
) -> Result<Result<Due, Vec<Shortage<'a>>>, Stop> {
    let Some(due) = facts.due.get(&source.coupon.no)? else { return Ok(Err(short)) };
    ask_due(facts, due);
    let mut chosen = Due::default();
    for key in &due.vouchers {
        if is_met(&short) {
            break;
        }
        if let Some(voucher) = due_hold(facts, *key, now)?
            && covers(facts, &mut short, &voucher.takings, Cause::HoldExpired)?
        {
            chosen.vouchers.push(*key);
        }
    }
    for id in &due.redemptions {
        if is_met(&short) {
            break;
        }
        if covers_by_reservation(facts, now, id, &mut short)? {
            chosen.redemptions.push(id.clone());
        }
    }
    short.retain(|shortage| shortage.lacks > 0);
    Ok(if short.is_empty() { Ok(chosen) } else { Err(short) })
}

fn ask_due(facts: &Facts, due: &Due) {
    for key in &due.vouchers {
        ask_voucher(facts, *key);
    }
    for id in &due.redemptions {
        if let Ok(Some(redemption)) = facts.redemptions.get(id) {
            redemption.parts.iter().for_each(|part| ask_persons(facts, &part.takings));
            redemption.parts.iter().filter_map(|part| part.voucher).for_each(|key| ask_voucher(facts, key));
        }
    }
}

fn ask_voucher(facts: &Facts, key: VoucherKey) {
    if let Ok(Some(voucher)) = facts.vouchers.get(&key) {
        ask_persons(facts, &voucher.takings);
    }
}

fn ask_persons(facts: &Facts, takings: &[Taking]) {
    takings.iter().filter_map(|taking| taking.key.subject.person()).for_each(|no| facts.persons.ask(&no));
}

fn is_met(short: &[Shortage]) -> bool {
    short.iter().all(|shortage| shortage.lacks <= 0)
}

/// Whether these takings give anything back of what is lacking; if so, less is.
fn covers(facts: &Facts, short: &mut [Shortage], takings: &[Taking], cause: Cause) -> Result<bool, Stop> {
    let mut any = false;
    for taking in takings.iter().filter(|taking| taking.give_back.on(cause)) {
        let key = counter_now(facts, taking.key)?;
        for shortage in short.iter_mut().filter(|shortage| shortage.key == key && shortage.lacks > 0) {
            shortage.lacks -= i128::from(taking.amount);
            any = true;
        }
    }
    Ok(any)
}

fn due_hold(facts: &Facts, key: VoucherKey, now: Timestamp) -> Result<Option<&Voucher>, Stop> {
    let voucher = facts.vouchers.get(&key)?;
    Ok(voucher.filter(|voucher| voucher.state == VoucherState::Held && voucher.hold_is_over(now)))
}

/// A reservation gives back what it took, and what vouchers took whose hold ran out while it locked them.
fn covers_by_reservation(
    facts: &Facts,
    now: Timestamp,
    id: &RedemptionId,
    short: &mut [Shortage],
) -> Result<bool, Stop> {
    let is_due =
        |one: &&Redemption| one.state == RedemptionState::Pending && one.state_at(now) == RedemptionState::Expired;
    let Some(redemption) = facts.redemptions.get(id)?.filter(is_due) else { return Ok(false) };
    let mut any = false;
    for part in &redemption.parts {
        any |= covers(facts, short, &part.takings, Cause::ReservationEnded)?;
        let Some(key) = part.voucher else { continue };
        if let Some(voucher) = facts.vouchers.get(&key)?.filter(|voucher| voucher.hold_is_over(now)) {
            any |= covers(facts, short, &voucher.takings, Cause::HoldExpired)?;
        }
    }
    Ok(any)
}
