//! Tables of what coupons say and what comes of it: each row is data, and none needs a change of the program.

use domain::time::Timestamp;
use serde_json::{Value, json};

use crate::scrip::{Server, folder, said};

/// Two runners of m1 for 40.00 each and a cup of m2 for 20.00, sent for 5.00, on a phone, being paid in Paris.
fn order() -> Value {
    json!({
        "currency": "EUR",
        "lines": [
            { "sku": "runner", "category": "fashion/shoes", "merchant": "m1", "quantity": 2, "unit_price_minor": 4_000 },
            { "sku": "cup", "category": "home", "merchant": "m2", "quantity": 1, "unit_price_minor": 2_000 },
        ],
        "shipping_minor": 500,
        "platform": "ios",
        "node": "payment",
        "place": "paris",
    })
}

fn with(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn nights() -> Value {
    json!([{ "sku": "suite", "merchant": "m1", "quantity": 4, "unit_price_minor": 8_000, "period": "night" }])
}

fn coupon(code: &str, more: &Value) -> Value {
    let ten = json!({ "type": "percent_off", "rate_bp": 1_000 });
    let body = json!({ "name": code, "code": code, "currency": "EUR", "benefit": ten, "activate": true });
    with(body, more)
}

async fn made(server: &Server, code: &str, more: &Value) -> String {
    let made = server.post("/v1/coupons", &coupon(code, more)).await.expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

/// What a quote says of each code: its discount, or why it is refused.
async fn outcome(server: &Server, codes: &[&str], order: &Value) -> (Value, Vec<String>) {
    let quoted = server.post("/v1/quotes", &json!({ "codes": codes, "order": order })).await.expect(200);
    let applied = quoted["applied"].as_array().expect("a list").iter().map(|one| one["discount_minor"].to_string());
    let refused = quoted["refused"].as_array().expect("a list").iter();
    let refused = refused.map(|one| one["rejection"].as_str().expect("a code").to_owned());
    let all = applied.chain(refused).collect();
    (quoted, all)
}

/// What it is called, the row, the codes, the order, what comes of the codes.
type Row<'a> = (&'a str, Value, &'a [&'a str], &'a Value, &'a [&'a str]);

#[tokio::test]
async fn re_4_rule_rows_decide_scope_stacking_exclusion_bearers_manner_node_and_platform() {
    let data = folder();
    let server = Server::start(data.path());
    let first = made(&server, "FIRST", &json!({})).await;
    let is = |field: &str, value: &str| json!({ "conditions": { "field": field, "op": "eq", "value": value } });
    let free = |manner: &str| json!({ "benefit": { "type": "free_periods", "periods": 1, "manner": manner } });
    let bears = |bearers: Value| json!({ "cost_bearers": bearers });
    let plain = order();
    let hotel = with(order(), &json!({ "lines": nights() }));
    let (cart, web) = (with(order(), &json!({ "node": "cart" })), with(order(), &json!({ "platform": "web" })));
    let rows: &[Row] = &[
        ("SKU", json!({ "scope": { "include": { "skus": ["cup"] } } }), &["SKU"], &plain, &["200"]),
        ("SHOP", json!({ "scope": { "include": { "merchants": ["m1"] } } }), &["SHOP"], &plain, &["800"]),
        ("NOT", json!({ "scope": { "exclude": { "categories": ["fashion"] } } }), &["NOT"], &plain, &["200"]),
        ("NONE", json!({ "scope": { "include": { "skus": ["bed"] } } }), &["NONE"], &plain, &["none_in_scope"]),
        ("STACK", json!({}), &["FIRST", "STACK"], &plain, &["1000", "900"]),
        (
            "ALONE",
            json!({ "stacking": { "exclusive": true } }),
            &["FIRST", "ALONE"],
            &plain,
            &["1000", "not_combinable"],
        ),
        (
            "BATCH",
            json!({ "stacking": { "excludes_coupon_ids": [first] } }),
            &["FIRST", "BATCH"],
            &plain,
            &["1000", "not_combinable"],
        ),
        ("OFM9", json!({ "merchant": "m9" }), &["OFM9"], &plain, &["1000"]),
        (
            "NOM9",
            json!({ "stacking": { "excludes_merchants": ["m9"] } }),
            &["OFM9", "NOM9"],
            &plain,
            &["1000", "not_combinable"],
        ),
        ("BOTH", json!({ "stacking": { "excludes_merchants": ["m8"] } }), &["OFM9", "BOTH"], &plain, &["1000", "900"]),
        ("LINES", bears(json!([{ "type": "line_merchant", "share_bp": 10_000 }])), &["LINES"], &plain, &["1000"]),
        (
            "MIXED",
            bears(json!([
                { "type": "merchant", "merchant_id": "brand", "amount_minor": 333 },
                { "type": "platform", "share_bp": 5_000 },
                { "type": "line_merchant", "share_bp": 5_000 },
            ])),
            &["MIXED"],
            &plain,
            &["1000"],
        ),
        ("EARLY", free("first"), &["EARLY"], &hotel, &["8000"]),
        ("EVEN", free("spread"), &["EVEN"], &hotel, &["8000"]),
        ("PAY", is("order.node", "payment"), &["PAY"], &plain, &["1000"]),
        ("PAY2", is("order.node", "payment"), &["PAY2"], &cart, &["condition_unmet"]),
        ("IOS", is("order.platform", "ios"), &["IOS"], &plain, &["1000"]),
        ("IOS2", is("order.platform", "ios"), &["IOS2"], &web, &["condition_unmet"]),
    ];
    for (code, row, codes, order, expected) in rows {
        made(&server, code, row).await;
        let (quoted, found) = outcome(&server, codes, order).await;
        assert_eq!(found, *expected, "{code}: {quoted}");
        if let Some((place, value)) = told_more(code) {
            assert_eq!(quoted.pointer(place), Some(&value), "{code}: {quoted}");
        }
    }
}

/// Who bears what, and off which periods it is taken.
fn told_more(code: &str) -> Option<(&'static str, Value)> {
    let share = |id: &str, minor: i64| json!({ "merchant_id": id, "amount_minor": minor });
    Some(match code {
        "LINES" => ("/applied/0/borne_by", json!([share("m1", 800), share("m2", 200)])),
        // Of 6.67 that the amount leaves, the platform bears the cent that is over.
        "MIXED" => ("/applied/0/borne_by", json!([share("brand", 333), share("m1", 266), share("m2", 67)])),
        "EARLY" => ("/applied/0/schedules/0/periods_minor", json!([8_000, 0, 0, 0])),
        "EVEN" => ("/applied/0/schedules/0/periods_minor", json!([2_000, 2_000, 2_000, 2_000])),
        _ => return None,
    })
}

#[tokio::test]
async fn jd_7_store_freight_product_and_red_packet_coupons_each_apply_to_the_right_amount() {
    let data = folder();
    let server = Server::start(data.path());
    let off = |amount_minor: i64| json!({ "type": "amount_off", "amount_minor": amount_minor });
    let store = json!({ "scope": { "include": { "merchants": ["m1"] } }, "minimum_order_minor": 8_000 });
    made(&server, "STORE", &store).await;
    let freight = json!({ "benefit": { "type": "percent_off", "rate_bp": 10_000, "on": "shipping" } });
    made(&server, "FREIGHT", &freight).await;
    made(&server, "PRODUCT", &json!({ "scope": { "include": { "skus": ["cup"] } }, "benefit": off(500) })).await;
    made(&server, "PACKET", &json!({ "benefit": off(870) })).await;
    let codes = ["STORE", "FREIGHT", "PRODUCT", "PACKET"];
    let body = json!({ "codes": codes, "order": order() });
    let done = server.post("/v1/redemptions", &body).await.expect(201);
    let lines = |part: &Value| -> Vec<i64> {
        part["lines_minor"].as_array().expect("a list").iter().map(|one| one.as_i64().expect("minor")).collect()
    };
    let applied = done["applied"].as_array().expect("a list");
    let given: Vec<_> =
        applied.iter().map(|part| (part["discount_minor"].as_i64().expect("minor"), lines(part))).collect();
    assert_eq!(
        given,
        [
            (800, vec![800, 0]),
            (500, vec![0, 0]),
            (500, vec![0, 500]),
            // Over all that is left of the goods: 72.00 and 15.00.
            (870, vec![720, 150]),
        ]
    );
    assert_eq!((&done["discount_minor"], &done["total_minor"]), (&json!(2_670), &json!(7_830)));
    let alone = |code: &'static str| async { outcome(&server, &[code], &order()).await.1 };
    assert_eq!(alone("FREIGHT").await, ["500"]);
    let other = with(order(), &json!({ "lines": [{ "sku": "bed", "quantity": 1, "unit_price_minor": 9_000 }] }));
    assert_eq!(outcome(&server, &["STORE", "PRODUCT"], &other).await.1, ["none_in_scope", "none_in_scope"]);
    said(data.path(), &["check"]);
    let id = done["id"].as_str().expect("an id");
    let whole = server.post(&format!("/v1/redemptions/{id}/return"), &json!({})).await.expect(200);
    assert_eq!(whole["returned_minor"], 2_670, "the freight comes back with the whole");
    said(data.path(), &["check"]);
}

#[tokio::test]
async fn rp_1_every_type_manner_and_validity_gives_its_amount_and_period_and_city_and_window_are_bounds() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--test-clock"]);
    let now = server.get("/v1/test-clock").await.expect(200)["now"].as_str().expect("an instant").to_owned();
    let hotel = with(order(), &json!({ "lines": nights(), "deposit_minor": 10_000 }));
    let berlin = with(order(), &json!({ "place": "berlin" }));
    let (early, late) = ("2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    let benefit = |benefit: Value| json!({ "benefit": benefit });
    let city = json!({ "conditions": { "field": "order.place", "op": "in", "value": ["paris", "lyon"] } });
    let plain = order();
    let rows: &[(&str, Value, &Value, &str)] = &[
        ("SHARE", benefit(json!({ "type": "percent_off", "rate_bp": 1_500, "max_minor": 1_200 })), &plain, "1200"),
        ("AMOUNT", benefit(json!({ "type": "amount_off", "amount_minor": 700 })), &plain, "700"),
        (
            "LADDER",
            benefit(json!({ "type": "ladder", "steps": [
                { "from": 5_000, "amount_minor": 500 }, { "from": 10_000, "amount_minor": 1_500 }] })),
            &plain,
            "1500",
        ),
        ("EVERY", benefit(json!({ "type": "every_off", "every_minor": 3_000, "amount_minor": 100 })), &plain, "300"),
        ("FIRST", benefit(json!({ "type": "free_periods", "periods": 2, "unit": "night" })), &hotel, "16000"),
        ("SPREAD", benefit(json!({ "type": "free_periods", "periods": 2, "manner": "spread" })), &hotel, "16000"),
        ("DEPOSIT", benefit(json!({ "type": "percent_off", "rate_bp": 10_000, "on": "deposit" })), &hotel, "10000"),
        // Each runner costs 5.00 more than that, the cup less.
        ("FIXED", benefit(json!({ "type": "fixed_price", "price_minor": 3_500 })), &plain, "1000"),
        ("FIXED2", benefit(json!({ "type": "fixed_price", "price_minor": 4_000 })), &plain, "nothing_to_discount"),
        // Of three units the cup is the cheapest.
        ("UNITS", benefit(json!({ "type": "units_off", "buy": 2, "get": 1, "rate_bp": 10_000 })), &plain, "2000"),
        (
            "UNITS2",
            benefit(json!({ "type": "units_off", "buy": 3, "get": 1, "rate_bp": 10_000 })),
            &plain,
            "too_few_units",
        ),
        ("CITY", city.clone(), &plain, "1000"),
        ("CITY2", city, &berlin, "condition_unmet"),
        ("OVER", json!({ "validity": { "until": early } }), &plain, "expired"),
        ("AHEAD", json!({ "validity": { "from": late } }), &plain, "not_yet_valid"),
        ("WINDOW", json!({ "starts_at": late }), &plain, "coupon_not_active"),
    ];
    for (code, row, order, expected) in rows {
        made(&server, code, row).await;
        let (quoted, found) = outcome(&server, &[code], order).await;
        assert_eq!(found, [*expected], "{code}: {quoted}");
    }

    gifts_are_added_and_gift_value_pays(&server).await;
    claims_come_within_the_window_and_have_their_validity(&server, &now).await;
}

/// Neither takes anything off.
async fn gifts_are_added_and_gift_value_pays(server: &Server) {
    let gift = json!({ "type": "gift", "sku": "cap", "quantity": 2 });
    made(server, "GIFT", &json!({ "benefit": gift, "minimum_order_minor": 10_000 })).await;
    let (quoted, found) = outcome(server, &["GIFT"], &order()).await;
    assert_eq!((found, &quoted["applied"][0]["gift"]), (vec!["0".to_owned()], &json!({ "sku": "cap", "quantity": 2 })));
    assert_eq!(quoted["total_minor"], 10_500);
    let less = with(order(), &json!({ "lines": [{ "sku": "cup", "quantity": 1, "unit_price_minor": 9_999 }] }));
    assert_eq!(outcome(server, &["GIFT"], &less).await.1, ["below_minimum"]);

    let card = json!({ "name": "card", "currency": "EUR", "benefit": { "type": "gift_value", "amount_minor": 5_000 },
        "pattern": { "prefix": "GIFT-", "alphabet": "base32", "length": 16 }, "activate": true });
    let card = server.post("/v1/coupons", &card).await.expect(201);
    let path = format!("/v1/coupons/{}/vouchers", card["id"].as_str().expect("an id"));
    let body = json!({ "customer_ids": [server.customer("bob").await] });
    let code = server.post(&path, &body).await.expect(201)["data"][0]["code"].clone();
    // Of 105.00, 10.00 are taken off and 50.00 paid: that was all there was on the card.
    let done = server.post("/v1/redemptions", &json!({ "codes": ["FIXED", code], "order": order() })).await.expect(201);
    assert_eq!((&done["discount_minor"], &done["total_minor"]), (&json!(1_000), &json!(9_500)));
    assert_eq!((&done["payments"][0]["amount_minor"], &done["payable_minor"]), (&json!(5_000), &json!(4_500)));
    let (quoted, found) = outcome(server, &["FIXED", code.as_str().expect("a code")], &order()).await;
    assert_eq!(found, ["1000", "balance_empty"]);
    assert_eq!(quoted["payable_minor"], 9_500);
}

/// Outside the window nobody claims; within it, the validity is a fixed one or each voucher's own.
async fn claims_come_within_the_window_and_have_their_validity(server: &Server, now: &str) {
    let late = "2999-01-01T00:00:00Z";
    let ann = server.customer("ann").await;
    let claim = async |more: Value| {
        let body = json!({ "name": "x", "benefit": { "type": "percent_off", "rate_bp": 1_000 }, "activate": true });
        let made = server.post("/v1/coupons", &with(body, &more)).await.expect(201);
        let path = format!("/v1/coupons/{}/claims", made["id"].as_str().expect("an id"));
        server.post(&path, &json!({ "customer_id": ann })).await
    };
    assert_eq!(claim(json!({ "starts_at": late })).await.refused(409), "coupon_not_active");
    let fixed = claim(json!({ "validity": { "from": "2001-01-01T00:00:00Z", "until": late } })).await.expect(201);
    let of = |claimed: &Value, name: &str| claimed["voucher"][name].as_str().expect("an instant").to_owned();
    assert_eq!(of(&fixed, "valid_until"), "2999-01-01T00:00:00.000Z");
    let own = claim(json!({ "validity": { "after_claim": "P7D" } })).await.expect(201);
    let (from, until) = (of(&own, "made_at"), of(&own, "valid_until"));
    assert!(*from >= *now, "{own}");
    let ms = |text: &str| text.parse::<Timestamp>().expect("an instant").as_ms();
    // But for a change of clocks.
    let (week, hour) = (7 * 86_400_000, 3_600_000);
    assert!((week - hour..=week + hour).contains(&(ms(&until) - ms(&from))), "{own}");
}
