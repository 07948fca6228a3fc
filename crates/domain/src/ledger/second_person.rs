//! What may cost more than the tenant's ceiling begins to grant only when a second person has approved it. Decided where a
//! coupon begins to grant and where something raises what a granting one may cost: nothing else writes either.

use super::decide::Context;
use super::facts::Facts;
use super::keys::SIBLINGS_MAX;
use super::outcome::Outcome;
use super::states::{catch_up, outcome, write};
use super::{Stop, define, lookup, refuse};
use crate::campaign::{Campaign, CampaignDefinition};
use crate::coupon::{Approval, Coupon, CouponState, Definition};
use crate::event::Actor;
use crate::id::{AccountNo, CouponNo};
use crate::liability::{Bound, Liability, liability};
use crate::limit::Counts;
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// A member of staff who had no hand in that version agrees to what it may cost. Its next version is the same, approved.
pub(super) fn approve(facts: &mut Facts, context: Context, no: CouponNo, version: u32) -> Result<Outcome, Stop> {
    define::check_version(lookup::coupon(facts, no)?.version, version)?;
    let before = catch_up(facts, context, no)?;
    if matches!(before.state, CouponState::Ended | CouponState::Aborted) {
        return refuse(Rejection::TransitionIllegal, format!("the coupon is {}", before.state.name()));
    }
    let by = second(context.actor, &before)?;
    let bound = of(facts, &before)?.bound;
    let approval = Approval { by, at: context.now, version: before.version, bound };
    let vetting = before.vetting.approved(approval);
    let approved = Coupon { vetting, changed_at: context.now, ..(*before).clone() };
    Ok(outcome(&write(facts, context, Some(before.state), approved)))
}

fn second(actor: Actor, coupon: &Coupon) -> Result<AccountNo, Stop> {
    let detail = match actor {
        Actor::Staff(no) if coupon.vetting.is_second(no) => return Ok(no),
        Actor::Staff(_) if coupon.vetting.hands.is_none() => {
            "it was saved before it was kept who saves it; save it anew, and somebody else approves it"
        }
        Actor::Staff(_) => "whoever had a hand in the coupon cannot approve it; somebody else has to",
        Actor::System | Actor::Operator | Actor::Key(_) | Actor::Customer(_) => {
            "only a member of staff who is signed in can approve"
        }
    };
    refuse(Rejection::ApproverInvolved, detail)
}

/// Refuses to let a coupon begin to grant that may cost too much.
pub(super) fn check_start(facts: &Facts, coupon: &Coupon) -> Result<(), Stop> {
    let Some(ceiling) = facts.settings.liability_ceiling_minor else { return Ok(()) };
    check(ceiling, coupon, &of(facts, coupon)?)
}

/// Refuses a change of a coupon that grants, if it raises what that may cost to too much.
pub(super) fn check_change(facts: &Facts, before: &Coupon, after: &Coupon, now: Timestamp) -> Result<(), Stop> {
    let Some(ceiling) = facts.settings.liability_ceiling_minor.filter(|_| grants(after.state_at(now))) else {
        return Ok(());
    };
    let (was, is) = (of(facts, before)?, of(facts, after)?);
    if raises(before, after, (was.bound, is.bound)) { check(ceiling, after, &is) } else { Ok(()) }
}

/// Refuses a change of a campaign that raises what a granting coupon of it may cost to too much.
pub(super) fn check_campaign(
    facts: &Facts,
    now: Timestamp,
    before: &Campaign,
    after: &CampaignDefinition,
) -> Result<(), Stop> {
    let Some(ceiling) = facts.settings.liability_ceiling_minor.filter(|_| loosens(before, after)) else {
        return Ok(());
    };
    let siblings = facts.siblings.get(&before.no)?.cloned().unwrap_or_default();
    if siblings.len() >= SIBLINGS_MAX {
        let detail = format!("the campaign has {SIBLINGS_MAX} coupons or more: pause it, and make another");
        return refuse(Rejection::SecondPersonNeeded, detail);
    }
    siblings.iter().for_each(|no| facts.coupons.ask(no));
    let after = Campaign { definition: after.clone(), limits: limits_of(before, after), ..before.clone() };
    for no in &siblings {
        let coupon = lookup::coupon(facts, *no)?;
        let zone = &facts.settings.zone;
        let is = liability(&coupon, Some(&after), zone);
        if grants(coupon.state_at(now)) && is.bound > liability(&coupon, Some(before), zone).bound {
            check(ceiling, &coupon, &is)?;
        }
    }
    Ok(())
}

/// What the coupon may cost with its campaign as it is.
fn of(facts: &Facts, coupon: &Coupon) -> Result<Liability, Stop> {
    let campaign = coupon.definition.campaign.map(|no| lookup::campaign(facts, no)).transpose()?;
    Ok(liability(coupon, campaign.as_deref(), &facts.settings.zone))
}

/// What the coupon may cost before and at this version, for what has to be said of it.
pub(super) fn bound_of(facts: &Facts, coupon: &Coupon) -> Result<Bound, Stop> {
    of(facts, coupon).map(|liability| liability.bound)
}

fn check(ceiling: i64, coupon: &Coupon, liability: &Liability) -> Result<(), Stop> {
    let bound = liability.bound;
    if bound <= Bound::Minor(ceiling) || coupon.vetting.covers(bound) {
        return Ok(());
    }
    let figure = match (bound, liability.currency) {
        (Bound::Minor(minor), Some(currency)) => format!("may cost {minor} minor units of {currency}"),
        (Bound::Minor(minor), None) => format!("may cost {minor} minor units"),
        (Bound::Unbounded, _) => "may cost any amount".to_owned(),
    };
    let detail = format!(
        "coupon {} {figure}, above the ceiling of {ceiling}: somebody who had no hand in it has to approve it first",
        coupon.no
    );
    refuse(Rejection::SecondPersonNeeded, detail)
}

/// Two without a figure cannot be compared, so only what is the same but for its name counts as no more.
fn raises(before: &Coupon, after: &Coupon, (was, is): (Bound, Bound)) -> bool {
    let (old, new) = (&before.definition, &after.definition);
    let same = || Definition { name: old.name.clone(), visibility: old.visibility, ..new.clone() } == *old;
    is > was || (is == Bound::Unbounded && !same())
}

fn grants(state: CouponState) -> bool {
    match state {
        CouponState::Scheduled | CouponState::Running => true,
        CouponState::Draft | CouponState::Paused | CouponState::Ended | CouponState::Aborted => false,
    }
}

/// Whether anything that bounds its coupons gives way: a limit that is gone or higher, or a later end.
fn loosens(before: &Campaign, after: &CampaignDefinition) -> bool {
    let holds = |old: &crate::limit::Limit| after.limits.iter().any(|new| new.id == old.id && new.max <= old.max);
    let (was, is) = (before.definition.window.ends_at, after.window.ends_at);
    let ends_later = was.is_some_and(|was| is.is_none_or(|is| is > was));
    ends_later || !before.limits.iter().filter(|limit| limit.counts != Counts::Claims).all(holds)
}

/// Its limits as they are to be; those that are new bind nothing that was not bound before, and are left out.
fn limits_of(before: &Campaign, after: &CampaignDefinition) -> Vec<crate::limit::Limit> {
    let raised = |old: &crate::limit::Limit| {
        let new = after.limits.iter().find(|new| new.id == old.id)?;
        Some(crate::limit::Limit { max: new.max, ..old.clone() })
    };
    before.limits.iter().filter_map(raised).collect()
}
