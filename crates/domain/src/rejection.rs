//! The typed "no". Variants stand in their order of precedence: where several would apply, the first one is answered.
//! "Could not" (a store that is down) is never a rejection.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::access_block::BlockReason;
use crate::limit::{Counts, Per};
use crate::period::Period;
use crate::time::Timestamp;

/// Makes the enum, and from the same line the code of each variant.
macro_rules! rejections {
    ($($(#[$doc:meta])* $variant:ident $({ $($(#[$about:meta])* $field:ident: $kind:ty,)* })? = $code:literal,)*) => {
        /// Why a command was refused. `Ord` is the precedence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rejection {
            $($(#[$doc])* $variant $({ $($(#[$about])* $field: $kind,)* })?,)*
        }

        impl Rejection {
            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)*
                }
            }
        }
    };
}

rejections! {
    /// The idempotency key was used before with another body.
    IdempotencyKeyReused = "idempotency_key_reused",
    /// The redemption id was used before with another body.
    RedemptionIdReused = "redemption_id_reused",
    /// The order has a live redemption of another id; its codes are refused as used because of that.
    OrderAlreadyRedeemed = "order_already_redeemed",
    /// Whoever claims, redeems or owns the voucher is kept out.
    Blocked {
        /// Why.
        reason: BlockReason,
    } = "blocked",
    /// No such coupon.
    CouponNotFound = "coupon_not_found",
    /// No such campaign.
    CampaignNotFound = "campaign_not_found",
    /// No such customer.
    CustomerNotFound = "customer_not_found",
    /// No such voucher.
    VoucherNotFound = "voucher_not_found",
    /// No such redemption.
    RedemptionNotFound = "redemption_not_found",
    /// No such block of codes.
    BlockNotFound = "block_not_found",
    /// No such account.
    AccountNotFound = "account_not_found",
    /// No such tenant.
    TenantNotFound = "tenant_not_found",
    /// The one-time token or code was never given, was used, or its time is over.
    TokenUnknown = "token_unknown",
    /// The customer has no such identity.
    IdentityNotFound = "identity_not_found",
    /// The typed text is no code of this tenant.
    CodeUnknown = "code_unknown",
    /// The definition has moved on since the version that was edited.
    VersionStale = "version_stale",
    /// The code is in use, was given before, or would read as a computed code.
    CodeTaken = "code_taken",
    /// The prefix begins, or is begun by, a prefix that is or was in use.
    PrefixTaken = "prefix_taken",
    /// Another customer has this external id.
    IdentityTaken = "identity_taken",
    /// Another account has this username.
    UsernameTaken = "username_taken",
    /// Nobody would be left to administer the tenant.
    LastAdmin = "last_admin",
    /// A tenant's days begin where they began.
    ZoneFixed = "zone_fixed",
    /// The tenant has made as many of them as it may.
    QuotaExceeded = "quota_exceeded",
    /// A coupon of the tenant may not give so much.
    CeilingExceeded = "ceiling_exceeded",
    /// The customer has as many identities as one may have.
    IdentitiesFull = "identities_full",
    /// Too much was taken, or by too many, to become one person's in one step.
    PersonTooLarge = "person_too_large",
    /// Everything personal of the customer was erased; nothing is added to it.
    CustomerErased = "customer_erased",
    /// A limit of that id counts something else; only its maximum and give-back may change.
    LimitChanged = "limit_changed",
    /// The coupon has no such limit for everyone.
    LimitNotFound = "limit_not_found",
    /// The state does not allow this step.
    TransitionIllegal = "transition_illegal",
    /// The start is so near that nothing of the definition changes any more.
    EditTooLate = "edit_too_late",
    /// The campaign has more coupons than one claim takes.
    PackageTooLarge = "package_too_large",
    /// The voucher belongs to somebody else.
    VoucherForeign = "voucher_foreign",
    /// The voucher, or its block, was revoked.
    VoucherRevoked = "voucher_revoked",
    /// The voucher was used.
    VoucherRedeemed = "voucher_redeemed",
    /// A pending redemption holds the voucher.
    VoucherLocked = "voucher_locked",
    /// The hold or the validity is over.
    VoucherExpired = "voucher_expired",
    /// The voucher is not held, so it cannot be released.
    VoucherNotHeld = "voucher_not_held",
    /// The coupon is not active yet.
    CouponNotActive = "coupon_not_active",
    /// The coupon is paused.
    CouponPaused = "coupon_paused",
    /// The coupon has ended.
    CouponEnded = "coupon_ended",
    /// The coupon was aborted.
    CouponAborted = "coupon_aborted",
    /// The coupon's campaign is not active yet.
    CampaignNotActive = "campaign_not_active",
    /// The coupon's campaign is paused.
    CampaignPaused = "campaign_paused",
    /// The coupon's campaign has ended.
    CampaignEnded = "campaign_ended",
    /// The coupon's campaign was aborted.
    CampaignAborted = "campaign_aborted",
    /// A customer must be named: a limit or condition depends on it.
    CustomerRequired = "customer_required",
    /// The coupon is for other customers.
    CustomerNotEligible = "customer_not_eligible",
    /// The customer is too young for the coupon, or no date of birth is known.
    UnderAge = "under_age",
    /// The validity has not begun.
    NotYetValid = "not_yet_valid",
    /// The validity is over.
    Expired = "expired",
    /// Not on this weekday or at this hour.
    OutsideHours = "outside_hours",
    /// The coupon gives in another currency.
    CurrencyMismatch = "currency_mismatch",
    /// The conditions of the coupon do not hold.
    ConditionUnmet = "condition_unmet",
    /// Everything that the coupon is for is on the tenant's list of what no coupon works on.
    Excluded = "excluded",
    /// Nothing in the order is among what the coupon is for.
    NoneInScope = "none_in_scope",
    /// The goods are worth less than the minimum.
    BelowMinimum = "below_minimum",
    /// Fewer units are in scope than the benefit needs.
    TooFewUnits = "too_few_units",
    /// Nothing is left to discount.
    NothingToDiscount = "nothing_to_discount",
    /// The same coupon was given twice for one order.
    CouponRepeated = "coupon_repeated",
    /// Another coupon of the same lane, or others together, give more.
    Outbid = "outbid",
    /// A coupon that is used for the order does not go together with it.
    NotCombinable = "not_combinable",
    /// The order has as many coupons as it may.
    TooManyCoupons = "too_many_coupons",
    /// The goods are as cheap already as coupons may make them.
    FloorReached = "floor_reached",
    /// A limit is used up.
    Limit {
        /// What it counts.
        counts: Counts,
        /// For whom.
        per: Per,
        /// Per which period.
        period: Period,
    } = "limit",
    /// The coupon's pool of given codes has none left.
    PoolEmpty = "pool_empty",
    /// The coupon has made as many vouchers as its code space or the density rule allows.
    CodeSpaceExhausted = "code_space_exhausted",
    /// The total is not the one the caller expected.
    TotalDiffers = "total_differs",
    /// The redemption was cancelled, perhaps before it was reserved.
    RedemptionCancelled = "redemption_cancelled",
    /// The reservation's deadline passed.
    RedemptionExpired = "redemption_expired",
    /// The redemption is done; it can be returned, not cancelled.
    RedemptionSucceeded = "redemption_succeeded",
    /// The redemption is still pending.
    RedemptionPending = "redemption_pending",
    /// The redemption was returned.
    RedemptionReturned = "redemption_returned",
    /// More is returned than is left.
    ReturnExceedsRest = "return_exceeds_rest",
}

impl Rejection {
    /// The stable code of the published table.
    #[must_use]
    pub fn code(self) -> Cow<'static, str> {
        if let Self::Limit { counts, per, period } = self {
            return limit_code(counts, per, period);
        }
        Cow::Borrowed(self.name())
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
