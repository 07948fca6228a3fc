//! Decisions explained, the new quote in a refusal, and drafts tried on recorded orders: over HTTP and on the command line.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Server, folder, order, run, said, send, write};

fn tea() -> Value {
    json!({
        "name": "Tea", "code": "TEA", "currency": "EUR", "minimum_order_minor": 1_000,
        "benefit": { "type": "amount_off", "amount_minor": 400 },
        "scope": { "include": { "skus": ["A1"] } },
        "conditions": { "any": [
            { "field": "order.channel", "op": "eq", "value": "store" },
            { "field": "order.subtotal", "op": "gte", "value": 1_500 },
        ] },
    })
}

async fn set_pricing(server: &Server, pricing: Value) {
    let tenant = server.get("/v1/tenant").await;
    let version = tenant.header("etag").expect("a version").to_owned();
    let body = json!({ "zone": tenant.body["zone"], "currency": tenant.body["currency"], "pricing": pricing });
    let put = server.request(Method::PUT, "/v1/tenant").header("If-Match", version).json(&body);
    send(put).await.expect(200);
}

async fn redeem(server: &Server, id: &str, unit_price_minor: i64, codes: &[&str]) -> Value {
    let body = json!({ "id": id, "codes": codes, "order": order(id, unit_price_minor) });
    server.post("/v1/redemptions", &body).await.expect(201)
}

#[tokio::test]
async fn a_decision_is_explained_over_http_and_on_the_command_line_after_all_has_changed() {
    let data = folder();
    let server = Server::start(data.path());
    let lanes = |name: &str| json!({ "lanes": [{ "name": name, "mode": "best" }] });
    set_pricing(&server, lanes("offers")).await;
    let coupon = server.coupon(&tea()).await;
    server
        .coupon(&json!({ "name": "Less", "currency": "EUR", "automatic": true, "visibility": "hidden",
        "benefit": { "type": "amount_off", "amount_minor": 100 } }))
        .await;
    redeem(&server, "r1", 2_000, &["TEA"]).await;
    set_pricing(&server, lanes("others")).await;
    let told = server.get("/v1/decisions/r1").await.expect(200);
    assert_eq!((&told["replay"], &told["differences"]), (&json!("same"), &Value::Null));
    assert_eq!(told["decision"]["settings_version"], 2);
    assert_eq!(told["decision"]["quote"]["total_minor"], 1_600);
    let offer = &told["offers"][0];
    assert_eq!(told["offers"].as_array().map(Vec::len), Some(1), "{told:#}");
    assert_eq!((&offer["coupon_id"], &offer["lane"]), (&json!(coupon), &json!("offers")));
    assert_eq!(
        offer["condition"],
        json!({ "pointer": "", "asks": "any", "holds": true, "parts": [
        { "pointer": "/any/0", "asks": "order.channel eq store", "holds": false },
        { "pointer": "/any/1", "asks": "order.subtotal gte 1500", "holds": true, "found": "2000" },
    ] })
    );
    assert_eq!(offer["scope"], json!([{ "line": 0, "standing": "in_scope" }]));
    assert_eq!(offer["minimum"], json!({ "minor": 1_000, "reached": true }));
    assert_eq!((&offer["outcome"], &offer["step"]), (&json!("applied"), &json!(1)));
    assert_eq!(offer["gave"]["discount_minor"], 400);
    let printed = said(data.path(), &["explain", "r1"]);
    for line in [
        "redemption r1 of ",
        "  decided again: the same",
        "    [ ] order.channel eq store  found nothing",
        "    [x] order.subtotal gte 1500  found 2000",
        "  [x] scope: lines 0",
        "  [x] minimum 1000: goods in scope for 2000",
        "  applied as number 1: gave 400",
    ] {
        assert!(printed.lines().any(|printed| printed.starts_with(line)), "{line}:\n{printed}");
    }
    assert_eq!(server.get("/v1/decisions/nobody").await.refused(404), "redemption_not_found");
    assert!(!run(data.path(), &["explain", "nobody"]).status.success());
    assert!(said(data.path(), &["check"]).contains("settings_versions_complete"));
}

#[tokio::test]
async fn a_total_that_differs_is_refused_with_the_whole_new_quote() {
    let data = folder();
    let server = Server::start(data.path());
    server.coupon(&tea()).await;
    let body = json!({ "codes": ["TEA"], "order": order("o1", 2_000), "expected_total_minor": 1_500 });
    let refused = server.post("/v1/redemptions", &body).await.expect(409);
    let quote = json!({ "codes": ["TEA"], "order": order("o1", 2_000) });
    let quote = server.post("/v1/quotes", &quote).await.expect(200);
    assert_eq!((&refused["code"], &refused["quote"]), (&json!("total_differs"), &quote));
    assert_eq!(quote["total_minor"], 1_600);
    let body = json!({ "codes": ["NONSENSE"], "order": order("o1", 2_000) });
    let other = server.post("/v1/redemptions", &body).await.expect(409);
    assert!(other.get("quote").is_none(), "{other:#}");
}

#[tokio::test]
async fn a_draft_is_tried_on_recorded_orders_in_runs_that_go_on_and_nothing_is_changed() {
    let data = folder();
    let server = Server::start(data.path());
    server.coupon(&tea()).await;
    redeem(&server, "r1", 2_000, &["TEA"]).await;
    redeem(&server, "r2", 3_000, &[]).await;
    redeem(&server, "r3", 500, &[]).await;
    let before = server.get("/v1/coupons").await.expect(200);
    let draft = json!({ "name": "Draft", "currency": "EUR", "minimum_order_minor": 1_000, "automatic": true,
        "benefit": { "type": "amount_off", "amount_minor": 100 } });
    let all = server.post("/v1/simulations", &json!({ "coupon": draft })).await.expect(200);
    let figures = |body: &Value| ["replayed", "touched", "winners", "losers"].map(|name| body[name].as_u64().unwrap());
    assert_eq!(figures(&all), [3, 2, 2, 0]);
    assert!(all["assumes"].as_str().expect("it says so").starts_with("Without demand effect"));
    assert_eq!(
        all["amounts"],
        json!([{ "currency": "EUR", "discount_before_minor": 400, "discount_after_minor": 600,
        "cost_minor": 200, "given_minor": 200 }])
    );
    assert!(all.get("next_cursor").is_none(), "{all:#}");
    let first = server.post("/v1/simulations", &json!({ "coupon": draft, "orders_max": 2 })).await.expect(200);
    assert_eq!(figures(&first), [2, 2, 2, 0]);
    let more = json!({ "coupon": draft, "cursor": first["next_cursor"] });
    assert_eq!(figures(&server.post("/v1/simulations", &more).await.expect(200)), [1, 0, 0, 0]);
    let later = json!({ "coupon": draft, "from": "2096-01-01T00:00:00Z" });
    assert_eq!(figures(&server.post("/v1/simulations", &later).await.expect(200)), [0, 0, 0, 0]);
    let earlier = json!({ "coupon": draft, "until": "2001-01-01T00:00:00Z" });
    assert_eq!(figures(&server.post("/v1/simulations", &earlier).await.expect(200)), [0, 0, 0, 0]);
    assert_eq!(server.get("/v1/coupons").await.expect(200), before, "no coupon was made");
    for (body, pointer) in [
        (json!({ "coupon": draft, "orders_max": 0 }), "/orders_max"),
        (json!({ "coupon": draft, "cursor": "c1" }), "/cursor"),
        (json!({ "coupon": draft, "from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z" }), "/until"),
        (json!({ "coupon": { "name": "", "benefit": draft["benefit"] } }), "/coupon/name"),
    ] {
        let refused = server.post("/v1/simulations", &body).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused:#}");
    }
    let file = write(
        data.path(),
        "draft.toml",
        "name = \"Draft\"\ncurrency = \"EUR\"\nminimum_order_minor = 1000\n\
        automatic = true\nbenefit = { type = \"amount_off\", amount_minor = 100 }\n",
    );
    let printed = said(data.path(), &["replay", "--draft", file.to_str().unwrap()]);
    for (name, value) in [
        ("orders decided again", "3"),
        ("orders touched", "2"),
        ("winners", "2"),
        ("losers", "0"),
        ("cost", "2.00 EUR"),
    ] {
        let is_row = |line: &str| line.trim_start().starts_with(name) && line.ends_with(&format!(" {value}"));
        assert!(printed.lines().any(is_row), "{name} should be {value}:\n{printed}");
    }
}
