//! Secrets that are good once and for a while: the links of letters, and steps of a sign-in that is under way.

use async_trait::async_trait;
use domain::id::TenantNo;
use domain::mail::Mail;
use domain::time::Timestamp;

use crate::StoreError;

/// What a token is good for. One made for one purpose is nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenPurpose {
    /// Choosing the first password of an account, or making the first account of an installation.
    SetUp,
    /// Showing that an address is one's own.
    VerifyAddress,
    /// Choosing a new password.
    RecoverPassword,
    /// A sign-in at a provider of identities, until it sends the browser back.
    OpenId,
    /// A sign-in whose password was right, until the second factor is shown.
    SecondFactor,
    /// Going on with a session after coming back from a provider of identities.
    SignIn,
}

impl TokenPurpose {
    /// All of them, by number.
    pub const ALL: [Self; 6] =
        [Self::SetUp, Self::VerifyAddress, Self::RecoverPassword, Self::OpenId, Self::SecondFactor, Self::SignIn];

    /// The number a store keeps for it, which never changes.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// Which token: what is kept of a secret is its SHA-256. Secrets are 32 random bytes and never used again, so the hash
/// is unique and says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenKey {
    /// Of which tenant.
    pub tenant: TenantNo,
    /// For what.
    pub purpose: TokenPurpose,
    /// The hash of its secret.
    pub hash: [u8; 32],
}

/// Keeps tokens with what they stand for, which is sealed in the file.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps a token until that instant, and puts the letter that brings it in the outbox, both or neither. What it
    /// stands for comes back when it is taken.
    ///
    /// # Errors
    /// The store could not answer; [`StoreError::Corrupt`] if this token is there already.
    async fn put_token(
        &self,
        key: TokenKey,
        payload: Vec<u8>,
        expires_at: Timestamp,
        letter: Option<Mail>,
    ) -> Result<(), StoreError>;

    /// Takes a token: it is gone afterwards, on stable storage. Of many who take it at once, one gets it. `None` if it is
    /// not there, was taken, or its time is over. Whoever finds after that that more tries are to be had puts it again.
    ///
    /// # Errors
    /// The store could not answer; the token may be gone.
    async fn take_token(&self, key: TokenKey) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes at most `max` tokens whose time was over at that instant, oldest first. Returns how many.
    ///
    /// # Errors
    /// The store could not answer; some may have been removed.
    async fn forget_tokens(&self, before: Timestamp, max: usize) -> Result<usize, StoreError>;
}
