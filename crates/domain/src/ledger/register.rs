//! Customers and campaigns: made through the same ledger as what is theirs.

use std::sync::Arc;

use super::command::Outcome;
use super::decide::Context;
use super::define::{next, number_limits};
use super::facts::{Entry, Facts, Sequence};
use super::{Stop, refuse};
use crate::coupon::{Campaign, LimitDefinition};
use crate::customer::{Customer, CustomerProfile};
use crate::event::{EventKind, JournalNo, Subject};
use crate::id::{CampaignId, CampaignNo, CustomerId, CustomerNo};
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
    facts.record(first(context, Subject::Customer(no)), EventKind::Customer, Vec::new());
    if let Some(external_id) = &profile.external_id {
        facts.external_ids.put(external_id.clone(), no);
    }
    facts.customers.put(no, customer);
    Ok(Outcome::Customer(no))
}

pub(super) fn create_campaign(
    facts: &mut Facts,
    context: Context,
    id: CampaignId,
    name: &str,
    limits: &[LimitDefinition],
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Limit);
    let no = CampaignNo(next(facts, Sequence::Campaign)?);
    let limits = number_limits(facts, limits, &[])?;
    let journal = facts.next_journal();
    let name = name.to_owned();
    let campaign = Campaign { no, id, name, limits, version: 1, created_at: context.now, journal };
    facts.record(first(context, Subject::Campaign(no)), EventKind::Campaign, Vec::new());
    facts.campaigns.put(no, Arc::new(campaign));
    Ok(Outcome::Campaign(no))
}

fn first(context: Context, subject: Subject) -> Entry {
    Entry { subject, version: 1, previous: JournalNo::default(), actor: context.actor }
}
