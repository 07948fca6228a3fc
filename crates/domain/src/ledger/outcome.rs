//! What the ledger answers to a command, and what it keeps of the answer for an idempotency key.

use serde::{Deserialize, Serialize};

use super::command::Fingerprint;
use crate::gift::{GiftAccount, GiftEntry};
use crate::id::{AccountNo, CampaignNo, CouponNo, CustomerNo};
use crate::limit::Usage;
use crate::redemption::{Paid, Redemption};
use crate::time::Timestamp;
use crate::voucher::{Block, Voucher};

/// A code that did not become a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotImported {
    /// Its place among those that were to be imported, from 0.
    pub place: u32,
    /// The code of the rejection, or why there was none to be read. As text: the rejections keep their order of
    /// precedence, and what is stored must not follow it.
    pub reason: String,
}

/// What a command came to. Stored with the effect when the command has an idempotency key, so it holds no codes and
/// no personal data; variants and fields are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The customer was made.
    Customer(CustomerNo),
    /// The campaign has this version now.
    Campaign {
        /// Which one.
        no: CampaignNo,
        /// Its version.
        version: u32,
    },
    /// The coupon has this version now.
    Coupon {
        /// Which one.
        no: CouponNo,
        /// Its version.
        version: u32,
    },
    /// These vouchers, as they are now, without their takings.
    Vouchers(Vec<Voucher>),
    /// This block.
    Block {
        /// Of which coupon.
        coupon: CouponNo,
        /// The block.
        block: Block,
    },
    /// This redemption, as it is now.
    Redemption(Box<Redemption>),
    /// So many deadlines were written down.
    Expired {
        /// Holds.
        vouchers: u32,
        /// Reservations.
        redemptions: u32,
    },
    /// The account has this version now.
    Account {
        /// Which one.
        no: AccountNo,
        /// Its version.
        version: u32,
    },
    /// The customer is as it was asked to be.
    CustomerChanged {
        /// Which one: the one that stands for the one that was named.
        no: CustomerNo,
        /// Its version.
        version: u32,
        /// Nothing is left to do; else the same is to be asked again.
        is_done: bool,
    },
    /// So many definitions were moved by the clock.
    Followed {
        /// Coupons.
        coupons: u32,
        /// Campaigns.
        campaigns: u32,
    },
    /// The coupon has this version now, and a limit of it this maximum.
    Restocked {
        /// Which one.
        no: CouponNo,
        /// Its version.
        version: u32,
        /// The limit's id.
        limit: String,
        /// The limit's maximum.
        max: i64,
        /// Its counter; of the present period, if it counts by one.
        usage: Usage,
    },
    /// So many given codes became vouchers.
    Imported {
        /// Those.
        accepted: u32,
        /// The others.
        refused: Vec<NotImported>,
    },
    /// The voucher's gift value is this now.
    Gift {
        /// The key of the ring that the voucher's id is computed with.
        key_no: u32,
        /// As it is now.
        account: GiftAccount,
        /// The change.
        entry: Box<GiftEntry>,
    },
    /// How [`Outcome::Redemption`] is kept where gift value paid: the layout of a redemption was there before payments. Never
    /// answered.
    Paid(Box<Redemption>, Vec<Paid>),
    /// How [`Outcome::Vouchers`] is kept where amounts were drawn for them: the layout of a voucher was there before those. The
    /// amounts are in the order of the vouchers. Never answered.
    Drawn(Vec<Voucher>, Vec<Option<i64>>),
}

impl Outcome {
    /// As it is kept for an idempotency key.
    pub(super) fn kept(self) -> Self {
        match self {
            Self::Redemption(mut redemption) if !redemption.payments.is_empty() => {
                let payments = std::mem::take(&mut redemption.payments);
                Self::Paid(redemption, payments)
            }
            Self::Vouchers(vouchers) if vouchers.iter().any(|voucher| voucher.amount_minor.is_some()) => {
                let amounts = vouchers.iter().map(|voucher| voucher.amount_minor).collect();
                let plain = |voucher| Voucher { amount_minor: None, ..voucher };
                Self::Drawn(vouchers.into_iter().map(plain).collect(), amounts)
            }
            other => other,
        }
    }

    /// As it was told.
    pub(super) fn told(self) -> Self {
        match self {
            Self::Paid(redemption, payments) => Self::Redemption(Box::new(Redemption { payments, ..*redemption })),
            Self::Drawn(vouchers, amounts) => {
                let drawn = |(voucher, amount_minor)| Voucher { amount_minor, ..voucher };
                Self::Vouchers(vouchers.into_iter().zip(amounts).map(drawn).collect())
            }
            other => other,
        }
    }
}

/// The outcome with how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it came to.
    pub outcome: Outcome,
    /// Decided before, for the same idempotency key.
    pub replayed: bool,
    /// When it was decided (now, if replayed).
    pub at: Timestamp,
}

/// What is kept for an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Of the request.
    pub fingerprint: Fingerprint,
    /// What it came to.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}
