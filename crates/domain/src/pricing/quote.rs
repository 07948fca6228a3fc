//! The priced answer: what applies, how much on each line, what does not and why.

use serde::{Deserialize, Serialize};

use crate::id::{CouponNo, VoucherKey};
use crate::money::Currency;
use crate::rejection::Refusal;

/// What a coupon takes off one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineShare {
    /// The line's place in the order, from 0.
    pub line: usize,
    /// Minor units, above 0.
    pub discount_minor: i64,
}

/// A code that applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The place of its code among those typed, from 0.
    pub code: usize,
    /// Its coupon.
    pub coupon: CouponNo,
    /// Its voucher; none for a shared code.
    pub voucher: Option<VoucherKey>,
    /// What it takes off the order, in minor units: the sum of its lines.
    pub discount_minor: i64,
    /// Where it takes it.
    pub lines: Vec<LineShare>,
}

/// A code that does not apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The place of its code among those typed, from 0.
    pub code: usize,
    /// Its coupon, if it stands for one.
    pub coupon: Option<CouponNo>,
    /// Its voucher, if it stands for one.
    pub voucher: Option<VoucherKey>,
    /// Why.
    pub refusal: Refusal,
}

/// One line of the order, priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteLine {
    /// Before discounts, in minor units.
    pub subtotal_minor: i64,
    /// All that is taken off it.
    pub discount_minor: i64,
    /// `subtotal - discount`, never below 0.
    pub total_minor: i64,
}

/// The priced order. The lines sum to the order's amounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Of all amounts.
    pub currency: crate::money::Currency,
    /// The goods before discounts, in minor units.
    pub subtotal_minor: i64,
    /// All that is taken off.
    pub discount_minor: i64,
    /// `subtotal - discount`.
    pub total_minor: i64,
    /// What applies, in the order in which it was applied.
    pub applied: Vec<Applied>,
    /// What does not, in the order of the codes.
    pub refused: Vec<Refused>,
    /// The order's lines, in their order.
    pub lines: Vec<QuoteLine>,
}

impl Quote {
    /// The order without any discount.
    pub(super) fn undiscounted(currency: Currency, amounts_minor: impl Iterator<Item = i64>) -> Self {
        let lines: Vec<QuoteLine> = amounts_minor
            .map(|minor| QuoteLine { subtotal_minor: minor, discount_minor: 0, total_minor: minor })
            .collect();
        let subtotal_minor = lines.iter().map(|line| line.subtotal_minor).sum();
        Self {
            currency,
            subtotal_minor,
            discount_minor: 0,
            total_minor: subtotal_minor,
            applied: Vec::new(),
            refused: Vec::new(),
            lines,
        }
    }

    /// Takes off these shares, one per line; returns those above 0.
    pub(super) fn take_off(&mut self, shares: &[i64]) -> Vec<LineShare> {
        let mut taken = Vec::new();
        for (line, discount_minor) in shares.iter().copied().enumerate().filter(|(_, minor)| *minor > 0) {
            self.lines[line].discount_minor += discount_minor;
            self.lines[line].total_minor -= discount_minor;
            self.discount_minor += discount_minor;
            self.total_minor -= discount_minor;
            taken.push(LineShare { line, discount_minor });
        }
        taken
    }
}
