//! Nobody gets in by a token that was not given to him. The first byte picks what is tried, the rest is tried.
#![no_main]

use std::sync::LazyLock;

use axum::body::Body;
use fuzz::{Answer, Shop};
use http::{HeaderValue, Method, Request, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use libfuzzer_sys::fuzz_target;
use ports::Records as _;
use serde_json::{Value, json};

static SHOP: LazyLock<Shop> = LazyLock::new(Shop::open);

fuzz_target!(|input: &[u8]| {
    let Some((way, rest)) = input.split_first() else { return };
    let shop = &*SHOP;
    match way % 5 {
        0 => refused_unless_known(shop, rest),
        1 => refused_unless_known(shop, &[b"Bearer ", rest].concat()),
        2 => refused_unless_known(shop, &[b"Bearer ", &*changed(&shop.access, rest)].concat()),
        3 => signed_by_us(shop, rest),
        _ => refreshed(shop, rest),
    }
});

fn ask(shop: &Shop, authorization: &[u8]) -> Option<Answer> {
    let value = HeaderValue::from_bytes(authorization).ok()?;
    let request = Request::get("/v1/wallet").header(header::AUTHORIZATION, value).body(Body::empty());
    Some(shop.ask(request.expect("a request")))
}

fn refused_unless_known(shop: &Shop, authorization: &[u8]) {
    let Some(answer) = ask(shop, authorization) else { return };
    let text = String::from_utf8_lossy(authorization);
    let is_known = text.contains(&shop.access) || text.contains(&shop.key);
    assert!(is_known || answer.status == 401, "{text}: {answer:?}");
    assert!(!answer.status.is_server_error(), "{text}: {answer:?}");
}

/// The token with some of its bytes changed: pairs of a place and what it is combined with.
fn changed(token: &str, changes: &[u8]) -> Vec<u8> {
    let mut token = token.as_bytes().to_vec();
    for pair in changes.chunks_exact(2) {
        let place = usize::from(pair[0]) % token.len();
        token[place] ^= pair[1];
    }
    token
}

/// Whatever the claims are, a signature of ours does not make them true.
fn signed_by_us(shop: &Shop, claims: &[u8]) {
    let Ok(claims) = serde_json::from_slice::<Value>(claims) else { return };
    let codes = shop.store.codes();
    let key = EncodingKey::from_secret(codes.token_key());
    let Ok(token) = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key) else { return };
    let Some(answer) = ask(shop, format!("Bearer {token}").as_bytes()) else { return };
    assert_eq!(answer.status, 401, "{claims}: {answer:?}");
}

fn refreshed(shop: &Shop, token: &[u8]) {
    let token = String::from_utf8_lossy(token);
    let answer = shop.send(Method::POST, "/v1/auth/refresh", json!({ "refresh_token": token }).to_string());
    assert!(token == shop.refresh || answer.status.is_client_error(), "{token}: {answer:?}");
}
