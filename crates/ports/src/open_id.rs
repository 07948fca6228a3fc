//! Somebody else who says who a person is: a provider of identities (OpenID Connect Core 1.0).

use std::fmt;

use async_trait::async_trait;
use domain::account::Role;

/// What a browser is sent to the provider with.
#[derive(Clone, Copy)]
pub struct Departure<'a> {
    /// Comes back with the browser as it is: what was kept for it is found by it.
    pub state: &'a str,
    /// Stands in what the provider signs, so that it is good for this sign-in only.
    pub nonce: &'a str,
    /// The hash of the verifier (RFC 7636, S256), which who comes back has to show.
    pub challenge: &'a str,
}

/// What a browser came back with, and what was kept for it meanwhile.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// Is exchanged for what the provider signs, once.
    pub code: &'a str,
    /// As it departed.
    pub nonce: &'a str,
    /// What the challenge is the hash of.
    pub verifier: &'a str,
}

impl fmt::Debug for Departure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Departure(..)")
    }
}

impl fmt::Debug for Arrival<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Arrival(..)")
    }
}

/// A person as the provider signed it. Issuer and subject together are who it is, for ever; the rest may change, and an
/// address may become another's.
#[derive(Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The provider.
    pub issuer: String,
    /// Who it is at the provider: at most 255 bytes.
    pub subject: String,
    /// An address.
    pub email: Option<String>,
    /// Whether the provider knows that it is the person's.
    pub email_verified: bool,
    /// A given name.
    pub given_name: Option<String>,
    /// A family name.
    pub family_name: Option<String>,
    /// The most that the person's groups may be with us; none: nobody.
    pub role: Option<Role>,
}

impl fmt::Debug for Vouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vouched").field("issuer", &self.issuer).field("role", &self.role).finish_non_exhaustive()
    }
}

/// Why a provider does not say who somebody is. The texts name no person and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenIdError {
    /// It cannot be reached, or what it says makes no sense: nobody can sign in by it for the moment.
    #[error("the provider is away: {0}")]
    Away(String),
    /// It does not vouch for this sign-in, or what it signed is not for it.
    #[error("the provider does not vouch: {0}")]
    Refused(String),
}

/// A provider of identities.
#[async_trait]
pub trait OpenId: Send + Sync {
    /// Where a browser is to go.
    ///
    /// # Errors
    /// [`OpenIdError::Away`].
    async fn authorization_url(&self, departure: Departure<'_>) -> Result<String, OpenIdError>;

    /// Who came back. Only what the provider signed, for us, for this departure and not long ago, is believed.
    ///
    /// # Errors
    /// [`OpenIdError`]; the code is used up.
    async fn exchange(&self, arrival: Arrival<'_>) -> Result<Vouched, OpenIdError>;
}
