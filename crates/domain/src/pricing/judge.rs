//! Whether an offer applies to an order at an instant, before its amount is known. In the order of the rejections.

use super::price::{Offer, VoucherWindow};
use crate::order::Order;
use crate::rejection::{Refusal, Rejection};
use crate::time::{Timestamp, Zone};
use crate::validity::Validity;

/// Why the offer does not apply, if it does not.
pub(super) fn judge(order: &Order, offer: &Offer, zone: &Zone, now: Timestamp) -> Option<Refusal> {
    offer
        .refused
        .clone()
        .or_else(|| judge_time(&offer.coupon.definition.validity, offer.voucher, zone, now))
        .or_else(|| by_order(order, offer))
}

/// Why it is not the time for a voucher, or for a shared code, of a coupon with that validity; `zone` is the tenant's.
#[must_use]
pub fn judge_time(validity: &Validity, voucher: Option<VoucherWindow>, zone: &Zone, now: Timestamp) -> Option<Refusal> {
    // A voucher carries the window it was made with; a shared code has the definition's.
    let (from, until) = match voucher {
        Some(voucher) => (voucher.valid_from, voucher.valid_until),
        None => (validity.from, validity.until),
    };
    if let Some(from) = from.filter(|from| now < *from) {
        let refusal = Refusal::new(Rejection::NotYetValid, format!("the validity begins at {from}"));
        return Some(refusal.retry_at(Some(from)));
    }
    if let Some(until) = until.filter(|until| *until <= now) {
        return Some(Refusal::new(Rejection::Expired, format!("the validity ended at {until}")));
    }
    if !validity.open_at(now, zone) {
        let refusal = Refusal::new(Rejection::OutsideHours, "not on this weekday or at this hour");
        return Some(refusal.retry_at(validity.next_opening(now, zone)));
    }
    None
}

fn by_order(order: &Order, offer: &Offer) -> Option<Refusal> {
    let definition = &offer.coupon.definition;
    if let Some(currency) = definition.currency.filter(|currency| *currency != order.currency) {
        return Some(Refusal::new(
            Rejection::CurrencyMismatch,
            format!("the coupon gives in {currency}, the order is in {}", order.currency),
        ));
    }
    let goods_minor = order.subtotal_minor();
    if let Some(minimum) = definition.minimum_order_minor.filter(|minimum| goods_minor < *minimum) {
        return Some(Refusal::new(
            Rejection::BelowMinimum,
            format!("goods for {} more minor units are needed to reach {minimum}", minimum - goods_minor),
        ));
    }
    None
}
