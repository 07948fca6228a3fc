//! What a customer is known by outside of Scrip, and the one form in which two of them are compared.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::field::FieldError;
use crate::time::Timestamp;

/// The version of [`IdentityKey::of`]. Hashes of folded values are stored, so a change of the folding needs a new
/// version beside this one, never a change in place.
pub const IDENTITY_FOLD_VERSION: u8 = 1;

/// How many identities one customer has at most.
pub const IDENTITIES_MAX: usize = 100;

/// Fewer digits are no phone number anybody could be reached at.
const PHONE_DIGITS_MIN: usize = 3;

/// What kind of name it is. The numbers are what the stores keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum IdentityKind {
    /// The shop's own id. The shop's server says it, so it is verified from the start, and one customer's only.
    ExternalId = 0,
    /// An e-mail address.
    Email = 1,
    /// A phone number.
    Phone = 2,
    /// The id that a platform's sign-in gave.
    OpenId = 3,
}

impl IdentityKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::ExternalId, Self::Email, Self::Phone, Self::OpenId];

    /// The kind of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::OpenId => "open_id",
        }
    }

    /// The longest value, in characters. An e-mail address: RFC 5321, section 4.5.3.1.3, a path of 256 less its
    /// brackets. An open id: OpenID Connect Core 1.0, section 2, `sub`.
    #[must_use]
    pub fn chars_max(self) -> usize {
        match self {
            Self::ExternalId => 128,
            Self::Email => 254,
            Self::Phone => 32,
            Self::OpenId => 255,
        }
    }

    /// Refuses a value that surely names nobody. Whether an address works, a message will tell.
    ///
    /// # Errors
    /// A [`FieldError`] at the value itself.
    pub fn check(self, value: &str) -> Result<(), FieldError> {
        let chars = value.chars().count();
        if !(1..=self.chars_max()).contains(&chars) || value.chars().any(char::is_control) {
            let max = self.chars_max();
            return Err(FieldError::new("", format!("must be 1 to {max} characters without line breaks")));
        }
        let folded = IdentityKey::of(self, value).folded;
        let (is_likely, detail) = match self {
            Self::ExternalId | Self::OpenId => (true, ""),
            Self::Email => {
                let parts = folded.split_once('@');
                let is_whole = parts.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
                // A blank may only stand between quotes (RFC 5321, section 4.1.2), which nobody writes.
                (is_whole && !folded.contains(char::is_whitespace), "must be an e-mail address")
            }
            Self::Phone => {
                let digits = folded.chars().filter(char::is_ascii_digit).count();
                (digits >= PHONE_DIGITS_MIN, "must be a phone number")
            }
        };
        if is_likely { Ok(()) } else { Err(FieldError::new("", detail)) }
    }
}

/// An identity in the form in which it is compared. Its `Debug` hides the value, which is personal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdentityKey {
    /// Of what kind.
    pub kind: IdentityKind,
    folded: String,
}

impl IdentityKey {
    /// The key of any text. An e-mail address is trimmed, NFKC and lower case; a phone number is its digits, with the
    /// plus before them if it has one; what a server gave is exact.
    #[must_use]
    pub fn of(kind: IdentityKind, value: &str) -> Self {
        let folded = match kind {
            IdentityKind::ExternalId | IdentityKind::OpenId => value.to_owned(),
            IdentityKind::Email => value.trim().nfkc().collect::<String>().to_lowercase(),
            IdentityKind::Phone => phone(value),
        };
        Self { kind, folded }
    }

    /// The value as it is compared.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({}, ..)", self.kind.name())
    }
}

/// Digits of any width are digits: NFKC makes them ASCII.
fn phone(value: &str) -> String {
    let plain: String = value.nfkc().collect();
    let plus = plain.trim_start().starts_with('+');
    plus.then_some('+').into_iter().chain(plain.chars().filter(char::is_ascii_digit)).collect()
}

/// An identity that a customer carries.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What it is compared by.
    pub key: IdentityKey,
    /// As it was given.
    pub value: String,
    /// When it was proven to be the customer's; none: anybody may have said so.
    pub verified_at: Option<Timestamp>,
    /// When the customer was given it.
    pub added_at: Timestamp,
}

impl Identity {
    /// One that nobody has proven, unless the shop's server says it.
    #[must_use]
    pub fn new(kind: IdentityKind, value: &str, now: Timestamp) -> Self {
        let verified_at = (kind == IdentityKind::ExternalId).then_some(now);
        Self { key: IdentityKey::of(kind, value), value: value.to_owned(), verified_at, added_at: now }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("key", &self.key)
            .field("verified_at", &self.verified_at)
            .field("added_at", &self.added_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_identity_are_one() {
        for (kind, value, folded) in [
            (IdentityKind::Email, " Ann.Lee@Example.COM ", "ann.lee@example.com"),
            (IdentityKind::Email, "\u{ff41}nn@x.example", "ann@x.example"),
            (IdentityKind::Phone, "+49 (30) 901-820", "+4930901820"),
            (IdentityKind::Phone, " 030/901820", "030901820"),
            (IdentityKind::Phone, "\u{ff0b}\u{ff14}\u{ff19} 30", "+4930"),
            (IdentityKind::OpenId, "oAbc-1 ", "oAbc-1 "),
            (IdentityKind::ExternalId, "Shop-7", "Shop-7"),
        ] {
            assert_eq!(IdentityKey::of(kind, value).folded(), folded, "{value}");
        }
        assert_ne!(IdentityKey::of(IdentityKind::OpenId, "7"), IdentityKey::of(IdentityKind::ExternalId, "7"));
    }

    #[test]
    fn what_surely_names_nobody_is_refused() {
        let long = "1".repeat(33);
        for (kind, value, is_good) in [
            (IdentityKind::Email, "a@b", true),
            (IdentityKind::Email, "ab", false),
            (IdentityKind::Email, " @b", false),
            (IdentityKind::Email, "a b@c", false),
            (IdentityKind::Email, "a@b\u{2003}c", false),
            (IdentityKind::Email, "", false),
            (IdentityKind::Phone, "112", true),
            (IdentityKind::Phone, "none", false),
            (IdentityKind::Phone, &long, false),
            (IdentityKind::OpenId, "a\nb", false),
            (IdentityKind::ExternalId, "13047", true),
        ] {
            assert_eq!(kind.check(value).is_ok(), is_good, "{value:?}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_person() {
        let identity = Identity::new(IdentityKind::Email, "ann@x.example", Timestamp::from_ms(0));
        assert!(!format!("{identity:?}").contains("ann"));
    }
}
