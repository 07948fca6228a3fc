//! What gift value pays of an order, as answers show it.

use std::collections::BTreeMap;

use domain::id::{CouponId, VoucherKey};
use domain::pricing::Payment;
use domain::redemption::Paid;
use serde::Serialize;
use utoipa::ToSchema;

use crate::names::Names;

/// What the gift value of one voucher pays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(crate) struct PaymentBody {
    #[schema(value_type = String)]
    coupon_id: CouponId,
    voucher_id: Option<String>,
    amount_minor: i64,
    /// What can be paid with it afterwards.
    left_minor: i64,
}

/// What the gift value of one voucher paid, or of a reservation will pay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RedeemedPayment)]
pub(crate) struct PaidBody {
    #[schema(value_type = String)]
    coupon_id: CouponId,
    voucher_id: Option<String>,
    amount_minor: i64,
    /// What of it came back to the voucher.
    returned_minor: i64,
}

impl PaymentBody {
    pub(crate) fn of(payment: &Payment, names: &Names, vouchers: &BTreeMap<VoucherKey, String>) -> Self {
        Self {
            coupon_id: names.coupon(payment.coupon),
            voucher_id: vouchers.get(&payment.voucher).cloned(),
            amount_minor: payment.amount_minor,
            left_minor: payment.left_minor,
        }
    }
}

impl PaidBody {
    pub(crate) fn of(paid: &Paid, names: &Names, vouchers: &BTreeMap<VoucherKey, String>) -> Self {
        Self {
            coupon_id: names.coupon(paid.voucher.coupon),
            voucher_id: vouchers.get(&paid.voucher).cloned(),
            amount_minor: paid.amount_minor,
            returned_minor: paid.returned_minor,
        }
    }
}
