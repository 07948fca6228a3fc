//! Gift value: each account with its history, its entries, and what pending redemptions hold of it.

use std::sync::LazyLock;

use domain::event::{EventKind, Subject};
use domain::gift::GiftAccount;
use domain::id::{TenantNo, VoucherKey};
use domain::redemption::{Redemption, RedemptionState};
use ports::StoreError;
use rusqlite::params;

use super::Run;
use super::histories::{Head, follow};
use super::names::name;
use super::report::Promise;
use crate::query::each;
use crate::rows::{self, GIFT_ACCOUNT_COLUMNS, ordinal_column};

static ALL: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {GIFT_ACCOUNT_COLUMNS}, tenant
         from gift_account
         order by tenant, coupon, kind, ordinal"
    )
});

/// What a redemption says it was paid with: of a pending one, to be found held again on the accounts.
pub(super) fn check_payments(run: &mut Run<'_>, tenant: TenantNo, redemption: &Redemption) {
    if redemption.state == RedemptionState::Pending {
        for paid in &redemption.payments {
            *run.held_of_gifts.entry((tenant, paid.voucher)).or_default() += paid.amount_minor;
        }
    }
    let paid: i128 = redemption.payments.iter().map(|paid| i128::from(paid.amount_minor)).sum();
    let ends_well = redemption.payments.iter().all(|paid| {
        let came_back = match redemption.state {
            RedemptionState::Succeeded => paid.share_of(&redemption.lines),
            RedemptionState::Returned => paid.amount_minor,
            RedemptionState::Pending | RedemptionState::Cancelled | RedemptionState::Expired => 0,
        };
        paid.amount_minor > 0 && paid.returned_minor == came_back
    });
    if paid > i128::from(redemption.total_minor) || !ends_well {
        let subject = Subject::Redemption(redemption.id.clone());
        run.findings.add(Promise::PaymentsAddUp, || name(tenant, &subject));
    }
}

/// After the redemptions.
pub(super) fn walk(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut number = 0;
    each(run.connection, &ALL, [], |row| {
        number += 1;
        let tenant = TenantNo(row.get("tenant")?);
        check_one(run, tenant, &rows::gift_account(row)?)
    })?;
    for ((tenant, key), held_minor) in std::mem::take(&mut run.held_of_gifts) {
        run.findings.add(Promise::GiftHeldByReservations, || {
            format!("{} has no account, and {held_minor} of it is held", name(tenant, &Subject::Gift(key)))
        });
    }
    run.findings.counted("gift accounts", number);
    Ok(())
}

fn check_one(run: &mut Run<'_>, tenant: TenantNo, account: &GiftAccount) -> rusqlite::Result<()> {
    let subject = Subject::Gift(account.voucher);
    let head = Head { tenant, subject, version: account.version, journal: account.journal };
    follow(run, &head, |kind| {
        let left = (account.balance_minor, account.held_minor);
        matches!(kind, EventKind::Gift { balance_minor, held_minor, .. } if (*balance_minor, *held_minor) == left)
    });
    if !account.is_sound() {
        run.findings.add(Promise::GiftNotNegative, || {
            let GiftAccount { balance_minor, held_minor, .. } = account;
            format!("{} has {balance_minor}, of which {held_minor} are held", name(tenant, &head.subject))
        });
    }
    let held_minor = run.held_of_gifts.remove(&(tenant, account.voucher)).unwrap_or(0);
    if held_minor != account.held_minor {
        run.findings.add(Promise::GiftHeldByReservations, || {
            let says = account.held_minor;
            format!("{}: {says} are held, {held_minor} by reservations", name(tenant, &head.subject))
        });
    }
    if let Err(why) = entries(run, tenant, account)? {
        run.findings.add(Promise::GiftEqualsEntries, || format!("{}: {why}", name(tenant, &head.subject)));
    }
    Ok(())
}

const ENTRIES: &str = "
    select step, amount_minor, balance_minor, version
    from gift_entry
    where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4
    order by version";

/// From the first, which is its issue, each entry goes on from the balance before it, and the last leaves the account's.
fn entries(run: &Run<'_>, tenant: TenantNo, account: &GiftAccount) -> rusqlite::Result<Result<(), &'static str>> {
    let VoucherKey { coupon, kind, ordinal } = account.voucher;
    let mut statement = run.connection.prepare_cached(ENTRIES)?;
    let mut rows = statement.query(params![tenant.0, coupon.0, kind.bits(), ordinal_column(ordinal)])?;
    let (mut sum, mut first, mut last) = (0_i64, None, 0_u32);
    while let Some(row) = rows.next()? {
        let (step, amount_minor, balance_minor): (u8, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        last = row.get(3)?;
        first.get_or_insert((last, step, amount_minor));
        sum = sum.saturating_add(amount_minor);
        if sum != balance_minor {
            return Ok(Err("an entry does not go on from the one before it"));
        }
    }
    Ok(match first {
        _ if sum != account.balance_minor => Err("the balance is not the sum of its entries"),
        _ if last > account.version => Err("an entry is of a version that never was"),
        Some(entry) if entry == (1, 0, account.initial_minor) => Ok(()),
        Some(_) | None => Err("its first entry is not its issue"),
    })
}
