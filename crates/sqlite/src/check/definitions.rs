//! Coupons, campaigns and blocks: their histories, and what hangs on a coupon.

use std::sync::LazyLock;

use domain::campaign::Campaign;
use domain::codes::fold;
use domain::coupon::Coupon;
use domain::event::{EventKind, JournalNo, Subject};
use domain::id::{CampaignNo, CouponNo, LimitNo, TenantNo};
use domain::limit::Limit;
use domain::time::Timestamp;
use domain::voucher::Block;
use ports::StoreError;
use rusqlite::{Row, params};

use super::histories::{Head, follow};
use super::names::{Owner, name};
use super::report::Promise;
use super::usage::Amounts;
use super::{Run, codes};
use crate::query::each;
use crate::rows::{self, BLOCK_COLUMNS, json};

const COUPONS: &str = "
    select tenant, coupon, version, state, journal, document, due_at
    from coupon
    order by tenant, coupon";

pub(super) fn coupons(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut number = 0;
    each(run.connection, COUPONS, [], |row| {
        number += 1;
        let (tenant, no) = (TenantNo(row.get(0)?), CouponNo(row.get(1)?));
        let (version, journal) = (row.get(2)?, JournalNo(row.get(4)?));
        match json::<Coupon>(row, 5) {
            Ok(coupon) => {
                let head = Head { tenant, subject: Subject::Coupon(no), version, journal };
                follow(run, &head, |kind| matches!(kind, EventKind::Coupon { to, .. } if *to == coupon.state));
                if (coupon.no, coupon.version, coupon.state as u8, coupon.journal)
                    != (no, version, row.get(3)?, journal)
                {
                    run.findings.add(Promise::CouponVersionsComplete, || {
                        format!("{}: its columns are not its document", name(tenant, &head.subject))
                    });
                }
                check_due(run, (tenant, &head.subject), coupon.due_at(), rows::instant_or_none(row, 6)?);
                definition_rows(run, tenant, &coupon)
            }
            Err(error) => skip_one(run, tenant, (Subject::Coupon(no), Owner::Coupons, version), &error),
        }
    })?;
    run.findings.counted("coupons", number);
    Ok(())
}

/// A sweep finds only what its column says is due.
fn check_due(
    run: &mut Run<'_>,
    (tenant, subject): (TenantNo, &Subject),
    due_at: Option<Timestamp>,
    column: Option<Timestamp>,
) {
    if due_at != column {
        run.findings.add(Promise::DefinitionsDueRight, || {
            format!("{}: the clock moves it next at {due_at:?}, its column says {column:?}", name(tenant, subject))
        });
    }
}

/// A row that does not read still has events.
fn skip_one(
    run: &mut Run<'_>,
    tenant: TenantNo,
    (subject, owner, version): (Subject, Owner, u32),
    error: &rusqlite::Error,
) -> rusqlite::Result<()> {
    *run.strays.entry((tenant, owner)).or_default() -= i64::from(version);
    run.findings.add(Promise::RowsReadable, || format!("{}: {error}", name(tenant, &subject)));
    Ok(())
}

const SHARED_CODE: &str = "
    select 1
    from shared_code
    where tenant = ?1 and folded = ?2 and coupon = ?3";

fn definition_rows(run: &mut Run<'_>, tenant: TenantNo, coupon: &Coupon) -> rusqlite::Result<()> {
    let mut lacks = Vec::new();
    if let Some(code) = &coupon.definition.code
        && !run.connection.prepare_cached(SHARED_CODE)?.exists(params![tenant.0, fold(code).as_str(), coupon.no.0])?
    {
        lacks.push("its shared code".to_owned());
    }
    if run.code_rows.pattern(tenant, coupon.no) != coupon.definition.pattern.as_ref() {
        lacks.push("its pattern".to_owned());
    }
    let limits = coupon.limits.iter().chain(&coupon.limits_retired);
    lacks.extend(limits_lacking(run, tenant, limits, (Some(coupon.no), None))?);
    for lack in lacks {
        run.findings.add(Promise::DefinitionRowsMatch, || {
            format!("coupon {} of tenant {} lacks the row of {lack}", coupon.no, tenant.0)
        });
    }
    Ok(())
}

const LIMIT: &str = "
    select 1
    from usage_limit
    where tenant = ?1 and usage_limit = ?2 and coupon is ?3 and campaign is ?4";

fn limits_lacking<'l>(
    run: &Run<'_>,
    tenant: TenantNo,
    limits: impl Iterator<Item = &'l Limit>,
    (coupon, campaign): (Option<CouponNo>, Option<CampaignNo>),
) -> rusqlite::Result<Vec<String>> {
    let mut lacks = Vec::new();
    let mut statement = run.connection.prepare_cached(LIMIT)?;
    for Limit { no: LimitNo(no), id, .. } in limits {
        if !statement.exists(params![tenant.0, no, coupon.map(|no| no.0), campaign.map(|no| no.0)])? {
            lacks.push(format!("limit {id}"));
        }
    }
    Ok(lacks)
}

const CAMPAIGNS: &str = "
    select tenant, campaign, version, state, journal, document, due_at
    from campaign
    order by tenant, campaign";

pub(super) fn campaigns(run: &mut Run<'_>) -> Result<(), StoreError> {
    each(run.connection, CAMPAIGNS, [], |row| {
        let (tenant, no) = (TenantNo(row.get(0)?), CampaignNo(row.get(1)?));
        let (version, journal) = (row.get(2)?, JournalNo(row.get(4)?));
        match json::<Campaign>(row, 5) {
            Ok(campaign) => {
                let head = Head { tenant, subject: Subject::Campaign(no), version, journal };
                follow(run, &head, |kind| matches!(kind, EventKind::Campaign { to, .. } if *to == campaign.state));
                if (campaign.no, campaign.version, campaign.state as u8, campaign.journal)
                    != (no, version, row.get(3)?, journal)
                {
                    run.findings.add(Promise::CampaignVersionsComplete, || {
                        format!("{}: its columns are not its document", name(tenant, &head.subject))
                    });
                }
                check_due(run, (tenant, &head.subject), campaign.due_at(), rows::instant_or_none(row, 6)?);
                let limits = campaign.limits.iter().chain(&campaign.limits_retired);
                for lack in limits_lacking(run, tenant, limits, (None, Some(no)))? {
                    run.findings.add(Promise::DefinitionRowsMatch, || {
                        format!("{} lacks the row of {lack}", name(tenant, &head.subject))
                    });
                }
                Ok(())
            }
            Err(error) => skip_one(run, tenant, (Subject::Campaign(no), Owner::Campaigns, version), &error),
        }
    })
}

static BLOCKS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {BLOCK_COLUMNS}, tenant, coupon
         from code_block
         order by tenant, coupon, first"
    )
});

pub(super) fn blocks(run: &mut Run<'_>) -> Result<(), StoreError> {
    each(run.connection, &BLOCKS, [], |row| {
        let (tenant, coupon) = (TenantNo(row.get("tenant")?), CouponNo(row.get("coupon")?));
        match rows::block(row) {
            Ok(block) => check_block(run, tenant, coupon, &block),
            Err(error) => skip_block(run, tenant, row, &error),
        }
    })
}

fn skip_block(run: &mut Run<'_>, tenant: TenantNo, row: &Row<'_>, error: &rusqlite::Error) -> rusqlite::Result<()> {
    let (first, version): (i64, i64) = (row.get("first")?, row.get("version")?);
    *run.strays.entry((tenant, Owner::Blocks)).or_default() -= version;
    run.findings
        .add(Promise::RowsReadable, || format!("the block of tenant {} that begins at {first}: {error}", tenant.0));
    Ok(())
}

fn check_block(run: &mut Run<'_>, tenant: TenantNo, coupon: CouponNo, block: &Block) -> rusqlite::Result<()> {
    let figures = run.figures_of_rows.entry(tenant).or_default().entry(coupon).or_default();
    figures.issued += i64::try_from(block.count).unwrap_or(i64::MAX);
    let taken = Amounts::of(block.takings.iter(), false).counted_now(&run.persons, tenant);
    run.usage_of_takings.add(tenant, taken.deltas())?;
    let subject = Subject::Block(coupon, block.id);
    let head = Head { tenant, subject, version: block.version, journal: block.journal };
    let told = follow(run, &head, |kind| match kind {
        EventKind::BlockMade { count } => block.revoked_at.is_none() && *count == block.count,
        EventKind::BlockRevoked => block.revoked_at.is_some(),
        EventKind::Voucher { .. }
        | EventKind::Redemption { .. }
        | EventKind::Coupon { .. }
        | EventKind::Customer
        | EventKind::CustomerMerged { .. }
        | EventKind::CustomerErased
        | EventKind::Campaign { .. }
        | EventKind::Account
        | EventKind::Gift { .. } => false,
    });
    if told.is_some_and(|told| !taken.match_told(&told, false)) {
        run.findings.add(Promise::TakingsEqualEvents, || name(tenant, &head.subject));
    }
    codes::check_block(run, tenant, coupon, block);
    Ok(())
}
