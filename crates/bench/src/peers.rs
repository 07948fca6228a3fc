//! The ceiling, and what people build flash sales of.

use std::process::Command;
use std::rc::Rc;

use crate::load::Requests;
use crate::process::Server;
use crate::redis_server::{Fsync, Redis};
use crate::request::Request;
use crate::scenario::{Row, Subject, measure};
use crate::table::Bench;

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
        let (row, _) = measure("echo", subject, self.saturation(), (0, posts("/echo/cpn_0")))?;
        self.report.add(row);
        Ok(())
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

    fn redis_with(&mut self, fsync: Fsync, scenario: &str) -> anyhow::Result<()> {
        let mut rows = Vec::new();
        for setting in SETTINGS {
            let mut row = self.redis_row(fsync, (scenario, setting), None)?;
            row.note = Some(format!("{setting} connections to Redis"));
            rows.push((row, setting));
        }
        rows.sort_by(|(one, _), (other, _)| other.rate_per_s.total_cmp(&one.rate_per_s));
        let best = rows[0].1;
        for (place, (row, setting)) in rows.into_iter().enumerate() {
            let name = if place == 0 { scenario.to_owned() } else { format!("{scenario}_{setting}") };
            self.report.add(Row { scenario: name, ..row });
        }
        let rate = self.report.rate(scenario).map(|rate| Row { rate_per_s: rate, ..Row::default() });
        let fixed = self.redis_row(fsync, (scenario, best), rate.as_ref())?;
        self.report.add(fixed);
        Ok(())
    }

    /// At half the rate of `saturation`, or as much as goes.
    fn redis_row(
        &self,
        fsync: Fsync,
        (scenario, setting): (&str, usize),
        saturation: Option<&Row>,
    ) -> anyhow::Result<Row> {
        let redis = Redis::start(&self.options.place.folder, fsync)?;
        let server = serve(&["--redis", &redis.url, "--connections", &setting.to_string()])?;
        let subject =
            Subject { store: "redis", address: server.address, processes: vec![&server.process, &redis.process] };
        stock(&server)?;
        let effort = saturation.map_or_else(|| self.saturation(), |row| self.half(row));
        Ok(measure(scenario, subject, effort, (0, posts("/claims/cpn_0")))?.0)
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
