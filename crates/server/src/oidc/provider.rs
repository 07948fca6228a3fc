//! What a provider says about itself and its keys: fetched within limits, kept for a while.

use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use ports::{Clock, OpenIdError};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::sync::Mutex;

/// The longest wait for one answer; people sit before it.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// No answer is longer: a dozen keys with certificates have some 50 KiB.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// How long what a provider says is believed without asking again.
const KEPT_MS: i64 = 60 * 60 * 1_000;
/// Keys that are not known are asked for no more often: who sends made-up tokens is not to make us ask.
const KEYS_PAUSE_MS: i64 = 60 * 1_000;
/// After a failure nobody asks for so long: else each who waits would wait for all before.
const AWAY_MS: i64 = 5 * 1_000;

/// Of the document that OpenID Connect Discovery 1.0 describes, what is needed.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    #[serde(deserialize_with = "url")]
    pub authorization_endpoint: Url,
    #[serde(deserialize_with = "url")]
    token_endpoint: Url,
    #[serde(deserialize_with = "url")]
    jwks_uri: Url,
    /// `client_secret_basic` is meant where nothing is said.
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// What was fetched last.
#[derive(Default)]
struct Kept {
    metadata: Option<(Arc<Metadata>, Timestamp)>,
    keys: Option<(Arc<Vec<Jwk>>, Timestamp)>,
    away_until: Option<Timestamp>,
}

pub(super) struct Provider {
    issuer: String,
    is_local: bool,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    /// Held while something is fetched, so that many who come at once ask once.
    kept: Mutex<Kept>,
}

/// What a code is exchanged with.
#[derive(Clone, Copy)]
pub(super) struct TokenRequest<'a> {
    pub client_id: &'a str,
    pub secret: Option<&'a str>,
    pub redirect: &'a str,
    pub code: &'a str,
    pub verifier: &'a str,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

/// Keys of kinds that are not known here must not spoil the others, nor be taken for one of the same name.
#[derive(Deserialize)]
struct KeyAnswer {
    keys: Vec<Value>,
}

impl Provider {
    /// `is_local`: on this machine, where plain HTTP may do.
    pub(super) fn new(issuer: &str, is_local: bool, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        // A redirect would take the client's secret to wherever it leads.
        let builder = reqwest::Client::builder().redirect(Policy::none()).timeout(ANSWER_MAX).https_only(!is_local);
        let client = if is_local { builder.no_proxy() } else { builder }.build()?;
        Ok(Self { issuer: issuer.to_owned(), is_local, client, clock, kept: Mutex::default() })
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, OpenIdError> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some((metadata, at)) = &kept.metadata
            && now < at.saturating_add_ms(KEPT_MS)
        {
            return Ok(Arc::clone(metadata));
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let fetched: Metadata = self.fetch(&mut kept, &url).await?;
        let metadata = Arc::new(self.checked(fetched)?);
        kept.metadata = Some((Arc::clone(&metadata), now));
        Ok(metadata)
    }

    /// The provider's keys, fetched anew if none has this name and that was not just done.
    pub(super) async fn keys(&self, kid: Option<&str>) -> Result<Arc<Vec<Jwk>>, OpenIdError> {
        let metadata = self.metadata().await?;
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some((keys, at)) = &kept.keys {
            let is_known = kid.is_none_or(|kid| keys.iter().any(|key| key.common.key_id.as_deref() == Some(kid)));
            let good_ms = if is_known { KEPT_MS } else { KEYS_PAUSE_MS };
            if now < at.saturating_add_ms(good_ms) {
                return Ok(Arc::clone(keys));
            }
        }
        let KeyAnswer { keys } = self.fetch(&mut kept, metadata.jwks_uri.as_str()).await?;
        let read = keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        let keys = Arc::new(read.filter(|key| DecodingKey::from_jwk(key).is_ok()).collect::<Vec<_>>());
        kept.keys = Some((Arc::clone(&keys), now));
        Ok(keys)
    }

    /// Exchanges a code for the ID token (RFC 6749, section 4.1.3).
    pub(super) async fn id_token(&self, request: TokenRequest<'_>) -> Result<String, OpenIdError> {
        let metadata = self.metadata().await?;
        let TokenRequest { client_id, secret, redirect, code, verifier } = request;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        let asked = self.client.post(metadata.token_endpoint.clone());
        let asked = match secret {
            Some(secret) if metadata.takes_basic() => asked.basic_auth(escape(client_id), Some(escape(secret))),
            Some(secret) => {
                form.extend([("client_id", client_id), ("client_secret", secret)]);
                asked
            }
            None => {
                form.push(("client_id", client_id));
                asked
            }
        };
        let TokenAnswer { id_token } = answer(asked.form(&form)).await?;
        Ok(id_token)
    }

    async fn fetch<T: DeserializeOwned>(&self, kept: &mut Kept, url: &str) -> Result<T, OpenIdError> {
        let now = self.clock.now();
        if kept.away_until.is_some_and(|until| now < until) {
            return Err(OpenIdError::Away("it was just now".to_owned()));
        }
        let fetched = answer(self.client.get(url)).await;
        kept.away_until = fetched.is_err().then(|| now.saturating_add_ms(AWAY_MS));
        // Whatever it is that a document is refused with, it is no person that was refused.
        fetched.map_err(|error| match error {
            OpenIdError::Refused(why) => OpenIdError::Away(why),
            away @ OpenIdError::Away(_) => away,
        })
    }

    /// Who says to be another issuer than was asked could have been put in its place (Discovery, section 4.3).
    fn checked(&self, metadata: Metadata) -> Result<Metadata, OpenIdError> {
        if metadata.issuer != self.issuer {
            return Err(OpenIdError::Away("it says to be another issuer".to_owned()));
        }
        let urls = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        if !self.is_local && urls.iter().any(|url| url.scheme() != "https") {
            return Err(OpenIdError::Away("it names places without https".to_owned()));
        }
        Ok(metadata)
    }
}

impl Metadata {
    fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref();
        methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
    }
}

/// What was answered, as JSON.
async fn answer<T: DeserializeOwned>(asked: RequestBuilder) -> Result<T, OpenIdError> {
    // Without its URL: the library writes it into its errors.
    let away = |error: reqwest::Error| OpenIdError::Away(error.without_url().to_string());
    let mut response = asked.send().await.map_err(away)?;
    let status = response.status();
    if status == StatusCode::BAD_REQUEST {
        return Err(OpenIdError::Refused("the code is not, or no more, good".to_owned()));
    }
    if !status.is_success() {
        return Err(OpenIdError::Away(format!("it answered {}", status.as_u16())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(OpenIdError::Away(format!("it answered more than {ANSWER_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    // Without the reader's words: they may repeat what was read.
    serde_json::from_slice(&body).map_err(|_| OpenIdError::Away("its answer does not read".to_owned()))
}

/// As a form holds it, which is how name and secret stand in the header (RFC 6749, section 2.3.1).
fn escape(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(escaped).collect()
}
