//! What a provider signed, and what of it is believed (OpenID Connect Core 1.0, section 3.1.3.7).

use domain::time::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use ports::OpenIdError;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Those with a key that only the provider has. With a shared one (HS256) whoever checks could sign, and a public key
/// could be passed off as a shared one.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// How far the provider's clock may be from ours.
const DRIFT_S: i64 = 60;
/// It was signed for a sign-in that is under way, so not long ago, whatever it says about its end.
const AGE_S_MAX: i64 = 10 * 60;
/// Core, section 2.
const SUBJECT_BYTES_MAX: usize = 255;
/// Longer is no address and no name.
const TEXT_BYTES_MAX: usize = 254;

/// What it has to be.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: Timestamp,
}

#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub sub: String,
    /// One or several; that we are among them is looked at with the signature.
    aud: Value,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    pub email: Option<String>,
    #[serde(default, deserialize_with = "yes")]
    pub email_verified: bool,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Some providers say it as a text.
fn yes<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let said = Value::deserialize(from)?;
    Ok(said == Value::Bool(true) || said.as_str() == Some("true"))
}

impl Claims {
    /// What a claim holds that is a text or a list of texts.
    pub(super) fn texts(&self, claim: &str) -> Vec<&str> {
        match self.others.get(claim) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// What a token says about its signature; not believed yet.
pub(super) fn header(token: &str) -> Result<Header, OpenIdError> {
    jsonwebtoken::decode_header(token).map_err(|_| refused("the ID token does not read"))
}

/// What was signed, if it was signed by the provider, for us, for this sign-in, and now.
pub(super) fn verify(
    token: &str,
    header: &Header,
    keys: &[Jwk],
    expected: Expected<'_>,
) -> Result<Claims, OpenIdError> {
    let key = key_for(header, keys)?;
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    // By the store's clock, below.
    validation.validate_exp = false;
    let read = jsonwebtoken::decode::<Claims>(token, &key, &validation);
    let claims = read.map_err(|error| refused(reason(&error)))?.claims;
    check(&claims, expected).map_or(Ok(()), |why| Err(refused(why)))?;
    Ok(claims)
}

/// Not in the library's words: they may repeat what was read.
fn reason(error: &jsonwebtoken::errors::Error) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidSignature => "the ID token is not signed by the provider",
        ErrorKind::InvalidIssuer => "the ID token is of another issuer",
        ErrorKind::InvalidAudience => "the ID token is for another client",
        _ => "the ID token does not read",
    }
}

/// The key that the token names, or the only one there is.
fn key_for(header: &Header, keys: &[Jwk]) -> Result<DecodingKey, OpenIdError> {
    if !ALGORITHMS.contains(&header.alg) {
        return Err(refused("the ID token is signed in a way that is not trusted"));
    }
    let fits = |key: &&Jwk| {
        let is_named = header.kid.is_none() || key.common.key_id == header.kid;
        is_named && !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption))
    };
    let usable = keys.iter().filter(fits).filter_map(|key| DecodingKey::from_jwk(key).ok());
    let mut of_kind = usable.filter(|key| key.family() == header.alg.family());
    match (of_kind.next(), of_kind.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(refused("the ID token is signed with a key that the provider does not show")),
        (Some(_), Some(_)) => Err(refused("the ID token does not say which key it is signed with")),
    }
}

/// What is wrong, if anything.
fn check(claims: &Claims, expected: Expected<'_>) -> Option<&'static str> {
    let now_s = expected.now.as_ms().div_euclid(1_000);
    let is_for_others = claims.aud.as_array().is_some_and(|audience| audience.len() > 1) && claims.azp.is_none();
    let texts = [&claims.email, &claims.given_name, &claims.family_name];
    let is_long = texts.into_iter().flatten().any(|text| text.len() > TEXT_BYTES_MAX);
    let wrongs = [
        (claims.nonce.as_deref() != Some(expected.nonce), "the ID token is for another sign-in"),
        (is_for_others, "the ID token is for others too"),
        (claims.azp.as_ref().is_some_and(|party| party != expected.client_id), "the ID token was given to another"),
        (claims.exp.saturating_add(DRIFT_S) <= now_s, "the ID token has expired"),
        (claims.iat > now_s.saturating_add(DRIFT_S), "the ID token is from the future"),
        (claims.iat.saturating_add(AGE_S_MAX) < now_s, "the ID token is old"),
        (claims.sub.is_empty() || claims.sub.len() > SUBJECT_BYTES_MAX, "the ID token has no usable subject"),
        (is_long, "the ID token has a name or an address that is too long"),
    ];
    wrongs.into_iter().find(|(is_wrong, _)| *is_wrong).map(|(_, why)| why)
}

fn refused(why: &str) -> OpenIdError {
    OpenIdError::Refused(why.to_owned())
}
