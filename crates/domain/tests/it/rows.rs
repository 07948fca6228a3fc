//! What is committed, as plain maps, and what a store derives from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::account::{Account, LoginHash};
use domain::audit::{AuditEntry, AuditHead};
use domain::campaign::Campaign;
use domain::codes::{Folded, Pattern};
use domain::collection::EntryKey;
use domain::coupon::{Coupon, CouponState};
use domain::customer::{Carrier, Customer, Person};
use domain::event::{Event, JournalNo};
use domain::gift::{GiftAccount, GiftEntry};
use domain::id::{AccountNo, CampaignNo, CouponNo, CustomerNo, VoucherKey, VoucherKind};
use domain::identity::IdentityKey;
use domain::ledger::{
    Answered, BlockKey, CARRIERS_MAX, DUE_MAX, DecisionRecord, Due, GivenCode, History, IdempotencyHash, MOVES_MAX,
    PoolPage, RESERVATIONS_MAX, SIBLINGS_MAX, Sequence,
};
use domain::limit::{Usage, UsageKey};
use domain::redemption::{Redemption, RedemptionId, RedemptionState};
use domain::segment::SegmentNo;
use domain::settlement::{Settled, SettlementKey};
use domain::statistics::Statistics;
use domain::time::Timestamp;
use domain::voucher::{Block, Voucher, VoucherState};

/// All that is committed.
#[derive(Default)]
pub struct Rows {
    pub coupons: BTreeMap<CouponNo, Arc<Coupon>>,
    pub campaigns: BTreeMap<CampaignNo, Arc<Campaign>>,
    pub accounts: BTreeMap<AccountNo, Account>,
    pub logins: BTreeMap<LoginHash, AccountNo>,
    pub contributions: BTreeMap<(CouponNo, String), i64>,
    pub campaign_versions: BTreeMap<(CampaignNo, u32), Arc<Campaign>>,
    pub customers: BTreeMap<CustomerNo, Customer>,
    pub persons: BTreeMap<CustomerNo, Person>,
    pub memberships: BTreeMap<CustomerNo, Vec<SegmentNo>>,
    pub entries: BTreeSet<EntryKey>,
    pub sequences: BTreeMap<Sequence, u32>,
    pub series: BTreeMap<(CouponNo, VoucherKind), u64>,
    pub usages: BTreeMap<UsageKey, Usage>,
    pub vouchers: BTreeMap<VoucherKey, Voucher>,
    pub blocks: BTreeMap<BlockKey, Block>,
    pub shared_codes: BTreeMap<Folded, CouponNo>,
    pub given_codes: BTreeMap<[u8; 16], GivenCode>,
    pub gifts: BTreeMap<VoucherKey, GiftAccount>,
    pub gift_entries: Vec<GiftEntry>,
    pub redemptions: BTreeMap<RedemptionId, Redemption>,
    pub answers: BTreeMap<IdempotencyHash, Answered>,
    pub audit_head: BTreeMap<(), AuditHead>,
    pub audits: Vec<AuditEntry>,
    pub patterns: Vec<(Pattern, CouponNo)>,
    pub versions: BTreeMap<(CouponNo, u32), Arc<Coupon>>,
    pub decisions: BTreeMap<RedemptionId, DecisionRecord>,
    pub statistics: BTreeMap<CouponNo, Statistics>,
    pub settled: BTreeMap<SettlementKey, Settled>,
    pub events: Vec<(JournalNo, Event)>,
}

impl Rows {
    pub fn covering(&self, coupon: CouponNo, ordinal: u64) -> Option<u64> {
        self.blocks.iter().find(|(key, block)| key.coupon == coupon && block.covers(ordinal)).map(|(key, _)| key.first)
    }

    pub fn hash_of(&self, key: VoucherKey) -> Option<[u8; 16]> {
        self.given_codes.iter().find(|(_, given)| given.voucher == key).map(|(hash, _)| *hash)
    }

    pub fn pool(&self, page: PoolPage) -> Vec<u64> {
        let from = VoucherKey { coupon: page.coupon, kind: VoucherKind::Given, ordinal: page.from };
        let waiting = |(key, voucher): &(&VoucherKey, &Voucher)| {
            key.coupon == page.coupon && voucher.state == VoucherState::Pooled
        };
        self.vouchers.range(from..).filter(waiting).map(|(key, _)| key.ordinal).take(page.count).collect()
    }

    pub fn holdings(&self, customer: CustomerNo, coupon: CouponNo) -> Vec<VoucherKey> {
        let live = |voucher: &&Voucher| {
            let state = matches!(voucher.state, VoucherState::Held | VoucherState::Issued | VoucherState::Locked);
            state && voucher.customer == Some(customer) && voucher.key.coupon == coupon
        };
        self.vouchers.values().filter(live).map(|voucher| voucher.key).take(16).collect()
    }

    pub fn carriers(&self, key: &IdentityKey) -> Vec<Carrier> {
        let of = |customer: &Customer| {
            let identity = customer.identity(key)?;
            Some(Carrier { customer: customer.no, is_verified: identity.verified_at.is_some() })
        };
        let mut all: Vec<Carrier> = self.customers.values().filter_map(of).collect();
        all.sort_unstable_by_key(|carrier| (!carrier.is_verified, carrier.customer));
        all.truncate(CARRIERS_MAX);
        all
    }

    pub fn linked(&self, by: impl Fn(CustomerNo, &Person) -> bool) -> Vec<CustomerNo> {
        self.persons.iter().filter(|(no, person)| by(**no, person)).map(|(no, _)| *no).collect()
    }

    pub fn wallet(&self, customer: CustomerNo) -> Vec<VoucherKey> {
        let own = self.vouchers.values().filter(|voucher| voucher.customer == Some(customer));
        own.map(|voucher| voucher.key).take(MOVES_MAX).collect()
    }

    pub fn history(&self, customer: CustomerNo, now: Timestamp) -> History {
        let mut history = History::default();
        let own = self.redemptions.values().filter(|redemption| redemption.customer == Some(customer));
        for redemption in own.filter(|redemption| redemption.is_live_at(now)) {
            history.add(redemption.currency.expect("it was priced"), redemption.total_minor);
        }
        history
    }

    pub fn live_of(&self, order: &str) -> Option<RedemptionId> {
        let live = |redemption: &&Redemption| {
            let state = matches!(redemption.state, RedemptionState::Pending | RedemptionState::Succeeded);
            state && redemption.order.as_deref() == Some(order)
        };
        self.redemptions.values().find(live).map(|redemption| redemption.id.clone())
    }

    pub fn pending(&self) -> impl Iterator<Item = &Redemption> {
        self.redemptions.values().filter(|redemption| redemption.state == RedemptionState::Pending)
    }

    pub fn siblings(&self, campaign: CampaignNo) -> Vec<CouponNo> {
        let is_one = |coupon: &&Arc<Coupon>| {
            coupon.definition.campaign == Some(campaign) && coupon.state != CouponState::Aborted
        };
        self.coupons.values().filter(is_one).map(|coupon| coupon.no).take(SIBLINGS_MAX).collect()
    }

    pub fn reservations(&self, coupon: CouponNo) -> Vec<RedemptionId> {
        let uses = |redemption: &&Redemption| redemption.parts.iter().any(|part| part.coupon == coupon);
        self.pending().filter(uses).map(|redemption| redemption.id.clone()).take(RESERVATIONS_MAX).collect()
    }

    pub fn due(&self, coupon: CouponNo, now: Timestamp) -> Option<Due> {
        let campaign = self.coupons[&coupon].definition.campaign;
        let siblings: BTreeSet<CouponNo> = self
            .coupons
            .values()
            .filter(|other| other.no == coupon || campaign.is_some() && other.definition.campaign == campaign)
            .map(|other| other.no)
            .collect();
        let holds = self.vouchers.values().filter(|voucher| {
            voucher.state == VoucherState::Held && voucher.hold_is_over(now) && siblings.contains(&voucher.key.coupon)
        });
        let reservations = self.pending().filter(|redemption| {
            redemption.deadline.is_some_and(|deadline| deadline <= now)
                && redemption.parts.iter().any(|part| siblings.contains(&part.coupon))
        });
        let due = Due {
            vouchers: holds.map(|voucher| voucher.key).take(DUE_MAX).collect(),
            redemptions: reservations.map(|redemption| redemption.id.clone()).take(DUE_MAX).collect(),
        };
        (due != Due::default()).then_some(due)
    }
}
