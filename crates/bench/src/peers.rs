//! The ceilings, and what people build flash sales of: rows of their own, and open beside what is compared with them.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use anyhow::Context;

use crate::budgets::peers_of;
use crate::load::Requests;
use crate::orders::order;
use crate::process::Server;
use crate::quotes::{LONG_LINES, long_quotes};
use crate::redis_server::{Fsync, Redis};
use crate::request::Request;
use crate::rounds::{Open, Peer, Traffic};
use crate::scenario::{Row, Subject, measure};
use crate::table::Bench;

/// Of a quote of 200 lines with five codes.
pub const LONG_ANSWER_BYTES: usize = 17_608;

/// The same HTTP stack: without any work, without any work for what is as long as a quote of 200 lines and its answer, and
/// reading and writing the JSON of that.
const CEILINGS: [Ceiling; 3] = [
    ("echo", || posts("/echo/cpn_0")),
    ("echo_200_lines", long_posts),
    ("json_200_lines", || long_quotes("/json_quotes")),
];

/// A scenario, and what writes its requests.
type Ceiling = (&'static str, fn() -> Requests);

/// Connections to Redis that are tried; the best is what we are compared with.
const SETTINGS: [usize; 3] = [1, 2, 8];
/// Until they were tried.
pub const SETTING: usize = SETTINGS[0];
/// A Redis rewrites its file when that has grown. It is let off beside a scenario, whose slice would pay for it.
const NO_REWRITES: [&str; 2] = ["--auto-aof-rewrite-percentage", "0"];

/// This program as the peer, with its Redis if it has one.
pub struct Stack {
    server: Server,
    redis: Option<Redis>,
}

impl Bench<'_> {
    pub fn ceilings(&mut self) -> anyhow::Result<()> {
        for (scenario, requests) in CEILINGS {
            if self.wants(scenario) {
                self.load(scenario, Stack::plain()?.subject(requests()))?;
            }
        }
        Ok(())
    }

    /// One script for each claim, with three settings of the client and two of the durability.
    pub fn redis(&mut self) -> anyhow::Result<()> {
        for fsync in [Fsync::EverySecond, Fsync::Always] {
            let scenario = fsync.scenario();
            if self.wants(scenario) {
                self.redis_with(fsync, scenario)?;
            }
        }
        Ok(())
    }

    /// Each setting of the client under the name of the scenario, whose rate is the best of theirs.
    fn redis_with(&mut self, fsync: Fsync, scenario: &str) -> anyhow::Result<()> {
        let mut best = 0.0;
        for setting in SETTINGS {
            let folder = self.options.place.folder.clone();
            let rate_per_s = self.load_with(scenario, |effort, peers| {
                let stack = Stack::redis(&folder, (fsync, &[]), setting)?;
                let row = measure(scenario, &mut stack.subject(redis_claims()), effort, peers)?;
                Ok(Row { note: Some(format!("{setting} connections to Redis")), ..row })
            })?;
            if fsync == Fsync::Always && rate_per_s > best {
                (best, self.redis_setting) = (rate_per_s, setting);
            }
        }
        Ok(())
    }

    /// Those that a scenario is compared with, opened for it.
    pub fn beside(&mut self, scenario: &str) -> anyhow::Result<Vec<Peer>> {
        peers_of(scenario).map(|peer| self.peer(peer)).collect()
    }

    fn peer(&mut self, name: &'static str) -> anyhow::Result<Peer> {
        match name {
            "claim_hot" => self.hot_sale(),
            "quote_collection_10" => self.few_listed(),
            "redis_lua_always" => {
                let with = (Fsync::Always, &NO_REWRITES[..]);
                let stack = Stack::redis(&self.options.place.folder, with, self.redis_setting)?;
                Ok(stack.beside(name, redis_claims()))
            }
            _ => {
                let ceiling = CEILINGS.iter().find(|(ceiling, _)| *ceiling == name);
                let (_, requests) = ceiling.with_context(|| format!("{name} cannot run beside another"))?;
                Ok(Stack::plain()?.beside(name, requests()))
            }
        }
    }
}

impl Stack {
    fn plain() -> anyhow::Result<Self> {
        Ok(Self { server: serve(&[])?, redis: None })
    }

    /// With more of what Redis is started with, and so many connections to it.
    fn redis(folder: &Path, (fsync, with): (Fsync, &[&str]), connections: usize) -> anyhow::Result<Self> {
        let redis = Redis::start(folder, fsync, with)?;
        let server = serve(&["--redis", &redis.url, "--connections", &connections.to_string()])?;
        stock(&server)?;
        Ok(Self { server, redis: Some(redis) })
    }

    fn subject(&self, requests: Requests) -> Subject<'_> {
        let traffic = Traffic::new(self.server.address, requests);
        match &self.redis {
            Some(redis) => Subject { store: "redis", traffic, processes: vec![&self.server.process, &redis.process] },
            None => Subject { store: "none", traffic, processes: vec![&self.server.process] },
        }
    }

    fn beside(self, name: &'static str, requests: Requests) -> Peer {
        Peer { name, traffic: Traffic::new(self.server.address, requests), open: Open::Stack(self) }
    }
}

/// Starts this program as the peer.
fn serve(arguments: &[&str]) -> anyhow::Result<Server> {
    Server::start(Command::new(std::env::current_exe()?).arg("peer").args(arguments))
}

/// More than any run claims.
fn stock(server: &Server) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut request = String::new();
        Request::new("POST", "/stock/cpn_0", "-", "1000000000").write(&mut request);
        let mut connection = crate::connection::Connection::open(server.address).await?;
        let answer = connection.send(request.as_bytes()).await?;
        anyhow::ensure!(answer.status == 200, "no stock: {}", String::from_utf8_lossy(answer.body));
        Ok(())
    })
}

fn redis_claims() -> Requests {
    posts("/claims/cpn_0")
}

/// Claims of ever new customers, whose ids are as long as ours.
fn posts(path: &'static str) -> Requests {
    Rc::new(move |number, out| {
        let body = format!("{{\"customer_id\":\"cus_{number:032x}\"}}");
        Request::new("POST", path, "sk_peer", &body).key(Some(number.into())).write(out);
        true
    })
}

/// Orders as long as those of the long quote.
fn long_posts() -> Requests {
    let body = order(LONG_LINES).to_string();
    Rc::new(move |_, out| {
        Request::new("POST", &format!("/long_echo/{LONG_ANSWER_BYTES}"), "none", &body).write(out);
        true
    })
}
