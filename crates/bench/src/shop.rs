//! A Scrip that is measured: started on an empty folder, filled over its API.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::{JoinSet, LocalSet};

use crate::Place;
use crate::caller::Caller;
use crate::connection::Connection;
use crate::load::{Requests, float, now};
use crate::process::{Server, folder};
use crate::request::Request;
use crate::rounds::Traffic;
use crate::scenario::{Latency, Row, Subject};

/// Requests under way while the shop is filled.
const CONNECTIONS: usize = 64;
/// Vouchers that one request issues.
const ISSUE_MAX: u64 = 1_000;
const STORE: &str = "sqlite";
const DATA: &str = "data";
const SCOPES: [&str; 8] =
    ["read", "definitions", "vouchers", "claims", "redemptions", "customers", "admin", "test_data"];
const CONFIG_FILE: &str = "scrip.toml";
/// Limits of rates would limit the load.
const CONFIG: &str = "
[rates]
address_per_s = 100000000
address_burst = 100000000
key_per_s = 100000000
key_burst = 100000000
account_per_s = 100000000
account_burst = 100000000
";

/// How a Scrip is set up, apart from the limits of rates.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// More lines of its configuration.
    pub config: &'static str,
    /// Whether its clock can be moved.
    pub test_clock: bool,
}

/// A running Scrip with a key to it.
#[derive(Debug)]
pub struct Shop {
    pub server: Server,
    pub key: String,
    pub data: PathBuf,
    pub setup: Setup,
    scrip: PathBuf,
    series: Cell<u64>,
    folder: TempDir,
}

impl Shop {
    /// An empty one.
    pub fn open(place: &Place) -> anyhow::Result<Self> {
        Self::open_as(place, Setup::default())
    }

    /// An empty one that is set up like this.
    pub fn open_as(place: &Place, setup: Setup) -> anyhow::Result<Self> {
        let folder = folder(&place.folder)?;
        let data = folder.path().join(DATA);
        let scrip = place.scrip.clone();
        let server = serve(&scrip, folder.path(), &setup)?;
        let mut create = Command::new(&scrip);
        create.args(["key", "create", "--name", "bench"]);
        for scope in SCOPES {
            create.args(["--scope", scope]);
        }
        let said = create.arg("--data").arg(&data).output()?;
        let said = String::from_utf8(said.stdout)?;
        let key = said.lines().last().context("no key was made")?.to_owned();
        Ok(Self { server, key, data, setup, scrip, series: Cell::new(0), folder })
    }

    /// Stops the server and starts it on what is there. The row says how soon it was ready and what it held then.
    pub fn restart(&mut self) -> anyhow::Result<Row> {
        self.server.process.stop()?;
        let begun = now();
        self.server = serve(&self.scrip, self.folder.path(), &self.setup)?;
        let ready_ms = begun.elapsed().as_secs_f64() * 1_000.0;
        Ok(Row {
            store: STORE,
            mode: "command",
            latency: Some(Latency::once(ready_ms)),
            server_rss_mb: Some(float(self.server.process.resident_kib()?) / 1_024.0),
            ..Row::default()
        })
    }

    pub fn subject(&self, requests: Requests) -> Subject<'_> {
        let traffic = Traffic::new(self.server.address, requests);
        Subject { store: STORE, traffic, processes: vec![&self.server.process] }
    }

    /// A number nobody had: what one series of keys begins with.
    pub fn next_series(&self) -> u64 {
        self.series.replace(self.series.get() + 1)
    }

    /// Who calls it from another thread.
    pub fn caller(&self) -> Caller {
        Caller { address: self.server.address, key: self.key.clone() }
    }

    /// One call that must succeed.
    pub fn call(&self, method: &'static str, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.caller().call(method, path, body)
    }

    /// One request that must succeed.
    pub fn upload(&self, request: &Request<'_>) -> anyhow::Result<Value> {
        self.caller().send(request)
    }

    /// Many calls that must all succeed, and what is kept of their answers, in order.
    pub fn calls<T: 'static>(
        &self,
        count: u64,
        method: &'static str,
        request: impl Fn(u64) -> (String, String) + 'static,
        keep: impl Fn(u64, Value) -> anyhow::Result<T> + 'static,
    ) -> anyhow::Result<Vec<T>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let next = Rc::new(std::cell::Cell::new(0));
        let (request, keep) = (Rc::new(request), Rc::new(keep));
        let mut kept: Vec<(u64, T)> = LocalSet::new().block_on(&runtime, async {
            let mut tasks = JoinSet::new();
            for _ in 0..CONNECTIONS.min(usize::try_from(count)?) {
                let mut connection = Connection::open(self.server.address).await?;
                let (next, request, keep, key) =
                    (Rc::clone(&next), Rc::clone(&request), Rc::clone(&keep), self.key.clone());
                tasks.spawn_local(async move {
                    let mut kept = Vec::new();
                    let mut bytes = String::new();
                    loop {
                        let number = next.replace(next.get() + 1);
                        if number >= count {
                            return anyhow::Ok(kept);
                        }
                        let (path, body) = request(number);
                        bytes.clear();
                        Request::new(method, &path, &key, &body).write(&mut bytes);
                        let answer = connection.send(bytes.as_bytes()).await?;
                        let text = || String::from_utf8_lossy(answer.body);
                        ensure!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, text());
                        kept.push((number, keep(number, serde_json::from_slice(answer.body)?)?));
                    }
                });
            }
            let mut all = Vec::new();
            while let Some(ended) = tasks.join_next().await {
                all.extend(ended??);
            }
            anyhow::Ok(all)
        })?;
        kept.sort_unstable_by_key(|(number, _)| *number);
        Ok(kept.into_iter().map(|(_, value)| value).collect())
    }

    /// So many customers.
    pub fn customers(&self, count: u64) -> anyhow::Result<Rc<[String]>> {
        let made = self.calls(count, "POST", |_| ("/v1/customers".to_owned(), "{}".to_owned()), |_, body| id(&body))?;
        Ok(made.into())
    }

    /// A coupon that is running.
    pub fn coupon(&self, definition: &Value) -> anyhow::Result<String> {
        let id = id(&self.call("POST", "/v1/coupons", definition)?)?;
        self.call("POST", &format!("/v1/coupons/{id}/activate"), &json!({}))?;
        Ok(id)
    }

    /// Issues so many vouchers of a coupon to these customers in turn, and returns their codes if they are wanted.
    pub fn issue(
        &self,
        coupon: &str,
        customers: &Rc<[String]>,
        count: u64,
        codes: bool,
    ) -> anyhow::Result<Vec<String>> {
        let (path, all) = (format!("/v1/coupons/{coupon}/vouchers"), Rc::clone(customers));
        let request = move |number: u64| {
            let first = number * ISSUE_MAX;
            let range = first..(first + ISSUE_MAX).min(count);
            let owners: Vec<&str> =
                range.map(|index| &*all[usize::try_from(index).expect("64 bits") % all.len()]).collect();
            (path.clone(), json!({ "customer_ids": owners }).to_string())
        };
        let keep = move |_, body: Value| -> anyhow::Result<Vec<String>> {
            if !codes {
                return Ok(Vec::new());
            }
            let vouchers = body["data"].as_array().context("no vouchers")?;
            vouchers.iter().map(|voucher| Ok(voucher["code"].as_str().context("no code")?.to_owned())).collect()
        };
        Ok(self.calls(count.div_ceil(ISSUE_MAX), "POST", request, keep)?.concat())
    }

    /// How many vouchers of a coupon there are, as its statistics say.
    pub fn issued(&self, coupon: &str) -> anyhow::Result<u64> {
        self.figure(coupon, "issued")
    }

    /// A figure of a coupon's statistics.
    pub fn figure(&self, coupon: &str, name: &str) -> anyhow::Result<u64> {
        self.caller().figure(coupon, name)
    }

    /// Starts it anew and says how large its data are, with nothing left in the log.
    pub fn bytes(&mut self) -> anyhow::Result<u64> {
        self.restart()?;
        Ok(fs::metadata(self.data.join("scrip.db"))?.len())
    }

    /// A command of the binary on these data.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.scrip);
        command.args(arguments).arg("--data").arg(&self.data);
        command
    }
}

fn serve(scrip: &Path, folder: &Path, setup: &Setup) -> anyhow::Result<Server> {
    let (config, data) = (folder.join(CONFIG_FILE), folder.join(DATA));
    fs::write(&config, format!("{CONFIG}{}", setup.config))?;
    let mut serve = Command::new(scrip);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).arg("--config").arg(config);
    if setup.test_clock {
        serve.arg("--test-clock");
    }
    Server::start(&mut serve)
}

pub fn id(body: &Value) -> anyhow::Result<String> {
    Ok(body["id"].as_str().context("an answer without an id")?.to_owned())
}

/// A coupon of a flash sale: a stock, and one for each customer.
pub fn flash_sale(name: &str) -> Value {
    json!({
        "name": name,
        "currency": "EUR",
        "benefit": { "type": "amount_off", "amount_minor": 500 },
        "limits": [
            { "counts": "claims", "per": "everyone", "period": "ever", "max": 1_000_000_000 },
            { "counts": "claims", "per": "customer", "period": "ever", "max": 1 },
        ],
    })
}
