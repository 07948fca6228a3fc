//! Prices of orders: with codes, among many coupons that need none, of a long order, and with a coupon for what a collection
//! lists.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::claims::place;
use crate::load::Requests;
use crate::orders::{order, percent_off};
use crate::request::Request;
use crate::rounds::{Open, Peer, Traffic};
use crate::shop::Shop;
use crate::table::Bench;

const LINES: usize = 10;
pub const LONG_LINES: usize = 200;
const CODES: [(&str, u64); 5] =
    [("TAKE05", 500), ("TAKE10", 1_000), ("TAKE15", 1_500), ("TAKE20", 2_000), ("TAKE25", 2_500)];
/// Coupons without a code that these orders do not suit, beside the five that they do.
const OTHERS: usize = 495;
/// The code of the coupon that is for what a collection lists.
const LISTED: &str = "LISTED";
pub const FEW_LISTED: &str = "quote_collection_10";
/// Entries that one request adds.
const ENTRIES_MAX: usize = 10_000;
/// Who asks; a quote writes nothing, so they may ask again.
const CUSTOMERS: u64 = 10_000;

impl Bench<'_> {
    pub fn quotes(&mut self) -> anyhow::Result<()> {
        let all = CODES.map(|(code, _)| code);
        self.quote("quote", (order(LINES), &all), |shop| codes(shop, false))?;
        self.quote("quote_200_lines", (order(LONG_LINES), &all), |shop| codes(shop, false))?;
        self.quote("quote_500", (order(LINES), &[]), |shop| {
            codes(shop, true)?;
            (0..OTHERS).try_for_each(|number| shop.coupon(&of_other_channel(number)).map(drop))
        })?;
        for (scenario, entries) in [(FEW_LISTED, LINES), ("quote_collection_1m", 1_000_000)] {
            self.quote(scenario, (order(LINES), &[LISTED]), |shop| of_collection(shop, entries))?;
        }
        Ok(())
    }

    /// The order with these codes, at a shop that is filled so.
    fn quote(
        &mut self,
        scenario: &'static str,
        asked: (Value, &[&str]),
        fill: impl FnOnce(&Shop) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if !self.wants(scenario) {
            return Ok(());
        }
        let (mut shop, requests) = self.shop_of_quotes(asked, fill)?;
        self.load(scenario, shop.subject(requests))?;
        shop.server.process.stop()
    }

    fn shop_of_quotes(
        &self,
        (order, codes): (Value, &[&str]),
        fill: impl FnOnce(&Shop) -> anyhow::Result<()>,
    ) -> anyhow::Result<(Shop, Requests)> {
        let shop = Shop::open(&self.options.place)?;
        let customers = shop.customers(CUSTOMERS)?;
        fill(&shop)?;
        let requests = quotes("/v1/quotes", shop.key.clone(), customers, &asking(&order, codes));
        Ok((shop, requests))
    }

    /// What a collection of a million is compared with.
    pub fn few_listed(&self) -> anyhow::Result<Peer> {
        let (shop, requests) = self.shop_of_quotes((order(LINES), &[LISTED]), |shop| of_collection(shop, LINES))?;
        let traffic = Traffic::new(shop.server.address, requests);
        Ok(Peer { name: FEW_LISTED, traffic, open: Open::Shop(shop) })
    }
}

/// The five coupons, by code or without one.
fn codes(shop: &Shop, automatic: bool) -> anyhow::Result<()> {
    CODES.iter().try_for_each(|(code, rate_bp)| {
        let mut coupon = percent_off(code, *rate_bp);
        coupon["automatic"] = json!(automatic);
        shop.coupon(&coupon).map(drop)
    })
}

/// A coupon for a collection of so many SKUs, those of the order among them.
fn of_collection(shop: &Shop, entries: usize) -> anyhow::Result<()> {
    shop.call("PUT", "/v1/collections/listed", &json!({ "of": "skus" }))?;
    let ordered = order(LINES);
    let lines = ordered["lines"].as_array().into_iter().flatten();
    let mut skus: Vec<Value> = lines.map(|line| line["sku"].clone()).collect();
    skus.extend((skus.len()..entries).map(|number| json!(format!("other-{number}"))));
    for some in skus.chunks(ENTRIES_MAX) {
        shop.call("POST", "/v1/collections/listed/entries", &json!({ "add": some }))?;
    }
    let mut coupon = percent_off(LISTED, 1_000);
    coupon["scope"] = json!({ "include": { "collections": ["listed"] } });
    shop.coupon(&coupon).map(drop)
}

/// None of their conditions holds.
fn of_other_channel(number: usize) -> Value {
    json!({
        "name": format!("Channel {number}"),
        "currency": "EUR",
        "automatic": true,
        "conditions": { "field": "order.channel", "op": "eq", "value": format!("channel-{number}") },
        "benefit": { "type": "percent_off", "rate_bp": 1_000 },
    })
}

/// What is sent for the long quote, to who has no customers of ours.
pub fn long_quotes(path: &'static str) -> Requests {
    let customers: Vec<String> = (0..CUSTOMERS).map(|number| format!("cus_{number:032x}")).collect();
    quotes(path, "sk_peer".to_owned(), customers.into(), &asking(&order(LONG_LINES), &CODES.map(|(code, _)| code)))
}

/// All but the customer.
fn asking(order: &Value, codes: &[&str]) -> Value {
    json!({ "codes": codes, "order": order })
}

fn quotes(path: &'static str, key: String, customers: Rc<[String]>, rest: &Value) -> Requests {
    // Written once: what the load generator computes is taken from what is measured.
    let rest = rest.to_string();
    Rc::new(move |number, out| {
        let body = format!("{{\"customer_id\":\"{}\",{}", customers[place(number, customers.len())], &rest[1..]);
        Request::new("POST", path, &key, &body).write(out);
        true
    })
}
