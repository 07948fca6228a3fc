//! What can be asked of the ledger, and what it answers. Texts are parsed, ids resolved to numbers and random bytes
//! drawn before a command is made: deciding it needs nothing but facts and the time.

use serde::{Deserialize, Serialize};

use super::facts::BlockKey;
use crate::codes::{ComputedCode, Reading};
use crate::coupon::{CouponStep, Definition, LimitDefinition};
use crate::customer::CustomerProfile;
use crate::event::Actor;
use crate::id::{BlockId, CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, VoucherKey};
use crate::order::Order;
use crate::redemption::{Redemption, RedemptionId};
use crate::time::Timestamp;
use crate::voucher::{Block, Voucher};

/// Keyed by caller, operation and the client's key: 16 bytes of a SHA-256.
pub type IdempotencyHash = [u8; 16];

/// 16 bytes of a SHA-256 over a request's body, to tell a repetition from another request.
pub type Fingerprint = [u8; 16];

/// One change of value, asked by somebody.
#[derive(Clone, Debug)]
pub struct Command {
    /// Who asks.
    pub actor: Actor,
    /// Under which idempotency key, if any. The effect, and this answer, happen once.
    pub key: Option<IdempotencyHash>,
    /// Of the request's body.
    pub fingerprint: Fingerprint,
    /// What is asked.
    pub action: Action,
}

/// A voucher named by id: what the id decodes to under each key of the ring. The row decides which of them it is.
pub type VoucherCandidates = Vec<ComputedCode>;

/// A code given by people, to become a voucher.
#[derive(Clone, Debug)]
pub struct GivenEntry {
    /// The text as read.
    pub reading: Reading,
    /// The text, sealed.
    pub sealed: Vec<u8>,
    /// Whose it is to be.
    pub customer: Option<CustomerNo>,
}

/// What is to be redeemed.
#[derive(Clone, Debug)]
pub struct RedeemRequest {
    /// The redemption's id, the client's or ours.
    pub id: RedemptionId,
    /// Who redeems. Without one, a voucher's owner stands in.
    pub customer: Option<CustomerNo>,
    /// The order.
    pub order: Order,
    /// The codes typed, in their order.
    pub codes: Vec<Reading>,
    /// Refuse if the order would come to another total.
    pub expected_total_minor: Option<i64>,
    /// Reserve for so many milliseconds instead of redeeming at once.
    pub reserve_ms: Option<i64>,
}

/// Some of a line to be returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnLine {
    /// Its place in the order, from 0.
    pub line: usize,
    /// How many of it.
    pub quantity: u32,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Action {
    /// Make a customer.
    CreateCustomer {
        /// Its new id.
        id: CustomerId,
        /// What the shop says of it.
        profile: Box<CustomerProfile>,
    },
    /// Make a campaign.
    CreateCampaign {
        /// Its new id.
        id: CampaignId,
        /// What staff calls it.
        name: String,
        /// Its limits over all its coupons.
        limits: Vec<LimitDefinition>,
    },
    /// Make a coupon, as a draft.
    CreateCoupon {
        /// Its new id.
        id: CouponId,
        /// What staff says.
        definition: Box<Definition>,
        /// Its shared code as read.
        code: Option<Reading>,
    },
    /// Write a coupon anew.
    UpdateCoupon {
        /// Which one.
        coupon: CouponNo,
        /// The version that was edited.
        if_version: u32,
        /// What staff says now.
        definition: Box<Definition>,
        /// Its shared code as read.
        code: Option<Reading>,
    },
    /// Move a coupon's state.
    MoveCoupon {
        /// Which one.
        coupon: CouponNo,
        /// By which step.
        step: CouponStep,
    },
    /// A customer takes vouchers: of all these coupons or of none.
    Claim {
        /// Who.
        customer: CustomerNo,
        /// Of which coupons, each once.
        coupons: Vec<CouponNo>,
    },
    /// Vouchers for these customers, or for none of them.
    Issue {
        /// Of which coupon.
        coupon: CouponNo,
        /// For whom; who stands twice gets two.
        customers: Vec<CustomerNo>,
    },
    /// Vouchers for codes given by people, all or none.
    IssueGiven {
        /// Of which coupon.
        coupon: CouponNo,
        /// The codes.
        codes: Vec<GivenEntry>,
    },
    /// Vouchers for those of these codes that are free; for each other one, why not.
    ImportGiven {
        /// Of which coupon.
        coupon: CouponNo,
        /// The codes; where there was none to be read, why not: the answer tells of every place.
        codes: Vec<Result<GivenEntry, String>>,
    },
    /// A block of bearer codes.
    IssueBlock {
        /// Of which coupon.
        coupon: CouponNo,
        /// Its new id.
        id: BlockId,
        /// How many codes.
        count: u64,
    },
    /// Take a block of bearer codes back.
    RevokeBlock {
        /// Which one.
        block: BlockKey,
    },
    /// Give an unowned voucher an owner.
    Assign {
        /// Which one.
        voucher: VoucherCandidates,
        /// To whom.
        customer: CustomerNo,
    },
    /// End a hold early.
    Release {
        /// Which one.
        voucher: VoucherCandidates,
    },
    /// Take a voucher away.
    Revoke {
        /// Which one.
        voucher: VoucherCandidates,
    },
    /// Redeem, or reserve.
    Redeem(Box<RedeemRequest>),
    /// Make a reservation final.
    Confirm {
        /// Which one.
        redemption: RedemptionId,
    },
    /// End a reservation, or mark that it is never to begin.
    Cancel {
        /// Which one.
        redemption: RedemptionId,
    },
    /// Give back a redemption.
    Return {
        /// Which one.
        redemption: RedemptionId,
        /// Which of its lines; `None`: all that is left.
        lines: Option<Vec<ReturnLine>>,
    },
    /// Return a redemption wholly and redeem anew, both or neither.
    Amend {
        /// The one to return.
        redemption: RedemptionId,
        /// The one that takes its place.
        request: Box<RedeemRequest>,
    },
    /// Write down deadlines that have passed. What is not due, or has ended otherwise, is left alone.
    Expire {
        /// Holds.
        vouchers: Vec<VoucherKey>,
        /// Reservations.
        redemptions: Vec<RedemptionId>,
    },
}

impl Action {
    /// How many rows it may write, roughly: what bounds a batch.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Claim { coupons, .. } => coupons.len().max(1),
            Self::Issue { customers, .. } => customers.len().max(1),
            Self::IssueGiven { codes, .. } => codes.len().max(1),
            Self::ImportGiven { codes, .. } => codes.len().max(1),
            Self::Expire { vouchers, redemptions } => (vouchers.len() + redemptions.len()).max(1),
            Self::Redeem(request) => 1 + request.codes.len(),
            // What it gives back is about what it takes.
            Self::Amend { request, .. } => 2 * (1 + request.codes.len()),
            Self::MoveCoupon { step, .. } => match step {
                CouponStep::Abort => super::facts::RESERVATIONS_MAX,
                CouponStep::Activate | CouponStep::Pause | CouponStep::End => 1,
            },
            Self::CreateCustomer { .. }
            | Self::CreateCampaign { .. }
            | Self::CreateCoupon { .. }
            | Self::UpdateCoupon { .. }
            | Self::IssueBlock { .. }
            | Self::RevokeBlock { .. }
            | Self::Assign { .. }
            | Self::Release { .. }
            | Self::Revoke { .. }
            | Self::Confirm { .. }
            | Self::Cancel { .. }
            | Self::Return { .. } => 1,
        }
    }
}

/// A code that did not become a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotImported {
    /// Its place among those that were to be imported, from 0.
    pub place: u32,
    /// The code of the rejection, or why there was none to be read. As text: the rejections keep their order of
    /// precedence, and what is stored must not follow it.
    pub reason: String,
}

/// What a command came to. Stored with the effect when the command has an idempotency key, so it holds no codes and
/// no personal data; variants and fields are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The customer was made.
    Customer(CustomerNo),
    /// The campaign was made.
    Campaign(CampaignNo),
    /// The coupon has this version now.
    Coupon {
        /// Which one.
        no: CouponNo,
        /// Its version.
        version: u32,
    },
    /// These vouchers, as they are now, without their takings.
    Vouchers(Vec<Voucher>),
    /// This block.
    Block {
        /// Of which coupon.
        coupon: CouponNo,
        /// The block.
        block: Block,
    },
    /// This redemption, as it is now.
    Redemption(Box<Redemption>),
    /// So many deadlines were written down.
    Expired {
        /// Holds.
        vouchers: u32,
        /// Reservations.
        redemptions: u32,
    },
    /// So many given codes became vouchers.
    Imported {
        /// Those.
        accepted: u32,
        /// The others.
        refused: Vec<NotImported>,
    },
}

/// The outcome with how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it came to.
    pub outcome: Outcome,
    /// Decided before, for the same idempotency key.
    pub replayed: bool,
    /// When it was decided (now, if replayed).
    pub at: Timestamp,
}

/// What is kept for an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Of the request.
    pub fingerprint: Fingerprint,
    /// What it came to.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}
