//! A redemption as answers show it.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{CouponId, CustomerId, CustomerNo, TenantNo, VoucherKey};
use domain::money::Currency;
use domain::redemption::{Part, Redemption, RedemptionId, RedemptionState};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::cost_bearer_body::BorneBody;
use crate::names::Names;
use crate::payment_body::PaidBody;
use crate::problem::Problem;
use crate::schemas;
use crate::voucher_body::voucher_ids;

/// The use of vouchers or shared codes by one order; also the record of the transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Redemption)]
pub(crate) struct RedemptionBody {
    #[schema(value_type = String, example = "red_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    id: RedemptionId,
    /// Where it stands at the instant of the answer.
    #[schema(value_type = schemas::RedemptionState)]
    state: RedemptionState,
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    order_id: Option<String>,
    /// `null` on the mark that a cancel leaves when it comes before its reserve.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// The goods before discounts.
    subtotal_minor: i64,
    discount_minor: i64,
    /// `subtotal - discount`.
    total_minor: i64,
    /// What gift value paid of the total, or of a reservation will pay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    payments: Vec<PaidBody>,
    /// What was left to be paid after gift value.
    payable_minor: i64,
    /// What of the discount was given back.
    returned_minor: i64,
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// When it ends unless it is confirmed; only while pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    deadline: Option<Timestamp>,
    applied: Vec<PartBody>,
    /// In the order of the order.
    lines: Vec<RedeemedLineBody>,
    /// Counts its changes.
    version: u32,
}

/// What one coupon gave to the order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RedeemedCoupon)]
pub(crate) struct PartBody {
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// The voucher; left out for a shared code.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher_id: Option<String>,
    discount_minor: i64,
    returned_minor: i64,
    /// What of it was taken off each line, in the order of the order.
    lines_minor: Vec<i64>,
    /// What merchants bear of it; the platform bears the rest. Left out where it bears all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    borne_by: Vec<BorneBody>,
}

/// A line of the order, and how much of it came back.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = RedeemedLine)]
pub(crate) struct RedeemedLineBody {
    quantity: u32,
    returned: u32,
}

/// The redemptions as they stand at `now`, in their order.
pub(crate) async fn show_redemptions(
    app: &App,
    tenant: TenantNo,
    redemptions: Vec<Redemption>,
    now: Timestamp,
) -> Result<Vec<RedemptionBody>, Problem> {
    let parts = || redemptions.iter().flat_map(|redemption| &redemption.parts);
    let coupons = parts().map(|part| part.coupon).collect();
    let customers: BTreeSet<CustomerNo> = redemptions.iter().filter_map(|redemption| redemption.customer).collect();
    let paid = redemptions.iter().flat_map(|redemption| &redemption.payments).map(|paid| paid.voucher);
    let keys: Vec<VoucherKey> = parts().filter_map(|part| part.voucher).chain(paid).collect();
    let names = Names::of(app, tenant, coupons, customers).await?;
    let vouchers = voucher_ids(app, tenant, keys).await?;
    Ok(redemptions.into_iter().map(|redemption| body_of(redemption, &names, &vouchers, now)).collect())
}

/// The one redemption an answer is about.
pub(crate) async fn show_redemption(
    app: &App,
    tenant: TenantNo,
    redemption: Redemption,
    now: Timestamp,
) -> Result<RedemptionBody, Problem> {
    let mut shown = show_redemptions(app, tenant, vec![redemption], now).await?;
    Ok(shown.pop().expect("one was given and one is shown"))
}

fn body_of(
    redemption: Redemption,
    names: &Names,
    vouchers: &BTreeMap<VoucherKey, String>,
    now: Timestamp,
) -> RedemptionBody {
    let state = redemption.state_at(now);
    let returned_minor = redemption.returned_minor();
    let payable_minor = redemption.payable_minor();
    let payments = redemption.payments.iter().map(|paid| PaidBody::of(paid, names, vouchers)).collect();
    let shares = redemption.shares.as_deref().unwrap_or_default();
    let gave = (0..).zip(&redemption.parts).filter(|(_, part)| !redemption.is_of_payment(part));
    let applied = gave.map(|(place, part)| PartBody {
        borne_by: shares.iter().filter(|share| share.part == place).map(BorneBody::from).collect(),
        ..part_of(part, names, vouchers)
    });
    let applied = applied.collect();
    let lines = redemption.lines.iter();
    RedemptionBody {
        state,
        payments,
        payable_minor,
        returned_minor,
        applied,
        lines: lines.map(|line| RedeemedLineBody { quantity: line.quantity, returned: line.returned }).collect(),
        customer_id: redemption.customer.map(|no| names.customer(no)),
        deadline: redemption.deadline.filter(|_| state == RedemptionState::Pending),
        id: redemption.id,
        order_id: redemption.order,
        currency: redemption.currency,
        subtotal_minor: redemption.subtotal_minor,
        discount_minor: redemption.discount_minor,
        total_minor: redemption.total_minor,
        made_at: redemption.made_at,
        version: redemption.version,
    }
}

fn part_of(part: &Part, names: &Names, vouchers: &BTreeMap<VoucherKey, String>) -> PartBody {
    PartBody {
        coupon_id: names.coupon(part.coupon),
        voucher_id: part.voucher.and_then(|key| vouchers.get(&key).cloned()),
        discount_minor: part.discount_minor,
        returned_minor: part.returned_minor,
        lines_minor: part.lines_minor.clone(),
        borne_by: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_whose_time_is_over_is_shown_as_expired() {
        let redemption = Redemption {
            id: RedemptionId::parse("a").expect("an id"),
            version: 1,
            state: RedemptionState::Pending,
            fingerprint: [0; 16],
            customer: None,
            order: Some("A-1".into()),
            currency: Some("USD".parse().expect("a currency")),
            subtotal_minor: 50,
            discount_minor: 5,
            total_minor: 45,
            parts: vec![],
            payments: vec![],
            lines: vec![],
            made_at: Timestamp::from_ms(0),
            deadline: Some(Timestamp::from_ms(1_000)),
            journal: domain::event::JournalNo::default(),
            shares: None,
        };
        let at = |ms| body_of(redemption.clone(), &Names::default(), &BTreeMap::new(), Timestamp::from_ms(ms));
        assert_eq!((at(999).state, at(999).deadline), (RedemptionState::Pending, Some(Timestamp::from_ms(1_000))));
        assert_eq!((at(1_000).state, at(1_000).deadline), (RedemptionState::Expired, None));
    }
}
