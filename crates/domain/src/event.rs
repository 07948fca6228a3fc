//! The record that something happened. Events of one subject are numbered by the version of its row; many events are
//! written to one row of the journal, and each names the row of its predecessor, so that a history is a short walk.

use serde::{Deserialize, Serialize};

use crate::campaign::CampaignState;
use crate::coupon::CouponState;
use crate::gift::GiftStep;
use crate::id::{AccountNo, BlockId, CampaignNo, CouponNo, CustomerNo, VoucherKey};
use crate::limit::UsageDelta;
use crate::redemption::{RedemptionId, RedemptionState};
use crate::voucher::VoucherState;

/// Events in one row of the journal at most: few enough that a row stays small and a history reads little beside its own.
pub const EVENTS_PER_ROW: usize = 112;
/// Rows one batch may write.
pub const ROWS_PER_BATCH: usize = 1024;

/// Where an event is: the number of its batch and its row in it. 0: nowhere. Rows of a batch are consecutive numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JournalNo(pub i64);

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// A voucher.
    Voucher(VoucherKey),
    /// A redemption.
    Redemption(RedemptionId),
    /// A coupon's definition or state.
    Coupon(CouponNo),
    /// A customer.
    Customer(CustomerNo),
    /// A block of bearer codes of a coupon.
    Block(CouponNo, BlockId),
    /// A campaign.
    Campaign(CampaignNo),
    /// An account.
    Account(AccountNo),
    /// The gift value of a voucher, which has versions of its own.
    Gift(VoucherKey),
}

/// Who made it happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Actor {
    /// The system: a deadline passed.
    System,
    /// The command line on the server itself.
    Operator,
    /// A server, by the number of its API key.
    Key(u32),
    /// A customer.
    Customer(CustomerNo),
    /// A member of staff.
    Staff(AccountNo),
}

/// What happened to a voucher, for its history and statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoucherStep {
    /// A customer took it.
    Claimed,
    /// It was given to a customer, or made from a given code.
    Issued,
    /// It got its owner.
    Assigned,
    /// A reservation locked it.
    Locked,
    /// Its reservation ended unused.
    Unlocked,
    /// An order used it.
    Redeemed,
    /// Its order was returned.
    Returned,
    /// Its holder let it go.
    Released,
    /// Its hold ran out.
    Expired,
    /// Staff took it away.
    Revoked,
    /// Its owner was merged into another customer, who owns it from then on.
    Merged,
}

/// What one coupon gave or got back in a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponAmount {
    /// The coupon.
    pub coupon: CouponNo,
    /// Minor units; what was given, or given back.
    pub amount_minor: i64,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// A voucher moved.
    Voucher {
        /// By which step.
        step: VoucherStep,
        /// From where; `None`: it was made.
        from: Option<VoucherState>,
        /// To where.
        to: VoucherState,
        /// Its owner afterwards.
        customer: Option<CustomerNo>,
        /// The redemption concerned.
        redemption: Option<RedemptionId>,
    },
    /// A redemption moved.
    Redemption {
        /// From where; `None`: it was made.
        from: Option<RedemptionState>,
        /// To where. Unchanged on a partial return.
        to: RedemptionState,
        /// Who redeemed.
        customer: Option<CustomerNo>,
        /// What each coupon gave (to `succeeded`, `pending`) or got back (on a return, or at its end).
        amounts: Vec<CouponAmount>,
    },
    /// A coupon was written or moved.
    Coupon {
        /// From where; `None`: it was made.
        from: Option<CouponState>,
        /// To where.
        to: CouponState,
    },
    /// A customer was made or changed.
    Customer,
    /// A campaign was written or moved.
    Campaign {
        /// From where; `None`: it was made.
        from: Option<CampaignState>,
        /// To where.
        to: CampaignState,
    },
    /// A block of bearer codes was made.
    BlockMade {
        /// How many codes.
        count: u64,
    },
    /// A block of bearer codes was revoked.
    BlockRevoked,
    /// An account was made or changed.
    Account,
    /// A customer was merged into another, who stands for it from then on.
    CustomerMerged {
        /// Into which.
        into: CustomerNo,
    },
    /// Everything personal of a customer was erased.
    CustomerErased,
    /// The gift value of a voucher changed, or what is held of it.
    Gift {
        /// How.
        step: GiftStep,
        /// What was added to the balance, or below 0 what was taken; 0 where only what is held changed.
        amount_minor: i64,
        /// The balance afterwards.
        balance_minor: i64,
        /// What is held of it afterwards.
        held_minor: i64,
        /// The redemption concerned.
        redemption: Option<RedemptionId>,
    },
}

/// One event. Its instant is that of its journal row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// About what.
    pub subject: Subject,
    /// The version of the subject's row that it made; from 1 without gaps.
    pub version: u32,
    /// Where the subject's event before this one is.
    pub previous: JournalNo,
    /// By whom.
    pub actor: Actor,
    /// What happened.
    pub kind: EventKind,
    /// How it changed the counters.
    pub usage: Vec<UsageDelta>,
}
