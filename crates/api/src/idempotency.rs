//! A request that changes something: who sends it, under which key, and what makes it the same request again.

use std::net::Ipv4Addr;

use axum::extract::{FromRequest, FromRequestParts as _, MatchedPath, RawPathParams, Request};
use domain::account::Account;
use domain::event::Actor;
use domain::id::TenantNo;
use domain::ledger::{Fingerprint, IdempotencyHash};
use http::request::Parts;
use http::{HeaderName, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::auth::{Caller, Reach};
use crate::extract::{is_json, read_body};
use crate::guesses::Guesser;
use crate::json;
use crate::problem::Problem;
use crate::source::Source;

/// The client's name for one change, optional: under the same key it happens once.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says `true` on an answer that was given before to the same key.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest key.
pub const KEY_BYTES_MAX: usize = 255;

/// Where a change comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub caller: Caller,
    pub source: Source,
    pub key: Option<IdempotencyHash>,
    pub fingerprint: Fingerprint,
}

impl Origin {
    /// Of what an account does to itself, such as signing in.
    pub(crate) fn of_account(tenant: TenantNo, account: &Account) -> Self {
        let (actor, reach) = match account.customer {
            Some(customer) => (Actor::Customer(customer), Reach::Own(customer)),
            None => (Actor::Staff(account.no), Reach::All),
        };
        Self::within(Caller { tenant, actor, reach, signed_in: None })
    }

    /// Of what the system itself does for a tenant.
    pub(crate) fn of_system(tenant: TenantNo) -> Self {
        Self::within(Caller { tenant, actor: Actor::System, reach: Reach::All, signed_in: None })
    }

    /// Of a step that Scrip takes by itself, whoever asked.
    fn within(caller: Caller) -> Self {
        Self { caller, source: Source::of(Ipv4Addr::LOCALHOST.into()), key: None, fingerprint: [0; 16] }
    }

    /// By whom the change's attempts at codes and ids are counted.
    pub(crate) fn guesser(&self) -> Guesser {
        Guesser::of(self.caller.tenant, self.source, Some(self.caller.actor))
    }

    /// For further steps of a change whose first step has used the key.
    pub(crate) fn without_key(self) -> Self {
        Self { key: None, ..self }
    }
}

/// A request that changes something: its origin and its JSON body. No body at all counts as `{}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<T> {
    pub origin: Origin,
    pub body: T,
}

/// The body of a change that needs none: nothing, or `{}`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoBody {}

impl<T: DeserializeOwned> FromRequest<App> for Change<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        let Ok(source) = Source::from_request_parts(&mut parts, app).await;
        let key = given_key(&parts)?;
        let target = target(&mut parts).await?;
        let speaks_json = is_json(&parts.headers);
        let if_match = parts.headers.get(header::IF_MATCH).cloned();
        let body = read_body(Request::from_parts(parts, body)).await?;
        if !speaks_json && !body.is_empty() {
            return Err(Problem::unsupported_media_type());
        }
        let body = canonical(&body);
        let if_match = if_match.as_ref().map_or(&b""[..], |value| value.as_bytes());
        let origin = Origin {
            caller,
            source,
            key: key.map(|key| hash_key(caller, &target.operation, &key)),
            fingerprint: fingerprint(&target, if_match, body),
        };
        Ok(Self { origin, body: json::read(body)? })
    }
}

/// What a request is aimed at, apart from its body.
struct Target {
    /// Method and route.
    operation: String,
    /// The values in the path, each with its length before it.
    parameters: Vec<u8>,
}

async fn target(parts: &mut Parts) -> Result<Target, Problem> {
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let operation = format!("{} {route}", parts.method);
    let values = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| Problem::not_found())?;
    let mut parameters = Vec::new();
    for (_, value) in &values {
        parameters.extend_from_slice(&length(value.as_bytes()));
        parameters.extend_from_slice(value.as_bytes());
    }
    Ok(Target { operation, parameters })
}

fn given_key(parts: &Parts) -> Result<Option<Vec<u8>>, Problem> {
    let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let fits = (1..=KEY_BYTES_MAX).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    if fits && values.next().is_none() {
        return Ok(Some(value.as_bytes().to_vec()));
    }
    let detail = format!("Idempotency-Key must be one key of 1 to {KEY_BYTES_MAX} visible ASCII characters.");
    Err(Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_invalid", detail))
}

/// What of a body makes it another request: every byte, but that no body, blanks and an empty object are the same.
fn canonical(body: &[u8]) -> &[u8] {
    let inner = body.trim_ascii().strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
    let is_empty = body.trim_ascii().is_empty() || inner.is_some_and(|inner| inner.trim_ascii().is_empty());
    if is_empty { b"{}" } else { body }
}

/// Without the path's values: these belong to the fingerprint. One id may be spelled in several ways, and a key whose
/// hash saw the spelling would have a second effect on the same thing.
fn hash_key(caller: Caller, operation: &str, key: &[u8]) -> IdempotencyHash {
    let tenant = caller.tenant.0.to_be_bytes();
    digest(&[&tenant, actor_name(caller).as_bytes(), operation.as_bytes(), key])
}

fn fingerprint(target: &Target, if_match: &[u8], body: &[u8]) -> Fingerprint {
    digest(&[&target.parameters, if_match, body])
}

/// Written out, as it is hashed into rows that outlive this build.
fn actor_name(caller: Caller) -> String {
    match caller.actor {
        Actor::System => "system".to_owned(),
        Actor::Operator => "operator".to_owned(),
        Actor::Key(no) => format!("key {no}"),
        Actor::Customer(no) => format!("customer {no}"),
        Actor::Staff(no) => format!("staff {no}"),
    }
}

/// The first half of SHA-256 over the parts, each with its length before it, so that no two lists of parts look alike.
fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(length(part));
        hash.update(part);
    }
    let whole: [u8; 32] = hash.finalize().into();
    *whole.first_chunk().expect("16 of 32 bytes")
}

fn length(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const CALLER: Caller = Caller { tenant: TenantNo(1), actor: Actor::Key(1), reach: Reach::All, signed_in: None };

    #[test]
    fn no_body_and_an_empty_object_are_the_same_request() {
        for body in ["", " \n", "{}", " { } "] {
            assert_eq!(canonical(body.as_bytes()), b"{}", "{body:?}");
        }
        for body in ["{\"a\":1}", "[]", "{", "}", "{}{}", " null"] {
            assert_eq!(canonical(body.as_bytes()), body.as_bytes(), "{body:?}");
        }
    }

    #[test]
    fn a_key_is_the_callers_own_and_that_of_one_operation() {
        const CLAIM: &str = "POST /v1/coupons/{id}/claims";
        let here = hash_key(CALLER, CLAIM, b"k");
        let others = [
            hash_key(Caller { tenant: TenantNo(2), ..CALLER }, CLAIM, b"k"),
            hash_key(Caller { actor: Actor::Key(2), ..CALLER }, CLAIM, b"k"),
            hash_key(CALLER, "POST /v1/coupons/{id}/pause", b"k"),
            hash_key(CALLER, "POST /v1/coupons/{id}/claimsk", b""),
            hash_key(CALLER, CLAIM, b"l"),
        ];
        assert!(others.iter().all(|other| *other != here));
        assert_eq!(here, hash_key(CALLER, CLAIM, b"k"));
    }

    /// The key's hash and the fingerprint of a claim.
    async fn aimed_at(path: &'static str) -> (IdempotencyHash, Fingerprint) {
        use axum::routing::post;
        use tower::ServiceExt as _;

        let handler = |request: Request<axum::body::Body>| async move {
            let target = target(&mut request.into_parts().0).await.expect("a path");
            let both = [hash_key(CALLER, &target.operation, b"k"), fingerprint(&target, b"", b"{}")];
            both.concat()
        };
        let router = axum::Router::new().route("/v1/coupons/{id}/claims", post(handler));
        let request = Request::post(path).body(axum::body::Body::empty()).expect("a request");
        let response = router.oneshot(request).await.expect("it never fails");
        let body = axum::body::to_bytes(response.into_body(), 32).await.expect("32 bytes");
        let (hash, fingerprint) = body.split_first_chunk().expect("16 bytes");
        (*hash, fingerprint.try_into().expect("16 bytes"))
    }

    #[tokio::test]
    async fn the_same_key_on_another_path_is_used_and_another_request() {
        let plain = aimed_at("/v1/coupons/cpn_01/claims").await;
        assert_eq!(plain, aimed_at("/v1/coupons/cpn_01/claims").await);
        for path in ["/v1/coupons/cpn_0-1/claims", "/v1/coupons/CPN_01/claims", "/v1/coupons/cpn_02/claims"] {
            let other = aimed_at(path).await;
            assert_eq!(plain.0, other.0, "{path}: one key");
            assert_ne!(plain.1, other.1, "{path}: two requests");
        }
    }

    fn check_key(values: &[&[u8]], fits: Option<bool>) {
        let mut request = Request::builder();
        for value in values {
            request = request.header(IDEMPOTENCY_KEY, *value);
        }
        let (parts, ()) = request.body(()).expect("headers that may be sent").into_parts();
        let found = given_key(&parts);
        assert_eq!(found.as_ref().ok().map(Option::is_some), fits, "{values:?}");
    }

    #[test]
    fn a_key_is_short_and_visible_or_refused() {
        check_key(&[], Some(false));
        check_key(&[b"7f9c-1"], Some(true));
        check_key(&[&[b'k'; 255]], Some(true));
        check_key(&[&[b'k'; 256]], None);
        check_key(&[b""], None);
        check_key(&[b"a b"], None);
        check_key(&["ä".as_bytes()], None);
        check_key(&[b"a", b"b"], None);
    }
}
