//! Who bore what of discounts, as it is recorded and settled.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Server, folder, said, send};

/// A pot of m1 for 33.33 twice, a cup of m2 for 20.01, a bag of nobody's for 10.00, and sending for 5.00.
fn order(id: &str) -> Value {
    json!({
        "id": id,
        "currency": "EUR",
        "lines": [
            { "sku": "pot", "merchant": "m1", "quantity": 2, "unit_price_minor": 3_333 },
            { "sku": "cup", "merchant": "m2", "quantity": 1, "unit_price_minor": 2_001 },
            { "sku": "bag", "quantity": 1, "unit_price_minor": 1_000 },
        ],
        "shipping_minor": 500,
    })
}

fn coupon(code: Option<&str>, benefit: Value, bearers: Value) -> Value {
    json!({ "name": "x", "code": code, "currency": "EUR", "benefit": benefit, "cost_bearers": bearers, "activate": true })
}

async fn made(server: &Server, body: &Value) -> String {
    let made = server.post("/v1/coupons", body).await.expect(201);
    assert_eq!(made["cost_bearers"], body["cost_bearers"], "it is shown as it was given");
    made["id"].as_str().expect("an id").to_owned()
}

async fn settled(server: &Server, query: &str) -> Vec<Value> {
    let listed = server.get(&format!("/v1/settlements{query}")).await.expect(200);
    listed["data"].as_array().expect("a list").clone()
}

fn sum(rows: &[Value], of: &str) -> i64 {
    rows.iter().map(|row| row[of].as_i64().expect("a number")).sum()
}

fn borne(part: &Value) -> Vec<(&str, i64, Option<i64>)> {
    let shares = part["borne_by"].as_array().map(Vec::as_slice).unwrap_or_default();
    let share = |one| -> (&str, i64, Option<i64>) {
        let one: &Value = one;
        let merchant = one["merchant_id"].as_str().expect("a merchant");
        (merchant, one["amount_minor"].as_i64().expect("an amount"), one["returned_minor"].as_i64())
    };
    shares.iter().map(share).collect()
}

#[tokio::test]
async fn hm_6_lock_at_order_redeem_at_payment_return_at_cancel_and_the_shares_sum_to_the_discount_to_the_cent() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--test-clock"]);
    let ann = server.customer("ann").await;
    let bearers = json!([
        { "type": "merchant", "merchant_id": "brand", "amount_minor": 100 },
        { "type": "line_merchant", "share_bp": 3_333 },
        { "type": "merchant", "merchant_id": "m2", "share_bp": 3_333 },
    ]);
    let id = made(&server, &coupon(None, json!({ "type": "percent_off", "rate_bp": 1_000 }), bearers)).await;
    let claim = format!("/v1/coupons/{id}/claims");
    let claimed = server.post(&claim, &json!({ "customer_id": ann })).await.expect(201);
    let voucher = claimed["voucher"]["id"].as_str().expect("an id").to_owned();
    let code = claimed["voucher"]["code"].clone();
    let reserve =
        |order_id: &str| json!({ "customer_id": ann, "codes": [code], "order": order(order_id), "reserve": true });
    let state = async || server.get(&format!("/v1/vouchers/{voucher}")).await.expect(200)["state"].clone();
    let act = async |redemption: &Value, what: &str, body: Value| {
        let id = redemption["id"].as_str().expect("an id");
        server.post(&format!("/v1/redemptions/{id}/{what}"), &body).await.expect(200)
    };

    let first = server.post("/v1/redemptions", &reserve("o1")).await.expect(201);
    assert_eq!(
        (state().await, settled(&server, "").await.len()),
        (json!("locked"), 0),
        "locked, and nothing is settled"
    );
    act(&first, "cancel", json!({})).await;
    assert_eq!((state().await, settled(&server, "").await.len()), (json!("issued"), 0), "usable again");

    let second = server.post("/v1/redemptions", &reserve("o2")).await.expect(201);
    assert_eq!(second["discount_minor"], 967, "a tenth of 96.67");
    // The brand 1.00, the line merchants 2.89 of 8.67 and m2 2.89; of the former 1.99 for m1's pots, 0.60 for m2's cup.
    let shares = [("brand", 100, Some(0)), ("m1", 199, Some(0)), ("m2", 349, Some(0))];
    assert_eq!(borne(&second["applied"][0]), shares);
    act(&second, "confirm", json!({})).await;
    assert_eq!(state().await, json!("redeemed"));

    let rows = settled(&server, "").await;
    let of: Vec<_> = rows.iter().map(|row| (&row["merchant_id"], &row["borne_minor"], &row["redemptions"])).collect();
    assert_eq!(
        of,
        [
            (&json!(null), &json!(319), &json!(1)),
            (&json!("brand"), &json!(100), &json!(1)),
            (&json!("m1"), &json!(199), &json!(1)),
            (&json!("m2"), &json!(349), &json!(1)),
        ]
    );
    assert_eq!((&rows[0]["bearer"], &rows[1]["bearer"]), (&json!("platform"), &json!("merchant")));
    assert_eq!(sum(&rows, "borne_minor"), 967, "to the cent");

    // A return counts in the period in which it is made.
    server.post("/v1/test-clock", &json!({ "advance": "P3D" })).await.expect(200);
    let half = act(&second, "return", json!({ "lines": [{ "line": 0, "quantity": 1 }] })).await;
    let half_minor = half["returned_minor"].as_i64().expect("a number");
    assert!(0 < half_minor && half_minor < 967);
    let later = settled(&server, "").await;
    assert_eq!(sum(&later, "given_back_minor"), half_minor, "what comes back is shared too");
    assert!(later.iter().all(|row| (row["given_back_minor"] == 0) == (row["borne_minor"] != 0)), "{later:?}");
    act(&second, "return", json!({})).await;
    everybody_has_all_again(&server).await;
    assert_eq!(state().await, json!("issued"), "the voucher too");
    said(data.path(), &["check"]);
}

async fn everybody_has_all_again(server: &Server) {
    let months = settled(server, "?per=month").await;
    for (merchant, minor) in [(None, 319), (Some("brand"), 100), (Some("m1"), 199), (Some("m2"), 349)] {
        let its: Vec<_> = months.iter().filter(|row| row["merchant_id"].as_str() == merchant).cloned().collect();
        let sums = ["borne_minor", "given_back_minor", "net_minor"].map(|of| sum(&its, of));
        assert_eq!(sums, [minor, minor, 0], "everybody has all again: {merchant:?}");
    }
}

#[tokio::test]
async fn settlements_are_listed_by_day_and_bearer_page_by_page_and_as_csv() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--test-clock"]);
    let five = || json!({ "type": "amount_off", "amount_minor": 500 });
    made(&server, &coupon(Some("OURS"), five(), json!([]))).await;
    let half = json!([{ "type": "merchant", "merchant_id": "a, \"b\".c", "share_bp": 5_000 }]);
    let shared = made(&server, &coupon(Some("SHARED"), five(), half)).await;
    let mut days = Vec::new();
    for day in 0..3 {
        let body = json!({ "codes": ["OURS", "SHARED"], "order": order(&format!("o{day}")) });
        let done = server.post("/v1/redemptions", &body).await.expect(201);
        assert_eq!(borne(&done["applied"][0]), [], "left out where the platform bears all");
        assert_eq!(borne(&done["applied"][1]), [("a, \"b\".c", 250, Some(0))]);
        let rows = settled(&server, "?limit=1000").await;
        days.push(rows.last().expect("a row")["begins"].as_str().expect("a day").to_owned());
        server.post("/v1/test-clock", &json!({ "advance": "P1D" })).await.expect(200);
    }
    let all = settled(&server, "").await;
    assert_eq!((all.len(), sum(&all, "borne_minor")), (9, 3_000));
    let mut paged = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = server.get(&format!("/v1/settlements{query}")).await.expect(200);
        paged.extend(page["data"].as_array().expect("a list").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={}", cursor.replace(' ', "%20").replace('"', "%22"));
    }
    assert_eq!(paged, all, "pages come to the whole");
    let middle = settled(&server, &format!("?from={}&to={}", days[1], days[1])).await;
    assert_eq!((middle.len(), sum(&middle, "borne_minor")), (3, 1_000));
    let of_merchant = settled(&server, "?merchant_id=a,%20%22b%22.c").await;
    assert_eq!((of_merchant.len(), sum(&of_merchant, "borne_minor")), (3, 750));
    assert!(of_merchant.iter().all(|row| row["coupon_id"] == json!(shared)));
    assert_eq!(sum(&settled(&server, "?bearer=platform").await, "borne_minor"), 2_250);
    assert_eq!(settled(&server, "?merchant_id=nobody").await, [] as [Value; 0]);

    let asked = server.request(Method::GET, "/v1/settlements").header("accept", "text/csv");
    let text = send(asked).await.expect(200);
    let same = server.get("/v1/settlements?format=csv").await.expect(200);
    assert_eq!(text, same);
    let lines: Vec<&str> = text.as_str().expect("a text").lines().collect();
    let columns = "begins,bearer,merchant_id,coupon_id,currency,redemptions,borne_minor,given_back_minor,net_minor";
    assert_eq!((lines.len(), lines[0]), (10, columns));
    assert_eq!(lines[3], format!("{},merchant,\"a, \"\"b\"\".c\",{shared},EUR,1,250,0,250", days[0]));

    for (query, pointer) in [
        ("?from=2026-02-30", "?from"),
        ("?from=2026-02-02&to=2026-02-01", "?to"),
        ("?merchant_id=", "?merchant_id"),
        ("?merchant_id=a&bearer=platform", "?merchant_id"),
        ("?bearer=merchant", "?bearer"),
        ("?format=csv&limit=5", "?limit"),
        ("?per=year", "?per"),
        ("?cursor=x", "?cursor"),
    ] {
        let problem = server.get(&format!("/v1/settlements{query}")).await.expect(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}");
    }
    said(data.path(), &["check"]);
}
