//! A million holds that are over at one instant, as the test clock jumps over all their deadlines. None is usable from
//! that instant on, whether or not it is written down already; and those who claim something else meanwhile wait little
//! longer than they do when nothing is due, as each tick writes down a bounded number.
//!
//! Deadlines are not jittered, as is done with caches: a customer is told an instant, and it is exactly that one.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, ensure};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::crowd::{Answers, Crowd, histogram};
use super::finding::Part;
use super::{Options, check};
use crate::caller::Caller;
use crate::claims::{length, place};
use crate::connection::Response;
use crate::load::{Load, Requests, Tally, WARM_UP, float, now, send};
use crate::orders::{amount_off, order_of};
use crate::request::Request;
use crate::scenario::Latency;
use crate::shop::{Setup, Shop};

const HOLDS: u64 = 1_000_000;
/// One request takes one of each.
const COUPONS: u64 = 20;
const HOLD: &str = "PT6H";
const CLAIMERS: u64 = 20_000;
const RATE_PER_S: u64 = 2_000;
const CONNECTIONS: usize = 64;
const QUIET_S: u64 = 10;
/// While the holds are written down, one after the other.
const WINDOW_S: u64 = 5;
/// Of the holds made last, which are written down last.
const PROBES: u64 = 500;
/// By how much a claim may be slower than when nothing is due.
const TIMES_MAX: f64 = 10.0;
const SWEEP_MAX: Duration = Duration::from_secs(300);

/// A hold's owner and code.
type Held = (String, String);

/// What was seen while holds were written down.
struct Watched {
    probes: Answers,
    waiting_after_probes: u64,
    took: Duration,
}

pub fn prove(options: &Options, part: &mut Part) -> anyhow::Result<()> {
    let mut shop = Shop::open_as(&options.place, Setup { test_clock: true, ..Setup::default() })?;
    let coupons: Rc<[String]> =
        (0..COUPONS).map(|number| shop.coupon(&held(number))).collect::<anyhow::Result<Vec<_>>>()?.into();
    let holders = shop.customers(options.scaled(HOLDS).div_ceil(COUPONS))?;
    let (holds, latest) = hold(part, &shop, &coupons, &holders)?;
    part.equal("holds were made", waiting(&shop.caller(), &coupons)?, holds);

    let mut claims = Claims::open(options, &shop)?;
    let quiet = claims.send(&shop, options.time(QUIET_S), || {})?;
    part.latency("claims while nothing is due", &quiet.latency_us);
    let (watched, busy) = claims.send_while_due(&shop, options, (coupons.to_vec(), latest))?;
    part.latency("claims while the holds are written down", &busy);
    let p99 = |us: &Histogram<u64>| Latency::of(us).p99_ms;
    part.at_most("p99 of claims, times what it was", p99(&busy) / p99(&quiet.latency_us), TIMES_MAX, "x");
    report(part, &shop, (&coupons, holds), &watched)?;
    part.equal("accepted claims have their voucher", shop.issued(&claims.coupon)?, claims.accepted);
    check(&shop, part)?;
    shop.server.process.stop()
}

fn report(part: &mut Part, shop: &Shop, (coupons, holds): (&[String], u64), watched: &Watched) -> anyhow::Result<()> {
    let Watched { probes, waiting_after_probes, took } = watched;
    part.figure("all were written down after", took.as_secs_f64(), "s");
    part.figure("written down", float(holds) / took.as_secs_f64(), "a second");
    part.only("uses of holds that are over", &probes.by_status, &[409], probes.unclean);
    part.count("holds that waited to be written down when those were refused", *waiting_after_probes);
    let expired = coupons.iter().map(|coupon| shop.figure(coupon, "expired")).sum::<anyhow::Result<u64>>()?;
    part.equal("holds expired, each once", expired, holds);
    let redeemed = coupons.iter().map(|coupon| shop.figure(coupon, "redeemed")).sum::<anyhow::Result<u64>>()?;
    part.none("holds used after their end", redeemed);
    Ok(())
}

fn held(number: u64) -> Value {
    let mut definition = amount_off(&format!("Held {number}"), 500);
    definition["hold"] = json!(HOLD);
    definition
}

/// Makes the holds. Returns how many, and those made last.
fn hold(
    part: &mut Part,
    shop: &Shop,
    coupons: &Rc<[String]>,
    holders: &Rc<[String]>,
) -> anyhow::Result<(u64, Vec<Held>)> {
    let (key, series) = (shop.key.clone(), shop.next_series());
    let (all, ids) = (Rc::clone(holders), json!(&**coupons));
    let requests: Requests = Rc::new(move |number, out| {
        let body = json!({ "customer_id": all[place(number, all.len())], "coupon_ids": ids }).to_string();
        let idempotency = Some(u128::from(series) << 64 | u128::from(number));
        Request::new("POST", "/v1/claims", &key, &body).key(idempotency).write(out);
        true
    });
    let count = length(holders);
    let latest = Rc::new(RefCell::new(Vec::new()));
    let (kept, all) = (Rc::clone(&latest), Rc::clone(holders));
    let keep = move |number: u64, response: Response<'_>| {
        if number + PROBES / COUPONS >= count && response.is_success() {
            let body: Value = serde_json::from_slice(response.body).unwrap_or_default();
            let codes = body["vouchers"].as_array().into_iter().flatten().filter_map(|one| one["code"].as_str());
            kept.borrow_mut().extend(codes.map(|code| (all[place(number, all.len())].clone(), code.to_owned())));
        }
    };
    let answers = Crowd { address: shop.server.address, connections: CONNECTIONS }.ask((0, count), requests, keep)?;
    part.figure("the holds were made in", answers.took.as_secs_f64(), "s");
    part.only("requests for 20 holds each", &answers.by_status, &[201], answers.unclean);
    Ok((answers.successes() * COUPONS, latest.take()))
}

/// Claims of something else, at a steady rate.
struct Claims {
    coupon: String,
    requests: Requests,
    accepted: u64,
    next: u64,
}

impl Claims {
    fn open(options: &Options, shop: &Shop) -> anyhow::Result<Self> {
        let customers = shop.customers(options.scaled(CLAIMERS))?;
        let coupon = shop.coupon(&amount_off("Other", 500))?;
        let (key, series, path) = (shop.key.clone(), shop.next_series(), format!("/v1/coupons/{coupon}/claims"));
        let requests: Requests = Rc::new(move |number, out| {
            let body = format!("{{\"customer_id\":\"{}\"}}", customers[place(number, customers.len())]);
            let idempotency = Some(u128::from(series) << 64 | u128::from(number));
            Request::new("POST", &path, &key, &body).key(idempotency).write(out);
            true
        });
        Ok(Self { coupon, requests, accepted: 0, next: 0 })
    }

    fn send(&mut self, shop: &Shop, time: Duration, mark: impl FnMut()) -> anyhow::Result<Tally> {
        let load = Load {
            address: shop.server.address,
            connections: CONNECTIONS,
            warm_up: WARM_UP,
            time,
            rate_per_s: Some(RATE_PER_S),
            first: self.next,
            requests: Rc::clone(&self.requests),
        };
        let tally = send(&load, mark)?;
        ensure!(tally.error_count() == 0, "claims of something else were answered {:?}", tally.errors);
        self.accepted += tally.successes;
        self.next = tally.next;
        Ok(tally)
    }

    /// Lets all holds be over and claims until they are written down. The times are of windows that lie within that.
    fn send_while_due(
        &mut self,
        shop: &Shop,
        options: &Options,
        (coupons, latest): (Vec<String>, Vec<Held>),
    ) -> anyhow::Result<(Watched, Histogram<u64>)> {
        let mut waiting = Some((shop.caller(), coupons, latest));
        let mut watch: Option<JoinHandle<anyhow::Result<Watched>>> = None;
        let mut busy = histogram()?;
        loop {
            let first = watch.is_none();
            let begin = || {
                if let Some((caller, coupons, latest)) = waiting.take() {
                    watch = Some(thread::spawn(move || end_holds(&caller, &coupons, &latest)));
                }
            };
            let tally = self.send(shop, options.time(WINDOW_S), begin)?;
            let is_over = watch.as_ref().is_none_or(JoinHandle::is_finished);
            if first || !is_over {
                busy.add(&tally.latency_us)?;
            }
            if is_over {
                let watched = watch.context("nothing was watched")?.join();
                return Ok((watched.map_err(|_| anyhow::anyhow!("the watch panicked"))??, busy));
            }
        }
    }
}

/// Moves the clock over all deadlines, tries at once to use holds that will be written down last, and waits until all are.
fn end_holds(caller: &Caller, coupons: &[String], latest: &[Held]) -> anyhow::Result<Watched> {
    caller.call("POST", "/v1/test-clock", &json!({ "advance": HOLD }))?;
    let begun = now();
    let probes = probe(caller, latest)?;
    let waiting_after_probes = waiting(caller, coupons)?;
    while waiting(caller, coupons)? > 0 {
        ensure!(begun.elapsed() < SWEEP_MAX, "holds are still not written down after {SWEEP_MAX:?}");
    }
    Ok(Watched { probes, waiting_after_probes, took: begun.elapsed() })
}

fn probe(caller: &Caller, latest: &[Held]) -> anyhow::Result<Answers> {
    let (key, latest): (_, Vec<Held>) = (caller.key.clone(), latest.to_vec());
    let end = length(&latest);
    let requests: Requests = Rc::new(move |number, out| {
        let (customer, code) = &latest[place(number, latest.len())];
        let body = json!({ "customer_id": customer, "codes": [code], "order": order_of(number, 2) }).to_string();
        Request::new("POST", "/v1/redemptions", &key, &body).write(out);
        true
    });
    Crowd { address: caller.address, connections: 8 }.ask((0, end), requests, |_, _| {})
}

fn waiting(caller: &Caller, coupons: &[String]) -> anyhow::Result<u64> {
    let held = |coupon: &String| caller.figure(coupon, "held");
    coupons.iter().map(held).sum()
}
