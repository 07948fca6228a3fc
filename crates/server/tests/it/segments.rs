//! Segments, and what Scrip itself knows of who buys, as a shop sees it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Reply, Server, five_off, folder, order, send};

fn conditioned(code: Option<&str>, conditions: &Value) -> Value {
    let mut coupon = five_off(&json!([]));
    coupon["conditions"] = conditions.clone();
    if let Some(code) = code {
        coupon["code"] = json!(code);
    }
    coupon
}

fn first_order() -> Value {
    json!({ "field": "customer.order_number", "op": "eq", "value": 1 })
}

fn of_segment(name: &str) -> Value {
    json!({ "field": "customer.segments", "op": "contains", "value": name })
}

async fn put(server: &Server, name: &str, body: &Value) -> Reply {
    send(server.request(Method::PUT, &format!("/v1/segments/{name}")).json(body)).await
}

async fn put_over(server: &Server, name: &str, tag: &str, body: &Value) -> Reply {
    send(server.request(Method::PUT, &format!("/v1/segments/{name}")).header("if-match", tag).json(body)).await
}

async fn redeem(server: &Server, customer: &str, order_id: &str, code: &Value) -> Reply {
    let body = json!({ "customer_id": customer, "codes": [code], "order": order(order_id, 2_000) });
    server.post("/v1/redemptions", &body).await
}

/// Off an order of that customer's by this code.
async fn discount(server: &Server, customer: &str, code: &str) -> Value {
    let body = json!({ "customer_id": customer, "codes": [code], "order": order("q", 2_000) });
    server.post("/v1/quotes", &body).await.expect(200)["discount_minor"].clone()
}

#[tokio::test]
async fn a_segment_is_saved_filled_asked_for_and_deleted() {
    let data = folder();
    let server = Server::start(data.path());
    let (ann, bob) = (server.customer("ann").await, server.customer("bob").await);
    server.coupon(&conditioned(Some("VIP"), &of_segment("vip"))).await;
    let members = "/v1/segments/vip/members";
    assert_eq!(server.post(members, &json!({ "add": [ann] })).await.refused(404), "segment_not_found");
    let made = put(&server, "vip", &json!({})).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    assert_eq!(made.expect(201)["conditions"], json!(null));
    assert_eq!(put(&server, "vip", &json!({})).await.refused(428), "precondition_required");
    assert_eq!(put_over(&server, "vip", "\"1\"", &json!({})).await.expect(200)["version"], 2);
    assert_eq!(put_over(&server, "vip", "\"1\"", &json!({})).await.refused(412), "version_stale");
    assert_eq!(put(&server, "v%20p", &json!({})).await.refused(422), "segment_name_invalid");
    let changed = server.post(members, &json!({ "add": [ann, bob, ann] })).await.expect(200);
    assert_eq!(changed, json!({ "added": 2, "removed": 0 }));
    let changed = server.post(members, &json!({ "add": [ann], "remove": [bob] })).await.expect(200);
    assert_eq!(changed, json!({ "added": 0, "removed": 1 }));
    let unknown = json!({ "add": [ann, "cus_0198f0c2a5b47d10a1f2c3d4e5f60718"] });
    assert_eq!(server.post(members, &unknown).await.expect(422)["errors"][0]["pointer"], "/add/1");
    let many = json!({ "remove": vec![&ann; 10_001] });
    assert_eq!(server.post(members, &many).await.expect(422)["errors"][0]["pointer"], "/remove");
    assert_eq!(server.get("/v1/segments/vip").await.expect(200)["members"], 1);
    assert_eq!(server.get("/v1/segments").await.expect(200)["data"][0]["name"], "vip");
    assert_eq!((discount(&server, &ann, "VIP").await, discount(&server, &bob, "VIP").await), (json!(500), json!(0)));
    let export = server.get(&format!("/v1/customers/{ann}/export")).await.expect(200);
    assert_eq!(export["segments"], json!(["vip"]));
    server.post(&format!("/v1/customers/{ann}/erase"), &json!({})).await.expect(200);
    assert_eq!(server.get("/v1/segments/vip").await.expect(200)["members"], 0);
    send(server.request(Method::DELETE, "/v1/segments/vip")).await.expect(200);
    assert_eq!(server.get("/v1/segments/vip").await.refused(404), "segment_not_found");
}

#[tokio::test]
async fn a_segment_by_a_rule_is_checked_and_holds_of_who_buys() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.customer("ann").await;
    server.coupon(&conditioned(Some("BACK"), &of_segment("regulars"))).await;
    server
        .coupon(&{
            let mut plain = five_off(&json!([]));
            plain["code"] = json!("PLAIN");
            plain
        })
        .await;
    for (rule, pointer) in [
        (json!({ "field": "customer.orders", "op": "gte", "value": "two" }), "/conditions/value"),
        (json!({ "all": [{ "field": "order.total", "op": "gte", "value": 1 }] }), "/conditions/all/0/field"),
        (json!({ "not": of_segment("vip") }), "/conditions/not/field"),
        (json!({ "count_lines": { "op": "gte", "value": 1 } }), "/conditions/count_lines"),
    ] {
        let problem = put(&server, "regulars", &json!({ "conditions": rule })).await.expect(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{rule}");
    }
    let rule = json!({ "field": "customer.orders", "op": "gte", "value": 1 });
    put(&server, "regulars", &json!({ "conditions": rule })).await.expect(201);
    let members = json!({ "add": [ann] });
    assert_eq!(server.post("/v1/segments/regulars/members", &members).await.refused(409), "segment_by_rule");
    assert_eq!(put_over(&server, "regulars", "*", &json!({})).await.refused(409), "segment_other_sort");
    assert_eq!(discount(&server, &ann, "BACK").await, 0);
    redeem(&server, &ann, "o1", &json!("PLAIN")).await.expect(201);
    assert_eq!(discount(&server, &ann, "BACK").await, 500);
    let made = redeem(&server, &ann, "o2", &json!("BACK")).await.expect(201);
    let path = format!("/v1/redemptions/{}/decision", made["id"].as_str().expect("an id"));
    let shopper = server.get(&path).await.expect(200)["order"]["customer"].clone();
    assert_eq!(shopper, json!({ "segments": ["regulars"], "orders": 1 }), "what counted is on record");
}

#[tokio::test]
async fn what_customers_say_of_themselves_is_not_heard() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.person("ann").await;
    let vip = json!({ "field": "customer.tags", "op": "contains", "value": "vip" });
    server.coupon(&conditioned(Some("VIP"), &vip)).await;
    let mut said = order("o1", 2_000);
    said["customer"] = json!({ "tags": ["vip"] });
    let body = json!({ "codes": ["VIP"], "order": said });
    let own = server.post_as(&ann.access, "/v1/quotes", &body).await.expect(200);
    assert_eq!(own["refused"][0]["rejection"], "condition_unmet");
    assert_eq!(server.post("/v1/quotes", &body).await.expect(200)["discount_minor"], 500, "of a server it is");
}

/// By a code that is redeemed once, by a claim of the activity, and by an issue of the operator to somebody.
#[tokio::test]
async fn hm_5_each_of_three_ways_to_a_coupon_is_good_for_the_first_order_alone() {
    let data = folder();
    let server = Server::start(data.path());
    let coupon = server.coupon(&conditioned(None, &first_order())).await;
    let vouchers = format!("/v1/coupons/{coupon}/vouchers");
    for way in ["code", "claim", "issue"] {
        let (new, old) = (server.customer(&format!("new-{way}")).await, server.customer(&format!("old-{way}")).await);
        let mut codes = Vec::new();
        for customer in [&new, &new, &old] {
            codes.push(match way {
                "claim" => {
                    let path = format!("/v1/coupons/{coupon}/claims");
                    let made = server.post(&path, &json!({ "customer_id": customer })).await.expect(201);
                    made["voucher"]["code"].clone()
                }
                "issue" => {
                    let made = server.post(&vouchers, &json!({ "customer_ids": [customer] })).await.expect(201);
                    made["data"][0]["code"].clone()
                }
                _ => {
                    let code = format!("{way}-{}", codes.len());
                    server.post(&vouchers, &json!({ "vouchers": [{ "code": code }] })).await.expect(201);
                    json!(code)
                }
            });
        }
        let plain = json!({ "customer_id": old, "codes": [], "order": order(&format!("{way}-before"), 2_000) });
        server.post("/v1/redemptions", &plain).await.expect(201);
        let used = redeem(&server, &new, &format!("{way}-1"), &codes[0]).await.expect(201);
        assert_eq!(used["discount_minor"], 500, "{way}");
        let again = redeem(&server, &new, &format!("{way}-2"), &codes[0]).await;
        assert_eq!(again.refused(409), "voucher_redeemed", "{way}: a code is good once");
        let second = redeem(&server, &new, &format!("{way}-3"), &codes[1]).await;
        assert_eq!(second.refused(409), "condition_unmet", "{way}");
        let late = redeem(&server, &old, &format!("{way}-4"), &codes[2]).await;
        assert_eq!(late.refused(409), "condition_unmet", "{way}: it is the customer's second order");
    }
}

#[tokio::test]
async fn of_two_first_orders_at_the_same_instant_one_has_the_coupon() {
    let data = folder();
    let server = Server::start(data.path());
    server.coupon(&conditioned(Some("FIRST"), &first_order())).await;
    let ann = server.customer("ann").await;
    let code = json!("FIRST");
    let both = tokio::join!(redeem(&server, &ann, "o1", &code), redeem(&server, &ann, "o2", &code));
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}
