//! What is measured: every scenario, its peer, and the ratios between them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::Place;
use crate::budgets::budgets;
use crate::claims::Hot;
use crate::peers::SETTING;
use crate::report::Report;
use crate::rounds::Peer;
use crate::scenario::{Effort, Row, Subject, measure};

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    pub place: Place,
    /// Only these scenarios.
    #[arg(long)]
    pub only: Vec<String>,
    /// Seconds that each load is counted.
    #[arg(long, default_value_t = 6)]
    pub seconds: u64,
    /// Connections of each load: each number is tried, and the best counts.
    #[arg(long, value_delimiter = ',', default_values_t = [256, 1_024])]
    pub connections: Vec<usize>,
    /// Customers who claim.
    #[arg(long, default_value_t = 400_000)]
    pub customers: u64,
    /// Where the report goes.
    #[arg(long, default_value = "target/bench.json")]
    pub out: PathBuf,
}

/// Measures, prints and writes.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let mut bench = Bench { options, report: Report::new(), redis_setting: SETTING, hot: None };
    bench.ceilings()?;
    bench.redis()?;
    bench.claims()?;
    bench.redemptions()?;
    bench.quotes()?;
    bench.claims_among_many()?;
    bench.close()?;
    bench.codes()?;
    bench.report.budgets = budgets(&bench.report);
    bench.report.finish(&options.out)?;
    Ok(ExitCode::SUCCESS)
}

/// One stall of the machine decides the p99 of a run of some seconds; seldom of two in three.
const FIXED_RATE_RUNS: usize = 3;
/// For so long what a fixed rate is half of is measured, right before it: of what went minutes ago, half may be most of what
/// goes now.
const LOOK: Duration = Duration::from_secs(1);

/// A run of all of it.
pub struct Bench<'a> {
    pub options: &'a Options,
    pub report: Report,
    /// Connections to Redis with which it was best.
    pub redis_setting: usize,
    /// The shop of the claims that others are compared with, once it was needed.
    pub hot: Option<Hot>,
}

impl Bench<'_> {
    /// Whether a scenario is asked for.
    pub fn wants(&self, scenario: &str) -> bool {
        let only = &self.options.only;
        only.is_empty() || only.iter().any(|one| one == scenario)
    }

    /// Its rows. Returns how many of all its requests were answered with a success.
    pub fn load(&mut self, scenario: &str, mut subject: Subject<'_>) -> anyhow::Result<u64> {
        self.load_with(scenario, |effort, peers| measure(scenario, &mut subject, effort, peers))?;
        Ok(subject.traffic.successes)
    }

    /// As much as goes, with each number of connections, beside its peers; then, with the best of these numbers and alone, half
    /// of what goes just then, at a rate that waits for no answer: of three runs the one with the middle p99. Returns the most.
    pub fn load_with(
        &mut self,
        scenario: &str,
        mut run: impl FnMut(Effort, &mut [Peer]) -> anyhow::Result<Row>,
    ) -> anyhow::Result<f64> {
        let time = Duration::from_secs(self.options.seconds);
        let mut peers = self.beside(scenario)?;
        let mut best = Row::default();
        for &connections in &self.options.connections {
            let row = run(Effort { connections, time, rate_per_s: None }, &mut peers)?;
            self.report.add(row.clone());
            best = if row.rate_per_s > best.rate_per_s { row } else { best };
        }
        peers.into_iter().try_for_each(Peer::end)?;
        let connections = best.connections;
        let mut runs = Vec::with_capacity(FIXED_RATE_RUNS);
        for _ in 0..FIXED_RATE_RUNS {
            let now = run(Effort { connections, time: LOOK, rate_per_s: None }, &mut [])?;
            let rate_per_s = Some(whole(now.rate_per_s / 2.0).max(1));
            runs.push(run(Effort { connections, time, rate_per_s }, &mut [])?);
        }
        let p99_ms = |row: &Row| row.latency.map_or(0.0, |latency| latency.p99_ms);
        runs.sort_by(|one, other| p99_ms(one).total_cmp(&p99_ms(other)));
        self.report.add(runs.swap_remove(FIXED_RATE_RUNS / 2));
        Ok(best.rate_per_s)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates are positive and far below 2^52")]
pub fn whole(rate: f64) -> u64 {
    rate as u64
}
