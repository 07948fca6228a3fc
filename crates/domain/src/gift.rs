//! Gift value: what a voucher is worth as payment. Its balance is kept as an account with a list of entries, which is only
//! ever added to: the balance is their sum, at every moment.

use serde::{Deserialize, Serialize};

use crate::event::{Actor, JournalNo};
use crate::field::FieldError;
use crate::id::VoucherKey;
use crate::money::AMOUNT_MINOR_MAX;
use crate::redemption::RedemptionId;
use crate::time::Timestamp;

/// The longest reason of a change by hand.
pub const REASON_CHARS_MAX: usize = 200;

/// What happened to an account. The numbers are what the stores keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum GiftStep {
    /// The voucher was given its value.
    Issued = 0,
    /// Value was added.
    ToppedUp = 1,
    /// An order was paid.
    Spent = 2,
    /// What an order was paid with came back.
    GivenBack = 3,
    /// Staff set it right.
    Adjusted = 4,
    /// The voucher was taken away, with what was left.
    Revoked = 5,
    /// A reservation holds some of it. No entry: the balance stays.
    Held = 6,
    /// A reservation ended unused. No entry either.
    Released = 7,
}

impl GiftStep {
    /// All there are, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Issued,
        Self::ToppedUp,
        Self::Spent,
        Self::GivenBack,
        Self::Adjusted,
        Self::Revoked,
        Self::Held,
        Self::Released,
    ];

    /// The step of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether it changes the balance, so that it has an entry.
    #[must_use]
    pub fn has_entry(self) -> bool {
        match self {
            Self::Issued | Self::ToppedUp | Self::Spent | Self::GivenBack | Self::Adjusted | Self::Revoked => true,
            Self::Held | Self::Released => false,
        }
    }
}

/// What a voucher is worth, as its row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftAccount {
    /// Of which voucher.
    pub voucher: VoucherKey,
    /// Counts its changes, from 1; numbers its events. 0: nothing was written of it yet, as of a code in print.
    pub version: u32,
    /// What it was given at its issue, in minor units of the coupon's currency.
    pub initial_minor: i64,
    /// The sum of its entries. Never below what is held.
    pub balance_minor: i64,
    /// What pending redemptions will pay with it. Never below 0.
    pub held_minor: i64,
    /// Where its latest event is.
    pub journal: JournalNo,
}

impl GiftAccount {
    /// Of a voucher whose value was given and never touched.
    #[must_use]
    pub fn untouched(voucher: VoucherKey, initial_minor: i64) -> Self {
        Self { voucher, version: 0, initial_minor, balance_minor: initial_minor, held_minor: 0, journal: JournalNo(0) }
    }

    /// What an order can be paid with now.
    #[must_use]
    pub fn available_minor(&self) -> i64 {
        self.balance_minor - self.held_minor
    }

    /// Whether its amounts are within bounds: what every row must satisfy.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.held_minor >= 0 && self.held_minor <= self.balance_minor && self.balance_minor <= AMOUNT_MINOR_MAX
    }
}

/// One change of a balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftEntry {
    /// Of which voucher.
    pub voucher: VoucherKey,
    /// The version of the account that it made. Holds make versions and no entries, so numbers are left out.
    pub version: u32,
    /// What happened.
    pub step: GiftStep,
    /// What was added, or below 0 what was taken, in minor units.
    pub amount_minor: i64,
    /// The balance after it.
    pub balance_minor: i64,
    /// The redemption that paid, or was returned.
    pub redemption: Option<RedemptionId>,
    /// When. Of a code in print, the first entry is from when its block was made.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// Why, of a change by hand.
    pub reason: Option<String>,
}

/// A change of a balance by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiftChange {
    /// Value was paid for, and is added; else staff sets the balance right.
    pub is_top_up: bool,
    /// What is added; of an adjustment, below 0 what is taken. Never 0.
    pub amount_minor: i64,
    /// Why.
    pub reason: Option<String>,
}

impl GiftChange {
    /// Whether it is one: a top-up adds, an adjustment says why.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), FieldError> {
        let least = if self.is_top_up { 1 } else { -AMOUNT_MINOR_MAX };
        if !(least..=AMOUNT_MINOR_MAX).contains(&self.amount_minor) || self.amount_minor == 0 {
            let detail = format!("must be from {least} to {AMOUNT_MINOR_MAX}, and not 0");
            return Err(FieldError::new("/amount_minor", detail));
        }
        match &self.reason {
            None if self.is_top_up => Ok(()),
            None => Err(FieldError::new("/reason", "is needed where a balance is set right")),
            Some(reason) => {
                let is_printable = !reason.chars().any(char::is_control);
                if is_printable && (1..=REASON_CHARS_MAX).contains(&reason.chars().count()) {
                    return Ok(());
                }
                Err(FieldError::new("/reason", format!("must be 1 to {REASON_CHARS_MAX} printable characters")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_top_up_adds_and_an_adjustment_says_why() {
        let change = |is_top_up, amount_minor, reason: Option<&str>| {
            let reason = reason.map(str::to_owned);
            GiftChange { is_top_up, amount_minor, reason }.check().err().map(|error| error.pointer)
        };
        for (is_top_up, amount_minor, reason, wrong) in [
            (true, 1, None, None),
            (true, 0, None, Some("/amount_minor")),
            (true, -1, None, Some("/amount_minor")),
            (true, AMOUNT_MINOR_MAX + 1, None, Some("/amount_minor")),
            (false, -1, Some("lost"), None),
            (false, 0, Some("lost"), Some("/amount_minor")),
            (false, 1, None, Some("/reason")),
            (false, 1, Some(""), Some("/reason")),
            (false, 1, Some("a\nb"), Some("/reason")),
        ] {
            let found = change(is_top_up, amount_minor, reason);
            assert_eq!(found.as_deref(), wrong, "{is_top_up} {amount_minor} {reason:?}");
        }
    }
}
