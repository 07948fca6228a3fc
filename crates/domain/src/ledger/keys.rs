//! Keys of facts that are no ids of things, facts too small for a module of their own, and how much of a list is looked at:
//! all that is derived is bounded, so that no command loads without end.

use crate::id::{CouponNo, VoucherKey};
use crate::redemption::RedemptionId;

/// The small numbers of a tenant: the next one of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sequence {
    /// Of coupons.
    Coupon,
    /// Of customers.
    Customer,
    /// Of campaigns.
    Campaign,
    /// Of limits.
    Limit,
    /// Of accounts.
    Account,
}

/// Holds and reservations of a coupon, or of its whole campaign, whose deadline has passed, oldest first and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Held vouchers.
    pub vouchers: Vec<VoucherKey>,
    /// Pending redemptions.
    pub redemptions: Vec<RedemptionId>,
}

/// How much of [`Due`] is loaded at most: as many as a batch has commands, so that each can be given a unit.
pub const DUE_MAX: usize = 1024;

/// How many pending reservations one step of an abort cancels.
pub const RESERVATIONS_MAX: usize = 500;

/// How many carriers of one identity are looked at: who has proven it first, then by number. A person is who they all
/// are, so the first is enough; a merge goes on from step to step.
pub const CARRIERS_MAX: usize = 64;

/// How many vouchers one step of a merge moves.
pub const MOVES_MAX: usize = 500;

/// How many customers, besides the one it is named after, one person may have had when it becomes part of another; and
/// how many may have been merged into one customer when it is merged itself.
pub const MEMBERS_MAX: usize = 1_000;

/// How many counters one person may have had when it becomes part of another.
pub const COUNTERS_MAX: usize = 2_000;

/// How many coupons of a campaign are looked at when something is done with all of them.
pub const SIBLINGS_MAX: usize = 100;

/// The next codes of a coupon's pool, after what is known of it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolPage {
    /// Whose pool.
    pub coupon: CouponNo,
    /// Only ordinals from here on.
    pub from: u64,
    /// At most so many, at most [`POOL_PAGE_MAX`].
    pub count: usize,
}

/// How much of a pool is loaded at once at most.
pub const POOL_PAGE_MAX: usize = 1024;

/// Up to where this batch has handed out a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PoolHead {
    /// The page it stands in.
    pub page: PoolPage,
    /// How many of the page were passed.
    pub passed: usize,
    /// The first ordinal of this batch's own making that was not.
    pub fresh: u64,
}

/// A block of codes by its coupon and first ordinal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockKey {
    /// The coupon.
    pub coupon: CouponNo,
    /// The first ordinal.
    pub first: u64,
}

/// A code given by people: stored as a keyed hash (the key of this fact) and a sealed copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenCode {
    /// The voucher it stands for.
    pub voucher: VoucherKey,
    /// The text, sealed.
    pub sealed: Vec<u8>,
}
