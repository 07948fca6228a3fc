//! Who calls. Servers show an API key; customers and staff will show tokens, and become callers of the same kind.

use axum::extract::FromRequestParts;
use domain::event::Actor;
use domain::id::TenantNo;
use http::header;
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::gate::Visit;
use crate::problem::Problem;

/// What the secret of an API key begins with, so that a person and a scanner for leaked secrets know it at sight.
pub const SECRET_PREFIX: &str = "scrip_";

/// Longer than any key or token; what is longer is not hashed.
const TOKEN_BYTES_MAX: usize = 4_096;

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Who calls, and for which tenant. As an extractor: 401 without a valid `Authorization: Bearer KEY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// All that is read and changed is this tenant's.
    pub tenant: TenantNo,
    /// Stands in the events of what is changed.
    pub actor: Actor,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(Visit { caller: Some(caller), .. }) = parts.extensions.get::<Visit>() {
            return Ok(*caller);
        }
        let value = parts
            .headers
            .get(header::AUTHORIZATION)
            .ok_or_else(|| Problem::unauthorized("Send an API key as `Authorization: Bearer KEY`."))?;
        let token = value.to_str().ok().and_then(bearer).unwrap_or_default();
        let key = app.store.api_key(&hash_secret(token)).filter(|key| key.revoked_at.is_none());
        let key = key.ok_or_else(|| Problem::unauthorized("The API key is not known, or was revoked."))?;
        Ok(Self { tenant: key.tenant, actor: Actor::Key(key.no) })
    }
}

/// What is kept of a secret. It is found by this hash, so a comparison tells nothing about the secret by its time.
#[must_use]
pub fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The secret of an API key made of these random bytes: `scrip_` and 43 characters of base64url.
#[must_use]
pub fn new_secret(random: [u8; 32]) -> String {
    let mut secret = SECRET_PREFIX.to_owned();
    for three in random.chunks(3) {
        let mut bytes = [0; 4];
        bytes[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(bytes);
        let symbols = (0..=three.len()).map(|place| BASE64URL[(bits >> (18 - 6 * place) & 63) as usize]);
        secret.extend(symbols.map(char::from));
    }
    secret
}

/// The token of `Bearer TOKEN`; the scheme in any case (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= TOKEN_BYTES_MAX).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_prefix_and_43_characters_that_need_no_escape() {
        assert_eq!(new_secret([0; 32]), format!("scrip_{}", "A".repeat(43)));
        assert_eq!(new_secret([0xff; 32]), format!("scrip_{}8", "_".repeat(42)));
        let counted: Vec<u8> = (0..32).collect();
        let counted = new_secret(counted.try_into().expect("they are 32"));
        assert_eq!(counted, "scrip_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    }

    #[test]
    fn a_hash_is_sha_256() {
        let hex: String = hash_secret("abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn only_a_bearer_has_a_token() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer", None),
            ("Basic abc", None),
            ("abc", None),
        ] {
            assert_eq!(bearer(value), token, "{value}");
        }
    }
}
