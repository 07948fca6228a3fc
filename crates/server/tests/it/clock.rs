//! The test clock.

use serde_json::json;

use crate::scrip::{Server, five_off, folder, order, run};

#[tokio::test]
async fn a_hold_ends_at_its_instant_and_its_unit_goes_to_the_next() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--test-clock"]);
    let (ann, ben) = (server.customer("ann").await, server.customer("ben").await);
    let mut definition = five_off(&json!([{ "counts": "claims", "per": "everyone", "period": "ever", "max": 1 }]));
    definition["hold"] = json!("PT5M");
    let coupon = server.coupon(&definition).await;
    let claims = format!("/v1/coupons/{coupon}/claims");
    let first = server.post(&claims, &json!({ "customer_id": ann })).await.expect(201);
    assert_eq!(first["voucher"]["state"], "held");
    server.post("/v1/test-clock", &json!({ "advance": "PT4M59S" })).await.expect(200);
    assert_eq!(server.post(&claims, &json!({ "customer_id": ben })).await.refused(409), "out_of_stock");
    server.post("/v1/test-clock", &json!({ "advance": "PT1S" })).await.expect(200);
    let second = server.post(&claims, &json!({ "customer_id": ben })).await.expect(201);
    assert_ne!(second["voucher"]["code"], first["voucher"]["code"], "a code someone has seen is never given away");
    let late = json!({ "customer_id": ann, "order": order("o1", 2_000), "codes": [first["voucher"]["code"]] });
    assert_eq!(server.post("/v1/redemptions", &late).await.refused(409), "voucher_expired");
}

#[tokio::test]
async fn a_day_limit_is_answered_with_429_and_opens_at_the_next_day() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--test-clock"]);
    let ann = server.customer("ann").await;
    let coupon =
        server.coupon(&five_off(&json!([{ "counts": "claims", "per": "customer", "period": "day", "max": 1 }]))).await;
    let claims = format!("/v1/coupons/{coupon}/claims");
    server.post(&claims, &json!({ "customer_id": ann })).await.expect(201);
    let refused = server.post(&claims, &json!({ "customer_id": ann })).await;
    let seconds: u64 = refused.header("retry-after").expect("it says when").parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    assert_eq!(refused.refused(429), "customer_day_limit");
    server.post("/v1/test-clock", &json!({ "advance": format!("PT{seconds}S") })).await.expect(200);
    server.post(&claims, &json!({ "customer_id": ann })).await.expect(201);
}

#[tokio::test]
async fn the_clock_cannot_be_moved_on_data_not_made_for_it() {
    let data = folder();
    let mut server = Server::start(data.path());
    server.post("/v1/test-clock", &json!({ "advance": "PT5M" })).await.expect(404);
    server.stop();
    let refused = run(data.path(), &["serve", "--listen", "127.0.0.1:0", "--test-clock"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("test clock"));
}

#[tokio::test]
async fn a_voucher_reads_as_free_at_the_instant_its_reservation_ends() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--test-clock"]);
    let ann = server.customer("ann").await;
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let claimed =
        server.post(&format!("/v1/coupons/{coupon}/claims"), &json!({ "customer_id": ann })).await.expect(201);
    let (id, code) = (claimed["voucher"]["id"].as_str().unwrap(), &claimed["voucher"]["code"]);
    let reserve = json!({ "customer_id": ann, "order": order("o1", 2_000), "codes": [code], "reserve": true, "reserve_for": "PT10M" });
    let redemption = server.post("/v1/redemptions", &reserve).await.expect(201);
    assert_eq!(server.get(&format!("/v1/vouchers/{id}")).await.expect(200)["state"], "locked");
    server.post("/v1/test-clock", &json!({ "advance": "PT10M" })).await.expect(200);
    assert_eq!(server.get(&format!("/v1/vouchers/{id}")).await.expect(200)["state"], "issued");
    let late = format!("/v1/redemptions/{}/confirm", redemption["id"].as_str().unwrap());
    assert_eq!(server.post(&late, &json!({})).await.refused(409), "redemption_expired");
}
