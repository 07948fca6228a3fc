//! Random amounts in the model. It draws nothing itself: it is told what was drawn, and looks whether that could be.

use domain::benefit::Benefit;
use domain::limit::{Counts, Per};
use domain::period::Period;

use super::Model;
use crate::takings::Taker;

impl Model {
    /// Between which amounts the coupon draws.
    pub(crate) fn draws(&self, coupon: usize) -> Option<(i64, i64)> {
        match self.coupons[coupon].definition.benefit {
            Benefit::RandomAmount { min_minor, max_minor } => Some((min_minor, max_minor)),
            _ => None,
        }
    }

    /// Whether that could be drawn for the voucher, and is what was told before: within its bounds and every budget, and with
    /// the least left for all that can still come, if there was so much.
    pub(crate) fn can_be_drawn(&mut self, place: usize, told_minor: Option<i64>, now_ms: i64) -> bool {
        let (coupon, customer, known) = {
            let voucher = &self.vouchers[place];
            (voucher.coupon, voucher.customer, voucher.drawn_minor)
        };
        let Some((least, most)) = self.draws(coupon) else { return told_minor.is_none() };
        let Some(minor) = told_minor.filter(|minor| (least..=most).contains(minor)) else { return false };
        if known.is_some() {
            return known == told_minor;
        }
        self.vouchers[place].drawn_minor = told_minor;
        let spare_before = self.spare_minor(coupon, least, now_ms) - least;
        let taken = self.take(coupon, (Counts::Value, minor), customer, (now_ms, &Taker::Voucher(place)));
        taken.is_ok() && (spare_before < 0 || self.spare_minor(coupon, least, now_ms) >= 0)
    }

    /// What the budget has left beyond the least for every unit that is left.
    fn spare_minor(&self, coupon: usize, least: i64, now_ms: i64) -> i64 {
        let left = |counts| {
            let limits = &self.coupons[coupon].definition.limits;
            let is_it = |limit: &&_| matches!(limit, domain::coupon::LimitDefinition { counts: one, per: Per::Everyone, period: Period::Ever, .. } if *one == counts);
            let limit = limits.iter().find(is_it).expect("the shop has such a limit");
            limit.max - self.takings.sum(coupon, limit, None, now_ms)
        };
        left(Counts::Value) - least * left(Counts::Claims).max(0)
    }
}
