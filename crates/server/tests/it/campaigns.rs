//! Campaigns from end to end: defined, scheduled, started by the clock, claimed as a package, aborted.

use std::time::Duration;

use domain::time::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::scrip::{Reply, Server, five_off, folder, order, said, send};

const MINUTE_MS: i64 = 60_000;

/// A server whose clock can be moved.
fn start(data: &std::path::Path) -> Server {
    Server::start_with(data, &["--test-clock"])
}

async fn advance(server: &Server, by: &str) {
    server.post("/v1/test-clock", &json!({ "advance": by })).await.expect(200);
}

/// The time so many minutes from now.
async fn minutes_from_now(server: &Server, minutes: i64) -> String {
    let now = server.get("/v1/test-clock").await.expect(200);
    let now: Timestamp = now["now"].as_str().expect("a time").parse().expect("a time");
    now.saturating_add_ms(minutes * MINUTE_MS).to_string()
}

async fn put(server: &Server, path: &str, tag: &str, body: &Value) -> Reply {
    send(server.request(Method::PUT, path).header("if-match", tag).json(body)).await
}

async fn campaign(server: &Server, body: &Value) -> String {
    let made = server.post("/v1/campaigns", body).await.expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

fn coupon_of(campaign: &str, code: &str) -> Value {
    let mut body =
        five_off(&json!([{ "id": "stock", "counts": "claims", "per": "everyone", "period": "ever", "max": 9 }]));
    body["campaign_id"] = json!(campaign);
    body["code"] = json!(code);
    body["activate"] = json!(true);
    body
}

#[tokio::test]
async fn a_campaign_is_written_kept_in_every_version_and_listed() {
    let data = folder();
    let server = start(data.path());
    let id = campaign(&server, &json!({ "name": "Spring", "description": "for the garden" })).await;
    let path = format!("/v1/campaigns/{id}");
    let first = server.get(&path).await;
    assert_eq!(first.header("etag"), Some("\"1\""));
    assert_eq!(first.expect(200)["state"], "draft");
    let saved = put(&server, &path, "\"1\"", &json!({ "name": "Summer" })).await.expect(200);
    assert_eq!((&saved["name"], &saved["description"], &saved["version"]), (&json!("Summer"), &json!(null), &json!(2)));
    assert_eq!(put(&server, &path, "\"1\"", &json!({ "name": "late" })).await.refused(412), "version_stale");
    assert_eq!(server.get(&format!("{path}/versions/1")).await.expect(200)["name"], "Spring");
    assert_eq!(server.get(&format!("{path}/versions/9")).await.refused(404), "version_not_found");
    let other = campaign(&server, &json!({ "name": "Autumn", "activate": true })).await;
    let listed = |list: Value| {
        let all = list["data"].as_array().expect("a list").clone();
        all.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(server.get("/v1/campaigns").await.expect(200)), [id.clone(), other.clone()]);
    assert_eq!(listed(server.get("/v1/campaigns?state=running").await.expect(200)), [other]);
    for (body, pointer) in [
        (json!({ "name": "" }), "/name"),
        (json!({ "name": "x", "colour": 1 }), "/colour"),
        (json!({ "name": "x", "starts_at": "tomorrow" }), "/starts_at"),
        (
            json!({ "name": "x", "limits": [{ "counts": "value", "per": "everyone", "period": "ever", "max": 1 }] }),
            "/currency",
        ),
    ] {
        let answer = server.post("/v1/campaigns", &body).await.expect(422);
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{body}");
    }
    let answer = put(&server, &path, "*", &json!({ "name": "x", "activate": true })).await.expect(422);
    assert_eq!(answer["errors"][0]["pointer"], "/activate");
    assert_eq!(server.get("/v1/campaigns/cmp_0").await.refused(404), "campaign_not_found");
    assert_eq!(server.post("/v1/coupons", &coupon_of(&id, "SAVE")).await.expect(201)["campaign_id"], json!(id));
}

#[tokio::test]
async fn rp_2_a_campaign_starts_and_ends_at_most_a_second_late_with_nobody_asking() {
    let data = folder();
    let server = start(data.path());
    let ann = server.customer("ann").await;
    let (starts_at, ends_at) = (minutes_from_now(&server, 60).await, minutes_from_now(&server, 120).await);
    let body = json!({ "name": "An hour", "starts_at": starts_at, "ends_at": ends_at, "activate": true });
    let id = campaign(&server, &body).await;
    let path = format!("/v1/campaigns/{id}");
    assert_eq!(server.get(&path).await.expect(200)["state"], "scheduled");
    let coupon = server.post("/v1/coupons", &coupon_of(&id, "HOUR")).await.expect(201);
    let claims = format!("/v1/coupons/{}/claims", coupon["id"].as_str().unwrap());
    let claim = json!({ "customer_id": ann });
    let early = server.post(&claims, &claim).await.expect(409);
    assert_eq!((&early["code"], early["retry_at"].is_string()), (&json!("campaign_not_active"), true));
    advance(&server, "PT1H").await;
    server.post(&claims, &claim).await.expect(201);
    version_within_a_second(&server, &path, 2).await;
    assert_eq!(server.get(&path).await.expect(200)["state"], "running");
    advance(&server, "PT1H").await;
    assert_eq!(server.post(&claims, &claim).await.refused(409), "campaign_ended");
    version_within_a_second(&server, &path, 3).await;
    assert_eq!(server.get(&path).await.expect(200)["state"], "ended");
    said(data.path(), &["check"]);
}

/// The workers write the move down.
async fn version_within_a_second(server: &Server, path: &str, version: u32) {
    let reached = async { while server.get(path).await.expect(200)["version"] != json!(version) {} };
    timeout(Duration::from_secs(1), reached).await.expect("the clock's move is written down");
}

#[tokio::test]
async fn rp_4_edits_are_refused_from_five_minutes_before_the_start() {
    let data = folder();
    let server = start(data.path());
    let starts_at = minutes_from_now(&server, 10).await;
    let body = json!({ "name": "Soon", "starts_at": starts_at, "activate": true });
    let id = campaign(&server, &body).await;
    let coupon = server.post("/v1/coupons", &coupon_of(&id, "SOON")).await.expect(201);
    let coupon = format!("/v1/coupons/{}", coupon["id"].as_str().unwrap());
    let edit = json!({ "name": "Soon", "starts_at": starts_at });
    put(&server, &format!("/v1/campaigns/{id}"), "*", &edit).await.expect(200);
    advance(&server, "PT5M").await;
    let late = put(&server, &format!("/v1/campaigns/{id}"), "*", &edit).await.expect(409);
    assert_eq!((&late["code"], late["retry_at"].is_string()), (&json!("edit_too_late"), true));
    assert_eq!(put(&server, &coupon, "*", &five_off(&json!([]))).await.refused(409), "edit_too_late");
    advance(&server, "PT5M").await;
    put(&server, &format!("/v1/campaigns/{id}"), "*", &edit).await.expect(200);
}

#[tokio::test]
async fn hm_4_a_package_is_claimed_whole_counted_and_aborted() {
    let data = folder();
    let server = start(data.path());
    let (ann, id) =
        (server.customer("ann").await, campaign(&server, &json!({ "name": "Box", "activate": true })).await);
    for code in ["ONE", "TWO"] {
        server.post("/v1/coupons", &coupon_of(&id, code)).await.expect(201);
    }
    let path = format!("/v1/campaigns/{id}");
    let claim = || {
        let request = server.request(Method::POST, &format!("{path}/claims")).header("idempotency-key", "k1");
        send(request.json(&json!({ "customer_id": ann })))
    };
    let package = claim().await.expect(201);
    assert_eq!(package["vouchers"].as_array().expect("a list").len(), 2);
    assert_eq!(claim().await.expect(201), package, "the same again");
    let body = json!({ "codes": ["ONE"], "order": order("o1", 2_000), "reserve": true });
    let reserved = server.post("/v1/redemptions", &body).await.expect(201);
    let figures = server.get(&format!("{path}/statistics")).await.expect(200);
    assert_eq!((&figures["coupons"], &figures["issued"]), (&json!(2), &json!(2)));
    assert_eq!(figures["value_given"], json!([{ "currency": "EUR", "value_given_minor": 0 }]));
    assert_eq!(
        server.get(&format!("/v1/coupons?campaign_id={id}")).await.expect(200)["data"].as_array().unwrap().len(),
        2
    );
    assert_eq!(server.post(&format!("{path}/abort"), &json!({})).await.expect(200)["state"], "aborted");
    let redemption = server.get(&format!("/v1/redemptions/{}", reserved["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(redemption["state"], "cancelled");
    assert_eq!(
        server.post(&format!("{path}/claims"), &json!({ "customer_id": ann })).await.refused(409),
        "campaign_aborted"
    );
    assert_eq!(server.post(&format!("{path}/activate"), &json!({})).await.refused(409), "transition_illegal");
    said(data.path(), &["check"]);
}

#[tokio::test]
async fn a_coupon_is_restocked_and_whose_units_they_are_is_listed() {
    let data = folder();
    let server = start(data.path());
    let body = five_off(&json!([{ "id": "stock", "counts": "claims", "per": "everyone", "period": "ever", "max": 0 }]));
    let coupon = format!("/v1/coupons/{}", server.coupon(&body).await);
    let restock = |by: i64, contributor: &str| {
        let body = json!({ "limit": "stock", "by": by, "contributor": contributor });
        let path = format!("{coupon}/restock");
        let server = &server;
        async move { server.post(&path, &body).await }
    };
    restock(5, "emp-7").await.expect(200);
    restock(1, "emp-8").await.expect(200);
    let restocked = restock(2, "emp-7").await.expect(200);
    assert_eq!((&restocked["max"], &restocked["available"]), (&json!(8), &json!(8)));
    let list = server.get(&format!("{coupon}/contributions?limit=1")).await.expect(200);
    assert_eq!(list["data"], json!([{ "contributor": "emp-7", "units": 7 }]));
    let next = list["next_cursor"].as_str().expect("there is more");
    let list = server.get(&format!("{coupon}/contributions?cursor={next}")).await.expect(200);
    assert_eq!(list["data"], json!([{ "contributor": "emp-8", "units": 1 }]));
    assert_eq!(restock(0, "emp-7").await.expect(422)["errors"][0]["pointer"], "/by");
    assert_eq!(restock(1, "").await.expect(422)["errors"][0]["pointer"], "/contributor");
    let other = server.post(&format!("{coupon}/restock"), &json!({ "limit": "other", "by": 1 })).await;
    assert_eq!(other.refused(409), "limit_not_found");
}

#[tokio::test]
async fn gfg_3_an_under_age_customer_is_told_so_and_nothing_is_written() {
    let data = folder();
    let server = start(data.path());
    let mut body = five_off(&json!([]));
    body["min_age"] = json!(18);
    body["code"] = json!("WINE");
    let coupon = server.coupon(&body).await;
    let made = server.post("/v1/customers", &json!({ "birth_date": "2020-05-01" })).await.expect(201);
    let young = json!({ "customer_id": made["id"] });
    assert_eq!(server.post(&format!("/v1/coupons/{coupon}/claims"), &young).await.refused(409), "under_age");
    let request = json!({ "codes": ["WINE"], "order": order("o1", 2_000), "customer_id": made["id"] });
    assert_eq!(server.post("/v1/redemptions", &request).await.refused(409), "under_age");
    assert_eq!(server.get("/v1/vouchers").await.expect(200)["data"], json!([]));
    let made = server.post("/v1/customers", &json!({ "birth_date": "1980-05-01" })).await.expect(201);
    server.post(&format!("/v1/coupons/{coupon}/claims"), &json!({ "customer_id": made["id"] })).await.expect(201);
}
