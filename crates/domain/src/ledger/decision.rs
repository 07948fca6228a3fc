//! What a redemption was decided on, kept so that it can be explained and decided again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::coupon::Coupon;
use crate::id::{CouponNo, CustomerNo};
use crate::order::Order;
use crate::pricing::{Offer, PRICING_REVISION, Quote, Terms, VoucherWindow, price};
use crate::redemption::RedemptionId;
use crate::rule::Declared;
use crate::stacking::Pricing;
use crate::time::{Timestamp, Zone};

/// One offer that was priced, by reference to the version of its coupon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRecord {
    /// The place of its code among those typed.
    pub code: usize,
    /// The coupon.
    pub coupon: CouponNo,
    /// Its version then.
    pub version: u32,
    /// The voucher, with its validity.
    pub voucher: Option<VoucherWindow>,
}

/// Inputs and result of a priced redemption. Holds no codes and no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Of which redemption.
    pub redemption: RedemptionId,
    /// The revision of the pricing that decided.
    pub revision: u32,
    /// The instant it was decided for.
    pub at: Timestamp,
    /// The tenant's zone then.
    pub zone: Zone,
    /// What held for all coupons then.
    #[serde(default, skip_serializing_if = "Pricing::is_default")]
    pub pricing: Pricing,
    /// The attributes that the tenant had declared then.
    #[serde(default, skip_serializing_if = "Declared::is_empty")]
    pub attributes: Declared,
    /// Who redeemed.
    pub customer: Option<CustomerNo>,
    /// The order.
    pub order: Order,
    /// What was offered.
    pub offers: Vec<OfferRecord>,
    /// What came of it.
    pub quote: Quote,
}

impl DecisionRecord {
    /// Decides again with the recorded inputs; `coupon` finds a version of a coupon. `None` when one is gone.
    pub fn replay(&self, coupon: impl Fn(CouponNo, u32) -> Option<Arc<Coupon>>) -> Option<Quote> {
        let offers: Option<Vec<Offer>> = self
            .offers
            .iter()
            .map(|record| {
                Some(Offer {
                    code: record.code,
                    coupon: coupon(record.coupon, record.version)?,
                    voucher: record.voucher,
                    refused: None,
                })
            })
            .collect();
        let customer_known = self.customer.is_some();
        let terms = Terms { zone: &self.zone, pricing: &self.pricing, attributes: &self.attributes, customer_known };
        Some(price(&self.order, &offers?, terms, self.at))
    }

    /// Whether this revision of the pricing is the one that decided.
    #[must_use]
    pub fn is_of_this_revision(&self) -> bool {
        self.revision == PRICING_REVISION
    }
}
