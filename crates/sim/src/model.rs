//! What should happen: the rules again, in the plainest form, on lists that fit one screen. Deadlines that have passed are
//! ended before anything else is looked at, so nothing here needs to know of sweeps.

mod draw;
mod gift;
mod limits;
mod people;
mod redeem;
mod settle;
mod vouchers;

use std::collections::{BTreeMap, BTreeSet};

use domain::coupon::{CouponState, CouponStep, Definition};
use domain::gift::GiftStep;
use domain::redemption::RedemptionState;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::voucher::VoucherState;

use self::people::People;
use self::vouchers::all;
use crate::driver::Outline;
use crate::script::{Ask, Redeem, Step};
use crate::takings::Takings;

/// What a command should be answered, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// These vouchers, by their places in the model, in that state.
    Vouchers(Vec<(usize, VoucherState)>),
    Redemption {
        state: RedemptionState,
        discount_minor: i64,
        total_minor: i64,
        returned_minor: i64,
        /// Of gift value: by which vouchers, how much, and how much of it came back.
        payments: Vec<(usize, i64, i64)>,
    },
    /// What is on a card now, and what of it pending redemptions will pay.
    Gift {
        balance_minor: i64,
        held_minor: i64,
    },
    Coupon {
        version: u32,
    },
    /// How many were listed that had not been, or no more.
    Listed {
        changed: usize,
    },
    /// Who stands for the customer that was named.
    Customer {
        customer: usize,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Coupon {
    pub definition: Definition,
    pub state: CouponState,
    pub version: u32,
    /// Ever made, used, wholly given back; minor units given less given back.
    pub figures: [i64; 4],
}

#[derive(Clone, Debug)]
pub(crate) struct Voucher {
    pub coupon: usize,
    /// Made for a code given by people.
    pub given: bool,
    pub customer: Option<usize>,
    pub state: VoucherState,
    pub held_until_ms: Option<i64>,
    pub valid_until_ms: Option<i64>,
    /// Of a random amount: what was drawn, as the answer told.
    pub drawn_minor: Option<i64>,
    /// Of gift value: what was put in and taken out. The balance is the sum.
    pub entries: Vec<(GiftStep, i64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Redemption {
    pub state: RedemptionState,
    pub fingerprint: u64,
    pub order: Option<String>,
    pub discount_minor: i64,
    pub total_minor: i64,
    pub deadline_ms: Option<i64>,
    pub parts: Vec<Part>,
    /// Quantity and how many of it came back.
    pub lines: Vec<(u32, u32)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub coupon: usize,
    pub voucher: Option<usize>,
    /// It is payment with gift value, not discount.
    pub pays: bool,
    pub amount_minor: i64,
    pub lines_minor: Vec<i64>,
    pub returned_minor: i64,
}

/// The whole world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub coupons: Vec<Coupon>,
    pub vouchers: Vec<Voucher>,
    pub redemptions: BTreeMap<String, Redemption>,
    takings: Takings,
    pub people: People,
    /// Texts given as codes, by the command that gave them.
    gifts: BTreeSet<u64>,
    answered: BTreeMap<u64, (u64, Reply)>,
}

impl Model {
    /// Does what is asked, or says with which rejection it is refused; a refusal changes nothing.
    pub(crate) fn act(&mut self, ask: &Ask, now_ms: i64) -> Result<Reply, Rejection> {
        self.end_what_is_due(now_ms);
        if let Some((fingerprint, reply)) = ask.key.and_then(|key| self.answered.get(&key)) {
            return if *fingerprint == ask.fingerprint {
                Ok(reply.clone())
            } else {
                Err(Rejection::IdempotencyKeyReused)
            };
        }
        let before = self.clone();
        let reply = self.step(ask, now_ms);
        match (&reply, ask.key) {
            (Ok(reply), Some(key)) => drop(self.answered.insert(key, (ask.fingerprint, reply.clone()))),
            (Ok(_), None) => {}
            (Err(_), _) => *self = before,
        }
        reply
    }

    fn step(&mut self, ask: &Ask, now_ms: i64) -> Result<Reply, Rejection> {
        match &ask.step {
            Step::Claim { customer, coupons } => {
                let customer = self.people.standing(*customer);
                all(coupons.iter().map(|coupon| self.make(*coupon, Some(customer), true, now_ms)))
            }
            Step::Issue { coupon, customers } => {
                let customers = customers.iter().map(|customer| self.people.standing(*customer));
                let customers: Vec<usize> = customers.collect();
                all(customers.into_iter().map(|customer| self.make(*coupon, Some(customer), false, now_ms)))
            }
            Step::Give { coupon } => {
                if let Some(rejection) = self.coupons[*coupon].state.refusal() {
                    return Err(rejection);
                }
                if !self.gifts.insert(ask.fingerprint) {
                    return Err(Rejection::CodeTaken);
                }
                Ok(Reply::Vouchers(vec![self.make(*coupon, None, false, now_ms)?]))
            }
            Step::Release { voucher } => self.release(*voucher),
            Step::Revoke { voucher } => self.revoke(*voucher),
            Step::Assign { voucher, customer } => self.assign(*voucher, self.people.standing(*customer), now_ms),
            Step::TopUp { voucher, amount_minor } => {
                self.change_gift(*voucher, (GiftStep::ToppedUp, *amount_minor), now_ms)
            }
            Step::Adjust { voucher, amount_minor } => {
                self.change_gift(*voucher, (GiftStep::Adjusted, *amount_minor), now_ms)
            }
            Step::Redeem(redeem) => {
                let customer = self.people.standing(redeem.customer);
                self.redeem(&Redeem { customer, ..redeem.clone() }, ask.fingerprint, now_ms)
            }
            Step::Share { customer, address } => Ok(self.share(*customer, *address)),
            Step::Prove { customer, address } => Ok(self.prove(*customer, *address)),
            Step::List { customer, is_listed } => Ok(self.list(*customer, *is_listed)),
            Step::Confirm { id } => self.confirm(id),
            Step::Cancel { id } => self.cancel(id),
            Step::Return { id, lines } => self.give_back(id, lines.as_deref()),
            Step::Move { coupon, step } => self.move_coupon(*coupon, *step, now_ms),
            Step::SetMax { coupon, if_version, limit, max } => {
                let coupon = &mut self.coupons[*coupon];
                if coupon.version != *if_version {
                    return Err(Rejection::VersionStale);
                }
                if matches!(coupon.state, CouponState::Ended | CouponState::Aborted) {
                    return Err(Rejection::TransitionIllegal);
                }
                coupon.definition.limits[*limit].max = *max;
                coupon.version += 1;
                Ok(Reply::Coupon { version: coupon.version })
            }
        }
    }

    /// What there was of each kind.
    pub(crate) fn count(&self, outline: Outline) -> Outline {
        let parts = || self.redemptions.values().flat_map(|one| &one.parts);
        let is_automatic = |part: &&Part| part.voucher.is_none() && self.coupons[part.coupon].definition.automatic;
        Outline {
            vouchers: self.vouchers.len(),
            drawn: self.vouchers.iter().filter(|voucher| voucher.drawn_minor.is_some()).count(),
            redemptions: self.redemptions.len(),
            automatic: parts().filter(is_automatic).count(),
            payments: parts().filter(|part| part.pays).count(),
            ..outline
        }
    }

    pub(crate) fn end_what_is_due(&mut self, now_ms: i64) {
        let due: Vec<String> = self
            .redemptions
            .iter()
            .filter(|(_, one)| one.state == RedemptionState::Pending)
            .filter(|(_, one)| one.deadline_ms.is_some_and(|deadline| deadline <= now_ms))
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            self.end_reservation(&id, RedemptionState::Expired);
        }
        for place in 0..self.vouchers.len() {
            let voucher = &self.vouchers[place];
            let over = voucher.held_until_ms.is_some_and(|until| until <= now_ms);
            if voucher.state == VoucherState::Held && over {
                self.end_hold(place);
            }
            let voucher = &mut self.vouchers[place];
            if voucher.state == VoucherState::Issued && voucher.valid_until_ms.is_some_and(|until| until <= now_ms) {
                voucher.state = VoucherState::Expired;
            }
        }
    }

    fn move_coupon(&mut self, place: usize, step: CouponStep, now_ms: i64) -> Result<Reply, Rejection> {
        let Coupon { state, definition, .. } = &self.coupons[place];
        let to = state.after(step, &definition.window, Timestamp::from_ms(now_ms));
        let to = to.ok_or(Rejection::TransitionIllegal)?;
        if step == CouponStep::Abort {
            let reserved = |one: &Redemption| {
                one.state == RedemptionState::Pending && one.parts.iter().any(|part| part.coupon == place)
            };
            let ids: Vec<String> =
                self.redemptions.iter().filter(|(_, one)| reserved(one)).map(|(id, _)| id.clone()).collect();
            ids.iter().for_each(|id| self.end_reservation(id, RedemptionState::Cancelled));
        }
        let coupon = &mut self.coupons[place];
        coupon.state = to;
        coupon.version += 1;
        Ok(Reply::Coupon { version: coupon.version })
    }
}
