//! What an order comes to, as a shop sees it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, staff};
use crate::scrip::{Server, folder, send};

/// Shoes for 80.00, a cup for 20.00 and sending for 5.00.
fn order() -> Value {
    json!({
        "id": "o1",
        "currency": "EUR",
        "lines": [
            { "sku": "runner", "category": "fashion/shoes", "merchant": "m1", "quantity": 2, "unit_price_minor": 4_000 },
            { "sku": "cup", "category": "home", "quantity": 1, "unit_price_minor": 2_000 },
        ],
        "shipping_minor": 500,
        "channel": "web",
        "customer": { "orders": 0, "tags": ["vip"] },
    })
}

fn coupon(code: &str, benefit: Value, more: Value) -> Value {
    let mut body = json!({ "name": code, "code": code, "currency": "EUR", "benefit": benefit, "activate": true });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

async fn made(server: &Server, body: &Value) -> String {
    let made = server.post("/v1/coupons", body).await.expect(201);
    for (name, value) in body.as_object().expect("an object").iter().filter(|(name, _)| *name != "activate") {
        if name == "conditions" || name == "merchant" || name == "automatic" {
            assert_eq!(&made[name], value, "it is shown as it was given");
        }
    }
    made["id"].as_str().expect("an id").to_owned()
}

async fn quote(server: &Server, codes: &[&str]) -> Value {
    server.post("/v1/quotes", &json!({ "codes": codes, "order": order() })).await.expect(200)
}

#[tokio::test]
async fn every_kind_of_benefit_is_defined_and_priced_over_http() {
    let data = folder();
    let server = Server::start(data.path());
    for (code, benefit, more, discount_minor) in [
        ("PERCENT", json!({ "type": "percent_off", "rate_bp": 1_000 }), json!({}), 1_000),
        ("SHIP", json!({ "type": "percent_off", "rate_bp": 10_000, "on": "shipping" }), json!({}), 500),
        (
            "LADDER",
            json!({ "type": "ladder", "steps": [
                { "from": 5_000, "amount_minor": 500 }, { "from": 10_000, "amount_minor": 1_500 }] }),
            json!({}),
            1_500,
        ),
        ("EVERY", json!({ "type": "every_off", "every_minor": 3_000, "amount_minor": 100 }), json!({}), 300),
        (
            "FIXED",
            json!({ "type": "fixed_price", "price_minor": 3_500 }),
            json!({ "scope": { "include": { "categories": ["fashion"] } } }),
            1_000,
        ),
        ("UNITS", json!({ "type": "units_off", "buy": 2, "get": 1, "rate_bp": 10_000 }), json!({}), 2_000),
    ] {
        made(&server, &coupon(code, benefit, more)).await;
        let quoted = quote(&server, &[code]).await;
        assert_eq!(quoted["discount_minor"], discount_minor, "{code}: {quoted}");
        assert_eq!(quoted["total_minor"], 10_500 - discount_minor, "{code}");
    }
    made(&server, &coupon("GIFT", json!({ "type": "gift", "sku": "cap", "quantity": 1 }), json!({}))).await;
    assert_eq!(quote(&server, &["GIFT"]).await["applied"][0]["gift"], json!({ "sku": "cap", "quantity": 1 }));
}

#[tokio::test]
async fn a_condition_decides_and_what_is_refused_says_why_and_what_would_help() {
    let data = folder();
    let server = Server::start(data.path());
    let five = || json!({ "type": "amount_off", "amount_minor": 500 });
    let first = json!({ "all": [
        { "field": "customer.order_number", "op": "eq", "value": 1 },
        { "any_line": { "field": "line.category", "op": "under", "value": "fashion" } },
    ] });
    made(&server, &coupon("FIRST", five(), json!({ "conditions": first }))).await;
    let app = json!({ "field": "order.channel", "op": "eq", "value": "app" });
    made(&server, &coupon("APP", five(), json!({ "conditions": app }))).await;
    let shoes = json!({ "scope": { "include": { "categories": ["fashion/shoes"] } }, "minimum_order_minor": 9_000 });
    made(&server, &coupon("SHOES", five(), shoes)).await;

    let quoted = quote(&server, &["FIRST", "APP", "SHOES"]).await;
    assert_eq!(quoted["discount_minor"], 500);
    let refused = quoted["refused"].as_array().expect("a list");
    let said: Vec<_> = refused.iter().map(|one| (&one["code"], &one["rejection"], &one["help"])).collect();
    assert_eq!(
        said,
        [
            (&json!("APP"), &json!("condition_unmet"), &Value::Null),
            (&json!("SHOES"), &json!("below_minimum"), &json!({ "add_minor": 1_000 })),
        ]
    );
    assert_eq!(refused[1]["reason"]["en"], "The order has not reached the minimum of this coupon.");
    assert_eq!(refused[1]["reason"]["zh"], "订单未达到此优惠券的最低金额。");
}

#[tokio::test]
async fn hm_3_a_condition_that_means_nothing_cannot_be_saved_and_its_place_is_named() {
    let data = folder();
    let server = Server::start(data.path());
    let five = || json!({ "type": "amount_off", "amount_minor": 500 });
    for (conditions, pointer) in [
        (json!({ "field": "order.colour", "op": "eq", "value": 1 }), "/conditions/field"),
        (json!({ "all": [{ "field": "order.subtotal", "op": "eq", "value": "much" }] }), "/conditions/all/0/value"),
        (json!({ "field": "order.subtotal", "op": "starts_with", "value": "1" }), "/conditions/op"),
        (json!({ "run": "rm -rf /" }), "/conditions"),
    ] {
        let answer = server.post("/v1/coupons", &coupon("X", five(), json!({ "conditions": conditions }))).await;
        let problem = answer.expect(422);
        let found = problem["errors"][0]["pointer"].as_str().expect("a pointer");
        assert!(found.starts_with(pointer), "{conditions}: {problem}");
    }
    let fields = server.get("/v1/condition-fields").await.expect(200);
    let names: Vec<_> = fields["data"].as_array().expect("a list").iter().map(|field| &field["name"]).collect();
    assert!(names.contains(&&json!("order.subtotal")) && names.contains(&&json!("line.category")), "{names:?}");
}

#[tokio::test]
async fn mz_1_a_wallet_is_judged_for_an_order_usable_with_its_discount_and_the_rest_with_its_reason() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.customer("ann").await;
    let mut vouchers = Vec::new();
    for (name, amount_minor, more) in [
        ("three", 300, json!({})),
        ("seven", 700, json!({})),
        ("books", 900, json!({ "scope": { "include": { "categories": ["books"] } } })),
        ("dear", 900, json!({ "minimum_order_minor": 20_000 })),
    ] {
        let mut body = coupon(name, json!({ "type": "amount_off", "amount_minor": amount_minor }), more);
        body.as_object_mut().expect("an object").remove("code");
        let id = made(&server, &body).await;
        let claim = json!({ "customer_id": ann });
        let claimed = server.post(&format!("/v1/coupons/{id}/claims"), &claim).await.expect(201);
        vouchers.push(claimed["voucher"]["id"].clone());
    }
    let body = json!({ "customer_id": ann, "order": order() });
    let judged = server.post("/v1/quotes/wallet", &body).await.expect(200);
    let usable: Vec<_> = judged["usable"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (&one["voucher_id"], &one["discount_minor"]))
        .collect();
    assert_eq!(usable, [(&vouchers[1], &json!(700)), (&vouchers[0], &json!(300))], "the best first");
    let refused: Vec<_> = judged["not_usable"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (&one["voucher_id"], &one["rejection"]))
        .collect();
    assert_eq!(refused, [(&vouchers[2], &json!("none_in_scope")), (&vouchers[3], &json!("below_minimum"))]);
    assert_eq!(judged["not_usable"][1]["help"], json!({ "add_minor": 10_000 }));
    assert_eq!(judged["cut"], false);
    let nobody = server.post("/v1/quotes/wallet", &json!({ "order": order() })).await.expect(422);
    assert_eq!(nobody["errors"][0]["pointer"], "/customer_id");
}

#[tokio::test]
async fn mz_2_two_coupons_that_exclude_each_other_are_not_used_together_and_two_others_are() {
    let data = folder();
    let server = Server::start(data.path());
    let five = || json!({ "type": "amount_off", "amount_minor": 500 });
    let first = made(&server, &coupon("FIRST", five(), json!({}))).await;
    made(&server, &coupon("SECOND", five(), json!({ "stacking": { "excludes_coupon_ids": [first] } }))).await;
    made(&server, &coupon("THIRD", five(), json!({}))).await;
    let redeem = |codes: &[&str]| json!({ "codes": codes, "order": order() });
    assert_eq!(server.post("/v1/redemptions", &redeem(&["FIRST", "SECOND"])).await.refused(409), "not_combinable");
    let done = server.post("/v1/redemptions", &redeem(&["FIRST", "THIRD"])).await.expect(201);
    assert_eq!(done["discount_minor"], 1_000);
    let missing = json!({ "stacking": { "excludes_coupon_ids": ["cpn_0198f0c2a5b47d10a1f2c3d4e5f60718"] } });
    let wrong = server.post("/v1/coupons", &coupon("FOURTH", five(), missing)).await.expect(422);
    assert_eq!(wrong["errors"][0]["pointer"], "/stacking/excludes_coupon_ids/0");
}

#[tokio::test]
async fn vv_7_what_a_tenant_excludes_and_what_a_coupon_lists_decides_on_which_lines_it_works() {
    let data = folder();
    let server = Server::start(data.path());
    staff(data.path(), "root", "admin");
    let root = server.signed_in("root", PASSWORD).await;
    let ten = || json!({ "type": "percent_off", "rate_bp": 1_000 });
    made(&server, &coupon("WHITE", ten(), json!({ "scope": { "include": { "skus": ["runner"] } } }))).await;
    made(&server, &coupon("BLACK", ten(), json!({ "scope": { "exclude": { "skus": ["runner"] } } }))).await;
    for (code, discount_minor) in [("WHITE", 800), ("BLACK", 200)] {
        assert_eq!(quote(&server, &[code]).await["discount_minor"], discount_minor, "{code}");
    }
    let shown = server.get_as(&root.access, "/v1/tenant").await.expect(200);
    let settings = json!({
        "zone": shown["zone"],
        "currency": shown["currency"],
        "pricing": { "exclusions": { "merchants": ["m1"] }, "lanes": [{ "name": "one", "mode": "best" }] },
    });
    let put = server.bare(Method::PUT, "/v1/tenant").bearer_auth(&root.access).header("if-match", "*");
    let saved = send(put.json(&settings)).await.expect(200);
    assert_eq!(saved["pricing"]["exclusions"]["merchants"], json!(["m1"]));
    let quoted = quote(&server, &["WHITE", "BLACK"]).await;
    assert_eq!((&quoted["discount_minor"], &quoted["refused"][0]["rejection"]), (&json!(200), &json!("excluded")));
}

#[tokio::test]
async fn a_coupon_without_a_code_is_on_every_order_that_it_suits() {
    let data = folder();
    let server = Server::start(data.path());
    let mut body = coupon("x", json!({ "type": "amount_off", "amount_minor": 500 }), json!({ "automatic": true }));
    body.as_object_mut().expect("an object").remove("code");
    made(&server, &body).await;
    assert_eq!(quote(&server, &[]).await["discount_minor"], 500);
    let done = server.post("/v1/redemptions", &json!({ "codes": [], "order": order() })).await.expect(201);
    assert_eq!((&done["discount_minor"], &done["total_minor"]), (&json!(500), &json!(10_000)));
    let whole =
        server.post(&format!("/v1/redemptions/{}/return", done["id"].as_str().expect("an id")), &json!({})).await;
    assert_eq!(whole.expect(200)["returned_minor"], 500);
}

#[tokio::test]
async fn vv_7_a_refund_returns_the_coupon_once_if_it_is_still_valid_and_figures_agree_with_the_rows() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--test-clock"]);
    let mut body = coupon("GOODS", json!({ "type": "amount_off", "amount_minor": 500 }), json!({}));
    body.as_object_mut().expect("an object").remove("code");
    body["validity"] = json!({ "after_claim": "P1D" });
    let id = made(&server, &body).await;
    let ann = server.customer("ann").await;
    let claimed = server.post(&format!("/v1/coupons/{id}/claims"), &json!({ "customer_id": ann })).await.expect(201);
    let voucher = claimed["voucher"].clone();
    let use_it = async |order_id: &str| {
        let mut order = order();
        order["id"] = json!(order_id);
        let body = json!({ "customer_id": ann, "codes": [voucher["code"]], "order": order });
        let used = server.post("/v1/redemptions", &body).await.expect(201);
        format!("/v1/redemptions/{}/return", used["id"].as_str().expect("an id"))
    };
    let state = async || {
        let path = format!("/v1/vouchers/{}", voucher["id"].as_str().expect("an id"));
        server.get(&path).await.expect(200)["state"].clone()
    };
    let refund = use_it("g1").await;
    assert_eq!(state().await, "redeemed");
    server.post(&refund, &json!({})).await.expect(200);
    assert_eq!(state().await, "issued");
    let used_again = use_it("g2").await;
    server.post(&refund, &json!({})).await.expect(200);
    assert_eq!(state().await, "redeemed", "the first order gives it back once");
    server.post("/v1/test-clock", &json!({ "advance": "P2D" })).await.expect(200);
    server.post(&used_again, &json!({})).await.expect(200);
    let mut order = order();
    order["id"] = json!("g3");
    let late = json!({ "customer_id": ann, "codes": [voucher["code"]], "order": order });
    assert!(server.post("/v1/redemptions", &late).await.refused(409).contains("expired"), "its time is over");
    let figures = server.get(&format!("/v1/coupons/{id}/statistics")).await.expect(200);
    for (name, count) in [("issued", 1), ("redeemed", 2), ("returned", 2), ("value_given_minor", 0)] {
        assert_eq!(figures[name], count, "{name}: {figures}");
    }
    let of_ann = server.get(&format!("/v1/redemptions?customer_id={ann}")).await.expect(200);
    let states: Vec<&Value> = of_ann["data"].as_array().expect("a list").iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["returned", "returned"], "as many as were used and came back");
    let vouchers = server.get(&format!("/v1/vouchers?customer_id={ann}")).await.expect(200);
    assert_eq!(vouchers["data"].as_array().expect("a list").len(), 1, "as many as were issued");
}
