//! What a coupon that is not there yet would have done to recorded orders. Every order is decided again with it, on what was
//! recorded; nobody is thought to buy more, or otherwise, because of it: there is no demand effect.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::collection::{Collection, Collections, EntryKey};
use crate::coupon::{Compiled, Coupon, CouponState, Definition, LimitDefinition, Vetting};
use crate::event::JournalNo;
use crate::id::{CouponId, CouponNo, CustomerNo};
use crate::limit::{Counts, Per};
use crate::money::Currency;
use crate::order::Order;
use crate::period::PeriodStart;
use crate::pricing::{Applied, Offer, Quote};
use crate::rule::Declared;
use crate::time::Timestamp;
use crate::validity::Validity;
use crate::window::Window;

use super::decision::{DecisionRecord, Recalled, Versions};

/// A coupon that is not there yet.
#[derive(Clone, Debug)]
pub struct Draft {
    coupon: Arc<Coupon>,
    needs_code: bool,
}

impl Draft {
    /// Of that definition, to be tried on the past: the dates between which it would grant and be valid are left out, its
    /// weekdays and hours are not. It comes after all coupons there are.
    ///
    /// `needs_code`: whoever pays less with it has the code and types it, and nobody else. Otherwise every order that it
    /// applies to has it, also one that becomes dearer because it keeps out others.
    #[must_use]
    pub fn new(definition: Definition, needs_code: bool) -> Self {
        let validity = Validity { from: None, until: None, after_claim: None, ..definition.validity };
        let coupon = Coupon {
            no: CouponNo(u32::MAX),
            id: CouponId(uuid::Uuid::nil()),
            version: 1,
            state: CouponState::Running,
            definition: Definition { validity, window: Window::default(), ..definition },
            limits: Vec::new(),
            limits_retired: Vec::new(),
            created_at: Timestamp::MIN,
            changed_at: Timestamp::MIN,
            journal: JournalNo::default(),
            vetting: Vetting::default(),
            compiled: Compiled::default(),
        };
        Self { coupon: Arc::new(coupon), needs_code }
    }

    /// The collections that it asks for, as they are now; `attributes` are those that the tenant has declared.
    fn collections(&self, there: &Collections, attributes: &Declared) -> Vec<Arc<Collection>> {
        let condition = self.coupon.condition(attributes).ok().flatten();
        let asked = condition.iter().flat_map(|condition| &condition.asks().collections).map(AsRef::as_ref);
        let named = self.coupon.definition.listings().flat_map(|listing| listing.collections.each());
        there.named(&asked.chain(named).collect()).cloned().collect()
    }

    /// Whether it is for who bought then. An age is known only where the shop said it with the order.
    fn is_for(&self, record: &DecisionRecord) -> bool {
        let age = record.order.customer.as_ref().and_then(|shopper| shopper.age);
        let is_old_enough = self.coupon.definition.min_age.is_none_or(|min| age.is_some_and(|age| age >= min));
        self.coupon.is_for(record.customer) && is_old_enough
    }
}

/// What a simulation came to, so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Orders that were decided again.
    pub replayed: u64,
    /// Orders that could not be: another revision of the pricing decided them, or a version they name is gone.
    pub skipped: u64,
    /// Orders that would have had the coupon.
    pub touched: u64,
    /// Orders that would have paid less than they did.
    pub winners: u64,
    /// Orders that would have paid more than they did.
    pub losers: u64,
    /// Orders that would have had it, if one of its limits were not used up.
    pub limited: u64,
    /// The amounts, by the currency of the orders.
    pub amounts: BTreeMap<Currency, Amounts>,
    /// When the first of them was decided.
    pub from: Option<Timestamp>,
    /// When the last of them was.
    pub through: Option<Timestamp>,
}

/// Amounts of a simulation, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// All discounts as they were recorded.
    pub discount_before_minor: i64,
    /// All discounts with the coupon. It costs the difference.
    pub discount_after_minor: i64,
    /// What the coupon itself would have given.
    pub given_minor: i64,
}

impl Amounts {
    /// What all discounts would have come to more; less, if below zero.
    #[must_use]
    pub fn cost_minor(self) -> i64 {
        self.discount_after_minor - self.discount_before_minor
    }
}

/// A draft on its way through recorded orders, in the order of time.
#[derive(Clone, Debug)]
pub struct Simulation {
    draft: Draft,
    figures: Figures,
    used: HashMap<Counter, i64>,
}

/// The place of a limit in the definition, for whom it counts, and since when.
type Counter = (usize, Option<CustomerNo>, PeriodStart);

/// How an order comes out with the draft.
enum Tried {
    Applied(Quote, Applied),
    Limited,
    /// It has it not, but may be otherwise than it was.
    Without(Quote),
}

impl Simulation {
    /// Nothing tried yet.
    #[must_use]
    pub fn new(draft: Draft) -> Self {
        Self { draft, figures: Figures::default(), used: HashMap::new() }
    }

    /// What it came to so far.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// The collections that the draft asks for. They are looked up as they are now: see [`add_listed`].
    #[must_use]
    pub fn collections(&self, there: &Collections, attributes: &Declared) -> Vec<Arc<Collection>> {
        self.draft.collections(there, attributes)
    }

    /// Decides a recorded order again, with the draft among its coupons. A draft's own limits count over all orders that
    /// were taken before; those of a campaign are not known.
    pub fn take(&mut self, record: &DecisionRecord, versions: &impl Versions) {
        self.figures.from.get_or_insert(record.at);
        self.figures.through = Some(record.at);
        let recalled = record.recall(versions).filter(|_| record.is_of_this_revision());
        let Some(recalled) = recalled else {
            self.figures.skipped += 1;
            return;
        };
        self.figures.replayed += 1;
        let tried = self.try_on(&recalled);
        self.count(record, tried);
    }

    fn try_on(&mut self, recalled: &Recalled) -> Tried {
        let record = recalled.record;
        let same = || Tried::Without(record.quote.clone());
        if !self.draft.is_for(record) {
            return same();
        }
        let code = recalled.offers.iter().map(|offer| offer.code + 1).max().unwrap_or(0);
        let draft = Offer { code, coupon: Arc::clone(&self.draft.coupon), voucher: None, refused: None };
        let offers: Vec<Offer> = recalled.offers.iter().cloned().chain([draft]).collect();
        let quote = recalled.price_with(&offers);
        if self.draft.needs_code && quote.total_minor >= record.quote.total_minor {
            return same();
        }
        match quote.applied.iter().find(|applied| applied.code == code).cloned() {
            None => Tried::Without(quote),
            Some(applied) if self.takes(record, recalled, applied.discount_minor) => Tried::Applied(quote, applied),
            Some(_) => Tried::Limited,
        }
    }

    /// Takes from all its limits, or from none.
    fn takes(&mut self, record: &DecisionRecord, recalled: &Recalled, discount_minor: i64) -> bool {
        let zone = recalled.terms().zone;
        let want = |(place, limit): (usize, &LimitDefinition)| {
            let subject = match limit.per {
                Per::Everyone => None,
                Per::Customer => Some(record.customer?),
            };
            let amount = match limit.counts {
                Counts::Claims | Counts::Redemptions => 1,
                Counts::Value => discount_minor,
            };
            Some(((place, subject, limit.period.start(record.at, zone)), amount, limit.max))
        };
        let wants: Option<Vec<_>> = self.draft.coupon.definition.limits.iter().enumerate().map(want).collect();
        // A limit per customer needs one.
        let Some(wants) = wants else { return false };
        let used = |counter: &Counter| self.used.get(counter).copied().unwrap_or(0);
        if wants.iter().any(|(counter, amount, max)| used(counter).saturating_add(*amount) > *max) {
            return false;
        }
        wants.into_iter().for_each(|(counter, amount, _)| *self.used.entry(counter).or_default() += amount);
        true
    }

    fn count(&mut self, record: &DecisionRecord, tried: Tried) {
        let figures = &mut self.figures;
        let amounts = figures.amounts.entry(record.order.currency).or_default();
        let before = &record.quote;
        amounts.discount_before_minor += before.discount_minor;
        let after = match tried {
            Tried::Applied(after, applied) => {
                figures.touched += 1;
                amounts.given_minor += applied.discount_minor;
                after
            }
            Tried::Limited => {
                figures.limited += 1;
                before.clone()
            }
            Tried::Without(after) => after,
        };
        amounts.discount_after_minor += after.discount_minor;
        figures.winners += u64::from(after.total_minor < before.total_minor);
        figures.losers += u64::from(after.total_minor > before.total_minor);
    }
}

/// Puts into a recorded order which of these collections list its lines now, by those of their entries that there are; what
/// listed them then stays.
pub fn add_listed(order: &mut Order, collections: &[Arc<Collection>], listed: &BTreeSet<EntryKey>) {
    for line in &mut order.lines {
        let now = collections.iter().filter(|one| one.keys(line).any(|key| listed.contains(&key)));
        let all: BTreeSet<String> = now.map(|one| one.name.clone()).chain(line.collections.iter().cloned()).collect();
        line.collections = all.into_iter().collect();
    }
}
