//! What a tenant has set.

use reqwest::Method;
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, Person, staff};
use crate::scrip::{Reply, Server, five_off, folder, order, send};

async fn save(server: &Server, root: &Person, tag: &str, settings: &Value) -> Reply {
    let request = server.bare(Method::PUT, "/v1/tenant").bearer_auth(&root.access).header("if-match", tag);
    send(request.json(settings)).await
}

#[tokio::test]
async fn an_administrator_sets_what_the_tenant_has_set_and_it_is_on_record() {
    let data = folder();
    let server = Server::start(data.path());
    staff(data.path(), "root", "admin");
    let root = server.signed_in("root", PASSWORD).await;
    let shown = server.get_as(&root.access, "/v1/tenant").await;
    assert_eq!(shown.header("etag"), Some("\"1\""));
    let shown = shown.expect(200);
    assert_eq!((&shown["name"], &shown["customer_checkout"]), (&json!("default"), &json!(false)));
    let (zone, currency) = (&shown["zone"], &shown["currency"]);

    let settings =
        json!({ "zone": zone, "currency": "CHF", "quotas": { "coupons": 1 }, "ceilings": { "amount_minor": 500 } });
    let saved = save(&server, &root, "\"1\"", &settings).await.expect(200);
    assert_eq!(
        (&saved["version"], &saved["quotas"]["coupons"], &saved["currency"]),
        (&json!(2), &json!(1), &json!("CHF"))
    );
    assert_eq!(save(&server, &root, "\"1\"", &settings).await.refused(412), "version_stale");
    let elsewhere = json!({ "zone": "Pacific/Apia", "currency": currency });
    assert_eq!(save(&server, &root, "*", &elsewhere).await.refused(409), "zone_fixed");
    let wrong = json!({ "zone": zone, "currency": "CHF", "ceilings": { "rate_bp": 10_001 } });
    assert_eq!(save(&server, &root, "*", &wrong).await.expect(422)["errors"][0]["pointer"], "/ceilings/rate_bp");

    let six = json!({ "name": "Six", "currency": "EUR", "benefit": { "type": "amount_off", "amount_minor": 600 } });
    assert_eq!(server.post("/v1/coupons", &six).await.refused(409), "ceiling_exceeded");
    server.coupon(&five_off(&json!([]))).await;
    assert_eq!(server.post("/v1/coupons", &five_off(&json!([]))).await.refused(409), "quota_exceeded");
    let other = json!({ "zone": zone, "currency": currency });
    assert_eq!(save(&server, &root, "*", &other).await.refused(409), "transition_illegal", "there is a coupon");

    let log = server.get_as(&root.access, "/v1/audit").await.expect(200);
    let entries = log["data"].as_array().expect("a list");
    let entry = entries.iter().find(|entry| entry["action"] == "tenant.update").expect("it is on record");
    assert_eq!(entry["after"]["settings"]["quotas"]["coupons"], 1);
}

#[tokio::test]
async fn a_customer_redeems_by_himself_only_where_the_tenant_allows_it() {
    let data = folder();
    let server = Server::start(data.path());
    staff(data.path(), "root", "admin");
    let (root, ann) = (server.signed_in("root", PASSWORD).await, server.person("ann").await);
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let claimed = server.post_as(&ann.access, &format!("/v1/coupons/{coupon}/claims"), &json!({})).await.expect(201);
    let redeem = json!({ "codes": [claimed["voucher"]["code"]], "order": order("o1", 2_000) });
    let refused = server.post_as(&ann.access, "/v1/redemptions", &redeem).await;
    assert_eq!(refused.refused(403), "customer_checkout_off");
    server.post_as(&ann.access, "/v1/quotes", &redeem).await.expect(200);

    let shown = server.get_as(&root.access, "/v1/tenant").await.expect(200);
    let on = json!({ "zone": shown["zone"], "currency": shown["currency"], "customer_checkout": true });
    save(&server, &root, "*", &on).await.expect(200);
    server.post_as(&ann.access, "/v1/redemptions", &redeem).await.expect(201);
}
