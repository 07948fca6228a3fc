//! What lists and figures are asked for, and what they hold; see [`Records`](crate::Records).

use std::collections::BTreeMap;

use domain::campaign::CampaignState;
use domain::coupon::CouponState;
use domain::event::{Actor, Event, JournalNo};
use domain::id::{
    AccountId, AccountNo, ApiKeyId, CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, TenantNo,
    VoucherKey,
};
use domain::money::Currency;
use domain::settlement::{Bearer, Settled, SettlementKey, SettlementPer};
use domain::statistics::Statistics;
use domain::time::{Day, Timestamp};
use domain::voucher::{Block, VoucherState};
use domain::wallet::Counts;

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many; 1 to 1000.
    pub limit: usize,
    /// What the page before gave as `next`; none for the first.
    pub after: Option<String>,
}

/// A part of a list, in the list's own order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows. A filtered page may hold fewer than asked for and still have a next one.
    pub items: Vec<T>,
    /// Asks for the page after this; none when there is none.
    pub next: Option<String>,
}

/// Which coupons; by rising number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CouponFilter {
    /// Only those that are in this state at the instant of reading, the clock acting.
    pub state: Option<CouponState>,
    /// Only those of this campaign.
    pub campaign: Option<CampaignNo>,
}

/// Which campaigns; by rising number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CampaignFilter {
    /// Only those that are in this state at the instant of reading, the clock acting.
    pub state: Option<CampaignState>,
}

/// What a contributor has put into the limits of a coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Who.
    pub contributor: String,
    /// How much in all.
    pub units: i64,
}

/// Which vouchers, by coupon, kind and ordinal. Of one coupon, and not of one customer, all there are: also those of
/// blocks that have no row. Else only those with rows: nobody owns the others, and a tenant's blocks would bury its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoucherFilter {
    /// Only this customer's.
    pub customer: Option<CustomerNo>,
    /// Only of this coupon.
    pub coupon: Option<CouponNo>,
    /// Only those that are in this state at the instant of reading, deadlines acting.
    pub state: Option<VoucherState>,
}

/// Which redemptions; newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedemptionFilter {
    /// Only this customer's, and those of whoever was merged into it.
    pub customer: Option<CustomerNo>,
}

/// Which rows of the settlements, by period, bearer (the platform first, then merchants by their ids), coupon and currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettlementFilter {
    /// Of periods of that length.
    pub per: SettlementPer,
    /// Only periods that begin on this day or later.
    pub from: Option<Day>,
    /// Only periods that begin on this day or before.
    pub to: Option<Day>,
    /// Only what this one bore.
    pub bearer: Option<Bearer>,
}

/// What somebody bore of what a coupon gave, within a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The first day of the period, in the zone that the tenant had then.
    pub begins: Day,
    /// Who, of which coupon, in which currency.
    pub key: SettlementKey,
    /// How much.
    pub settled: Settled,
}

/// Which entries of the audit log; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those about one subject or by one actor. Not both: each has an index, the two together would need a third.
    pub of: Option<AuditOf>,
    /// Only those of this instant and later.
    pub from: Option<Timestamp>,
    /// Only those before this instant.
    pub until: Option<Timestamp>,
}

/// Whose entries are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditOf {
    /// About the subject of that id; see [`AuditSubject`](domain::audit::AuditSubject).
    Subject(String),
    /// By this actor.
    Actor(Actor),
}

/// A block with the coupon it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecord {
    /// The coupon.
    pub coupon: CouponNo,
    /// The block.
    pub block: Block,
}

/// An event with its instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When it was committed.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// A row of the journal: events of one batch and tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Its number, by which it is removed.
    pub no: JournalNo,
    /// Whose.
    pub tenant: TenantNo,
    /// When they were committed.
    pub at: Timestamp,
    /// What happened.
    pub events: Vec<Event>,
}

/// The oldest rows of the journal, with what is needed to understand them elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OldEvents {
    /// By rising number.
    pub rows: Vec<JournalRow>,
    /// The public ids of what they name.
    pub names: EventNames,
}

/// Public ids of what events name by number. They never change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventNames {
    /// Of coupons.
    pub coupons: BTreeMap<(TenantNo, CouponNo), CouponId>,
    /// Of campaigns.
    pub campaigns: BTreeMap<(TenantNo, CampaignNo), CampaignId>,
    /// Of customers.
    pub customers: BTreeMap<(TenantNo, CustomerNo), CustomerId>,
    /// Of accounts.
    pub accounts: BTreeMap<(TenantNo, AccountNo), AccountId>,
    /// Of API keys.
    pub keys: BTreeMap<u32, ApiKeyId>,
    /// Of vouchers. Not their codes.
    pub vouchers: BTreeMap<(TenantNo, VoucherKey), String>,
}

/// How many vouchers of a customer are counted at most: some 20 ms of work.
pub const WALLET_COUNTED_MAX: usize = 10_000;

/// How a customer's vouchers stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalletCounts {
    /// Of each coupon.
    pub by_coupon: BTreeMap<CouponNo, Counts>,
    /// Whether there were more than are counted.
    pub is_cut: bool,
}

/// Of which time decisions are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// Only those from this instant on.
    pub from: Option<Timestamp>,
    /// Only those before this instant.
    pub until: Option<Timestamp>,
}

/// A coupon's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Tallied from events, as of the last commit.
    pub statistics: Statistics,
    /// How often each rejection was answered for the coupon, by code. Counted in memory and written down about every
    /// second: a crash may lose the last of them.
    pub refusals: BTreeMap<String, i64>,
}

/// A campaign's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignFigures {
    /// How many coupons it has.
    pub coupons: i64,
    /// The sum of its coupons' figures. Its value is right as a sum only where they give in one currency.
    pub statistics: Statistics,
    /// Discount given less what was given back, by the currency of the coupons that gave it; none: those that give in
    /// any.
    pub value_given_minor: BTreeMap<Option<Currency>, i64>,
}
