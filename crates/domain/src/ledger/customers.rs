//! Customers: made, found by an identity, changed, erased. Whoever carries an identity that somebody else carries too is
//! one person with them in limits, proven or not, and nothing more.

use super::decide::Context;
use super::define::next;
use super::facts::Facts;
use super::keys::Sequence;
use super::outcome::Outcome;
use super::persons::{all, join, person_of, standing};
use super::{Stop, moves, persons, refuse};
use crate::customer::{Carrier, Customer, CustomerProfile, Person};
use crate::event::{EventKind, JournalNo};
use crate::id::{CustomerId, CustomerNo};
use crate::identity::{IDENTITIES_MAX, Identity, IdentityKey, IdentityKind};
use crate::limit::UsageDelta;
use crate::rejection::Rejection;

pub(super) fn create(
    facts: &mut Facts,
    context: Context,
    id: CustomerId,
    profile: &CustomerProfile,
) -> Result<Outcome, Stop> {
    let identities = profile.identities().map(|(kind, value)| Identity::new(kind, value, context.now)).collect();
    make(facts, context, id, (profile.clone(), identities))
}

/// Whom an identity stands for: who has proven it, else the oldest guest that carries it and has proven nothing, else
/// somebody new.
pub(super) fn ensure(
    facts: &mut Facts,
    context: Context,
    id: CustomerId,
    (kind, value): (IdentityKind, &str),
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Customer);
    let identity = Identity::new(kind, value, context.now);
    let carriers = carriers(facts, &identity.key)?;
    if let Some(holder) = holder(facts, &carriers)? {
        return Ok(Outcome::Customer(holder));
    }
    let mut profile = CustomerProfile::default();
    if let Some(place) = profile.place(kind) {
        *place = Some(value.to_owned());
    }
    make(facts, context, id, (profile, vec![identity]))
}

fn holder(facts: &Facts, carriers: &[Carrier]) -> Result<Option<CustomerNo>, Stop> {
    if let Some(holder) = carriers.iter().find(|carrier| carrier.is_verified) {
        return Ok(Some(holder.customer));
    }
    let guests = all(carriers.iter().map(|carrier| known(facts, carrier.customer)))?;
    Ok(guests.iter().find(|guest| guest.is_open()).map(|guest| guest.no))
}

fn make(
    facts: &mut Facts,
    context: Context,
    id: CustomerId,
    (profile, identities): (CustomerProfile, Vec<Identity>),
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Customer);
    for identity in &identities {
        check_free(facts, &identity.key, None)?;
    }
    let no = CustomerNo(next(facts, Sequence::Customer)?);
    let usage = join_carriers(facts, no, identities.iter().map(|identity| &identity.key))?;
    let customer = Customer {
        no,
        id,
        version: 0,
        profile,
        guest: true,
        identities,
        created_at: context.now,
        erased_at: None,
        journal: JournalNo::default(),
    };
    moves::customer(facts, context, None, customer, (EventKind::Customer, usage));
    Ok(Outcome::Customer(no))
}

pub(super) fn update(
    facts: &mut Facts,
    context: Context,
    (customer, if_version): (CustomerNo, u32),
    profile: &CustomerProfile,
) -> Result<Outcome, Stop> {
    let before = standing_now(facts, customer)?;
    if before.version != if_version {
        let version = before.version;
        return refuse(Rejection::VersionStale, format!("the customer has version {version} now, not {if_version}"));
    }
    let mut after = Customer { profile: profile.clone(), ..before.clone() };
    let said_no_more = before.profile.identities().map(|(kind, value)| IdentityKey::of(kind, value));
    let said: Vec<Identity> =
        profile.identities().map(|(kind, value)| Identity::new(kind, value, context.now)).collect();
    for key in said_no_more.filter(|key| said.iter().all(|identity| identity.key != *key)) {
        after.identities.retain(|identity| identity.key != key);
    }
    let mut usage = Vec::new();
    for identity in said {
        usage.extend(give(facts, &mut after, identity)?);
    }
    Ok(written(facts, context, &before, after, usage))
}

pub(super) fn add(
    facts: &mut Facts,
    context: Context,
    customer: CustomerNo,
    (kind, value): (IdentityKind, &str),
) -> Result<Outcome, Stop> {
    let before = standing_now(facts, customer)?;
    let identity = Identity::new(kind, value, context.now);
    if before.identity(&identity.key).is_some() {
        return Ok(unchanged(&before));
    }
    let mut after = before.clone();
    show(&mut after.profile, kind, value);
    let usage = give(facts, &mut after, identity)?;
    Ok(written(facts, context, &before, after, usage))
}

pub(super) fn remove(
    facts: &mut Facts,
    context: Context,
    customer: CustomerNo,
    key: &IdentityKey,
) -> Result<Outcome, Stop> {
    let before = standing_now(facts, customer)?;
    if before.identity(key).is_none() {
        return refuse(Rejection::IdentityNotFound, "the customer has no such identity");
    }
    let mut after = before.clone();
    after.identities.retain(|identity| identity.key != *key);
    if let Some(place) = after.profile.place(key.kind)
        && place.as_deref().is_some_and(|value| IdentityKey::of(key.kind, value) == *key)
    {
        *place = None;
    }
    Ok(written(facts, context, &before, after, Vec::new()))
}

/// Nothing personal is left. Vouchers, redemptions and counters stay, whose figures are not about anybody any more: what
/// is still valid can be used by who has its code.
pub(super) fn erase(facts: &mut Facts, context: Context, customer: CustomerNo) -> Result<Outcome, Stop> {
    let before = known(facts, standing(facts, customer)?)?;
    if before.erased_at.is_some() {
        return Ok(unchanged(&before));
    }
    let after = Customer {
        profile: CustomerProfile::default(),
        guest: false,
        identities: Vec::new(),
        erased_at: Some(context.now),
        ..before.clone()
    };
    let after = moves::customer(facts, context, Some(&before), after, (EventKind::CustomerErased, Vec::new()));
    // No list names it any more, for the rest of the batch too.
    facts.memberships.put(after.no, Vec::new());
    Ok(unchanged(&after))
}

/// Gives a customer an identity it has not, unless it is another's alone; who carries it becomes one person with them.
pub(super) fn give(facts: &mut Facts, to: &mut Customer, identity: Identity) -> Result<Vec<UsageDelta>, Stop> {
    if to.identity(&identity.key).is_some() {
        return Ok(Vec::new());
    }
    check_free(facts, &identity.key, Some(to.no))?;
    if to.identities.len() >= IDENTITIES_MAX {
        return refuse(Rejection::IdentitiesFull, format!("a customer has at most {IDENTITIES_MAX} identities"));
    }
    let usage = join_carriers(facts, to.no, std::iter::once(&identity.key))?;
    to.identities.push(identity);
    Ok(usage)
}

/// The profile shows an identity of a kind of which it shows none.
pub(super) fn show(profile: &mut CustomerProfile, kind: IdentityKind, value: &str) {
    if let Some(place) = profile.place(kind) {
        place.get_or_insert_with(|| value.to_owned());
    }
}

/// The shop's own id is one customer's.
fn check_free(facts: &Facts, key: &IdentityKey, own: Option<CustomerNo>) -> Result<(), Stop> {
    let others = carriers(facts, key)?.into_iter().any(|carrier| Some(carrier.customer) != own);
    if key.kind == IdentityKind::ExternalId && others {
        return refuse(Rejection::IdentityTaken, "another customer has this external_id");
    }
    Ok(())
}

/// Makes the customer one person with whoever carries one of these.
fn join_carriers<'k>(
    facts: &mut Facts,
    no: CustomerNo,
    keys: impl Iterator<Item = &'k IdentityKey>,
) -> Result<Vec<UsageDelta>, Stop> {
    let mut others = Vec::new();
    for key in keys {
        others.extend(carriers(facts, key)?.into_iter().map(|carrier| carrier.customer).find(|other| *other != no));
    }
    let others = all(others.into_iter().map(|other| person_of(facts, other)))?;
    let mut usage = Vec::new();
    for other in others {
        let own = person_of(facts, no)?;
        // The persons of the others may have become one by the last step.
        let other = person_of(facts, other)?;
        let nobody_yet = facts.customers.known(&no).is_none_or(Option::is_none) && own == no;
        if nobody_yet {
            // It has taken nothing, so there are no counters to be moved.
            persons::put(facts, no, Person { person: other, merged_into: None });
        } else {
            usage.extend(join(facts, own, other)?);
        }
    }
    Ok(usage)
}

pub(super) fn carriers(facts: &Facts, key: &IdentityKey) -> Result<Vec<Carrier>, Stop> {
    Ok(facts.carriers.get(key)?.cloned().unwrap_or_default())
}

pub(super) fn known(facts: &Facts, no: CustomerNo) -> Result<Customer, Stop> {
    match facts.customers.get(&no)? {
        Some(customer) => Ok(customer.clone()),
        None => refuse(Rejection::CustomerNotFound, "there is no such customer"),
    }
}

/// The customer that stands for this one, if anything may still be said of it.
pub(super) fn standing_now(facts: &Facts, no: CustomerNo) -> Result<Customer, Stop> {
    facts.customers.ask(&no);
    let customer = known(facts, standing(facts, no)?)?;
    if customer.erased_at.is_some() {
        return refuse(Rejection::CustomerErased, "everything personal of the customer was erased");
    }
    Ok(customer)
}

fn written(facts: &mut Facts, context: Context, before: &Customer, after: Customer, usage: Vec<UsageDelta>) -> Outcome {
    unchanged(&moves::customer(facts, context, Some(before), after, (EventKind::Customer, usage)))
}

pub(super) fn unchanged(customer: &Customer) -> Outcome {
    Outcome::CustomerChanged { no: customer.no, version: customer.version, is_done: true }
}
