//! The pool of the short form: employees give units of a category, users take one a day.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Server, at_once, send};
use crate::short_form::{error, shop};

/// The coupon of a category, by its id in the long form.
async fn category(server: &Server, name: &str) -> String {
    let listed = server.get("/v1/coupons").await.expect(200);
    let found = listed["data"].as_array().expect("a list").iter().find(|coupon| coupon["name"] == name);
    found.expect("it is there")["id"].as_str().expect("an id").to_owned()
}

async fn contribute(server: &Server, employee: &str, category: &str) -> Value {
    server.post("/api/v1/coupon", &json!({ "id": employee, "category": category })).await.expect(201)
}

#[tokio::test]
async fn an_employee_adds_a_unit_and_gets_a_receipt_without_a_code() {
    let (_data, server, root) = shop(&[]).await;
    let ann = server.person("ann").await.access;
    let body = json!({ "id": "emp-7", "category": "Sport" });
    assert_eq!(error(server.post_as(&ann, "/api/v1/coupon", &body).await, 403), "Forbidden");
    let (one, two) = tokio::join!(server.post("/api/v1/coupon", &body), server.post_as(&root, "/api/v1/coupon", &body));
    let mut counted = Vec::new();
    for receipt in [one.expect(201), two.expect(201)] {
        let available = receipt["available"].clone();
        let expected = json!({ "id": "emp-7", "category": "Sport", "state": "available", "available": available });
        assert_eq!(receipt, expected);
        counted.push(available.as_i64().expect("a number"));
    }
    counted.sort_unstable();
    assert_eq!(counted, [1, 2], "of two first ones at once there is one category");
    assert_eq!(contribute(&server, "emp-8", "sport").await["available"], 3);
    assert_eq!(contribute(&server, "emp-8", "Food").await["available"], 1);
    let of_sport = category(&server, "Sport").await;
    let given = server.get(&format!("/v1/coupons/{of_sport}/contributions")).await.expect(200);
    let expected = json!([{ "contributor": "emp-7", "units": 2 }, { "contributor": "emp-8", "units": 1 }]);
    assert_eq!(given["data"], expected);
}

#[tokio::test]
async fn jc_1_one_coupon_for_each_user_and_day_then_429_and_409_if_none_is_left() {
    let (_data, server, _) = shop(&["--test-clock"]).await;
    assert_eq!(error(server.get("/api/v1/coupon?id=ann").await, 409), "No coupon is left");
    for place in ["Sport", "Sport", "Food", "Food"] {
        contribute(&server, "emp-7", place).await;
    }
    let taken = server.get("/api/v1/coupon?id=ann&category=sport").await;
    assert_eq!(taken.header("cache-control"), Some("no-store"));
    let taken = taken.expect(200);
    assert_eq!(taken["category"], "Sport");
    assert!(taken["code"].as_str().is_some_and(|code| !code.is_empty()));
    let again = server.get("/api/v1/coupon?id=ann&category=Food").await;
    let seconds: u64 = again.header("retry-after").expect("it says when").parse().expect("seconds");
    assert!((1..=90_000).contains(&seconds), "{seconds}");
    error(again, 429);

    let ben = json!({ "user_id": "ben" });
    assert_eq!(server.post("/api/v1/coupon", &ben).await.expect(200)["category"], "Sport", "the first that has one");
    let redeem = |user: &str, code: &Value| json!({ "voucher_code": code, "user_id": user });
    assert_eq!(error(server.post("/redeem", &redeem("ben", &taken["code"])).await, 404), "Voucher not found");
    server.post("/redeem", &redeem("ann", &taken["code"])).await.expect(200);
    assert_eq!(error(server.get("/api/v1/coupon?id=carl&category=Sport").await, 409), "No coupon is left");
    let head = send(server.request(Method::HEAD, "/api/v1/coupon?id=carl")).await;
    assert_eq!(head.status, 405, "nobody takes what he does not see");
    assert_eq!(server.get("/api/v1/coupon?id=carl").await.expect(200)["category"], "Food");

    server.post("/v1/test-clock", &json!({ "advance": format!("PT{seconds}S") })).await.expect(200);
    server.get("/api/v1/coupon?id=ann&category=Food").await.expect(200);
}

#[tokio::test]
async fn jc_3_a_taken_coupon_is_held_for_five_minutes_then_free_for_others() {
    let (_data, server, _) = shop(&["--test-clock"]).await;
    contribute(&server, "emp-7", "Sport").await;
    let ann = server.person("ann").await;
    let taken = server.get_as(&ann.access, "/api/v1/coupon").await.expect(200);
    assert!(taken["expires_at"].is_string());
    let own = server.get_as(&ann.access, "/vouchers").await.expect(200);
    assert_eq!((&own[0]["code"], &own[0]["status"]), (&taken["code"], &json!("unused")));
    assert_eq!(error(server.get_as(&ann.access, "/api/v1/coupon?id=999").await, 403), "Forbidden");
    assert_eq!(error(server.get("/api/v1/coupon?id=ben").await, 409), "No coupon is left");

    server.post("/v1/test-clock", &json!({ "advance": "PT4M59S" })).await.expect(200);
    assert_eq!(error(server.get("/api/v1/coupon?id=ben").await, 409), "No coupon is left");
    server.post("/v1/test-clock", &json!({ "advance": "PT1S" })).await.expect(200);
    let late = json!({ "voucher_code": taken["code"] });
    error(server.post_as(&ann.access, "/redeem", &late).await, 400);
    assert_eq!(server.get_as(&ann.access, "/vouchers").await.expect(200), json!([]));
    let next = server.get("/api/v1/coupon?id=ben").await.expect(200);
    assert_ne!(next["code"], taken["code"], "its code is one that nobody has seen");
    server.post("/redeem", &json!({ "voucher_code": next["code"], "user_id": "ben" })).await.expect(200);
}

#[tokio::test]
async fn jc_1_of_a_hundred_claims_of_one_user_at_once_one_succeeds() {
    let (_data, server, _) = shop(&[]).await;
    for _ in 0..3 {
        contribute(&server, "emp-7", "Sport").await;
    }
    server.customer("ann").await;
    let answers = at_once(100, || server.request(Method::GET, "/api/v1/coupon?id=ann")).await;
    let count = |status: u16| answers.iter().filter(|reply| reply.status == status).count();
    assert_eq!((count(200), count(429)), (1, 99));
}
