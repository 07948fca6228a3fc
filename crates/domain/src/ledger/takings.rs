//! Taking from limits and giving back. All limits of a taking are taken together or not at all.

use std::collections::BTreeMap;

use super::decide::Context;
use super::facts::Facts;
use super::lookup::Source;
use super::persons::{counter_now, person_of};
use super::room::make_room;
use super::{Stop, refuse};
use crate::id::CustomerNo;
use crate::limit::{Cause, Counts, GiveBack, Limit, Per, Taking, Usage, UsageDelta, UsageKey, UsageSubject};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// What is to be taken from a coupon's limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    /// What kind of limits are concerned.
    pub counts: Counts,
    /// Only the limits for everyone, or only those per customer, or both.
    pub whose: Whose,
    /// Whose limits per customer.
    pub customer: Option<CustomerNo>,
    /// How much.
    pub amount: i64,
    /// It may still end by itself.
    pub held: bool,
}

/// Which limits of a kind a taking concerns. The codes of a block take for everyone when made, per customer when used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    All,
    Everyone,
    Customers,
}

/// What was taken, and how the counters changed by it.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    pub takings: Vec<Taking>,
    pub deltas: Vec<UsageDelta>,
}

impl Taken {
    pub(super) fn extend(&mut self, other: Self) {
        self.takings.extend(other.takings);
        self.deltas.extend(other.deltas);
    }
}

/// Takes from every limit concerned. Before a limit refuses, what is already due is taken back.
pub(super) fn take(facts: &mut Facts, context: Context, source: &Source, want: Want) -> Result<Taken, Stop> {
    let takings = plan(facts, context.now, source, want)?;
    make_room(facts, context, source, &takings)?;
    take_planned(facts, takings, want.held)
}

/// The same for several wants, from all limits or none. They are all held, or none is.
pub(super) fn take_together(
    facts: &mut Facts,
    context: Context,
    source: &Source,
    wants: &[Want],
) -> Result<Taken, Stop> {
    let takings = room_for(facts, context, source, wants)?;
    take_planned(facts, takings, wants.iter().any(|want| want.held))
}

fn take_planned(facts: &mut Facts, takings: Vec<(&Limit, Taking)>, held: bool) -> Result<Taken, Stop> {
    let mut taken = Taken::default();
    for (limit, taking) in takings {
        let used = if held { 0 } else { taking.amount };
        let delta = UsageDelta { key: taking.key, used, held: taking.amount - used };
        apply(facts, &delta, Some(limit.max))?;
        taken.deltas.push(delta);
        taken.takings.push(taking);
    }
    Ok(taken)
}

/// Value that was issued has been sold or given away: limits get nothing of it back, whatever becomes of the voucher.
const KEPT: GiveBack = GiveBack { hold_expired: false, reservation_ended: false, returned: false, revoked: false };

/// Takes what the making of vouchers takes: each of these, or none.
pub(super) fn take_all(
    facts: &mut Facts,
    context: Context,
    source: &Source,
    wants: impl IntoIterator<Item = Option<Want>>,
) -> Result<Taken, Stop> {
    let mut taken = Taken::default();
    for want in wants.into_iter().flatten() {
        match take(facts, context, source, want) {
            Ok(mut more) => {
                let value = more.takings.iter_mut().filter(|taking| taking.counts == Counts::Value);
                value.for_each(|taking| taking.give_back = KEPT);
                taken.extend(more);
            }
            Err(stop) => {
                taken.deltas.iter().try_for_each(|delta| undo(facts, delta))?;
                return Err(stop);
            }
        }
    }
    Ok(taken)
}

/// Sees to it that there is room for all of it. Returns what would be taken.
pub(super) fn room_for<'a>(
    facts: &mut Facts,
    context: Context,
    source: &'a Source,
    wants: &[Want],
) -> Result<Vec<(&'a Limit, Taking)>, Stop> {
    let plans: Vec<_> = wants.iter().map(|want| plan(facts, context.now, source, *want)).collect();
    let plans: Vec<_> = plans.into_iter().collect::<Result<_, _>>()?;
    let takings = plans.into_iter().flatten().collect::<Vec<_>>();
    make_room(facts, context, source, &takings)?;
    Ok(takings)
}

/// What a limit has left.
pub(super) fn left(facts: &Facts, limit: &Limit, taking: &Taking) -> Result<i64, Stop> {
    let usage = facts.usages.get(&taking.key)?.copied().unwrap_or_default();
    Ok(limit.max.saturating_sub(usage.used).saturating_sub(usage.held))
}

/// Asks for the counters of a taking, so that one round of loading brings those of several.
pub(super) fn ask(facts: &Facts, now: Timestamp, source: &Source, want: Want) {
    // A refusal is for the taking itself to say.
    let _ = plan(facts, now, source, want);
}

/// What would be taken, and from which limits.
pub(super) fn plan<'a>(
    facts: &Facts,
    now: Timestamp,
    source: &'a Source,
    want: Want,
) -> Result<Vec<(&'a Limit, Taking)>, Stop> {
    let (mut takings, mut missing) = (Vec::new(), None);
    for limit in source.limits().filter(|limit| limit.counts == want.counts) {
        let subject = match (limit.per, want.whose) {
            (Per::Everyone, Whose::Customers) | (Per::Customer, Whose::Everyone) => continue,
            (Per::Everyone, Whose::All | Whose::Everyone) => UsageSubject::EVERYONE,
            (Per::Customer, Whose::All | Whose::Customers) => match want.customer {
                Some(no) => UsageSubject::customer(person_of(facts, no).unwrap_or_else(|stop| {
                    // Most are a person of their own, whose counter is asked for in the same round.
                    missing = Some(stop);
                    no
                })),
                None => {
                    return refuse(
                        Rejection::CustomerRequired,
                        format!("limit {} counts per customer; name the customer", limit.id),
                    );
                }
            },
        };
        let period = limit.period.start(now, &facts.settings.zone);
        let key = UsageKey { limit: limit.no, subject, period };
        facts.usages.ask(&key);
        takings.push((limit, Taking { key, counts: want.counts, amount: want.amount, give_back: limit.give_back }));
    }
    missing.map_or(Ok(takings), Err)
}

/// Gives back what was taken, as recorded, for that cause; what does not come back but was held becomes used.
/// Returns how the counters changed.
pub(super) fn settle(facts: &mut Facts, takings: &[Taking], held: bool, end: End) -> Result<Vec<UsageDelta>, Stop> {
    // Used for good already: no counter moves, and none need be loaded or locked for it.
    if !held && end == End::Used {
        return Ok(Vec::new());
    }
    need(facts, takings)?;
    let mut deltas = Vec::with_capacity(takings.len());
    for taking in takings {
        let key = counter_now(facts, taking.key)?;
        let back = match end {
            End::Used => false,
            End::Undone(cause) => taking.give_back.on(cause),
        };
        let delta = match (held, back) {
            (true, true) => UsageDelta { key, used: 0, held: -taking.amount },
            (true, false) => UsageDelta { key, used: taking.amount, held: -taking.amount },
            (false, true) => UsageDelta { key, used: -taking.amount, held: 0 },
            (false, false) => continue,
        };
        apply(facts, &delta, None)?;
        deltas.push(delta);
    }
    Ok(deltas)
}

/// Sees to it that all counters of these takings are loaded: a command that goes on to ask for more after a missing
/// fact must not find half of a step done.
pub(super) fn need(facts: &Facts, takings: &[Taking]) -> Result<(), Stop> {
    let mut all = Ok(());
    for taking in takings {
        all = all.and(counter_now(facts, taking.key).and_then(|key| facts.usages.get(&key).map(drop)));
    }
    all
}

/// How a taking ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Used for good.
    Used,
    /// Undone, for a cause.
    Undone(Cause),
}

/// Puts a taking of the same command back, as if it had not been.
pub(super) fn undo(facts: &mut Facts, delta: &UsageDelta) -> Result<(), Stop> {
    apply(facts, &UsageDelta { key: delta.key, used: -delta.used, held: -delta.held }, None)
}

/// Gives part of an amount back into one counter of things used.
pub(super) fn give_back_part(facts: &mut Facts, key: UsageKey, amount: i64) -> Result<UsageDelta, Stop> {
    let delta = UsageDelta { key: counter_now(facts, key)?, used: -amount, held: 0 };
    apply(facts, &delta, None)?;
    Ok(delta)
}

/// Changes a counter. A grant writes the maximum it was decided under as the row's bound.
fn apply(facts: &mut Facts, delta: &UsageDelta, granted_under: Option<i64>) -> Result<(), Stop> {
    let mut usage: Usage = facts.usages.get(&delta.key)?.copied().unwrap_or_default();
    usage.used += delta.used;
    usage.held += delta.held;
    if let Some(max) = granted_under {
        usage.bound = max;
    }
    debug_assert!(usage.used >= 0 && usage.held >= 0, "a counter below zero: {delta:?}");
    facts.usages.put(delta.key, usage);
    Ok(())
}

/// Adds up deltas of one event by counter, and leaves out what cancels itself.
pub(super) fn summed(deltas: impl IntoIterator<Item = UsageDelta>) -> Vec<UsageDelta> {
    let mut sums: BTreeMap<UsageKey, UsageDelta> = BTreeMap::new();
    for delta in deltas {
        let sum = sums.entry(delta.key).or_insert(UsageDelta { key: delta.key, used: 0, held: 0 });
        sum.used += delta.used;
        sum.held += delta.held;
    }
    sums.into_values().filter(|sum| sum.used != 0 || sum.held != 0).collect()
}
