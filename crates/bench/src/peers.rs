//! The ceiling, and what people build flash sales of.

use std::process::Command;
use std::rc::Rc;

use crate::load::Requests;
use crate::orders::order;
use crate::process::Server;
use crate::quotes::LONG_LINES;
use crate::redis_server::{Fsync, Redis};
use crate::request::Request;
use crate::scenario::{Row, Subject, measure};
use crate::table::Bench;

/// Of a quote of 200 lines with five codes.
const LONG_ANSWER_BYTES: usize = 47_028;

/// Connections to Redis that are tried; the best is what we are compared with.
const SETTINGS: [usize; 3] = [1, 2, 8];

impl Bench<'_> {
    /// The same HTTP stack without any work.
    pub fn echo(&mut self) -> anyhow::Result<()> {
        if !self.wants("echo") {
            return Ok(());
        }
        let server = serve(&[])?;
        let subject = Subject { store: "none", address: server.address, processes: vec![&server.process] };
        self.load(|effort| Ok(measure("echo", subject.clone(), effort, (0, posts("/echo/cpn_0")))?.0))
    }

    /// The same for what is as long as a quote of 200 lines and its answer.
    pub fn long_echo(&mut self) -> anyhow::Result<()> {
        if !self.wants("echo_200_lines") {
            return Ok(());
        }
        let server = serve(&[])?;
        let subject = Subject { store: "none", address: server.address, processes: vec![&server.process] };
        let body = order(LONG_LINES).to_string();
        let requests: Requests = Rc::new(move |_, out| {
            Request::new("POST", &format!("/long_echo/{LONG_ANSWER_BYTES}"), "none", &body).write(out);
            true
        });
        self.load(|effort| Ok(measure("echo_200_lines", subject.clone(), effort, (0, Rc::clone(&requests)))?.0))
    }

    /// One script for each claim, with three settings of the client and two of the durability.
    pub fn redis(&mut self) -> anyhow::Result<()> {
        for fsync in [Fsync::EverySecond, Fsync::Always] {
            let scenario = format!("redis_lua_{}", fsync.name());
            if self.wants(&scenario) {
                self.redis_with(fsync, &scenario)?;
            }
        }
        Ok(())
    }

    /// Each setting of the client under the name of the scenario, whose rate is the best of theirs.
    fn redis_with(&mut self, fsync: Fsync, scenario: &str) -> anyhow::Result<()> {
        for setting in SETTINGS {
            let folder = self.options.place.folder.clone();
            self.load(|effort| {
                let redis = Redis::start(&folder, fsync)?;
                let server = serve(&["--redis", &redis.url, "--connections", &setting.to_string()])?;
                let processes = vec![&server.process, &redis.process];
                let subject = Subject { store: "redis", address: server.address, processes };
                stock(&server)?;
                let (row, _) = measure(scenario, subject, effort, (0, posts("/claims/cpn_0")))?;
                Ok(Row { note: Some(format!("{setting} connections to Redis")), ..row })
            })?;
        }
        Ok(())
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

/// Claims of ever new customers, whose ids are as long as ours.
fn posts(path: &'static str) -> Requests {
    Rc::new(move |number, out| {
        let body = format!("{{\"customer_id\":\"cus_{number:032x}\"}}");
        Request::new("POST", path, "sk_peer", &body).key(Some(number.into())).write(out);
        true
    })
}
