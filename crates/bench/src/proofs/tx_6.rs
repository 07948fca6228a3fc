//! One hot coupon: as many claims as go for a minute, then ten times the asked rate for seconds. Nothing is oversold,
//! nobody meets a fault of ours, and every claim that was accepted has its voucher.

use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use super::finding::Part;
use super::{Options, check};
use crate::claims::place;
use crate::load::{Load, Requests, Tally, WARM_UP, float, now, send};
use crate::request::Request;
use crate::shop::Shop;

const CUSTOMERS: u64 = 200_000;
/// Of a customer: so that they are enough for a minute of claims.
const EACH: u64 = 100;
const STOCK: u64 = 100_000_000;
const SUSTAINED_S: u64 = 60;
const CONNECTIONS: usize = 256;
/// What must be sustained, and what a spike is ten times of.
const RATE_PER_S: u64 = 10_000;
const STEADY_S: u64 = 10;
const SPIKE_S: u64 = 3;
const SPIKE_CONNECTIONS: usize = 2_560;
/// What a spike finds, so that it ends sold out.
const SPIKE_STOCK: u64 = 50_000;
/// A queue that a spike overflows: then callers are refused instead of kept waiting.
const SHORT_QUEUE: &str = "[limits]\nqueue_max = 256\n";

/// A coupon and those who claim it.
struct Sale {
    coupon: String,
    stock: u64,
    requests: Requests,
    accepted: u64,
    next: u64,
}

pub fn prove(options: &Options, part: &mut Part) -> anyhow::Result<()> {
    let shop = Shop::open(&options.place)?;
    let customers = shop.customers(options.scaled(CUSTOMERS))?;
    let mut stage = Stage { options, part, shop };
    let mut hot = Sale::open(&stage.shop, &customers, STOCK)?;
    stage.sustained(&mut hot)?;
    stage.steady("at 10,000 a second before the spike", &mut hot)?;
    let mut queued = Sale::open(&stage.shop, &customers, options.scaled(SPIKE_STOCK))?;
    stage.spike("spike", &mut queued)?;
    stage.part.equal("spike: sold out to the last unit", queued.accepted, queued.stock);
    stage.steady("at 10,000 a second after the spike", &mut hot)?;
    stage.shop.setup.config = SHORT_QUEUE;
    stage.shop.restart()?;
    let mut refused = Sale::open(&stage.shop, &customers, options.scaled(SPIKE_STOCK))?;
    stage.spike("spike on a queue of 256", &mut refused)?;
    for sale in [hot, queued, refused] {
        let issued = stage.shop.issued(&sale.coupon)?;
        stage.part.equal("accepted claims that have their voucher, and no voucher more", issued, sale.accepted);
        stage.part.demand("not oversold", issued <= sale.stock, format!("{issued} of a stock of {}", sale.stock));
    }
    check(&stage.shop, stage.part)?;
    stage.shop.server.process.stop()
}

/// Where it happens, and where it is written down.
struct Stage<'a> {
    options: &'a Options,
    part: &'a mut Part,
    shop: Shop,
}

impl Stage<'_> {
    fn sustained(&mut self, hot: &mut Sale) -> anyhow::Result<()> {
        let time = self.options.time(SUSTAINED_S);
        let tally = hot.claim(&self.shop, (CONNECTIONS, None), (WARM_UP, time))?;
        let slowest = tally.per_second.iter().copied().min().unwrap_or_default();
        self.part.figure("sustained for", time.as_secs_f64(), "s");
        self.part.at_least("claims accepted a second", tally.rate_per_s(), float(RATE_PER_S), "a second");
        self.part.count("claims accepted in the slowest second", slowest);
        self.part.latency("256 connections without a pause", &tally.latency_us);
        self.part.only("sustained", &tally.errors, &[], tally.unclean);
        Ok(())
    }

    fn steady(&mut self, what: &str, hot: &mut Sale) -> anyhow::Result<()> {
        let times = (WARM_UP, self.options.time(STEADY_S));
        let tally = hot.claim(&self.shop, (CONNECTIONS, Some(RATE_PER_S)), times)?;
        self.part.latency(what, &tally.latency_us);
        self.part.only(what, &tally.errors, &[], tally.unclean);
        Ok(())
    }

    fn spike(&mut self, name: &str, sale: &mut Sale) -> anyhow::Result<()> {
        let time = self.options.time(SPIKE_S);
        // A share of the rate too: who tries it out is not to wait for all who queue.
        let rate = self.options.scaled(10 * RATE_PER_S);
        // From when the connections are open: that takes a while, and they are the generator's.
        let mut begun = None;
        let mark = || begun = begun.or_else(|| Some(now()));
        let tally = sale.claim_and_mark(&self.shop, (SPIKE_CONNECTIONS, Some(rate)), (Duration::ZERO, time), mark)?;
        let took = begun.context("a load that did not begin")?.elapsed();
        let asked = tally.successes + tally.error_count();
        self.part.count(format!("{name}: claims asked for in {} s", time.as_secs()), asked);
        self.part.count(format!("{name}: accepted"), tally.successes);
        self.part.figure(format!("{name}: everybody was answered after"), took.as_secs_f64(), "s");
        self.part.only(name, &tally.errors, &[409, 503], tally.unclean);
        Ok(())
    }
}

impl Sale {
    fn open(shop: &Shop, customers: &Rc<[String]>, stock: u64) -> anyhow::Result<Self> {
        let coupon = shop.coupon(&definition(stock))?;
        let requests = claims(shop, Rc::clone(customers), &coupon);
        Ok(Self { coupon, stock, requests, accepted: 0, next: 0 })
    }

    fn claim(&mut self, shop: &Shop, how: (usize, Option<u64>), times: (Duration, Duration)) -> anyhow::Result<Tally> {
        self.claim_and_mark(shop, how, times, || {})
    }

    /// Calls `mark` when the counted time begins and when it ends.
    fn claim_and_mark(
        &mut self,
        shop: &Shop,
        (connections, rate_per_s): (usize, Option<u64>),
        (warm_up, time): (Duration, Duration),
        mark: impl FnMut(),
    ) -> anyhow::Result<Tally> {
        let (address, first, requests) = (shop.server.address, self.next, Rc::clone(&self.requests));
        let tally = send(&Load { address, connections, warm_up, time, rate_per_s, first, requests }, mark)?;
        self.accepted += tally.successes;
        self.next = tally.next;
        Ok(tally)
    }
}

fn claims(shop: &Shop, customers: Rc<[String]>, coupon: &str) -> Requests {
    let (key, series, path) = (shop.key.clone(), shop.next_series(), format!("/v1/coupons/{coupon}/claims"));
    Rc::new(move |number, out| {
        let body = format!("{{\"customer_id\":\"{}\"}}", customers[place(number, customers.len())]);
        let idempotency = Some(u128::from(series) << 64 | u128::from(number));
        Request::new("POST", &path, &key, &body).key(idempotency).write(out);
        true
    })
}

fn definition(stock: u64) -> Value {
    json!({
        "name": "Hot",
        "currency": "EUR",
        "benefit": { "type": "amount_off", "amount_minor": 500 },
        "limits": [
            { "counts": "claims", "per": "everyone", "period": "ever", "max": stock },
            { "counts": "claims", "per": "customer", "period": "ever", "max": EACH },
        ],
    })
}
