//! A provider of identities on this machine: signs in at once whoever comes, as who the test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use api::auth::{SECRET_PREFIX, hash_secret, new_secret};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub const CLIENT_ID: &str = "scrip";
pub const CLIENT_SECRET: &str = "s3cr/et";
/// `scrip:s3cr%2Fet` in base 64.
const BASIC: &str = "Basic c2NyaXA6czNjciUyRmV0";

/// How it signs, and with which name.
#[derive(Clone)]
pub struct Signing {
    pub header: Header,
    pub key: EncodingKey,
}

impl Signing {
    pub fn es256(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let der = pair.to_pkcs8v1().expect("it is written");
        Self::new(Algorithm::ES256, kid, EncodingKey::from_ec_der(der.as_ref()))
    }

    pub fn rs256(kid: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der = pair.as_der().expect("it is written");
        // Within PKCS #8 of this size, PKCS #1 begins after 26 bytes.
        Self::new(Algorithm::RS256, kid, EncodingKey::from_rsa_der(&der.as_ref()[26..]))
    }

    /// With a secret that both know.
    pub fn hs256(kid: &str, secret: &str) -> Self {
        Self::new(Algorithm::HS256, kid, EncodingKey::from_secret(secret.as_bytes()))
    }

    fn new(algorithm: Algorithm, kid: &str, key: EncodingKey) -> Self {
        Self { header: Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) }, key }
    }

    fn shown(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.header.alg).expect("a key that can be shown");
        jwk.common.key_id = self.header.kid.clone();
        serde_json::to_value(jwk).expect("it is written")
    }
}

/// What the test sets.
pub struct Behaviour {
    /// Signs ID tokens.
    pub signing: Signing,
    /// Whose keys it shows.
    pub shown: Vec<Signing>,
    /// Replaces or adds claims; null takes one away.
    pub claims: Value,
    /// What it says about itself in place of the truth.
    pub metadata: Value,
    /// Whether it answers at all.
    pub is_away: bool,
    /// How often its keys were asked for.
    pub keys_asked: usize,
    departures: HashMap<String, HashMap<String, String>>,
}

pub struct Provider {
    pub issuer: String,
    behaviour: Arc<Mutex<Behaviour>>,
}

#[derive(Clone)]
struct Shared {
    issuer: String,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Shared {
    fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour.lock().expect("no test panics with it")
    }
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("it is bound"));
        let signing = Signing::es256("one");
        let behaviour = Arc::new(Mutex::new(Behaviour {
            shown: vec![signing.clone()],
            signing,
            claims: json!({}),
            metadata: json!({}),
            is_away: false,
            keys_asked: 0,
            departures: HashMap::new(),
        }));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(Shared { issuer: issuer.clone(), behaviour: Arc::clone(&behaviour) });
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { issuer, behaviour }
    }

    pub fn set(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour.lock().expect("no test panics with it"));
    }

    pub fn keys_asked(&self) -> usize {
        self.behaviour.lock().expect("no test panics with it").keys_asked
    }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a provider elsewhere has the machine's time")]
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later").as_secs()
}

fn put_over(into: &mut Value, over: &Value) {
    for (name, value) in over.as_object().expect("an object") {
        into[name] = value.clone();
    }
    into.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
}

async fn metadata(State(shared): State<Shared>) -> Response {
    let (behaviour, issuer) = (shared.behaviour(), &shared.issuer);
    if behaviour.is_away {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let mut told = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
    });
    put_over(&mut told, &behaviour.metadata);
    Json(told).into_response()
}

async fn keys(State(shared): State<Shared>) -> Json<Value> {
    let mut behaviour = shared.behaviour();
    behaviour.keys_asked += 1;
    let mut shown: Vec<Value> = behaviour.shown.iter().map(Signing::shown).collect();
    shown.push(json!({ "kty": "of another world", "kid": "two" }));
    Json(json!({ "keys": shown }))
}

async fn authorize(State(shared): State<Shared>, Query(query): Query<HashMap<String, String>>) -> Response {
    let is_good = [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("scope", "openid email profile"),
        ("code_challenge_method", "S256"),
    ];
    if is_good.iter().any(|(name, value)| query.get(*name).map(String::as_str) != Some(value)) {
        return (StatusCode::BAD_REQUEST, format!("{query:?}")).into_response();
    }
    let mut behaviour = shared.behaviour();
    let code = format!("code-{}", behaviour.departures.len());
    let back = format!("{}?code={code}&state={}&session_state=more", query["redirect_uri"], query["state"]);
    behaviour.departures.insert(code, query);
    Redirect::to(&back).into_response()
}

async fn token(State(shared): State<Shared>, headers: HeaderMap, form: String) -> Response {
    let form = Url::parse(&format!("http://form/?{form}")).expect("a form is like a query");
    let form: HashMap<String, String> = form.query_pairs().into_owned().collect();
    let mut behaviour = shared.behaviour();
    let departed = form.get("code").and_then(|code| behaviour.departures.remove(code));
    let Some(departed) = departed else { return (StatusCode::BAD_REQUEST, "no such code").into_response() };
    let challenge = new_secret(hash_secret(&form["code_verifier"]));
    let is_same = form["redirect_uri"] == departed["redirect_uri"]
        && challenge.strip_prefix(SECRET_PREFIX) == Some(departed["code_challenge"].as_str());
    if headers["authorization"] != BASIC || form["grant_type"] != "authorization_code" || !is_same {
        return (StatusCode::UNAUTHORIZED, "another client").into_response();
    }
    let mut claims = json!({
        "iss": shared.issuer, "aud": CLIENT_ID, "sub": "7f3c", "nonce": departed["nonce"],
        "iat": now_s(), "exp": now_s() + 300,
        "email": "olga@shop.example", "email_verified": true, "given_name": "Olga", "family_name": "Petrova",
        "groups": ["everybody", "shop-operators"],
    });
    put_over(&mut claims, &behaviour.claims);
    let Signing { header, key } = &behaviour.signing;
    let id_token = jsonwebtoken::encode(header, &claims, key).expect("it is signed");
    Json(json!({ "access_token": "not needed", "token_type": "Bearer", "id_token": id_token })).into_response()
}
