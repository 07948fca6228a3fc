//! Redemptions in the model.

use domain::benefit::Benefit;
use domain::gift::GiftStep;
use domain::limit::Counts;
use domain::money::split_by;
use domain::redemption::RedemptionState;
use domain::rejection::Rejection;
use domain::voucher::VoucherState;

use super::{Model, Part, Redemption, Reply};
use crate::script::{Code, Redeem};
use crate::takings::Taker;

/// A typed code: its coupon, the voucher it stands for, and why it is refused.
#[derive(Clone, Debug)]
struct Typed {
    coupon: usize,
    voucher: Option<usize>,
    refused: Option<Rejection>,
    /// Nobody typed it: its coupon needs no code.
    automatic: bool,
}

impl Model {
    pub(super) fn redeem(&mut self, ask: &Redeem, fingerprint: u64, now_ms: i64) -> Result<Reply, Rejection> {
        if let Some(known) = self.redemptions.get(&ask.id) {
            return match known.state {
                RedemptionState::Cancelled => Err(Rejection::RedemptionCancelled),
                _ if known.fingerprint != fingerprint => Err(Rejection::RedemptionIdReused),
                RedemptionState::Expired => Err(Rejection::RedemptionExpired),
                RedemptionState::Pending | RedemptionState::Succeeded | RedemptionState::Returned => Ok(reply(known)),
            };
        }
        let live = |one: &Redemption| matches!(one.state, RedemptionState::Pending | RedemptionState::Succeeded);
        if self.redemptions.values().any(|one| live(one) && one.order.as_ref() == Some(&ask.order)) {
            return Err(Rejection::OrderAlreadyRedeemed);
        }
        let parts = self.price_and_take(ask, now_ms)?;
        let discount_minor = parts.iter().filter(|part| !part.pays).map(|part| part.amount_minor).sum();
        let state = if ask.reserve_ms.is_some() { RedemptionState::Pending } else { RedemptionState::Succeeded };
        let redemption = Redemption {
            state,
            fingerprint,
            order: Some(ask.order.clone()),
            discount_minor,
            total_minor: ask.subtotal_minor() - discount_minor,
            deadline_ms: ask.reserve_ms.map(|ms| now_ms + ms),
            parts,
            lines: ask.lines.iter().map(|(quantity, _)| (*quantity, 0)).collect(),
        };
        let to = if ask.reserve_ms.is_some() { VoucherState::Locked } else { VoucherState::Redeemed };
        self.move_vouchers(&redemption, to);
        self.count_uses(&redemption);
        let answer = reply(&redemption);
        self.redemptions.insert(ask.id.clone(), redemption);
        Ok(answer)
    }

    /// Prices what is not refused, takes for what applies; a code that a limit refuses is left out and all is priced
    /// again. Any refusal of what was typed refuses the whole.
    fn price_and_take(&mut self, ask: &Redeem, now_ms: i64) -> Result<Vec<Part>, Rejection> {
        let mut typed = self.typed(ask);
        loop {
            let (parts, refused) = self.price(ask, &typed);
            let before = self.takings.clone();
            let mut limited = Vec::new();
            for (place, (code, part)) in parts.iter().enumerate() {
                let before = self.takings.clone();
                if let Err(rejection) = self.take_part(ask, (place, part), now_ms) {
                    self.takings = before;
                    limited.push((*code, rejection));
                }
            }
            if limited.is_empty() {
                return match refused.into_iter().min() {
                    Some(rejection) => Err(rejection),
                    None => Ok(parts.into_iter().map(|(_, part)| part).collect()),
                };
            }
            self.takings = before;
            limited.into_iter().for_each(|(code, rejection)| typed[code].refused = Some(rejection));
        }
    }

    fn typed(&self, ask: &Redeem) -> Vec<Typed> {
        let mut all: Vec<Typed> = Vec::new();
        for code in &ask.codes {
            let (coupon, voucher) = match code {
                Code::Shared(coupon) => (*coupon, self.own_voucher(*coupon, ask.customer)),
                Code::Voucher(place) => (self.vouchers[*place].coupon, Some(*place)),
            };
            // An order may be paid with several cards of a coupon, with each once.
            let is_card = self.value_of(coupon).is_some();
            let same = |one: &Typed| one.coupon == coupon && (!is_card || one.voucher == voucher);
            let repeated = all.iter().any(|one| same(one) && one.refused.is_none());
            let refused = self.judge(coupon, voucher, ask.customer).or(repeated.then_some(Rejection::CouponRepeated));
            all.push(Typed { coupon, voucher, refused, automatic: false });
        }
        let is_typed = |coupon: &usize| all.iter().any(|one| one.coupon == *coupon);
        let needs_no_code = |coupon: &usize| self.coupons[*coupon].definition.automatic && !is_typed(coupon);
        let automatic: Vec<usize> = (0..self.coupons.len()).filter(needs_no_code).collect();
        all.extend(automatic.into_iter().map(|coupon| {
            let refused = self.judge(coupon, None, ask.customer);
            Typed { coupon, voucher: None, refused, automatic: true }
        }));
        all
    }

    /// A holder who types the shared code uses what he holds: what he claimed or was issued before what he was given.
    fn own_voucher(&self, coupon: usize, customer: usize) -> Option<usize> {
        let own = |place: &usize| {
            let voucher = &self.vouchers[*place];
            voucher.coupon == coupon && voucher.customer == Some(customer) && self.usable(*place).is_ok()
        };
        (0..self.vouchers.len()).filter(own).min_by_key(|place| (self.vouchers[*place].given, *place))
    }

    fn judge(&self, coupon: usize, voucher: Option<usize>, customer: usize) -> Option<Rejection> {
        if let Some(place) = voucher {
            if self.vouchers[place].customer.is_some_and(|owner| owner != customer) {
                return Some(Rejection::VoucherForeign);
            }
            if let Err(rejection) = self.usable(place) {
                return Some(rejection);
            }
        }
        self.coupons[coupon].state.refusal()
    }

    /// What applies, with the place of its code, in the order of the coupons; and why the rest does not.
    fn price(&self, ask: &Redeem, typed: &[Typed]) -> (Vec<(usize, Part)>, Vec<Rejection>) {
        let mut left: Vec<i64> = ask.lines.iter().map(|(quantity, price)| i64::from(*quantity) * price).collect();
        let (mut parts, mut refused) = (Vec::new(), Vec::new());
        let (mut cards, mut order): (Vec<usize>, Vec<usize>) =
            (0..typed.len()).partition(|code| self.value_of(typed[*code].coupon).is_some());
        order.sort_by_key(|code| (typed[*code].coupon, *code));
        let ends = |voucher: Option<usize>| voucher.and_then(|place| self.vouchers[place].valid_until_ms);
        cards.sort_by_key(|code| {
            let Typed { coupon, voucher, .. } = &typed[*code];
            (ends(*voucher).unwrap_or(i64::MAX), *coupon, *code)
        });
        // Cards pay what the others leave.
        order.extend(cards);
        for code in order {
            let Typed { coupon, voucher, refused: known, .. } = &typed[code];
            let pays = self.value_of(*coupon).is_some();
            let gives = || match voucher {
                Some(card) if pays => self.payment(*card, left.iter().sum()),
                Some(_) | None => self.discount((*coupon, *voucher), ask, left.iter().sum()),
            };
            match known.map_or_else(gives, Err) {
                Ok(amount_minor) => {
                    let lines_minor = split_by(amount_minor, &left);
                    left.iter_mut().zip(&lines_minor).for_each(|(left, minor)| *left -= minor);
                    let (coupon, voucher) = (*coupon, *voucher);
                    parts.push((code, Part { coupon, voucher, pays, amount_minor, lines_minor, returned_minor: 0 }));
                }
                Err(_) if typed[code].automatic => {}
                Err(rejection) => refused.push(rejection),
            }
        }
        (parts, refused)
    }

    fn discount(
        &self,
        (coupon, voucher): (usize, Option<usize>),
        ask: &Redeem,
        left_minor: i64,
    ) -> Result<i64, Rejection> {
        let definition = &self.coupons[coupon].definition;
        if definition.conditions.is_some() && !self.people.is_listed(ask.customer) {
            return Err(Rejection::ConditionUnmet);
        }
        if definition.minimum_order_minor.is_some_and(|minimum| ask.subtotal_minor() < minimum) {
            return Err(Rejection::BelowMinimum);
        }
        let gives = match definition.benefit {
            Benefit::PercentOff { rate_bp, max_minor, .. } => {
                let exact = left_minor * i64::from(rate_bp.as_bp());
                ((exact + 5_000) / 10_000).min(max_minor.unwrap_or(i64::MAX))
            }
            Benefit::AmountOff { amount_minor, .. } => amount_minor.min(left_minor),
            Benefit::RandomAmount { .. } => {
                let drawn_minor = voucher.and_then(|place| self.vouchers[place].drawn_minor);
                drawn_minor.expect("its answer told").min(left_minor)
            }
            Benefit::Ladder { .. }
            | Benefit::EveryOff { .. }
            | Benefit::FixedPrice { .. }
            | Benefit::UnitsOff { .. }
            | Benefit::Gift { .. }
            | Benefit::FreePeriods { .. }
            | Benefit::GiftValue { .. } => {
                unreachable!("the shop has no such coupon")
            }
        };
        if gives == 0 { Err(Rejection::NothingToDiscount) } else { Ok(gives) }
    }

    fn take_part(&mut self, ask: &Redeem, (place, part): (usize, &Part), now_ms: i64) -> Result<(), Rejection> {
        let by = Taker::Redemption(ask.id.clone(), place);
        if part.pays {
            // To pay is a use; the value was counted when it was put in.
            return self.take(part.coupon, (Counts::Redemptions, 1), Some(ask.customer), (now_ms, &by));
        }
        let voucher = part.voucher.map(|place| &self.vouchers[place]);
        let (is_owned, is_drawn) =
            (voucher.map(|one| one.customer.is_some()), voucher.is_some_and(|one| one.drawn_minor.is_some()));
        let claim = (Counts::Claims, 1);
        match is_owned {
            None => self.take(part.coupon, claim, Some(ask.customer), (now_ms, &by))?,
            Some(false) => self.take_as_customer(part.coupon, &[claim], ask.customer, (now_ms, &by))?,
            Some(true) => {}
        }
        self.take(part.coupon, (Counts::Redemptions, 1), Some(ask.customer), (now_ms, &by))?;
        let value = (Counts::Value, part.amount_minor);
        match is_owned {
            // What was drawn was counted then, of an owner too.
            Some(true) if is_drawn => Ok(()),
            Some(false) if is_drawn => self.take_as_customer(part.coupon, &[value], ask.customer, (now_ms, &by)),
            Some(_) | None => self.take(part.coupon, value, Some(ask.customer), (now_ms, &by)),
        }
    }

    pub(super) fn move_vouchers(&mut self, redemption: &Redemption, to: VoucherState) {
        for place in redemption.parts.iter().filter(|part| !part.pays).filter_map(|part| part.voucher) {
            self.vouchers[place].state = to;
            if to == VoucherState::Redeemed {
                self.vouchers[place].held_until_ms = None;
            }
        }
    }

    pub(super) fn count_uses(&mut self, redemption: &Redemption) {
        if redemption.state == RedemptionState::Succeeded {
            for part in &redemption.parts {
                self.coupons[part.coupon].figures[1] += 1;
                match part.voucher {
                    Some(card) if part.pays => self.enter(card, GiftStep::Spent, -part.amount_minor),
                    Some(_) | None => self.coupons[part.coupon].figures[3] += part.amount_minor,
                }
            }
        }
    }
}

pub(super) fn reply(redemption: &Redemption) -> Reply {
    Reply::Redemption {
        state: redemption.state,
        discount_minor: redemption.discount_minor,
        total_minor: redemption.total_minor,
        returned_minor: redemption.returned_minor(),
        payments: redemption.payments(),
    }
}
