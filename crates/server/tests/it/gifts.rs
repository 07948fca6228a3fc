//! Gift value as a shop sees it: cards that orders are paid with.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Server, folder, order, send};

fn card() -> Value {
    json!({
        "name": "Gift card", "currency": "EUR", "benefit": { "type": "gift_value", "amount_minor": 5_000 },
        "pattern": { "prefix": "GIFT-", "alphabet": "base32", "length": 16 }, "activate": true,
    })
}

/// A card of that customer.
async fn issued(server: &Server, coupon: &str, customer: &str) -> Value {
    let body = json!({ "customer_ids": [customer] });
    let issued = server.post(&format!("/v1/coupons/{coupon}/vouchers"), &body).await.expect(201);
    issued["data"][0].clone()
}

/// The kind of each change with its amount and the balance after it, page by page, the newest first.
async fn entries(server: &Server, path: &str) -> Vec<(String, Option<i64>, Option<i64>)> {
    let (mut listed, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = server.get(&format!("{path}/entries{query}")).await.expect(200);
        for entry in page["data"].as_array().expect("a list") {
            let kind = text(&entry["kind"]).to_owned();
            listed.push((kind, entry["amount_minor"].as_i64(), entry["balance_minor"].as_i64()));
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("?limit=2&cursor={cursor}"),
            None => return listed,
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[tokio::test]
async fn a_gift_card_is_issued_spent_in_parts_topped_up_and_every_change_is_listed() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.customer("ann").await;
    let coupon = server.post("/v1/coupons", &card()).await.expect(201);
    let card = issued(&server, text(&coupon["id"]), &ann).await;
    let (path, code) = (format!("/v1/vouchers/{}", text(&card["id"])), card["code"].clone());
    assert_eq!(
        card["balance"],
        json!({ "currency": "EUR", "initial_minor": 5_000, "balance_minor": 5_000, "held_minor": 0, "available_minor": 5_000 })
    );

    let asked = json!({ "codes": [code], "order": order("q", 3_000) });
    let quote = server.post("/v1/quotes", &asked).await.expect(200);
    assert_eq!((&quote["total_minor"], &quote["payable_minor"]), (&json!(3_000), &json!(0)));
    let payment = &quote["payments"][0];
    assert_eq!((&payment["amount_minor"], &payment["left_minor"]), (&json!(3_000), &json!(2_000)));
    assert_eq!(payment["voucher_id"], card["id"]);

    let mut first = json!({ "codes": [code], "order": order("a", 3_000), "expected_total_minor": 3_000 });
    first["reserve"] = json!(true);
    let pending = server.post("/v1/redemptions", &first).await.expect(201);
    assert_eq!((&pending["payments"][0]["amount_minor"], &pending["payable_minor"]), (&json!(3_000), &json!(0)));
    assert_eq!(pending["applied"], json!([]), "a payment is no discount");
    let shown = server.get(&path).await.expect(200);
    assert_eq!((&shown["state"], &shown["balance"]["available_minor"]), (&json!("issued"), &json!(2_000)));
    let done = format!("/v1/redemptions/{}", text(&pending["id"]));
    server.post(&format!("{done}/confirm"), &json!({})).await.expect(200);
    let explained = server.get(&format!("/v1/decisions/{}", text(&pending["id"]))).await.expect(200);
    let offer = &explained["offers"][0];
    assert_eq!((&offer["outcome"], &offer["paid_minor"]), (&json!("paid"), &json!(3_000)));

    let top_up = json!({ "amount_minor": 1_000, "reason": "paid at the till" });
    let request =
        || server.request(Method::POST, &format!("{path}/top-ups")).header("idempotency-key", "t").json(&top_up);
    let topped_up = send(request()).await.expect(200);
    assert_eq!(
        (&topped_up["balance"]["balance_minor"], &topped_up["entry"]["kind"]),
        (&json!(3_000), &json!("topped_up"))
    );
    let again = send(request()).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(200), topped_up);
    let adjust = json!({ "amount_minor": -500, "reason": "counted twice" });
    server.post(&format!("{path}/adjustments"), &adjust).await.expect(200);
    server.post(&format!("{done}/return"), &json!({})).await.expect(200);

    let listed = entries(&server, &path).await;
    let expected = [
        ("given_back", 3_000, 5_500),
        ("adjusted", -500, 2_500),
        ("topped_up", 1_000, 3_000),
        ("spent", -3_000, 2_000),
        ("issued", 5_000, 5_000),
    ];
    let expected = expected.map(|(kind, amount, balance)| (kind.to_owned(), Some(amount), Some(balance)));
    assert_eq!(listed, expected);
    let export = server.get(&format!("/v1/customers/{ann}/export")).await.expect(200);
    let exported = export["vouchers"][0]["entries"].as_array().expect("a list");
    assert_eq!((exported.len(), &exported[0]["kind"]), (5, &json!("given_back")), "they are the customer's to know");
    let changed = server.get("/v1/audit?limit=2").await.expect(200);
    let actions: Vec<_> = changed["data"].as_array().expect("a list").iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["voucher.adjust", "voucher.top_up"]);
}

#[tokio::test]
async fn a_wallet_says_what_a_gift_card_would_pay_and_what_is_wrong_with_a_change_is_named() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.customer("ann").await;
    let coupon = server.post("/v1/coupons", &card()).await.expect(201);
    let full = issued(&server, text(&coupon["id"]), &ann).await;
    let empty = issued(&server, text(&coupon["id"]), &ann).await;
    let redeem = json!({ "codes": [empty["code"]], "order": order("a", 5_000) });
    server.post("/v1/redemptions", &redeem).await.expect(201);
    let body = json!({ "customer_id": ann, "order": order("w", 8_000) });
    let judged = server.post("/v1/quotes/wallet", &body).await.expect(200);
    let usable = &judged["usable"][0];
    assert_eq!((&usable["voucher_id"], &usable["pays_minor"]), (&full["id"], &json!(5_000)));
    assert_eq!((&usable["discount_minor"], &usable["total_minor"]), (&json!(0), &json!(8_000)));
    let refused = &judged["not_usable"][0];
    assert_eq!((&refused["voucher_id"], &refused["rejection"]), (&empty["id"], &json!("balance_empty")));
    assert_eq!(refused["reason"]["zh"], "此礼品卡余额已用完。");
    let wallet = server.get(&format!("/v1/customers/{ann}/wallet")).await.expect(200);
    assert_eq!(wallet["data"][1]["not_usable"]["code"], "balance_empty");

    let path = format!("/v1/vouchers/{}", text(&full["id"]));
    for (what, body, pointer) in [
        ("top-ups", json!({ "amount_minor": 0 }), "/amount_minor"),
        ("top-ups", json!({ "amount_minor": -5 }), "/amount_minor"),
        ("top-ups", json!({ "amount_minor": 5, "reason": "" }), "/reason"),
        ("adjustments", json!({ "amount_minor": 5 }), "/reason"),
        ("adjustments", json!({ "amount_minor": 0, "reason": "x" }), "/amount_minor"),
    ] {
        let wrong = server.post(&format!("{path}/{what}"), &body).await.expect(422);
        assert_eq!(wrong["errors"][0]["pointer"], pointer, "{what} {body}");
    }
    let too_much = json!({ "amount_minor": -5_001, "reason": "x" });
    assert_eq!(server.post(&format!("{path}/adjustments"), &too_much).await.refused(409), "balance_out_of_bounds");
    let mut short = card();
    short["pattern"]["length"] = json!(15);
    let short = server.post("/v1/coupons", &short).await.expect(422);
    assert_eq!(short["errors"][0]["pointer"], "/pattern");
}
