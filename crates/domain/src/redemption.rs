//! The use of vouchers or shared codes by one order; also the record of the transaction.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bearing::MerchantShare;
use crate::event::JournalNo;
use crate::id::{CouponNo, CustomerNo, VoucherKey};
use crate::limit::Taking;
use crate::money::{Currency, cumulative_share};
use crate::time::Timestamp;

/// A redemption's id; the client may choose it. 1 to 64 of `A-Z a-z 0-9 _ - . :`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RedemptionId(String);

/// The text cannot be a redemption's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 of the characters A-Z a-z 0-9 _ - . :")]
pub struct RedemptionIdError;

impl RedemptionId {
    /// Parses the id.
    ///
    /// # Errors
    /// The text is empty, too long, or has another character.
    pub fn parse(text: impl Into<String>) -> Result<Self, RedemptionIdError> {
        let text = text.into();
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte));
        if fits { Ok(Self(text)) } else { Err(RedemptionIdError) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedemptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RedemptionId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// Where a redemption stands. The numbers are what the stores keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum RedemptionState {
    /// Reserved: waits for confirm or cancel until its deadline.
    Pending = 0,
    /// Used; perhaps partly returned.
    Succeeded = 1,
    /// Cancelled before it was confirmed, perhaps before it was reserved.
    Cancelled = 2,
    /// Its deadline passed.
    Expired = 3,
    /// Wholly returned.
    Returned = 4,
}

impl RedemptionState {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Succeeded, Self::Cancelled, Self::Expired, Self::Returned];

    /// The state of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Returned => "returned",
        }
    }

    /// Whether a redemption may step from here to there. `None` before it exists.
    #[must_use]
    pub fn may_become(from: Option<Self>, to: Self) -> bool {
        use RedemptionState::{Cancelled, Expired, Pending, Returned, Succeeded};
        match from {
            None => matches!(to, Pending | Succeeded | Cancelled),
            Some(Pending) => matches!(to, Succeeded | Cancelled | Expired),
            Some(Succeeded) => matches!(to, Succeeded | Returned),
            Some(Cancelled | Expired | Returned) => false,
        }
    }
}

/// What one coupon gave to the order, and what it took from the limits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The coupon.
    pub coupon: CouponNo,
    /// The voucher used; none for a shared code.
    pub voucher: Option<VoucherKey>,
    /// What it gave, in minor units.
    pub discount_minor: i64,
    /// What of it fell on each line of the order, in their order.
    pub lines_minor: Vec<i64>,
    /// What it took and has not given back.
    pub takings: Vec<Taking>,
    /// What of the discount has been given back.
    pub returned_minor: i64,
}

/// What the gift value of one voucher paid. Its coupon has a [`Part`] too, without a voucher and a discount, for what the use
/// took from limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// The voucher.
    pub voucher: VoucherKey,
    /// What it paid, in minor units.
    pub amount_minor: i64,
    /// What of it fell on each line of the order, in their order; the rest comes back with the last line.
    pub lines_minor: Vec<i64>,
    /// What of the amount has come back to the voucher.
    pub returned_minor: i64,
}

/// A line's quantity, and how much of it came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeemedLine {
    /// Ordered.
    pub quantity: u32,
    /// Returned so far.
    pub returned: u32,
}

/// A redemption as its row says. Undo reads only this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    /// Which one.
    pub id: RedemptionId,
    /// Counts its changes, from 1; numbers its events.
    pub version: u32,
    /// Where it stands by its row; see [`Redemption::state_at`].
    pub state: RedemptionState,
    /// Fingerprint of the request, to tell a repetition from another use of the id.
    pub fingerprint: [u8; 16],
    /// Who redeemed.
    pub customer: Option<CustomerNo>,
    /// The shop's order.
    pub order: Option<String>,
    /// Of all its amounts; none on the mark left by a cancel that came first.
    pub currency: Option<Currency>,
    /// The goods before discounts.
    pub subtotal_minor: i64,
    /// All that was given.
    pub discount_minor: i64,
    /// `subtotal - discount`.
    pub total_minor: i64,
    /// What each coupon gave.
    pub parts: Vec<Part>,
    /// What gift value paid of the total. Not among what is serialised: answers were kept before there was any, and keep it
    /// beside (`Outcome::Paid`).
    #[serde(skip)]
    pub payments: Vec<Paid>,
    /// The order's lines.
    pub lines: Vec<RedeemedLine>,
    /// When it was reserved or redeemed.
    pub made_at: Timestamp,
    /// When it ends unless confirmed; only while pending.
    pub deadline: Option<Timestamp>,
    /// Where its latest event is.
    pub journal: JournalNo,
    /// What merchants bear of the parts, by part, then merchant; the platform bears the rest. None: it was made before this
    /// was recorded, and is in no settlement. The last field, as it came last: see `rows.rs` of the store.
    pub shares: Option<Vec<MerchantShare>>,
}

impl Redemption {
    /// Where it stands at that instant: a deadline acts on every read.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> RedemptionState {
        match self.state {
            RedemptionState::Pending if self.deadline.is_some_and(|deadline| deadline <= now) => {
                RedemptionState::Expired
            }
            RedemptionState::Pending
            | RedemptionState::Succeeded
            | RedemptionState::Cancelled
            | RedemptionState::Expired
            | RedemptionState::Returned => self.state,
        }
    }

    /// Whether it counts as an order of the customer's at that instant: reserved, or succeeded and not wholly returned.
    #[must_use]
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        matches!(self.state_at(now), RedemptionState::Pending | RedemptionState::Succeeded)
    }

    /// What of the discount has been given back.
    #[must_use]
    pub fn returned_minor(&self) -> i64 {
        self.parts.iter().map(|part| part.returned_minor).sum()
    }

    /// What was left to be paid after gift value.
    #[must_use]
    pub fn payable_minor(&self) -> i64 {
        self.total_minor - self.payments.iter().map(|paid| paid.amount_minor).sum::<i64>()
    }

    /// Whether this is what its coupon took for a payment: it gave no discount.
    #[must_use]
    pub fn is_of_payment(&self, part: &Part) -> bool {
        self.payments.iter().any(|paid| paid.voucher.coupon == part.coupon)
    }

    /// Whether nothing is left to return.
    #[must_use]
    pub fn is_whole_returned(&self) -> bool {
        self.lines.iter().all(|line| line.returned == line.quantity)
    }
}

impl Part {
    /// What of the discount the returned quantities amount to: the cumulative share per line, so that parts returned
    /// in any order sum to the whole.
    #[must_use]
    pub fn share_of(&self, lines: &[RedeemedLine]) -> i64 {
        share_of(&self.lines_minor, lines)
    }
}

impl Paid {
    /// What of the payment the returned quantities amount to, in the same way.
    #[must_use]
    pub fn share_of(&self, lines: &[RedeemedLine]) -> i64 {
        share_of(&self.lines_minor, lines)
    }
}

fn share_of(lines_minor: &[i64], lines: &[RedeemedLine]) -> i64 {
    let share = |(minor, line): (&i64, &RedeemedLine)| {
        cumulative_share(*minor, i64::from(line.returned), i64::from(line.quantity))
    };
    lines_minor.iter().zip(lines).map(share).sum()
}
