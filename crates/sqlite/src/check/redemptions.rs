//! Redemptions, one after the other: their history, what they took, the vouchers they use, their sums.

use std::sync::LazyLock;

use domain::bearing::MerchantShare;
use domain::event::{EventKind, Subject};
use domain::id::{TenantNo, VoucherKey};
use domain::redemption::{Part, Redemption, RedemptionState};
use domain::settlement::settled;
use domain::time::Timestamp;
use domain::voucher::VoucherState;
use ports::StoreError;
use rusqlite::{OptionalExtension, Row};

use super::histories::{Head, follow};
use super::names::{Owner, name};
use super::report::Promise;
use super::usage::Amounts;
use super::{Run, gifts};
use crate::query::each;
use crate::rows::{self, REDEMPTION_COLUMNS, ordinal_column, unpack};

static ALL: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {REDEMPTION_COLUMNS}, redemption, tenant
         from redemption
         order by redemption"
    )
});

pub(super) fn walk(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut number = 0;
    each(run.connection, &ALL, [], |row| {
        number += 1;
        let tenant = TenantNo(row.get("tenant")?);
        match rows::redemption(row) {
            Ok(redemption) => check_one(run, tenant, &redemption),
            Err(error) => skip_one(run, tenant, row, &error),
        }
    })?;
    run.findings.counted("redemptions", number);
    Ok(())
}

/// A row that does not read still has events.
fn skip_one(run: &mut Run<'_>, tenant: TenantNo, row: &Row<'_>, error: &rusqlite::Error) -> rusqlite::Result<()> {
    let (number, version): (i64, i64) = (row.get("redemption")?, row.get("version")?);
    *run.strays.entry((tenant, Owner::Redemptions)).or_default() -= version;
    run.findings.add(Promise::RowsReadable, || format!("redemption row {number}: {error}"));
    Ok(())
}

fn check_one(run: &mut Run<'_>, tenant: TenantNo, redemption: &Redemption) -> rusqlite::Result<()> {
    count(run, tenant, redemption);
    run.settled_of_rows.add(tenant, settled(redemption));
    let head = Head {
        tenant,
        subject: Subject::Redemption(redemption.id.clone()),
        version: redemption.version,
        journal: redemption.journal,
    };
    let told = follow(run, &head, |kind| {
        matches!(kind, EventKind::Redemption { to, customer, .. }
            if (*to, *customer) == (redemption.state, redemption.customer))
    });
    let taken = taken(redemption).counted_now(&run.persons, tenant);
    run.usage_of_takings.add(tenant, taken.deltas())?;
    if told.is_some_and(|told| !taken.match_told(&told, may_have_kept(redemption))) {
        run.findings.add(Promise::TakingsEqualEvents, || name(tenant, &head.subject));
    }
    if let Err(why) = sums(redemption) {
        run.findings.add(Promise::DiscountAddsUp, || format!("{}: {why}", name(tenant, &head.subject)));
    }
    gifts::check_payments(run, tenant, redemption);
    for part in &redemption.parts {
        check_voucher(run, &head, redemption, part)?;
        check_listed(run, &head, redemption, part)?;
    }
    Ok(())
}

fn count(run: &mut Run<'_>, tenant: TenantNo, redemption: &Redemption) {
    let (redeemed, returned) = match redemption.state {
        RedemptionState::Succeeded => (1, 0),
        RedemptionState::Returned => (1, 1),
        RedemptionState::Pending | RedemptionState::Cancelled | RedemptionState::Expired => return,
    };
    for part in &redemption.parts {
        let figures = run.figures_of_rows.entry(tenant).or_default().entry(part.coupon).or_default();
        figures.redeemed += redeemed;
        figures.returned += returned;
        figures.value_given_minor += part.discount_minor.saturating_sub(part.returned_minor);
    }
}

fn taken(redemption: &Redemption) -> Amounts {
    let takings = redemption.parts.iter().flat_map(|part| &part.takings);
    Amounts::of(takings, redemption.state == RedemptionState::Pending)
}

/// Whether something came back of it, for limits that keep what they have.
fn may_have_kept(redemption: &Redemption) -> bool {
    match redemption.state {
        RedemptionState::Pending => false,
        RedemptionState::Succeeded => redemption.parts.iter().any(|part| part.returned_minor != 0),
        RedemptionState::Cancelled | RedemptionState::Expired | RedemptionState::Returned => true,
    }
}

/// The sums a price has, also after returns.
fn sums(redemption: &Redemption) -> Result<(), &'static str> {
    let parts = sum(redemption.parts.iter().map(|part| part.discount_minor));
    let all_returned = redemption.lines.iter().all(|line| line.returned == line.quantity);
    let holds = [
        (parts == i128::from(redemption.discount_minor), "the parts do not add up to the discount"),
        (
            redemption.subtotal_minor.checked_sub(redemption.discount_minor) == Some(redemption.total_minor),
            "the total is another",
        ),
        (redemption.total_minor >= 0, "the total is below zero"),
        (redemption.lines.iter().all(|line| line.returned <= line.quantity), "more of a line came back than there was"),
        (redemption.state != RedemptionState::Returned || all_returned, "not all came back"),
        (redemption.parts.iter().all(|part| part_sums(part, redemption)), "the lines of a part do not add up to it"),
        (redemption.parts.iter().all(|part| part_came_back(part, redemption)), "a part came back by another share"),
        (shares_sum(redemption), "merchants bear more than there is"),
    ];
    holds.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(why))
}

/// What merchants bear of a part, and what comes back to them, leaves the platform nothing or something.
fn shares_sum(redemption: &Redemption) -> bool {
    let shares = redemption.shares.as_deref().unwrap_or_default();
    let within = |share: &MerchantShare| (0..=share.amount_minor).contains(&share.returned_minor);
    let mut places = (0u32..).zip(&redemption.parts);
    let known = shares.iter().all(|share| usize::try_from(share.part).is_ok_and(|part| part < redemption.parts.len()));
    let left = places.all(|(place, part)| {
        let of_part = || shares.iter().filter(|share| share.part == place);
        let borne = sum(of_part().map(|share| share.amount_minor));
        let returned = sum(of_part().map(|share| share.returned_minor));
        let (discount, part_returned) = (i128::from(part.discount_minor), i128::from(part.returned_minor));
        borne <= discount && returned <= part_returned && borne - returned <= discount - part_returned
    });
    known && left && shares.iter().all(within)
}

fn part_sums(part: &Part, redemption: &Redemption) -> bool {
    // What was taken off shipping or the deposit fell on no line.
    part.lines_minor.len() == redemption.lines.len()
        && sum(part.lines_minor.iter().copied()) <= i128::from(part.discount_minor)
}

/// Damaged amounts may be anything: a sum of them must not break off the check.
fn sum(amounts: impl Iterator<Item = i64>) -> i128 {
    amounts.map(i128::from).sum()
}

fn part_came_back(part: &Part, redemption: &Redemption) -> bool {
    part.returned_minor
        == match redemption.state {
            RedemptionState::Succeeded if sum(part.lines_minor.iter().copied()) != i128::from(part.discount_minor) => {
                return true;
            }
            RedemptionState::Succeeded => part.share_of(&redemption.lines),
            RedemptionState::Returned => part.discount_minor,
            RedemptionState::Pending | RedemptionState::Cancelled | RedemptionState::Expired => 0,
        }
}

pub(super) const VOUCHER: &str = "
    select state, redemption_id
    from voucher
    where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4";

/// A redemption has all of its vouchers while it is live, and none once it has ended.
fn check_voucher(run: &mut Run<'_>, head: &Head, redemption: &Redemption, part: &Part) -> rusqlite::Result<()> {
    let Some(VoucherKey { coupon, kind, ordinal }) = part.voucher else { return Ok(()) };
    let mut statement = run.connection.prepare_cached(VOUCHER)?;
    let key = (head.tenant.0, coupon.0, kind.bits(), ordinal_column(ordinal));
    let voucher: Option<(u8, Option<String>)> =
        statement.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let is_its = |wanted: VoucherState| {
        let Some((state, id)) = &voucher else { return false };
        *state == wanted as u8 && id.as_deref() == Some(redemption.id.as_str())
    };
    let holds = match redemption.state {
        RedemptionState::Pending => is_its(VoucherState::Locked),
        RedemptionState::Succeeded => is_its(VoucherState::Redeemed),
        RedemptionState::Cancelled | RedemptionState::Expired | RedemptionState::Returned => {
            voucher.is_some_and(|(_, id)| id.as_deref() != Some(redemption.id.as_str()))
        }
    };
    if !holds {
        run.findings.add(Promise::RedemptionWholeOrNot, || {
            format!(
                "{} is {}, voucher {coupon}/{}/{ordinal} is not",
                name(head.tenant, &head.subject),
                redemption.state.name(),
                kind.bits()
            )
        });
    }
    Ok(())
}

pub(super) const LISTED: &str = "
    select 1
    from reservation
    where tenant = ?1 and coupon = ?2 and deadline = ?3 and redemption_id = ?4";

/// A pending redemption is listed under each of its coupons.
fn check_listed(run: &mut Run<'_>, head: &Head, redemption: &Redemption, part: &Part) -> rusqlite::Result<()> {
    if redemption.state != RedemptionState::Pending {
        return Ok(());
    }
    let deadline = redemption.deadline.map(Timestamp::as_ms);
    let key = (head.tenant.0, part.coupon.0, deadline, redemption.id.as_str());
    if !run.connection.prepare_cached(LISTED)?.exists(key)? {
        run.findings.add(Promise::ReservationRowsMatch, || {
            format!("{} is not listed under coupon {}", name(head.tenant, &head.subject), part.coupon)
        });
    }
    Ok(())
}

pub(super) const RESERVATIONS: &str = "
    select tenant, coupon, redemption_id, parts, redemption.state is 0 and redemption.deadline is reservation.deadline
    from reservation
    left join redemption using (tenant, redemption_id)
    order by tenant, coupon, reservation.deadline, redemption_id";

/// What is listed is pending till then and uses that coupon.
pub(super) fn listed(run: &mut Run<'_>) -> Result<(), StoreError> {
    each(run.connection, RESERVATIONS, [], |row| {
        let (tenant, coupon, id): (u32, u32, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let uses = |parts: Vec<Part>| parts.iter().any(|part| part.coupon.0 == coupon);
        // Parts that do not read are told of already.
        let uses = row.get::<_, Option<Vec<u8>>>(3)?.is_some_and(|parts| unpack(&parts).map_or(true, uses));
        if !uses || !row.get(4)? {
            run.findings.add(Promise::ReservationRowsMatch, || {
                format!("redemption {id} of tenant {tenant} is listed under coupon {coupon} and not pending with it")
            });
        }
        Ok(())
    })
}
