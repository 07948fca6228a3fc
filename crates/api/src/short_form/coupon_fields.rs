//! A coupon as the short form shows it.

use domain::benefit::Benefit;
use domain::coupon::{Coupon, CouponState};
use domain::money::Currency;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use super::scalar::{amount, percentage};

/// The limits that staff sets in the short form, by their ids in the coupon.
pub(super) const USAGE_LIMIT: &str = "usage_limit";
pub(super) const PER_USER_LIMIT: &str = "per_user_limit";

/// What `discount` is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ShortDiscountType)]
pub(crate) enum DiscountType {
    /// Of the cart.
    Percent,
    /// In the tenant's currency.
    Amount,
    /// Something that no one figure says: see `GET /v1/coupons/{id}`.
    Other,
}

/// A coupon with a shared code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShortCoupon {
    /// The coupon's number.
    #[schema(example = 1)]
    id: u32,
    #[schema(example = "SAVE10")]
    code: Option<String>,
    /// A percentage, unless `discount_type` says that it is an amount.
    #[schema(value_type = f64, example = 10)]
    discount: Number,
    /// Left out for a percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    discount_type: Option<DiscountType>,
    /// 0 if there is none.
    #[schema(value_type = f64, example = 50)]
    min_cart_value: Number,
    /// What its amounts are in, if that is not the tenant's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
}

impl ShortCoupon {
    /// `own` is the tenant's currency.
    pub(super) fn of(coupon: &Coupon, own: Currency) -> Self {
        let definition = &coupon.definition;
        let currency = definition.currency.unwrap_or(own);
        let (discount, discount_type) = match definition.benefit {
            Benefit::PercentOff { rate_bp, .. } => (percentage(rate_bp.as_bp()), None),
            Benefit::AmountOff { amount_minor, .. } => (amount(amount_minor, currency), Some(DiscountType::Amount)),
            Benefit::Ladder { .. }
            | Benefit::EveryOff { .. }
            | Benefit::FixedPrice { .. }
            | Benefit::UnitsOff { .. }
            | Benefit::Gift { .. }
            | Benefit::FreePeriods { .. }
            | Benefit::RandomAmount { .. }
            | Benefit::GiftValue { .. } => (amount(0, currency), Some(DiscountType::Other)),
        };
        Self {
            id: coupon.no.0,
            code: definition.code.clone(),
            discount,
            discount_type,
            min_cart_value: amount(definition.minimum_order_minor.unwrap_or(0), currency),
            currency: Some(currency).filter(|currency| *currency != own),
        }
    }
}

/// The same as staff sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShortStaffCoupon {
    #[serde(flatten)]
    coupon: ShortCoupon,
    /// From when on it is not used any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_user_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_age: Option<u8>,
    /// Whether it grants now.
    active: bool,
}

impl ShortStaffCoupon {
    pub(super) fn of(coupon: &Coupon, own: Currency, now: Timestamp) -> Self {
        let definition = &coupon.definition;
        let max = |id: &str| definition.limits.iter().find(|limit| limit.id == id).map(|limit| limit.max);
        Self {
            coupon: ShortCoupon::of(coupon, own),
            expires_at: definition.validity.until,
            usage_limit: max(USAGE_LIMIT),
            per_user_limit: max(PER_USER_LIMIT),
            min_age: definition.min_age,
            active: coupon.state_at(now) == CouponState::Running,
        }
    }
}
