//! A thousand users with accounts and tokens of their own, each over connections of their own, claim and redeem at once,
//! on a million records. Every tenth voucher is redeemed by two orders of its user at the same time: one gets it.

use std::rc::Rc;

use anyhow::Context;
use serde_json::{Value, json};

use super::finding::Part;
use super::users::{Crowding, User};
use super::{Options, check};
use crate::claims::{length, place};
use crate::load::{float, now};
use crate::orders::amount_off;
use crate::request::Request;
use crate::shop::{Shop, id};

const USERS: u64 = 1_000;
const SUSTAINED_S: u64 = 60;
const RATE_PER_S: f64 = 500.0;
/// Live records before: coupons, and vouchers of each.
const COUPONS: u64 = 1_000;
const VOUCHERS_EACH: u64 = 999;
/// What the shop estimated for each.
const ESTIMATE_BYTES: f64 = 1_024.0;

pub fn prove(options: &Options, part: &mut Part) -> anyhow::Result<()> {
    let mut shop = Shop::open(&options.place)?;
    allow_checkout(&shop)?;
    let (customers, tokens) = register(options, part, &shop)?;
    store(options, part, &mut shop, &customers)?;

    let coupon = shop.coupon(&amount_off("Load", 300))?;
    let path = format!("/v1/coupons/{coupon}/claims");
    let users = tokens.into_iter().enumerate().map(|(number, token)| User { number, token }).collect();
    let time = options.time(SUSTAINED_S);
    let found = Crowding::run(shop.server.address, path, users, time)?;
    part.figure("sustained for", time.as_secs_f64(), "s");
    part.count("users at once, each with a token of their own", options.scaled(USERS));
    part.at_least("transactions a second", found.rate_per_s(time), RATE_PER_S, "a second");
    let slowest = found.per_second.iter().copied().min().unwrap_or_default();
    part.at_least("transactions in the slowest second", float(slowest), RATE_PER_S, "");
    part.latency("claims", &found.claim_us);
    part.latency("redemptions", &found.redeem_us);
    part.none("errors", found.errors.values().sum());
    if !found.errors.is_empty() {
        eprintln!("gfg7: answers by status {:?}", found.errors);
    }
    part.count("vouchers that two orders wanted at once", found.contested);
    part.none("vouchers that both got", found.doubles);
    part.equal("accepted claims have their voucher, and no voucher more", shop.issued(&coupon)?, found.claims);
    part.equal("accepted redemptions are counted, and none more", shop.figure(&coupon, "redeemed")?, found.redemptions);
    check(&shop, part)?;
    shop.server.process.stop()
}

/// Customers redeem by themselves.
fn allow_checkout(shop: &Shop) -> anyhow::Result<()> {
    let tenant = shop.call("GET", "/v1/tenant", &Value::Null)?;
    let settings = json!({ "zone": tenant["zone"], "currency": tenant["currency"], "customer_checkout": true });
    let body = settings.to_string();
    shop.upload(&Request::new("PUT", "/v1/tenant", &shop.key, &body).any_version())?;
    Ok(())
}

/// Accounts, each with its customer, and a token of each.
fn register(options: &Options, part: &mut Part, shop: &Shop) -> anyhow::Result<(Rc<[String]>, Vec<String>)> {
    let (count, begun) = (options.scaled(USERS), now());
    let password = |number: u64| format!("Two-teas-{number}-please");
    let register = move |number: u64| {
        let (username, email) = (format!("user-{number}"), format!("user-{number}@shop.example"));
        let body = json!({ "username": username, "email": email, "password": password(number) });
        ("/v1/auth/register".to_owned(), body.to_string())
    };
    let customer = |_, body: Value| Ok(body["customer_id"].as_str().context("no customer")?.to_owned());
    let customers = shop.calls(count, "POST", register, customer)?;
    let login = move |number: u64| {
        let body = json!({ "username": format!("user-{number}"), "password": password(number) });
        ("/v1/auth/login".to_owned(), body.to_string())
    };
    let token = |_, body: Value| Ok(body["access_token"].as_str().context("no token")?.to_owned());
    let tokens = shop.calls(count, "POST", login, token)?;
    part.figure(format!("{count} accounts were registered and signed in, in"), begun.elapsed().as_secs_f64(), "s");
    Ok((customers.into(), tokens))
}

/// Coupons and vouchers that are there before.
fn store(options: &Options, part: &mut Part, shop: &mut Shop, customers: &Rc<[String]>) -> anyhow::Result<()> {
    let empty = shop.bytes()?;
    let (count, begun) = (options.scaled(COUPONS), now());
    let coupon = |number: u64| {
        let mut definition = amount_off(&format!("Stored {number}"), 500);
        definition["activate"] = json!(true);
        ("/v1/coupons".to_owned(), definition.to_string())
    };
    let coupons: Rc<[String]> = shop.calls(count, "POST", coupon, |_, body| id(&body))?.into();
    let (all, owners) = (Rc::clone(&coupons), Rc::clone(customers));
    let issue = move |number: u64| {
        let owners: Vec<&str> = (0..VOUCHERS_EACH).map(|index| &*owners[place(number + index, owners.len())]).collect();
        let path = format!("/v1/coupons/{}/vouchers", all[place(number, all.len())]);
        (path, json!({ "customer_ids": owners }).to_string())
    };
    let issued: u64 = shop.calls(count, "POST", issue, |_, body| Ok(count_of(&body)))?.iter().sum();
    let records = length(&coupons) + issued;
    part.figure(format!("{records} coupons and vouchers were stored in"), begun.elapsed().as_secs_f64(), "s");
    part.equal("records are live", records, options.scaled(COUPONS) * (1 + VOUCHERS_EACH));
    let bytes = float(shop.bytes()? - empty) / float(records);
    part.at_most("bytes of a record, with its event and place in a wallet", bytes, ESTIMATE_BYTES, "B");
    Ok(())
}

fn count_of(body: &Value) -> u64 {
    body["data"].as_array().map_or(0, |vouchers| length(vouchers))
}
