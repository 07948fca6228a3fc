//! Verification: an identity is proven to be a customer's, and whoever is the same by that is merged into it.
//!
//! Merged are who had proven it before (the later proof wins) and guests that carry it and have proven nothing. An
//! account that only says it has the identity is not: its vouchers are not given away for a slip of its owner's pen.
//! Vouchers move first, a bounded number in each step; the step that moves the last of them merges.

use super::customers::{carriers, give, known, show, standing_now, unchanged};
use super::decide::Context;
use super::facts::Facts;
use super::keys::{CARRIERS_MAX, MEMBERS_MAX, MOVES_MAX};
use super::outcome::Outcome;
use super::persons::{all, join, person_of};
use super::takings::summed;
use super::{Stop, moves, persons, refuse};
use crate::customer::{Customer, CustomerProfile, Person};
use crate::event::{EventKind, VoucherStep};
use crate::id::{CustomerNo, VoucherKey};
use crate::identity::{IDENTITIES_MAX, Identity, IdentityKind};
use crate::limit::{UsageDelta, UsageSubject};
use crate::rejection::Rejection;
use crate::voucher::Voucher;

pub(super) fn verify(
    facts: &mut Facts,
    context: Context,
    customer: CustomerNo,
    (kind, value): (IdentityKind, &str),
) -> Result<Outcome, Stop> {
    let before = standing_now(facts, customer)?;
    let identity = Identity { verified_at: Some(context.now), ..Identity::new(kind, value, context.now) };
    let same = carriers(facts, &identity.key)?;
    let others = same.iter().filter(|carrier| carrier.customer != before.no);
    let others = all(others.map(|carrier| Ok((carrier.is_verified, known(facts, carrier.customer)?))))?;
    let others: Vec<Customer> =
        others.into_iter().filter(|(proven, other)| *proven || other.is_open()).map(|(_, other)| other).collect();
    let is_proven = before.identity(&identity.key).is_some_and(|own| own.verified_at.is_some());
    if is_proven && others.is_empty() {
        return Ok(unchanged(&before));
    }
    others.iter().for_each(|other| ask(facts, other));
    let mut merge = Merge { context, into: before.clone(), usage: Vec::new(), moves_left: MOVES_MAX };
    // More may carry it than were looked at.
    let mut is_done = same.len() < CARRIERS_MAX || others.is_empty();
    for other in &others {
        if !merge.take(facts, other)? {
            is_done = false;
            break;
        }
    }
    let Merge { mut into, mut usage, .. } = merge;
    if is_done {
        match into.identities.iter_mut().find(|own| own.key == identity.key) {
            Some(own) => own.verified_at = own.verified_at.or(Some(context.now)),
            None => {
                show(&mut into.profile, kind, value);
                usage.extend(give(facts, &mut into, identity)?);
            }
        }
    }
    let usage = summed(usage);
    let after = moves::customer(facts, context, Some(&before), into, (EventKind::Customer, usage));
    Ok(Outcome::CustomerChanged { no: after.no, version: after.version, is_done })
}

/// Asks for what a merge of this one takes, so that a few rounds of loading bring it for many.
fn ask(facts: &Facts, other: &Customer) {
    facts.merged.ask(&other.no);
    facts.memberships.ask(&other.no);
    other.identities.iter().for_each(|identity| facts.carriers.ask(&identity.key));
    if let Ok(Some(keys)) = facts.wallets.get(&other.no) {
        keys.iter().for_each(|key| facts.vouchers.ask(key));
    }
    if let Ok(person) = person_of(facts, other.no) {
        facts.members.ask(&person);
        facts.counters.ask(&UsageSubject::customer(person));
    }
}

/// What is merged into one customer in one step.
struct Merge {
    context: Context,
    into: Customer,
    usage: Vec<UsageDelta>,
    moves_left: usize,
}

impl Merge {
    /// Takes over another customer. Returns whether it is wholly merged; else some of its vouchers are left.
    fn take(&mut self, facts: &mut Facts, other: &Customer) -> Result<bool, Stop> {
        let keys = facts.wallets.get(&other.no)?.cloned().unwrap_or_default();
        // A list that was loaded full may be part of the truth only, for the rest of the batch too.
        let is_full = facts.wallets.loaded(&other.no).is_some_and(|list| list.len() >= MOVES_MAX);
        let fits = keys.len() <= self.moves_left;
        self.move_vouchers(facts, &keys[..keys.len().min(self.moves_left)])?;
        if is_full || !fits {
            return Ok(false);
        }
        let merged = facts.merged.get(&other.no)?.cloned().unwrap_or_default();
        if merged.len() > MEMBERS_MAX {
            return refuse(Rejection::PersonTooLarge, format!("more than {MEMBERS_MAX} were merged into one of them"));
        }
        let (own, others) = (person_of(facts, self.into.no)?, person_of(facts, other.no)?);
        self.usage.extend(join(facts, own, others)?);
        self.take_identities(facts, other)?;
        self.take_memberships(facts, other.no)?;
        let into = Some(self.into.no);
        for no in merged.into_iter().chain([other.no]) {
            let person = person_of(facts, no)?;
            persons::put(facts, no, Person { person, merged_into: into });
        }
        let kind = EventKind::CustomerMerged { into: self.into.no };
        let emptied = Customer { profile: CustomerProfile::default(), identities: Vec::new(), ..other.clone() };
        moves::customer(facts, self.context, Some(other), emptied, (kind, Vec::new()));
        Ok(true)
    }

    fn move_vouchers(&mut self, facts: &mut Facts, keys: &[VoucherKey]) -> Result<(), Stop> {
        let rows = all(keys.iter().map(|key| facts.vouchers.get(key).map(Option::<&Voucher>::cloned)))?;
        for before in rows.into_iter().flatten() {
            let after = Voucher { customer: Some(self.into.no), ..before.clone() };
            moves::voucher(facts, self.context, Some(&before), after, (VoucherStep::Merged, Vec::new()));
        }
        self.moves_left -= keys.len();
        Ok(())
    }

    /// The lists that name the other name who stands for it. They are written with the merge; here the rest of the batch sees it.
    fn take_memberships(&self, facts: &mut Facts, other: CustomerNo) -> Result<(), Stop> {
        let of_both = [self.into.no, other];
        let lists = of_both.iter().map(|no| facts.memberships.get(no).map(|list| list.cloned().unwrap_or_default()));
        let mut lists = all(lists)?.concat();
        lists.sort_unstable();
        lists.dedup();
        facts.memberships.put(self.into.no, lists);
        facts.memberships.put(other, Vec::new());
        Ok(())
    }

    /// What was proven to be the other's stays proven.
    fn take_identities(&mut self, facts: &mut Facts, other: &Customer) -> Result<(), Stop> {
        for identity in &other.identities {
            match self.into.identities.iter_mut().find(|own| own.key == identity.key) {
                Some(own) => own.verified_at = own.verified_at.or(identity.verified_at),
                None => self.into.identities.push(identity.clone()),
            }
        }
        if self.into.identities.len() > IDENTITIES_MAX {
            return refuse(
                Rejection::IdentitiesFull,
                format!("together they have more than {IDENTITIES_MAX} identities"),
            );
        }
        // Asked for, so that who carries what is known when the rows are written.
        all(other.identities.iter().map(|identity| facts.carriers.get(&identity.key).map(drop)))?;
        self.into.profile = std::mem::take(&mut self.into.profile).or(other.profile.clone());
        Ok(())
    }
}
