//! What can be asked of the ledger; `requests` is what comes with it, `outcome` what is answered. Texts are parsed, ids
//! resolved to numbers and random bytes drawn before a command is made: deciding it needs nothing but facts and the time.

use super::keys::{BlockKey, MOVES_MAX, RESERVATIONS_MAX};
use super::requests::{AccountChange, GivenEntry, NewAccount, RedeemRequest, ReturnLine, Start, VoucherCandidates};
use crate::campaign::{CampaignDefinition, CampaignStep};
use crate::codes::Reading;
use crate::coupon::{CouponStep, Definition};
use crate::customer::CustomerProfile;
use crate::event::Actor;
use crate::gift::GiftChange;
use crate::id::{
    AccountId, AccountNo, BlockId, CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, VoucherKey,
};
use crate::identity::{IdentityKey, IdentityKind};
use crate::redemption::RedemptionId;

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
    /// Find the customer an identity stands for, or make one: whoever has proven it, else the oldest guest that carries
    /// it and has proven nothing, else a new guest.
    EnsureCustomer {
        /// Its id, should it be made.
        id: CustomerId,
        /// What the identity is.
        kind: IdentityKind,
        /// As given.
        value: String,
    },
    /// Say anew what the shop says of a customer.
    UpdateCustomer {
        /// Which one.
        customer: CustomerNo,
        /// The version that was edited.
        if_version: u32,
        /// What is said now; an identity that is no longer said is taken away.
        profile: Box<CustomerProfile>,
    },
    /// Add an identity to a customer. It joins limits; it shows and spends nothing of another's.
    AddIdentity {
        /// Whose.
        customer: CustomerNo,
        /// What it is.
        kind: IdentityKind,
        /// As given.
        value: String,
    },
    /// Take an identity from a customer. What was counted together stays so.
    RemoveIdentity {
        /// Whose.
        customer: CustomerNo,
        /// Which one.
        identity: IdentityKey,
    },
    /// Take down that an identity is proven to be a customer's, and merge into it whoever is the same by that: the one
    /// that had proven it before, and guests that carry it and have proven nothing. Asked again until it is done.
    VerifyIdentity {
        /// Whose it is.
        customer: CustomerNo,
        /// What it is. Added if the customer does not carry it.
        kind: IdentityKind,
        /// As given.
        value: String,
    },
    /// Erase everything personal of a customer. What it holds, did and was counted stays, nameless.
    EraseCustomer {
        /// Which one.
        customer: CustomerNo,
    },
    /// Make a campaign.
    CreateCampaign {
        /// Its new id.
        id: CampaignId,
        /// What staff says.
        definition: Box<CampaignDefinition>,
        /// Where it begins.
        start: Start,
    },
    /// Make a coupon.
    CreateCoupon {
        /// Its new id.
        id: CouponId,
        /// What staff says.
        definition: Box<Definition>,
        /// Its shared code as read.
        code: Option<Reading>,
        /// Where it begins.
        start: Start,
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
    /// Top up the gift value of a voucher, or set it right.
    ChangeGift {
        /// Which one.
        voucher: VoucherCandidates,
        /// How.
        change: GiftChange,
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
    /// Make an account, with its customer if it is one's.
    CreateAccount {
        /// Its new id.
        id: AccountId,
        /// What it begins with.
        new: Box<NewAccount>,
        /// The customer that it signs in: a new id, and what is known of the person.
        customer: Option<(CustomerId, Box<CustomerProfile>)>,
    },
    /// Change an account.
    ChangeAccount {
        /// Which one.
        account: AccountNo,
        /// What becomes otherwise.
        change: AccountChange,
    },
    /// Write down deadlines that have passed. What is not due, or has ended otherwise, is left alone.
    Expire {
        /// Holds.
        vouchers: Vec<VoucherKey>,
        /// Reservations.
        redemptions: Vec<RedemptionId>,
    },
    /// Write a campaign anew.
    UpdateCampaign {
        /// Which one.
        campaign: CampaignNo,
        /// The version that was edited.
        if_version: u32,
        /// What staff says now.
        definition: Box<CampaignDefinition>,
    },
    /// Move a campaign's state.
    MoveCampaign {
        /// Which one.
        campaign: CampaignNo,
        /// By which step.
        step: CampaignStep,
    },
    /// A customer takes vouchers of all running coupons of a campaign or of none.
    ClaimPackage {
        /// Who.
        customer: CustomerNo,
        /// Of which campaign.
        campaign: CampaignNo,
    },
    /// Raise the maximum of a limit that counts for everyone.
    Restock {
        /// Of which coupon.
        coupon: CouponNo,
        /// The limit's id.
        limit: String,
        /// By how much, above zero.
        by: i64,
        /// Who is to be counted as having given it, if anybody.
        contributor: Option<String>,
    },
    /// Agree, as a second person, to what a coupon may cost.
    ApproveCoupon {
        /// Which one.
        coupon: CouponNo,
        /// The version that is approved.
        version: u32,
    },
    /// Write down where the clock has led definitions. Which are not due are left alone.
    FollowClock {
        /// Coupons.
        coupons: Vec<CouponNo>,
        /// Campaigns.
        campaigns: Vec<CampaignNo>,
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
            Self::FollowClock { coupons, campaigns } => (coupons.len() + campaigns.len()).max(1),
            Self::ClaimPackage { .. } => super::campaigns::PACKAGE_MAX,
            Self::MoveCoupon { step, .. } | Self::MoveCampaign { step, .. } => match step {
                CouponStep::Abort => RESERVATIONS_MAX,
                CouponStep::Activate | CouponStep::Pause | CouponStep::End => 1,
            },
            Self::VerifyIdentity { .. } => MOVES_MAX,
            Self::CreateCustomer { .. }
            | Self::EnsureCustomer { .. }
            | Self::UpdateCustomer { .. }
            | Self::AddIdentity { .. }
            | Self::RemoveIdentity { .. }
            | Self::EraseCustomer { .. }
            | Self::CreateCampaign { .. }
            | Self::CreateCoupon { .. }
            | Self::UpdateCoupon { .. }
            | Self::UpdateCampaign { .. }
            | Self::Restock { .. }
            | Self::ApproveCoupon { .. }
            | Self::IssueBlock { .. }
            | Self::RevokeBlock { .. }
            | Self::Assign { .. }
            | Self::Release { .. }
            | Self::Revoke { .. }
            | Self::ChangeGift { .. }
            | Self::Confirm { .. }
            | Self::Cancel { .. }
            | Self::Return { .. }
            | Self::CreateAccount { .. }
            | Self::ChangeAccount { .. } => 1,
        }
    }
}
