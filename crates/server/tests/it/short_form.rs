//! The short form: flat bodies, decimal amounts, `{"error": "..."}`.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::accounts::{PASSWORD, staff};
use crate::scrip::{Reply, Server, at_once, folder, send};

/// A shop with an administrator, whose token is given.
pub async fn shop(options: &[&str]) -> (TempDir, Server, String) {
    let data = folder();
    let server = Server::start_with(data.path(), options);
    staff(data.path(), "root", "admin");
    let root = server.signed_in("root", PASSWORD).await.access;
    (data, server, root)
}

/// What is said of a refusal, if it is all that is said.
#[track_caller]
pub fn error(reply: Reply, status: u16) -> String {
    assert_eq!(reply.headers["content-type"], "application/json");
    let body = reply.expect(status);
    assert_eq!(body.as_object().map(|fields| fields.len()), Some(1), "{body}");
    body["error"].as_str().expect("a text").to_owned()
}

async fn put_as(server: &Server, token: &str, path: &str, body: &Value) -> Reply {
    send(server.bare(Method::PUT, path).bearer_auth(token).json(body)).await
}

async fn anybody(server: &Server, path: &str) -> Value {
    send(server.bare(Method::GET, path)).await.expect(200)
}

/// A coupon, and vouchers of these codes for a customer. Returns the customer's number.
async fn given_to(server: &Server, root: &str, customer: Option<&str>, codes: &[&str]) -> Value {
    let body = json!({ "code": "SUMMER25", "discount": 25 });
    let made = server.post_as(root, "/admin/coupons", &body).await.expect(201);
    let path = format!("/admin/coupons/{}/vouchers", made["coupon"]["id"]);
    let body = json!({ "codes": codes, "user_id": customer });
    server.post_as(root, &path, &body).await.expect(201)[0]["user_id"].clone()
}

#[tokio::test]
async fn gfg_1_public_coupons_are_listed_and_staff_creates_them() {
    let (_data, server, root) = shop(&[]).await;
    let ann = server.person("ann").await.access;
    let body = json!({ "code": "SUMMER25", "discount": 25, "min_cart_value": 75 });
    assert_eq!(error(server.post_as(&ann, "/admin/coupons", &body).await, 403), "Forbidden");
    assert_eq!(error(server.guest("/admin/coupons", &body).await, 401), "Unauthorized");
    assert_eq!(anybody(&server, "/coupons").await, json!([]));

    let made = server.post_as(&root, "/admin/coupons", &body).await.expect(201);
    let coupon = json!({ "id": 1, "code": "SUMMER25", "discount": 25, "min_cart_value": 75, "active": true });
    assert_eq!(made, json!({ "message": "Coupon created successfully", "coupon": coupon }));
    let listed = json!({ "id": 1, "code": "SUMMER25", "discount": 25, "min_cart_value": 75 });
    assert_eq!(anybody(&server, "/coupons").await, json!([listed]));
    error(server.post_as(&root, "/admin/coupons", &body).await, 409);

    let change = json!({ "discount": "12.50", "min_cart_value": 19.99 });
    let changed = put_as(&server, &root, "/admin/coupons/1", &change).await.expect(200);
    assert_eq!(changed["message"], "Coupon updated successfully");
    let listed = json!({ "id": 1, "code": "SUMMER25", "discount": 12.5, "min_cart_value": 19.99 });
    assert_eq!(anybody(&server, "/coupons").await, json!([listed]));
    let five = json!({ "code": "FIVE", "discount": 5, "discount_type": "amount" });
    server.post_as(&root, "/admin/coupons", &five).await.expect(201);
    let seen = server.get_as(&ann, "/coupons").await.expect(200);
    assert_eq!(
        seen[1],
        json!({ "id": 2, "code": "FIVE", "discount": 5, "discount_type": "amount", "min_cart_value": 0 })
    );

    put_as(&server, &root, "/admin/coupons/1", &json!({ "active": false })).await.expect(200);
    assert_eq!(anybody(&server, "/coupons").await.as_array().map(Vec::len), Some(1), "what is paused is not listed");
    put_as(&server, &root, "/admin/coupons/1", &json!({ "active": true })).await.expect(200);
    assert_eq!(anybody(&server, "/coupons").await.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn who_has_signed_in_sees_the_coupons_of_their_age_and_own_list_only() {
    let (_data, server, root) = shop(&[]).await;
    let ann = server.person("ann").await;
    let adults = json!({ "code": "ADULTS", "discount": 10, "min_age": 18 });
    server.post_as(&root, "/admin/coupons", &adults).await.expect(201);
    let for_ann = json!({ "name": "Ann's", "code": "FORANN", "visibility": "public", "activate": true,
        "benefit": { "type": "percent_off", "rate_bp": 1000 }, "customer_ids": [ann.customer_id] });
    server.post_as(&root, "/v1/coupons", &for_ann).await.expect(201);
    let codes = |listed: Value| -> Vec<String> {
        let listed = listed.as_array().expect("a list").clone();
        listed.iter().map(|coupon| coupon["code"].as_str().expect("a code").to_owned()).collect()
    };
    assert_eq!(codes(anybody(&server, "/coupons").await), ["ADULTS"]);
    assert_eq!(
        codes(server.get_as(&ann.access, "/coupons").await.expect(200)),
        ["FORANN"],
        "no date of birth is known"
    );
    assert_eq!(error(server.get_as("nonsense", "/coupons").await, 401), "Unauthorized");
}

#[tokio::test]
async fn every_error_of_the_short_form_is_one_text() {
    let (_data, server, root) = shop(&[]).await;
    for (body, said) in [
        (json!({ "discount": 25 }), "code: is needed"),
        (json!({ "code": "A", "discount": 101 }), "discount: must be a percentage"),
        (json!({ "code": "A", "discount": 5, "min_cart_value": 1.005 }), "min_cart_value: must be an amount in EUR"),
        (json!({ "code": "A", "discount": 5, "expiry_date": "31.08.2026" }), "expiry_date: must be a day"),
        (json!({ "code": "A", "discount": 5, "colour": "red" }), "colour: "),
        (json!({ "code": "A", "discount": [5] }), "discount: "),
    ] {
        let found = error(server.post_as(&root, "/admin/coupons", &body).await, 422);
        assert!(found.starts_with(said), "{body}: {found}");
    }
    error(put_as(&server, &root, "/admin/coupons/7", &json!({ "discount": 5 })).await, 404);
    error(put_as(&server, &root, "/admin/coupons/seven", &json!({ "discount": 5 })).await, 404);
    error(put_as(&server, &root, "/redeem", &json!({})).await, 405);
    error(server.get_as(&root, "/admin/coupons/1/nothing").await, 404);
    let not_json = server.bare(Method::POST, "/admin/coupons").bearer_auth(&root).body("{}");
    error(send(not_json).await, 415);
    assert_eq!(server.get("/v1/nothing").await.refused(404), "not_found", "elsewhere problems stay");
}

#[tokio::test]
async fn gfg_2_a_customer_lists_vouchers_and_redeems_one_once() {
    let (_data, server, root) = shop(&[]).await;
    let (ann, ben) = (server.person("ann").await, server.person("ben").await);
    let no = given_to(&server, &root, ann.customer_id.as_deref(), &["VOUCHER123", "VOUCHER124"]).await;
    let own = server.get_as(&ann.access, &format!("/vouchers?user_id={no}")).await.expect(200);
    assert_eq!(own.as_array().map(Vec::len), Some(2));
    let expected = json!({ "id": own[0]["id"], "code": "VOUCHER123", "status": "unused", "user_id": no });
    assert_eq!(own[0], expected);
    let id = ann.customer_id.as_deref().expect("a customer");
    for path in ["/vouchers".to_owned(), format!("/vouchers?user_id={id}")] {
        assert_eq!(server.get_as(&ann.access, &path).await.expect(200), own, "{path}");
    }
    assert_eq!(server.get_as(&root, &format!("/vouchers?user_id={no}")).await.expect(200), own);
    assert_eq!(error(server.get_as(&ben.access, &format!("/vouchers?user_id={no}")).await, 403), "Forbidden");
    assert_eq!(error(server.get_as(&ben.access, "/vouchers?user_id=999").await, 403), "Forbidden");
    assert_eq!(error(server.get("/vouchers?user_id=999").await, 404), "User not found");

    let body = json!({ "voucher_code": "VOUCHER123" });
    assert_eq!(error(server.guest("/redeem", &body).await, 401), "Unauthorized");
    assert_eq!(error(server.post_as(&ben.access, "/redeem", &body).await, 404), "Voucher not found", "it is Ann's");
    let unknown = json!({ "voucher_code": "NOTHING" });
    assert_eq!(error(server.post_as(&ann.access, "/redeem", &unknown).await, 404), "Voucher not found");

    let (one, two) =
        tokio::join!(server.post_as(&ann.access, "/redeem", &body), server.post_as(&ann.access, "/redeem", &body));
    let (first, second) = if one.status == 200 { (one, two) } else { (two, one) };
    assert_eq!(first.expect(200), json!({ "message": "Voucher VOUCHER123 redeemed successfully" }));
    assert_eq!(error(second, 400), "Voucher already redeemed");
    assert_eq!(error(server.post_as(&ann.access, "/redeem", &body).await, 400), "Voucher already redeemed");
    let own = server.get_as(&ann.access, "/vouchers").await.expect(200);
    assert_eq!((&own[0]["status"], &own[1]["status"]), (&json!("redeemed"), &json!("unused")));
}

#[tokio::test]
async fn a_server_redeems_for_the_user_it_names_and_a_key_of_the_caller_repeats_it() {
    let (_data, server, root) = shop(&[]).await;
    let customer = server.customer("13047").await;
    let no = given_to(&server, &root, Some(&customer), &["VOUCHER123"]).await;
    let body = json!({ "voucher_code": "VOUCHER123" });
    assert_eq!(error(server.post("/redeem", &body).await, 422), "user_id: is needed");
    let other = json!({ "voucher_code": "VOUCHER123", "user_id": "somebody" });
    assert_eq!(error(server.post("/redeem", &other).await, 404), "Voucher not found");
    let body = json!({ "voucher_code": "VOUCHER123", "user_id": "13047" });
    for replayed in [None, Some("true")] {
        let request = server.request(Method::POST, "/redeem").header("idempotency-key", "k").json(&body);
        let reply = send(request).await;
        assert_eq!(reply.header("idempotency-replayed"), replayed);
        reply.expect(200);
    }
    let listed = server.get(&format!("/vouchers?user_id={no}")).await.expect(200);
    assert_eq!(listed[0]["status"], "redeemed");
}

#[tokio::test]
async fn gfg_1_limits_minimum_and_expiry_are_honoured() {
    let (_data, server, root) = shop(&["--test-clock"]).await;
    let now = server.get("/v1/test-clock").await.expect(200);
    let today = &now["now"].as_str().expect("an instant")[..10];
    let coupon =
        json!({ "code": "SAVE10", "discount": 10, "min_cart_value": 50, "usage_limit": 2, "per_user_limit": 1 });
    server.post_as(&root, "/admin/coupons", &coupon).await.expect(201);
    let use_by =
        |user: &str, cart: Option<&str>| json!({ "coupon_code": "SAVE10", "user_id": user, "cart_value": cart });

    let needed = error(server.post("/redeem", &use_by("ann", None)).await, 400);
    assert!(needed.starts_with("cart_value is needed") && needed.contains("50 EUR"), "{needed}");
    error(server.post("/redeem", &use_by("ann", Some("49.99"))).await, 400);
    server.post("/redeem", &use_by("ann", Some("50"))).await.expect(200);
    error(server.post("/redeem", &use_by("ann", Some("50"))).await, 400);
    server.post("/redeem", &use_by("ben", Some("80"))).await.expect(200);
    error(server.post("/redeem", &use_by("carl", Some("80"))).await, 400);
    put_as(&server, &root, "/admin/coupons/1", &json!({ "usage_limit": 3 })).await.expect(200);
    server.post("/redeem", &use_by("carl", Some("80"))).await.expect(200);

    let last_day = json!({ "code": "TODAY", "discount": 5, "discount_type": "amount", "expiry_date": today });
    server.post_as(&root, "/admin/coupons", &last_day).await.expect(201);
    let use_today = |user: &str| json!({ "coupon_code": "TODAY", "user_id": user });
    server.post("/redeem", &use_today("ann")).await.expect(200);
    server.post("/v1/test-clock", &json!({ "advance": "PT25H" })).await.expect(200);
    error(server.post("/redeem", &use_today("ben")).await, 400);
    assert_eq!(anybody(&server, "/coupons").await.as_array().map(Vec::len), Some(1), "what is over is not listed");
}

#[tokio::test]
async fn gfg_2_a_code_with_an_owner_is_refused_to_others_and_one_without_goes_to_whoever_comes_first() {
    let (_data, server, root) = shop(&[]).await;
    let (ann, ben) = (server.person("ann").await, server.person("ben").await);
    given_to(&server, &root, ann.customer_id.as_deref(), &["ANNS"]).await;
    let made = server.post_as(&root, "/admin/coupons/1/vouchers", &json!({ "count": 2 })).await.expect(201);
    assert_eq!((made.as_array().map(Vec::len), &made[0]["user_id"]), (Some(2), &Value::Null));
    let body = json!({ "voucher_code": made[0]["code"] });
    server.post_as(&ben.access, "/redeem", &body).await.expect(200);
    error(server.post_as(&ann.access, "/redeem", &body).await, 400);
    let anns = json!({ "voucher_code": "ANNS" });
    assert_eq!(error(server.post_as(&ben.access, "/redeem", &anns).await, 404), "Voucher not found");
    server.post_as(&ann.access, "/redeem", &anns).await.expect(200);
}

#[tokio::test]
async fn gfg_3_one_code_redeemed_by_a_hundred_at_once_is_redeemed_once() {
    let (_data, server, root) = shop(&[]).await;
    given_to(&server, &root, None, &["VOUCHER123"]).await;
    let users = AtomicU32::new(0);
    let answers = at_once(100, || {
        let user = format!("user-{}", users.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "voucher_code": "VOUCHER123", "user_id": user });
        server.request(Method::POST, "/redeem").json(&body)
    })
    .await;
    let (used, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((used.len(), refused.len()), (1, 99));
    for reply in refused {
        assert_eq!(error(reply, 400), "Voucher already redeemed");
    }
    let unknown = json!({ "voucher_code": "NOTHING", "user_id": "ann" });
    assert_eq!(error(server.post("/redeem", &unknown).await, 404), "Voucher not found");
}

#[tokio::test]
async fn gfg_4_each_use_is_one_row_that_history_and_figures_agree_on() {
    let (_data, server, root) = shop(&[]).await;
    let customer = server.customer("ann").await;
    given_to(&server, &root, Some(&customer), &["ONE", "TWO", "THREE"]).await;
    for code in ["ONE", "TWO", "TWO"] {
        server.post("/redeem", &json!({ "voucher_code": code, "user_id": "ann", "cart_value": 80 })).await;
    }
    let rows = server.get(&format!("/v1/redemptions?customer_id={customer}")).await.expect(200);
    let rows = rows["data"].as_array().expect("a list").clone();
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!((&row["state"], &row["discount_minor"]), (&json!("succeeded"), &json!(2_000)), "{row}");
    }
    let history = server.get(&format!("/v1/customers/{customer}/history")).await.expect(200);
    let entries = history["data"].as_array().expect("a list").clone();
    assert_eq!(entries.iter().filter(|entry| entry["event"] == "redeemed").count(), rows.len(), "{history:#}");
    let coupons = server.get("/v1/coupons").await.expect(200);
    let coupon = coupons["data"][0]["id"].as_str().expect("an id").to_owned();
    let figures = server.get(&format!("/v1/coupons/{coupon}/statistics")).await.expect(200);
    assert_eq!((&figures["redeemed"], &figures["value_given_minor"]), (&json!(2), &json!(4_000)));
}

#[tokio::test]
async fn gfg_6_the_four_calls_exist_with_their_meanings() {
    let (_data, server, root) = shop(&[]).await;
    let coupon = json!({ "code": "SAVE10", "discount": 10, "min_cart_value": 50 });
    for path in ["/redeem", "/admin/coupons"] {
        assert_eq!(error(server.guest(path, &coupon).await, 401), "Unauthorized");
    }
    assert_eq!(error(send(server.bare(Method::GET, "/vouchers")).await, 401), "Unauthorized");
    let made = server.post_as(&root, "/admin/coupons", &coupon).await.expect(201);
    assert_eq!(made["message"], "Coupon created successfully");
    assert_eq!(anybody(&server, "/coupons").await[0]["code"], "SAVE10");
    let ann = server.person("ann").await;
    let body = json!({ "codes": ["VOUCHER123"], "user_id": ann.customer_id });
    server.post_as(&root, "/admin/coupons/1/vouchers", &body).await.expect(201);
    let own = server.get_as(&ann.access, "/vouchers").await.expect(200);
    assert_eq!((&own[0]["code"], &own[0]["status"]), (&json!("VOUCHER123"), &json!("unused")));
    let redeem = json!({ "voucher_code": "VOUCHER123", "cart_value": 50 });
    let done = server.post_as(&ann.access, "/redeem", &redeem).await.expect(200);
    assert_eq!(done, json!({ "message": "Voucher VOUCHER123 redeemed successfully" }));
}
