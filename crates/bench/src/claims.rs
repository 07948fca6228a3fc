//! Claims in their full work: stock, one for each customer, wallet, event, answer kept for the key.

use std::cell::Cell;
use std::rc::Rc;

use anyhow::ensure;

use crate::load::{Requests, float, now};
use crate::orders::amount_off;
use crate::request::Request;
use crate::scenario::{Effort, Row, measure};
use crate::shop::{Shop, flash_sale};
use crate::table::Bench;

/// Vouchers before claims are measured.
const FEW: u64 = 100_000;
const MANY: [(&str, u64); 2] = [("claim_hot_1m", 1_000_000), ("claim_hot_10m", 10_000_000)];
/// Coupons of a sale of many things.
const SPREAD: usize = 1_000;
/// Hot coupons, one after the other: each customer has one of each.
const HOT: usize = 8;

/// Who claims what, with or without a key.
struct Sale<'a> {
    shop: &'a Shop,
    customers: Rc<[String]>,
    coupons: Rc<[String]>,
    /// Whether neighbours claim different coupons.
    spread: bool,
    keyed: bool,
    /// Begins its keys.
    series: u64,
    successes: Cell<u64>,
}

impl Bench<'_> {
    pub fn claims(&mut self) -> anyhow::Result<()> {
        let scenarios = [("claim_hot", HOT, true), ("claim_hot_nokey", HOT, false), ("claim_spread", SPREAD, true)];
        let wanted: Vec<_> = scenarios.into_iter().filter(|(scenario, ..)| self.wants(scenario)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let mut shop = Shop::open(&self.options.place)?;
        let customers = shop.customers(self.options.customers)?;
        fill(&shop, &customers, FEW)?;
        for (scenario, coupons, keyed) in wanted {
            let sale = Sale::open(&shop, &customers, (coupons, coupons == SPREAD), keyed)?;
            self.claim(scenario, &sale)?;
        }
        shop.server.process.stop()
    }

    /// The same among vouchers that were there before, with how soon a server starts on them and what it holds then.
    pub fn claims_among_many(&mut self) -> anyhow::Result<()> {
        for (scenario, vouchers) in MANY {
            if !self.wants(scenario) {
                continue;
            }
            let mut shop = Shop::open(&self.options.place)?;
            let customers = shop.customers(self.options.customers)?;
            let filled = fill(&shop, &customers, vouchers)?;
            let mut start = shop.restart()?;
            start.scenario = format!("start_{scenario}");
            start.note = Some(format!("ready; {vouchers} vouchers before, made at {filled:.0} a second"));
            self.report.add(start);
            let sale = Sale::open(&shop, &customers, (HOT, false), true)?;
            self.claim(scenario, &sale)?;
            self.list(&shop, scenario, &customers)?;
            shop.server.process.stop()?;
        }
        Ok(())
    }

    fn claim(&mut self, scenario: &str, sale: &Sale<'_>) -> anyhow::Result<()> {
        let mut first = 0;
        self.load(|effort| {
            let (row, next) = sale.run(scenario, effort, first)?;
            first = next;
            Ok(row)
        })?;
        sale.account()
    }

    /// A customer's vouchers, a page of them.
    fn list(&mut self, shop: &Shop, scenario: &str, customers: &Rc<[String]>) -> anyhow::Result<()> {
        let (all, key) = (Rc::clone(customers), shop.key.clone());
        let requests: Requests = Rc::new(move |number, out| {
            let path = format!("/v1/vouchers?customer_id={}", all[place(number.wrapping_mul(7_919), all.len())]);
            Request::new("GET", &path, &key, "").write(out);
            true
        });
        let scenario = format!("list_{scenario}");
        self.load(|effort| Ok(measure(&scenario, shop.subject(), effort, (0, Rc::clone(&requests)))?.0))
    }
}

impl<'a> Sale<'a> {
    fn open(
        shop: &'a Shop,
        customers: &Rc<[String]>,
        (coupons, spread): (usize, bool),
        keyed: bool,
    ) -> anyhow::Result<Self> {
        let made = (0..coupons).map(|number| shop.coupon(&flash_sale(&format!("Sale {number}"))));
        let coupons: Vec<String> = made.collect::<anyhow::Result<_>>()?;
        let series = shop.next_series();
        Ok(Self {
            shop,
            customers: Rc::clone(customers),
            coupons: coupons.into(),
            spread,
            keyed,
            series,
            successes: Cell::new(0),
        })
    }

    fn requests(&self) -> Requests {
        let (customers, coupons, key) = (Rc::clone(&self.customers), Rc::clone(&self.coupons), self.shop.key.clone());
        let Self { spread, keyed, series, .. } = *self;
        Rc::new(move |number, out| {
            let round = place(number / length(&customers), coupons.len());
            let customer = place(number, customers.len());
            // Whoever claims a second time takes the next coupon.
            let coupon = if spread { (customer + round) % coupons.len() } else { round };
            let body = format!("{{\"customer_id\":\"{}\"}}", customers[customer]);
            let idempotency = keyed.then(|| u128::from(series) << 64 | u128::from(number));
            let path = format!("/v1/coupons/{}/claims", coupons[coupon]);
            Request::new("POST", &path, &key, &body).key(idempotency).write(out);
            number < length(&customers) * length(&coupons)
        })
    }

    fn run(&self, scenario: &str, effort: Effort, first: u64) -> anyhow::Result<(Row, u64)> {
        let (row, tally) = measure(scenario, self.shop.subject(), effort, (first, self.requests()))?;
        self.successes.set(self.successes.get() + tally.successes);
        Ok((row, tally.next))
    }

    /// There are as many vouchers as claims were answered with one.
    fn account(&self) -> anyhow::Result<()> {
        let mut issued = 0;
        for coupon in &*self.coupons {
            issued += self.shop.issued(coupon)?;
        }
        let answered = self.successes.get();
        ensure!(issued == answered, "{answered} claims were answered and {issued} vouchers made");
        Ok(())
    }
}

/// So many vouchers, in turn of each customer. Returns how many were made a second.
fn fill(shop: &Shop, customers: &Rc<[String]>, vouchers: u64) -> anyhow::Result<f64> {
    let coupon = shop.coupon(&amount_off("Before", 100))?;
    let begun = now();
    shop.issue(&coupon, customers, vouchers, false)?;
    Ok(float(vouchers) / begun.elapsed().as_secs_f64())
}

pub fn place(number: u64, length: usize) -> usize {
    usize::try_from(number).expect("64 bits") % length
}

pub fn length<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).expect("64 bits")
}
