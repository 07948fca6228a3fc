//! Vouchers in the model: made, released, taken away, given an owner.

use domain::gift::GiftStep;
use domain::limit::Counts;
use domain::rejection::Rejection;
use domain::voucher::VoucherState;

use super::{Model, Reply, Voucher};
use crate::takings::Taker;

impl Model {
    pub(super) fn make(
        &mut self,
        coupon: usize,
        customer: Option<usize>,
        claimed: bool,
        now_ms: i64,
    ) -> Result<(usize, VoucherState), Rejection> {
        if let Some(rejection) = self.coupons[coupon].state.refusal() {
            return Err(rejection);
        }
        let place = self.vouchers.len();
        if let Some((least, _)) = self.draws(coupon) {
            self.room_for(coupon, &[(Counts::Claims, 1), (Counts::Value, least)], customer, now_ms)?;
        }
        let before = self.takings.clone();
        self.take(coupon, (Counts::Claims, 1), customer, (now_ms, &Taker::Voucher(place)))?;
        let value = self.value_of(coupon);
        if let Err(rejection) = self.put_in(coupon, value.unwrap_or(0), customer, now_ms) {
            // Others that are asked for with it find its place free.
            self.takings = before;
            return Err(rejection);
        }
        let entries = value.map(|amount_minor| (GiftStep::Issued, amount_minor)).into_iter().collect();
        let definition = &self.coupons[coupon].definition;
        let after = |span: domain::time::Span| span.exact_ms().map(|ms| now_ms + ms);
        let held_until_ms = definition.hold.filter(|_| claimed).and_then(after);
        let valid_until_ms = definition.validity.after_claim.and_then(after);
        let state = if held_until_ms.is_some() { VoucherState::Held } else { VoucherState::Issued };
        let given = customer.is_none();
        let drawn_minor = None;
        let voucher = Voucher { coupon, given, customer, state, held_until_ms, valid_until_ms, drawn_minor, entries };
        self.vouchers.push(voucher);
        self.coupons[coupon].figures[0] += 1;
        Ok((place, state))
    }

    pub(super) fn usable(&self, place: usize) -> Result<(), Rejection> {
        match self.vouchers[place].state {
            VoucherState::Held | VoucherState::Issued => Ok(()),
            VoucherState::Locked => Err(Rejection::VoucherLocked),
            VoucherState::Redeemed => Err(Rejection::VoucherRedeemed),
            VoucherState::Expired => Err(Rejection::VoucherExpired),
            VoucherState::Revoked => Err(Rejection::VoucherRevoked),
            VoucherState::Pooled => Err(Rejection::VoucherNotHeld),
        }
    }

    pub(super) fn release(&mut self, place: usize) -> Result<Reply, Rejection> {
        self.usable(place)?;
        if self.vouchers[place].state != VoucherState::Held {
            return Err(Rejection::VoucherNotHeld);
        }
        self.end_hold(place);
        Ok(Reply::Vouchers(vec![(place, VoucherState::Expired)]))
    }

    pub(super) fn revoke(&mut self, place: usize) -> Result<Reply, Rejection> {
        self.usable(place)?;
        if self.held_minor(place) > 0 {
            return Err(Rejection::VoucherLocked);
        }
        self.vouchers[place].state = VoucherState::Revoked;
        self.enter(place, GiftStep::Revoked, -self.balance_minor(place));
        Ok(Reply::Vouchers(vec![(place, VoucherState::Revoked)]))
    }

    pub(super) fn assign(&mut self, place: usize, customer: usize, now_ms: i64) -> Result<Reply, Rejection> {
        if self.vouchers[place].customer.is_some() {
            return Err(Rejection::VoucherForeign);
        }
        self.usable(place)?;
        let coupon = self.vouchers[place].coupon;
        if let Some(rejection) = self.coupons[coupon].state.refusal() {
            return Err(rejection);
        }
        // Who owns it has what was drawn for it.
        let drawn = self.vouchers[place].drawn_minor.map(|minor| (Counts::Value, minor));
        let wants: Vec<_> = [(Counts::Claims, 1)].into_iter().chain(drawn).collect();
        self.take_as_customer(coupon, &wants, customer, (now_ms, &Taker::Voucher(place)))?;
        self.vouchers[place].customer = Some(customer);
        Ok(Reply::Vouchers(vec![(place, VoucherState::Issued)]))
    }

    pub(super) fn end_hold(&mut self, place: usize) {
        self.vouchers[place].state = VoucherState::Expired;
        self.takings.give_back(&Taker::Voucher(place));
    }
}

/// All of them, or the refusal that comes first.
pub(super) fn all(
    vouchers: impl Iterator<Item = Result<(usize, VoucherState), Rejection>>,
) -> Result<Reply, Rejection> {
    let (made, refused): (Vec<_>, Vec<_>) = vouchers.partition(Result::is_ok);
    match refused.into_iter().filter_map(Result::err).min() {
        Some(rejection) => Err(rejection),
        None => Ok(Reply::Vouchers(made.into_iter().filter_map(Result::ok).collect())),
    }
}
