//! Claims in their full work: stock, one for each customer, wallet, event, answer kept for the key.

use std::rc::Rc;

use anyhow::ensure;

use crate::caller::Caller;
use crate::load::{Requests, float, now};
use crate::orders::amount_off;
use crate::request::Request;
use crate::rounds::{Open, Peer, Traffic};
use crate::shop::{Shop, flash_sale};
use crate::table::Bench;

/// Vouchers before claims are measured.
const FEW: u64 = 100_000;
const MANY: [(&str, u64); 2] = [("claim_hot_1m", 1_000_000), ("claim_hot_10m", 10_000_000)];
/// Coupons of a sale of many things.
const SPREAD: u64 = 1_000;
/// More than any run claims of hot coupons. They are claimed one after the other, as each customer has one of each.
const CLAIMS: u64 = 3_200_000;

/// A shop that stays open, with its customers.
pub type Hot = (Shop, Rc<[String]>);

/// Who claims what, with or without a key.
pub struct Sale {
    caller: Caller,
    customers: Rc<[String]>,
    coupons: Rc<[String]>,
    /// Whether neighbours claim different coupons.
    spread: bool,
    keyed: bool,
    /// Begins its keys.
    series: u64,
}

impl Bench<'_> {
    pub fn claims(&mut self) -> anyhow::Result<()> {
        let scenarios = [("claim_hot", false, true), ("claim_hot_nokey", false, false), ("claim_spread", true, true)];
        let wanted: Vec<_> = scenarios.into_iter().filter(|(scenario, ..)| self.wants(scenario)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let (mut shop, customers, _) = self.shop_of_claims(FEW)?;
        for (scenario, spread, keyed) in wanted {
            let sale = Sale::open(&shop, &customers, spread, keyed)?;
            self.claim(scenario, &shop, &sale)?;
        }
        shop.server.process.stop()
    }

    /// Claims of hot coupons that others are compared with. The shop stays open until `close`, as it takes a while to fill; its
    /// coupons are new each time.
    pub fn hot_sale(&mut self) -> anyhow::Result<Peer> {
        let (shop, customers) = match self.hot.take() {
            Some(hot) => hot,
            None => self.shop_of_claims(FEW).map(|(shop, customers, _)| (shop, customers))?,
        };
        let sale = Sale::open(&shop, &customers, false, true)?;
        let traffic = Traffic::new(shop.server.address, sale.requests());
        self.hot = Some((shop, customers));
        Ok(Peer { name: "claim_hot", traffic, open: Open::Sale(sale) })
    }

    /// Ends what stayed open.
    pub fn close(&mut self) -> anyhow::Result<()> {
        self.hot.take().map_or(Ok(()), |(mut shop, _)| shop.server.process.stop())
    }

    /// With customers and so many vouchers, and how many of them were made a second.
    fn shop_of_claims(&self, vouchers: u64) -> anyhow::Result<(Shop, Rc<[String]>, f64)> {
        let shop = Shop::open(&self.options.place)?;
        let customers = shop.customers(self.options.customers)?;
        let filled = fill(&shop, &customers, vouchers)?;
        Ok((shop, customers, filled))
    }

    /// The same among vouchers that were there before, with how soon a server starts on them and what it holds then.
    pub fn claims_among_many(&mut self) -> anyhow::Result<()> {
        for (scenario, vouchers) in MANY {
            if !self.wants(scenario) {
                continue;
            }
            let (mut shop, customers, filled) = self.shop_of_claims(vouchers)?;
            let mut start = shop.restart()?;
            start.scenario = format!("start_{scenario}");
            start.note = Some(format!("ready; {vouchers} vouchers before, made at {filled:.0} a second"));
            self.report.add(start);
            let sale = Sale::open(&shop, &customers, false, true)?;
            self.claim(scenario, &shop, &sale)?;
            self.list(&shop, scenario, &customers)?;
            shop.server.process.stop()?;
        }
        Ok(())
    }

    fn claim(&mut self, scenario: &str, shop: &Shop, sale: &Sale) -> anyhow::Result<()> {
        let successes = self.load(scenario, shop.subject(sale.requests()))?;
        sale.account(successes)
    }

    /// A customer's vouchers, a page of them.
    fn list(&mut self, shop: &Shop, scenario: &str, customers: &Rc<[String]>) -> anyhow::Result<()> {
        let (all, key) = (Rc::clone(customers), shop.key.clone());
        let requests: Requests = Rc::new(move |number, out| {
            let path = format!("/v1/vouchers?customer_id={}", all[place(number.wrapping_mul(7_919), all.len())]);
            Request::new("GET", &path, &key, "").write(out);
            true
        });
        self.load(&format!("list_{scenario}"), shop.subject(requests))?;
        Ok(())
    }
}

impl Sale {
    fn open(shop: &Shop, customers: &Rc<[String]>, spread: bool, keyed: bool) -> anyhow::Result<Self> {
        let coupons = if spread { SPREAD } else { CLAIMS.div_ceil(length(customers)) };
        let made = (0..coupons).map(|number| shop.coupon(&flash_sale(&format!("Sale {number}"))));
        let coupons: Vec<String> = made.collect::<anyhow::Result<_>>()?;
        let series = shop.next_series();
        Ok(Self {
            caller: shop.caller(),
            customers: Rc::clone(customers),
            coupons: coupons.into(),
            spread,
            keyed,
            series,
        })
    }

    fn requests(&self) -> Requests {
        let (customers, coupons, key) = (Rc::clone(&self.customers), Rc::clone(&self.coupons), self.caller.key.clone());
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

    /// There are as many vouchers as claims were answered with one.
    pub fn account(&self, answered: u64) -> anyhow::Result<()> {
        let mut issued = 0;
        for coupon in &*self.coupons {
            issued += self.caller.figure(coupon, "issued")?;
        }
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
