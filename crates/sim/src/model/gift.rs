//! Gift value in the model. Nothing but the list of what was put in and taken out is kept: a balance is its sum, and what is
//! held is what pending redemptions will pay.

use domain::benefit::Benefit;
use domain::gift::GiftStep;
use domain::limit::Counts;
use domain::money::AMOUNT_MINOR_MAX;
use domain::redemption::RedemptionState;
use domain::rejection::Rejection;

use super::{Model, Part, Redemption, Reply};
use crate::takings::Taker;

impl Model {
    /// What each voucher of the coupon is given, if it is gift value.
    pub(crate) fn value_of(&self, coupon: usize) -> Option<i64> {
        match self.coupons[coupon].definition.benefit {
            Benefit::GiftValue { amount_minor } => Some(amount_minor),
            _ => None,
        }
    }

    pub(crate) fn balance_minor(&self, card: usize) -> i64 {
        self.vouchers[card].entries.iter().map(|(_, amount_minor)| amount_minor).sum()
    }

    pub(crate) fn held_minor(&self, card: usize) -> i64 {
        let pending = self.redemptions.values().filter(|one| one.state == RedemptionState::Pending);
        let parts = pending.flat_map(|one| &one.parts).filter(|part| part.pays && part.voucher == Some(card));
        parts.map(|part| part.amount_minor).sum()
    }

    /// Takes an entry down; what changes nothing has none.
    pub(super) fn enter(&mut self, card: usize, step: GiftStep, amount_minor: i64) {
        if amount_minor != 0 {
            self.vouchers[card].entries.push((step, amount_minor));
        }
    }

    /// Value is promised when it is put in: that is when limits count it, for good.
    pub(super) fn put_in(
        &mut self,
        coupon: usize,
        amount_minor: i64,
        customer: Option<usize>,
        now_ms: i64,
    ) -> Result<(), Rejection> {
        if amount_minor == 0 {
            return Ok(());
        }
        self.take(coupon, (Counts::Value, amount_minor), customer, (now_ms, &Taker::PutIn))
    }

    pub(super) fn change_gift(
        &mut self,
        card: usize,
        (step, amount_minor): (GiftStep, i64),
        now_ms: i64,
    ) -> Result<Reply, Rejection> {
        let (coupon, customer) = (self.vouchers[card].coupon, self.vouchers[card].customer);
        if self.value_of(coupon).is_none() {
            return Err(Rejection::NoStoredValue);
        }
        self.usable(card)?;
        let (balance_minor, held_minor) = (self.balance_minor(card) + amount_minor, self.held_minor(card));
        if !(held_minor..=AMOUNT_MINOR_MAX).contains(&balance_minor) {
            return Err(Rejection::BalanceOutOfBounds);
        }
        if step == GiftStep::ToppedUp {
            if let Some(rejection) = self.coupons[coupon].state.refusal() {
                return Err(rejection);
            }
            self.put_in(coupon, amount_minor, customer, now_ms)?;
        }
        self.enter(card, step, amount_minor);
        Ok(Reply::Gift { balance_minor, held_minor })
    }

    /// What the card pays of what is left.
    pub(super) fn payment(&self, card: usize, left_minor: i64) -> Result<i64, Rejection> {
        let available_minor = self.balance_minor(card) - self.held_minor(card);
        match available_minor.min(left_minor) {
            _ if available_minor == 0 => Err(Rejection::BalanceEmpty),
            0 => Err(Rejection::NothingToDiscount),
            pays => Ok(pays),
        }
    }
}

impl Redemption {
    fn parts_that(&self, pay: bool) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.pays == pay)
    }

    /// What of the discount came back.
    pub(crate) fn returned_minor(&self) -> i64 {
        self.parts_that(false).map(|part| part.returned_minor).sum()
    }

    /// By which cards, how much, and how much of it came back.
    pub(crate) fn payments(&self) -> Vec<(usize, i64, i64)> {
        let payment = |part: &Part| Some((part.voucher?, part.amount_minor, part.returned_minor));
        self.parts_that(true).filter_map(payment).collect()
    }
}
