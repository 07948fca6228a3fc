//! The facts a batch is decided on, and the changes it makes to them. A store loads what is wanted and writes what is
//! changed; it knows no rule.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::command::IdempotencyHash;
use super::decision::DecisionRecord;
use super::history::History;
use super::keys::{BlockKey, Due, GivenCode, PoolHead, PoolPage, Sequence};
use super::log::Log;
use super::outcome::Answered;
use super::table::Table;
use crate::access_block::Standing;
use crate::account::{Account, LoginHash};
use crate::audit::{AuditEntry, AuditHead};
use crate::campaign::Campaign;
use crate::codes::{DrawKey, Folded, Pattern};
use crate::collection::{Collections, EntryKey};
use crate::coupon::Coupon;
use crate::customer::{Carrier, Customer, Person};
use crate::event::{Actor, EVENTS_PER_ROW, Event, EventKind, JournalNo, ROWS_PER_BATCH, Subject};
use crate::gift::{GiftAccount, GiftEntry};
use crate::id::{AccountNo, CampaignNo, CouponNo, CustomerNo, VoucherKey, VoucherKind};
use crate::identity::IdentityKey;
use crate::limit::{Usage, UsageDelta, UsageKey, UsageSubject};
use crate::pricing::AutomaticFacts;
use crate::redemption::{Redemption, RedemptionId};
use crate::segment::{SegmentNo, Segments};
use crate::settlement::{self, Settled, SettlementKey};
use crate::statistics::{Statistics, tally};
use crate::tenant::{Settings, Tenant};
use crate::voucher::{Block, Voucher};

/// All facts of one tenant that a batch touches.
#[derive(Debug)]
pub struct Facts {
    /// What the tenant has set.
    pub settings: Arc<Settings>,
    /// Which version of them that is: decisions name it.
    pub settings_version: u32,
    /// The ring key that new codes are computed with.
    pub key_no: u32,
    /// What random amounts are drawn with.
    pub draw_key: DrawKey,
    /// The first row of the journal this batch may write.
    pub journal: JournalNo,
    /// Who is kept out, as the store has it in memory: neither loaded nor written.
    pub standing: Arc<Standing>,
    /// The tenant's segments, likewise.
    pub segments: Arc<Segments>,
    /// The tenant's collections, likewise.
    pub collections: Arc<Collections>,
    /// Coupons. Every version is kept: see [`Facts::coupon_versions`].
    pub coupons: Table<CouponNo, Arc<Coupon>>,
    /// Campaigns. Every version is kept too: see [`Facts::campaign_versions`].
    pub campaigns: Table<CampaignNo, Arc<Campaign>>,
    /// Derived, not written: the coupons of a campaign that are not aborted, by number, bounded by
    /// [`super::SIBLINGS_MAX`].
    pub siblings: Table<CampaignNo, Vec<CouponNo>>,
    /// Derived, not written: the coupons that need no code.
    pub automatic: Table<(), AutomaticFacts>,
    /// How much a contributor has put into the limits of a coupon.
    pub contributions: Table<(CouponNo, String), i64>,
    /// Customers, with their identities.
    pub customers: Table<CustomerNo, Customer>,
    /// Derived, not written: who carries an identity; who has proven it first, then by number, bounded by
    /// [`super::CARRIERS_MAX`].
    pub carriers: Table<IdentityKey, Vec<Carrier>>,
    /// What customers are one with; absent: a person of its own.
    pub persons: Table<CustomerNo, Person>,
    /// Derived, not written: the customers that are one person with this one, itself left out, by number. One more than
    /// [`super::MEMBERS_MAX`] at most.
    pub members: Table<CustomerNo, Vec<CustomerNo>>,
    /// Derived, not written: the customers that were merged into this one, by number. One more than
    /// [`super::MEMBERS_MAX`] at most.
    pub merged: Table<CustomerNo, Vec<CustomerNo>>,
    /// Derived, not written: a customer's vouchers, the first [`super::MOVES_MAX`] by key.
    pub wallets: Table<CustomerNo, Vec<VoucherKey>>,
    /// Derived, not written: the segments that list a customer.
    pub memberships: Table<CustomerNo, Vec<SegmentNo>>,
    /// Derived, not written: the entries of collections, each by itself.
    pub entries: Table<EntryKey, ()>,
    /// Derived, not written: what a customer has ordered, of its newest [`super::HISTORY_MAX`] redemptions.
    pub histories: Table<CustomerNo, History>,
    /// Derived, not written: the counters of a person. One more than [`super::COUNTERS_MAX`] at most.
    pub counters: Table<UsageSubject, Vec<UsageKey>>,
    /// The next small numbers; absent: 1.
    pub sequences: Table<Sequence, u32>,
    /// The next ordinal of a coupon and kind; absent: 0.
    pub series: Table<(CouponNo, VoucherKind), u64>,
    /// Counters of limits.
    pub usages: Table<UsageKey, Usage>,
    /// Vouchers.
    pub vouchers: Table<VoucherKey, Voucher>,
    /// What vouchers of gift value are worth. Every change is kept: see [`Facts::gift_entries`].
    pub gifts: Table<VoucherKey, GiftAccount>,
    /// Blocks of bearer codes.
    pub blocks: Table<BlockKey, Block>,
    /// Shared codes.
    pub shared_codes: Table<Folded, CouponNo>,
    /// Given codes by their keyed hash.
    pub given_codes: Table<[u8; 16], GivenCode>,
    /// Derived, not written: the hash of a given voucher's code.
    pub hashes: Table<VoucherKey, [u8; 16]>,
    /// Derived, not written: the ordinals of vouchers in a pool, rising. A store does well to load the vouchers too.
    pub pool_pages: Table<PoolPage, Vec<u64>>,
    /// Derived, never loaded: how far this batch is.
    pub(super) pool_heads: Table<CouponNo, PoolHead>,
    /// How many vouchers this batch may hand out.
    pub(super) handed_out_max: usize,
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
    /// Derived, not written: pending redemptions that use a coupon, bounded by [`super::RESERVATIONS_MAX`].
    pub reservations: Table<CouponNo, Vec<RedemptionId>>,
    /// Derived, not written: what is due.
    pub due: Table<CouponNo, Due>,
    /// Accounts.
    pub accounts: Table<AccountNo, Account>,
    /// Which account signs in by a name. It may go by another name since.
    pub logins: Table<LoginHash, AccountNo>,
    /// Derived, not written: the administrators that may sign in; loaded to the second of them.
    pub admins: Table<(), Vec<AccountNo>>,
    /// What was answered to an idempotency key.
    pub answers: Table<IdempotencyHash, Answered>,
    /// Where the tenant's audit log ends; absent: it is empty.
    pub audit_head: Table<(), AuditHead>,
    events: Log<Event>,
    decisions: Log<DecisionRecord>,
    versions: Log<Arc<Coupon>>,
    audits: Log<AuditEntry>,
    gift_entries: Log<GiftEntry>,
    campaign_versions: Log<Arc<Campaign>>,
}

/// Names every table and log once, for what is done to all of them.
macro_rules! each_kind {
    ($facts:ident, $method:ident) => {
        $facts.coupons.$method();
        $facts.campaigns.$method();
        $facts.siblings.$method();
        $facts.automatic.$method();
        $facts.contributions.$method();
        $facts.customers.$method();
        $facts.carriers.$method();
        $facts.persons.$method();
        $facts.members.$method();
        $facts.merged.$method();
        $facts.wallets.$method();
        $facts.memberships.$method();
        $facts.entries.$method();
        $facts.histories.$method();
        $facts.counters.$method();
        $facts.sequences.$method();
        $facts.series.$method();
        $facts.usages.$method();
        $facts.vouchers.$method();
        $facts.gifts.$method();
        $facts.blocks.$method();
        $facts.shared_codes.$method();
        $facts.given_codes.$method();
        $facts.hashes.$method();
        $facts.pool_pages.$method();
        $facts.pool_heads.$method();
        $facts.patterns.$method();
        $facts.covering.$method();
        $facts.holdings.$method();
        $facts.redemptions.$method();
        $facts.orders.$method();
        $facts.reservations.$method();
        $facts.due.$method();
        $facts.accounts.$method();
        $facts.logins.$method();
        $facts.admins.$method();
        $facts.answers.$method();
        $facts.audit_head.$method();
        $facts.events.$method();
        $facts.decisions.$method();
        $facts.versions.$method();
        $facts.audits.$method();
        $facts.gift_entries.$method();
        $facts.campaign_versions.$method();
    };
}

impl Facts {
    /// No facts yet, beside what the tenant has set.
    #[must_use]
    pub fn new(tenant: &Tenant, (key_no, draw_key): (u32, DrawKey), journal: JournalNo) -> Self {
        Self {
            settings: Arc::clone(&tenant.settings),
            settings_version: tenant.version,
            key_no,
            draw_key,
            journal,
            standing: Arc::default(),
            segments: Arc::default(),
            collections: Arc::default(),
            coupons: Table::default(),
            campaigns: Table::default(),
            siblings: Table::default(),
            automatic: Table::default(),
            contributions: Table::default(),
            customers: Table::default(),
            carriers: Table::default(),
            persons: Table::default(),
            members: Table::default(),
            merged: Table::default(),
            wallets: Table::default(),
            memberships: Table::default(),
            entries: Table::default(),
            histories: Table::default(),
            counters: Table::default(),
            sequences: Table::default(),
            series: Table::default(),
            usages: Table::default(),
            vouchers: Table::default(),
            gifts: Table::default(),
            blocks: Table::default(),
            shared_codes: Table::default(),
            given_codes: Table::default(),
            hashes: Table::default(),
            pool_pages: Table::default(),
            pool_heads: Table::default(),
            handed_out_max: 0,
            patterns: Table::default(),
            covering: Table::default(),
            holdings: Table::default(),
            redemptions: Table::default(),
            orders: Table::default(),
            reservations: Table::default(),
            due: Table::default(),
            accounts: Table::default(),
            logins: Table::default(),
            admins: Table::default(),
            answers: Table::default(),
            audit_head: Table::default(),
            events: Log::default(),
            decisions: Log::default(),
            versions: Log::default(),
            audits: Log::default(),
            gift_entries: Log::default(),
            campaign_versions: Log::default(),
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

    /// The batch's entries of the audit log, in order.
    #[must_use]
    pub fn audits(&self) -> &[AuditEntry] {
        &self.audits
    }

    /// What the batch changed of balances, in order.
    #[must_use]
    pub fn gift_entries(&self) -> &[GiftEntry] {
        &self.gift_entries
    }

    /// The same of campaigns.
    #[must_use]
    pub fn campaign_versions(&self) -> &[Arc<Campaign>] {
        &self.campaign_versions
    }

    /// What the batch's events add to the figures of each coupon.
    #[must_use]
    pub fn statistics(&self) -> BTreeMap<CouponNo, Statistics> {
        let mut figures = BTreeMap::new();
        for event in self.events.iter() {
            tally(event, &mut figures);
        }
        figures
    }

    /// What the batch's redemptions add to the settlements of its period.
    #[must_use]
    pub fn settled(&self) -> BTreeMap<SettlementKey, Settled> {
        settlement::changed(self.redemptions.changes().filter_map(|change| Some((change.before, change.after?))))
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

    pub(super) fn record_audit(&mut self, entry: AuditEntry) {
        self.audits.push(entry);
    }

    pub(super) fn record_gift_entry(&mut self, entry: GiftEntry) {
        self.gift_entries.push(entry);
    }

    pub(super) fn record_campaign_version(&mut self, campaign: Arc<Campaign>) {
        self.campaign_versions.push(campaign);
    }

    /// Keeps what the command staged.
    pub(super) fn keep(&mut self) {
        each_kind!(self, keep);
    }

    /// Forgets what the command staged.
    pub(super) fn discard(&mut self) {
        each_kind!(self, discard);
    }

    /// Forgets all changes of the batch, keeps what was loaded.
    pub(super) fn restart(&mut self) {
        each_kind!(self, restart);
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
