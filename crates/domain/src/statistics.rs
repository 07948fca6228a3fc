//! Figures of a coupon, tallied from events: the same function counts a batch as it is written and all events when
//! `check` counts again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Event, EventKind, Subject};
use crate::id::{CouponNo, VoucherKind};
use crate::redemption::RedemptionState;
use crate::voucher::VoucherState;

/// What has come of a coupon. Also used as a difference, so every figure is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Vouchers ever made, the codes of blocks included. A code in a pool counts once it leaves it.
    pub issued: i64,
    /// Vouchers held now.
    pub held: i64,
    /// Vouchers locked by a reservation now.
    pub locked: i64,
    /// Uses by orders ever, with vouchers and shared codes.
    pub redeemed: i64,
    /// Uses wholly given back.
    pub returned: i64,
    /// Holds that ended unused.
    pub expired: i64,
    /// Vouchers taken away.
    pub revoked: i64,
    /// Discount given less what was given back, in minor units.
    pub value_given_minor: i64,
    /// Codes that wait in the pool now.
    pub pooled: i64,
}

impl Statistics {
    /// Adds a difference.
    pub fn add(&mut self, other: &Self) {
        self.issued += other.issued;
        self.held += other.held;
        self.locked += other.locked;
        self.redeemed += other.redeemed;
        self.returned += other.returned;
        self.expired += other.expired;
        self.revoked += other.revoked;
        self.value_given_minor += other.value_given_minor;
        self.pooled += other.pooled;
    }
}

/// What one event adds to the figures of its coupons.
pub fn tally(event: &Event, figures: &mut BTreeMap<CouponNo, Statistics>) {
    match (&event.subject, &event.kind) {
        (Subject::Voucher(key), EventKind::Voucher { from, to, .. }) => {
            let of = figures.entry(key.coupon).or_default();
            // The codes of a block are counted when the block is made.
            let made = from.is_none() && key.kind != VoucherKind::Bearer || *from == Some(VoucherState::Pooled);
            of.issued += i64::from(made && *to != VoucherState::Pooled);
            of.pooled += gauge(*from, *to, VoucherState::Pooled);
            of.held += gauge(*from, *to, VoucherState::Held);
            of.locked += gauge(*from, *to, VoucherState::Locked);
            of.expired += gauge(*from, *to, VoucherState::Expired);
            of.revoked += gauge(*from, *to, VoucherState::Revoked);
        }
        (_, EventKind::Redemption { from, to, amounts, .. }) => {
            for part in amounts {
                tally_part(figures.entry(part.coupon).or_default(), *from, *to, part.amount_minor);
            }
        }
        (Subject::Block(coupon, _), EventKind::BlockMade { count }) => {
            figures.entry(*coupon).or_default().issued += i64::try_from(*count).unwrap_or(i64::MAX);
        }
        (
            Subject::Voucher(_)
            | Subject::Redemption(_)
            | Subject::Coupon(_)
            | Subject::Customer(_)
            | Subject::Block(..)
            | Subject::Campaign(_)
            | Subject::Account(_)
            | Subject::Gift(_),
            EventKind::Voucher { .. }
            | EventKind::Coupon { .. }
            | EventKind::Customer
            | EventKind::Campaign { .. }
            | EventKind::BlockMade { .. }
            | EventKind::BlockRevoked
            | EventKind::Account
            | EventKind::CustomerMerged { .. }
            | EventKind::CustomerErased
            | EventKind::Gift { .. },
        ) => {}
    }
}

fn gauge(from: Option<VoucherState>, to: VoucherState, state: VoucherState) -> i64 {
    i64::from(to == state) - i64::from(from == Some(state))
}

fn tally_part(of: &mut Statistics, from: Option<RedemptionState>, to: RedemptionState, amount_minor: i64) {
    match (from, to) {
        (None | Some(RedemptionState::Pending), RedemptionState::Succeeded) => {
            of.redeemed += 1;
            of.value_given_minor += amount_minor;
        }
        (Some(RedemptionState::Succeeded), RedemptionState::Succeeded) => of.value_given_minor -= amount_minor,
        (Some(RedemptionState::Succeeded), RedemptionState::Returned) => {
            of.returned += 1;
            of.value_given_minor -= amount_minor;
        }
        // A reservation gives nothing until it is confirmed, and its end takes nothing back.
        (
            None
            | Some(
                RedemptionState::Pending
                | RedemptionState::Succeeded
                | RedemptionState::Cancelled
                | RedemptionState::Expired
                | RedemptionState::Returned,
            ),
            RedemptionState::Pending
            | RedemptionState::Succeeded
            | RedemptionState::Cancelled
            | RedemptionState::Expired
            | RedemptionState::Returned,
        ) => {}
    }
}
