//! What holds after every batch, whatever was asked.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::AuditHead;
use domain::coupon::CouponState;
use domain::event::{Event, EventKind, JournalNo, Subject};
use domain::id::{CouponNo, VoucherKind};
use domain::limit::{Taking, UsageKey, UsageSubject};
use domain::redemption::{Redemption, RedemptionState};
use domain::settlement::{Settled, SettlementKey, settled};
use domain::statistics::Statistics;
use domain::voucher::{Voucher, VoucherState};

use crate::rows::Rows;
use crate::world::World;

pub fn check(world: &World) {
    let rows = &world.rows;
    usages_equal_the_events(rows);
    usages_equal_the_takings(rows);
    who_is_who_is_settled(rows);
    subjects_are_numbered_and_linked(rows);
    vouchers_and_reservations_agree(rows);
    statistics_equal_a_recount(rows);
    balances_are_the_sums_of_their_entries(rows);
    settlements_equal_a_recount(rows);
    the_audit_log_is_a_chain(rows);
    given_codes_have_one_owner_or_none(rows);
    for event in rows.events.iter().map(|(_, event)| event) {
        if let Subject::Coupon(no) = event.subject {
            assert!(rows.versions.contains_key(&(no, event.version)), "version {} of {no} is kept", event.version);
        }
        if let Subject::Campaign(no) = event.subject {
            assert!(rows.campaign_versions.contains_key(&(no, event.version)), "version {} is kept", event.version);
        }
        if let EventKind::Coupon { from, to } | EventKind::Campaign { from, to } = event.kind {
            assert!(CouponState::may_become(from, to), "{event:?}");
        }
    }
    let live: Vec<_> =
        rows.redemptions.values().filter(|one| is_live(one)).filter_map(|one| one.order.clone()).collect();
    assert_eq!(live.len(), live.iter().collect::<BTreeSet<_>>().len(), "an order has one live redemption");
}

fn is_live(redemption: &Redemption) -> bool {
    matches!(redemption.state, RedemptionState::Pending | RedemptionState::Succeeded)
}

fn usages_equal_the_events(rows: &Rows) {
    let mut sums: BTreeMap<UsageKey, (i64, i64)> = BTreeMap::new();
    for delta in rows.events.iter().flat_map(|(_, event)| &event.usage) {
        let sum = sums.entry(delta.key).or_default();
        sum.0 += delta.used;
        sum.1 += delta.held;
    }
    for (key, usage) in &rows.usages {
        assert!(usage.used >= 0 && usage.held >= 0 && usage.used + usage.held <= usage.bound, "{key:?}: {usage:?}");
        assert_eq!((usage.used, usage.held), sums.remove(key).unwrap_or_default(), "{key:?}");
    }
    assert!(sums.values().all(|sum| *sum == (0, 0)), "no events without a row: {sums:?}");
}

fn usages_equal_the_takings(rows: &Rows) {
    let mut sums: BTreeMap<UsageKey, (i64, i64)> = BTreeMap::new();
    let mut add = |takings: &[Taking], held: bool| {
        for taking in takings {
            let sum = sums.entry(counter_now(rows, taking.key)).or_default();
            if held { sum.1 += taking.amount } else { sum.0 += taking.amount }
        }
    };
    rows.vouchers.values().for_each(|voucher| add(&voucher.takings, voucher.held_until.is_some()));
    rows.blocks.values().for_each(|block| add(&block.takings, false));
    for redemption in rows.redemptions.values() {
        let held = redemption.state == RedemptionState::Pending;
        redemption.parts.iter().for_each(|part| add(&part.takings, held));
    }
    for (key, (used, held)) in sums {
        let usage = rows.usages[&key];
        assert_eq!(usage.held, held, "what is held is recorded by who holds it: {key:?}");
        assert!(usage.used >= used, "what is recorded can be given back: {key:?} {usage:?} {used}");
    }
}

/// The counter of the person that whoever took it is part of by now.
fn counter_now(rows: &Rows, key: UsageKey) -> UsageKey {
    let person = key.subject.person().and_then(|no| rows.persons.get(&no));
    UsageKey { subject: person.map_or(key.subject, |person| UsageSubject::customer(person.person)), ..key }
}

fn balances_are_the_sums_of_their_entries(rows: &Rows) {
    for (key, account) in &rows.gifts {
        let entries = || rows.gift_entries.iter().filter(|entry| entry.voucher == *key);
        assert!(account.is_sound(), "{account:?}");
        assert_eq!(entries().map(|entry| entry.amount_minor).sum::<i64>(), account.balance_minor, "{account:?}");
        assert_eq!(entries().next_back().unwrap().balance_minor, account.balance_minor, "{account:?}");
        let pending = rows.redemptions.values().filter(|one| one.state == RedemptionState::Pending);
        let held = pending.flat_map(|one| &one.payments).filter(|paid| paid.voucher == *key);
        assert_eq!(held.map(|paid| paid.amount_minor).sum::<i64>(), account.held_minor, "{account:?}");
    }
}

fn who_is_who_is_settled(rows: &Rows) {
    for (no, person) in &rows.persons {
        let of_person = rows.persons.get(&person.person).map_or(person.person, |person| person.person);
        assert_eq!(of_person, person.person, "a person is part of no other: {no} {person:?}");
        assert!(person.person <= *no, "it is named after the first: {no} {person:?}");
        let Some(into) = person.merged_into else { continue };
        let stands = rows.persons.get(&into);
        assert_eq!(stands.and_then(|stands| stands.merged_into), None, "who stands for others is merged into none");
        assert_eq!(stands.map_or(into, |stands| stands.person), person.person, "the two are one person");
        assert!(rows.vouchers.values().all(|voucher| voucher.customer != Some(*no)), "{no} owns nothing any more");
        assert!(rows.customers[no].is_nameless(), "nothing is kept of {no}");
    }
    let mut proven = BTreeSet::new();
    for identity in rows.customers.values().flat_map(|customer| &customer.identities) {
        assert!(identity.verified_at.is_none() || proven.insert(&identity.key), "{identity:?} is proven to be two's");
    }
}

fn subjects_are_numbered_and_linked(rows: &Rows) {
    let mut latest: BTreeMap<&Subject, (u32, JournalNo, Option<VoucherState>)> = BTreeMap::new();
    for (journal, event) in &rows.events {
        let (version, previous, state) = latest.get(&event.subject).copied().unwrap_or_default();
        assert_eq!((event.version, event.previous), (version + 1, previous), "{event:?}");
        latest.insert(&event.subject, (event.version, *journal, state_after(event, state)));
    }
    for (subject, (version, journal, _)) in latest {
        assert_eq!(row_of(rows, subject), (version, journal), "{subject:?}");
    }
    let subjects = rows.events.iter().filter(|(_, event)| event.version == 1).count();
    let made = rows.vouchers.len() + rows.redemptions.len() + rows.coupons.len() + rows.customers.len();
    assert_eq!(
        subjects,
        made + rows.campaigns.len() + rows.blocks.len() + rows.gifts.len(),
        "every row has its events"
    );
}

fn state_after(event: &Event, before: Option<VoucherState>) -> Option<VoucherState> {
    let EventKind::Voucher { step, from, to, .. } = &event.kind else { return None };
    assert_eq!(*from, before, "{event:?}");
    assert!(VoucherState::may_step(*from, *to, *step), "{event:?}");
    Some(*to)
}

fn row_of(rows: &Rows, subject: &Subject) -> (u32, JournalNo) {
    match subject {
        Subject::Voucher(key) => (rows.vouchers[key].version, rows.vouchers[key].journal),
        Subject::Redemption(id) => (rows.redemptions[id].version, rows.redemptions[id].journal),
        Subject::Coupon(no) => (rows.coupons[no].version, rows.coupons[no].journal),
        Subject::Customer(no) => (rows.customers[no].version, rows.customers[no].journal),
        Subject::Campaign(no) => (rows.campaigns[no].version, rows.campaigns[no].journal),
        Subject::Account(no) => (rows.accounts[no].version, rows.accounts[no].journal),
        Subject::Gift(key) => (rows.gifts[key].version, rows.gifts[key].journal),
        Subject::Block(_, id) => {
            let block = rows.blocks.values().find(|block| block.id == *id).unwrap();
            (block.version, block.journal)
        }
    }
}

fn vouchers_and_reservations_agree(rows: &Rows) {
    for voucher in rows.vouchers.values() {
        assert!(voucher.state != VoucherState::Held || voucher.held_until.is_some(), "{voucher:?}");
        let by = voucher.redemption.as_ref().map(|id| &rows.redemptions[id]);
        let uses = by.is_some_and(|one| one.parts.iter().any(|part| part.voucher == Some(voucher.key)));
        match voucher.state {
            VoucherState::Locked => assert!(uses && by.unwrap().state == RedemptionState::Pending, "{voucher:?}"),
            VoucherState::Redeemed => assert!(uses && by.unwrap().state == RedemptionState::Succeeded, "{voucher:?}"),
            VoucherState::Held
            | VoucherState::Issued
            | VoucherState::Expired
            | VoucherState::Revoked
            | VoucherState::Pooled => {
                assert!(by.is_none(), "{voucher:?}");
            }
        }
    }
    for redemption in rows.redemptions.values().filter(|one| is_live(one)) {
        for key in redemption.parts.iter().filter_map(|part| part.voucher) {
            assert_eq!(rows.vouchers[&key].redemption.as_ref(), Some(&redemption.id), "{redemption:?}");
        }
        let given: i64 = redemption.parts.iter().map(|part| part.discount_minor).sum();
        assert_eq!(redemption.discount_minor, given);
        assert!(redemption.parts.iter().all(|part| (0..=part.discount_minor).contains(&part.returned_minor)));
    }
}

/// A voucher in the pool is nobody's and took nothing; one that came out of it and ended unseen has left its code.
fn given_codes_have_one_owner_or_none(rows: &Rows) {
    let mut coded = BTreeSet::new();
    for given in rows.given_codes.values() {
        assert!(coded.insert(given.voucher) && rows.vouchers.contains_key(&given.voucher), "{given:?}");
    }
    for voucher in rows.vouchers.values().filter(|voucher| voucher.key.kind == VoucherKind::Given) {
        let ended = matches!(voucher.state, VoucherState::Expired | VoucherState::Revoked);
        assert!(ended || coded.contains(&voucher.key), "{voucher:?}");
        if voucher.state == VoucherState::Pooled {
            assert!(voucher.customer.is_none() && voucher.takings.is_empty() && voucher.version == 1, "{voucher:?}");
        }
    }
}

fn statistics_equal_a_recount(rows: &Rows) {
    let mut figures: BTreeMap<CouponNo, Statistics> = BTreeMap::new();
    for voucher in rows.vouchers.values() {
        count_voucher(figures.entry(voucher.key.coupon).or_default(), voucher);
    }
    for (key, block) in &rows.blocks {
        figures.entry(key.coupon).or_default().issued += i64::try_from(block.count).unwrap();
    }
    for redemption in rows.redemptions.values() {
        let returned = redemption.state == RedemptionState::Returned;
        let used = returned || redemption.state == RedemptionState::Succeeded;
        for part in redemption.parts.iter().filter(|_| used) {
            let of = figures.entry(part.coupon).or_default();
            of.redeemed += 1;
            of.returned += i64::from(returned);
            of.value_given_minor += part.discount_minor - part.returned_minor;
        }
    }
    for (coupon, tallied) in &rows.statistics {
        assert_eq!(*tallied, figures.remove(coupon).unwrap_or_default(), "coupon {coupon}");
    }
    assert!(figures.values().all(|figures| *figures == Statistics::default()), "{figures:?}");
}

fn settlements_equal_a_recount(rows: &Rows) {
    let mut counted: BTreeMap<SettlementKey, Settled> = BTreeMap::new();
    for (key, settled) in rows.redemptions.values().flat_map(settled) {
        counted.entry(key).or_default().add(&settled);
    }
    assert_eq!(rows.settled, counted);
    for (coupon, figures) in &rows.statistics {
        let of_coupon = counted.iter().filter(|(key, _)| key.coupon == *coupon).map(|(_, settled)| settled);
        let net: i64 = of_coupon.map(|settled| settled.borne_minor - settled.given_back_minor).sum();
        assert_eq!(net, figures.value_given_minor, "what all bear is what was given: coupon {coupon}");
    }
}

fn count_voucher(of: &mut Statistics, voucher: &Voucher) {
    let pooled = voucher.state == VoucherState::Pooled;
    of.pooled += i64::from(pooled);
    of.issued += i64::from(voucher.key.kind != VoucherKind::Bearer && !pooled);
    of.held += i64::from(voucher.state == VoucherState::Held);
    of.locked += i64::from(voucher.state == VoucherState::Locked);
    of.expired += i64::from(voucher.state == VoucherState::Expired);
    of.revoked += i64::from(voucher.state == VoucherState::Revoked);
}

fn the_audit_log_is_a_chain(rows: &Rows) {
    let mut head = AuditHead::default();
    for entry in &rows.audits {
        assert!(entry.follows(&head), "{entry:?} comes after {head:?}");
        head = entry.head();
    }
    assert_eq!(rows.audit_head.get(&()).copied().unwrap_or_default(), head);
}
