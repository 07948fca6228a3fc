//! What is answered to what is wrong, and to what is asked twice.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Server, five_off, folder, order, send};

#[tokio::test]
async fn without_a_valid_key_every_call_is_answered_401() {
    let data = folder();
    let server = Server::start(data.path());
    for request in [
        server.bare(Method::GET, "/v1/coupons"),
        server.bare(Method::GET, "/v1/coupons").bearer_auth("scrip_wrong"),
        server.bare(Method::POST, "/v1/customers").json(&json!({})),
        server.bare(Method::GET, "/v1/vouchers").header("authorization", format!("Basic {}", server.key())),
    ] {
        assert_eq!(send(request).await.refused(401), "unauthorized");
    }
}

/// What is wrong, where it is sent, and the pointer the answer names.
fn wrong_bodies(coupon: &str, customer: &str) -> Vec<(String, Value, u16, &'static str)> {
    let name = |field: &str, value: Value| {
        let mut body = five_off(&json!([]));
        body[field] = value;
        body
    };
    let quote = |order: Value| json!({ "codes": ["X"], "order": order });
    let line = |field: &str, value: Value| {
        let mut order = order("o1", 100);
        order["lines"][0][field] = value;
        quote(order)
    };
    let coupons = || "/v1/coupons".to_owned();
    let quotes = || "/v1/quotes".to_owned();
    vec![
        (coupons(), json!({ "name": "x" }), 422, "/benefit"),
        (coupons(), name("colour", json!(1)), 422, "/colour"),
        (coupons(), name("name", json!("")), 422, "/name"),
        (coupons(), name("currency", json!("euro")), 422, "/currency"),
        (coupons(), name("hold", json!("five minutes")), 422, "/hold"),
        (coupons(), name("benefit", json!({ "type": "percent_off", "rate_bp": 10_001 })), 422, "/benefit/rate_bp"),
        (coupons(), name("benefit", json!({ "type": "amount_off", "amount_minor": -1 })), 422, "/benefit/amount_minor"),
        (coupons(), name("validity", json!({ "zone": "Mars/Olympus" })), 422, "/validity/zone"),
        (coupons(), name("validity", json!({ "from": "2026-02-30T00:00:00Z" })), 422, "/validity/from"),
        (
            coupons(),
            name("limits", json!([{ "counts": "claims", "per": "everyone", "period": "ever", "max": -1 }])),
            422,
            "/limits/0/max",
        ),
        (format!("/v1/coupons/{coupon}/claims"), json!({ "customer_id": "cus_0" }), 422, "/customer_id"),
        (format!("/v1/coupons/{coupon}/vouchers"), json!({ "count": 0 }), 422, "/count"),
        (
            "/v1/claims".to_owned(),
            json!({ "customer_id": customer, "coupon_ids": [coupon, coupon] }),
            422,
            "/coupon_ids/1",
        ),
        (quotes(), line("quantity", json!(0)), 422, "/order/lines/0/quantity"),
        (quotes(), line("quantity", json!(1.5)), 422, "/order/lines/0/quantity"),
        (quotes(), line("unit_price_minor", json!(-5)), 422, "/order/lines/0/unit_price_minor"),
        (
            quotes(),
            line("unit_price_minor", json!(9_000_000_000_000_000_000_i64)),
            422,
            "/order/lines/0/unit_price_minor",
        ),
        (quotes(), quote(json!({ "currency": "EUR", "lines": [] })), 422, "/order/lines"),
        ("/v1/redemptions".to_owned(), json!({ "codes": ["X"], "order": order("o1", 100), "id": "a b" }), 422, "/id"),
    ]
}

#[tokio::test]
async fn what_is_wrong_in_a_body_is_named_and_nothing_is_done() {
    let data = folder();
    let server = Server::start(data.path());
    let (customer, coupon) = (server.customer("ann").await, server.coupon(&five_off(&json!([]))).await);
    for (path, body, status, pointer) in wrong_bodies(&coupon, &customer) {
        let answer = server.post(&path, &body).await.expect(status);
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{path} {body}\n{answer:#}");
    }
    let coupons = server.get("/v1/coupons").await.expect(200);
    assert_eq!(coupons["data"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/v1/vouchers").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn a_body_that_is_no_json_is_answered_400_and_another_type_415() {
    let data = folder();
    let server = Server::start(data.path());
    let post = |body: &'static [u8], kind: &str| {
        server.request(Method::POST, "/v1/customers").header("content-type", kind).body(body)
    };
    assert_eq!(send(post(b"{", "application/json")).await.refused(400), "malformed");
    assert_eq!(send(post(b"{\"name\":\"\xff\"}", "application/json")).await.refused(400), "malformed");
    send(post(b"name=x", "application/x-www-form-urlencoded")).await.expect(415);
    send(server.request(Method::POST, "/v1/customers").json(&"x".repeat(2_000_000))).await.expect(413);
    server.get("/v1/nothing").await.expect(404);
    send(server.request(Method::DELETE, "/v1/coupons")).await.expect(405);
}

#[tokio::test]
async fn vv_2_the_same_key_gives_the_same_answer_and_one_voucher_and_another_body_is_refused() {
    let data = folder();
    let server = Server::start(data.path());
    let (ann, ben) = (server.customer("ann").await, server.customer("ben").await);
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let path = format!("/v1/coupons/{coupon}/claims");
    let claim = |customer: &str| {
        let request = server.request(Method::POST, &path).header("idempotency-key", "k1");
        send(request.json(&json!({ "customer_id": customer })))
    };
    let first = claim(&ann).await;
    assert_eq!(first.header("idempotency-replayed"), None);
    let first = first.expect(201);
    let again = claim(&ann).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201), first);
    assert_eq!(claim(&ben).await.refused(422), "idempotency_key_reused");
    let listed = server.get(&format!("/v1/vouchers?coupon_id={coupon}")).await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stale_edit_is_answered_412_and_changes_nothing() {
    let data = folder();
    let server = Server::start(data.path());
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let path = format!("/v1/coupons/{coupon}");
    let tag = server.get(&path).await.header("etag").expect("a version").to_owned();
    let mut body = five_off(&json!([]));
    body["name"] = json!("Renamed");
    let put = |tag: &str| send(server.request(Method::PUT, &path).header("if-match", tag).json(&body));
    assert_eq!(put(&tag).await.expect(200)["name"], "Renamed");
    assert_eq!(put(&tag).await.refused(412), "version_stale");
}

#[tokio::test]
async fn a_quote_lists_what_does_not_apply_with_the_reason() {
    let data = folder();
    let server = Server::start(data.path());
    let mut save = five_off(&json!([]));
    save["code"] = json!("SAVE5");
    save["minimum_order_minor"] = json!(1_000);
    server.coupon(&save).await;
    let quote = |price: i64, codes: Value| {
        let body = json!({ "codes": codes, "order": order("o1", price) });
        let server = &server;
        async move { server.post("/v1/quotes", &body).await.expect(200) }
    };
    let refused = quote(999, json!(["save-5", "nonsense"])).await;
    assert_eq!(refused["refused"][0]["rejection"], "below_minimum");
    assert_eq!(refused["refused"][0]["code"], "save-5");
    assert_eq!(refused["refused"][1]["rejection"], "code_unknown");
    assert_eq!(refused["total_minor"], 999);
    assert_eq!(quote(1_000, json!(["sаve5"])).await["discount_minor"], 500, "a Cyrillic а looks the same");
}

#[tokio::test]
async fn an_order_has_at_most_one_live_redemption_and_a_total_must_be_the_expected_one() {
    let data = folder();
    let server = Server::start(data.path());
    let mut save = five_off(&json!([]));
    save["code"] = json!("SAVE5");
    server.coupon(&save).await;
    let redeem = |order_id: &str, expected: i64| json!({ "codes": ["SAVE5"], "order": order(order_id, 2_000), "expected_total_minor": expected });
    let unknown = json!({ "codes": ["SAVE5", "NONSENSE"], "order": order("o1", 2_000) });
    let unknown = server.post("/v1/redemptions", &unknown).await;
    assert_eq!(unknown.body["errors"][0]["pointer"], "/codes/1");
    assert_eq!(unknown.refused(409), "code_unknown");
    assert_eq!(server.post("/v1/redemptions", &redeem("o1", 1_400)).await.refused(409), "total_differs");
    server.post("/v1/redemptions", &redeem("o1", 1_500)).await.expect(201);
    assert_eq!(server.post("/v1/redemptions", &redeem("o1", 1_500)).await.refused(409), "order_already_redeemed");
}

#[tokio::test]
async fn a_customer_is_found_by_the_shops_own_id_and_a_coupons_blocks_are_listed() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.customer("ann").await;
    let found = server.get("/v1/customers?external_id=ann").await.expect(200);
    assert_eq!(found["data"][0]["id"], json!(ann));
    assert_eq!(server.get("/v1/customers?external_id=nobody").await.expect(200)["data"], json!([]));
    let unnamed = server.get("/v1/customers").await.expect(422);
    assert_eq!(unnamed["errors"][0]["pointer"], "?external_id");
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let made = server.post(&format!("/v1/coupons/{coupon}/vouchers"), &json!({ "count": 3 })).await.expect(201);
    let blocks = server.get(&format!("/v1/coupons/{coupon}/code-blocks")).await.expect(200);
    assert_eq!(blocks["data"][0]["id"], made["block"]["id"]);
    let listed = server.get(&format!("/v1/vouchers?coupon_id={coupon}")).await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 3, "codes of blocks are listed");
}

#[tokio::test]
async fn one_key_with_another_spelling_of_the_path_has_no_second_effect() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.customer("ann").await;
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let uuid = coupon.strip_prefix("cpn_").unwrap();
    let parts = [&uuid[..8], &uuid[8..12], &uuid[12..16], &uuid[16..20], &uuid[20..]];
    let claim = |id: String| {
        let request = server.request(Method::POST, &format!("/v1/coupons/{id}/claims"));
        send(request.header("idempotency-key", "k").json(&json!({ "customer_id": ann })))
    };
    claim(coupon.clone()).await.expect(201);
    assert_eq!(claim(format!("cpn_{}", parts.join("-"))).await.refused(422), "idempotency_key_reused");
    let array = server.post(&format!("/v1/coupons/{coupon}/claims"), &json!([ann])).await;
    assert_eq!(array.refused(422), "invalid_field");
}
