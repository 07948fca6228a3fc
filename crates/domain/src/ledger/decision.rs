//! What a redemption was decided on, kept so that it can be explained and decided again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::coupon::Coupon;
use crate::id::{CouponNo, CustomerNo};
use crate::order::Order;
use crate::pricing::{Offer, PRICING_REVISION, Quote, Terms, VoucherWindow, price};
use crate::redemption::RedemptionId;
use crate::rule::Declared;
use crate::stacking::Pricing;
use crate::tenant::Settings;
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
    /// The version of the tenant's settings that it was decided under. None in records from before these were kept: they
    /// carry `pricing` and `attributes` themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_version: Option<u32>,
    /// What held for all coupons then, if no version says so.
    #[serde(default, skip_serializing_if = "Pricing::is_default")]
    pub pricing: Pricing,
    /// The attributes that the tenant had declared then, if no version says so.
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

/// What decisions name, in the versions that were in force. A store keeps all of them.
pub trait Versions {
    /// A version of a coupon.
    fn coupon(&self, no: CouponNo, version: u32) -> Option<Arc<Coupon>>;

    /// A version of the tenant's settings.
    fn settings(&self, version: u32) -> Option<Arc<Settings>>;
}

/// Versions at hand.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Of coupons.
    pub coupons: BTreeMap<(CouponNo, u32), Arc<Coupon>>,
    /// Of the tenant's settings.
    pub settings: BTreeMap<u32, Arc<Settings>>,
}

impl Versions for Kept {
    fn coupon(&self, no: CouponNo, version: u32) -> Option<Arc<Coupon>> {
        self.coupons.get(&(no, version)).cloned()
    }

    fn settings(&self, version: u32) -> Option<Arc<Settings>> {
        self.settings.get(&version).cloned()
    }
}

/// What a decision was made on, at hand again: to decide once more, to explain it, or to decide with more offers.
#[derive(Clone, Debug)]
pub struct Recalled<'r> {
    /// Of which record.
    pub record: &'r DecisionRecord,
    /// What was offered, in the order of the record.
    pub offers: Vec<Offer>,
    settings: Option<Arc<Settings>>,
}

impl Recalled<'_> {
    /// What the order was priced under, beside its coupons.
    #[must_use]
    pub fn terms(&self) -> Terms<'_> {
        let DecisionRecord { zone, pricing, attributes, customer, .. } = self.record;
        let (pricing, attributes) = match &self.settings {
            Some(settings) => (&settings.pricing, &settings.attributes),
            None => (pricing, attributes),
        };
        Terms { zone, pricing, attributes, customer_known: customer.is_some() }
    }

    /// Decides again.
    #[must_use]
    pub fn price(&self) -> Quote {
        self.price_with(&self.offers)
    }

    /// Decides again, on other offers.
    #[must_use]
    pub fn price_with(&self, offers: &[Offer]) -> Quote {
        price(&self.record.order, offers, self.terms(), self.record.at)
    }
}

impl DecisionRecord {
    /// The recorded inputs, with the versions that they name. `None` when one is gone.
    pub fn recall(&self, versions: &impl Versions) -> Option<Recalled<'_>> {
        let offer = |record: &OfferRecord| {
            Some(Offer {
                code: record.code,
                coupon: versions.coupon(record.coupon, record.version)?,
                voucher: record.voucher,
                refused: None,
            })
        };
        let settings = match self.settings_version {
            Some(version) => Some(versions.settings(version)?),
            None => None,
        };
        let offers = self.offers.iter().map(offer).collect::<Option<Vec<_>>>()?;
        Some(Recalled { record: self, offers, settings })
    }

    /// Decides again with the recorded inputs. `None` when a version that they name is gone.
    pub fn replay(&self, versions: &impl Versions) -> Option<Quote> {
        Some(self.recall(versions)?.price())
    }

    /// Whether this revision of the pricing is the one that decided.
    #[must_use]
    pub fn is_of_this_revision(&self) -> bool {
        self.revision == PRICING_REVISION
    }
}
