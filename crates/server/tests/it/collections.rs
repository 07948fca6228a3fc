//! Collections of goods, as a shop sees them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Reply, Server, five_off, folder, order, send};

/// Five euros off what a scope has.
fn scoped(code: &str, scope: &Value) -> Value {
    let mut coupon = five_off(&json!([]));
    coupon["code"] = json!(code);
    coupon["scope"] = scope.clone();
    coupon
}

async fn put(server: &Server, name: &str, of: &str) -> Reply {
    send(server.request(Method::PUT, &format!("/v1/collections/{name}")).json(&json!({ "of": of }))).await
}

async fn put_over(server: &Server, name: &str, tag: &str, of: &str) -> Reply {
    let request = server.request(Method::PUT, &format!("/v1/collections/{name}")).header("if-match", tag);
    send(request.json(&json!({ "of": of }))).await
}

/// What of a wrong body is named.
fn pointer(problem: &Value) -> &str {
    problem["errors"][0]["pointer"].as_str().expect("a field is named")
}

async fn discount(server: &Server, code: &str) -> Value {
    let body = json!({ "codes": [code], "order": order("q", 2_000) });
    server.post("/v1/quotes", &body).await.expect(200)["discount_minor"].clone()
}

#[tokio::test]
async fn a_collection_is_saved_filled_asked_for_and_deleted() {
    let data = folder();
    let server = Server::start(data.path());
    let sku = order("q", 2_000)["lines"][0]["sku"].clone();
    let entries = "/v1/collections/sale/entries";
    assert_eq!(server.post(entries, &json!({ "add": [sku] })).await.refused(404), "collection_not_found");
    let made = put(&server, "sale", "skus").await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    assert_eq!(made.expect(201)["of"], "skus");
    assert_eq!(put(&server, "sale", "skus").await.refused(428), "precondition_required");
    assert_eq!(put_over(&server, "sale", "\"1\"", "skus").await.expect(200)["version"], 2);
    assert_eq!(put_over(&server, "sale", "\"1\"", "skus").await.refused(412), "version_stale");
    assert_eq!(put_over(&server, "sale", "*", "products").await.refused(409), "collection_other_sort");
    assert_eq!(put_over(&server, "other", "*", "products").await.refused(404), "collection_not_found");
    assert_eq!(put(&server, "s%20le", "skus").await.refused(422), "collection_name_invalid");
    put(&server, "ale", "boxes").await.expect(422);
    let changed = server.post(entries, &json!({ "add": [sku, "B", sku] })).await.expect(200);
    assert_eq!(changed, json!({ "added": 2, "removed": 0, "entries": 2 }));
    let changed = server.post(entries, &json!({ "add": [sku], "remove": ["B"] })).await.expect(200);
    assert_eq!(changed, json!({ "added": 0, "removed": 1, "entries": 1 }));
    for (bad, at) in [
        (json!({ "add": ["a", "", "b"] }), "/add/1"),
        (json!({ "add": ["a"], "remove": ["b\u{7}"] }), "/remove/0"),
        (json!({ "add": ["x".repeat(129)] }), "/add/0"),
        (json!({ "remove": vec!["x"; 10_001] }), "/remove"),
    ] {
        assert_eq!(pointer(&server.post(entries, &bad).await.expect(422)), at);
    }
    assert_eq!(server.get("/v1/collections/sale").await.expect(200)["entries"], 1, "all of it happens or nothing");
    assert_eq!(server.get("/v1/collections").await.expect(200)["data"][0]["name"], "sale");
    let sale = scoped("SALE", &json!({ "include": { "collections": ["sale"] } }));
    let bare = json!({ "codes": [], "order": order("o0", 2_000) });
    server.post("/v1/redemptions", &bare).await.expect(201);
    let trial = server.post("/v1/simulations", &json!({ "coupon": sale })).await.expect(200);
    assert_eq!((&trial["replayed"], &trial["touched"]), (&json!(1), &json!(1)), "tried with what is listed now");
    server.coupon(&sale).await;
    assert_eq!(discount(&server, "SALE").await, 500);
    let redeem = json!({ "codes": ["SALE"], "order": order("o1", 2_000) });
    let made = server.post("/v1/redemptions", &redeem).await.expect(201);
    send(server.request(Method::DELETE, "/v1/collections/sale")).await.expect(200);
    assert_eq!(server.get("/v1/collections/sale").await.refused(404), "collection_not_found");
    assert_eq!(discount(&server, "SALE").await, 0);
    let id = made["id"].as_str().expect("an id");
    let decision = server.get(&format!("/v1/redemptions/{id}/decision")).await.expect(200);
    assert_eq!(decision["order"]["lines"][0]["collections"], json!(["sale"]), "what counted is on record");
    let told = server.get(&format!("/v1/decisions/{id}")).await.expect(200);
    assert_eq!(told["replay"], "same");
}

#[tokio::test]
async fn a_collection_that_is_not_there_cannot_be_named_and_no_request_says_what_lists_a_line() {
    let data = folder();
    let server = Server::start(data.path());
    put(&server, "sale", "skus").await.expect(201);
    let names = |names: &[&str]| json!({ "collections": names });
    for (scope, at) in [
        (json!({ "include": names(&["gone"]) }), "/scope/include/collections/0"),
        (json!({ "include": names(&["sale"]), "exclude": names(&["sale", "gone"]) }), "/scope/exclude/collections/1"),
    ] {
        let problem = server.post("/v1/coupons", &scoped("NEW", &scope)).await.expect(422);
        assert_eq!(pointer(&problem), at);
        let trial = json!({ "coupon": scoped("NEW", &scope) });
        assert_eq!(pointer(&server.post("/v1/simulations", &trial).await.expect(422)), format!("/coupon{at}"));
    }
    let mut given = scoped("NEW", &json!({}));
    given["benefit"] = json!({ "type": "units_off", "buy": 1, "get": 1, "rate_bp": 10_000,
        "of": { "include": names(&["gone"]) } });
    let problem = server.post("/v1/coupons", &given).await.expect(422);
    assert_eq!(pointer(&problem), "/benefit/of/include/collections/0");
    let zone = server.get("/v1/tenant").await.expect(200)["zone"].clone();
    let settings = |names: Value| json!({ "zone": zone, "currency": "EUR", "pricing": { "exclusions": names } });
    let save =
        async |body: Value| send(server.request(Method::PUT, "/v1/tenant").header("if-match", "*").json(&body)).await;
    let problem = save(settings(names(&["gone"]))).await.expect(422);
    assert_eq!(pointer(&problem), "/pricing/exclusions/collections/0");
    let saved = save(settings(names(&["sale"]))).await.expect(200);
    assert_eq!(saved["pricing"]["exclusions"]["collections"], json!(["sale"]));
    let mut says = order("q", 2_000);
    says["lines"][0]["collections"] = json!(["sale"]);
    for (path, body) in [
        ("/v1/quotes", json!({ "codes": ["NEW"], "order": says })),
        ("/v1/redemptions", json!({ "codes": ["NEW"], "order": says })),
    ] {
        assert_eq!(pointer(&server.post(path, &body).await.expect(422)), "/order/lines/0/collections");
    }
}

#[tokio::test]
async fn what_the_tenant_excludes_by_a_collection_beats_a_coupon_that_names_it() {
    let data = folder();
    let server = Server::start(data.path());
    put(&server, "sale", "skus").await.expect(201);
    let sku = order("q", 2_000)["lines"][0]["sku"].clone();
    server.post("/v1/collections/sale/entries", &json!({ "add": [sku] })).await.expect(200);
    server.coupon(&scoped("SALE", &json!({ "include": { "collections": ["sale"] } }))).await;
    assert_eq!(discount(&server, "SALE").await, 500);
    let zone = server.get("/v1/tenant").await.expect(200)["zone"].clone();
    let settings = json!({ "zone": zone, "currency": "EUR",
        "pricing": { "exclusions": { "collections": ["sale"] } } });
    send(server.request(Method::PUT, "/v1/tenant").header("if-match", "*").json(&settings)).await.expect(200);
    assert_eq!(discount(&server, "SALE").await, 0);
    send(server.request(Method::DELETE, "/v1/collections/sale")).await.expect(200);
    put(&server, "sale", "skus").await.expect(201);
    assert_eq!(discount(&server, "SALE").await, 0, "the new one lists nothing yet");
}
