//! A day of a pool: employees post 10,000 coupons, then a million requests for one come over 24 hours of the test clock.
//! A user takes at most one a day; it is held for five minutes and goes back unless it is used, which here it is not.

use std::rc::Rc;

use anyhow::Context;
use serde_json::{Value, json};

use super::crowd::{Answers, Crowd};
use super::finding::Part;
use super::{Options, check};
use crate::claims::{length, place};
use crate::load::{Requests, float};
use crate::request::Request;
use crate::shop::{Setup, Shop, id};

const COUPONS: u64 = 10_000;
const REQUESTS: u64 = 1_000_000;
const USERS: u64 = 100_000;
const CATEGORIES: u64 = 10;
const EMPLOYEES: u64 = 200;
const HOURS: u64 = 24;
const CONNECTIONS: usize = 256;
const POOL: &str = "/api/v1/coupon";
/// What the shop estimated for each coupon.
const ESTIMATE_BYTES: f64 = 100.0;

pub fn prove(options: &Options, part: &mut Part) -> anyhow::Result<()> {
    let mut shop = Shop::open_as(&options.place, Setup { test_clock: true, ..Setup::default() })?;
    let users = shop.customers(options.scaled(USERS))?;
    let empty = shop.bytes()?;
    let posted = post(options, part, &shop)?;
    let full = shop.bytes()?;
    part.figure("bytes of a posted coupon; estimated were 100", float(full - empty) / float(posted), "B");

    let categories = categories(&shop)?;
    let mut day = Answers::default();
    let mut oversold_hours = 0;
    for hour in 0..HOURS {
        let share = |hour: u64| options.scaled(REQUESTS) * hour / HOURS;
        let crowd = Crowd { address: shop.server.address, connections: CONNECTIONS };
        let answers = crowd.ask((share(hour), share(hour + 1)), takes(&shop, &users), |_, _| {})?;
        day.add(&answers);
        oversold_hours += u64::from(held(&shop, &categories)? > posted || answers.successes() > posted);
        shop.call("POST", "/v1/test-clock", &json!({ "advance": "PT1H" }))?;
    }
    report(part, &shop, &categories, (&day, oversold_hours))?;
    check(&shop, part)?;
    let bytes = float(shop.bytes()? - full) / float(day.successes());
    part.figure("bytes of a coupon taken, with its event and place in a wallet", bytes, "B");
    part.figure("a year of 10,000 a day, posted and taken", year_mb(float(full - empty) / float(posted) + bytes), "MB");
    part.figure("the estimate of a year", year_mb(ESTIMATE_BYTES), "MB");
    shop.server.process.stop()
}

fn year_mb(bytes: f64) -> f64 {
    bytes * float(COUPONS) * 365.0 / 1e6
}

/// Puts units into the pool.
fn post(options: &Options, part: &mut Part, shop: &Shop) -> anyhow::Result<u64> {
    let key = shop.key.clone();
    let requests: Requests = Rc::new(move |number, out| {
        let category = format!("Category {}", number % CATEGORIES);
        let body = json!({ "id": format!("emp-{}", number % EMPLOYEES), "category": category }).to_string();
        Request::new("POST", POOL, &key, &body).key(Some(number.into())).write(out);
        true
    });
    let crowd = Crowd { address: shop.server.address, connections: CONNECTIONS };
    let answers = crowd.ask((0, options.scaled(COUPONS)), requests, |_, _| {})?;
    part.figure(format!("{} coupons were posted in", answers.successes()), answers.took.as_secs_f64(), "s");
    part.only("posted", &answers.by_status, &[201], answers.unclean);
    Ok(answers.successes())
}

/// Requests of the users in turn, each for another category than the last.
fn takes(shop: &Shop, users: &Rc<[String]>) -> Requests {
    let (key, users) = (shop.key.clone(), Rc::clone(users));
    Rc::new(move |number, out| {
        let category = (number + number / length(&users)) % CATEGORIES;
        let path = format!("{POOL}?id={}&category=Category%20{category}", users[place(number, users.len())]);
        Request::new("GET", &path, &key, "").write(out);
        true
    })
}

fn categories(shop: &Shop) -> anyhow::Result<Vec<String>> {
    let page = shop.call("GET", "/v1/coupons", &Value::Null)?;
    page["data"].as_array().context("no coupons")?.iter().map(id).collect()
}

fn held(shop: &Shop, categories: &[String]) -> anyhow::Result<u64> {
    categories.iter().map(|coupon| shop.figure(coupon, "held")).sum()
}

fn report(
    part: &mut Part,
    shop: &Shop,
    categories: &[String],
    (day, oversold_hours): (&Answers, u64),
) -> anyhow::Result<()> {
    let asked: u64 = day.by_status.values().sum();
    part.figure(format!("{asked} requests were answered in"), day.took.as_secs_f64(), "s");
    part.figure("requests a second", float(asked) / day.took.as_secs_f64(), "a second");
    // 409: none is left. 429: one was taken today.
    part.only("a day's requests", &day.by_status, &[200, 409, 429], day.unclean);
    part.none("hours with more taken than there were", oversold_hours);
    let issued = categories.iter().map(|coupon| shop.issued(coupon)).sum::<anyhow::Result<u64>>()?;
    part.equal("coupons taken that have their voucher, and no voucher more", issued, day.successes());
    Ok(())
}
