//! Customers by what they are known by: claimed for, found, proven, merged, changed, shown and erased.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Server, five_off, folder, order, send};

/// One each, held for nobody.
fn one_each() -> Value {
    json!([{ "counts": "claims", "per": "customer", "period": "ever", "max": 1 }])
}

fn count(list: &Value) -> usize {
    list["data"].as_array().expect("a list").len()
}

#[tokio::test]
async fn re_2_a_claim_by_phone_is_the_holders_once_it_is_proven_and_counts_once() {
    let data = folder();
    let server = Server::start(data.path());
    let coupon = server.coupon(&five_off(&one_each())).await;
    let path = format!("/v1/coupons/{coupon}/claims");
    let by_phone = |phone: &str| json!({ "customer": { "phone": phone } });
    let claimed = server.post(&path, &by_phone("+49 30 901820")).await.expect(201);
    let guest = claimed["voucher"]["customer_id"].as_str().expect("it has an owner").to_owned();
    assert_eq!(server.post(&path, &by_phone("+49-30/901820")).await.refused(409), "customer_limit");
    let user = server.customer("user-7").await;
    let identities = format!("/v1/customers/{user}/identities");
    let proof = json!({ "kind": "phone", "value": "+4930901820", "verified": true });
    assert_eq!(count(&server.post(&identities, &proof).await.expect(201)), 2);
    for id in [&guest, &user] {
        let vouchers = server.get(&format!("/v1/vouchers?customer_id={id}")).await.expect(200);
        assert_eq!(vouchers["data"][0]["id"], claimed["voucher"]["id"], "the holder sees it once");
        assert_eq!(count(&vouchers), 1);
        assert_eq!(server.get(&format!("/v1/customers/{id}")).await.expect(200)["id"], json!(user));
        assert_eq!(server.post(&path, &json!({ "customer_id": id })).await.refused(409), "customer_limit");
    }
    let history = server.get(&format!("/v1/customers/{user}/history")).await.expect(200);
    let events: Vec<&str> =
        history["data"].as_array().unwrap().iter().map(|one| one["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["merged", "claimed"]);
}

#[tokio::test]
async fn race_11_a_guest_order_and_an_account_of_one_email_share_their_limit() {
    let data = folder();
    let server = Server::start(data.path());
    let mut once = five_off(&one_each());
    once["code"] = json!("ONCE");
    server.coupon(&once).await;
    let email = |address: &str| json!({ "email": address });
    let by = |order_id: &str, address: &str| json!({ "codes": ["ONCE"], "order": order(order_id, 2_000), "customer": email(address) });
    let quote = server.post("/v1/quotes", &by("o0", "ann@x.example")).await.expect(200);
    assert_eq!(quote["discount_minor"], 500, "nobody has used it");
    assert_eq!(count(&server.get("/v1/customers?email=ann@x.example").await.expect(200)), 0, "a quote makes nobody");
    server.post("/v1/redemptions", &by("o1", "ann@x.example")).await.expect(201);
    let account = json!({ "external_id": "shop-1", "email": "ANN@x.example" });
    let account = server.post("/v1/customers", &account).await.expect(201);
    let body = json!({ "codes": ["ONCE"], "order": order("o2", 2_000), "customer_id": account["id"] });
    assert_eq!(server.post("/v1/redemptions", &body).await.refused(409), "customer_limit");
    let quote = server.post("/v1/quotes", &by("o3", "ann@x.example")).await.expect(200);
    assert_eq!(quote["refused"][0]["rejection"], "customer_limit");
    assert_eq!(count(&server.get("/v1/customers?email=Ann@x.example").await.expect(200)), 2);
}

#[tokio::test]
async fn what_is_said_of_a_customer_is_changed_in_the_version_that_was_read() {
    let data = folder();
    let server = Server::start(data.path());
    let made = json!({ "email": "ann@x.example", "name": "Ann", "phone": "112", "verified": true });
    let made = server.post("/v1/customers", &made).await;
    let tag = made.header("etag").expect("a version").to_owned();
    let path = format!("/v1/customers/{}", made.expect(201)["id"].as_str().unwrap());
    let patch = |tag: &str, body: Value| send(server.request(Method::PATCH, &path).header("if-match", tag).json(&body));
    let changed = patch(&tag, json!({ "email": "new@x.example", "name": null })).await.expect(200);
    assert_eq!(
        (&changed["email"], &changed["name"], &changed["phone"]),
        (&json!("new@x.example"), &json!(null), &json!("112"))
    );
    assert_eq!(patch(&tag, json!({ "name": "Bob" })).await.refused(412), "version_stale");
    let wrong = patch("*", json!({ "email": "nobody" })).await.expect(422);
    assert_eq!(wrong["errors"][0]["pointer"], "/email");
    let known = server.get(&format!("{path}/identities")).await.expect(200);
    let of = |kind: &str| known["data"].as_array().unwrap().iter().find(|one| one["kind"] == kind).unwrap().clone();
    assert_eq!((&of("email")["verified_at"], of("phone")["verified_at"].is_string()), (&json!(null), true));
    let gone = format!("{path}/identities/{}", of("email")["id"].as_str().unwrap());
    assert_eq!(count(&send(server.request(Method::DELETE, &gone)).await.expect(200)), 1);
    assert_eq!(send(server.request(Method::DELETE, &gone)).await.refused(404), "identity_not_found");
    assert_eq!(server.get(&path).await.expect(200)["email"], json!(null));
}

#[tokio::test]
async fn all_that_is_kept_is_exported_and_erased() {
    let data = folder();
    let server = Server::start(data.path());
    let mut coupon = five_off(&json!([]));
    coupon["code"] = json!("SAVE5");
    let coupon = server.coupon(&coupon).await;
    let body = json!({ "external_id": "shop-1", "email": "ann@x.example", "name": "Ann Example" });
    let ann = server.post("/v1/customers", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
    for _ in 0..120 {
        server.post(&format!("/v1/coupons/{coupon}/claims"), &json!({ "customer_id": ann })).await.expect(201);
    }
    let body = json!({ "codes": ["SAVE5"], "order": order("o1", 2_000), "customer_id": ann });
    server.post("/v1/redemptions", &body).await.expect(201);
    let path = format!("/v1/customers/{ann}");
    let export = server.get(&format!("{path}/export")).await.expect(200);
    assert_eq!(export["customer"]["name"], "Ann Example");
    assert_eq!(export["identities"].as_array().unwrap().len(), 2);
    assert_eq!(export["vouchers"].as_array().unwrap().len(), 120, "more than a page");
    assert_eq!(export["vouchers"][0]["history"][0]["event"], "claimed");
    assert_eq!(export["redemptions"][0]["decision"]["order"]["id"], "o1");
    let erased = server.post(&format!("{path}/erase"), &json!({})).await.expect(200);
    assert_eq!((&erased["name"], erased["erased_at"].is_string()), (&json!(null), true));
    let export = server.get(&format!("{path}/export")).await.expect(200);
    assert!(!export.to_string().contains("ann@x.example") && !export.to_string().contains("Ann Example"));
    assert_eq!(export["vouchers"].as_array().unwrap().len(), 120, "figures stay");
    assert_eq!(count(&server.get("/v1/customers?email=ann@x.example").await.expect(200)), 0);
    let identity = json!({ "kind": "email", "value": "ann@x.example" });
    assert_eq!(server.post(&format!("{path}/identities"), &identity).await.refused(409), "customer_erased");
}

#[tokio::test]
async fn a_customer_is_named_in_one_way_and_as_what_can_be_one() {
    let data = folder();
    let server = Server::start(data.path());
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let ann = server.customer("ann").await;
    let path = format!("/v1/coupons/{coupon}/claims");
    for (body, pointer) in [
        (json!({}), "/customer_id"),
        (json!({ "customer_id": ann, "customer": { "phone": "112" } }), "/customer"),
        (json!({ "customer": {} }), "/customer"),
        (json!({ "customer": { "phone": "112", "email": "a@b" } }), "/customer"),
        (json!({ "customer": { "phone": "none" } }), "/customer/phone"),
        (json!({ "customer": { "name": "Ann" } }), "/customer/name"),
    ] {
        let answer = server.post(&path, &body).await.expect(422);
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{body}");
    }
    for (query, pointer) in [("", "?external_id"), ("email=a@b&phone=112", "?phone")] {
        let answer = server.get(&format!("/v1/customers?{query}")).await.expect(422);
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{query}");
    }
    for (body, pointer) in [
        (json!({ "kind": "email", "value": "nobody" }), "/value"),
        (json!({ "kind": "fax", "value": "1" }), "/kind"),
        (json!({ "kind": "phone", "value": "1".repeat(33) }), "/value"),
    ] {
        let answer = server.post(&format!("/v1/customers/{ann}/identities"), &body).await.expect(422);
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{body}");
    }
}
