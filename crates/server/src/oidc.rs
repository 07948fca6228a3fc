//! Sign-in of staff at a provider of identities: the authorization code flow of OpenID Connect Core 1.0, with PKCE
//! (RFC 7636). What a provider says is fetched within limits and believed only as far as it is signed.
//!
//! The flow is ours and the signatures are a library's: see ADR 13. Read `provider` (what it says about itself), then
//! `id_token` (what is believed).

mod id_token;
mod provider;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use domain::account::Role;
use ports::{Arrival, Clock, Departure, OpenId, OpenIdError, Vouched};
use reqwest::Url;
use serde::Deserialize;

use crate::mail::is_loopback;
use crate::secrets;
use id_token::Expected;
use provider::{Provider, TokenRequest};

/// Holds the client's secret; the same with `_FILE` behind it names a file that does.
const SECRET_VARIABLE: &str = "SCRIP_OIDC_CLIENT_SECRET";

/// Where the provider sends browsers back to, below the public URL.
const REDIRECT_PATH: &str = "/v1/auth/oidc/callback";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcSettings {
    issuer: String,
    client_id: String,
    scopes: Vec<String>,
    groups_claim: String,
    roles: BTreeMap<String, Role>,
}

impl OidcSettings {
    /// The provider, if there is one.
    pub(crate) fn provider(&self, public_url: &str, clock: &Arc<dyn Clock>) -> anyhow::Result<Option<Arc<dyn OpenId>>> {
        if self.issuer.is_empty() {
            return Ok(None);
        }
        let secret = secrets::given(SECRET_VARIABLE)?;
        let client = self.client(public_url, secret, Arc::clone(clock)).context("the settings of oidc")?;
        Ok(Some(Arc::new(client)))
    }

    fn client(&self, public_url: &str, secret: Option<String>, clock: Arc<dyn Clock>) -> anyhow::Result<Client> {
        let issuer: Url = self.issuer.parse().context("issuer is no URL")?;
        let is_local = issuer.scheme() == "http" && is_loopback(issuer.host_str().unwrap_or_default());
        ensure!(is_local || issuer.scheme() == "https", "issuer must begin with https://");
        ensure!(!self.client_id.is_empty(), "client_id is missing");
        let customers = self.roles.iter().find(|(_, role)| !role.is_staff());
        ensure!(customers.is_none(), "roles may be admin, operator, merchant and analyst, as only staff signs in so");
        // The scope without which it is not OpenID Connect.
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid").collect();
        Ok(Client {
            provider: Provider::new(&self.issuer, is_local, clock.clone())?,
            client_id: self.client_id.clone(),
            secret,
            redirect: format!("{public_url}{REDIRECT_PATH}"),
            scope: [&["openid"], scopes.as_slice()].concat().join(" "),
            groups_claim: self.groups_claim.clone(),
            roles: self.roles.clone(),
            clock,
        })
    }
}

/// This installation, as the provider knows it.
struct Client {
    provider: Provider,
    client_id: String,
    secret: Option<String>,
    redirect: String,
    scope: String,
    groups_claim: String,
    roles: BTreeMap<String, Role>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl OpenId for Client {
    async fn authorization_url(&self, departure: Departure<'_>) -> Result<String, OpenIdError> {
        let mut url = self.provider.metadata().await?.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("scope", &self.scope)
            .append_pair("state", departure.state)
            .append_pair("nonce", departure.nonce)
            .append_pair("code_challenge", departure.challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    async fn exchange(&self, arrival: Arrival<'_>) -> Result<Vouched, OpenIdError> {
        let request = TokenRequest {
            client_id: &self.client_id,
            secret: self.secret.as_deref(),
            redirect: &self.redirect,
            code: arrival.code,
            verifier: arrival.verifier,
        };
        let token = self.provider.id_token(request).await?;
        let header = id_token::header(&token)?;
        let keys = self.provider.keys(header.kid.as_deref()).await?;
        let expected = Expected {
            issuer: self.provider.issuer(),
            client_id: &self.client_id,
            nonce: arrival.nonce,
            now: self.clock.now(),
        };
        let claims = id_token::verify(&token, &header, &keys, expected)?;
        let role = self.role_of(&claims.texts(&self.groups_claim));
        Ok(Vouched {
            issuer: self.provider.issuer().to_owned(),
            subject: claims.sub,
            email: claims.email,
            email_verified: claims.email_verified,
            given_name: claims.given_name,
            family_name: claims.family_name,
            role,
        })
    }
}

impl Client {
    /// Of several, the one that may most.
    fn role_of(&self, groups: &[&str]) -> Option<Role> {
        groups.iter().filter_map(|group| self.roles.get(*group)).min().copied()
    }
}
