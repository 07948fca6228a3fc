//! The algorithm: judge every offer, put those that apply in order, let each see what the one before left.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::judge::judge;
use super::quote::{Applied, Quote, Refused};
use crate::coupon::Coupon;
use crate::id::VoucherKey;
use crate::money::split_by;
use crate::order::Order;
use crate::rejection::{Refusal, Rejection};
use crate::time::{Timestamp, Zone};

/// Changes whenever the same inputs could price differently; kept with every decision.
pub const PRICING_REVISION: u32 = 1;

/// A voucher with the validity it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherWindow {
    /// Which voucher.
    pub key: VoucherKey,
    /// Not usable before.
    pub valid_from: Option<Timestamp>,
    /// Not usable from here on.
    pub valid_until: Option<Timestamp>,
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

/// Prices an order. `zone` is the tenant's, where days and hours are meant when a coupon names no zone of its own.
#[must_use]
pub fn price(order: &Order, offers: &[Offer], zone: &Zone, now: Timestamp) -> Quote {
    let mut quote = Quote::undiscounted(order.currency, order.lines.iter().map(crate::order::Line::amount_minor));
    let mut steps: Vec<&Offer> = offers.iter().collect();
    steps.sort_by_key(|offer| (offer.coupon.no, offer.code));
    for offer in steps {
        match step(order, offer, &quote, (zone, now)) {
            Ok(shares) => {
                let discount_minor = shares.iter().sum();
                let lines = quote.take_off(&shares);
                let voucher = offer.voucher.map(|voucher| voucher.key);
                quote.applied.push(Applied {
                    code: offer.code,
                    coupon: offer.coupon.no,
                    voucher,
                    discount_minor,
                    lines,
                });
            }
            Err(refusal) => quote.refused.push(Refused {
                code: offer.code,
                coupon: Some(offer.coupon.no),
                voucher: offer.voucher.map(|voucher| voucher.key),
                refusal,
            }),
        }
    }
    quote.refused.sort_by_key(|refused| refused.code);
    quote
}

/// What one offer takes off each line of what is left.
fn step(order: &Order, offer: &Offer, quote: &Quote, (zone, now): (&Zone, Timestamp)) -> Result<Vec<i64>, Refusal> {
    if let Some(refusal) = judge(order, offer, zone, now) {
        return Err(refusal);
    }
    let left: Vec<i64> = quote.lines.iter().map(|line| line.total_minor).collect();
    let discount_minor = offer.coupon.definition.benefit.gives_minor(left.iter().sum());
    if discount_minor == 0 {
        return Err(Refusal::new(Rejection::NothingToDiscount, "nothing is left that it could take off"));
    }
    Ok(split_by(discount_minor, &left))
}
