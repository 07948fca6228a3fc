//! How coupons move through their states, by staff and by the clock, and the one place where a coupon's row is written:
//! each write raises the version, records one event and keeps the version.

use std::sync::Arc;

use super::decide::Context;
use super::facts::{Entry, Facts};
use super::keys::RESERVATIONS_MAX;
use super::outcome::Outcome;
use super::{Stop, campaigns, lookup, refuse, second_person, settle};
use crate::coupon::{Coupon, CouponState, CouponStep};
use crate::event::{Actor, EventKind, Subject};
use crate::id::{CampaignNo, CouponNo};
use crate::redemption::RedemptionState;
use crate::rejection::Rejection;

pub(super) fn move_coupon(
    facts: &mut Facts,
    context: Context,
    no: CouponNo,
    step: CouponStep,
) -> Result<Outcome, Stop> {
    let before = catch_up(facts, context, no)?;
    let Some(to) = before.state.after(step, &before.definition.window, context.now) else {
        return refuse(Rejection::TransitionIllegal, cannot("the coupon", before.state, step));
    };
    match step {
        CouponStep::Abort => abort(facts, context, &before),
        CouponStep::Activate => {
            second_person::check_start(facts, &before)?;
            Ok(move_to(facts, context, &before, to))
        }
        CouponStep::Pause | CouponStep::End => Ok(move_to(facts, context, &before, to)),
    }
    .map(|coupon| outcome(&coupon))
}

/// Why a step leads nowhere.
pub(super) fn cannot(what: &str, state: CouponState, step: CouponStep) -> String {
    match (state, step) {
        (CouponState::Draft | CouponState::Paused, CouponStep::Activate) => {
            format!("{what} is {} and its window is over", state.name())
        }
        _ => format!("{what} is {}", state.name()),
    }
}

/// Cancels what is reserved. While more is left than one batch should bear, the coupon grants nothing new (it is paused,
/// or stays ended) and the caller asks again.
pub(super) fn abort(facts: &mut Facts, context: Context, before: &Coupon) -> Result<Arc<Coupon>, Stop> {
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
    Ok(move_to(facts, context, before, if full { halted(before.state) } else { CouponState::Aborted }))
}

/// Where an abort that is not done leaves things meanwhile: nothing new is granted.
pub(super) fn halted(state: CouponState) -> CouponState {
    match state {
        CouponState::Running | CouponState::Paused | CouponState::Scheduled => CouponState::Paused,
        CouponState::Draft | CouponState::Ended | CouponState::Aborted => state,
    }
}

fn move_to(facts: &mut Facts, context: Context, before: &Coupon, to: CouponState) -> Arc<Coupon> {
    let coupon = Coupon { state: to, changed_at: context.now, ..before.clone() };
    write(facts, context, Some(before.state), coupon)
}

/// Writes down where the clock has led a coupon: one version and one event for each move. Returns it as it is then.
pub(super) fn catch_up(facts: &mut Facts, context: Context, no: CouponNo) -> Result<Arc<Coupon>, Stop> {
    let clock = Context { actor: Actor::System, ..context };
    let mut coupon = lookup::coupon(facts, no)?;
    while let Some((due_at, to)) = coupon.state.next_by_clock(&coupon.definition.window)
        && due_at <= context.now
    {
        coupon = move_to(facts, clock, &coupon, to);
    }
    Ok(coupon)
}

/// Writes down what is due among these.
pub(super) fn follow_clock(
    facts: &mut Facts,
    context: Context,
    coupons: &[CouponNo],
    campaigns: &[CampaignNo],
) -> Result<Outcome, Stop> {
    coupons.iter().for_each(|no| facts.coupons.ask(no));
    campaigns.iter().for_each(|no| facts.campaigns.ask(no));
    let (mut moved_coupons, mut moved_campaigns) = (0, 0);
    for no in coupons {
        let version = lookup::coupon(facts, *no)?.version;
        moved_coupons += u32::from(catch_up(facts, context, *no)?.version != version);
    }
    for no in campaigns {
        let version = lookup::campaign(facts, *no)?.version;
        moved_campaigns += u32::from(campaigns::catch_up(facts, context, *no)?.version != version);
    }
    Ok(Outcome::Followed { coupons: moved_coupons, campaigns: moved_campaigns })
}

pub(super) fn outcome(coupon: &Coupon) -> Outcome {
    Outcome::Coupon { no: coupon.no, version: coupon.version }
}

/// Writes a coupon that was in the state `from` (or was not), whose version and place in the journal are set here.
pub(super) fn write(facts: &mut Facts, context: Context, from: Option<CouponState>, coupon: Coupon) -> Arc<Coupon> {
    debug_assert!(CouponState::may_become(from, coupon.state), "{from:?} to {:?}", coupon.state);
    let previous = coupon.journal;
    let coupon = Coupon { version: coupon.version + 1, journal: facts.next_journal(), ..coupon };
    let (no, version) = (coupon.no, coupon.version);
    let entry = Entry { subject: Subject::Coupon(no), version, previous, actor: context.actor };
    facts.record(entry, EventKind::Coupon { from, to: coupon.state }, Vec::new());
    hold_among_siblings(facts, &coupon);
    hold_among_automatic(facts, &coupon);
    let coupon = Arc::new(coupon);
    facts.record_version(Arc::clone(&coupon));
    facts.coupons.put(no, Arc::clone(&coupon));
    coupon
}

/// The coupons without a code, if they are loaded, follow the row.
fn hold_among_automatic(facts: &mut Facts, coupon: &Coupon) {
    let was_or_is = coupon.is_automatic() || facts.automatic.loaded(&()).is_some_and(|all| all.stored.has(coupon.no));
    if was_or_is {
        facts.automatic.amend(&(), |all| {
            all.changed.insert(coupon.no);
        });
    }
}

/// The coupons of a campaign, if they are loaded, follow the row.
fn hold_among_siblings(facts: &mut Facts, coupon: &Coupon) {
    let Some(campaign) = coupon.definition.campaign else { return };
    facts.siblings.amend(&campaign, |list| match list.binary_search(&coupon.no) {
        Ok(place) if coupon.state == CouponState::Aborted => drop(list.remove(place)),
        Err(place) if coupon.state != CouponState::Aborted => list.insert(place, coupon.no),
        Ok(_) | Err(_) => {}
    });
}
