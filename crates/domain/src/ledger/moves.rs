//! The only places where a voucher's, a redemption's or a customer's row is written: each write raises the version, records one event
//! and keeps the derived lists in step.

use super::decide::Context;
use super::facts::{Entry, Facts};
use super::history;
use crate::customer::{Carrier, Customer};
use crate::event::{CouponAmount, EventKind, Subject, VoucherStep};
use crate::id::CustomerNo;
use crate::identity::Identity;
use crate::limit::UsageDelta;
use crate::redemption::{Redemption, RedemptionState};
use crate::voucher::{Voucher, VoucherState};

/// Writes a voucher that was `before` (or was not) and is to be `after`, whose version and place in the journal are
/// set here. Returns it as written.
pub(super) fn voucher(
    facts: &mut Facts,
    context: Context,
    before: Option<&Voucher>,
    after: Voucher,
    (step, usage): (VoucherStep, Vec<UsageDelta>),
) -> Voucher {
    let from = before.map(|voucher| voucher.state);
    debug_assert!(VoucherState::may_step(from, after.state, step), "{from:?} to {:?}", after.state);
    let written =
        Voucher { version: before.map_or(0, |voucher| voucher.version) + 1, journal: facts.next_journal(), ..after };
    let entry = Entry {
        subject: Subject::Voucher(written.key),
        version: written.version,
        previous: before.map(|voucher| voucher.journal).unwrap_or_default(),
        actor: context.actor,
    };
    let kind = EventKind::Voucher {
        step,
        from,
        to: written.state,
        customer: written.customer,
        redemption: written.redemption.clone(),
    };
    facts.record(entry, kind, usage);
    hold_in_list(facts, before.and_then(|voucher| voucher.customer), &written);
    facts.vouchers.put(written.key, written.clone());
    written
}

/// A customer's list of vouchers, and that of a coupon's live ones, follow the row if they are loaded.
fn hold_in_list(facts: &mut Facts, owner_before: Option<CustomerNo>, voucher: &Voucher) {
    let key = voucher.key;
    if let Some(before) = owner_before.filter(|before| Some(*before) != voucher.customer) {
        facts.holdings.amend(&(before, key.coupon), |list| list.retain(|other| *other != key));
        facts.wallets.amend(&before, |list| list.retain(|other| *other != key));
    }
    let Some(customer) = voucher.customer else { return };
    // A locked one too: its reservation may have run out.
    let live = matches!(voucher.state, VoucherState::Held | VoucherState::Issued | VoucherState::Locked);
    facts.wallets.amend(&customer, |list| {
        if !list.contains(&key) {
            list.push(key);
        }
    });
    facts.holdings.amend(&(customer, key.coupon), |list| {
        list.retain(|other| *other != key);
        if live {
            // Where a store would have it: what is used first must not depend on what shares a batch.
            let place = list.partition_point(|other| *other < key);
            list.insert(place, key);
        }
    });
}

/// What happened to a redemption, beyond its states.
#[derive(Debug)]
pub(super) struct RedemptionMove {
    pub from: Option<RedemptionState>,
    pub amounts: Vec<CouponAmount>,
    pub usage: Vec<UsageDelta>,
}

/// Writes a redemption whose version is still that of the row before it (0: there was none).
pub(super) fn redemption(facts: &mut Facts, context: Context, after: Redemption, moved: RedemptionMove) -> Redemption {
    debug_assert!(RedemptionState::may_become(moved.from, after.state), "{:?} to {:?}", moved.from, after.state);
    let written = Redemption { version: after.version + 1, journal: facts.next_journal(), ..after };
    let entry = Entry {
        subject: Subject::Redemption(written.id.clone()),
        version: written.version,
        previous: after.journal,
        actor: context.actor,
    };
    let kind = EventKind::Redemption {
        from: moved.from,
        to: written.state,
        customer: written.customer,
        amounts: moved.amounts,
    };
    facts.record(entry, kind, moved.usage);
    hold_in_lists(facts, &written);
    history::follow(facts, context, &written);
    facts.redemptions.put(written.id.clone(), written.clone());
    written
}

/// The order's live redemption and the coupons' reservations, where loaded, follow the row.
fn hold_in_lists(facts: &mut Facts, redemption: &Redemption) {
    if let Some(order) = &redemption.order {
        let live = matches!(redemption.state, RedemptionState::Pending | RedemptionState::Succeeded);
        if live {
            facts.orders.put(order.clone(), redemption.id.clone());
        } else if matches!(facts.orders.known(order), Some(Some(id)) if *id == redemption.id) {
            facts.orders.delete(order.clone());
        }
    }
    let pending = redemption.state == RedemptionState::Pending;
    for part in &redemption.parts {
        facts.reservations.amend(&part.coupon, |list| {
            list.retain(|id| *id != redemption.id);
            if pending {
                list.push(redemption.id.clone());
            }
        });
    }
}

/// Writes a customer that was `before` (or was not) and is to be `after`.
pub(super) fn customer(
    facts: &mut Facts,
    context: Context,
    before: Option<&Customer>,
    after: Customer,
    (kind, usage): (EventKind, Vec<UsageDelta>),
) -> Customer {
    let version = before.map_or(0, |customer| customer.version) + 1;
    // Once known by more than what anybody may say, it is nobody's for the asking any more.
    let known = after.profile.registered || after.profile.external_id.is_some();
    let written = Customer { version, guest: after.guest && !known, journal: facts.next_journal(), ..after };
    let entry = Entry {
        subject: Subject::Customer(written.no),
        version,
        previous: before.map(|customer| customer.journal).unwrap_or_default(),
        actor: context.actor,
    };
    facts.record(entry, kind, usage);
    carry_in_lists(facts, before.map_or(&[], |customer| &customer.identities), &written);
    facts.customers.put(written.no, written.clone());
    written
}

/// Who carries an identity, where loaded, follows the row.
fn carry_in_lists(facts: &mut Facts, before: &[Identity], after: &Customer) {
    let no = after.no;
    let gone = before.iter().filter(|identity| after.identity(&identity.key).is_none());
    for identity in gone {
        facts.carriers.amend(&identity.key, |list| list.retain(|carrier| carrier.customer != no));
    }
    for identity in &after.identities {
        let own = Carrier { customer: no, is_verified: identity.verified_at.is_some() };
        facts.carriers.amend(&identity.key, |list| {
            list.retain(|carrier| carrier.customer != no);
            let place = |carrier: &Carrier| (!carrier.is_verified, carrier.customer);
            list.insert(list.partition_point(|other| place(other) < place(&own)), own);
        });
    }
}
