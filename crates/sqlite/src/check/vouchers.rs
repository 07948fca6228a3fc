//! Vouchers, one after the other in the order of their keys: their history, what they took, what uses them, their code.

use std::sync::LazyLock;

use domain::event::{EventKind, Subject};
use domain::id::{TenantNo, VoucherKind};
use domain::limit::{Counts, Taking};
use domain::redemption::{Part, RedemptionState};
use domain::voucher::{Voucher, VoucherState};
use ports::StoreError;
use rusqlite::Row;

use super::histories::{Head, follow};
use super::names::{Owner, name};
use super::report::Promise;
use super::usage::Amounts;
use super::{Run, codes};
use crate::query::{each, one};
use crate::rows::{self, VOUCHER_COLUMNS, unpack};

static ALL: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {VOUCHER_COLUMNS}, tenant
         from voucher
         order by tenant, coupon, kind, ordinal"
    )
});

const COUNT: &str = "
    select count(*)
    from voucher";

pub(super) fn walk(run: &mut Run<'_>) -> Result<(), StoreError> {
    let count: i64 = one(run.connection, COUNT, [], |row| row.get(0))?.unwrap_or_default();
    let count = count.unsigned_abs();
    run.findings.counted("vouchers", count);
    let mut sample = codes::Sample::new(count);
    each(run.connection, &ALL, [], |row| {
        let tenant = TenantNo(row.get("tenant")?);
        match rows::voucher(row) {
            Ok(voucher) => check_one(run, &mut sample, tenant, voucher),
            Err(error) => skip_one(run, tenant, row, &error),
        }
    })
}

/// A row that does not read still has events.
fn skip_one(run: &mut Run<'_>, tenant: TenantNo, row: &Row<'_>, error: &rusqlite::Error) -> rusqlite::Result<()> {
    let key = rows::voucher_key(row)?;
    let version: i64 = row.get("version")?;
    *run.strays.entry((tenant, Owner::Vouchers(key.coupon))).or_default() -= version;
    run.findings.add(Promise::RowsReadable, || format!("{}: {error}", name(tenant, &Subject::Voucher(key))));
    Ok(())
}

fn check_one(
    run: &mut Run<'_>,
    sample: &mut codes::Sample,
    tenant: TenantNo,
    voucher: Voucher,
) -> rusqlite::Result<()> {
    count(run, tenant, &voucher);
    let taken = Amounts::of(voucher.takings.iter(), voucher.held_until.is_some());
    let taken = taken.counted_now(&run.persons, tenant);
    run.usage_of_takings.add(tenant, taken.deltas())?;
    let subject = Subject::Voucher(voucher.key);
    let head = Head { tenant, subject, version: voucher.version, journal: voucher.journal };
    let told = follow(run, &head, |kind| is_left_by(kind, &voucher));
    let ended = matches!(voucher.state, VoucherState::Expired | VoucherState::Revoked);
    if told.is_some_and(|told| !taken.match_told(&told, ended)) {
        run.findings.add(Promise::TakingsEqualEvents, || name(tenant, &head.subject));
    }
    if !counts_what_was_drawn(&voucher) {
        run.findings.add(Promise::DrawnAmountsCounted, || name(tenant, &head.subject));
    }
    codes::check_voucher(run, sample, tenant, &voucher);
    check_use(run, tenant, &voucher)
}

/// Each budget that a random amount was taken from has it whole; what has ended gave it back, or took it for good.
fn counts_what_was_drawn(voucher: &Voucher) -> bool {
    let of_value = |taking: &&Taking| taking.counts == Counts::Value;
    voucher
        .amount_minor
        .is_none_or(|drawn| voucher.takings.iter().filter(of_value).all(|taking| taking.amount == drawn))
}

fn is_left_by(kind: &EventKind, voucher: &Voucher) -> bool {
    let EventKind::Voucher { to, customer, redemption, .. } = kind else { return false };
    (*to, *customer, redemption) == (voucher.state, voucher.customer, &voucher.redemption)
}

fn count(run: &mut Run<'_>, tenant: TenantNo, voucher: &Voucher) {
    let figures = run.figures_of_rows.entry(tenant).or_default().entry(voucher.key.coupon).or_default();
    // The codes of a block are counted with the block.
    let pooled = voucher.state == VoucherState::Pooled;
    figures.issued += i64::from(voucher.key.kind != VoucherKind::Bearer && !pooled);
    match voucher.state {
        VoucherState::Held => figures.held += 1,
        VoucherState::Locked => figures.locked += 1,
        VoucherState::Expired => figures.expired += 1,
        VoucherState::Revoked => figures.revoked += 1,
        VoucherState::Pooled => figures.pooled += 1,
        VoucherState::Issued | VoucherState::Redeemed => {}
    }
}

pub(super) const REDEMPTION: &str = "
    select state, parts
    from redemption
    where tenant = ?1 and redemption_id = ?2";

/// A voucher names the redemption that locks it or used it, and is one of its parts.
fn check_use(run: &mut Run<'_>, tenant: TenantNo, voucher: &Voucher) -> rusqlite::Result<()> {
    let (promise, wanted) = match voucher.state {
        VoucherState::Locked => (Promise::VoucherLockHasPendingRedemption, Some(RedemptionState::Pending)),
        VoucherState::Redeemed => (Promise::VoucherUseHasRedemption, Some(RedemptionState::Succeeded)),
        VoucherState::Held
        | VoucherState::Issued
        | VoucherState::Expired
        | VoucherState::Revoked
        | VoucherState::Pooled => (Promise::VoucherUseHasRedemption, None),
    };
    let why = match (&voucher.redemption, wanted) {
        (None, None) => return Ok(()),
        (None, Some(_)) => "names no redemption",
        (Some(_), None) => "names a redemption and is not used",
        (Some(id), Some(wanted)) => {
            let read = |row: &Row<'_>| Ok((row.get::<_, u8>(0)?, row.get::<_, Vec<u8>>(1)?));
            let found = run.connection.prepare_cached(REDEMPTION)?.query_row((tenant.0, id.as_str()), read);
            match found {
                Ok((state, parts)) if state == wanted as u8 && uses(&parts, voucher) => return Ok(()),
                Ok(_) => "names a redemption that does not use it",
                Err(rusqlite::Error::QueryReturnedNoRows) => "names a redemption that is not there",
                Err(error) => return Err(error),
            }
        }
    };
    run.findings.add(promise, || format!("{} {why}", name(tenant, &Subject::Voucher(voucher.key))));
    Ok(())
}

/// Parts that do not read are told of where redemptions are walked.
fn uses(parts: &[u8], voucher: &Voucher) -> bool {
    unpack::<Vec<Part>>(parts).map_or(true, |parts| parts.iter().any(|part| part.voucher == Some(voucher.key)))
}
