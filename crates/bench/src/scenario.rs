//! One load and its figures.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::load::float;
use crate::process::Process;
use crate::rounds::{Measured, Peer, Traffic, alternate};

/// What one scenario came to. What does not apply to it is left out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    pub scenario: String,
    pub store: &'static str,
    /// `saturation`, `fixed_rate` or `command`.
    pub mode: &'static str,
    pub connections: usize,
    pub rate_per_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// Answers that are no success.
    pub errors: u64,
    /// Processor time of the server, for each answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_request: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_rss_mb: Option<f64>,
    /// The rate of each peer that was measured in alternation with it, with as many connections.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub against: BTreeMap<&'static str, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// From when a request was sent, or due, until its answer was there.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

impl Latency {
    /// Of something that was done once.
    pub fn once(ms: f64) -> Self {
        Self { p50_ms: ms, p90_ms: ms, p99_ms: ms, p999_ms: ms, max_ms: ms }
    }

    pub fn of(us: &Histogram<u64>) -> Self {
        let ms = |quantile| float(us.value_at_quantile(quantile)) / 1_000.0;
        Self {
            p50_ms: ms(0.5),
            p90_ms: ms(0.9),
            p99_ms: ms(0.99),
            p999_ms: ms(0.999),
            max_ms: float(us.max()) / 1_000.0,
        }
    }
}

/// Who is measured, and by which requests.
pub struct Subject<'a> {
    pub store: &'static str,
    pub traffic: Traffic,
    /// Whose processor time and memory count: the server, and what it stores with.
    pub processes: Vec<&'a Process>,
}

/// How hard, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub connections: usize,
    pub time: Duration,
    pub rate_per_s: Option<u64>,
}

/// Its row, with these peers beside it.
pub fn measure(scenario: &str, subject: &mut Subject<'_>, effort: Effort, peers: &mut [Peer]) -> anyhow::Result<Row> {
    let Subject { store, traffic, processes } = subject;
    let mut marks = Vec::new();
    let mark = || marks.push(cpu_of(processes));
    let Measured { tally, against } = alternate(traffic, peers, effort, mark).with_context(|| scenario.to_owned())?;
    let marks = marks.into_iter().collect::<anyhow::Result<Vec<Duration>>>()?;
    // Begin and end, slice by slice.
    let cpu: Duration = marks.chunks_exact(2).map(|slice| slice[1] - slice[0]).sum();
    let answers = tally.latency_us.len().max(1);
    let resident_kib = processes.iter().map(|process| process.resident_kib()).sum::<anyhow::Result<u64>>()?;
    if !tally.errors.is_empty() {
        eprintln!("{scenario}: answers by status {:?}", tally.errors);
    }
    Ok(Row {
        scenario: scenario.to_owned(),
        store,
        mode: if effort.rate_per_s.is_some() { "fixed_rate" } else { "saturation" },
        connections: effort.connections,
        rate_per_s: tally.rate_per_s(),
        latency: Some(Latency::of(&tally.latency_us)),
        errors: tally.error_count(),
        cpu_us_per_request: Some(cpu.as_secs_f64() * 1e6 / float(answers)),
        server_rss_mb: Some(float(resident_kib) / 1_024.0),
        against,
        note: tally.ran_out.then(|| "no more requests before the time was over".to_owned()),
    })
}

fn cpu_of(processes: &[&Process]) -> anyhow::Result<Duration> {
    processes.iter().map(|process| process.cpu()).sum()
}
