//! The algorithm: judge every offer, put those that apply in order, let each see what the one before left.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::best;
use super::give::Nothing;
use super::judge::judge;
use super::pay::pay;
use super::quote::{Applied, Quote, Refused};
use super::stack::Candidate;
use crate::bearing;
use crate::benefit::Benefit;
use crate::coupon::Coupon;
use crate::id::VoucherKey;
use crate::order::Order;
use crate::rejection::Refusal;
use crate::rule::Declared;
use crate::stacking::Pricing;
use crate::time::{Timestamp, Zone};
use crate::voucher::Voucher;

/// Changes whenever the same inputs could price differently; kept with every decision.
pub const PRICING_REVISION: u32 = 1;

/// A voucher with the validity, and the amount, it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherWindow {
    /// Which voucher.
    pub key: VoucherKey,
    /// Not usable before.
    pub valid_from: Option<Timestamp>,
    /// Not usable from here on.
    pub valid_until: Option<Timestamp>,
    /// Of gift value: what can be paid with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_minor: Option<i64>,
    /// What was drawn for it, if its coupon gives a random amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
}

impl VoucherWindow {
    /// That voucher's.
    #[must_use]
    pub fn of(voucher: &Voucher) -> Self {
        let Voucher { key, valid_from, valid_until, amount_minor, .. } = *voucher;
        Self { key, valid_from, valid_until, balance_minor: None, amount_minor }
    }
}

/// A coupon offered for an order, through a voucher or a shared code.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The place of its code among those typed, from 0.
    pub code: usize,
    /// The coupon, in the version to be priced.
    pub coupon: Arc<Coupon>,
    /// The voucher; none for a shared code.
    pub voucher: Option<VoucherWindow>,
    /// It is refused already, by something outside of pricing: its state, its owner, a limit.
    pub refused: Option<Refusal>,
}

/// What an order is priced under, beside its coupons.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The tenant's, where days and hours are meant when a coupon names no zone of its own.
    pub zone: &'a Zone,
    /// What holds for all coupons of the tenant.
    pub pricing: &'a Pricing,
    /// The attributes that the tenant has declared.
    pub attributes: &'a Declared,
    /// Whether it is known who buys.
    pub customer_known: bool,
}

/// Prices an order: judges every offer, puts those that apply in order, and lets each see what the one before left; gift value
/// pays what is left then.
#[must_use]
pub fn price(order: &Order, offers: &[Offer], terms: Terms, now: Timestamp) -> Quote {
    let (mut candidates, mut payers, mut refused) = (Vec::with_capacity(offers.len()), Vec::new(), Vec::new());
    for offer in offers {
        match judge(order, offer, terms, now) {
            Ok(_) if is_payment(offer) => payers.push(offer),
            Ok(in_scope) => candidates.push(Candidate::new(offer, in_scope, terms.pricing)),
            Err(why) => refused.push(offer.refused_for(why)),
        }
    }
    candidates.sort_by_key(Candidate::turn);
    let mut quote = best::combine(order, &candidates, terms.pricing);
    quote.applied.iter_mut().for_each(|applied| share_out(order, offers, applied));
    pay(&mut quote, payers);
    quote.refused.append(&mut refused);
    quote.refused.sort_by_key(|refused| refused.code);
    quote
}

/// Whether it pays, after all that takes something off.
pub(super) fn is_payment(offer: &Offer) -> bool {
    matches!(offer.coupon.definition.benefit, Benefit::GiftValue { .. })
}

/// Only of what is applied in the end: who bears it decides nothing.
fn share_out(order: &Order, offers: &[Offer], applied: &mut Applied) {
    let offer = offers.iter().find(|offer| offer.code == applied.code);
    let bearers = offer.map_or(&[][..], |offer| &offer.coupon.definition.cost_bearers);
    if bearers.is_empty() {
        return;
    }
    let merchant_of = |line: usize| order.lines.get(line).and_then(|line| line.merchant.as_deref());
    let mut by_merchant: Vec<(Option<&str>, i64)> =
        applied.lines.iter().map(|share| (merchant_of(share.line), share.discount_minor)).collect();
    by_merchant.push((None, applied.shipping_minor + applied.deposit_minor));
    applied.borne_by = bearing::split(bearers, applied.discount_minor, &by_merchant);
}

impl Offer {
    pub(super) fn refused_for(&self, (refusal, help): Nothing) -> Refused {
        let (coupon, voucher) = (Some(self.coupon.no), self.voucher.map(|voucher| voucher.key));
        Refused { code: self.code, coupon, voucher, refusal, help }
    }
}
