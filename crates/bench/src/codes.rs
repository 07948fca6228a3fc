//! Codes by the million: a block of them, an export, an import.

use std::fmt::Write as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::load::{float, now};
use crate::orders::amount_off;
use crate::request::Request;
use crate::scenario::{Latency, Row};
use crate::shop::Shop;
use crate::table::Bench;

const BLOCK: u64 = 100_000_000;
const EXPORT: u64 = 5_000_000;
const IMPORT: u64 = 1_000_000;
/// Between two looks at an import.
const POLL: Duration = Duration::from_millis(50);

impl Bench<'_> {
    pub fn codes(&mut self) -> anyhow::Result<()> {
        let wanted = ["block", "export", "import"].map(|scenario| self.wants(scenario));
        if wanted == [false; 3] {
            return Ok(());
        }
        let mut shop = Shop::open(&self.options.place)?;
        let rows: [fn(&Shop) -> anyhow::Result<Row>; 3] = [block, export, import];
        for (row, _) in rows.iter().zip(wanted).filter(|(_, wanted)| *wanted) {
            self.report.add(row(&shop)?);
        }
        shop.server.process.stop()
    }
}

fn block(shop: &Shop) -> anyhow::Result<Row> {
    let coupon = shop.coupon(&amount_off("Print", 100))?;
    let begun = now();
    make_block(shop, &coupon, BLOCK)?;
    row("block_100m", BLOCK, begun.elapsed(), "until the block was there")
}

fn export(shop: &Shop) -> anyhow::Result<Row> {
    let coupon = shop.coupon(&amount_off("Export", 100))?;
    let block = make_block(shop, &coupon, EXPORT)?;
    let cpu = shop.server.process.cpu()?;
    let begun = now();
    let ended = shop.command(&["codes", "export", "--block", &block]).stdout(Stdio::null()).status()?;
    let elapsed = begun.elapsed();
    ensure!(ended.success(), "the export failed");
    let server = (shop.server.process.cpu()? - cpu).as_secs_f64();
    row("export", EXPORT, elapsed, &format!("the server used {server:.1} s of a core"))
}

fn import(shop: &Shop) -> anyhow::Result<Row> {
    let pool = json!({
        "name": "Partner", "currency": "EUR", "claims_from": "pool",
        "benefit": { "type": "amount_off", "amount_minor": 100 },
    });
    let coupon = shop.coupon(&pool)?;
    let mut file = "code\n".to_owned();
    for number in 0..IMPORT {
        writeln!(file, "PARTNER-{number:08}").context("a string takes everything")?;
    }
    let begun = now();
    let path = format!("/v1/coupons/{coupon}/imports");
    let upload = Request::new("POST", &path, &shop.key, &file).content_type("text/csv");
    let mut made = shop.upload(&upload)?;
    let path = format!("/v1/imports/{}", made["id"].as_str().context("an import without an id")?);
    while made["ended_at"].is_null() {
        pause();
        made = shop.call("GET", &path, &Value::Null)?;
    }
    row("import", IMPORT, begun.elapsed(), "upload included")
}

#[expect(clippy::disallowed_methods, reason = "what it waits for is the work of another process")]
fn pause() {
    thread::sleep(POLL);
}

fn make_block(shop: &Shop, coupon: &str, count: u64) -> anyhow::Result<String> {
    let made = shop.call("POST", &format!("/v1/coupons/{coupon}/vouchers"), &json!({ "count": count }))?;
    Ok(made["block"]["id"].as_str().context("no block")?.to_owned())
}

fn row(scenario: &str, count: u64, elapsed: Duration, note: &str) -> anyhow::Result<Row> {
    Ok(Row {
        scenario: scenario.to_owned(),
        store: "sqlite",
        mode: "command",
        rate_per_s: float(count) / elapsed.as_secs_f64(),
        latency: Some(Latency::once(elapsed.as_secs_f64() * 1_000.0)),
        note: Some(note.to_owned()),
        ..Row::default()
    })
}
