//! No body of any operation is answered with our fault, and a refusal is a problem that names the place. The first byte
//! picks the operation, the rest is the body; a word such as `@coupon` in it stands for an id.
#![no_main]

use std::sync::LazyLock;

use fuzz::Shop;
use http::{Method, StatusCode, header};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static SHOP: LazyLock<Shop> = LazyLock::new(Shop::open);

/// What takes a body, and whether a person asks. The seeds name the places of these: append only.
const OPERATIONS: [(&str, &str, bool); 37] = [
    ("POST", "/v1/coupons", false),
    ("PUT", "/v1/coupons/@pool", false),
    ("POST", "/v1/campaigns", false),
    ("PUT", "/v1/campaigns/@fair", false),
    ("POST", "/v1/coupons/@coupon/claims", false),
    ("POST", "/v1/campaigns/@campaign/claims", false),
    ("POST", "/v1/claims", false),
    ("POST", "/v1/coupons/@coupon/vouchers", false),
    ("POST", "/v1/coupons/@coupon/restock", false),
    ("POST", "/v1/vouchers/@voucher/assign", false),
    ("POST", "/v1/quotes", false),
    ("POST", "/v1/redemptions", false),
    ("POST", "/v1/redemptions/@redemption/amend", false),
    ("POST", "/v1/redemptions/@redemption/return", false),
    ("POST", "/v1/customers", false),
    ("PATCH", "/v1/customers/@customer", false),
    ("POST", "/v1/customers/@customer/identities", false),
    ("POST", "/v1/blocks", false),
    ("POST", "/v1/accounts", false),
    ("PATCH", "/v1/accounts/@account", false),
    ("POST", "/v1/api-keys", false),
    ("PUT", "/v1/tenant", false),
    ("PATCH", "/v1/me", true),
    ("POST", "/v1/auth/register", false),
    ("POST", "/v1/auth/login", false),
    ("POST", "/v1/auth/recover", false),
    ("POST", "/v1/auth/refresh", false),
    ("POST", "/v1/auth/reset", false),
    ("POST", "/v1/auth/setup", false),
    ("POST", "/v1/auth/verify", true),
    ("POST", "/v1/auth/oidc", false),
    ("POST", "/admin/coupons", false),
    ("PUT", "/admin/coupons/1", false),
    ("POST", "/admin/coupons/1/vouchers", false),
    ("POST", "/redeem", false),
    ("POST", "/api/v1/coupon", false),
    ("POST", "/v1/coupons/@coupon/pause", false),
];

fuzz_target!(|input: &[u8]| {
    let Some((place, body)) = input.split_first() else { return };
    let (method, path, by_a_person) = OPERATIONS[usize::from(*place) % OPERATIONS.len()];
    let shop = &*SHOP;
    let path = shop.named_in(path);
    let body = match std::str::from_utf8(body) {
        Ok(text) => shop.named_in(text).into_bytes(),
        Err(_) => body.to_vec(),
    };
    let method: Method = method.parse().expect("a method");
    let token = if by_a_person { &shop.access } else { &shop.key };
    let mut request = shop.request(method, &path, token);
    // The tenant's settings are read and never set: quotas would stop what comes after.
    if path == "/v1/tenant" {
        request
            .headers_mut()
            .expect("it is good so far")
            .insert(header::IF_MATCH, "\"4000000000\"".parse().expect("a tag"));
    }
    let answer = shop.ask(request.body(body.into()).expect("a request"));
    assert!(!answer.status.is_server_error(), "{path}: {answer:?}");
    if answer.status.is_client_error() && path.starts_with("/v1/") {
        check(answer.status, &answer.body);
    }
});

fn check(status: StatusCode, problem: &Value) {
    assert_eq!(problem["status"], status.as_u16(), "{problem}");
    assert!(problem["code"].is_string() && problem["detail"].is_string(), "{problem}");
    if problem["code"] == "invalid_field" {
        let pointer = problem.pointer("/errors/0/pointer").and_then(Value::as_str);
        assert!(pointer.is_some_and(|pointer| pointer.is_empty() || pointer.starts_with('/')), "{problem}");
    }
}
