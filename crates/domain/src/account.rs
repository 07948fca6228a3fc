//! Who signs in: a customer, or staff with a role.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::event::JournalNo;
use crate::field::FieldError;
use crate::id::{AccountId, AccountNo, CustomerNo};
use crate::time::{Timestamp, Zone};

/// What an account may do; the numbers are what the stores keep. What each role may is said where requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Role {
    /// Everything, staff and settings included.
    Admin = 0,
    /// Runs campaigns: definitions, issue, customers, returns.
    Operator = 1,
    /// Verifies at the till and sees figures.
    Merchant = 2,
    /// Reads everything that is not personal.
    Analyst = 3,
    /// Claims and uses what is theirs.
    Customer = 4,
}

impl Role {
    /// All roles, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Operator, Self::Merchant, Self::Analyst, Self::Customer];

    /// The role of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Merchant => "merchant",
            Self::Analyst => "analyst",
            Self::Customer => "customer",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether it works for the tenant.
    #[must_use]
    pub fn is_staff(self) -> bool {
        self != Self::Customer
    }
}

/// A keyed hash of what is typed to sign in, a username or a verified e-mail address: 16 bytes, the same for all
/// spellings of one name.
pub type LoginHash = [u8; 16];

/// The least characters of a username.
pub const USERNAME_CHARS_MIN: usize = 3;
/// The most characters of a username.
pub const USERNAME_CHARS_MAX: usize = 64;

/// One form of all spellings of what is typed to sign in: NFKC, lower case, without blanks around it. Version 1: a change
/// would lose every account, so a later one would be tried beside it.
#[must_use]
pub fn fold_login(typed: &str) -> String {
    typed.nfkc().flat_map(char::to_lowercase).collect::<String>().trim().to_owned()
}

/// Whether a text may be a username. It has no `@`, so that none is ever an e-mail address.
///
/// # Errors
/// What it must be.
pub fn check_username(pointer: &str, name: &str) -> Result<(), FieldError> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_plain && (USERNAME_CHARS_MIN..=USERNAME_CHARS_MAX).contains(&name.len()) {
        return Ok(());
    }
    let detail = format!("must be {USERNAME_CHARS_MIN} to {USERNAME_CHARS_MAX} of the characters A-Z a-z 0-9 . _ -");
    Err(FieldError::new(pointer, detail))
}

/// What an account says of its person. Sealed where it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Unique in the tenant in any spelling.
    pub username: String,
    /// Where mails go.
    pub email: Option<String>,
    /// Whether the person has proved to read what is sent there. Only then it signs in.
    pub email_verified: bool,
    /// A given name.
    pub first_name: Option<String>,
    /// A family name.
    pub last_name: Option<String>,
    /// The language of mails, as a BCP 47 tag such as `en` or `zh`.
    pub language: Option<String>,
    /// Where its clocks are; the tenant's without one.
    pub zone: Option<Zone>,
    /// What a screen wants to remember, a JSON object as text.
    pub preferences: Option<String>,
}

/// A second factor (RFC 6238).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    /// Shared with the person's device.
    pub secret: Vec<u8>,
    /// Whether the person has shown a code of it. Only then it is asked for.
    pub confirmed: bool,
    /// The time step of the latest code that was accepted: none is accepted twice.
    pub step_used: u64,
    /// SHA-256 of the recovery codes that are left.
    pub recovery: Vec<[u8; 32]>,
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totp").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

/// How an account proves who it is. Sealed where it is stored; its `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// A hash in PHC format; none while only a set-up link or another provider signs in.
    pub password: Option<String>,
    /// The second factor.
    pub totp: Option<Totp>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("totp", &self.totp).finish_non_exhaustive()
    }
}

/// An account as its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Keys its rows.
    pub no: AccountNo,
    /// Its public id.
    pub id: AccountId,
    /// Counts its changes, from 1.
    pub version: u32,
    /// Rises when every session must end: a new password, a block. A session of an earlier epoch is over.
    pub epoch: u32,
    /// What it may do.
    pub role: Role,
    /// Whether it may sign in.
    pub active: bool,
    /// Who it is among the customers; staff has none.
    pub customer: Option<CustomerNo>,
    /// What it says of its person.
    pub profile: Profile,
    /// How it proves who it is.
    pub credentials: Credentials,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Where its latest event is.
    pub journal: JournalNo,
}

impl Account {
    /// Whether a second factor is asked for.
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.credentials.totp.as_ref().is_some_and(|totp| totp.confirmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_are_one_name() {
        for (typed, folded) in
            [("Ann", "ann"), (" ann ", "ann"), ("ＡＮＮ", "ann"), ("Ann@Shop.Example", "ann@shop.example")]
        {
            assert_eq!(fold_login(typed), folded, "{typed}");
        }
    }

    #[test]
    fn a_username_is_plain_and_never_an_address() {
        for (name, fits) in
            [("ann", true), ("a.b_c-9", true), ("an", false), ("ann@x", false), ("änn", false), ("", false)]
        {
            assert_eq!(check_username("/username", name).is_ok(), fits, "{name}");
        }
        assert!(check_username("/username", &"a".repeat(65)).is_err());
    }

    #[test]
    fn a_role_has_one_name_and_one_number() {
        for (number, role) in (0_u8..).zip(Role::ALL) {
            assert_eq!((Role::from_number(number), Role::named(role.name())), (Some(role), Some(role)));
        }
    }
}
