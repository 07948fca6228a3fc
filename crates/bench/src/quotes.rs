//! Prices of an order with several coupons.

use std::rc::Rc;

use serde_json::json;

use crate::claims::place;
use crate::load::Requests;
use crate::orders::{order, percent_off};
use crate::request::Request;
use crate::scenario::measure;
use crate::shop::Shop;
use crate::table::Bench;

const LINES: usize = 10;
const CODES: [(&str, u64); 5] =
    [("TAKE05", 500), ("TAKE10", 1_000), ("TAKE15", 1_500), ("TAKE20", 2_000), ("TAKE25", 2_500)];
/// Who asks; a quote writes nothing, so they may ask again.
const CUSTOMERS: u64 = 10_000;

impl Bench<'_> {
    pub fn quotes(&mut self) -> anyhow::Result<()> {
        if !self.wants("quote") {
            return Ok(());
        }
        let mut shop = Shop::open(&self.options.place)?;
        let customers = shop.customers(CUSTOMERS)?;
        for (code, rate_bp) in CODES {
            shop.coupon(&percent_off(code, rate_bp))?;
        }
        let requests = quotes(&shop, customers);
        self.load(|effort| Ok(measure("quote", shop.subject(), effort, (0, Rc::clone(&requests)))?.0))?;
        shop.server.process.stop()
    }
}

fn quotes(shop: &Shop, customers: Rc<[String]>) -> Requests {
    let key = shop.key.clone();
    // Written once: what the load generator computes is taken from what is measured.
    let rest = json!({ "codes": CODES.map(|(code, _)| code), "order": order(LINES) }).to_string();
    Rc::new(move |number, out| {
        let body = format!("{{\"customer_id\":\"{}\",{}", customers[place(number, customers.len())], &rest[1..]);
        Request::new("POST", "/v1/quotes", &key, &body).write(out);
        true
    })
}
