//! Gift value pays what is left after all discounts: soonest expiry first, each voucher until nothing is left of it or of the
//! order.

use super::price::Offer;
use super::quote::{Payment, Quote};
use crate::money::split_by;
use crate::rejection::{Refusal, Rejection};
use crate::time::Timestamp;

/// Lets these offers of gift value pay.
pub(super) fn pay(quote: &mut Quote, mut offers: Vec<&Offer>) {
    let until = |offer: &Offer| offer.voucher.and_then(|voucher| voucher.valid_until);
    offers.sort_by_key(|offer| (until(offer).map_or(i64::MAX, Timestamp::as_ms), offer.coupon.no, offer.code));
    for offer in offers {
        match payment(quote, offer) {
            Ok(payment) => quote.payments.push(payment),
            Err(refusal) => quote.refused.push(offer.refused_for((refusal, None))),
        }
    }
}

fn payment(quote: &Quote, offer: &Offer) -> Result<Payment, Refusal> {
    let (voucher, available_minor) = match offer.voucher {
        Some(voucher) => (voucher.key, voucher.balance_minor.unwrap_or(0)),
        None => return Err(Refusal::new(Rejection::NoStoredValue, "a code that everybody may type has no balance")),
    };
    if available_minor <= 0 {
        return Err(Refusal::new(Rejection::BalanceEmpty, "nothing is left of it that no other order holds"));
    }
    let amount_minor = quote.payable_minor().min(available_minor);
    if amount_minor == 0 {
        return Err(Refusal::new(Rejection::NothingToDiscount, "nothing is left to be paid"));
    }
    let coupon = offer.coupon.no;
    let (lines_minor, left_minor) = (lines_of(quote, amount_minor), available_minor - amount_minor);
    Ok(Payment { code: offer.code, coupon, voucher, amount_minor, left_minor, lines_minor })
}

/// What of the payment falls on each line, for returns: in proportion to what is left to be paid of the lines, with shipping,
/// the deposit and fees together as one more.
fn lines_of(quote: &Quote, amount_minor: i64) -> Vec<i64> {
    let paid = |line: usize| quote.payments.iter().map(|payment| payment.lines_minor[line]).sum::<i64>();
    let mut left: Vec<i64> = quote.lines.iter().enumerate().map(|(no, line)| line.total_minor - paid(no)).collect();
    left.push(quote.payable_minor() - left.iter().sum::<i64>());
    let mut shares = split_by(amount_minor, &left);
    shares.pop();
    shares
}
