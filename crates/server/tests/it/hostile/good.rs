//! A good body of every operation that takes one: what is wrong is put into these, so that it alone is wrong.

use serde_json::{Value, json};

use crate::accounts::PASSWORD;
use crate::house::Things;
use crate::scrip::order;

/// The good bodies of an operation, each of a shape that excludes the others.
pub fn bodies(operation: &str, things: &Things) -> Vec<Value> {
    let customer = || json!({ "customer_id": things["customers"] });
    let by = || json!({ "customer": { "external_id": "eve" } });
    match operation {
        "POST /v1/coupons" | "PUT /v1/coupons/{id}" => coupons(things),
        "POST /v1/campaigns" | "PUT /v1/campaigns/{id}" => vec![campaign()],
        "POST /v1/coupons/{id}/claims" | "POST /v1/campaigns/{id}/claims" | "POST /v1/vouchers/{id}/assign" => {
            vec![customer(), by()]
        }
        "POST /v1/claims" => vec![json!({ "customer_id": things["customers"], "coupon_ids": [things["coupons"]] })],
        "POST /v1/coupons/{id}/vouchers" => vec![
            json!({ "count": 1 }),
            json!({ "customer_ids": [things["customers"]] }),
            json!({ "vouchers": [{ "code": "GIVEN1", "customer_id": things["customers"] }] }),
        ],
        "POST /v1/coupons/{id}/restock" => vec![json!({ "limit": "stock", "by": 1, "contributor": "eve" })],
        "POST /v1/coupons/{id}/approvals" => vec![json!({ "version": 1 })],
        "POST /v1/vouchers/{id}/top-ups" | "POST /v1/vouchers/{id}/adjustments" => {
            vec![json!({ "amount_minor": 100, "reason": "a test" })]
        }
        "POST /v1/quotes" => vec![quote(things)],
        "POST /v1/quotes/wallet" => {
            let mut body = quote(things);
            body.as_object_mut().expect("an object").remove("codes");
            vec![body]
        }
        "POST /v1/simulations" => vec![json!({
            "coupon": coupons(things)[1], "needs_code": true, "from": "2026-01-01T00:00:00Z",
            "until": "2096-01-01T00:00:00Z", "orders_max": 100,
        })],
        "POST /v1/redemptions" | "POST /v1/redemptions/{id}/amend" => vec![redemption(things)],
        "POST /v1/redemptions/{id}/return" => vec![json!({ "lines": [{ "line": 0, "quantity": 1 }] })],
        "POST /v1/customers" | "PATCH /v1/customers/{id}" => vec![person()],
        "POST /v1/customers/{id}/identities" => vec![json!({ "kind": "email", "value": "eve@shop.example" })],
        "PUT /v1/segments/{id}" => vec![json!({})],
        "POST /v1/segments/{id}/members" => vec![json!({ "add": [things["customers"]], "remove": [things["victim"]] })],
        "PUT /v1/collections/{id}" => vec![json!({ "of": "skus" })],
        "POST /v1/collections/{id}/entries" => vec![json!({ "add": ["A1"], "remove": ["A2"] })],
        "POST /v1/blocks" => vec![
            json!({ "reason": "abuse", "addresses": "198.51.100.0/24", "note": "n", "until": "2096-01-01T00:00:00Z" }),
            json!({ "reason": "abuse", "customer_id": things["victim"] }),
        ],
        "POST /v1/accounts" => {
            vec![json!({ "username": "mallory", "email": "m@shop.example", "role": "analyst", "first_name": "M" })]
        }
        "PATCH /v1/accounts/{id}" => vec![json!({ "active": true, "role": "analyst" })],
        "POST /v1/api-keys" => vec![json!({ "name": "k", "scopes": ["read"] })],
        "PUT /v1/tenant" => vec![json!({
            "zone": "UTC", "currency": "EUR", "customer_checkout": false,
            "quotas": { "accounts": 100_000, "campaigns": 100_000, "coupons": 100_000, "customers": 100_000 },
            "ceilings": { "amount_minor": 1_000_000, "rate_bp": 10_000 },
            "warn_above_bp": 9_000,
        })],
        "POST /v1/test-clock" => vec![json!({ "advance": "PT1S" })],
        _ => sign_in(operation),
    }
}

fn sign_in(operation: &str) -> Vec<Value> {
    let token = json!({ "token": "made up", "password": "a long enough one" });
    match operation {
        "PATCH /v1/me" => vec![json!({
            "email": "new@shop.example", "first_name": "E", "last_name": "V", "language": "en", "time_zone": "UTC",
            "preferences": { "a": 1 },
        })],
        "POST /v1/auth/register" => vec![json!({
            "username": "trudy", "email": "trudy@shop.example", "password": PASSWORD, "birth_date": "2000-02-29",
            "first_name": "T", "last_name": "R", "language": "en",
        })],
        "POST /v1/auth/login" => vec![json!({ "username": "nobody", "password": PASSWORD, "code": "123456" })],
        "POST /v1/auth/password" => vec![json!({ "old": "a wrong old one", "new": "a long enough one" })],
        "POST /v1/auth/recover" => vec![json!({ "email": "nobody@shop.example" })],
        "POST /v1/auth/refresh" => vec![json!({ "refresh_token": "made up" })],
        "POST /v1/auth/reset" => vec![token],
        "POST /v1/auth/setup" => {
            vec![json!({ "token": "made up", "password": "a long enough one", "username": "root" })]
        }
        "POST /v1/auth/totp/confirm" => vec![json!({ "code": "123456" })],
        "DELETE /v1/auth/totp" => vec![json!({ "password": PASSWORD, "code": "123456" })],
        "POST /v1/auth/verify" | "POST /v1/auth/oidc" => vec![json!({ "token": "made up" })],
        _ => short_form(operation),
    }
}

fn short_form(operation: &str) -> Vec<Value> {
    match operation {
        "POST /admin/coupons" | "PUT /admin/coupons/{id}" => vec![json!({
            "code": "SHORT10", "discount": 10, "discount_type": "percent", "min_cart_value": 50, "min_age": 18,
            "expiry_date": "2096-08-31", "usage_limit": 100, "per_user_limit": 2, "active": true,
        })],
        "POST /admin/coupons/{id}/vouchers" => {
            vec![json!({ "count": 1, "user_id": "eve" }), json!({ "codes": ["SHORT1"] })]
        }
        "POST /redeem" => vec![
            json!({ "voucher_code": "NONSENSE", "cart_value": 80, "user_id": "eve" }),
            json!({ "coupon_code": "NONSENSE", "cart_value": 80 }),
        ],
        "POST /api/v1/coupon" => {
            vec![json!({ "id": "7", "category": "sport", "discount": 5, "discount_type": "percent" })]
        }
        other => panic!("there is no good body for {other}"),
    }
}

fn coupons(things: &Things) -> Vec<Value> {
    let percent = json!({
        "name": "Five off", "currency": "EUR", "minimum_order_minor": 100, "min_age": 18, "visibility": "hidden",
        "benefit": { "type": "percent_off", "rate_bp": 500, "max_minor": 1_000 },
        "validity": {
            "from": "2026-01-01T00:00:00Z", "until": "2096-01-01T00:00:00Z", "zone": "Europe/Berlin",
            "weekdays": ["mon"], "hours": [{ "from": "08:00", "until": "20:00" }],
        },
        "limits": [{
            "id": "stock", "counts": "claims", "per": "everyone", "period": "ever", "max": 1_000_000,
            "give_back": { "hold_expired": true, "reservation_ended": true, "returned": true, "revoked": false },
        }],
        "hold": "PT5M", "customer_ids": [things["customers"]],
        "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2096-01-01T00:00:00Z", "claims_from": "computed",
    });
    let amount = json!({
        "name": "Five off", "currency": "EUR", "code": "HOSTILE",
        "benefit": { "type": "amount_off", "amount_minor": 500 }, "validity": { "after_claim": "P7D" },
    });
    let pattern = json!({
        "name": "Five off", "benefit": { "type": "percent_off", "rate_bp": 500 },
        "pattern": { "prefix": "HOST-", "alphabet": "base32", "length": 16 },
    });
    vec![percent, amount, pattern]
}

fn campaign() -> Value {
    json!({
        "name": "Spring", "description": "d", "currency": "EUR",
        "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2096-01-01T00:00:00Z",
        "limits": [{ "id": "all", "counts": "value", "per": "everyone", "period": "ever", "max": 1_000_000 }],
    })
}

fn line_of_all(id: &str) -> Value {
    let mut order = order(id, 2_000);
    order["lines"][0]["product"] = json!("A");
    order["lines"][0]["category"] = json!("shoes");
    order
}

fn quote(things: &Things) -> Value {
    json!({ "codes": ["X"], "customer_id": things["customers"], "order": line_of_all("q") })
}

fn redemption(things: &Things) -> Value {
    json!({
        "id": "checkout-1", "codes": ["X"], "customer_id": things["customers"], "order": line_of_all("r"),
        "expected_total_minor": 2_000, "reserve": true, "reserve_for": "PT10M",
    })
}

fn person() -> Value {
    json!({
        "name": "Eve", "external_id": "eve2", "email": "eve2@shop.example", "phone": "+49 30 901821",
        "birth_date": "2000-02-29", "attributes": { "tier": "gold" },
    })
}
