//! The typed "no". Variants stand in their order of precedence: where several would apply, the first one is answered.
//! "Could not" (a store that is down) is never a rejection.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::access_block::BlockReason;
use crate::limit::{Counts, Per};
use crate::period::Period;
use crate::time::Timestamp;

/// Why a command was refused. `Ord` is the precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rejection {
    /// The idempotency key was used before with another body.
    IdempotencyKeyReused,
    /// The redemption id was used before with another body.
    RedemptionIdReused,
    /// The order has a live redemption of another id; its codes are refused as used because of that.
    OrderAlreadyRedeemed,
    /// Whoever claims, redeems or owns the voucher is kept out.
    Blocked {
        /// Why.
        reason: BlockReason,
    },
    /// No such coupon.
    CouponNotFound,
    /// No such campaign.
    CampaignNotFound,
    /// No such customer.
    CustomerNotFound,
    /// No such voucher.
    VoucherNotFound,
    /// No such redemption.
    RedemptionNotFound,
    /// No such block of codes.
    BlockNotFound,
    /// No such account.
    AccountNotFound,
    /// No such tenant.
    TenantNotFound,
    /// The one-time token or code was never given, was used, or its time is over.
    TokenUnknown,
    /// The customer has no such identity.
    IdentityNotFound,
    /// The typed text is no code of this tenant.
    CodeUnknown,
    /// The definition has moved on since the version that was edited.
    VersionStale,
    /// The code is in use, was given before, or would read as a computed code.
    CodeTaken,
    /// The prefix begins, or is begun by, a prefix that is or was in use.
    PrefixTaken,
    /// Another customer has this external id.
    IdentityTaken,
    /// Another account has this username.
    UsernameTaken,
    /// Nobody would be left to administer the tenant.
    LastAdmin,
    /// A tenant's days begin where they began.
    ZoneFixed,
    /// The tenant has made as many of them as it may.
    QuotaExceeded,
    /// A coupon of the tenant may not give so much.
    CeilingExceeded,
    /// The customer has as many identities as one may have.
    IdentitiesFull,
    /// Too much was taken, or by too many, to become one person's in one step.
    PersonTooLarge,
    /// Everything personal of the customer was erased; nothing is added to it.
    CustomerErased,
    /// A limit of that id counts something else; only its maximum and give-back may change.
    LimitChanged,
    /// The coupon has no such limit for everyone.
    LimitNotFound,
    /// The state does not allow this step.
    TransitionIllegal,
    /// The start is so near that nothing of the definition changes any more.
    EditTooLate,
    /// The campaign has more coupons than one claim takes.
    PackageTooLarge,
    /// The voucher belongs to somebody else.
    VoucherForeign,
    /// The voucher, or its block, was revoked.
    VoucherRevoked,
    /// The voucher was used.
    VoucherRedeemed,
    /// A pending redemption holds the voucher.
    VoucherLocked,
    /// The hold or the validity is over.
    VoucherExpired,
    /// The voucher is not held, so it cannot be released.
    VoucherNotHeld,
    /// The coupon is not active yet.
    CouponNotActive,
    /// The coupon is paused.
    CouponPaused,
    /// The coupon has ended.
    CouponEnded,
    /// The coupon was aborted.
    CouponAborted,
    /// The coupon's campaign is not active yet.
    CampaignNotActive,
    /// The coupon's campaign is paused.
    CampaignPaused,
    /// The coupon's campaign has ended.
    CampaignEnded,
    /// The coupon's campaign was aborted.
    CampaignAborted,
    /// A customer must be named: a limit or condition depends on it.
    CustomerRequired,
    /// The coupon is for other customers.
    CustomerNotEligible,
    /// The customer is too young for the coupon, or no date of birth is known.
    UnderAge,
    /// The validity has not begun.
    NotYetValid,
    /// The validity is over.
    Expired,
    /// Not on this weekday or at this hour.
    OutsideHours,
    /// The coupon gives in another currency.
    CurrencyMismatch,
    /// The goods are worth less than the minimum.
    BelowMinimum,
    /// Nothing is left to discount.
    NothingToDiscount,
    /// The same coupon was given twice for one order.
    CouponRepeated,
    /// A limit is used up.
    Limit {
        /// What it counts.
        counts: Counts,
        /// For whom.
        per: Per,
        /// Per which period.
        period: Period,
    },
    /// The coupon's pool of given codes has none left.
    PoolEmpty,
    /// The coupon has made as many vouchers as its code space or the density rule allows.
    CodeSpaceExhausted,
    /// The total is not the one the caller expected.
    TotalDiffers,
    /// The redemption was cancelled, perhaps before it was reserved.
    RedemptionCancelled,
    /// The reservation's deadline passed.
    RedemptionExpired,
    /// The redemption is done; it can be returned, not cancelled.
    RedemptionSucceeded,
    /// The redemption is still pending.
    RedemptionPending,
    /// The redemption was returned.
    RedemptionReturned,
    /// More is returned than is left.
    ReturnExceedsRest,
}

impl Rejection {
    /// The stable code of the published table.
    #[must_use]
    pub fn code(self) -> Cow<'static, str> {
        if let Self::Limit { counts, per, period } = self {
            return limit_code(counts, per, period);
        }
        Cow::Borrowed(match self {
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::RedemptionIdReused => "redemption_id_reused",
            Self::Blocked { .. } => "blocked",
            Self::CouponNotFound => "coupon_not_found",
            Self::CampaignNotFound => "campaign_not_found",
            Self::CustomerNotFound => "customer_not_found",
            Self::VoucherNotFound => "voucher_not_found",
            Self::RedemptionNotFound => "redemption_not_found",
            Self::BlockNotFound => "block_not_found",
            Self::AccountNotFound => "account_not_found",
            Self::TenantNotFound => "tenant_not_found",
            Self::TokenUnknown => "token_unknown",
            Self::IdentityNotFound => "identity_not_found",
            Self::CodeUnknown => "code_unknown",
            Self::VersionStale => "version_stale",
            Self::CodeTaken => "code_taken",
            Self::PrefixTaken => "prefix_taken",
            Self::IdentityTaken => "identity_taken",
            Self::UsernameTaken => "username_taken",
            Self::LastAdmin => "last_admin",
            Self::ZoneFixed => "zone_fixed",
            Self::QuotaExceeded => "quota_exceeded",
            Self::CeilingExceeded => "ceiling_exceeded",
            Self::IdentitiesFull => "identities_full",
            Self::PersonTooLarge => "person_too_large",
            Self::CustomerErased => "customer_erased",
            Self::LimitChanged => "limit_changed",
            Self::LimitNotFound => "limit_not_found",
            Self::TransitionIllegal => "transition_illegal",
            Self::EditTooLate => "edit_too_late",
            Self::PackageTooLarge => "package_too_large",
            Self::CouponNotActive => "coupon_not_active",
            Self::CouponPaused => "coupon_paused",
            Self::CouponEnded => "coupon_ended",
            Self::CouponAborted => "coupon_aborted",
            Self::CampaignNotActive => "campaign_not_active",
            Self::CampaignPaused => "campaign_paused",
            Self::CampaignEnded => "campaign_ended",
            Self::CampaignAborted => "campaign_aborted",
            Self::VoucherRevoked => "voucher_revoked",
            Self::VoucherRedeemed => "voucher_redeemed",
            Self::VoucherLocked => "voucher_locked",
            Self::VoucherExpired => "voucher_expired",
            Self::VoucherNotHeld => "voucher_not_held",
            Self::VoucherForeign => "voucher_foreign",
            Self::CustomerRequired => "customer_required",
            Self::CustomerNotEligible => "customer_not_eligible",
            Self::UnderAge => "under_age",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::OutsideHours => "outside_hours",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::BelowMinimum => "below_minimum",
            Self::NothingToDiscount => "nothing_to_discount",
            Self::CouponRepeated => "coupon_repeated",
            Self::PoolEmpty => "pool_empty",
            Self::CodeSpaceExhausted => "code_space_exhausted",
            Self::OrderAlreadyRedeemed => "order_already_redeemed",
            Self::TotalDiffers => "total_differs",
            Self::RedemptionCancelled => "redemption_cancelled",
            Self::RedemptionExpired => "redemption_expired",
            Self::RedemptionSucceeded => "redemption_succeeded",
            Self::RedemptionPending => "redemption_pending",
            Self::RedemptionReturned => "redemption_returned",
            Self::ReturnExceedsRest => "return_exceeds_rest",
            Self::Limit { .. } => unreachable!("answered above"),
        })
    }
}

/// `out_of_stock`, `budget_exhausted`, else `[customer_][redemption_|value_][day_]limit`.
fn limit_code(counts: Counts, per: Per, period: Period) -> Cow<'static, str> {
    let what = match (counts, per, period) {
        (Counts::Claims, Per::Everyone, Period::Ever) => return Cow::Borrowed("out_of_stock"),
        (Counts::Value, Per::Everyone, Period::Ever) => return Cow::Borrowed("budget_exhausted"),
        (Counts::Claims, ..) => "",
        (Counts::Redemptions, ..) => "redemption_",
        (Counts::Value, ..) => "value_",
    };
    let who = match per {
        Per::Everyone => "",
        Per::Customer => "customer_",
    };
    let when = match period {
        Period::Ever => "",
        Period::Hour => "hour_",
        Period::Day => "day_",
        Period::Week => "week_",
        Period::Month => "month_",
    };
    Cow::Owned(format!("{who}{what}{when}limit"))
}

/// A rejection with what a person needs to understand it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The reason.
    pub rejection: Rejection,
    /// One plain sentence, without codes or personal data.
    pub detail: Cow<'static, str>,
    /// When trying again may succeed: the start of the next period, or of the next opening.
    pub retry_at: Option<Timestamp>,
    /// Which of several things that were asked for it concerns, by its place: a code, coupon or customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
}

impl Refusal {
    /// A refusal with a sentence of its own.
    pub fn new(rejection: Rejection, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { rejection, detail: detail.into(), retry_at: None, item: None }
    }

    /// The same, naming the instant from which trying again may succeed.
    #[must_use]
    pub fn retry_at(self, at: Option<Timestamp>) -> Self {
        Self { retry_at: at, ..self }
    }

    /// The same, naming which of several things it concerns.
    #[must_use]
    pub fn of_item(self, place: usize) -> Self {
        Self { item: Some(place), ..self }
    }
}
