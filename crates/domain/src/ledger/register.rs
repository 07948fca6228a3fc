//! Campaigns: made through the same ledger as what is theirs.

use std::sync::Arc;

use super::Stop;
use super::command::Outcome;
use super::decide::Context;
use super::define::{next, number_limits};
use super::facts::{Entry, Facts, Sequence};
use crate::coupon::{Campaign, LimitDefinition};
use crate::event::{EventKind, JournalNo, Subject};
use crate::id::{CampaignId, CampaignNo};

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
