//! One individual entitlement, and the states it moves through.

use serde::{Deserialize, Serialize};

use crate::event::{JournalNo, VoucherStep};
use crate::id::{CustomerNo, VoucherKey, VoucherKind};
use crate::limit::Taking;
use crate::redemption::RedemptionId;
use crate::time::{Timestamp, Zone};
use crate::validity::Validity;

/// Where a voucher stands. The numbers are what the stores keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum VoucherState {
    /// Claimed with a deadline.
    Held = 0,
    /// Owned (or, without an owner, payable to the bearer) until its validity ends.
    Issued = 1,
    /// A pending redemption has it; the hold's deadline is suspended.
    Locked = 2,
    /// Used.
    Redeemed = 3,
    /// The hold ended unused, by its deadline or by release.
    Expired = 4,
    /// Taken away.
    Revoked = 5,
    /// In its coupon's pool: nobody's yet, and its code is good for nothing.
    Pooled = 6,
}

impl VoucherState {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Held, Self::Issued, Self::Locked, Self::Redeemed, Self::Expired, Self::Revoked, Self::Pooled];

    /// The state of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Issued => "issued",
            Self::Locked => "locked",
            Self::Redeemed => "redeemed",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Pooled => "pooled",
        }
    }

    /// Whether a voucher may step from here to there. `None` before it exists.
    #[must_use]
    pub fn may_become(from: Option<Self>, to: Self) -> bool {
        use VoucherState::{Expired, Held, Issued, Locked, Pooled, Redeemed, Revoked};
        match from {
            None => matches!(to, Held | Issued | Locked | Redeemed | Revoked | Pooled),
            Some(Pooled) => matches!(to, Held | Issued | Revoked),
            Some(Held) => matches!(to, Locked | Redeemed | Expired | Revoked),
            Some(Issued) => matches!(to, Issued | Locked | Redeemed | Revoked),
            Some(Locked) => matches!(to, Held | Issued | Redeemed | Expired),
            Some(Redeemed) => matches!(to, Issued),
            Some(Expired | Revoked) => false,
        }
    }

    /// The same for a step: a merge changes the owner and leaves the state.
    #[must_use]
    pub fn may_step(from: Option<Self>, to: Self, step: VoucherStep) -> bool {
        if step == VoucherStep::Merged { from == Some(to) } else { Self::may_become(from, to) }
    }
}

/// A voucher as its row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// Which one.
    pub key: VoucherKey,
    /// The key of the ring its code and id are computed with.
    pub key_no: u32,
    /// Counts its changes, from 1; numbers its events.
    pub version: u32,
    /// Where it stands by its row; see [`Voucher::state_at`].
    pub state: VoucherState,
    /// Its owner, if it has one.
    pub customer: Option<CustomerNo>,
    /// When it was claimed or issued.
    pub made_at: Timestamp,
    /// Not usable before.
    pub valid_from: Option<Timestamp>,
    /// Not usable from here on.
    pub valid_until: Option<Timestamp>,
    /// The hold's deadline. While set, its takings count as held.
    pub held_until: Option<Timestamp>,
    /// While locked: the deadline of the reservation that locks it.
    pub locked_until: Option<Timestamp>,
    /// The redemption that locks it or used it.
    pub redemption: Option<RedemptionId>,
    /// What it took from the limits and has not given back.
    pub takings: Vec<Taking>,
    /// Where its latest event is.
    pub journal: JournalNo,
    /// What was drawn for it, in minor units of its coupon's currency, if its coupon gives a random amount; fixed from its
    /// claim or issue on. Stored answers were there before it and keep it apart: see [`Outcome`](crate::ledger::Outcome).
    #[serde(skip)]
    pub amount_minor: Option<i64>,
}

impl Voucher {
    /// Where it stands at that instant: deadlines act on every read, before any row is written.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> VoucherState {
        let state = match self.state {
            VoucherState::Locked if self.locked_until.is_some_and(|deadline| deadline <= now) => self.unlocked(),
            VoucherState::Held
            | VoucherState::Issued
            | VoucherState::Locked
            | VoucherState::Redeemed
            | VoucherState::Expired
            | VoucherState::Revoked
            | VoucherState::Pooled => self.state,
        };
        let over = match state {
            VoucherState::Held => self.hold_is_over(now) || self.valid_until.is_some_and(|end| end <= now),
            VoucherState::Issued => self.valid_until.is_some_and(|end| end <= now),
            VoucherState::Locked
            | VoucherState::Redeemed
            | VoucherState::Expired
            | VoucherState::Revoked
            | VoucherState::Pooled => false,
        };
        if over { VoucherState::Expired } else { state }
    }

    /// What it was before it was locked.
    #[must_use]
    pub fn unlocked(&self) -> VoucherState {
        if self.held_until.is_some() { VoucherState::Held } else { VoucherState::Issued }
    }

    /// Whether its code is kept from everybody: it came from a pool, and nobody owns it for good yet. What nobody has
    /// seen can go back to the pool.
    #[must_use]
    pub fn hides_code(&self) -> bool {
        let unseen = self.state == VoucherState::Pooled || self.held_until.is_some();
        self.key.kind == VoucherKind::Given && unseen
    }

    /// Whether its hold has a deadline that has passed.
    #[must_use]
    pub fn hold_is_over(&self, now: Timestamp) -> bool {
        self.held_until.is_some_and(|deadline| deadline <= now)
    }
}

/// A run of bearer codes made for print or export; its vouchers have no rows until used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its public id.
    pub id: crate::id::BlockId,
    /// Its first ordinal.
    pub first: u64,
    /// How many ordinals.
    pub count: u64,
    /// The ring key of its codes.
    pub key_no: u32,
    /// When it was made: the validity of its codes counts from here.
    pub made_at: Timestamp,
    /// What it took from the limits for everyone, all codes together.
    pub takings: Vec<Taking>,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Where its latest event is.
    pub journal: JournalNo,
}

impl Block {
    /// Whether this ordinal is one of its own.
    #[must_use]
    pub fn covers(&self, ordinal: u64) -> bool {
        ordinal >= self.first && ordinal - self.first < self.count
    }

    /// The voucher of one of its codes while it has no row: as old as the block, and revoked with it. `zone` is the
    /// tenant's.
    #[must_use]
    pub fn voucher(&self, key: VoucherKey, validity: &Validity, zone: &Zone) -> Voucher {
        let (valid_from, valid_until) = validity.of_voucher(self.made_at, zone);
        Voucher {
            key,
            key_no: self.key_no,
            version: 0,
            state: if self.revoked_at.is_some() { VoucherState::Revoked } else { VoucherState::Issued },
            customer: None,
            made_at: self.made_at,
            valid_from,
            valid_until,
            held_until: None,
            locked_until: None,
            redemption: None,
            takings: Vec::new(),
            journal: JournalNo::default(),
            amount_minor: None,
        }
    }
}
