//! Whether an offer applies to an order at an instant, before its amount is known. In the order of the rejections.

use super::give::Nothing;
use super::help::Help;
use super::price::{Offer, Terms, VoucherWindow, is_payment};
use crate::order::Order;
use crate::rejection::{Refusal, Rejection};
use crate::rule::Inputs;
use crate::time::{Timestamp, Zone};
use crate::validity::Validity;

/// The places of the lines that the offer works on, or why it does not apply.
pub(super) fn judge(order: &Order, offer: &Offer, terms: Terms, now: Timestamp) -> Result<Vec<usize>, Nothing> {
    let time = || judge_time(&offer.coupon.definition.validity, offer.voucher, terms.zone, now);
    if let Some(refusal) = offer.refused.clone().or_else(time) {
        return Err((refusal, None));
    }
    by_order(order, offer, terms, now)
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

/// Why its conditions do not hold, if they do not.
fn unmet(order: &Order, offer: &Offer, terms: Terms, now: Timestamp) -> Option<Refusal> {
    let inputs = Inputs { order, customer_known: terms.customer_known, now, zone: terms.zone };
    let holds = offer.coupon.condition(terms.attributes).is_ok_and(|all| all.is_none_or(|all| all.holds(&inputs)));
    (!holds).then(|| Refusal::new(Rejection::ConditionUnmet, "the conditions of the coupon do not hold"))
}

fn by_order(order: &Order, offer: &Offer, terms: Terms, now: Timestamp) -> Result<Vec<usize>, Nothing> {
    let definition = &offer.coupon.definition;
    if let Some(currency) = definition.currency.filter(|currency| *currency != order.currency) {
        let detail = format!("the coupon gives in {currency}, the order is in {}", order.currency);
        return Err((Refusal::new(Rejection::CurrencyMismatch, detail), None));
    }
    if let Some(refusal) = unmet(order, offer, terms, now) {
        return Err((refusal, None));
    }
    let all = 0..order.lines.len();
    let named = |place: &usize| definition.scope.holds(&order.lines[*place]);
    let named: Vec<usize> = if definition.scope.is_all() { all.collect() } else { all.filter(named).collect() };
    if named.is_empty() {
        let refusal = Refusal::new(Rejection::NoneInScope, "nothing in the order is among what the coupon is for");
        return Err((refusal, definition.minimum_order_minor.map(Help::amount)));
    }
    // Exclusions are from discounts; whatever is sold can be paid.
    let exclusions = &terms.pricing.exclusions;
    let has_exclusions = !is_payment(offer) && !exclusions.is_empty();
    let excluded = |place: &usize| has_exclusions && exclusions.names(&order.lines[*place]);
    let in_scope: Vec<usize> = named.into_iter().filter(|place| !excluded(place)).collect();
    if in_scope.is_empty() {
        return Err((Refusal::new(Rejection::Excluded, "no coupon works on what is in the order"), None));
    }
    let goods_minor: i64 = in_scope.iter().map(|&place| order.line_minor(place)).sum();
    if let Some(minimum) = definition.minimum_order_minor.filter(|minimum| goods_minor < *minimum) {
        let detail = format!("goods for {} more minor units are needed to reach {minimum}", minimum - goods_minor);
        // Who reaches the minimum must reach what the benefit asks for, too.
        let least = minimum.max(definition.benefit.least_goods_minor());
        return Err((Refusal::new(Rejection::BelowMinimum, detail), Some(Help::amount(least - goods_minor))));
    }
    Ok(in_scope)
}
