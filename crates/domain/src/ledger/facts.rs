//! The facts a batch is decided on, and the changes it makes to them. A store loads what is wanted and writes what is
//! changed; it knows no rule.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command::{Answered, IdempotencyHash};
use super::decision::DecisionRecord;
use super::table::Table;
use crate::access_block::Standing;
use crate::codes::{Folded, Pattern};
use crate::coupon::{Campaign, Coupon};
use crate::customer::Customer;
use crate::event::{Actor, EVENTS_PER_ROW, Event, EventKind, JournalNo, ROWS_PER_BATCH, Subject};
use crate::id::{CampaignNo, CouponNo, CustomerNo, VoucherKey, VoucherKind};
use crate::limit::{Usage, UsageDelta, UsageKey};
use crate::money::Currency;
use crate::redemption::{Redemption, RedemptionId};
use crate::statistics::{Statistics, tally};
use crate::time::Zone;
use crate::voucher::{Block, Voucher};

/// What a tenant has set once for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Where its days begin.
    pub zone: Zone,
    /// What its prices usually are in. Amounts always name theirs.
    pub currency: Currency,
}

/// The small numbers of a tenant: the next one of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sequence {
    /// Of coupons.
    Coupon,
    /// Of customers.
    Customer,
    /// Of campaigns.
    Campaign,
    /// Of limits.
    Limit,
}

/// Holds and reservations of a coupon, or of its whole campaign, whose deadline has passed, oldest first and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Held vouchers.
    pub vouchers: Vec<VoucherKey>,
    /// Pending redemptions.
    pub redemptions: Vec<RedemptionId>,
}

/// How much of [`Due`] is loaded at most: as many as a batch has commands, so that each can be given a unit.
pub const DUE_MAX: usize = 1024;

/// How many pending reservations one step of an abort cancels.
pub const RESERVATIONS_MAX: usize = 500;

/// A block of codes by its coupon and first ordinal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockKey {
    /// The coupon.
    pub coupon: CouponNo,
    /// The first ordinal.
    pub first: u64,
}

/// A code given by people: stored as a keyed hash (the key of this fact) and a sealed copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenCode {
    /// The voucher it stands for.
    pub voucher: VoucherKey,
    /// The text, sealed.
    pub sealed: Vec<u8>,
}

/// All facts of one tenant that a batch touches.
#[derive(Debug)]
pub struct Facts {
    /// What the tenant has set.
    pub settings: Settings,
    /// The ring key that new codes are computed with.
    pub key_no: u32,
    /// The first row of the journal this batch may write.
    pub journal: JournalNo,
    /// Who is kept out, as the store has it in memory: neither loaded nor written.
    pub standing: Arc<Standing>,
    /// Coupons. Every version is kept: see [`Facts::coupon_versions`].
    pub coupons: Table<CouponNo, Arc<Coupon>>,
    /// Campaigns.
    pub campaigns: Table<CampaignNo, Arc<Campaign>>,
    /// Customers.
    pub customers: Table<CustomerNo, Customer>,
    /// Who has an external id.
    pub external_ids: Table<String, CustomerNo>,
    /// The next small numbers; absent: 1.
    pub sequences: Table<Sequence, u32>,
    /// The next ordinal of a coupon and kind; absent: 0.
    pub series: Table<(CouponNo, VoucherKind), u64>,
    /// Counters of limits.
    pub usages: Table<UsageKey, Usage>,
    /// Vouchers.
    pub vouchers: Table<VoucherKey, Voucher>,
    /// Blocks of bearer codes.
    pub blocks: Table<BlockKey, Block>,
    /// Shared codes.
    pub shared_codes: Table<Folded, CouponNo>,
    /// Given codes by their keyed hash.
    pub given_codes: Table<[u8; 16], GivenCode>,
    /// Derived, not written: the patterns with a prefix, all that ever were.
    pub patterns: Table<(), Vec<(Pattern, CouponNo)>>,
    /// Derived, not written: the first ordinal of the block that covers an ordinal.
    pub covering: Table<(CouponNo, u64), u64>,
    /// Derived, not written: a customer's vouchers of a coupon that are held, issued or locked, by kind and ordinal,
    /// bounded.
    pub holdings: Table<(CustomerNo, CouponNo), Vec<VoucherKey>>,
    /// Redemptions.
    pub redemptions: Table<RedemptionId, Redemption>,
    /// Derived, not written: the live redemption of an order.
    pub orders: Table<String, RedemptionId>,
    /// Derived, not written: pending redemptions that use a coupon, bounded by [`RESERVATIONS_MAX`].
    pub reservations: Table<CouponNo, Vec<RedemptionId>>,
    /// Derived, not written: what is due.
    pub due: Table<CouponNo, Due>,
    /// What was answered to an idempotency key.
    pub answers: Table<IdempotencyHash, Answered>,
    events: Vec<Event>,
    events_kept: usize,
    decisions: Vec<DecisionRecord>,
    decisions_kept: usize,
    versions: Vec<Arc<Coupon>>,
    versions_kept: usize,
}

/// Names every table once, for what is done to all of them.
macro_rules! each_table {
    ($facts:ident, $method:ident) => {
        $facts.coupons.$method();
        $facts.campaigns.$method();
        $facts.customers.$method();
        $facts.external_ids.$method();
        $facts.sequences.$method();
        $facts.series.$method();
        $facts.usages.$method();
        $facts.vouchers.$method();
        $facts.blocks.$method();
        $facts.shared_codes.$method();
        $facts.given_codes.$method();
        $facts.patterns.$method();
        $facts.covering.$method();
        $facts.holdings.$method();
        $facts.redemptions.$method();
        $facts.orders.$method();
        $facts.reservations.$method();
        $facts.due.$method();
        $facts.answers.$method();
    };
}

impl Facts {
    /// No facts yet.
    #[must_use]
    pub fn new(settings: Settings, key_no: u32, journal: JournalNo) -> Self {
        Self {
            settings,
            key_no,
            journal,
            standing: Arc::default(),
            coupons: Table::default(),
            campaigns: Table::default(),
            customers: Table::default(),
            external_ids: Table::default(),
            sequences: Table::default(),
            series: Table::default(),
            usages: Table::default(),
            vouchers: Table::default(),
            blocks: Table::default(),
            shared_codes: Table::default(),
            given_codes: Table::default(),
            patterns: Table::default(),
            covering: Table::default(),
            holdings: Table::default(),
            redemptions: Table::default(),
            orders: Table::default(),
            reservations: Table::default(),
            due: Table::default(),
            answers: Table::default(),
            events: Vec::new(),
            events_kept: 0,
            decisions: Vec::new(),
            decisions_kept: 0,
            versions: Vec::new(),
            versions_kept: 0,
        }
    }

    /// The batch's events in order; 64 of them make a row of the journal.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The batch's decision records.
    #[must_use]
    pub fn decisions(&self) -> &[DecisionRecord] {
        &self.decisions
    }

    /// Every version of a coupon that the batch made, in order. Two changes of one coupon in a batch leave one change of
    /// its row but two versions, either of which a decision may name.
    #[must_use]
    pub fn coupon_versions(&self) -> &[Arc<Coupon>] {
        &self.versions
    }

    /// What the batch's events add to the figures of each coupon.
    #[must_use]
    pub fn statistics(&self) -> BTreeMap<CouponNo, Statistics> {
        let mut figures = BTreeMap::new();
        for event in &self.events {
            tally(event, &mut figures);
        }
        figures
    }

    /// Where the next event will be.
    pub(super) fn next_journal(&self) -> JournalNo {
        let row = i64::try_from(self.events.len() / EVENTS_PER_ROW).expect("a batch has few events");
        JournalNo(self.journal.0 + row)
    }

    /// Records an event. The caller has put the version and [`Facts::next_journal`] on the subject's row.
    pub(super) fn record(&mut self, entry: Entry, kind: EventKind, usage: Vec<UsageDelta>) {
        // More would take the numbers of the next batch's rows. A batch that is too large fails, and runs in parts.
        assert!(self.events.len() < EVENTS_PER_ROW * ROWS_PER_BATCH, "the journal has no room for so large a batch");
        let Entry { subject, version, previous, actor } = entry;
        self.events.push(Event { subject, version, previous, actor, kind, usage });
    }

    pub(super) fn record_decision(&mut self, record: DecisionRecord) {
        self.decisions.push(record);
    }

    pub(super) fn record_version(&mut self, coupon: Arc<Coupon>) {
        self.versions.push(coupon);
    }

    /// Keeps what the command staged.
    pub(super) fn keep(&mut self) {
        each_table!(self, keep);
        self.events_kept = self.events.len();
        self.decisions_kept = self.decisions.len();
        self.versions_kept = self.versions.len();
    }

    /// Forgets what the command staged.
    pub(super) fn discard(&mut self) {
        each_table!(self, discard);
        self.events.truncate(self.events_kept);
        self.decisions.truncate(self.decisions_kept);
        self.versions.truncate(self.versions_kept);
    }

    /// Forgets all changes of the batch, keeps what was loaded.
    pub(super) fn restart(&mut self) {
        each_table!(self, restart);
        self.events.clear();
        self.decisions.clear();
        self.versions.clear();
        self.events_kept = 0;
        self.decisions_kept = 0;
        self.versions_kept = 0;
    }
}

/// About what an event is and by whom it was made.
#[derive(Debug)]
pub(super) struct Entry {
    pub subject: Subject,
    pub version: u32,
    pub previous: JournalNo,
    pub actor: Actor,
}
