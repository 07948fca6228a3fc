//! Campaigns: written and moved as coupons are; and what is done with all coupons of one at once.

use std::sync::Arc;

use super::claim::claim;
use super::decide::Context;
use super::define::{begun, check_version, check_window, next, number_limits};
use super::facts::{Entry, Facts};
use super::keys::{RESERVATIONS_MAX, SIBLINGS_MAX, Sequence};
use super::outcome::Outcome;
use super::requests::Start;
use super::{Stop, lookup, refuse, second_person, states};
use crate::campaign::{Campaign, CampaignDefinition, CampaignState, CampaignStep};
use crate::coupon::CouponState;
use crate::event::{Actor, EventKind, JournalNo, Subject};
use crate::id::{CampaignId, CampaignNo, CouponNo, CustomerNo};
use crate::limit::Limit;
use crate::rejection::Rejection;

/// The most coupons of a package: those of a campaign that are claimed together.
pub const PACKAGE_MAX: usize = 20;

/// The most coupons that one step of an abort looks at: each brings its reservations.
const ABORTED_AT_ONCE_MAX: usize = 10;

pub(super) fn create_campaign(
    facts: &mut Facts,
    context: Context,
    id: CampaignId,
    definition: &CampaignDefinition,
    start: Start,
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Limit);
    let no = CampaignNo(next(facts, Sequence::Campaign)?);
    let campaign = Campaign {
        no,
        id,
        version: 0,
        state: begun(start, &definition.window, context.now)?,
        definition: definition.clone(),
        limits: number_limits(facts, &definition.limits, &[])?,
        limits_retired: Vec::new(),
        created_at: context.now,
        changed_at: context.now,
        journal: JournalNo::default(),
    };
    Ok(outcome(&write(facts, context, None, campaign)))
}

pub(super) fn update_campaign(
    facts: &mut Facts,
    context: Context,
    (no, if_version): (CampaignNo, u32),
    definition: &CampaignDefinition,
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Limit);
    check_version(lookup::campaign(facts, no)?.version, if_version)?;
    let before = catch_up(facts, context, no)?;
    check_update(context, &before, definition)?;
    second_person::check_campaign(facts, context.now, &before, definition)?;
    let known: Vec<Limit> = before.limits.iter().chain(&before.limits_retired).cloned().collect();
    let limits = number_limits(facts, &definition.limits, &known)?;
    let limits_retired = known.into_iter().filter(|old| limits.iter().all(|limit| limit.no != old.no)).collect();
    let campaign = Campaign {
        definition: definition.clone(),
        limits,
        limits_retired,
        changed_at: context.now,
        ..(*before).clone()
    };
    write(facts, context, Some(before.state), campaign);
    // What was edited may be the window.
    catch_up(facts, context, no).map(|campaign| outcome(&campaign))
}

fn check_update(context: Context, before: &Campaign, definition: &CampaignDefinition) -> Result<(), Stop> {
    check_window(before.state, (&before.definition.window, &definition.window), context.now)?;
    if matches!(before.state, CampaignState::Ended | CampaignState::Aborted) {
        return refuse(Rejection::TransitionIllegal, format!("the campaign is {}", before.state.name()));
    }
    // Its coupons were made to give in it.
    if definition.currency != before.definition.currency {
        return refuse(Rejection::TransitionIllegal, "the currency of a campaign cannot change");
    }
    Ok(())
}

pub(super) fn move_campaign(
    facts: &mut Facts,
    context: Context,
    no: CampaignNo,
    step: CampaignStep,
) -> Result<Outcome, Stop> {
    let before = catch_up(facts, context, no)?;
    let Some(to) = before.state.after(step, &before.definition.window, context.now) else {
        return refuse(Rejection::TransitionIllegal, states::cannot("the campaign", before.state, step));
    };
    let to = match step {
        CampaignStep::Abort if abort_coupons(facts, context, no)? => to,
        // It grants nothing new, and the caller asks again.
        CampaignStep::Abort => states::halted(before.state),
        CampaignStep::Activate | CampaignStep::Pause | CampaignStep::End => to,
    };
    Ok(outcome(&move_to(facts, context, &before, to)))
}

/// Aborts coupons of the campaign, as many as one batch should bear. Returns whether all are.
fn abort_coupons(facts: &mut Facts, context: Context, no: CampaignNo) -> Result<bool, Stop> {
    let siblings = facts.siblings.get(&no)?.cloned().unwrap_or_default();
    let now = &siblings[..siblings.len().min(ABORTED_AT_ONCE_MAX)];
    for coupon in now {
        facts.coupons.ask(coupon);
        facts.reservations.ask(coupon);
    }
    let (mut aborted, mut reserved, mut missing) = (0, 0, false);
    for coupon in now {
        if reserved >= RESERVATIONS_MAX {
            break;
        }
        reserved += facts.reservations.get(coupon).ok().flatten().map_or(0, Vec::len);
        match states::catch_up(facts, context, *coupon).and_then(|before| states::abort(facts, context, &before)) {
            Ok(coupon) => aborted += usize::from(coupon.state == CouponState::Aborted),
            Err(Stop::Missing) => missing = true,
            Err(Stop::Refused(refusal)) => return Err(refusal.into()),
        }
    }
    if missing { Err(Stop::Missing) } else { Ok(aborted == siblings.len() && !is_cut(facts, no)) }
}

/// Whether the list of a campaign's coupons was loaded full: it may be part of the truth only, for the rest of the batch
/// too.
fn is_cut(facts: &Facts, no: CampaignNo) -> bool {
    facts.siblings.loaded(&no).is_some_and(|list| list.len() >= SIBLINGS_MAX)
}

/// Claims all running coupons of a campaign, or none.
pub(super) fn claim_package(
    facts: &mut Facts,
    context: Context,
    customer: CustomerNo,
    no: CampaignNo,
) -> Result<Outcome, Stop> {
    facts.siblings.ask(&no);
    let campaign = lookup::campaign(facts, no)?;
    lookup::check_campaign_grants(&campaign, context.now)?;
    let package = package(facts, context, no)?;
    if package.is_empty() {
        return refuse(Rejection::CouponNotActive, format!("no coupon of campaign {no} is running"));
    }
    claim(facts, context, customer, &package)
}

fn package(facts: &Facts, context: Context, no: CampaignNo) -> Result<Vec<CouponNo>, Stop> {
    let siblings = facts.siblings.get(&no)?.map_or(&[][..], Vec::as_slice);
    siblings.iter().for_each(|coupon| facts.coupons.ask(coupon));
    let mut running = Vec::new();
    for coupon in siblings {
        if lookup::coupon(facts, *coupon)?.state_at(context.now) == CouponState::Running {
            running.push(*coupon);
        }
    }
    if running.len() > PACKAGE_MAX || is_cut(facts, no) {
        return refuse(
            Rejection::PackageTooLarge,
            format!("campaign {no} has more than {PACKAGE_MAX} running coupons, or more than {SIBLINGS_MAX} in all"),
        );
    }
    Ok(running)
}

/// Writes down where the clock has led a campaign, as for a coupon.
pub(super) fn catch_up(facts: &mut Facts, context: Context, no: CampaignNo) -> Result<Arc<Campaign>, Stop> {
    let clock = Context { actor: Actor::System, ..context };
    let mut campaign = lookup::campaign(facts, no)?;
    while let Some((due_at, to)) = campaign.state.next_by_clock(&campaign.definition.window)
        && due_at <= context.now
    {
        campaign = move_to(facts, clock, &campaign, to);
    }
    Ok(campaign)
}

fn move_to(facts: &mut Facts, context: Context, before: &Campaign, to: CampaignState) -> Arc<Campaign> {
    let campaign = Campaign { state: to, changed_at: context.now, ..before.clone() };
    write(facts, context, Some(before.state), campaign)
}

fn outcome(campaign: &Campaign) -> Outcome {
    Outcome::Campaign { no: campaign.no, version: campaign.version }
}

/// The one place where a campaign's row is written.
fn write(facts: &mut Facts, context: Context, from: Option<CampaignState>, campaign: Campaign) -> Arc<Campaign> {
    debug_assert!(CampaignState::may_become(from, campaign.state), "{from:?} to {:?}", campaign.state);
    let previous = campaign.journal;
    let campaign = Campaign { version: campaign.version + 1, journal: facts.next_journal(), ..campaign };
    let (no, version) = (campaign.no, campaign.version);
    let entry = Entry { subject: Subject::Campaign(no), version, previous, actor: context.actor };
    facts.record(entry, EventKind::Campaign { from, to: campaign.state }, Vec::new());
    let campaign = Arc::new(campaign);
    facts.record_campaign_version(Arc::clone(&campaign));
    facts.campaigns.put(no, Arc::clone(&campaign));
    campaign
}
