//! Access tokens (JWT, RFC 7519) and what else is random and handed out once. An access token only names a session: that
//! it goes on, and what its account may do, is looked up each time, so that a sign-out and a change act at once.

use domain::id::{AccountNo, SessionId, TenantNo};
use domain::time::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::problem::Problem;

/// How long an access token is good: it is renewed with the refresh token.
pub(crate) const ACCESS_MS: i64 = 15 * 60_000;
/// How long a session goes on without being renewed.
pub(crate) const SESSION_MS: i64 = 30 * 24 * 3_600_000;

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub tenant: TenantNo,
    pub account: AccountNo,
    pub session: SessionId,
}

/// The claims of a token. `exp` is looked at by the store's clock, which may have been moved.
#[derive(Serialize, Deserialize)]
struct Claims {
    tid: u32,
    sub: String,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

/// An access token of a session, good from `now` on for [`ACCESS_MS`].
pub(crate) fn sign(key: &[u8; 32], access: Access, now: Timestamp) -> Result<String, Problem> {
    let Access { tenant, account, session } = access;
    let iat = now.as_ms() / 1_000;
    let claims = Claims { tid: tenant.0, sub: account.to_string(), sid: session.0, iat, exp: iat + ACCESS_MS / 1_000 };
    let signed = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(key));
    signed.map_err(|error| Problem::internal(&error))
}

/// What a token says, if we signed it and its time is not over.
pub(crate) fn verify(key: &[u8; 32], token: &str, now: Timestamp) -> Option<Access> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let read = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(key), &validation).ok()?;
    let Claims { tid, sub, sid, exp, .. } = read.claims;
    if exp.saturating_mul(1_000) <= now.as_ms() {
        return None;
    }
    Some(Access { tenant: TenantNo(tid), account: AccountNo(sub.parse().ok()?), session: SessionId(sid) })
}

/// A secret nobody can guess, fit for a URL: 43 characters of base64url.
pub(crate) fn random_token() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Problem::internal(&error))?;
    Ok(base64url(&bytes))
}

/// What is kept of a token. It is found by this hash, so a comparison tells nothing about the token by its time.
pub(crate) fn hash_token(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Without padding (RFC 4648, section 5).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut padded = [0; 4];
        padded[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(padded);
        let symbols = (0..=three.len()).map(|place| BASE64URL[(bits >> (18 - 6 * place) & 63) as usize]);
        text.extend(symbols.map(char::from));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const ACCESS: Access =
        Access { tenant: TenantNo(2), account: AccountNo(5), session: SessionId(Uuid::from_u128(9)) };

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_token_reads_back_until_its_time_is_over_and_under_its_own_key_only() {
        let token = sign(&KEY, ACCESS, at(1_000)).expect("it is signed");
        assert_eq!(verify(&KEY, &token, at(1_000)), Some(ACCESS));
        assert_eq!(verify(&KEY, &token, at(ACCESS_MS + 999)), Some(ACCESS));
        assert_eq!(verify(&KEY, &token, at(ACCESS_MS + 1_000)), None);
        assert_eq!(verify(&[8; 32], &token, at(1_000)), None);
    }

    #[test]
    fn a_token_that_was_changed_or_is_signed_by_nobody_says_nothing() {
        let token = sign(&KEY, ACCESS, at(1_000)).expect("it is signed");
        let [head, claims, _] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let unsigned = base64url(br#"{"alg":"none","typ":"JWT"}"#);
        for forged in [format!("{head}.{claims}."), format!("{unsigned}.{claims}."), claims.to_owned(), String::new()] {
            assert_eq!(verify(&KEY, &forged, at(1_000)), None, "{forged}");
        }
    }

    #[test]
    fn bytes_are_written_without_padding() {
        for (bytes, text) in [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (&[0xff, 0xfe], "__4")] {
            assert_eq!(base64url(bytes), text);
        }
    }
}
