//! Who is who: which customer stands for one that was merged, and which customers count as one person.
//!
//! A limit per customer counts a person. What was taken names the counter it was taken from, for ever; when a person
//! becomes part of another, its counters are added to the other's once, and whatever is settled later finds the counter
//! through the person. So nothing that was recorded is ever rewritten.

use super::facts::Facts;
use super::keys::{COUNTERS_MAX, MEMBERS_MAX};
use super::{Stop, refuse};
use crate::customer::Person;
use crate::id::CustomerNo;
use crate::limit::{Usage, UsageDelta, UsageKey, UsageSubject};
use crate::rejection::Rejection;

/// The customer that stands for this one: itself, unless it was merged into another.
pub(super) fn standing(facts: &Facts, no: CustomerNo) -> Result<CustomerNo, Stop> {
    Ok(facts.persons.get(&no)?.and_then(|person| person.merged_into).unwrap_or(no))
}

/// As whom the customer counts in limits per customer.
pub(super) fn person_of(facts: &Facts, no: CustomerNo) -> Result<CustomerNo, Stop> {
    Ok(facts.persons.get(&no)?.map_or(no, |person| person.person))
}

/// The counter that a counter of some time ago is part of by now.
pub(super) fn counter_now(facts: &Facts, key: UsageKey) -> Result<UsageKey, Stop> {
    match key.subject.person() {
        Some(person) => Ok(UsageKey { subject: UsageSubject::customer(person_of(facts, person)?), ..key }),
        None => Ok(key),
    }
}

/// Makes one person of two, the one of the lower number. Returns how the counters changed.
pub(super) fn join(facts: &mut Facts, one: CustomerNo, other: CustomerNo) -> Result<Vec<UsageDelta>, Stop> {
    if one == other {
        return Ok(Vec::new());
    }
    let (to, from) = (one.min(other), one.max(other));
    facts.counters.ask(&UsageSubject::customer(from));
    let mut members = facts.members.get(&from)?.cloned().unwrap_or_default();
    if members.len() > MEMBERS_MAX {
        return refuse(
            Rejection::PersonTooLarge,
            format!("more than {MEMBERS_MAX} customers would become one with others"),
        );
    }
    members.push(from);
    let before = all(members.iter().map(|member| facts.persons.get(member).map(Option::<&Person>::copied)))?;
    let deltas = move_counters(facts, UsageSubject::customer(from), UsageSubject::customer(to))?;
    for (member, before) in members.into_iter().zip(before) {
        put(facts, member, Person { person: to, merged_into: before.and_then(|before| before.merged_into) });
    }
    Ok(deltas)
}

/// Writes what a customer is one with; the lists of who is what follow.
pub(super) fn put(facts: &mut Facts, no: CustomerNo, person: Person) {
    let before = facts.persons.known(&no).and_then(Option::as_ref).copied();
    let leave = |list: &mut Vec<CustomerNo>| list.retain(|other| *other != no);
    let join = |list: &mut Vec<CustomerNo>| {
        leave(list);
        list.insert(list.partition_point(|other| *other < no), no);
    };
    if let Some(before) = before {
        facts.members.amend(&before.person, leave);
        before.merged_into.iter().for_each(|into| facts.merged.amend(into, leave));
    }
    if person.person != no {
        facts.members.amend(&person.person, join);
    }
    person.merged_into.iter().for_each(|into| facts.merged.amend(into, join));
    facts.persons.put(no, person);
}

/// All of them, or missing; none keeps the others from being asked for.
pub(super) fn all<T>(rows: impl Iterator<Item = Result<T, Stop>>) -> Result<Vec<T>, Stop> {
    let (mut all, mut missing) = (Vec::new(), None);
    for row in rows {
        match row {
            Ok(row) => all.push(row),
            Err(stop) => missing = Some(stop),
        }
    }
    missing.map_or(Ok(all), Err)
}

fn move_counters(facts: &mut Facts, from: UsageSubject, to: UsageSubject) -> Result<Vec<UsageDelta>, Stop> {
    let keys = counters_of(facts, from)?;
    if keys.len() > COUNTERS_MAX {
        return refuse(Rejection::PersonTooLarge, format!("more than {COUNTERS_MAX} counters would become another's"));
    }
    let there = |key: &UsageKey| UsageKey { subject: to, ..*key };
    let both = keys.iter().flat_map(|key| [*key, there(key)]);
    let rows = all(both.map(|key| facts.usages.get(&key).map(|usage| usage.copied().unwrap_or_default())))?;
    let mut deltas = Vec::new();
    for (key, rows) in keys.iter().zip(rows.chunks_exact(2)) {
        let Usage { used, held, bound } = rows[0];
        if (used, held) == (0, 0) {
            continue;
        }
        let sum = Usage { used: rows[1].used + used, held: rows[1].held + held, bound: rows[1].bound.max(bound) };
        // What both took was granted, though it may be more than one may take: the row must be able to say so.
        let sum = Usage { bound: sum.bound.max(sum.used + sum.held), ..sum };
        facts.usages.put(*key, Usage { used: 0, held: 0, bound });
        facts.usages.put(there(key), sum);
        deltas.push(UsageDelta { key: *key, used: -used, held: -held });
        deltas.push(UsageDelta { key: there(key), used, held });
    }
    Ok(deltas)
}

/// The counters of a person: those a store has, and those that commands of this batch have begun.
fn counters_of(facts: &Facts, subject: UsageSubject) -> Result<Vec<UsageKey>, Stop> {
    let mut keys = facts.counters.get(&subject)?.cloned().unwrap_or_default();
    keys.extend(facts.usages.written().map(|(key, _)| *key).filter(|key| key.subject == subject));
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}
