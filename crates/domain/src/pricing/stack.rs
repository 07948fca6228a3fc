//! One lane after the other: which coupons go together, and each sees what the one before left.

use std::cmp::Reverse;

use super::give::{Base, Given, Nothing, give};
use super::price::Offer;
use super::quote::{Applied, GiftLine, LineShare, Quote};
use super::schedule::schedules;
use crate::money::split_by;
use crate::order::Order;
use crate::rejection::{Refusal, Rejection};
use crate::stacking::{Mode, Pricing, Stacking};
use crate::time::Timestamp;

/// An offer that applies, as far as it alone is concerned.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'o> {
    pub offer: &'o Offer,
    in_scope: Vec<usize>,
    lane: usize,
}

impl<'o> Candidate<'o> {
    pub fn new(offer: &'o Offer, in_scope: Vec<usize>, pricing: &Pricing) -> Self {
        let lane = pricing.lane_of(&offer.coupon.definition.stacking);
        Self { offer, in_scope, lane }
    }

    fn stacking(&self) -> &Stacking {
        &self.offer.coupon.definition.stacking
    }

    /// By lane, then priority, then the coupon's number, then the place of its code.
    pub fn turn(&self) -> impl Ord + use<> {
        (self.lane, Reverse(self.stacking().priority), self.offer.coupon.no, self.offer.code)
    }

    /// Of those that give as much, the one that costs the customer least to use goes first: a shared code before a voucher,
    /// then what ends soonest, then the coupon that was made first.
    pub fn preference(&self) -> impl Ord + use<> {
        let until = self.offer.voucher.and_then(|voucher| voucher.valid_until);
        let until = until.or(self.offer.coupon.definition.validity.until).map_or(i64::MAX, Timestamp::as_ms);
        (self.offer.voucher.is_some(), until, self.offer.coupon.no, self.offer.code)
    }

    /// Whether both may be used for one order.
    pub fn goes_with(&self, other: &Self) -> bool {
        let bears = |one: &Self, other: &Self| {
            let (said, definition) = (one.stacking(), &other.offer.coupon.definition);
            let merchant = |excluded: &String| definition.merchant.as_ref() == Some(excluded);
            !said.exclusive
                && !said.excludes_coupons.contains(&other.offer.coupon.no)
                && !said.excludes_merchants.iter().any(merchant)
        };
        bears(self, other) && bears(other, self)
    }
}

/// Applies these, in their turn, as far as they go together.
pub(super) fn stack(order: &Order, candidates: &[&Candidate], pricing: &Pricing) -> Quote {
    let mut way = Way { order, pricing, quote: Quote::undiscounted(order), chosen: Vec::new() };
    for lane in candidates.chunk_by(|one, other| one.lane == other.lane) {
        match pricing.lanes.get(lane[0].lane).map(|lane| lane.mode).unwrap_or_default() {
            Mode::All => lane.iter().for_each(|candidate| way.step(candidate)),
            Mode::First => way.first(lane),
            Mode::Best => way.best(lane),
        }
    }
    way.quote
}

/// How far the coupons have been gone through.
struct Way<'a, 'o> {
    order: &'a Order,
    pricing: &'a Pricing,
    quote: Quote,
    chosen: Vec<&'a Candidate<'o>>,
}

impl<'a, 'o> Way<'a, 'o> {
    /// Applies it or says why not.
    fn step(&mut self, candidate: &'a Candidate<'o>) {
        match self.gives(candidate) {
            Ok(given) => self.apply(candidate, given),
            Err(why) => self.refuse(candidate, why),
        }
    }

    fn first(&mut self, lane: &[&'a Candidate<'o>]) {
        let mut is_taken = false;
        for candidate in lane {
            match self.gives(candidate) {
                Ok(_) if is_taken => self.refuse(candidate, outbid("another coupon of its kind goes first")),
                Ok(given) => {
                    self.apply(candidate, given);
                    is_taken = true;
                }
                Err(why) => self.refuse(candidate, why),
            }
        }
    }

    fn best(&mut self, lane: &[&'a Candidate<'o>]) {
        let all: Vec<_> = lane.iter().map(|candidate| (*candidate, self.gives(candidate))).collect();
        let gives = |(candidate, given): &(&'a Candidate<'o>, Result<Given, Nothing>)| {
            given.as_ref().ok().map(|given| (Reverse(given.discount_minor()), candidate.preference()))
        };
        let best = (0..all.len()).filter_map(|place| Some((gives(&all[place])?, place))).min();
        for (place, (candidate, given)) in all.into_iter().enumerate() {
            match given {
                Ok(given) if best.as_ref().is_some_and(|(_, best)| *best == place) => self.apply(candidate, given),
                Ok(_) => self.refuse(candidate, outbid("another coupon of its kind gives more")),
                Err(why) => self.refuse(candidate, why),
            }
        }
    }

    /// What it gives on what is left, or why nothing.
    fn gives(&self, candidate: &Candidate) -> Result<Given, Nothing> {
        let definition = &candidate.offer.coupon.definition;
        let base = Base {
            order: self.order,
            exclusions: &self.pricing.exclusions,
            in_scope: &candidate.in_scope,
            left: self.quote.lines.iter().map(|line| line.total_minor).collect(),
            shipping_left: self.quote.shipping.total_minor,
            deposit_left: self.quote.deposit.total_minor,
        };
        let drawn_minor = candidate.offer.voucher.and_then(|voucher| voucher.amount_minor);
        let given = give(&definition.benefit, drawn_minor, &base)?;
        self.check_company(candidate)?;
        self.above_floor(given)
    }

    fn check_company(&self, candidate: &Candidate) -> Result<(), Nothing> {
        if !self.chosen.iter().all(|chosen| chosen.goes_with(candidate)) {
            let detail = "a coupon that is used for the order does not go together with it";
            return Err((Refusal::new(Rejection::NotCombinable, detail), None));
        }
        let of_lane = self.chosen.iter().filter(|chosen| chosen.lane == candidate.lane).count();
        let lane_max = self.pricing.lanes.get(candidate.lane).and_then(|lane| lane.coupons_max);
        let is_full = |count: usize, max: Option<u32>| max.is_some_and(|max| count >= max as usize);
        if is_full(self.chosen.len(), self.pricing.coupons_max) || is_full(of_lane, lane_max) {
            let detail = "the order has as many coupons as it may";
            return Err((Refusal::new(Rejection::TooManyCoupons, detail), None));
        }
        Ok(())
    }

    /// As much of it as leaves the goods at the floor.
    fn above_floor(&self, given: Given) -> Result<Given, Nothing> {
        let (Some(floor), Given::Lines(shares)) = (self.pricing.floor_bp, &given) else { return Ok(given) };
        let room_minor = self.quote.goods_left_minor() - floor.of(self.quote.subtotal_minor);
        if room_minor <= 0 {
            let detail = "the goods are as cheap already as coupons may make them";
            return Err((Refusal::new(Rejection::FloorReached, detail), None));
        }
        if given.discount_minor() <= room_minor { Ok(given) } else { Ok(Given::Lines(split_by(room_minor, shares))) }
    }

    fn apply(&mut self, candidate: &'a Candidate<'o>, given: Given) {
        let mut applied = Applied {
            code: candidate.offer.code,
            coupon: candidate.offer.coupon.no,
            voucher: candidate.offer.voucher.map(|voucher| voucher.key),
            discount_minor: given.discount_minor(),
            lines: Vec::new(),
            shipping_minor: 0,
            deposit_minor: 0,
            gift: None,
            schedules: Vec::new(),
            borne_by: Vec::new(),
        };
        match given {
            Given::Lines(shares) => {
                applied.lines = self.quote.take_off_lines(&shares);
                let benefit = &candidate.offer.coupon.definition.benefit;
                let left_before = |share: &LineShare| self.quote.lines[share.line].total_minor + share.discount_minor;
                applied.schedules = schedules(benefit, self.order, &applied.lines, left_before);
            }
            Given::Shipping(minor) => {
                self.quote.take_off_shipping(minor);
                applied.shipping_minor = minor;
            }
            Given::Deposit(minor) => {
                self.quote.take_off_deposit(minor);
                applied.deposit_minor = minor;
            }
            Given::Gift { sku, quantity } => applied.gift = Some(GiftLine { sku, quantity }),
        }
        self.quote.applied.push(applied);
        self.chosen.push(candidate);
    }

    fn refuse(&mut self, candidate: &Candidate, why: Nothing) {
        self.quote.refused.push(candidate.offer.refused_for(why));
    }
}

pub(super) fn outbid(detail: &'static str) -> Nothing {
    (Refusal::new(Rejection::Outbid, detail), None)
}
