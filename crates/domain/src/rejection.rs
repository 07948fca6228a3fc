//! The typed "no". Variants stand in their order of precedence: where several would apply, the first one is answered.
//! "Could not" (a store that is down) is never a rejection.

mod reason;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::access_block::BlockReason;
use crate::language::Language;
use crate::limit::{Counts, Per};
use crate::period::Period;
use crate::pricing::Quote;
use crate::time::Timestamp;

/// The variant, if it has no fields.
#[cfg(test)]
macro_rules! plain {
    ($variant:ident) => {
        Some(Rejection::$variant)
    };
    ($variant:ident { $($field:ident)* }) => {
        None
    };
}

/// Makes the enum, and from the same line the code of each variant and what is said of it in each language.
macro_rules! rejections {
    ($($(#[$doc:meta])* $variant:ident $({ $($(#[$about:meta])* $field:ident: $kind:ty,)* })? = $code:literal, $english:literal, $chinese:literal,)*) => {
        /// Why a command was refused. `Ord` is the precedence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rejection {
            $($(#[$doc])* $variant $({ $($(#[$about])* $field: $kind,)* })?,)*
        }

        impl Rejection {
            /// Those that say all by their name; `None` for each of the others.
            #[cfg(test)]
            const PLAIN: &[Option<Self>] = &[$(plain!($variant $({ $($field)* })?),)*];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)*
                }
            }

            fn plain_reason(self, language: Language) -> &'static str {
                match (language, self) {
                    $((Language::English, Self::$variant { .. }) => $english,)*
                    $((Language::Chinese, Self::$variant { .. }) => $chinese,)*
                }
            }
        }
    };
}

rejections! {
    /// The idempotency key was used before with another body.
    IdempotencyKeyReused = "idempotency_key_reused", "This request was made before with other contents.", "这个请求之前以不同的内容提交过。",
    /// The redemption id was used before with another body.
    RedemptionIdReused = "redemption_id_reused", "This redemption was made before with other contents.", "这次核销之前以不同的内容提交过。",
    /// The order has a live redemption of another id; its codes are refused as used because of that.
    OrderAlreadyRedeemed = "order_already_redeemed", "This order uses coupons already.", "此订单已经使用了优惠券。",
    /// Whoever claims, redeems or owns the voucher is kept out.
    Blocked {
        /// Why.
        reason: BlockReason,
    } = "blocked", "This account cannot use coupons at the moment.", "此账户目前无法使用优惠券。",
    /// No such coupon.
    CouponNotFound = "coupon_not_found", "There is no such coupon.", "没有这张优惠券。",
    /// No such campaign.
    CampaignNotFound = "campaign_not_found", "There is no such campaign.", "没有这个活动。",
    /// No such customer.
    CustomerNotFound = "customer_not_found", "There is no such customer.", "没有这位顾客。",
    /// No such voucher.
    VoucherNotFound = "voucher_not_found", "There is no such voucher.", "没有这张券。",
    /// No such redemption.
    RedemptionNotFound = "redemption_not_found", "There is no such redemption.", "没有这次核销记录。",
    /// No such block of codes.
    BlockNotFound = "block_not_found", "There is no such block.", "没有这个批次。",
    /// No such account.
    AccountNotFound = "account_not_found", "There is no such account.", "没有这个账户。",
    /// No such tenant.
    TenantNotFound = "tenant_not_found", "There is no such shop.", "没有这家商店。",
    /// The one-time token or code was never given, was used, or its time is over.
    TokenUnknown = "token_unknown", "This link or one-time code is not valid any more.", "此链接或一次性验证码已失效。",
    /// The customer has no such identity.
    IdentityNotFound = "identity_not_found", "This contact is not known for the customer.", "该顾客没有登记此联系方式。",
    /// The typed text is no code of this tenant.
    CodeUnknown = "code_unknown", "This code is not valid.", "此券码无效。",
    /// The definition has moved on since the version that was edited.
    VersionStale = "version_stale", "Somebody else has changed it meanwhile.", "内容已被他人修改。",
    /// The code is in use, was given before, or would read as a computed code.
    CodeTaken = "code_taken", "This code is in use.", "此券码已被占用。",
    /// The prefix begins, or is begun by, a prefix that is or was in use.
    PrefixTaken = "prefix_taken", "This prefix is in use.", "此前缀已被占用。",
    /// Another customer has this external id.
    IdentityTaken = "identity_taken", "This contact belongs to another customer.", "此联系方式属于另一位顾客。",
    /// Another account has this username.
    UsernameTaken = "username_taken", "This name is in use.", "此用户名已被占用。",
    /// Nobody would be left to administer the tenant.
    LastAdmin = "last_admin", "One administrator must remain.", "必须至少保留一位管理员。",
    /// A tenant's days begin where they began.
    ZoneFixed = "zone_fixed", "The time zone cannot be changed.", "时区不能更改。",
    /// The tenant has made as many of them as it may.
    QuotaExceeded = "quota_exceeded", "No more of these can be made.", "已达到可创建的数量上限。",
    /// A coupon of the tenant may not give so much.
    CeilingExceeded = "ceiling_exceeded", "The coupon would give more than is allowed here.", "优惠力度超过了允许的上限。",
    /// The coupon may cost more than one person alone may let it.
    SecondPersonNeeded = "second_person_needed", "A second person has to approve this first.", "需要先由另一人批准。",
    /// Who approves must be a member of staff who had no hand in it.
    ApproverInvolved = "approver_involved", "Somebody else has to approve this.", "必须由其他人批准。",
    /// The customer has as many identities as one may have.
    IdentitiesFull = "identities_full", "The customer has as many contacts as one may have.", "该顾客的联系方式已达上限。",
    /// Too much was taken, or by too many, to become one person's in one step.
    PersonTooLarge = "person_too_large", "These customers cannot be joined in one step.", "这些顾客无法一次性合并。",
    /// Everything personal of the customer was erased; nothing is added to it.
    CustomerErased = "customer_erased", "The data of this customer were erased.", "该顾客的资料已被清除。",
    /// A limit of that id counts something else; only its maximum and give-back may change.
    LimitChanged = "limit_changed", "A limit cannot begin to count something else.", "限额的计数对象不能更改。",
    /// The coupon has no such limit for everyone.
    LimitNotFound = "limit_not_found", "The coupon has no such limit.", "此优惠券没有这个限额。",
    /// The state does not allow this step.
    TransitionIllegal = "transition_illegal", "This step is not possible in its present state.", "当前状态不允许此操作。",
    /// The start is so near that nothing of the definition changes any more.
    EditTooLate = "edit_too_late", "It starts so soon that it cannot be changed any more.", "即将开始，无法再修改。",
    /// The campaign has more coupons than one claim takes.
    PackageTooLarge = "package_too_large", "This package is too large to be claimed at once.", "礼包内容过多，无法一次领取。",
    /// The voucher belongs to somebody else.
    VoucherForeign = "voucher_foreign", "This voucher belongs to somebody else.", "这张券属于其他人。",
    /// The voucher, or its block, was revoked.
    VoucherRevoked = "voucher_revoked", "This voucher was withdrawn.", "这张券已被撤回。",
    /// The voucher was used.
    VoucherRedeemed = "voucher_redeemed", "This voucher has been used.", "这张券已经使用过。",
    /// A pending redemption holds the voucher.
    VoucherLocked = "voucher_locked", "This voucher is being used by another order.", "这张券正被另一笔订单占用。",
    /// The hold or the validity is over.
    VoucherExpired = "voucher_expired", "This voucher has expired.", "这张券已过期。",
    /// The voucher is not held, so it cannot be released.
    VoucherNotHeld = "voucher_not_held", "This voucher is not on hold.", "这张券未处于暂留状态。",
    /// The coupon is not active yet.
    CouponNotActive = "coupon_not_active", "This coupon is not available yet.", "此优惠券尚未开始。",
    /// The coupon is paused.
    CouponPaused = "coupon_paused", "This coupon is not available at the moment.", "此优惠券暂停使用。",
    /// The coupon has ended.
    CouponEnded = "coupon_ended", "This coupon has ended.", "此优惠券已结束。",
    /// The coupon was aborted.
    CouponAborted = "coupon_aborted", "This coupon was withdrawn.", "此优惠券已被撤回。",
    /// The coupon's campaign is not active yet.
    CampaignNotActive = "campaign_not_active", "The campaign of this coupon has not begun.", "此优惠券所属的活动尚未开始。",
    /// The coupon's campaign is paused.
    CampaignPaused = "campaign_paused", "The campaign of this coupon is paused.", "此优惠券所属的活动已暂停。",
    /// The coupon's campaign has ended.
    CampaignEnded = "campaign_ended", "The campaign of this coupon has ended.", "此优惠券所属的活动已结束。",
    /// The coupon's campaign was aborted.
    CampaignAborted = "campaign_aborted", "The campaign of this coupon was withdrawn.", "此优惠券所属的活动已被撤回。",
    /// A customer must be named: a limit or condition depends on it.
    CustomerRequired = "customer_required", "Please sign in to use this coupon.", "请先登录再使用此优惠券。",
    /// The coupon is for other customers.
    CustomerNotEligible = "customer_not_eligible", "This coupon is for other customers.", "此优惠券不适用于您。",
    /// The customer is too young for the coupon, or no date of birth is known.
    UnderAge = "under_age", "This coupon is for customers of a certain age.", "您未达到此优惠券要求的年龄。",
    /// The validity has not begun.
    NotYetValid = "not_yet_valid", "This coupon cannot be used yet.", "此优惠券尚未生效。",
    /// The validity is over.
    Expired = "expired", "This coupon has expired.", "此优惠券已过期。",
    /// Not on this weekday or at this hour.
    OutsideHours = "outside_hours", "This coupon cannot be used on this day or at this hour.", "此优惠券在当前日期或时段不可使用。",
    /// The coupon gives in another currency.
    CurrencyMismatch = "currency_mismatch", "This coupon is for another currency.", "此优惠券不适用于当前币种。",
    /// The conditions of the coupon do not hold.
    ConditionUnmet = "condition_unmet", "The order does not meet the conditions of this coupon.", "订单不符合此优惠券的使用条件。",
    /// Everything that the coupon is for is on the tenant's list of what no coupon works on.
    Excluded = "excluded", "Coupons do not apply to what is in the order.", "订单中的商品不参与优惠。",
    /// Nothing in the order is among what the coupon is for.
    NoneInScope = "none_in_scope", "Nothing in the order is among what this coupon is for.", "订单中没有此优惠券适用的商品。",
    /// The goods are worth less than the minimum.
    BelowMinimum = "below_minimum", "The order has not reached the minimum of this coupon.", "订单未达到此优惠券的最低金额。",
    /// Fewer units are in scope than the benefit needs.
    TooFewUnits = "too_few_units", "The order has too few units for this coupon.", "订单的商品件数未达到此优惠券的要求。",
    /// Gift value was meant, and the voucher, or the shared code, has none.
    NoStoredValue = "no_stored_value", "This voucher holds no value.", "此券不含储值。",
    /// Nothing of the voucher's value can be paid with now.
    BalanceEmpty = "balance_empty", "Nothing is left on this gift card.", "此礼品卡余额已用完。",
    /// Nothing is left to discount.
    NothingToDiscount = "nothing_to_discount", "Nothing is left that this coupon could take off.", "已没有可供此优惠券抵扣的金额。",
    /// The same coupon was given twice for one order.
    CouponRepeated = "coupon_repeated", "This coupon was entered twice.", "此优惠券重复输入。",
    /// Another coupon of the same lane, or others together, give more.
    Outbid = "outbid", "Another coupon gives more and is used instead.", "已使用更优惠的其他优惠券。",
    /// A coupon that is used for the order does not go together with it.
    NotCombinable = "not_combinable", "This coupon does not go together with another that is used.", "此优惠券不能与已使用的优惠券叠加。",
    /// The order has as many coupons as it may.
    TooManyCoupons = "too_many_coupons", "The order has as many coupons as it may.", "订单使用的优惠券已达上限。",
    /// The goods are as cheap already as coupons may make them.
    FloorReached = "floor_reached", "The goods cannot become cheaper by coupons.", "商品价格已是优惠后的最低价。",
    /// A limit is used up.
    Limit {
        /// What it counts.
        counts: Counts,
        /// For whom.
        per: Per,
        /// Per which period.
        period: Period,
    } = "limit", "", "",
    /// The coupon's pool of given codes has none left.
    PoolEmpty = "pool_empty", "There are no codes of this coupon left.", "此优惠券的券码已发完。",
    /// The coupon has made as many vouchers as its code space or the density rule allows.
    CodeSpaceExhausted = "code_space_exhausted", "No more vouchers of this coupon can be made.", "此优惠券无法再生成新的券。",
    /// The balance would be below what is held, or above what any may be.
    BalanceOutOfBounds = "balance_out_of_bounds", "The balance of this gift card cannot be changed by so much.", "此礼品卡的余额无法作此变动。",
    /// The total is not the one the caller expected.
    TotalDiffers = "total_differs", "The price has changed; please look at it again.", "价格已发生变化，请重新确认。",
    /// The redemption was cancelled, perhaps before it was reserved.
    RedemptionCancelled = "redemption_cancelled", "The redemption was cancelled.", "此次核销已取消。",
    /// The reservation's deadline passed.
    RedemptionExpired = "redemption_expired", "The reservation has run out.", "预留已超时。",
    /// The redemption is done; it can be returned, not cancelled.
    RedemptionSucceeded = "redemption_succeeded", "The redemption is complete; it can be returned.", "核销已完成，可以申请退回。",
    /// The redemption is still pending.
    RedemptionPending = "redemption_pending", "The redemption has not been confirmed.", "此次核销尚未确认。",
    /// The redemption was returned.
    RedemptionReturned = "redemption_returned", "The redemption was returned.", "此次核销已退回。",
    /// More is returned than is left.
    ReturnExceedsRest = "return_exceeds_rest", "More is returned than is left.", "退回数量超过剩余数量。",
}

impl Rejection {
    /// One plain sentence for whoever buys, in that language: without codes, ids or anything personal.
    #[must_use]
    pub fn reason(self, language: Language) -> Cow<'static, str> {
        match self {
            Self::Limit { counts, per, period } => Cow::Owned(reason::limit(language, counts, per, period)),
            other => Cow::Borrowed(other.plain_reason(language)),
        }
    }

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
    /// What the order comes to now, where that is the cause. Never kept.
    #[serde(skip)]
    pub quote: Option<Box<Quote>>,
}

impl Refusal {
    /// A refusal with a sentence of its own.
    pub fn new(rejection: Rejection, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { rejection, detail: detail.into(), retry_at: None, item: None, quote: None }
    }

    /// The same, naming the instant from which trying again may succeed.
    #[must_use]
    pub fn retry_at(self, at: Option<Timestamp>) -> Self {
        Self { retry_at: at, ..self }
    }

    /// The same, with what the order comes to now.
    #[must_use]
    pub fn with_quote(self, quote: Quote) -> Self {
        Self { quote: Some(Box::new(quote)), ..self }
    }

    /// The same, naming which of several things it concerns.
    #[must_use]
    pub fn of_item(self, place: usize) -> Self {
        Self { item: Some(place), ..self }
    }
}
