//! Redemptions of two vouchers each, whole and durable.

use std::rc::Rc;

use crate::claims::{length, place};
use crate::load::Requests;
use crate::orders::{amount_off, order};
use crate::request::Request;
use crate::shop::Shop;
use crate::table::Bench;

/// Customers at most.
const CUSTOMERS_MAX: u64 = 400_000;
/// Orders at most, each with two vouchers of its customer: more than any run redeems.
const ORDERS: u64 = 1_200_000;
/// Lines of an order.
const LINES: usize = 2;

impl Bench<'_> {
    pub fn redemptions(&mut self) -> anyhow::Result<()> {
        if !self.wants("redeem") {
            return Ok(());
        }
        let mut shop = Shop::open(&self.options.place)?;
        let customers = shop.customers(CUSTOMERS_MAX.min(self.options.customers))?;
        let mut codes = Vec::new();
        for name in ["First", "Second"] {
            let coupon = shop.coupon(&amount_off(name, 300))?;
            codes.push(shop.issue(&coupon, &customers, ORDERS, true)?);
        }
        let requests = redeems(&shop, customers, codes.into());
        self.load("redeem", shop.subject(requests))?;
        shop.server.process.stop()
    }
}

fn redeems(shop: &Shop, customers: Rc<[String]>, codes: Rc<[Vec<String>]>) -> Requests {
    let (key, series) = (shop.key.clone(), shop.next_series());
    // Written once: what the load generator computes is taken from what is measured.
    let order = order(LINES).to_string();
    Rc::new(move |number, out| {
        let (customer, voucher) = (place(number, customers.len()), place(number, codes[0].len()));
        let body = format!(
            "{{\"customer_id\":\"{}\",\"codes\":[\"{}\",\"{}\"],\"order\":{{\"id\":\"order-{number}\",{}}}",
            customers[customer],
            codes[0][voucher],
            codes[1][voucher],
            &order[1..]
        );
        let idempotency = Some(u128::from(series) << 64 | u128::from(number));
        Request::new("POST", "/v1/redemptions", &key, &body).key(idempotency).write(out);
        number < length(&codes[0])
    })
}
