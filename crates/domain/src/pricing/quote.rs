//! The priced answer: what applies, how much on each line, what does not and why.

use serde::{Deserialize, Serialize};

use super::help::Help;
use crate::bearing::Borne;
use crate::id::{CouponNo, VoucherKey};
use crate::money::Currency;
use crate::order::Order;
use crate::rejection::Refusal;

/// What a coupon takes off one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineShare {
    /// The line's place in the order, from 0.
    pub line: usize,
    /// Minor units, above 0.
    pub discount_minor: i64,
}

/// Something that is added to the order for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftLine {
    /// What, by the shop's stock-keeping unit.
    pub sku: String,
    /// How many units.
    pub quantity: u32,
}

/// What is taken off each period of a line that is used by periods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The line's place in the order, from 0.
    pub line: usize,
    /// Off each period, in their order; they sum to the line's share.
    pub periods_minor: Vec<i64>,
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
    /// What it takes off the order, in minor units: the sum of its lines, shipping and deposit.
    pub discount_minor: i64,
    /// Where it takes it.
    pub lines: Vec<LineShare>,
    /// What of it is taken off shipping.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shipping_minor: i64,
    /// What of it is taken off the deposit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deposit_minor: i64,
    /// What it adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift: Option<GiftLine>,
    /// From which periods free ones are taken, of lines with at most [`PERIODS_SHOWN_MAX`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Schedule>,
    /// What merchants bear of it, each once, by their ids; the platform bears the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub borne_by: Vec<Borne>,
}

/// What the gift value of one voucher pays of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The place of its code among those typed, from 0.
    pub code: usize,
    /// Its coupon.
    pub coupon: CouponNo,
    /// The voucher.
    pub voucher: VoucherKey,
    /// What it pays, in minor units, above 0.
    pub amount_minor: i64,
    /// What can be paid with it afterwards.
    pub left_minor: i64,
    /// What of the amount falls on each line of the order, in their order; the rest on shipping, the deposit and fees.
    pub lines_minor: Vec<i64>,
}

/// The most periods of a line that are written down one by one: more than a year of nights.
pub const PERIODS_SHOWN_MAX: u32 = 400;

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
    /// What would help, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Help>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(minor: &i64) -> bool {
    *minor == 0
}

/// One line of the order, or a charge, priced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    pub currency: Currency,
    /// The goods before discounts, in minor units.
    pub subtotal_minor: i64,
    /// All that is taken off.
    pub discount_minor: i64,
    /// What the goods, shipping, the deposit and fees come to, less the discount.
    pub total_minor: i64,
    /// What applies, in the order in which it was applied.
    pub applied: Vec<Applied>,
    /// What gift value pays of the total, in the order in which it is spent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<Payment>,
    /// What does not, in the order of the codes.
    pub refused: Vec<Refused>,
    /// The order's lines, in their order.
    pub lines: Vec<QuoteLine>,
    /// What sending costs.
    #[serde(default, skip_serializing_if = "QuoteLine::is_nothing")]
    pub shipping: QuoteLine,
    /// What is left as a security.
    #[serde(default, skip_serializing_if = "QuoteLine::is_nothing")]
    pub deposit: QuoteLine,
    /// All fees together.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fees_minor: i64,
    /// By how much a better combination of the coupons might be cheaper, at most, where there were too many to try all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_minor: Option<i64>,
}

impl QuoteLine {
    fn of(minor: i64) -> Self {
        Self { subtotal_minor: minor, discount_minor: 0, total_minor: minor }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn take_off(&mut self, minor: i64) {
        self.discount_minor += minor;
        self.total_minor -= minor;
    }
}

impl Quote {
    /// The order without any discount.
    pub(super) fn undiscounted(order: &Order) -> Self {
        let lines: Vec<QuoteLine> = order.lines.iter().map(|line| QuoteLine::of(line.amount_minor())).collect();
        let subtotal_minor = lines.iter().map(|line| line.subtotal_minor).sum();
        let fees_minor = order.fees_minor();
        Self {
            currency: order.currency,
            subtotal_minor,
            discount_minor: 0,
            total_minor: subtotal_minor + order.shipping_minor + order.deposit_minor + fees_minor,
            applied: Vec::new(),
            payments: Vec::new(),
            refused: Vec::new(),
            lines,
            shipping: QuoteLine::of(order.shipping_minor),
            deposit: QuoteLine::of(order.deposit_minor),
            fees_minor,
            gap_minor: None,
        }
    }

    /// What the goods come to as they stand.
    pub(super) fn goods_left_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.total_minor).sum()
    }

    /// What is left to be paid after gift value.
    #[must_use]
    pub fn payable_minor(&self) -> i64 {
        self.total_minor - self.payments.iter().map(|payment| payment.amount_minor).sum::<i64>()
    }

    /// All before any coupon.
    #[must_use]
    pub fn undiscounted_minor(&self) -> i64 {
        self.total_minor + self.discount_minor
    }

    /// Takes off these shares, one per line; returns those above 0.
    pub(super) fn take_off_lines(&mut self, shares: &[i64]) -> Vec<LineShare> {
        let mut taken = Vec::with_capacity(shares.len());
        for (line, discount_minor) in shares.iter().copied().enumerate().filter(|(_, minor)| *minor > 0) {
            self.lines[line].take_off(discount_minor);
            self.count(discount_minor);
            taken.push(LineShare { line, discount_minor });
        }
        taken
    }

    pub(super) fn take_off_shipping(&mut self, minor: i64) {
        self.shipping.take_off(minor);
        self.count(minor);
    }

    pub(super) fn take_off_deposit(&mut self, minor: i64) {
        self.deposit.take_off(minor);
        self.count(minor);
    }

    fn count(&mut self, minor: i64) {
        self.discount_minor += minor;
        self.total_minor -= minor;
    }
}
