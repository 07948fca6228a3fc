//! What comes with what is asked of the ledger.

use serde::{Deserialize, Serialize};

use crate::account::{Credentials, LoginHash, Profile, Role, Totp};
use crate::codes::{ComputedCode, Reading};
use crate::id::CustomerNo;
use crate::order::Order;
use crate::redemption::RedemptionId;

/// A voucher named by id: what the id decodes to under each key of the ring. The row decides which of them it is.
pub type VoucherCandidates = Vec<ComputedCode>;

/// A code given by people, to become a voucher.
#[derive(Clone, Debug)]
pub struct GivenEntry {
    /// The text as read.
    pub reading: Reading,
    /// The text, sealed.
    pub sealed: Vec<u8>,
    /// Whose it is to be.
    pub customer: Option<CustomerNo>,
}

/// What is to be redeemed.
#[derive(Clone, Debug)]
pub struct RedeemRequest {
    /// The redemption's id, the client's or ours.
    pub id: RedemptionId,
    /// Who redeems. Without one, a voucher's owner stands in.
    pub customer: Option<CustomerNo>,
    /// The order.
    pub order: Order,
    /// The codes typed, in their order.
    pub codes: Vec<Reading>,
    /// Refuse if the order would come to another total.
    pub expected_total_minor: Option<i64>,
    /// Reserve for so many milliseconds instead of redeeming at once.
    pub reserve_ms: Option<i64>,
}

/// Some of a line to be returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnLine {
    /// Its place in the order, from 0.
    pub line: usize,
    /// How many of it.
    pub quantity: u32,
}

/// What an account begins with.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Of the username.
    pub login: LoginHash,
    /// Of the e-mail address, if it is known to be the person's.
    pub email_login: Option<LoginHash>,
    /// What it may do.
    pub role: Role,
    /// What it says of its person.
    pub profile: Profile,
    /// How it proves who it is.
    pub credentials: Credentials,
}

/// What becomes otherwise with an account.
#[derive(Clone, Debug)]
pub enum AccountChange {
    /// What it says of its person; the username stays, and another address has yet to be verified.
    Profile(Box<Profile>),
    /// The person has proved to read what is sent to this address, which signs in from now on.
    EmailVerified {
        /// The address that was proved.
        email: String,
        /// Of it.
        login: LoginHash,
    },
    /// A new password.
    Password {
        /// In PHC format.
        hash: String,
    },
    /// The same password, hashed under newer parameters.
    Rehashed {
        /// In PHC format.
        hash: String,
    },
    /// Another second factor, or none.
    Totp(Option<Box<Totp>>),
    /// A code of this time step was accepted.
    TotpUsed {
        /// Since 1970, of 30 seconds.
        step: u64,
    },
    /// A recovery code was used up.
    RecoveryUsed {
        /// Of the code.
        hash: [u8; 32],
    },
    /// Another role.
    Role(Role),
    /// Whether it may sign in.
    Active(bool),
}

impl AccountChange {
    /// Whether whoever is signed in has to sign in again.
    #[must_use]
    pub fn ends_sessions(&self) -> bool {
        match self {
            Self::Password { .. } | Self::Active(_) | Self::Role(_) => true,
            Self::Profile(_)
            | Self::EmailVerified { .. }
            | Self::Rehashed { .. }
            | Self::Totp(_)
            | Self::TotpUsed { .. }
            | Self::RecoveryUsed { .. } => false,
        }
    }
}

/// Where a definition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// As a draft.
    Draft,
    /// Activated with the same commit: running, or scheduled if its start is to come.
    Active,
}
