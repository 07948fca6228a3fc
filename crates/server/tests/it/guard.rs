//! What is suspicious is told, and what may cost much needs two.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, staff};
use crate::scrip::{Server, folder, send};

async fn set(server: &Server, token: &str, changes: &Value) -> Value {
    let tenant = server.get_as(token, "/v1/tenant").await.expect(200);
    let mut body = json!({ "zone": tenant["zone"], "currency": tenant["currency"] });
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let request = server.bare(Method::PUT, "/v1/tenant").bearer_auth(token).header(header::IF_MATCH, "*").json(&body);
    send(request).await.expect(200)
}

fn codes(of: &Value) -> Vec<&str> {
    let list = of.as_array().expect("a list");
    list.iter().map(|one| one["code"].as_str().expect("a code")).collect()
}

#[tokio::test]
async fn what_is_suspicious_is_told_to_whoever_saves_it_and_saved_all_the_same() {
    let data = folder();
    staff(data.path(), "ann", "admin");
    let server = Server::start(data.path());
    let never = json!({ "all": [
        { "field": "order.subtotal", "op": "gte", "value": 500 },
        { "field": "order.subtotal", "op": "lt", "value": 500 },
    ] });
    let body = json!({
        "name": "a", "currency": "EUR", "conditions": never, "activate": true, "automatic": true,
        "benefit": { "type": "amount_off", "amount_minor": 500 },
    });
    let made = server.post("/v1/coupons", &body).await.expect(201);
    assert_eq!(codes(&made["warnings"]), ["conditions_never_hold", "price_zero"]);
    assert_eq!(made["warnings"][0]["pointer"], "/conditions");
    let coupon = format!("/v1/coupons/{}", made["id"].as_str().expect("an id"));
    let again = server.get(&format!("{coupon}/warnings")).await.expect(200);
    assert_eq!(again["data"], made["warnings"]);
    assert_eq!(server.get(&coupon).await.expect(200)["warnings"], Value::Null);
    let half = json!({
        "name": "b", "benefit": { "type": "percent_off", "rate_bp": 4_000 }, "activate": true, "automatic": true,
    });
    assert_eq!(codes(&server.post("/v1/coupons", &half).await.expect(201)["warnings"]), [""; 0]);
    let made = server.post("/v1/coupons", &half).await.expect(201);
    assert_eq!(codes(&made["warnings"]), ["stacks_above"]);
    let ann = server.signed_in("ann", PASSWORD).await.access;
    assert_eq!(codes(&set(&server, &ann, &json!({})).await["warnings"]), ["stacks_above"]);
    assert_eq!(codes(&set(&server, &ann, &json!({ "warn_above_bp": 9_000 })).await["warnings"]), [""; 0]);
}

#[tokio::test]
async fn a_coupon_above_the_ceiling_is_launched_by_two_persons_over_http() {
    let data = folder();
    for (name, role) in [("ann", "admin"), ("ben", "operator"), ("cat", "analyst")] {
        staff(data.path(), name, role);
    }
    let server = Server::start(data.path());
    let ann = server.signed_in("ann", PASSWORD).await.access;
    let ben = server.signed_in("ben", PASSWORD).await.access;
    let cat = server.signed_in("cat", PASSWORD).await.access;
    assert_eq!(
        set(&server, &ann, &json!({ "liability_ceiling_minor": 10_000 })).await["liability_ceiling_minor"],
        10_000
    );
    let uses =
        |max: i64| json!([{ "id": "uses", "counts": "redemptions", "per": "everyone", "period": "ever", "max": max }]);
    let body = json!({
        "name": "a", "currency": "EUR", "code": "FIVE", "limits": uses(100), "visibility": "public",
        "benefit": { "type": "amount_off", "amount_minor": 500 }, "minimum_order_minor": 501,
    });
    let made = server.post_as(&ann, "/v1/coupons", &body).await.expect(201);
    let coupon = format!("/v1/coupons/{}", made["id"].as_str().expect("an id"));
    let (activate, approvals) = (format!("{coupon}/activate"), format!("{coupon}/approvals"));

    let liability = server.get(&format!("{coupon}/liability")).await.expect(200);
    assert_eq!((&liability["liability_minor"], &liability["needs_second_person"]), (&json!(50_000), &json!(true)));
    let steps = liability["steps"].as_array().expect("steps");
    let told: Vec<_> = steps.iter().map(|step| (&step["what"], &step["pointer"], &step["value"])).collect();
    let expected = [
        (&json!("each_use"), &json!("/benefit/amount_minor"), &json!(500)),
        (&json!("uses"), &json!("/limits/0"), &json!(100)),
        (&json!("total"), &json!(""), &json!(50_000)),
    ];
    assert_eq!(told, expected);

    let version = json!({ "version": 1 });
    let refused = server.post_as(&ann, &activate, &json!({})).await.expect(409);
    assert_eq!(refused["code"], "second_person_needed");
    assert!(refused["detail"].as_str().expect("a detail").contains("50000"), "{refused}");
    assert_eq!(server.post_as(&ann, &approvals, &version).await.refused(409), "approver_involved");
    assert_eq!(server.post_as(&cat, &approvals, &version).await.refused(403), "forbidden");
    assert_eq!(server.post(&approvals, &version).await.refused(409), "approver_involved", "a server's key");
    assert_eq!(server.post_as(&ben, &approvals, &json!({ "version": 2 })).await.refused(412), "version_stale");
    let approved = server.post_as(&ben, &approvals, &version).await.expect(201);
    assert_eq!((&approved["version"], &approved["approval"]["version"]), (&json!(2), &json!(1)));
    assert_eq!(server.post_as(&ann, &activate, &json!({})).await.expect(200)["state"], "running");
    let more = json!({ "limit": "uses", "by": 1 });
    assert_eq!(server.post_as(&ben, &format!("{coupon}/restock"), &more).await.refused(409), "second_person_needed");
    let log = server.get_as(&ann, "/v1/audit").await.expect(200);
    assert!(log["data"].as_array().expect("a list").iter().any(|entry| entry["action"] == "coupon.approve"));
    let eve = server.person("eve").await.access;
    assert_eq!(server.get_as(&eve, &coupon).await.expect(200)["approval"], Value::Null, "customers are not told");
}
