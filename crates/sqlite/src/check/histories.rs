//! Histories: from a row back through its events to the first, which is how the rest of the program reads them.

use domain::event::{Event, EventKind, JournalNo, Subject};
use domain::id::TenantNo;
use ports::StoreError;

use super::Run;
use super::journal::Journal;
use super::names::{Owner, name, owner};
use super::report::Promise;
use super::usage::Amounts;

/// A row that counts its changes and names the place of its latest event.
#[derive(Debug)]
pub(super) struct Head {
    pub tenant: TenantNo,
    pub subject: Subject,
    pub version: u32,
    pub journal: JournalNo,
}

/// What the events of a history add to the usages of whom they count for by now; `None` when it cannot be told, as some of them are gone.
pub(super) type Told = Option<Amounts>;

/// Follows a row's history. `agrees` says whether the row is what its latest event left.
pub(super) fn follow(run: &mut Run<'_>, head: &Head, agrees: impl Fn(&EventKind) -> bool) -> Told {
    *run.strays.entry((head.tenant, owner(&head.subject))).or_default() -= i64::from(head.version);
    match walk(&mut run.journal, head, agrees) {
        Ok(told) => told.map(|told| told.counted_now(&run.persons, head.tenant)),
        Err(why) => {
            run.findings.add(promise(owner(&head.subject)), || format!("{}: {why}", name(head.tenant, &head.subject)));
            None
        }
    }
}

fn walk(journal: &mut Journal<'_>, head: &Head, agrees: impl Fn(&EventKind) -> bool) -> Result<Told, String> {
    let mut told = Amounts::default();
    let (mut version, mut place) = (head.version, head.journal);
    let mut began: Option<Option<u8>> = None;
    loop {
        if journal.is_before_cut(place) {
            return Ok(None);
        }
        let (events, index) = journal.event(head.tenant, place, (&head.subject, version))?;
        let event = &events[index];
        let (from, to) = states(&event.kind);
        let follows = match began {
            None => agrees(&event.kind),
            Some(began) => began == to,
        };
        if !follows {
            return Err(format!("version {version} left it otherwise (journal row {})", place.0));
        }
        event.usage.iter().for_each(|delta| told.add_delta(delta));
        if version <= 1 {
            return if is_first(event) {
                Ok(Some(told))
            } else {
                Err("its first event names one before it".to_owned())
            };
        }
        (version, place, began) = (version - 1, event.previous, Some(from));
    }
}

fn is_first(event: &Event) -> bool {
    event.version == 1 && event.previous == JournalNo::default() && states(&event.kind).0.is_none()
}

/// From where to where, as numbers; the same nothing for what has no states.
fn states(kind: &EventKind) -> (Option<u8>, Option<u8>) {
    match kind {
        EventKind::Voucher { from, to, .. } => (from.map(|from| from as u8), Some(*to as u8)),
        EventKind::Redemption { from, to, .. } => (from.map(|from| from as u8), Some(*to as u8)),
        EventKind::Coupon { from, to } => (from.map(|from| from as u8), Some(*to as u8)),
        EventKind::Campaign { from, to } => (from.map(|from| from as u8), Some(*to as u8)),
        EventKind::Customer
        | EventKind::BlockMade { .. }
        | EventKind::BlockRevoked
        | EventKind::Account
        | EventKind::CustomerMerged { .. }
        | EventKind::CustomerErased
        | EventKind::Gift { .. } => (None, None),
    }
}

/// After all rows were followed: events that belong to no row's history.
pub(super) fn find_strays(run: &mut Run<'_>) -> Result<(), StoreError> {
    if run.journal.is_cut() {
        return Ok(());
    }
    for ((TenantNo(tenant), owner), more) in std::mem::take(&mut run.strays) {
        if more != 0 {
            run.findings.add(promise(owner), || {
                format!("tenant {tenant}, {owner:?}: {more} more events than the rows have changes")
            });
        }
    }
    Ok(())
}

fn promise(owner: Owner) -> Promise {
    match owner {
        Owner::Vouchers(_) => Promise::VoucherStateFollowsEvents,
        Owner::Redemptions => Promise::RedemptionStateFollowsEvents,
        Owner::Gifts(_) => Promise::GiftFollowsEvents,
        Owner::Coupons | Owner::Customers | Owner::Blocks | Owner::Campaigns | Owner::Accounts => {
            Promise::DefinitionsFollowEvents
        }
    }
}
