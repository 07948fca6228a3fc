//! Gift value: accounts are opened, paid from, and changed by hand. The only place where a balance changes: each change
//! raises the account's version, records one event, and one entry unless the balance stays.

use super::decide::Context;
use super::facts::{Entry, Facts};
use super::lookup::{Source, source};
use super::outcome::Outcome;
use super::takings::{Want, Whose, take};
use super::{Stop, hold, moves, refuse, sweep};
use crate::benefit::Benefit;
use crate::codes::ComputedCode;
use crate::coupon::Coupon;
use crate::event::{EventKind, Subject, VoucherStep};
use crate::gift::{GiftAccount, GiftChange, GiftEntry, GiftStep};
use crate::id::VoucherKey;
use crate::limit::{Counts, UsageDelta};
use crate::redemption::{Paid, RedemptionId, RedemptionState};
use crate::rejection::Rejection;
use crate::voucher::Voucher;

/// A change of an account.
#[derive(Clone, Debug)]
struct Change<'a> {
    step: GiftStep,
    balance_minor: i64,
    held_minor: i64,
    redemption: Option<&'a RedemptionId>,
    reason: Option<&'a str>,
    usage: Vec<UsageDelta>,
}

impl<'a> Change<'a> {
    fn of(step: GiftStep, balance_minor: i64, held_minor: i64) -> Self {
        Self { step, balance_minor, held_minor, redemption: None, reason: None, usage: Vec::new() }
    }

    fn by(self, redemption: &'a RedemptionId) -> Self {
        Self { redemption: Some(redemption), ..self }
    }
}

/// What a voucher of that coupon is given at its issue, if it is gift value.
pub(super) fn value_of(coupon: &Coupon) -> Option<i64> {
    match coupon.definition.benefit {
        Benefit::GiftValue { amount_minor } => Some(amount_minor),
        Benefit::PercentOff { .. }
        | Benefit::AmountOff { .. }
        | Benefit::Ladder { .. }
        | Benefit::EveryOff { .. }
        | Benefit::FixedPrice { .. }
        | Benefit::UnitsOff { .. }
        | Benefit::Gift { .. }
        | Benefit::RandomAmount { .. }
        | Benefit::FreePeriods { .. } => None,
    }
}

/// What issuing so many vouchers takes from limits of value: it is promised then, whenever it is spent.
pub(super) fn issued_value(source: &Source, claims: Want) -> Option<Want> {
    let amount = value_of(&source.coupon)?.saturating_mul(claims.amount);
    Some(Want { counts: Counts::Value, amount, ..claims })
}

/// Opens the account of a voucher that has just got its row.
pub(super) fn open(facts: &mut Facts, context: Context, coupon: &Coupon, voucher: &Voucher) {
    let Some(initial_minor) = value_of(coupon) else { return };
    let empty = GiftAccount { balance_minor: 0, ..GiftAccount::untouched(voucher.key, initial_minor) };
    let context = Context { now: voucher.made_at, ..context };
    write(facts, context, empty, Change::of(GiftStep::Issued, initial_minor, 0));
}

/// The account of a voucher as it stands, without what reservations held whose time is over. None if the coupon gives no
/// gift value.
pub(super) fn account(
    facts: &mut Facts,
    context: Context,
    coupon: &Coupon,
    key: VoucherKey,
) -> Result<Option<GiftAccount>, Stop> {
    let Some(initial_minor) = value_of(coupon) else { return Ok(None) };
    free_due(facts, context, key)?;
    let account = facts.gifts.get(&key)?.cloned();
    Ok(Some(account.unwrap_or_else(|| GiftAccount::untouched(key, initial_minor))))
}

/// Deadlines act at their instant: what they free is there before any sweep comes by.
fn free_due(facts: &mut Facts, context: Context, key: VoucherKey) -> Result<(), Stop> {
    if facts.gifts.get(&key)?.is_none_or(|account| account.held_minor == 0) {
        return Ok(());
    }
    let Some(due) = facts.due.get(&key.coupon)?.cloned() else { return Ok(()) };
    due.redemptions.iter().for_each(|id| facts.redemptions.ask(id));
    for id in &due.redemptions {
        let redemption = facts.redemptions.get(id)?;
        let is_its = |paid: &Paid| paid.voucher == key;
        if redemption.is_some_and(|redemption| redemption.payments.iter().any(is_its)) {
            sweep::expire_reservation(facts, context, id)?;
        }
    }
    Ok(())
}

/// An order is paid, or what it will be paid with is held. A code in print gets its row by it.
pub(super) fn pay(
    facts: &mut Facts,
    context: Context,
    (coupon, row, voucher): (&Coupon, Option<&Voucher>, &Voucher),
    (paid, id, state): (&Paid, &RedemptionId, RedemptionState),
) -> Result<(), Stop> {
    let account = with_row(facts, context, coupon, (row, voucher))?;
    let minor = paid.amount_minor;
    if account.available_minor() < minor {
        return refuse(Rejection::BalanceEmpty, "less is left of the voucher's value than was to be paid with it");
    }
    let change = match state {
        RedemptionState::Pending => Change::of(GiftStep::Held, 0, minor),
        RedemptionState::Succeeded
        | RedemptionState::Cancelled
        | RedemptionState::Expired
        | RedemptionState::Returned => Change::of(GiftStep::Spent, -minor, 0),
    };
    write(facts, context, account, change.by(id));
    Ok(())
}

/// The account, opened if the voucher's code was only in print until now.
fn with_row(
    facts: &mut Facts,
    context: Context,
    coupon: &Coupon,
    (row, voucher): (Option<&Voucher>, &Voucher),
) -> Result<GiftAccount, Stop> {
    if let Some(account) = facts.gifts.get(&voucher.key)? {
        return Ok(account.clone());
    }
    if row.is_none() {
        moves::voucher(facts, context, None, voucher.clone(), (VoucherStep::Issued, Vec::new()));
    }
    open(facts, context, coupon, voucher);
    Ok(facts.gifts.get(&voucher.key)?.cloned().expect("it was opened just now"))
}

/// What a reservation held is spent.
pub(super) fn spend_held(facts: &mut Facts, context: Context, paid: &Paid, id: &RedemptionId) -> Result<(), Stop> {
    let minor = paid.amount_minor;
    settle(facts, context, paid.voucher, Change::of(GiftStep::Spent, -minor, -minor).by(id))
}

/// What a reservation held is free again.
pub(super) fn release_held(facts: &mut Facts, context: Context, paid: &Paid, id: &RedemptionId) -> Result<(), Stop> {
    settle(facts, context, paid.voucher, Change::of(GiftStep::Released, 0, -paid.amount_minor).by(id))
}

/// What an order was paid with comes back, so much of it.
pub(super) fn give_back(
    facts: &mut Facts,
    context: Context,
    (key, minor): (VoucherKey, i64),
    id: &RedemptionId,
) -> Result<(), Stop> {
    if minor == 0 {
        return Ok(());
    }
    settle(facts, context, key, Change::of(GiftStep::GivenBack, minor, 0).by(id))
}

fn settle(facts: &mut Facts, context: Context, key: VoucherKey, change: Change) -> Result<(), Stop> {
    let account = facts.gifts.get(&key)?.cloned().expect("who has paid has an account");
    write(facts, context, account, change);
    Ok(())
}

/// Whether nothing of it is held, so that the voucher can be taken away.
pub(super) fn check_free(account: Option<&GiftAccount>) -> Result<(), Stop> {
    match account {
        Some(account) if account.held_minor > 0 => {
            refuse(Rejection::VoucherLocked, "a pending redemption will pay with the voucher")
        }
        Some(_) | None => Ok(()),
    }
}

/// Takes what is left with the voucher that is taken away; of a code in print nothing was written, and nothing need be.
pub(super) fn revoke(facts: &mut Facts, context: Context, account: Option<GiftAccount>) {
    if let Some(account) = account.filter(|account| account.version > 0 && account.balance_minor > 0) {
        let left_minor = account.balance_minor;
        write(facts, context, account, Change::of(GiftStep::Revoked, -left_minor, 0));
    }
}

/// Tops a balance up, or sets it right.
pub(super) fn change(
    facts: &mut Facts,
    context: Context,
    candidates: &[ComputedCode],
    change: &GiftChange,
) -> Result<Outcome, Stop> {
    let Some(found) = sweep::find(facts, context, candidates)? else {
        return refuse(Rejection::VoucherNotFound, "there is no such voucher");
    };
    let source = source(facts, found.key().coupon)?;
    let (row, voucher) = (found.row(), found.voucher(&source.coupon, &facts.settings.zone));
    let Some(before) = account(facts, context, &source.coupon, voucher.key)? else {
        return refuse(Rejection::NoStoredValue, "the voucher is no gift value");
    };
    hold::usable(&voucher, context.now)?;
    let minor = change.amount_minor;
    let after = GiftAccount { balance_minor: before.balance_minor.saturating_add(minor), ..before.clone() };
    if !after.is_sound() {
        let detail = format!("{} of {} minor units can be taken", before.available_minor(), before.balance_minor);
        return refuse(Rejection::BalanceOutOfBounds, detail);
    }
    let usage =
        if change.is_top_up { topped_up_value(facts, context, &source, (&voucher, minor))? } else { Vec::new() };
    let account = with_row(facts, context, &source.coupon, (row.as_ref(), &voucher))?;
    let step = if change.is_top_up { GiftStep::ToppedUp } else { GiftStep::Adjusted };
    let reason = change.reason.as_deref();
    let (account, entry) = write(facts, context, account, Change { reason, usage, ..Change::of(step, minor, 0) });
    let entry = entry.expect("its balance changed");
    Ok(Outcome::Gift { key_no: voucher.key_no, account, entry: Box::new(entry) })
}

/// Value that is added is granted as it is at issue: while the coupon grants, and within its limits of value.
fn topped_up_value(
    facts: &mut Facts,
    context: Context,
    source: &Source,
    (voucher, amount): (&Voucher, i64),
) -> Result<Vec<UsageDelta>, Stop> {
    source.check_grants(context.now)?;
    let customer = voucher.customer;
    let whose = if customer.is_some() { Whose::All } else { Whose::Everyone };
    let want = Want { counts: Counts::Value, whose, customer, amount, held: false };
    Ok(take(facts, context, source, want)?.deltas)
}

/// Writes an account that is yet as it was before the change.
fn write(facts: &mut Facts, context: Context, before: GiftAccount, change: Change) -> (GiftAccount, Option<GiftEntry>) {
    let previous = before.journal;
    let account = GiftAccount {
        version: before.version + 1,
        balance_minor: before.balance_minor + change.balance_minor,
        held_minor: before.held_minor + change.held_minor,
        journal: facts.next_journal(),
        ..before
    };
    debug_assert!(account.is_sound(), "an account out of bounds: {account:?}");
    let key = account.voucher;
    let subject = Subject::Gift(key);
    let entry = Entry { subject, version: account.version, previous, actor: context.actor };
    let kind = EventKind::Gift {
        step: change.step,
        amount_minor: change.balance_minor,
        balance_minor: account.balance_minor,
        held_minor: account.held_minor,
        redemption: change.redemption.cloned(),
    };
    facts.record(entry, kind, change.usage);
    let entry = change.step.has_entry().then(|| GiftEntry {
        voucher: key,
        version: account.version,
        step: change.step,
        amount_minor: change.balance_minor,
        balance_minor: account.balance_minor,
        redemption: change.redemption.cloned(),
        at: context.now,
        actor: context.actor,
        reason: change.reason.map(str::to_owned),
    });
    entry.iter().for_each(|entry| facts.record_gift_entry(entry.clone()));
    facts.gifts.put(key, account.clone());
    (account, entry)
}
