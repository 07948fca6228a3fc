//! Definitions: written through the same ledger, so that they are idempotent, numbered, journalled and serial with the
//! claims that depend on them.

use super::decide::Context;
use super::facts::Facts;
use super::import::check_free;
use super::keys::Sequence;
use super::outcome::Outcome;
use super::requests::Start;
use super::states::{catch_up, outcome, write};
use super::{Stop, lookup, refuse, second_person};
use crate::benefit::Benefit;
use crate::campaign::CampaignState;
use crate::codes::{Pattern, Reading, prefixes_clash};
use crate::coupon::{Compiled, Coupon, CouponState, CouponStep, Definition, LimitDefinition, Vetting};
use crate::event::JournalNo;
use crate::id::{COUPONS_MAX, CouponId, CouponNo, LimitNo};
use crate::limit::{GiveBack, Limit};
use crate::rejection::{Refusal, Rejection};
use crate::tenant::Quotas;
use crate::time::Timestamp;
use crate::window::{FREEZE_MS, Window};

pub(super) fn create_coupon(
    facts: &mut Facts,
    context: Context,
    id: CouponId,
    (definition, start): (&Definition, Start),
    code: Option<&Reading>,
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Limit);
    facts.sequences.ask(&Sequence::Coupon);
    check_campaign(facts, context.now, definition)?;
    check_ceilings(facts, definition)?;
    let state = begun(start, &definition.window, context.now)?;
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
        state,
        definition: definition.clone(),
        limits,
        limits_retired: Vec::new(),
        vetting: Vetting::begun(context.actor),
        created_at: context.now,
        changed_at: context.now,
        journal: JournalNo::default(),
        compiled: Compiled::default(),
    };
    if start == Start::Active {
        second_person::check_start(facts, &coupon)?;
    }
    Ok(outcome(&write(facts, context, None, coupon)))
}

/// The state in which a definition begins.
pub(super) fn begun(start: Start, window: &Window, now: Timestamp) -> Result<CouponState, Stop> {
    let state = match start {
        Start::Draft => Some(CouponState::Draft),
        Start::Active => CouponState::Draft.after(CouponStep::Activate, window, now),
    };
    state.map_or_else(|| refuse(Rejection::TransitionIllegal, "its window is over"), Ok)
}

pub(super) fn update_coupon(
    facts: &mut Facts,
    context: Context,
    (no, if_version): (CouponNo, u32),
    definition: &Definition,
    code: Option<&Reading>,
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Limit);
    check_version(lookup::coupon(facts, no)?.version, if_version)?;
    let before = catch_up(facts, context, no)?;
    check_update(facts, context.now, &before, definition)?;
    change_code(facts, no, code)?;
    let known: Vec<Limit> = before.limits.iter().chain(&before.limits_retired).cloned().collect();
    let limits = number_limits(facts, &definition.limits, &known)?;
    let limits_retired = known.into_iter().filter(|old| limits.iter().all(|limit| limit.no != old.no)).collect();
    let mut vetting = before.vetting.changed(context.actor);
    if before.state != CouponState::Draft {
        vetting = vetting.with_limits(&before, &limits, second_person::bound_of(facts, &before)?);
    }
    let definition = definition.clone();
    let coupon = Coupon { definition, limits, limits_retired, vetting, changed_at: context.now, ..(*before).clone() };
    second_person::check_change(facts, &before, &coupon, context.now)?;
    write(facts, context, Some(before.state), coupon);
    // What was edited may be the window.
    catch_up(facts, context, no).map(|coupon| outcome(&coupon))
}

/// What was edited, and not what the clock has made of it since.
pub(super) fn check_version(version: u32, if_version: u32) -> Result<(), Stop> {
    if version == if_version {
        return Ok(());
    }
    refuse(Rejection::VersionStale, format!("there is version {version} now, not {if_version}"))
}

fn check_update(facts: &Facts, now: Timestamp, before: &Coupon, definition: &Definition) -> Result<(), Stop> {
    check_window(before.state, (&before.definition.window, &definition.window), now)?;
    check_siblings_frozen(facts, now, before)?;
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
    // What vouchers are worth was said when they were issued, and of codes in print it is written nowhere else.
    let gives_value = |definition: &Definition| matches!(definition.benefit, Benefit::GiftValue { .. });
    let concerns_value = gives_value(definition) || gives_value(&before.definition);
    if concerns_value && definition.benefit != before.definition.benefit && before.state != CouponState::Draft {
        return refuse(Rejection::TransitionIllegal, "gift value that was issued cannot change; make another coupon");
    }
    // What was drawn counts when it is drawn, and anything else when it is used.
    if definition.is_drawn() != before.definition.is_drawn() && before.state != CouponState::Draft {
        return refuse(Rejection::TransitionIllegal, "an active coupon cannot begin or cease to give a random amount");
    }
    check_campaign_currency(facts, definition)
}

/// Shortly before its start a definition stays as it is, and what has started has done so when it did.
pub(super) fn check_window(
    state: CouponState,
    (before, after): (&Window, &Window),
    now: Timestamp,
) -> Result<(), Stop> {
    match state {
        CouponState::Scheduled => before.starting(now).map_or(Ok(()), |starts_at| frozen("it", starts_at)),
        CouponState::Running | CouponState::Paused if before.has_begun(now) && before.starts_at != after.starts_at => {
            refuse(Rejection::TransitionIllegal, "the start of what has started cannot change")
        }
        CouponState::Draft | CouponState::Running | CouponState::Paused | CouponState::Ended | CouponState::Aborted => {
            Ok(())
        }
    }
}

/// A campaign that is about to start holds its coupons still too.
fn check_siblings_frozen(facts: &Facts, now: Timestamp, coupon: &Coupon) -> Result<(), Stop> {
    let Some(no) = coupon.definition.campaign else { return Ok(()) };
    let campaign = lookup::campaign(facts, no)?;
    let scheduled = campaign.state_at(now) == CampaignState::Scheduled;
    match campaign.definition.window.starting(now).filter(|_| scheduled) {
        Some(starts_at) => frozen("its campaign", starts_at),
        None => Ok(()),
    }
}

fn frozen(what: &str, starts_at: Timestamp) -> Result<(), Stop> {
    let detail = format!("{what} starts within {} minutes; edit it afterwards", FREEZE_MS / 60_000);
    Err(Refusal::new(Rejection::EditTooLate, detail).retry_at(Some(starts_at)).into())
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

/// What a tenant's coupons may give at most.
fn check_ceilings(facts: &Facts, definition: &Definition) -> Result<(), Stop> {
    match facts.settings.ceilings.exceeded_by(&definition.benefit) {
        Some(above) => refuse(Rejection::CeilingExceeded, above.to_string()),
        None => Ok(()),
    }
}

/// A campaign that is over takes no more coupons: they could never grant.
fn check_campaign(facts: &Facts, now: Timestamp, definition: &Definition) -> Result<(), Stop> {
    let Some(no) = definition.campaign else { return Ok(()) };
    let campaign = lookup::campaign(facts, no)?;
    if matches!(campaign.state_at(now), CampaignState::Ended | CampaignState::Aborted) {
        lookup::check_campaign_grants(&campaign, now)?;
    }
    check_campaign_currency(facts, definition)
}

/// Value is counted over all coupons of a campaign, so it is in one currency.
fn check_campaign_currency(facts: &Facts, definition: &Definition) -> Result<(), Stop> {
    let Some(no) = definition.campaign else { return Ok(()) };
    match lookup::campaign(facts, no)?.definition.currency {
        Some(currency) if definition.currency != Some(currency) => {
            refuse(Rejection::CurrencyMismatch, format!("coupons of campaign {no} give in {currency}"))
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
    let Quotas { coupons, campaigns, customers, accounts } = facts.settings.quotas;
    let (quota, what) = match sequence {
        Sequence::Coupon => (coupons, "coupons"),
        Sequence::Campaign => (campaigns, "campaigns"),
        Sequence::Customer => (customers, "customers"),
        Sequence::Account => (accounts, "accounts"),
        Sequence::Limit => (None, "limits"),
    };
    if let Some(quota) = quota.filter(|quota| no > *quota) {
        return refuse(Rejection::QuotaExceeded, format!("the tenant may make {quota} {what}, and has"));
    }
    facts.sequences.put(sequence, no + 1);
    Ok(no)
}
