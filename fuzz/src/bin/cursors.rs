//! A cursor is one that a list has given, and goes on from there, or it is refused and named. The first byte picks the
//! list, the rest is the cursor.
#![no_main]

use std::fmt::Write as _;
use std::sync::LazyLock;

use fuzz::{Answer, Shop};
use http::Method;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static SHOP: LazyLock<Shop> = LazyLock::new(Shop::open);

/// Every list that has pages.
const LISTS: [&str; 15] = [
    "/v1/coupons?",
    "/v1/coupons?state=running&",
    "/v1/campaigns?",
    "/v1/vouchers?",
    "/v1/vouchers?coupon_id=@coupon&",
    "/v1/vouchers?customer_id=@customer&",
    "/v1/redemptions?",
    "/v1/redemptions?customer_id=@customer&",
    "/v1/customers/@customer/wallet?",
    "/v1/coupons/@coupon/code-blocks?",
    "/v1/coupons/@coupon/contributions?",
    "/v1/accounts?",
    "/v1/audit?",
    "/v1/blocks?",
    "/v1/imports?",
];

fuzz_target!(|input: &[u8]| {
    let Some((place, cursor)) = input.split_first() else { return };
    let shop = &*SHOP;
    let list = shop.named_in(LISTS[usize::from(*place) % LISTS.len()]);
    let answer = page(shop, &list, cursor);
    if answer.status == 422 {
        assert_eq!(answer.body["errors"][0]["pointer"], "?cursor", "{list}: {answer:?}");
        return;
    }
    assert_eq!(answer.status, 200, "{list}: {answer:?}");
    if let Some(next) = answer.body["next_cursor"].as_str() {
        assert_ne!(next.as_bytes(), cursor, "a list goes on");
        assert_eq!(page(shop, &list, next.as_bytes()).status, 200, "{list}: what was given is taken");
    }
});

fn page(shop: &Shop, list: &str, cursor: &[u8]) -> Answer {
    let written = cursor.iter().fold(String::new(), |mut written, byte| {
        write!(written, "%{byte:02x}").expect("a text grows");
        written
    });
    let path = format!("{list}limit=1&cursor={written}");
    // Longer than any address: what reads requests refuses it before.
    if path.len() > 16_000 {
        return Answer { status: http::StatusCode::UNPROCESSABLE_ENTITY, body: blamed() };
    }
    shop.send(Method::GET, &path, "")
}

fn blamed() -> Value {
    serde_json::json!({ "errors": [{ "pointer": "?cursor" }] })
}
