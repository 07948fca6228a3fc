//! Definitions: written through the same ledger, so that they are idempotent, numbered, journalled and serial with the
//! claims that depend on them.

use std::sync::Arc;

use super::command::Outcome;
use super::decide::Context;
use super::facts::{Entry, Facts, RESERVATIONS_MAX, Sequence};
use super::import::check_free;
use super::{Stop, lookup, refuse, settle};
use crate::codes::{Pattern, Reading, prefixes_clash};
use crate::coupon::{Coupon, CouponState, CouponStep, Definition, LimitDefinition};
use crate::event::{EventKind, JournalNo, Subject};
use crate::id::{COUPONS_MAX, CouponId, CouponNo, LimitNo};
use crate::limit::{GiveBack, Limit};
use crate::redemption::RedemptionState;
use crate::rejection::Rejection;

pub(super) fn create_coupon(
    facts: &mut Facts,
    context: Context,
    id: CouponId,
    definition: &Definition,
    code: Option<&Reading>,
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Limit);
    facts.sequences.ask(&Sequence::Coupon);
    check_campaign(facts, definition)?;
    if let Some(code) = code {
        check_free(facts, code, "the code")?;
    }
    if let Some(pattern) = &definition.pattern {
        check_prefix(facts, pattern)?;
    }
    let no = CouponNo(next(facts, Sequence::Coupon)?);
    if no.0 >= COUPONS_MAX {
        return refuse(Rejection::CodeSpaceExhausted, "the tenant has as many coupons as codes can name");
    }
    if let Some(code) = code {
        facts.shared_codes.put(code.folded.clone(), no);
    }
    if let Some(pattern) = &definition.pattern {
        facts.patterns.amend(&(), |list| list.push((pattern.clone(), no)));
    }
    let limits = number_limits(facts, &definition.limits, &[])?;
    let coupon = Coupon {
        no,
        id,
        version: 0,
        state: CouponState::Draft,
        definition: definition.clone(),
        limits,
        limits_retired: Vec::new(),
        created_at: context.now,
        changed_at: context.now,
        journal: JournalNo::default(),
    };
    Ok(write(facts, context, None, coupon))
}

pub(super) fn update_coupon(
    facts: &mut Facts,
    context: Context,
    (no, if_version): (CouponNo, u32),
    definition: &Definition,
    code: Option<&Reading>,
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Limit);
    let before = lookup::coupon(facts, no)?;
    check_update(&before, if_version, definition)?;
    change_code(facts, no, code)?;
    let known: Vec<Limit> = before.limits.iter().chain(&before.limits_retired).cloned().collect();
    let limits = number_limits(facts, &definition.limits, &known)?;
    let limits_retired = known.into_iter().filter(|old| limits.iter().all(|limit| limit.no != old.no)).collect();
    let coupon =
        Coupon { definition: definition.clone(), limits, limits_retired, changed_at: context.now, ..(*before).clone() };
    Ok(write(facts, context, Some(before.state), coupon))
}

fn check_update(before: &Coupon, if_version: u32, definition: &Definition) -> Result<(), Stop> {
    if before.version != if_version {
        return refuse(
            Rejection::VersionStale,
            format!("the coupon has version {} now, not {if_version}", before.version),
        );
    }
    if matches!(before.state, CouponState::Ended | CouponState::Aborted) {
        return refuse(Rejection::TransitionIllegal, format!("the coupon is {}", before.state.name()));
    }
    // Codes that are out would read differently under another pattern.
    if definition.pattern != before.definition.pattern {
        return refuse(Rejection::TransitionIllegal, "the pattern of a coupon's codes cannot change");
    }
    // Budgets and figures that were taken in one currency mean nothing in another.
    if definition.currency != before.definition.currency && before.state != CouponState::Draft {
        return refuse(Rejection::TransitionIllegal, "the currency of a coupon that was active cannot change");
    }
    // What waits in the pool would never be handed out, or not what customers were promised.
    if definition.claims_from != before.definition.claims_from {
        return refuse(Rejection::TransitionIllegal, "where a coupon's claims come from cannot change");
    }
    // What was taken from the limits of the old campaign could not follow.
    if definition.campaign != before.definition.campaign {
        return refuse(Rejection::TransitionIllegal, "a coupon cannot move to another campaign");
    }
    Ok(())
}

/// A shared code is added or replaced; the old one stays the coupon's, so that nobody else can be given it.
fn change_code(facts: &mut Facts, no: CouponNo, code: Option<&Reading>) -> Result<(), Stop> {
    let Some(code) = code else { return Ok(()) };
    if facts.shared_codes.get(&code.folded)?.copied() == Some(no) {
        return Ok(());
    }
    check_free(facts, code, "the code")?;
    facts.shared_codes.put(code.folded.clone(), no);
    Ok(())
}

pub(super) fn move_coupon(
    facts: &mut Facts,
    context: Context,
    no: CouponNo,
    step: CouponStep,
) -> Result<Outcome, Stop> {
    let before = lookup::coupon(facts, no)?;
    let Some(to) = before.state.after(step) else {
        return refuse(Rejection::TransitionIllegal, format!("the coupon is {}", before.state.name()));
    };
    let to = match step {
        CouponStep::Abort => abort(facts, context, &before)?,
        CouponStep::Activate | CouponStep::Pause | CouponStep::End => to,
    };
    let coupon = Coupon { state: to, changed_at: context.now, ..(*before).clone() };
    Ok(write(facts, context, Some(before.state), coupon))
}

/// Cancels what is reserved. While more is left than one batch should bear, the coupon grants nothing new (it is paused,
/// or stays ended) and the caller asks again.
fn abort(facts: &mut Facts, context: Context, before: &Coupon) -> Result<CouponState, Stop> {
    let reserved = facts.reservations.get(&before.no)?.cloned().unwrap_or_default();
    for id in &reserved {
        facts.redemptions.ask(id);
    }
    let mut missing = false;
    for id in &reserved {
        match facts.redemptions.get(id).map(|known| known.map(|redemption| redemption.state)) {
            // What ran out before is expired, not cancelled: its deadline has acted.
            Ok(Some(RedemptionState::Pending)) => missing |= settle::cancel(facts, context, id).is_err(),
            Ok(_) => {}
            Err(_) => missing = true,
        }
    }
    if missing {
        return Err(Stop::Missing);
    }
    // A list that was loaded full may be part of the truth only, for the rest of the batch too.
    let full = facts.reservations.loaded(&before.no).is_some_and(|list| list.len() >= RESERVATIONS_MAX);
    Ok(match before.state {
        CouponState::Running | CouponState::Paused if full => CouponState::Paused,
        CouponState::Ended if full => CouponState::Ended,
        CouponState::Draft | CouponState::Running | CouponState::Paused | CouponState::Ended | CouponState::Aborted => {
            CouponState::Aborted
        }
    })
}

fn write(facts: &mut Facts, context: Context, from: Option<CouponState>, coupon: Coupon) -> Outcome {
    let previous = coupon.journal;
    let coupon = Coupon { version: coupon.version + 1, journal: facts.next_journal(), ..coupon };
    let (no, version) = (coupon.no, coupon.version);
    let entry = Entry { subject: Subject::Coupon(no), version, previous, actor: context.actor };
    facts.record(entry, EventKind::Coupon { from, to: coupon.state }, Vec::new());
    let coupon = Arc::new(coupon);
    facts.record_version(Arc::clone(&coupon));
    facts.coupons.put(no, coupon);
    Outcome::Coupon { no, version }
}

/// Gives every limit its number: the one it had under that id, or a new one.
pub(super) fn number_limits(
    facts: &mut Facts,
    wanted: &[LimitDefinition],
    known: &[Limit],
) -> Result<Vec<Limit>, Stop> {
    let mut limits = Vec::with_capacity(wanted.len());
    for limit in wanted {
        let old = known.iter().find(|old| old.id == limit.id);
        if old.is_some_and(|old| (old.counts, old.per, old.period) != (limit.counts, limit.per, limit.period)) {
            return refuse(
                Rejection::LimitChanged,
                format!("limit {} counts something else; give the new limit another id", limit.id),
            );
        }
        let no = match old {
            Some(old) => old.no,
            None => LimitNo(next(facts, Sequence::Limit)?),
        };
        limits.push(Limit {
            no,
            id: limit.id.clone(),
            counts: limit.counts,
            per: limit.per,
            period: limit.period,
            max: limit.max,
            give_back: limit.give_back.unwrap_or_else(|| GiveBack::default_for(limit.period)),
        });
    }
    Ok(limits)
}

fn check_campaign(facts: &Facts, definition: &Definition) -> Result<(), Stop> {
    match definition.campaign {
        Some(no) if facts.campaigns.get(&no)?.is_none() => {
            refuse(Rejection::CampaignNotFound, "there is no such campaign")
        }
        Some(_) | None => Ok(()),
    }
}

fn check_prefix(facts: &Facts, pattern: &Pattern) -> Result<(), Stop> {
    let taken = facts.patterns.get(&())?.is_some_and(|list| {
        list.iter().any(|(other, _)| prefixes_clash(other.folded_prefix(), pattern.folded_prefix()))
    });
    if taken {
        return refuse(
            Rejection::PrefixTaken,
            format!("the prefix {} begins, or is begun by, one that is or was in use", pattern.prefix()),
        );
    }
    Ok(())
}

pub(super) fn next(facts: &mut Facts, sequence: Sequence) -> Result<u32, Stop> {
    let no = facts.sequences.get(&sequence)?.copied().unwrap_or(1);
    facts.sequences.put(sequence, no + 1);
    Ok(no)
}
