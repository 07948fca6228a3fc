//! The audit log: its chain, its end, and that no change of a coupon is missing from it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::audit::{AuditEntry, AuditHead, is_audited};
use domain::event::{Event, Subject};
use domain::id::TenantNo;
use domain::time::Timestamp;
use ports::StoreError;
use rusqlite::{Connection, params};

use super::Run;
use super::names::name;
use super::report::Promise;
use crate::query::{each, one};
use crate::rows::{self, AUDIT_COLUMNS};

static ENTRIES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {AUDIT_COLUMNS}, tenant
         from audit
         order by tenant, audit"
    )
});

/// Where a log ended so far: nothing can be told of what follows an entry that does not read.
type End = Option<(AuditHead, Timestamp)>;

pub(super) fn walk(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut number = 0;
    let mut ends: BTreeMap<TenantNo, End> = BTreeMap::new();
    each(run.connection, &ENTRIES, [], |row| {
        number += 1;
        let (tenant, place): (_, i64) = (TenantNo(row.get("tenant")?), row.get("audit")?);
        let entry = rows::audit_entry(row);
        let end = ends.entry(tenant).or_insert(Some((AuditHead::default(), Timestamp::MIN)));
        let wrong = match &entry {
            Ok(entry) => end.as_ref().and_then(|end| wrong_after(end, entry)).map(str::to_owned),
            Err(error) => Some(format!("it does not read: {error}")),
        };
        *end = entry.ok().map(|entry| (entry.head(), entry.at));
        if let Some(wrong) = wrong {
            run.findings.add(Promise::AuditChainUnbroken, || format!("entry {place} of tenant {}: {wrong}", tenant.0));
        }
        Ok(())
    })?;
    run.findings.counted("audit entries", number);
    heads(run, ends)
}

fn wrong_after((head, at): &(AuditHead, Timestamp), entry: &AuditEntry) -> Option<&'static str> {
    if entry.number != head.number + 1 {
        Some("it does not follow the entry before it: some are missing")
    } else if !entry.follows(head) {
        Some("its hash is not that of what it says after the entry before it")
    } else if entry.at < *at {
        Some("it is from before its predecessor")
    } else {
        None
    }
}

const HEADS: &str = "
    select number, hash, tenant
    from audit_head
    order by tenant";

/// The end that was written down is the end there is.
fn heads(run: &mut Run<'_>, mut ends: BTreeMap<TenantNo, End>) -> Result<(), StoreError> {
    let mut differing = Vec::new();
    each(run.connection, HEADS, [], |row| {
        let (head, tenant) = (rows::audit_head(row), TenantNo(row.get("tenant")?));
        let same = match (head, ends.remove(&tenant)) {
            (Ok(head), Some(Some((end, _)))) => head == end,
            // An end that does not read was told of.
            (Ok(_), Some(None)) => true,
            (Ok(_), None) | (Err(_), _) => false,
        };
        if !same {
            differing.push(tenant);
        }
        Ok(())
    })?;
    for TenantNo(tenant) in differing.into_iter().chain(ends.into_keys()) {
        run.findings
            .add(Promise::AuditChainUnbroken, || format!("the log of tenant {tenant} does not end where it ended"));
    }
    Ok(())
}

const BEGINS: &str = "
    select value
    from meta
    where name = 'audit_from_journal'";

/// The first row of the journal whose changes are in the log; those of an older version of the program are not.
pub(super) fn begins(connection: &Connection) -> Result<i64, StoreError> {
    let text: Option<String> = one(connection, BEGINS, [], |row| row.get(0))?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(1))
}

/// The coupon's entry of that version. What does not read as JSON is no entry of it. `indexed by`: the planner takes all of a
/// tenant's log for narrower than one subject's.
pub(super) const ENTRY: &str = "
    select 1
    from coupon
    join audit indexed by audit_of_subject
        on audit.tenant = coupon.tenant and audit.subject = 'cpn_' || lower(hex(coupon.coupon_id))
    where coupon.tenant = ?1 and coupon.coupon = ?2
        and iif(json_valid(audit.after), json_extract(audit.after, '$.version'), null) = ?3";

/// The entry of its campaign's abort, which has aborted the coupon with it at that instant.
pub(super) const ENTRY_OF_CAMPAIGN: &str = "
    select 1
    from coupon
    join campaign using (tenant, campaign)
    join audit indexed by audit_of_subject
        on audit.tenant = campaign.tenant and audit.subject = 'cmp_' || lower(hex(campaign.campaign_id))
    where coupon.tenant = ?1 and coupon.coupon = ?2 and audit.action = 'campaign.abort' and audit.at = ?3";

/// Looks for the entry of a coupon's change that was made by hand.
pub(super) fn find_entry(
    run: &mut Run<'_>,
    tenant: TenantNo,
    (place, at): (i64, i64),
    event: &Event,
) -> rusqlite::Result<()> {
    let Subject::Coupon(no) = event.subject else { return Ok(()) };
    if place < run.audited_from || !is_audited(event.actor) {
        return Ok(());
    }
    let has = |entry: &str, third: i64| run.connection.prepare_cached(entry)?.exists(params![tenant.0, no.0, third]);
    if !has(ENTRY, event.version.into())? && !has(ENTRY_OF_CAMPAIGN, at)? {
        let version = event.version;
        run.findings.add(Promise::AuditComplete, || format!("{} at version {version}", name(tenant, &event.subject)));
    }
    Ok(())
}
