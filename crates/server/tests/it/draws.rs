//! Random amounts, as a shop sees them.

use serde_json::{Value, json};

use crate::scrip::{Server, folder, said};

fn random(more: Value) -> Value {
    let mut body = json!({
        "name": "Lucky", "currency": "EUR", "activate": true,
        "benefit": { "type": "random_amount", "min_minor": 100, "max_minor": 900 },
    });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

async fn made(server: &Server, body: &Value) -> String {
    server.post("/v1/coupons", body).await.expect(201)["id"].as_str().expect("an id").to_owned()
}

async fn pointer(server: &Server, path: &str, body: &Value) -> String {
    let problem = server.post(path, body).await.expect(422);
    problem["errors"][0]["pointer"].as_str().expect("a pointer").to_owned()
}

#[tokio::test]
async fn re_1_a_random_amount_is_drawn_at_the_claim_within_its_bounds_and_budget_and_used_as_it_was_shown() {
    let data = folder();
    let server = Server::start(data.path());
    let limits = json!([
        { "counts": "claims", "per": "everyone", "period": "ever", "max": 4 },
        { "counts": "claims", "per": "customer", "period": "ever", "max": 1 },
        { "counts": "value", "per": "everyone", "period": "ever", "max": 1_000 },
    ]);
    let lucky = made(&server, &random(json!({ "limits": limits }))).await;
    let five = json!({ "type": "amount_off", "amount_minor": 500 });
    let fixed = made(&server, &random(json!({ "name": "Five", "benefit": five, "limits": limits }))).await;
    let (mut sum_minor, mut claimed) = (0, Vec::new());
    for name in ["ann", "bob", "cid", "dan"] {
        let customer = server.customer(name).await;
        let claim = json!({ "customer_id": customer });
        let voucher = server.post(&format!("/v1/coupons/{lucky}/claims"), &claim).await.expect(201)["voucher"].take();
        let amount_minor = voucher["amount_minor"].as_i64().expect("it was drawn");
        assert!((100..=900).contains(&amount_minor), "{voucher}");
        sum_minor += amount_minor;
        let other = server.post(&format!("/v1/coupons/{fixed}/claims"), &claim).await.expect(201);
        assert_eq!(other["voucher"]["amount_minor"], Value::Null);
        let again = server.post(&format!("/v1/coupons/{lucky}/claims"), &claim).await.refused(409);
        assert_eq!(again, if claimed.len() < 3 { "customer_limit" } else { "out_of_stock" });
        claimed.push((customer, voucher, amount_minor));
    }
    assert!(sum_minor <= 1_000, "{sum_minor}");
    for (customer, voucher, amount_minor) in claimed {
        let wallet = server.get(&format!("/v1/customers/{customer}/wallet")).await.expect(200);
        let shown = wallet["data"].as_array().expect("a list").iter().find(|one| one["kind"] == "random_amount");
        assert_eq!(shown.expect("it is there")["voucher"]["amount_minor"], amount_minor);
        let id = voucher["id"].as_str().expect("an id");
        assert_eq!(server.get(&format!("/v1/vouchers/{id}")).await.expect(200)["amount_minor"], amount_minor);
        let lines = json!([{ "sku": "tea", "quantity": 1, "unit_price_minor": 5_000 }]);
        let order = json!({ "id": format!("of-{id}"), "currency": "EUR", "lines": lines });
        let body = json!({ "codes": [voucher["code"]], "order": order });
        assert_eq!(server.post("/v1/quotes", &body).await.expect(200)["discount_minor"], amount_minor);
        let redeemed = server.post("/v1/redemptions", &body).await.expect(201);
        assert_eq!(redeemed["discount_minor"], amount_minor, "{redeemed}");
    }
    drop(server);
    said(data.path(), &["check"]);
}

#[tokio::test]
async fn a_random_amount_is_refused_where_there_is_no_voucher_to_draw_it_for() {
    let data = folder();
    let server = Server::start(data.path());
    for (more, expected) in [
        (json!({ "code": "LUCK" }), "/code"),
        (json!({ "automatic": true }), "/automatic"),
        (json!({ "currency": null }), "/currency"),
        (json!({ "benefit": { "type": "random_amount", "min_minor": 9, "max_minor": 8 } }), "/benefit/max_minor"),
    ] {
        assert_eq!(pointer(&server, "/v1/coupons", &random(more)).await, expected);
    }
    let lucky = made(&server, &random(json!({}))).await;
    assert_eq!(pointer(&server, &format!("/v1/coupons/{lucky}/vouchers"), &json!({ "count": 3 })).await, "/count");
    let codes = json!({ "vouchers": [{ "code": "PARTNER-1" }] });
    let given = server.post(&format!("/v1/coupons/{lucky}/vouchers"), &codes).await.expect(201);
    assert!(given["data"][0]["amount_minor"].is_i64(), "{given}");
}
