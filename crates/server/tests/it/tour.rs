//! The whole chain by its API alone: create, claim, quote, reserve, confirm, return, and what is left of it.

use serde_json::json;

use crate::scrip::{Server, five_off, folder, order};

#[tokio::test]
async fn it_2_create_claim_quote_reserve_confirm_and_return_run_in_one_chain() {
    let data = folder();
    let server = Server::start(data.path());
    let customer = server.customer("ann").await;
    let coupon =
        server.coupon(&five_off(&json!([{ "counts": "claims", "per": "everyone", "period": "ever", "max": 2 }]))).await;

    let claimed =
        server.post(&format!("/v1/coupons/{coupon}/claims"), &json!({ "customer_id": customer })).await.expect(201);
    let voucher = &claimed["voucher"];
    assert_eq!(voucher["state"], "issued");
    let (id, code) = (voucher["id"].as_str().unwrap(), voucher["code"].as_str().unwrap());

    let asked = json!({ "customer_id": customer, "order": order("o1", 2_000), "codes": [code] });
    let quote = server.post("/v1/quotes", &asked).await.expect(200);
    assert_eq!(quote["discount_minor"], 500);
    assert_eq!(quote["total_minor"], 1_500);
    assert_eq!(quote["applied"][0]["coupon_id"], json!(coupon));
    assert_eq!(quote["applied"][0]["voucher_id"], json!(id));

    let mut reserve = asked.clone();
    reserve["reserve"] = json!(true);
    reserve["reserve_for"] = json!("PT10M");
    reserve["expected_total_minor"] = json!(1_500);
    let pending = server.post("/v1/redemptions", &reserve).await.expect(201);
    assert_eq!(pending["state"], "pending");
    let redemption = pending["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/vouchers/{id}")).await.expect(200)["state"], "locked");

    let done = server.post(&format!("/v1/redemptions/{redemption}/confirm"), &json!({})).await.expect(200);
    assert_eq!(done["state"], "succeeded");
    assert_eq!(server.get(&format!("/v1/vouchers/{id}")).await.expect(200)["state"], "redeemed");

    let returned = server.post(&format!("/v1/redemptions/{redemption}/return"), &json!({})).await.expect(200);
    assert_eq!(returned["state"], "returned");
    assert_eq!(returned["returned_minor"], 500);
    assert_eq!(server.get(&format!("/v1/vouchers/{id}")).await.expect(200)["state"], "issued");

    let history = server.get(&format!("/v1/vouchers/{id}/history")).await.expect(200);
    let steps: Vec<&str> =
        history["data"].as_array().unwrap().iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert_eq!(steps, ["claimed", "locked", "redeemed", "returned"]);

    let figures = server.get(&format!("/v1/coupons/{coupon}/statistics")).await.expect(200);
    for (name, count) in [("issued", 1), ("redeemed", 1), ("returned", 1), ("value_given_minor", 0)] {
        assert_eq!(figures[name], count, "{name}");
    }
    let listed = server.get(&format!("/v1/vouchers?customer_id={customer}")).await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(listed["next_cursor"], json!(null));
}

#[tokio::test]
async fn a_block_of_bearer_codes_is_exported_and_each_code_is_good_once() {
    let data = folder();
    let server = Server::start(data.path());
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let made = server.post(&format!("/v1/coupons/{coupon}/vouchers"), &json!({ "count": 1_500 })).await.expect(201);
    let block = made["block"]["id"].as_str().unwrap();

    let exported = crate::scrip::said(data.path(), &["codes", "export", "--block", block]);
    let codes: Vec<&str> = exported.lines().collect();
    let distinct: std::collections::HashSet<&&str> = codes.iter().collect();
    assert_eq!((codes.len(), distinct.len()), (1_500, 1_500));

    let typed = codes[700].to_lowercase();
    let redeem = |id: &str| json!({ "order": order(id, 2_000), "codes": [typed] });
    server.post("/v1/redemptions", &redeem("o1")).await.expect(201);
    assert_eq!(server.post("/v1/redemptions", &redeem("o2")).await.refused(409), "voucher_redeemed");
}

#[tokio::test]
async fn given_codes_are_redeemed_by_their_owner_alone() {
    let data = folder();
    let server = Server::start(data.path());
    let (ann, ben) = (server.customer("ann").await, server.customer("ben").await);
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let given = json!({ "vouchers": [{ "code": "VOUCHER123", "customer_id": ann }, { "code": "Open-Gift" }] });
    let made = server.post(&format!("/v1/coupons/{coupon}/vouchers"), &given).await.expect(201);
    assert_eq!(made["data"][0]["code"], "VOUCHER123");

    let redeem = |customer: &str, code: &str, id: &str| json!({ "customer_id": customer, "order": order(id, 2_000), "codes": [code] });
    assert_eq!(
        server.post("/v1/redemptions", &redeem(&ben, "voucher 123", "o1")).await.refused(409),
        "voucher_foreign"
    );
    server.post("/v1/redemptions", &redeem(&ann, "voucher 123", "o2")).await.expect(201);
    server.post("/v1/redemptions", &redeem(&ben, "0PEN GIFT", "o3")).await.expect(201);

    let again = server
        .post(
            &format!("/v1/coupons/{coupon}/vouchers"),
            &json!({ "vouchers": [{ "code": "NEW1" }, { "code": "voucher-123" }] }),
        )
        .await;
    assert_eq!(again.body["errors"][0]["pointer"], "/vouchers/1/code");
    assert_eq!(again.refused(409), "code_taken");
    let listed = server.get(&format!("/v1/vouchers?coupon_id={coupon}")).await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "all or nothing");
}
