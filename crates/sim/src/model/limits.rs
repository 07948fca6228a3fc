//! Limits in the model: whether there is room, and what is taken.

use domain::coupon::LimitDefinition;
use domain::limit::{Counts, Per};
use domain::rejection::Rejection;

use super::Model;
use crate::takings::Taker;

impl Model {
    /// The limits that are asked for something of that kind. Without a customer those per customer are left out.
    pub(super) fn asked(&self, coupon: usize, counts: Counts, customer: Option<usize>) -> Vec<LimitDefinition> {
        let limits = self.coupons[coupon].definition.limits.iter().filter(|limit| limit.counts == counts);
        limits.filter(|limit| limit.per == Per::Everyone || customer.is_some()).cloned().collect()
    }

    /// Whether there is room for all of it; else the refusal that comes first.
    pub(super) fn room_for(
        &self,
        coupon: usize,
        wants: &[(Counts, i64)],
        customer: Option<usize>,
        now_ms: i64,
    ) -> Result<(), Rejection> {
        let person = customer.map(|customer| self.people.person(customer));
        let full = wants.iter().flat_map(|(counts, amount)| {
            let asked = self.asked(coupon, *counts, customer).into_iter();
            asked
                .filter(move |limit| self.takings.sum(coupon, limit, person, now_ms) + amount > limit.max)
                .map(|limit| Rejection::Limit { counts: limit.counts, per: limit.per, period: limit.period })
        });
        full.min().map_or(Ok(()), Err)
    }

    /// Takes from all limits of that kind, or from none.
    pub(super) fn take(
        &mut self,
        coupon: usize,
        (counts, amount): (Counts, i64),
        customer: Option<usize>,
        (now_ms, by): (i64, &Taker),
    ) -> Result<(), Rejection> {
        self.room_for(coupon, &[(counts, amount)], customer, now_ms)?;
        let person = customer.map(|customer| self.people.person(customer));
        for limit in self.asked(coupon, counts, customer) {
            self.takings.add((coupon, &limit), person, now_ms, (amount, by.clone()));
        }
        Ok(())
    }

    /// Takes from the limits per customer alone: those for everyone were asked when the voucher was made.
    pub(super) fn take_as_customer(
        &mut self,
        coupon: usize,
        wants: &[(Counts, i64)],
        customer: usize,
        at: (i64, &Taker),
    ) -> Result<(), Rejection> {
        let all = self.coupons[coupon].definition.limits.clone();
        self.coupons[coupon].definition.limits.retain(|limit| limit.per == Per::Customer);
        let room = self.room_for(coupon, wants, Some(customer), at.0);
        let taken = room.and_then(|()| wants.iter().try_for_each(|want| self.take(coupon, *want, Some(customer), at)));
        self.coupons[coupon].definition.limits = all;
        taken
    }
}
