//! Customers: made through the same ledger as what is theirs.

use super::command::Outcome;
use super::decide::Context;
use super::define::next;
use super::facts::{Entry, Facts, Sequence};
use super::{Stop, refuse};
use crate::customer::{Customer, CustomerProfile};
use crate::event::{EventKind, JournalNo, Subject};
use crate::id::{CustomerId, CustomerNo};
use crate::rejection::Rejection;

pub(super) fn create_customer(
    facts: &mut Facts,
    context: Context,
    id: CustomerId,
    profile: &CustomerProfile,
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Customer);
    if let Some(external_id) = &profile.external_id
        && facts.external_ids.get(external_id)?.is_some()
    {
        return refuse(Rejection::IdentityTaken, "another customer has this external_id");
    }
    let no = CustomerNo(next(facts, Sequence::Customer)?);
    let journal = facts.next_journal();
    let customer = Customer { no, id, version: 1, profile: profile.clone(), created_at: context.now, journal };
    let subject = Subject::Customer(no);
    let entry = Entry { subject, version: 1, previous: JournalNo::default(), actor: context.actor };
    facts.record(entry, EventKind::Customer, Vec::new());
    if let Some(external_id) = &profile.external_id {
        facts.external_ids.put(external_id.clone(), no);
    }
    facts.customers.put(no, customer);
    Ok(Outcome::Customer(no))
}
